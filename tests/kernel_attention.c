/* Scores, mixes of rows and their gradients, of queries and keys picked by
 * number: within the bound that each formula carries in the double oracle,
 * between guard pages, nothing written beside. */
#include "check.h"
#include "numbers.h"
#include "oracle.h"
#include "picked.h"

#include <math.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const size_t keys[] = {0,  1,  2,  3,  15, 16, 17, 18, 19, 20, 21, 22,
                              23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33};
static const size_t queries[] = {0, 1, 2, 3, 4, 5, 7, 9, 13};

/* A sum of terms within a row: each passes n / 16 + 4 roundings on the vector
 * rungs, on the scalar one its product and n sums. */
static est row_sum(const est *term, size_t n)
{
    const size_t adds = oracle.fused ? (n + 15) / 16 + 4 : n + 1;
    double size = 0;
    est sum = {0, 0};

    for (size_t j = 0; j < n; j++) {
        sum.v += term[j].v;
        sum.e += term[j].e;
        size += fabs(term[j].v) + term[j].e;
    }
    sum.e += (double)adds * (U * (1 + 0x1p-16) * size + 0x1p-149);
    return sum;
}

#define WIDEST 70

static est dot_of(const float *a, const float *b, size_t n)
{
    est term[WIDEST];

    for (size_t j = 0; j < n; j++)
        term[j] = exact((double)a[j] * b[j]);
    return row_sum(term, n);
}

static est tanh_of(const float *a, const float *b, const float *v, size_t n)
{
    est term[WIDEST];

    for (size_t j = 0; j < n; j++) {
        term[j] = e_tanh(e_add(exact(a[j]), exact(b[j])));
        term[j].v *= v[j];
        term[j].e *= fabs(v[j]);
    }
    return row_sum(term, n);
}

/* ---- scores -------------------------------------------------------------- */

/* v NULL: dot. */
static void score_case(const srnn_kernels *k, size_t n, size_t q_count,
                       size_t k_count, int side, int additive, worst *seen)
{
    const float scale = 0.37f;
    const size_t lde = k_count + 2;
    picked_rows q, s;
    float *e, *v;

    guard_begin(side);
    q = picked_make(q_count, n, n + 3, 1.5f);
    s = picked_make(k_count, n, n + 1, 1.5f);
    v = guard_matrix(1, n, n, 1);
    e = picked_blank(&q, k_count, lde);
    if (additive)
        k->pair_tanh(n, &q.p, &s.p, v, scale, e, lde);
    else
        k->pair_dot(n, &q.p, &s.p, scale, e, lde);
    for (size_t i = 0; i < q_count; i++)
        for (size_t j = 0; j < k_count; j++) {
            const float *a = picked_row(&q, i), *b = picked_row(&s, j);
            est want = additive ? tanh_of(a, b, v, n) : dot_of(a, b, n);

            want = e_mul(exact(scale), want);
            worst_see(seen, e[q.p.row[i] * lde + j], want.v, want.e, "score",
                      n, j);
        }
    CHECK_SAYS(!picked_errors(e, k_count, lde, &q),
               "n%zu, %zu queries, %zu keys: wrote beside", n, q_count,
               k_count);
}

static void scores(const srnn_kernels *k, int additive)
{
    worst seen = {0};

    for (size_t n = 1; n <= 67; n++)
        score_case(k, n, queries[n % COUNT(queries)], keys[n % COUNT(keys)],
                   (int)data_below(2), additive, &seen);
    for (size_t i = 0; i < COUNT(queries); i++)
        for (size_t j = 0; j < COUNT(keys); j++)
            score_case(k, 1 + data_below(67), queries[i], keys[j],
                       (int)data_below(2), additive, &seen);
    worst_end(&seen, additive ? "pair_tanh" : "pair_dot");
}

static void dots(const srnn_kernels *k)
{
    scores(k, 0);
}

static void tanhs(const srnn_kernels *k)
{
    scores(k, 1);
}

/* ---- the gradient of softmax --------------------------------------------- */

static void softmax_case(const srnn_kernels *k, size_t n, int side,
                         int in_place, worst *seen)
{
    const size_t rows = 3, ldy = n + 2, lddy = n + 1;
    const size_t lddx = in_place ? lddy : n + 4;
    float *y, *dy, *dx, *kept;

    guard_begin(side);
    y = guard_matrix(rows, n, ldy, 2);
    k->softmax(rows, n, y, ldy, y, ldy);
    dy = guard_matrix(rows, n, lddy, 1);
    kept = guard_blank(rows, n, lddy);
    memcpy(kept, dy, ((rows - 1) * lddy + n) * sizeof *dy);
    dx = in_place ? dy : guard_blank(rows, n, lddx);
    k->softmax_bwd(rows, n, y, ldy, dy, lddy, 0.37f, dx, lddx);
    for (size_t r = 0; r < rows; r++) {
        const est sum = dot_of(y + r * ldy, kept + r * lddy, n);

        for (size_t j = 0; j < n; j++) {
            est want = e_sub(exact(kept[r * lddy + j]), sum);

            want = e_mul(exact(0.37f), e_mul(exact(y[r * ldy + j]), want));
            worst_see(seen, dx[r * lddx + j], want.v, want.e, "dx", n, j);
        }
    }
    CHECK(!poison_errors(dx, rows, n, lddx));
}

static void softmax_bwd(const srnn_kernels *k)
{
    worst seen = {0};

    for (size_t n = 1; n <= 67; n++)
        for (int v = 0; v < 4; v++)
            softmax_case(k, n, v & 1, v >> 1, &seen);
    worst_end(&seen, "softmax_bwd");
    k->softmax_bwd(2, 0, NULL, 0, NULL, 0, 1, NULL, 0);
}

/* ---- mixes of rows ------------------------------------------------------- */

typedef struct mix_data {
    size_t n, ldc, ldy;
    int back;
    float *c, *y, *before;
    picked_rows x, out;
    srnn_start start;
} mix_data;

static void mix_fill(mix_data *d, size_t n, size_t out, size_t in, int back,
                     int from_value)
{
    d->n = n;
    d->back = back;
    d->start = from_value ? SRNN_START_VALUE : SRNN_START_ZERO;
    d->x = picked_make(in, n, n + 3, 1);
    d->out = picked_make(out, n, n + 1, from_value ? 1.0f : 0.0f);
    d->y = d->out.x;
    d->before = d->out.before;
    d->ldy = d->out.ld;
    d->ldc = (back ? out : in) + 2;
    d->c = guard_matrix(back ? d->x.rows : d->out.rows, d->ldc - 2, d->ldc, 1);
}

static void mix_run(const srnn_kernels *k, const mix_data *d)
{
    (d->back ? k->mix_bwd : k->mix)(d->n, d->c, d->ldc, &d->x.p, d->start,
                                    d->y, d->ldy, d->out.p.row,
                                    d->out.p.count);
}

static est mix_want(const mix_data *d, size_t i, size_t j, size_t terms)
{
    const size_t at = d->out.p.row[i];
    est sum = exact(d->start == SRNN_START_VALUE ? d->before[at * d->ldy + j]
                                                 : 0);

    for (size_t s = 0; s < terms; s++) {
        const float *c = d->back ? d->c + d->x.p.row[s] * d->ldc + i
                                 : d->c + at * d->ldc + s;

        sum = e_fma(exact(*c), exact(picked_row(&d->x, s)[j]), sum);
    }
    return sum;
}

static void mix_case(const srnn_kernels *k, size_t n, size_t out, size_t in,
                     int options, worst *seen)
{
    mix_data d;

    guard_begin(options & 1);
    mix_fill(&d, n, out, in, options >> 1 & 1, options >> 2);
    mix_run(k, &d);
    for (size_t i = 0; i < out; i++)
        for (size_t j = 0; j < n; j++) {
            est want = mix_want(&d, i, j, in);

            worst_see(seen, d.y[d.out.p.row[i] * d.ldy + j], want.v, want.e,
                      "mix", n, j);
            CHECK(in || d.start == SRNN_START_VALUE ||
                  d.y[d.out.p.row[i] * d.ldy + j] == 0);
        }
    CHECK_SAYS(!picked_errors(d.y, n, d.ldy, &d.out),
               "n%zu, %zu of %zu rows: wrote beside", n, out, in);
}

static void mixes(const srnn_kernels *k)
{
    worst seen = {0};

    for (size_t n = 1; n <= 8 * k->lanes + 3; n++)
        mix_case(k, n, queries[n % COUNT(queries)], keys[n % COUNT(keys)],
                 (int)data_below(8), &seen);
    for (size_t i = 0; i < COUNT(queries); i++)
        for (size_t j = 0; j < COUNT(keys); j++)
            mix_case(k, 1 + data_below(67), queries[i], keys[j],
                     (int)data_below(8), &seen);
    worst_end(&seen, "mix");
}

/* ---- the gradient of the additive score ---------------------------------- */

typedef struct tanh_data {
    size_t n;
    float *q, *v, *de, *dq, *dv, *dv_before;
    picked_rows s, ds;
} tanh_data;

static void tanh_fill(tanh_data *d, size_t n, size_t count)
{
    d->n = n;
    d->q = guard_matrix(1, n, n, 1);
    d->v = guard_matrix(1, n, n, 1);
    d->de = guard_matrix(1, count, count, 1);
    d->dq = guard_reals(n);
    d->dv = guard_matrix(1, n, n, 1);
    d->dv_before = guard_reals(n);
    memcpy(d->dv_before, d->dv, n * sizeof *d->dv);
    d->s = picked_make(count, n, n + 2, 1);
    d->ds = picked_make(count, n, n + 1, 1);
    d->s.p.row = d->ds.p.row;
    for (size_t i = 0; i < count; i++)
        data_fill(d->s.x + d->s.p.row[i] * d->s.ld, n, 1);
    memcpy(d->s.before, d->s.x,
           ((d->s.rows - 1) * d->s.ld + n) * sizeof *d->s.x);
}

static void tanh_column(const tanh_data *d, size_t j, worst *seen)
{
    est dq = {0, 0}, dv = exact(d->dv_before[j]);

    for (size_t s = 0; s < d->s.p.count; s++) {
        const est t = e_tanh(
            e_add(exact(d->q[j]), exact(picked_row(&d->s, s)[j])));
        const est minus = {-t.v, t.e};
        const est g = e_mul(exact(d->de[s]), exact(d->v[j]));
        const est slope = e_fma(minus, t, exact(1));
        const est dk =
            e_fma(g, slope, exact(picked_row(&d->ds, s)[j]));

        dq = e_fma(g, slope, dq);
        dv = e_fma(exact(d->de[s]), t, dv);
        worst_see(seen, d->ds.x[d->ds.p.row[s] * d->ds.ld + j], dk.v, dk.e,
                  "dk", d->n, j);
    }
    worst_see(seen, d->dq[j], dq.v, dq.e, "dq", d->n, j);
    worst_see(seen, d->dv[j], dv.v, dv.e, "dv", d->n, j);
}

static void tanh_bwd(const srnn_kernels *k)
{
    worst seen = {0};

    for (size_t n = 1; n <= 67; n++) {
        tanh_data d;

        guard_begin((int)(n % 2));
        tanh_fill(&d, n, keys[n % COUNT(keys)]);
        k->pair_tanh_bwd(n, d.q, &d.s.p, d.v, d.de, d.dq, d.ds.x, d.ds.ld,
                         d.dv);
        for (size_t j = 0; j < n; j++)
            tanh_column(&d, j, &seen);
        CHECK(!picked_errors(d.ds.x, n, d.ds.ld, &d.ds));
        CHECK(!poison_errors(d.dq, 1, n, n) && !poison_errors(d.dv, 1, n, n));
    }
    worst_end(&seen, "pair_tanh_bwd");
}

/* ---- what must be refused ------------------------------------------------ */

/* Oracles with the last element, or the last row, left out. */
static void objects(const srnn_kernels *k)
{
    enum { N = 33, ROWS = 5 };
    worst dot = {0}, tanh = {0}, mixed = {0};
    picked_rows q, s;
    float e[3], *v;
    mix_data d;
    est want;

    guard_begin(0);
    q = picked_make(1, N, N, 1);
    s = picked_make(1, N, N, 1);
    v = guard_matrix(1, N, N, 1);
    k->pair_dot(N, &q.p, &s.p, 1, e, 1);
    want = dot_of(picked_row(&q, 0), picked_row(&s, 0), N - 1);
    worst_see(&dot, e[q.p.row[0]], want.v, want.e, "dot", 0, 0);
    k->pair_tanh(N, &q.p, &s.p, v, 1, e, 1);
    want = tanh_of(picked_row(&q, 0), picked_row(&s, 0), v, N - 1);
    worst_see(&tanh, e[q.p.row[0]], want.v, want.e, "tanh", 0, 0);
    for (int back = 0; back < 2; back++) {
        guard_begin(0);
        mix_fill(&d, 1, 1, ROWS, back, 1);
        mix_run(k, &d);
        want = mix_want(&d, 0, 0, ROWS - 1);
        mixed.ratio = 0;
        worst_see(&mixed, d.y[d.out.p.row[0]], want.v, want.e, "mix", 0, 0);
        CHECK(mixed.ratio > 1);
    }
    CHECK(dot.ratio > 1 && tanh.ratio > 1);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"attention/objects", objects, NULL},
        {"pair_dot", dots, NULL},
        {"pair_tanh", tanhs, NULL},
        {"softmax_bwd", softmax_bwd, NULL},
        {"mix", mixes, NULL},
        {"pair_tanh_bwd", tanh_bwd, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
