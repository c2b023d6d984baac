/* Weight gradients: c[m][n] += sum over links of a[row][m] b[row][n], one chain
 * an element, begun at the value in memory.
 *
 * The links are taken in slabs; of a slab all of b is copied as panels, and a
 * group of columns of a at a time as tiles, both in the order of the chain: the
 * micro-kernel reads them as streams whatever the caller's strides. A slab is
 * long, so that c is seldom read and written; a group and a panel stay in L2
 * together. Leaving a chain in memory between slabs changes no bit. */

#include <string.h>

#define SLAB_LEAST 128
#define SLAB_MOST 512
#define TILE VEC_ROWS_4 /* rows of c */
#define GROUP_ROWS (16 * TILE)
#define ROWS_AHEAD 6 /* of a, prefetched */

/* Where tiles of `count` links begin, one after the other: an odd number of
 * cache lines, where count is a power of two, spreads them over L1's sets. */
static size_t tile_stride(size_t count)
{
    return count * TILE + 64 / sizeof(srnn_real);
}

/* Links of a slab, of m rows of c: a small c is cheap to come back to. */
static size_t slab_links(size_t m)
{
    return m < SLAB_LEAST ? SLAB_LEAST : min_size(m, SLAB_MOST);
}

/* What the tiles of a group take. */
static size_t group_reals(size_t m, size_t count)
{
    return (min_size(m, GROUP_ROWS) + TILE - 1) / TILE * tile_stride(count);
}

static size_t gemm_tn_work(size_t m, size_t n)
{
    const size_t links = slab_links(m);
    const size_t panels = (n + PANEL_REALS - 1) / PANEL_REALS;

    return group_reals(m, links) +
           (m > GROUP_ROWS ? panels : 1) * PANEL_REALS * links;
}

/* A panel of b: `count` links x columns vectors, zeros past n. */
static void copy_panel(const srnn_real *b, size_t ldb, size_t n,
                       size_t columns, size_t count, const uint32_t *rows,
                       srnn_real *to)
{
    size_t s, c;

    for (s = 0; s < count; s++) {
        const srnn_real *row = b + rows[s] * ldb;

        for (c = 0; c < columns; c++, to += VEC_LANES) {
            size_t done = c * VEC_LANES;

            v_store(to, v_load_n(row + done, n > done ? n - done : 0));
        }
    }
}

static void prefetch_row(const srnn_real *a, size_t n)
{
    const size_t line = 64 / sizeof(srnn_real);
    size_t j;

    for (j = 0; j < n; j += line)
        v_prefetch(a + j);
}

/* A group of m columns of a, in tiles of TILE, k-major within a tile; the last
 * tile is as narrow as its columns. */
static void copy_group(const srnn_real *a, size_t lda, size_t m, size_t count,
                       const uint32_t *rows, srnn_real *to)
{
    const size_t stride = tile_stride(count), left = m % TILE;
    size_t s, i, r;

    for (s = 0; s < count; s++) {
        const srnn_real *row = a + rows[s] * lda;
        srnn_real *d = to + s * TILE;

        if (s + ROWS_AHEAD < count)
            prefetch_row(a + rows[s + ROWS_AHEAD] * lda, m);
        for (i = 0; i + TILE <= m; i += TILE, d += stride)
            memcpy(d, row + i, TILE * sizeof *d);
        d = to + i / TILE * stride + s * left;
        for (r = 0; r < left; r++)
            d[r] = row[i + r];
    }
}

static void prefetch_tile(const srnn_real *c, size_t ldc, size_t rows,
                          size_t n)
{
    size_t r;

    for (r = 0; r < rows; r++)
        prefetch_row(c + r * ldc, n);
}

/* One panel of columns of c against a group. */
static void group_panel(size_t m, size_t n, size_t columns, size_t count,
                        const srnn_real *a, const srnn_real *b, srnn_real *c,
                        size_t ldc)
{
    const int whole = n == columns * VEC_LANES;
    srnn_real scratch[SCRATCH_REALS];
    micro k = {.w = {b}, .k = {count, 0}};
    size_t i, r, j;

    for (j = 0; j < columns; j++)
        k.from[j] = k.to[j] = j * VEC_LANES;
    k.ldinit = k.ldout = whole ? ldc : columns * VEC_LANES;
    for (i = 0; i < m; i += TILE, a += tile_stride(count)) {
        const size_t rows = min_size(m - i, TILE);
        srnn_real *to = c + i * ldc;

        if (i + rows < m)
            prefetch_tile(to + rows * ldc, ldc, min_size(m - i - rows, TILE),
                          n);
        for (r = 0; r < rows && !whole; r++)
            for (j = 0; j < k.ldout; j += VEC_LANES)
                v_store(scratch + r * k.ldout + j,
                        v_load_n(to + r * ldc + j, n > j ? n - j : 0));
        k.a[0] = a;
        k.out = whole ? to : scratch;
        k.init = k.out;
        micro_packed(rows, columns, &k);
        for (r = 0; r < rows && !whole; r++)
            for (j = 0; j < n; j += VEC_LANES)
                v_store_n(to + r * ldc + j, v_load(scratch + r * k.ldout + j),
                          n - j);
    }
}

/* One slab. The first group copies the panels; where it is the only one, all
 * of them to the same place. */
static void gemm_slab(size_t m, size_t n, const srnn_links *links,
                      const srnn_real *a, size_t lda, const srnn_real *b,
                      size_t ldb, srnn_real *c, size_t ldc, srnn_real *work)
{
    const size_t count = links->count;
    srnn_real *panels = work + group_reals(m, count);
    size_t i, j;

    for (i = 0; i < m; i += GROUP_ROWS) {
        const size_t rows = min_size(m - i, GROUP_ROWS);

        copy_group(a + i, lda, rows, count, links->a, work);
        for (j = 0; j < n; j += PANEL_REALS) {
            const size_t width = min_size(n - j, PANEL_REALS);
            const size_t columns = (width + VEC_LANES - 1) / VEC_LANES;
            srnn_real *panel = panels + (m > GROUP_ROWS ? j * count : 0);

            if (i == 0)
                copy_panel(b + j, ldb, width, columns, count, links->b, panel);
            group_panel(rows, width, columns, count, work, panel,
                        c + i * ldc + j, ldc);
        }
    }
}

/* Slabs of nearly the same size. */
static void gemm_tn(size_t m, size_t n, const srnn_links *links,
                    const srnn_real *a, size_t lda, const srnn_real *b,
                    size_t ldb, srnn_real *c, size_t ldc, srnn_real *work)
{
    const size_t most = slab_links(m);
    size_t slabs = (links->count + most - 1) / most, at = 0;

    for (; slabs > 0; slabs--) {
        const size_t count = (links->count - at + slabs - 1) / slabs;
        const srnn_links slab = {count, links->a + at, links->b + at};

        gemm_slab(m, n, &slab, a, lda, b, ldb, c, ldc, work);
        at += count;
    }
}

#define BIAS_VECTORS 8 /* columns per pass: whole cache lines of each row */

static void bias_grad(size_t m, const srnn_links *links, const srnn_real *a,
                      size_t lda, srnn_real *d)
{
    size_t i, j, s;

    for (i = 0; i < m; i += BIAS_VECTORS * VEC_LANES) {
        const size_t left = min_size(m - i, BIAS_VECTORS * VEC_LANES);
        vr sum[BIAS_VECTORS];

        for (j = 0; j * VEC_LANES < left; j++)
            sum[j] = v_load_n(d + i + j * VEC_LANES, left - j * VEC_LANES);
        for (s = 0; s < links->count; s++) {
            const srnn_real *row = a + links->a[s] * lda + i;

            for (j = 0; j * VEC_LANES < left; j++)
                sum[j] = v_add(sum[j], v_load_n(row + j * VEC_LANES,
                                                left - j * VEC_LANES));
        }
        for (j = 0; j * VEC_LANES < left; j++)
            v_store_n(d + i + j * VEC_LANES, sum[j], left - j * VEC_LANES);
    }
}

static void diagonal_grad(size_t m, const srnn_links *links,
                          const srnn_real *a, size_t lda, const srnn_real *b,
                          size_t ldb, srnn_real *d)
{
    size_t i, j, s;

    for (i = 0; i < m; i += BIAS_VECTORS * VEC_LANES) {
        const size_t left = min_size(m - i, BIAS_VECTORS * VEC_LANES);
        vr sum[BIAS_VECTORS];

        for (j = 0; j * VEC_LANES < left; j++)
            sum[j] = v_load_n(d + i + j * VEC_LANES, left - j * VEC_LANES);
        for (s = 0; s < links->count; s++) {
            const srnn_real *x = a + links->a[s] * lda + i;
            const srnn_real *y = b + links->b[s] * ldb + i;

            for (j = 0; j * VEC_LANES < left; j++) {
                const size_t at = j * VEC_LANES;

                sum[j] = v_fma(v_load_n(x + at, left - at),
                               v_load_n(y + at, left - at), sum[j]);
            }
        }
        for (j = 0; j * VEC_LANES < left; j++)
            v_store_n(d + i + j * VEC_LANES, sum[j], left - j * VEC_LANES);
    }
}

static void scatter_add(size_t dim, const srnn_links *links, const int32_t *id,
                        const srnn_real *dy, size_t lddy, srnn_real *dtable)
{
    size_t s, j;

    for (s = 0; s < links->count; s++) {
        const size_t row = links->a[s];
        srnn_real *d = dtable + (size_t)id[row] * dim;

        for (j = 0; j < dim; j += VEC_LANES)
            v_store_n(d + j,
                      v_add(v_load_n(d + j, dim - j),
                            v_load_n(dy + row * lddy + j, dim - j)),
                      dim - j);
    }
}
