/* Weight gradients, bias gradients and scattered embedding gradients: chains
 * over steps and rows within (K + 1) U (|s| + sum |a||b|) of the double sum,
 * equal to it on small integers, between guard pages. */
#include "check.h"
#include "numbers.h"
#include "oracle.h"

#include <stdio.h>

typedef struct shape {
    size_t m, n, steps, batch;
    int integers;
} shape;

static float *values(const shape *s, size_t rows, size_t n, size_t ld)
{
    float *x = guard_matrix(rows, n, ld, 1);

    for (size_t r = 0; s->integers && r < rows; r++)
        data_integers(x + r * ld, n, 9);
    return x;
}

static void run_gemm(const srnn_kernels *k, const shape *s, int side,
                     worst *seen)
{
    const size_t lda = s->m + 3, ldb = s->n + 1, ldc = s->n + 5;
    const size_t links = s->steps * s->batch;
    float *a, *b, *c, *before, *work;
    char where[60];

    guard_begin(side);
    a = values(s, links, s->m, lda);
    b = values(s, links, s->n, ldb);
    c = values(s, s->m, s->n, ldc);
    before = guard_matrix(s->m, s->n, ldc, 1);
    for (size_t i = 0; i < (s->m - 1) * ldc + s->n; i++)
        before[i] = c[i];
    work = guard_reals(k->gemm_tn_work(s->m, s->n));
    k->gemm_tn(s->m, s->n, even_links(s->steps, s->batch), a, lda, b, ldb, c,
               ldc, work);
    snprintf(where, sizeof where, "m%zu n%zu steps %zu batch %zu", s->m, s->n,
             s->steps, s->batch);
    for (size_t i = 0; i < s->m; i++)
        for (size_t j = 0; j < s->n; j++) {
            est want = e_chain(exact(before[i * ldc + j]), links, a + i, lda,
                               b + j, ldb);

            worst_see(seen, c[i * ldc + j], want.v, s->integers ? 0 : want.e,
                      where, i, j);
        }
    CHECK_SAYS(!poison_errors(c, s->m, s->n, ldc),
               "%s: wrote between n and ld", where);
}

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void gemm_shapes(const srnn_kernels *k, int integers, worst *seen)
{
    static const size_t rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17};
    static const size_t steps[][2] = {{1, 1}, {2, 3}, {7, 1}, {1, 5},
                                      {5, 4}, {32, 4}, {43, 3}};
    const size_t lanes = k->lanes;
    const size_t columns[] = {1,         lanes - 1,     lanes,
                              lanes + 1, 2 * lanes,     3 * lanes + 1,
                              4 * lanes, 4 * lanes + 1, 8 * lanes + 3};

    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t j = 0; j < COUNT(columns); j++) {
            const size_t *t = steps[data_below(COUNT(steps))];
            shape s = {rows[i], columns[j], t[0], t[1], integers};

            if (s.n > 0)
                run_gemm(k, &s, (int)data_below(2), seen);
        }
}

static void gemm(const srnn_kernels *k)
{
    worst seen = {0};

    gemm_shapes(k, 0, &seen);
    worst_end(&seen, "gemm_tn");
}

static void gemm_integers(const srnn_kernels *k)
{
    worst seen = {0};

    gemm_shapes(k, 1, &seen);
    worst_end(&seen, "gemm_tn, integers");
}

/* Longer than one slab of steps, so that chains wait in memory. */
static void gemm_long(const srnn_kernels *k)
{
    const shape s = {7, 4 * k->lanes + 3, 101, 5, 0};
    worst seen = {0};

    run_gemm(k, &s, 0, &seen);
    run_gemm(k, &s, 1, &seen);
    worst_end(&seen, "gemm_tn, long");
}

/* The oracle with the last link left out must be refused. */
static void gemm_objects(const srnn_kernels *k)
{
    float *a, *b, *c, *work;
    worst seen = {0};
    est want;

    guard_begin(0);
    a = guard_matrix(6, 1, 1, 1);
    b = guard_matrix(6, 1, 1, 1);
    c = guard_matrix(1, 1, 1, 1);
    want = e_chain(exact(c[0]), 5, a, 1, b, 1);
    work = guard_reals(k->gemm_tn_work(1, 1));
    k->gemm_tn(1, 1, even_links(6, 1), a, 1, b, 1, c, 1, work);
    worst_see(&seen, c[0], want.v, want.e, "one link less", 0, 0);
    CHECK(seen.ratio > 1);
}

static void bias(const srnn_kernels *k)
{
    const float one = 1;
    worst seen = {0};

    for (size_t m = 1; m <= 4 * k->lanes + 1; m++) {
        const size_t steps = 1 + m % 5, batch = 1 + m % 3, lda = m + 2;
        const shape s = {m, 1, steps, batch, m % 2 == 0};
        float *a, *d, *before;

        guard_begin((int)(m / 2 % 2));
        a = values(&s, steps * batch, m, lda);
        d = values(&s, 1, m, m);
        before = guard_reals(m);
        for (size_t i = 0; i < m; i++)
            before[i] = d[i];
        k->bias_grad(m, even_links(steps, batch), a, lda, d);
        for (size_t i = 0; i < m; i++) {
            est want = e_chain(exact(before[i]), steps * batch, a + i, lda,
                               &one, 0);

            worst_see(&seen, d[i], want.v, s.integers ? 0 : want.e, "m", m, i);
        }
    }
    worst_end(&seen, "bias_grad");
}

/* Rows of the table that are hit often, once, never. */
static void run_scatter(const srnn_kernels *k, size_t dim, int side,
                        worst *seen)
{
    enum { STEPS = 5, BATCH = 3, ROWS = 6 };
    const shape s = {dim, 1, STEPS, BATCH, dim % 2 == 0};
    const size_t lddy = dim + 1;
    float *dy, *table, *before;
    int32_t *id;

    guard_begin(side);
    id = guard_ints(STEPS * BATCH);
    for (size_t i = 0; i < STEPS * BATCH; i++)
        id[i] = (int32_t)(data_below(ROWS - 1) * data_below(2));
    dy = values(&s, STEPS * BATCH, dim, lddy);
    table = values(&s, ROWS, dim, dim);
    before = guard_reals(ROWS * dim);
    for (size_t i = 0; i < ROWS * dim; i++)
        before[i] = table[i];
    k->scatter_add(dim, even_links(STEPS, BATCH), id, dy, lddy, table);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t j = 0; j < dim; j++) {
            double want = before[r * dim + j], size = want < 0 ? -want : want;
            size_t hits = 0;

            for (size_t i = 0; i < STEPS * BATCH; i++)
                if ((size_t)id[i] == r) {
                    float v = dy[i * lddy + j];

                    want += v;
                    size += v < 0 ? -v : v;
                    hits++;
                }
            worst_see(seen, table[r * dim + j], want,
                      s.integers ? 0 : (double)hits * U * size, "row", r, j);
        }
}

static void scatter(const srnn_kernels *k)
{
    worst seen = {0};

    for (size_t dim = 1; dim <= 3 * k->lanes + 2; dim++)
        run_scatter(k, dim, (int)(dim / 2 % 2), &seen);
    worst_end(&seen, "scatter_add");
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"gemm_tn/objects", gemm_objects, NULL},
        {"gemm_tn/within-bound", gemm, NULL},
        {"gemm_tn/integers-exact", gemm_integers, NULL},
        {"gemm_tn/many-slabs", gemm_long, NULL},
        {"bias_grad", bias, NULL},
        {"scatter_add", scatter, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
