/* Loops over arrays: scale, clip, SGD, Adam, gather, rows added and divided;
 * each element within the bound of its formula, lengths around the vectors,
 * between guard pages. */
#include "check.h"
#include "numbers.h"
#include "oracle.h"
#include "rungs.h"

#include <math.h>
#include <string.h>

#define LENGTHS(k) (6 * (k)->lanes + 3)

static float *copy(const float *x, size_t n)
{
    float *y = guard_reals(n);

    memcpy(y, x, n * sizeof *x);
    return y;
}

/* One rounding: the product of two floats, rounded by the conversion, is what
 * every rung must give, to the bit. */
static void scale(const srnn_kernels *k)
{
    for (size_t n = 0; n < LENGTHS(k); n++) {
        float *x, *z;
        const float a = data_real();

        guard_begin((int)(n & 1));
        x = guard_matrix(1, n, n, 3);
        z = copy(x, n);
        k->scale(n, a, x);
        for (size_t j = 0; j < n; j++)
            CHECK(x[j] == (float)((double)a * z[j]));
    }
}

/* The product of two floats is exact in double; an fma is rounded once, the
 * scalar rung's sum twice: within u (|y| + 2 |a b|). */
static void multiply(const srnn_kernels *k)
{
    worst seen = {0};

    for (size_t n = 0; n < LENGTHS(k); n++) {
        float *a, *b, *y, *z;

        guard_begin((int)(n & 1));
        a = guard_matrix(1, n, n, 3);
        b = guard_matrix(1, n, n, 3);
        y = guard_matrix(1, n, n, 3);
        z = copy(y, n);
        k->multiply_add(n, a, b, y);
        for (size_t j = 0; j < n; j++) {
            double p = (double)a[j] * b[j];

            worst_see(&seen, y[j], z[j] + p,
                      0x1p-24 * (fabs(z[j]) + 2 * fabs(p)), "y", n, j);
            CHECK(!rung_is_vector(k) || y[j] == fmaf(a[j], b[j], z[j]));
        }
        k->multiply(n, a, b, z);
        k->multiply(n, a, b, a);
        for (size_t j = 0; j < n; j++)
            CHECK(bits_of(z[j]) == bits_of(a[j]));
        k->multiply(n, b, b, y);
        for (size_t j = 0; j < n; j++)
            CHECK(y[j] == (float)((double)b[j] * b[j]));
    }
    worst_end(&seen, "multiply_add");
}

static void clip(const srnn_kernels *k)
{
    for (size_t n = 0; n < LENGTHS(k); n++) {
        float *x, *z;

        guard_begin((int)(n & 1));
        x = guard_matrix(1, n, n, 3);
        if (n > 2) {
            x[0] = INFINITY;
            x[1] = -INFINITY;
            x[2] = -0.0f;
        }
        z = copy(x, n);
        k->clip(n, 1.5f, x);
        for (size_t j = 0; j < n; j++) {
            float want = z[j] > 1.5f ? 1.5f : z[j] < -1.5f ? -1.5f : z[j];

            CHECK(bits_of(x[j]) == bits_of(want));
        }
    }
}

static void sgd_case(const srnn_kernels *k, size_t n, const srnn_sgd *s,
                     worst *seen)
{
    float *g, *m, *p, *m0, *p0;

    guard_begin((int)(n & 1));
    g = guard_matrix(1, n, n, 1);
    m = guard_matrix(1, n, n, 1);
    p = guard_matrix(1, n, n, 1);
    m0 = copy(m, n);
    p0 = copy(p, n);
    k->sgd(n, s, g, s->momentum != 0 ? m : NULL, p);
    for (size_t j = 0; j < n; j++) {
        est em = exact(m0[j]), ep = exact(p0[j]);

        oracle_sgd(s, exact(g[j]), &em, &ep);
        worst_see(seen, m[j], em.v, em.e, "m", n, j);
        worst_see(seen, p[j], ep.v, ep.e, "p", n, j);
    }
}

static void sgd(const srnn_kernels *k)
{
    static const srnn_sgd forms[] = {{0.1f, 0, 0, 0},
                                     {0.1f, 0.9f, 0, 1},
                                     {0.1f, 0.9f, 0, 0},
                                     {0.03f, 0.9f, 0.01f, 0}};
    worst seen = {0};

    for (size_t n = 0; n < LENGTHS(k); n++)
        for (int f = 0; f < 4; f++)
            sgd_case(k, n, &forms[f], &seen);
    worst_end(&seen, "sgd");
}

static void adam_case(const srnn_kernels *k, size_t n, const srnn_adam *s,
                      double wrong, worst *seen)
{
    float *g, *m, *v, *p, *m0, *v0, *p0;

    guard_begin((int)(n & 1));
    g = guard_matrix(1, n, n, 1);
    m = guard_matrix(1, n, n, 1);
    v = guard_matrix(1, n, n, 1);
    p = guard_matrix(1, n, n, 1);
    for (size_t j = 0; j < n; j++)
        v[j] = fabsf(v[j]);
    m0 = copy(m, n);
    v0 = copy(v, n);
    p0 = copy(p, n);
    k->adam(n, s, g, m, v, p);
    for (size_t j = 0; j < n; j++) {
        est em = exact(m0[j]), ev = exact(v0[j]), ep = exact(p0[j]);

        oracle_adam(s, exact(g[j]), &em, &ev, &ep);
        worst_see(seen, m[j], em.v, em.e, "m", n, j);
        worst_see(seen, v[j], ev.v, ev.e, "v", n, j);
        worst_see(seen, p[j], ep.v + wrong * ep.e, ep.e, "p", n, j);
    }
}

static void adam(const srnn_kernels *k)
{
    static const uint64_t steps[] = {1, 2, 1000, 1000000};
    worst seen = {0}, wrong = {0};

    for (size_t n = 0; n < LENGTHS(k); n++) {
        srnn_adam s = srnn_adam_at(2e-3, 0.9, 0.999, 1e-8, n % 2 ? 0 : 0.01,
                                   steps[n % 4]);

        adam_case(k, n, &s, 0, &seen);
    }
    worst_end(&seen, "adam");
    {
        srnn_adam s = srnn_adam_at(2e-3, 0.9, 0.999, 1e-8, 0, 3);

        adam_case(k, 40, &s, 2, &wrong);
    }
    CHECK(wrong.ratio > 1);
}

/* beta^step in long double by plain multiplication; the double powers lose
 * 2^-53 a squaring and product, (2 log2 step + 1) in all, times beta^step /
 * (1 - beta^step), then one rounding to float. */
static void adam_scalars(void)
{
    static const uint64_t steps[] = {1, 2, 3, 10, 1000, 12345, 100000};
    const double b1 = 0.9, b2 = 0.999, lr = 2e-3;
    worst seen = {0};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        srnn_adam s = srnn_adam_at(lr, b1, b2, 1e-8, 0.01, steps[i]);
        long double p1 = 1, p2 = 1;
        double rate, root, slack;

        for (uint64_t t = 0; t < steps[i]; t++) {
            p1 *= b1;
            p2 *= b2;
        }
        rate = (double)(lr / (1 - p1));
        root = (double)sqrtl(1 - p2);
        slack = 40 * 0x1p-53 / (1 - b2);
        worst_see(&seen, s.rate, rate, rate * (U + slack), "rate", i, 0);
        worst_see(&seen, s.root, root, root * (U + slack), "root", i, 0);
        CHECK(s.shrink == (float)(1 - lr * 0.01));
        CHECK(s.beta2 == 0.999f && s.eps == 1e-8f);
        CHECK(s.one_minus_beta1 == (float)(1 - 0.9));
        CHECK(s.one_minus_beta2 == (float)(1 - 0.999));
    }
    worst_end(&seen, "srnn_adam_at");
}

static void gather(const srnn_kernels *k)
{
    enum { ROWS = 7, WORDS = 5 };

    for (size_t dim = 1; dim < LENGTHS(k); dim++) {
        const size_t ldy = dim + 3;
        float *table, *y;
        int32_t *id;

        guard_begin((int)(dim / 2 & 1));
        table = guard_matrix(WORDS, dim, dim, 1);
        y = guard_blank(ROWS, dim, ldy);
        id = guard_ints(ROWS);
        for (int r = 0; r < ROWS; r++)
            id[r] = r == 3 ? WORDS - 1 : (int32_t)data_below(WORDS);
        k->gather(ROWS, dim, id, table, y, ldy);
        for (size_t r = 0; r < ROWS; r++)
            CHECK(!memcmp(y + r * ldy, table + (size_t)id[r] * dim,
                          dim * sizeof *y));
        CHECK(!poison_errors(y, ROWS, dim, ldy));
    }
}

/* y + x, a x + y and x / by, in and out of place. A sum and a quotient of two
 * floats, rounded by the conversion from double, are what every rung must give
 * (Figueroa 1995: 53 >= 2 x 24 + 2), and so is a fused product and sum. */
enum { ADD, AXPY, DIVIDE, SELF };

static void rows_case(const srnn_kernels *k, size_t n, int op, worst *axpy)
{
    enum { ROWS = 4 };
    const size_t ldx = n + 2, ldy = op == SELF ? ldx : n + 3;
    const float a = data_real();
    float by[ROWS] = {3, 0, 7, -11};
    float *x, *y, *y0;

    guard_begin((int)(n & 1));
    x = guard_matrix(ROWS, n, ldx, 3);
    y = op == SELF ? x : guard_matrix(ROWS, n, ldy, 3);
    y0 = copy(y, (ROWS - 1) * ldy + n);
    if (op == ADD)
        k->add_rows(ROWS, n, x, ldx, y, ldy);
    else if (op == AXPY)
        k->axpy_rows(ROWS, n, a, x, ldx, y, ldy);
    else
        k->divide_rows(ROWS, n, by, x, ldx, y, ldy);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t j = 0; j < n; j++) {
            const double xj = op == SELF ? y0[r * ldy + j] : x[r * ldx + j];
            const double got = y[r * ldy + j], yj = y0[r * ldy + j];

            if (op == ADD)
                CHECK(got == (float)(yj + xj));
            else if (op >= DIVIDE)
                CHECK(got == (by[r] == 0 ? 0 : (float)(xj / by[r])));
            else {
                const est want = e_fma(exact(a), exact(xj), exact(yj));

                CHECK(!oracle.fused ||
                      got == fmaf(a, (float)xj, (float)yj));
                worst_see(axpy, got, want.v, want.e, "y", n, j);
            }
        }
    CHECK(!poison_errors(y, ROWS, n, ldy));
}

static void rows(const srnn_kernels *k)
{
    worst axpy = {0};
    float x = 2, y = NAN, none = 0;

    for (size_t n = 1; n < LENGTHS(k); n++)
        for (int op = ADD; op <= SELF; op++)
            rows_case(k, n, op, &axpy);
    worst_end(&axpy, "axpy_rows");
    k->add_rows(1, 1, &x, 1, &y, 1);
    CHECK(isnan(y));
    k->axpy_rows(1, 1, 0, &y, 1, &x, 1);
    CHECK(isnan(x));
    k->divide_rows(1, 1, &none, &y, 1, &y, 1);
    CHECK(y == 0);
    k->add_rows(0, 3, NULL, 0, NULL, 0);
    k->axpy_rows(0, 3, 1, NULL, 0, NULL, 0);
    k->divide_rows(0, 3, NULL, NULL, 0, NULL, 0);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"adam_at", NULL, adam_scalars},
        {"scale", scale, NULL},
        {"multiply", multiply, NULL},
        {"clip", clip, NULL},
        {"sgd", sgd, NULL},
        {"adam", adam, NULL},
        {"gather", gather, NULL},
        {"rows", rows, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
