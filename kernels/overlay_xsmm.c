/* libxsmm (https://github.com/libxsmm/libxsmm) for the plain products: a matrix
 * is packed as blocks of MOST units of one gate, k-major, and its generated
 * kernels, column-major, take [units x k] [k x rows] -> [units x rows]. */
#include "overlays.h"

#include <libxsmm.h>
#include <string.h>

#define MOST 64 /* units of a block: four 512-bit vectors */
#define ROWS 16 /* of a tile that goes to an elementwise function */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t panels_size(size_t gates, size_t units, size_t k)
{
    return gates * units * k;
}

static size_t panel_units(size_t gates)
{
    (void)gates;
    return MOST;
}

static void pack(const srnn_panels *p, const float *w, size_t row, size_t col)
{
    float *d = p->data;

    for (size_t g = 0; g < p->gates; g++)
        for (size_t u0 = 0; u0 < p->units; u0 += MOST)
            for (size_t k = 0; k < p->k; k++)
                for (size_t u = u0; u < least(u0 + MOST, p->units); u++)
                    *d++ = w[(g * p->units + u) * row + k * col];
}

/* c[n][m] += a[k][m] b[n][k], or with `flags` b[k][n]; all row-major here. */
static void multiply(size_t m, size_t n, size_t k, const float *a, size_t lda,
                     const float *b, size_t ldb, float *c, size_t ldc,
                     int flags)
{
    const int la = (int)lda, lb = (int)ldb, lc = (int)ldc;
    const float one = 1;
    libxsmm_smmfunction f = libxsmm_smmdispatch(
        (int)m, (int)n, (int)k, &la, &lb, &lc, &one, &one, &flags, NULL);

    if (f)
        f(a, b, c);
    else
        libxsmm_sgemm("N", flags ? "T" : "N", &(int){(int)m}, &(int){(int)n},
                      &(int){(int)k}, &one, a, &la, b, &lb, &one, c, &lc);
}

/* Units [u, u + n) of every gate, where gate g of row r goes to c[r * ldc + g *
 * stride], which holds where the chains start. */
static void block(const srnn_panels *w, size_t rows, const srnn_rows *a,
                  size_t row0, float *c, size_t ldc, size_t stride, size_t u,
                  size_t n)
{
    for (size_t g = 0; g < w->gates; g++) {
        const float *v = w->data + (g * w->units + u) * w->k;

        for (int s = 0; s < 2; s++) {
            if (a->k[s])
                multiply(n, rows, a->k[s], v, n,
                         a->a[s] + row0 * a->lda[s], a->lda[s],
                         c + g * stride, ldc, LIBXSMM_GEMM_FLAG_NONE);
            v += a->k[s] * n;
        }
    }
}

/* Leaves the starts of n units in c. */
static void begin(const srnn_panels *w, size_t rows, srnn_start start,
                  const float *bias, float *c, size_t ldc, size_t stride,
                  size_t u, size_t n)
{
    for (size_t r = 0; start != SRNN_START_VALUE && r < rows; r++)
        for (size_t g = 0; g < w->gates; g++) {
            float *to = c + r * ldc + g * stride;

            if (start == SRNN_START_BIAS)
                memcpy(to, bias + g * w->units + u, n * sizeof *to);
            else
                memset(to, 0, n * sizeof *to);
        }
}

static void product(const srnn_panels *w, size_t rows, const srnn_rows *a,
                    srnn_start start, const float *bias, float *c, size_t ldc,
                    size_t unit0, size_t unit1)
{
    for (size_t u = unit0; u < unit1; u += MOST) {
        const size_t n = least(MOST, unit1 - u);

        begin(w, rows, start, bias, c + u, ldc, w->units, u, n);
        block(w, rows, a, 0, c + u, ldc, w->units, u, n);
    }
}

static void step(const srnn_panels *w, size_t rows, const srnn_rows *a,
                 srnn_start start, const float *bias, srnn_tile_fn *fn,
                 const srnn_cell *cell, size_t unit0, size_t unit1, int flip)
{
    float prod[ROWS * 4 * MOST];

    (void)flip;
    for (size_t u = unit0; u < unit1; u += MOST)
        for (size_t r0 = 0; r0 < rows; r0 += ROWS) {
            const srnn_tile t = {r0, least(ROWS, rows - r0), u,
                                 least(MOST, unit1 - u), prod, 4 * MOST, MOST};

            begin(w, t.rows, start, bias, prod, t.ldprod, MOST, u, t.units);
            for (size_t r = 0; start == SRNN_START_VALUE && r < t.rows; r++)
                for (size_t g = 0; g < w->gates; g++)
                    memcpy(prod + r * t.ldprod + g * MOST,
                           cell->dh + (r0 + r) * cell->lddh + g * w->units + u,
                           t.units * sizeof *prod);
            block(w, t.rows, a, r0, prod, t.ldprod, MOST, u, t.units);
            fn(cell, &t);
        }
}

#define SLAB 128

static size_t gemm_tn_work(size_t m, size_t n)
{
    return SLAB * (m + n);
}

static void copy_rows(const float *from, size_t ld, size_t n,
                      const uint32_t *row, size_t count, float *to)
{
    for (size_t s = 0; s < count; s++)
        memcpy(to + s * n, from + row[s] * ld, n * sizeof *to);
}

static void gemm_tn(size_t m, size_t n, const srnn_links *links,
                    const float *a, size_t lda, const float *b, size_t ldb,
                    float *c, size_t ldc, float *work)
{
    float *const aw = work, *const bw = work + SLAB * m;

    for (size_t s = 0; s < links->count; s += SLAB) {
        const size_t count = least(SLAB, links->count - s);

        copy_rows(a, lda, m, links->a + s, count, aw);
        copy_rows(b, ldb, n, links->b + s, count, bw);
        for (size_t i = 0; i < m; i += MOST)
            for (size_t j = 0; j < n; j += MOST)
                multiply(least(MOST, n - j), least(MOST, m - i), count, bw + j,
                         n, aw + i, m, c + i * ldc + j, ldc,
                         LIBXSMM_GEMM_FLAG_TRANS_B);
    }
}

void srnn_overlay_xsmm(srnn_kernels *k)
{
    libxsmm_init();
    k->panels_size = panels_size;
    k->panel_units = panel_units;
    k->pack = pack;
    k->product = product;
    k->step = step;
    k->gemm_tn = gemm_tn;
    k->gemm_tn_work = gemm_tn_work;
}
