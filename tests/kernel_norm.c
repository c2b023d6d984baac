/* Layer and batch norm, forward and backward, within the bound that their
 * formulas carry in the double oracle: tails, one element, constant data, large
 * offsets; columns over some rows in a given order. */
#include "check.h"
#include "numbers.h"
#include "oracle_norm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { MOST = NORM_MOST };

/* n numbers of an array, a step apart, in an order. */
static const est *numbers(const float *x, size_t n, const uint32_t *at,
                          size_t step)
{
    static est number[MOST];

    for (size_t i = 0; i < n; i++)
        number[i] = exact(x[(at ? at[i] : i) * step]);
    return number;
}

/* Ordinary numbers, constant ones, and a thousand spreads from zero. */
static void fill(float *x, size_t n, size_t form)
{
    data_fill(x, n, 2);
    for (size_t j = 0; form % 4 == 1 && j < n; j++)
        x[j] = 0.3f;
    for (size_t j = 0; form % 4 == 3 && j < n; j++)
        x[j] += 2000;
}

/* ---- rows --------------------------------------------------------------- */

static const size_t widths[] = {1,  2,  3,  5,  7,  8,  9,  15, 16, 17,
                                31, 32, 33, 47, 64, 65, 73, 257};

enum { ROWS = 5 };

typedef struct figures {
    worst y, hat, rstd, back;
} figures;

static void figures_end(const figures *f, const char *what)
{
    char line[60];

    snprintf(line, sizeof line, "%s: y", what);
    worst_end(&f->y, line);
    snprintf(line, sizeof line, "%s: hat", what);
    worst_end(&f->hat, line);
    snprintf(line, sizeof line, "%s: rstd", what);
    worst_end(&f->rstd, line);
    snprintf(line, sizeof line, "%s: gradient", what);
    worst_end(&f->back, line);
}

static void rows_forward(const srnn_norm *p, const float *before, figures *f)
{
    static est hat[MOST];
    est mean, var, s;

    for (size_t r = 0; r < p->rows; r++) {
        s = e_normalise(numbers(before + r * p->ldx, p->n, NULL, 1), p->n,
                        p->eps, 1, hat, &mean, &var);
        if (p->rstd)
            worst_see(&f->rstd, p->rstd[r * p->ldrstd], s.v, s.e, "n", p->n,
                      r);
        for (size_t j = 0; j < p->n; j++) {
            est y = e_fma(exact(p->gain[j]), hat[j], exact(p->bias[j]));

            worst_see(&f->y, p->y[r * p->ldy + j], y.v, y.e, "n", p->n, j);
            if (p->hat)
                worst_see(&f->hat, p->hat[r * p->ldhat + j], hat[j].v,
                          hat[j].e, "n", p->n, j);
        }
    }
}

static void rows_back(const srnn_kernels *k, const srnn_norm *p, int in_place,
                      figures *f)
{
    static est e[MOST], hat[MOST], dx[MOST];
    const size_t ld = p->n + 2;
    float *d = guard_matrix(ROWS, p->n, ld, 1);
    float *before = guard_blank(ROWS, p->n, ld);
    srnn_norm b = *p;

    memcpy(before, d, ((ROWS - 1) * ld + p->n) * sizeof *d);
    b.x = d;
    b.ldx = b.ldy = ld;
    b.y = in_place ? d : guard_blank(ROWS, p->n, ld);
    b.bias = NULL;
    k->norm_rows_bwd(&b);
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t j = 0; j < p->n; j++) {
            e[j] = e_mul(exact(before[r * ld + j]), exact(p->gain[j]));
            hat[j] = exact(p->hat[r * p->ldhat + j]);
        }
        e_normalise_back(e, hat, exact(p->rstd[r * p->ldrstd]), p->n, 1, dx);
        for (size_t j = 0; j < p->n; j++)
            worst_see(&f->back, b.y[r * ld + j], dx[j].v, dx[j].e, "n", p->n,
                      j);
    }
    CHECK(!poison_errors(b.y, ROWS, p->n, ld));
    memcpy(d, before, ((ROWS - 1) * ld + p->n) * sizeof *d);
    memcpy(before, b.y, ((ROWS - 1) * ld + p->n) * sizeof *d);
    if (in_place)
        return;
    b.y = b.hat;
    b.ldy = b.ldhat;
    k->norm_rows_bwd(&b);
    for (size_t r = 0; r < ROWS; r++)
        CHECK(!memcmp(b.hat + r * b.ldhat, before + r * ld,
                      p->n * sizeof *d));
}

static void rows_case(const srnn_kernels *k, size_t n, int side, int in_place,
                      int keep, figures *f)
{
    srnn_norm p = {.rows = ROWS, .n = n, .ldx = n + 3, .eps = 1e-5f};
    float *x, *before;

    guard_begin(side);
    x = guard_blank(ROWS, n, p.ldx);
    before = guard_blank(ROWS, n, p.ldx);
    for (size_t r = 0; r < ROWS; r++)
        fill(x + r * p.ldx, n, r);
    memcpy(before, x, ((ROWS - 1) * p.ldx + n) * sizeof *x);
    p.x = x;
    p.ldy = in_place ? p.ldx : n + 1;
    p.y = in_place ? x : guard_blank(ROWS, n, p.ldy);
    p.gain = guard_matrix(1, n, n, 1);
    p.bias = guard_matrix(1, n, n, 1);
    if (keep) {
        p.ldhat = n + 4;
        p.hat = guard_blank(ROWS, n, p.ldhat);
        p.ldrstd = 3;
        p.rstd = guard_blank(ROWS, 1, 3);
    }
    k->norm_rows(&p);
    rows_forward(&p, before, f);
    CHECK(!poison_errors(p.y, ROWS, n, p.ldy));
    if (!keep)
        return;
    CHECK(!poison_errors(p.hat, ROWS, n, p.ldhat));
    CHECK(!poison_errors(p.rstd, ROWS, 1, 3));
    rows_back(k, &p, in_place, f);
}

static void rows(const srnn_kernels *k)
{
    const srnn_norm none = {.n = 3};
    figures f = {0};

    for (size_t i = 0; i < COUNT(widths); i++)
        for (int v = 0; v < 8; v++)
            rows_case(k, widths[i], v & 1, v >> 1 & 1, v >> 2, &f);
    figures_end(&f, "norm_rows");
    k->norm_rows(&none);
    k->norm_rows_bwd(&none);
}

/* ---- columns ------------------------------------------------------------ */

/* Some of the rows of an array, in an order of their own. */
static size_t draw_order(size_t all, uint32_t *order)
{
    size_t n = 0;

    for (size_t r = 0; r < all; r++)
        if (r % 3 != 1)
            order[n++] = (uint32_t)r;
    for (size_t i = n; i > 1; i--) {
        const size_t j = data_below(i);
        const uint32_t t = order[i - 1];

        order[i - 1] = order[j];
        order[j] = t;
    }
    return n;
}

static void columns_forward(const srnn_norm *p, const float *before,
                            figures *f)
{
    static est hat[MOST];

    for (size_t j = 0; j < p->n; j++) {
        const est *x = numbers(before + j, p->rows, p->order, p->ldx);
        est mean, var, s;

        if (p->given) {
            s = e_normalise_by(x, p->rows, p->eps, exact(p->mean[j]),
                               exact(p->var[j]), hat);
        } else {
            s = e_normalise(x, p->rows, p->eps, 0, hat, &mean, &var);
            worst_see(&f->rstd, p->mean[j], mean.v, mean.e, "mean", p->n, j);
            worst_see(&f->rstd, p->var[j], var.v, var.e, "var", p->n, j);
        }
        worst_see(&f->rstd, p->rstd[j], s.v, s.e, "rstd", p->n, j);
        for (size_t i = 0; i < p->rows; i++) {
            const size_t r = p->order ? p->order[i] : i;
            est y = e_fma(exact(p->gain[j]), hat[i], exact(p->bias[j]));

            worst_see(&f->y, p->y[r * p->ldy + j], y.v, y.e, "n", p->n, j);
            worst_see(&f->hat, p->hat[r * p->ldhat + j], hat[i].v, hat[i].e,
                      "n", p->n, j);
        }
    }
}

static void columns_back(const srnn_kernels *k, const srnn_norm *p, size_t all,
                         figures *f)
{
    static est d[MOST], hat[MOST], dx[MOST];
    const size_t ld = p->n + 1;
    srnn_norm b = *p;
    float *dense;

    b.x = guard_matrix(all, p->n, ld, 1);
    b.y = guard_blank(all, p->n, ld);
    b.ldx = b.ldy = ld;
    b.bias = b.mean = b.var = NULL;
    k->norm_columns_bwd(&b);
    for (size_t j = 0; j < p->n; j++) {
        const est scale = e_mul(exact(p->gain[j]), exact(p->rstd[j]));

        for (size_t i = 0; i < p->rows; i++) {
            const size_t r = p->order ? p->order[i] : i;

            d[i] = exact(b.x[r * ld + j]);
            hat[i] = exact(p->hat[r * p->ldhat + j]);
            dx[i] = e_mul(scale, d[i]);
        }
        if (!p->given)
            e_normalise_back(d, hat, scale, p->rows, 0, dx);
        for (size_t i = 0; i < p->rows; i++)
            worst_see(&f->back, b.y[(p->order ? p->order[i] : i) * ld + j],
                      dx[i].v, dx[i].e, "n", p->n, j);
    }
    dense = b.y;
    b.y = b.hat;
    b.ldy = b.ldhat;
    k->norm_columns_bwd(&b);
    for (size_t i = 0; i < p->rows; i++) {
        const size_t r = p->order ? p->order[i] : i;

        CHECK(!memcmp(b.hat + r * b.ldhat, dense + r * ld,
                      p->n * sizeof *dense));
    }
}

static void columns_case(const srnn_kernels *k, size_t all, size_t n, int side,
                         int ordered, int given, figures *f)
{
    uint32_t order[64];
    srnn_norm p = {.rows = all, .n = n, .ldx = n + 3, .eps = 1e-5f,
                   .given = given};
    float *x;

    guard_begin(side);
    x = guard_matrix(all, n, p.ldx, 1);
    for (size_t j = 0; j < n; j++)
        for (size_t r = 0; r < all; r++)
            x[r * p.ldx + j] = j % 4 == 1   ? 0.3f
                               : j % 4 == 3 ? 2000 + data_real()
                                            : data_real();
    if (ordered) {
        p.rows = draw_order(all, order);
        p.order = order;
    }
    p.x = x;
    p.ldy = n + 1;
    p.y = guard_blank(all, n, p.ldy);
    p.ldhat = n + 4;
    p.hat = guard_blank(all, n, p.ldhat);
    p.gain = guard_matrix(1, n, n, 1);
    p.bias = guard_matrix(1, n, n, 1);
    p.rstd = guard_reals(n);
    p.mean = guard_matrix(1, n, n, 1);
    p.var = guard_matrix(1, n, n, 1);
    for (size_t j = 0; j < n; j++)
        p.var[j] = given ? fabsf(p.var[j]) : p.var[j];
    k->norm_columns(&p);
    columns_forward(&p, x, f);
    columns_back(k, &p, all, f);
    if (!ordered)
        CHECK(!poison_errors(p.y, all, n, p.ldy));
    for (size_t r = 1; ordered && r < all; r += 3)
        CHECK(bits_of(p.y[r * p.ldy]) == POISON);
}

static void columns(const srnn_kernels *k)
{
    static const size_t counts[] = {1, 2, 3, 7, 16, 33};
    const srnn_norm none = {.n = 3};
    figures f = {0};

    for (size_t i = 0; i < COUNT(counts); i++)
        for (size_t j = 0; j < COUNT(widths); j++)
            for (int v = 0; v < 4; v++)
                columns_case(k, counts[i], widths[j], (int)data_below(2),
                             v & 1, v >> 1, &f);
    figures_end(&f, "norm_columns");
    k->norm_columns(&none);
}

/* ---- by hand, and controls ---------------------------------------------- */

/* Of (1, 3): mean 2, variance 1; with eps 3 and gain (2, 4), bias (1, -1):
 * hat = (-.5, .5), y = (0, 1). d = (1, 1): e = (2, 4), mean(e) = 3, mean(e hat)
 * = .5; dx = .5 (2 - 3 + .25, 4 - 3 - .25) = (-.375, .375). All exact. */
static void by_hand(const srnn_kernels *k)
{
    const float x[2] = {1, 3}, gain[2] = {2, 4}, bias[2] = {1, -1};
    const float d[2] = {1, 1};
    float y[2], hat[2], rstd, two[2], mean, var;
    srnn_norm p = {.rows = 1, .n = 2, .x = x, .ldx = 2, .y = y, .ldy = 2,
                   .hat = hat, .ldhat = 2, .gain = gain, .bias = bias,
                   .eps = 3, .rstd = &rstd, .ldrstd = 1};

    k->norm_rows(&p);
    CHECK(hat[0] == -0.5f && hat[1] == 0.5f && rstd == 0.5f);
    CHECK(y[0] == 0 && y[1] == 1);
    p.x = d;
    k->norm_rows_bwd(&p);
    CHECK(y[0] == -0.375f && y[1] == 0.375f);
    /* The same as a column: gain 2, bias 1, y = (0, 2); d = (1, 2): mean 1.5,
     * mean(d hat) = .25; dx = 1 (1 - 1.5 + .125, 2 - 1.5 - .125). */
    p = (srnn_norm){.rows = 2, .n = 1, .x = x, .ldx = 1, .y = y, .ldy = 1,
                    .hat = hat, .ldhat = 1, .gain = gain, .bias = bias,
                    .eps = 3, .rstd = &rstd, .mean = &mean, .var = &var};
    k->norm_columns(&p);
    CHECK(mean == 2 && var == 1 && rstd == 0.5f && y[0] == 0 && y[1] == 2);
    two[0] = 1;
    two[1] = 2;
    p.x = two;
    k->norm_columns_bwd(&p);
    CHECK(y[0] == -0.375f && y[1] == 0.375f);
    p.given = 1;
    k->norm_columns_bwd(&p);
    CHECK(y[0] == 1 && y[1] == 2);
}

/* An element more in the oracle's sums, or hat's share left out, is seen. */
static void objects(const srnn_kernels *k)
{
    enum { N = 33 };
    static est hat[MOST], e[MOST], dx[MOST];
    figures f = {0}, fair = {0};
    srnn_norm p = {.rows = 1, .n = N, .ldx = N, .ldy = N, .ldhat = N,
                   .ldrstd = 1, .eps = 1e-5f};
    float *x, *d;

    guard_begin(1);
    x = guard_matrix(1, N, N, 1);
    d = guard_matrix(1, N, N, 1);
    p.x = x;
    p.y = guard_reals(N);
    p.hat = guard_reals(N);
    p.rstd = guard_reals(1);
    p.gain = guard_matrix(1, N, N, 1);
    p.bias = guard_matrix(1, N, N, 1);
    k->norm_rows(&p);
    rows_forward(&p, x, &fair);
    CHECK(fair.y.ratio <= 1);
    x[0] += 0.1f;
    rows_forward(&p, x, &f);
    check_note("an element moved by 0.1: y %.3g bounds off", f.y.ratio);
    CHECK(f.y.ratio > 1 && f.hat.ratio > 1 && f.rstd.ratio > 1);
    p.x = d;
    k->norm_rows_bwd(&p);
    for (size_t j = 0; j < N; j++) {
        e[j] = e_mul(exact(d[j]), exact(p.gain[j]));
        hat[j] = exact(0);
    }
    e_normalise_back(e, hat, exact(p.rstd[0]), N, 1, dx);
    for (size_t j = 0; j < N; j++)
        worst_see(&f.back, p.y[j], dx[j].v, dx[j].e, "no hat", 0, j);
    CHECK(f.back.ratio > 1);
}

static void averages(const srnn_kernels *k)
{
    worst seen = {0}, wrong = {0};

    for (size_t i = 0; i < 2 * COUNT(widths); i++) {
        const size_t n = widths[i / 2];
        const float rate = 0.3f;
        float *x, *y, *d, *before;

        guard_begin((int)(i % 2));
        x = guard_matrix(1, n, n, 1);
        y = guard_matrix(1, n, n, 1);
        d = guard_matrix(1, n, n, 1);
        before = guard_reals(n);
        memcpy(before, d, n * sizeof *d);
        k->average(n, rate, x, y, d);
        for (size_t j = 0; j < n; j++) {
            const est was = exact(before[j]);
            const est gap = e_sub(exact(x[j]), exact(y[j]));
            est want = e_fma(exact(rate), e_sub(gap, was), was);

            worst_see(&seen, d[j], want.v, want.e, "n", n, j);
            want = e_fma(exact(rate), gap, was);
            worst_see(&wrong, d[j], want.v, want.e, "no d", n, j);
        }
    }
    worst_end(&seen, "average");
    CHECK(wrong.ratio > 1);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"norm/hand", by_hand, NULL},
        {"norm/objects", objects, NULL},
        {"norm/rows", rows, NULL},
        {"norm/columns", columns, NULL},
        {"average", averages, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
