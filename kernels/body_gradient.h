/* Weight gradients: c[m][n] += sum over links of a[row][m] b[row][n], one chain
 * an element, begun at the value in memory.
 *
 * The links are taken in slabs; a slab of a and a panel of b are copied in the
 * order of the chain, so that the micro-kernel reads both as streams whatever
 * the caller's strides. Leaving a chain in memory between slabs changes no
 * bit. */

#define SLAB 128

static size_t gemm_tn_work(size_t m, size_t n)
{
    (void)n;
    return SLAB * (m + VEC_ROWS_4) + SLAB * PANEL_REALS;
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

/* All of a's slab, in tiles of `tile` rows of c, k-major within a tile; the
 * last tile is as narrow as its rows. */
static void copy_slab(const srnn_real *a, size_t lda, size_t m, size_t tile,
                      size_t count, const uint32_t *rows, srnn_real *to)
{
    size_t s, i, r;

    for (s = 0; s < count; s++) {
        const srnn_real *row = a + rows[s] * lda;

        for (i = 0; i < m; i += tile) {
            size_t width = min_size(m - i, tile);
            srnn_real *d = to + i * count + s * width;

            for (r = 0; r < width; r++)
                d[r] = row[i + r];
        }
    }
}

static void prefetch_tile(const srnn_real *c, size_t ldc, size_t rows,
                          size_t n)
{
    const size_t line = 64 / sizeof(srnn_real);
    size_t r, j;

    for (r = 0; r < rows; r++)
        for (j = 0; j < n; j += line)
            v_prefetch(c + r * ldc + j);
}

/* One panel of columns of c against the whole slab. */
static void slab_panel(size_t m, size_t n, size_t columns, size_t count,
                       const srnn_real *a, const srnn_real *b, srnn_real *c,
                       size_t ldc)
{
    const size_t tile = rows_at_most(COLUMNS);
    const int whole = n == columns * VEC_LANES;
    srnn_real scratch[SCRATCH_REALS];
    micro k = {.w = {b}, .k = {count, 0}};
    size_t i, r, j;

    for (j = 0; j < columns; j++)
        k.from[j] = k.to[j] = j * VEC_LANES;
    k.ldinit = k.ldout = whole ? ldc : columns * VEC_LANES;
    for (i = 0; i < m; i += tile) {
        const size_t rows = min_size(m - i, tile);
        srnn_real *to = c + i * ldc;

        if (i + rows < m)
            prefetch_tile(to + rows * ldc, ldc, min_size(m - i - rows, tile),
                          n);
        for (r = 0; r < rows && !whole; r++)
            for (j = 0; j < k.ldout; j += VEC_LANES)
                v_store(scratch + r * k.ldout + j,
                        v_load_n(to + r * ldc + j, n > j ? n - j : 0));
        k.a[0] = a + i * count;
        k.out = whole ? to : scratch;
        k.init = k.out;
        micro_packed(rows, columns, &k);
        for (r = 0; r < rows && !whole; r++)
            for (j = 0; j < n; j += VEC_LANES)
                v_store_n(to + r * ldc + j, v_load(scratch + r * k.ldout + j),
                          n - j);
    }
}

static void gemm_tn(size_t m, size_t n, const srnn_links *links,
                    const srnn_real *a, size_t lda, const srnn_real *b,
                    size_t ldb, srnn_real *c, size_t ldc, srnn_real *work)
{
    srnn_real *panel = work, *slab = work + SLAB * PANEL_REALS;
    size_t s0, j;

    for (s0 = 0; s0 < links->count; s0 += SLAB) {
        const size_t count = min_size(links->count - s0, SLAB);

        copy_slab(a, lda, m, rows_at_most(COLUMNS), count, links->a + s0,
                  slab);
        for (j = 0; j < n; j += PANEL_REALS) {
            const size_t width = min_size(n - j, PANEL_REALS);
            const size_t columns = (width + VEC_LANES - 1) / VEC_LANES;

            copy_panel(b + j, ldb, width, columns, count, links->b + s0,
                       panel);
            slab_panel(m, width, columns, count, slab, panel, c + j, ldc);
        }
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
