/* The bit promises of the kernels that add up: weight gradients, biases,
 * embedding rows, sums within a row. The stated order against plain loops,
 * and no trace of how the work was cut. Negative controls first. */
#include "check.h"
#include "numbers.h"
#include "rungs.h"

#include <math.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- gemm_tn ------------------------------------------------------------- */

typedef struct gradient_data {
    size_t m, n, steps, batch;
    float *a, *b, *start, *c, *other, *work;
} gradient_data;

static void fill(const srnn_kernels *k, gradient_data *d)
{
    const size_t links = d->steps * d->batch, size = d->m * d->n;

    guard_begin(1);
    d->a = guard_matrix(links, d->m, d->m, 1);
    d->b = guard_matrix(links, d->n, d->n, 1);
    d->start = guard_matrix(1, size, size, 1);
    d->c = guard_reals(size);
    d->other = guard_reals(size);
    d->work = guard_reals(k->gemm_tn_work(d->m, d->n));
}

/* Steps falling, within each the batch rising; or two links swapped; or split
 * in two chains. */
enum { IN_ORDER, SWAPPED, SPLIT };

static float chain(const gradient_data *d, size_t i, size_t j, int how)
{
    float sum = d->start[i * d->n + j], other = 0;
    size_t done = 0;

    for (size_t t = d->steps; t-- > 0;)
        for (size_t b = 0; b < d->batch; b++, done++) {
            size_t s = t * d->batch + b;
            float x, y;

            if (how == SWAPPED && done < 2)
                s = (d->steps - 1) * d->batch + 1 - done;
            x = d->a[s * d->m + i];
            y = d->b[s * d->n + j];
            if (how == SPLIT && done % 2)
                other = fmaf(x, y, other);
            else
                sum = fmaf(x, y, sum);
        }
    return how == SPLIT ? sum + other : sum;
}

static void plain(const gradient_data *d, int how, float *to)
{
    for (size_t i = 0; i < d->m; i++)
        for (size_t j = 0; j < d->n; j++)
            to[i * d->n + j] = chain(d, i, j, how);
}

static size_t differing(const gradient_data *d)
{
    return bits_differing(d->c, d->other, d->m * d->n);
}

static void reset(const gradient_data *d, float *c)
{
    memcpy(c, d->start, d->m * d->n * sizeof *c);
}

static void gemm_control(void)
{
    gradient_data d = {.m = 20, .n = 30, .steps = 9, .batch = 4};
    srnn_kernels k;
    size_t swapped, split;

    CHECK(!srnn_kernels_get(&k, "scalar"));
    fill(&k, &d);
    plain(&d, IN_ORDER, d.c);
    plain(&d, SWAPPED, d.other);
    swapped = differing(&d);
    plain(&d, SPLIT, d.other);
    split = differing(&d);
    check_note("of 600 chains, two links swapped %zu change, split %zu",
               swapped, split);
    CHECK(swapped > 30 && split > 150);
}

/* Steps cut in two, the later ones first. */
static void gemm_cut_steps(const srnn_kernels *k, const gradient_data *d)
{
    for (size_t cut = 1; cut < d->steps; cut += 1 + d->steps / 3) {
        size_t row = cut * d->batch;

        reset(d, d->other);
        k->gemm_tn(d->m, d->n, even_links(d->steps - cut, d->batch),
                   d->a + row * d->m, d->m, d->b + row * d->n, d->n,
                   d->other, d->n, d->work);
        k->gemm_tn(d->m, d->n, even_links(cut, d->batch), d->a, d->m, d->b,
                   d->n, d->other, d->n, d->work);
        CHECK_SAYS(!differing(d), "steps cut at %zu of %zu", cut, d->steps);
    }
}

static void gemm_cut_matrix(const srnn_kernels *k, const gradient_data *d)
{
    const size_t m0 = d->m / 3, n0 = d->n / 2;

    reset(d, d->other);
    for (int i = 0; i < 4; i++) {
        size_t r = i & 1 ? m0 : 0, c = i & 2 ? n0 : 0;

        k->gemm_tn(i & 1 ? d->m - m0 : m0, i & 2 ? d->n - n0 : n0,
                   even_links(d->steps, d->batch), d->a + r, d->m, d->b + c,
                   d->n, d->other + r * d->n + c, d->n, d->work);
    }
    CHECK_SAYS(!differing(d), "m %zu cut at %zu, n %zu at %zu", d->m, m0, d->n,
               n0);
}

static void gemm(const srnn_kernels *k)
{
    static const size_t rows[] = {1, 2, 5, 6, 7, 13};
    static const size_t lengths[][2] = {{1, 1}, {3, 5}, {9, 2}, {70, 5}};
    const size_t lanes = k->lanes;
    const size_t columns[] = {1,         lanes,         lanes + 1,
                              4 * lanes, 4 * lanes + 1, 9 * lanes - 1};

    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t j = 0; j < COUNT(columns); j++) {
            const size_t *t = lengths[(i + j) % COUNT(lengths)];
            gradient_data d = {.m = rows[i], .n = columns[j], .steps = t[0],
                               .batch = t[1]};

            fill(k, &d);
            reset(&d, d.c);
            k->gemm_tn(d.m, d.n, even_links(d.steps, d.batch), d.a, d.m, d.b,
                       d.n, d.c, d.n, d.work);
            plain(&d, IN_ORDER, d.other);
            CHECK_SAYS(!rung_is_vector(k) || !differing(&d),
                       "m%zu n%zu steps %zu batch %zu: not the chain as stated",
                       d.m, d.n, d.steps, d.batch);
            gemm_cut_steps(k, &d);
            gemm_cut_matrix(k, &d);
        }
}

/* ---- plain additions ----------------------------------------------------- */

static void biases(const srnn_kernels *k)
{
    enum { STEPS = 7, BATCH = 3, M = 37, CUT = 4 };
    float *a, *start, *want, *d;

    guard_begin(0);
    a = guard_matrix(STEPS * BATCH, M, M, 1);
    start = guard_matrix(1, M, M, 1);
    want = guard_reals(M);
    d = guard_reals(M);
    memcpy(want, start, M * sizeof *want);
    memcpy(d, start, M * sizeof *d);
    for (size_t t = STEPS; t-- > 0;)
        for (size_t b = 0; b < BATCH; b++)
            for (size_t i = 0; i < M; i++)
                want[i] += a[(t * BATCH + b) * M + i];
    k->bias_grad(M, even_links(STEPS, BATCH), a, M, d);
    CHECK(!bits_differing(d, want, M));
    memcpy(d, start, M * sizeof *d);
    k->bias_grad(M, even_links(STEPS - CUT, BATCH), a + CUT * BATCH * M, M, d);
    k->bias_grad(M, even_links(CUT, BATCH), a, M, d);
    CHECK(!bits_differing(d, want, M));
    memcpy(d, start, M * sizeof *d);
    for (size_t t = 0; t < STEPS; t++)
        k->bias_grad(M, even_links(1, BATCH), a + t * BATCH * M, M, d);
    CHECK_SAYS(bits_differing(d, want, M) > 0,
               "control: steps in the wrong order must show");
}

static void embeddings(const srnn_kernels *k)
{
    enum { STEPS = 9, BATCH = 2, DIM = 37, WORDS = 3 };
    float *dy, *start, *want, *table;
    int32_t *id;

    guard_begin(0);
    id = guard_ints(STEPS * BATCH);
    dy = guard_matrix(STEPS * BATCH, DIM, DIM, 1);
    start = guard_matrix(WORDS, DIM, DIM, 1);
    want = guard_reals(WORDS * DIM);
    table = guard_reals(WORDS * DIM);
    for (size_t i = 0; i < STEPS * BATCH; i++)
        id[i] = (int32_t)data_below(WORDS);
    memcpy(want, start, WORDS * DIM * sizeof *want);
    memcpy(table, start, WORDS * DIM * sizeof *table);
    for (size_t t = STEPS; t-- > 0;)
        for (size_t b = 0; b < BATCH; b++)
            for (size_t j = 0; j < DIM; j++)
                want[(size_t)id[t * BATCH + b] * DIM + j] +=
                    dy[(t * BATCH + b) * DIM + j];
    k->scatter_add(DIM, even_links(STEPS, BATCH), id, dy, DIM, table);
    CHECK(!bits_differing(table, want, WORDS * DIM));
    memcpy(table, start, WORDS * DIM * sizeof *table);
    for (size_t t = 0; t < STEPS; t++)
        k->scatter_add(DIM, even_links(1, BATCH), id + t * BATCH,
                       dy + t * BATCH * DIM, DIM, table);
    CHECK_SAYS(bits_differing(table, want, WORDS * DIM) > 0,
               "control: steps in the wrong order must show");
}

/* ---- sums within a row --------------------------------------------------- */

/* Element j to chain j mod 16, then i + 8, i + 4, i + 2, i + 1. */
#define SUM_16(type) \
    static type sum16_##type(size_t n, const type *x) \
    { \
        type s[16] = {0}; \
        for (size_t j = 0; j < n; j++) \
            s[j % 16] += x[j]; \
        for (size_t half = 8; half; half /= 2) \
            for (size_t i = 0; i < half; i++) \
                s[i] += s[i + half]; \
        return s[0]; \
    }
SUM_16(float)
SUM_16(double)

static void row_sums(const srnn_kernels *k)
{
    enum { MOST = 300 };
    float e[MOST], want[MOST];
    double squares[MOST];
    size_t control = 0;

    for (size_t n = 1; n <= MOST; n += n < 70 ? 1 : 23) {
        float *x, *y, most, total = 0, sum;

        guard_begin((int)(n & 1));
        x = guard_matrix(1, n, n, 3);
        y = guard_reals(n);
        most = x[0];
        for (size_t j = 1; j < n; j++)
            most = x[j] > most ? x[j] : most;
        for (size_t j = 0; j < n; j++)
            e[j] = x[j] - most;
        k->exp(n, e, e);
        sum = sum16_float(n, e);
        for (size_t j = 0; j < n; j++) {
            total += e[j];
            want[j] = e[j] / sum;
            squares[j] = (double)x[j] * x[j];
        }
        control += total != sum;
        k->softmax(1, n, x, n, y, n);
        CHECK_SAYS(!rung_is_vector(k) || !bits_differing(y, want, n),
                   "softmax of %zu: not the sum as stated", n);
        CHECK_SAYS(!rung_is_vector(k) ||
                       k->sum_squares(n, x) == sum16_double(n, squares),
                   "sum_squares of %zu: not the sum as stated", n);
    }
    CHECK_SAYS(control > 20, "control: one chain instead of 16 must show");
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"gemm_tn/control", NULL, gemm_control},
        {"gemm_tn", gemm, NULL},
        {"bias_grad", biases, NULL},
        {"scatter_add", embeddings, NULL},
        {"row-sums", row_sums, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
