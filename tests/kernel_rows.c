/* Softmax, cross-entropy and its gradient, sum of squares: each within the
 * bound that its formula carries in the double oracle. */
#include "check.h"
#include "numbers.h"
#include "oracle.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double row_max(const float *x, size_t n)
{
    double most = x[0];

    for (size_t j = 1; j < n; j++)
        most = x[j] > most ? x[j] : most;
    return most;
}

/* exp(x - most), the difference rounded once. */
static est term(const float *x, size_t j, double most)
{
    return e_exp(e_sub(exact(x[j]), exact(most)));
}

/* The terms are positive, so each of at most `adds` roundings on the way of a
 * term to the sum costs U of the sum: n / 16 and the tree's four on the vector
 * rungs, n on the scalar one. */
static est terms_sum(const float *x, size_t n, double most)
{
    size_t adds = oracle.fused ? (n + 15) / 16 + 4 : n;
    est sum = {0, 0};

    for (size_t j = 0; j < n; j++) {
        est t = term(x, j, most);

        sum.v += t.v;
        sum.e += t.e;
    }
    sum.e += (double)adds * U * (1 + 0x1p-16) * (sum.v + sum.e);
    return sum;
}

static const size_t widths[] = {1,  2,  3,  4,  5,  7,  8,  9,  15, 16,
                                17, 31, 32, 33, 47, 64, 65, 73, 257};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Logits of rows of ordinary, narrow and wide spread; some far below the
 * maximum, so that their terms vanish. */
static float *logits(size_t rows, size_t n, size_t ld)
{
    static const float scales[] = {4, 0.01f, 80};
    float *x = guard_blank(rows, n, ld);

    for (size_t r = 0; r < rows; r++)
        data_fill(x + r * ld, n, scales[r % 3]);
    return x;
}

static void softmax_case(const srnn_kernels *k, size_t n, int side,
                         int in_place, worst *seen)
{
    const size_t rows = 4, ldx = n + 3, ldy = in_place ? ldx : n + 1;
    float *x, *kept, *y;

    guard_begin(side);
    x = logits(rows, n, ldx);
    kept = guard_blank(rows, n, ldx);
    memcpy(kept, x, ((rows - 1) * ldx + n) * sizeof *x);
    y = in_place ? x : guard_blank(rows, n, ldy);
    k->softmax(rows, n, x, ldx, y, ldy);
    for (size_t r = 0; r < rows; r++) {
        const float *row = kept + r * ldx;
        double most = row_max(row, n);
        est sum = terms_sum(row, n, most);

        for (size_t j = 0; j < n; j++) {
            est want = e_div(term(row, j, most), sum);

            worst_see(seen, y[r * ldy + j], want.v, want.e, "softmax", n, j);
        }
    }
    CHECK(!poison_errors(y, rows, n, ldy));
}

static void softmax(const srnn_kernels *k)
{
    worst seen = {0};

    for (size_t i = 0; i < COUNT(widths); i++)
        for (int v = 0; v < 4; v++)
            softmax_case(k, widths[i], v & 1, v >> 1, &seen);
    worst_end(&seen, "softmax");
    k->softmax(0, 3, NULL, 0, NULL, 0);
}

typedef struct xent_data {
    size_t rows, n, ldx, lddx;
    float *x, *loss, *dx;
    int32_t *target;
    float scale;
} xent_data;

static void xent_compare(const xent_data *d, const float *kept, worst *loss,
                         worst *dx)
{
    for (size_t r = 0; r < d->rows; r++) {
        const float *row = kept + r * d->ldx;
        const int32_t t = d->target[r];
        double most = row_max(row, d->n);
        est sum = terms_sum(row, d->n, most), want = {0, 0};

        if (t >= 0)
            want = e_sub(e_log(sum), e_sub(exact(row[t]), exact(most)));
        worst_see(loss, d->loss[r], want.v, want.e, "loss", d->n, r);
        for (size_t j = 0; d->dx && j < d->n; j++) {
            est g = e_div(term(row, j, most), sum);

            if (t >= 0 && j == (size_t)t)
                g = e_sub(g, exact(1));
            g = t < 0 ? exact(0) : e_mul(exact(d->scale), g);
            worst_see(dx, d->dx[r * d->lddx + j], g.v, g.e, "dx", d->n, j);
        }
    }
}

/* form 0: loss only; 1: dx apart; 2: dx in place of x */
static void xent_case(const srnn_kernels *k, size_t n, int side, int form,
                      worst *loss, worst *dx)
{
    xent_data d = {.rows = 5, .n = n, .ldx = n + 2, .scale = 0.37f};
    float *kept;

    guard_begin(side);
    d.x = logits(d.rows, n, d.ldx);
    kept = guard_blank(d.rows, n, d.ldx);
    memcpy(kept, d.x, ((d.rows - 1) * d.ldx + n) * sizeof *kept);
    d.loss = guard_reals(d.rows);
    d.target = guard_ints(d.rows);
    for (size_t r = 0; r < d.rows; r++)
        d.target[r] = r == 2 ? -1 : (int32_t)data_below(n);
    d.lddx = form == 2 ? d.ldx : n + 4;
    d.dx = form == 0   ? NULL
           : form == 2 ? d.x
                       : guard_blank(d.rows, n, d.lddx);
    k->softmax_xent(d.rows, n, d.x, d.ldx, d.target, d.loss, d.dx, d.lddx,
                    d.scale);
    xent_compare(&d, kept, loss, dx);
    if (d.dx)
        CHECK(!poison_errors(d.dx, d.rows, n, d.lddx));
    CHECK(!poison_errors(d.loss, 1, d.rows, d.rows));
}

static void xent(const srnn_kernels *k)
{
    worst loss = {0}, dx = {0};

    for (size_t i = 0; i < COUNT(widths); i++)
        for (int v = 0; v < 6; v++)
            xent_case(k, widths[i], v & 1, v >> 1, &loss, &dx);
    worst_end(&loss, "softmax_xent loss");
    worst_end(&dx, "softmax_xent dx");
}

/* A term left out of the oracle's sum, a target one off: refused. */
static void objects(const srnn_kernels *k)
{
    const size_t n = 33;
    worst less = {0}, loss = {0}, dx = {0};
    xent_data d = {.rows = 1, .n = n, .ldx = n, .lddx = n, .scale = 1};
    double most;
    est want;

    guard_begin(1);
    d.x = guard_matrix(1, n, n, 1);
    d.dx = guard_reals(n);
    d.loss = guard_reals(1);
    d.target = guard_ints(1);
    d.target[0] = 4;
    k->softmax_xent(1, n, d.x, n, d.target, d.loss, d.dx, n, 1);
    most = row_max(d.x, n);
    want = e_sub(e_log(terms_sum(d.x, n - 1, most)),
                 e_sub(exact(d.x[4]), exact(most)));
    worst_see(&less, d.loss[0], want.v, want.e, "a term less", 0, 0);
    CHECK(less.ratio > 1);
    d.target[0] = 5;
    xent_compare(&d, d.x, &loss, &dx);
    CHECK(loss.ratio > 1);
    CHECK(dx.ratio > 1);
}

/* Squares of floats are exact in double; n roundings of 2^-53 follow. */
static void sum_squares(const srnn_kernels *k)
{
    worst seen = {0};

    for (size_t i = 0; i < 3 * COUNT(widths); i++) {
        const size_t n = i < COUNT(widths) ? widths[i] : 64 + 97 * i;
        long double want = 0;
        float *x;

        guard_begin((int)(i % 2));
        x = guard_matrix(1, n, n, i % 3 ? 1e19f : 1e-19f);
        for (size_t j = 0; j < n; j++)
            want += (long double)x[j] * x[j];
        worst_see(&seen, k->sum_squares(n, x), (double)want,
                  (double)(n + 1) * 0x1p-53 * (double)want, "n", n, 0);
    }
    CHECK(k->sum_squares(0, NULL) == 0);
    worst_end(&seen, "sum_squares");
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"softmax_xent/objects", objects, NULL},
        {"softmax", softmax, NULL},
        {"softmax_xent", xent, NULL},
        {"sum_squares", sum_squares, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
