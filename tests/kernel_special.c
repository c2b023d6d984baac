/* NaN, infinity and subnormal numbers in products, rows and cells: a NaN goes
 * through and stays in its own row and unit, infinities follow IEEE 754, the
 * caller's floating-point mode is the kernel's. */
#include "celldata.h"
#include "check.h"
#include "numbers.h"

#include <math.h>
#include <string.h>

enum { ROWS = 5, UNITS = 21, DEPTH = 7 };

/* ---- products ------------------------------------------------------------ */

typedef struct data {
    float *w, *a, *c;
    srnn_panels p;
} data;

static void multiply(const srnn_kernels *k, data *d)
{
    const srnn_rows a = {{d->a, NULL}, {DEPTH, 0}, {DEPTH, 0}};

    k->pack(&d->p, d->w, DEPTH, 1);
    k->product(&d->p, ROWS, &a, SRNN_START_ZERO, NULL, d->c, UNITS, 0, UNITS);
}

static void fill(const srnn_kernels *k, data *d)
{
    guard_begin(1);
    d->w = guard_matrix(UNITS, DEPTH, DEPTH, 1);
    d->a = guard_matrix(ROWS, DEPTH, DEPTH, 1);
    d->c = guard_reals(ROWS * UNITS);
    d->p = (srnn_panels){.gates = 1, .units = UNITS, .k = DEPTH};
    d->p.data = guard_reals(k->panels_size(1, UNITS, DEPTH));
}

/* A NaN in a row of a spoils that row, one in a row of w that unit. */
static void product_nan(const srnn_kernels *k)
{
    data d;

    fill(k, &d);
    d.a[2 * DEPTH + 3] = NAN;
    d.w[19 * DEPTH + 6] = NAN;
    multiply(k, &d);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t u = 0; u < UNITS; u++)
            CHECK_SAYS(!isnan(d.c[r * UNITS + u]) == (r != 2 && u != 19),
                       "row %zu unit %zu: %g", r, u, d.c[r * UNITS + u]);
}

/* inf w = inf with the sign of w, NaN where w is 0 or two infinities
 * oppose. */
static void product_inf(const srnn_kernels *k)
{
    data d;

    fill(k, &d);
    d.a[1 * DEPTH + 0] = INFINITY;
    d.a[3 * DEPTH + 0] = INFINITY;
    d.a[3 * DEPTH + 1] = -INFINITY;
    d.w[4 * DEPTH] = 0;
    multiply(k, &d);
    for (size_t u = 0; u < UNITS; u++) {
        const float *w = d.w + u * DEPTH;
        float one = d.c[1 * UNITS + u], two = d.c[3 * UNITS + u];

        CHECK(isfinite(d.c[u]));
        CHECK(u == 4 ? isnan(one) : one == copysignf(INFINITY, w[0]));
        CHECK(u == 4 || w[0] * w[1] > 0 ? isnan(two) : isinf(two));
    }
}

/* Exact in the default mode: 2^-140 times 3 and added up. With flush-to-zero,
 * nothing subnormal comes out. */
static void product_subnormal(const srnn_kernels *k)
{
    data d;

    fill(k, &d);
    for (size_t i = 0; i < UNITS * DEPTH; i++)
        d.w[i] = 3;
    for (size_t i = 0; i < ROWS * DEPTH; i++)
        d.a[i] = 0x1p-140f;
    multiply(k, &d);
    for (size_t i = 0; i < ROWS * UNITS; i++)
        CHECK(d.c[i] == 3 * DEPTH * 0x1p-140f);
    flush_mode(1);
    multiply(k, &d);
    flush_mode(0);
    for (size_t i = 0; i < ROWS * UNITS; i++)
        CHECK(d.c[i] == 0);
}

/* ---- rows and vectors ---------------------------------------------------- */

static void softmax_special(const srnn_kernels *k)
{
    enum { N = 19 };
    float *x, *y;

    guard_begin(1);
    x = guard_matrix(4, N, N, 1);
    y = guard_reals(4 * N);
    x[0 * N + 18] = NAN;
    x[1 * N + 3] = -INFINITY;
    x[2 * N + 17] = INFINITY;
    k->softmax(4, N, x, N, y, N);
    for (size_t j = 0; j < N; j++) {
        CHECK(isnan(y[j]));
        CHECK(j == 3 ? y[N + j] == 0 : y[N + j] > 0 && y[N + j] < 1);
        CHECK(j == 17 ? isnan(y[2 * N + j])
                      : isnan(y[2 * N + j]) || y[2 * N + j] == 0);
        CHECK(y[3 * N + j] > 0);
    }
    x[2 * N + 17] = 0;
    for (size_t at = 0; at < N; at++) {
        float kept = x[2 * N + at];

        x[2 * N + at] = NAN;
        k->softmax(1, N, x + 2 * N, N, y, N);
        for (size_t j = 0; j < N; j++)
            CHECK_SAYS(isnan(y[j]), "NaN at %zu did not reach %zu", at, j);
        x[2 * N + at] = kept;
    }
}

/* Compare-and-blend: a NaN is neither above nor below, so it stays. */
static void nan_stays(const srnn_kernels *k)
{
    enum { N = 21 };
    float x[N], y[N], z[N];

    for (size_t at = 0; at < N; at++) {
        for (size_t j = 0; j < N; j++)
            x[j] = y[j] = z[j] = j == at ? NAN : (float)j - 10;
        k->relu(N, x, x);
        k->clip(N, 4, y);
        k->scale(N, 0, z);
        for (size_t j = 0; j < N; j++) {
            CHECK(!isnan(x[j]) == (j != at));
            CHECK(!isnan(y[j]) == (j != at));
            CHECK(!isnan(z[j]) == (j != at));
        }
    }
    x[0] = NAN;
    CHECK(isnan(k->sum_squares(1, x)));
}

/* ---- cells --------------------------------------------------------------- */

typedef struct cell_run {
    cell_data d;
    srnn_tile t;
    float *prod;
} cell_run;

static void prepare(cell_run *c, int tile)
{
    const cell_kind *kind = &cell_kinds[tile];

    guard_begin(1);
    cell_fill(&c->d, tile, ROWS, UNITS, 0);
    c->t = (srnn_tile){.rows = ROWS, .units = UNITS};
    c->t.gate_stride = UNITS;
    c->t.ldprod = kind->gates * UNITS;
    c->prod = guard_matrix(ROWS, c->t.ldprod, c->t.ldprod, 1);
    c->t.prod = c->prod;
}

/* Is any result of this unit a NaN? */
static int spoiled(const cell_data *d, size_t r, size_t u)
{
    int any = 0;

    for (int a = 0; a < ARRAYS; a++)
        for (size_t s = 0; s < CELL_SLOTS; s++)
            if (d->array[a] && s * d->units < d->n[a] &&
                d->writes & CELL_SLOT(a, s))
                any |= isnan(d->array[a][r * d->ld[a] + s * d->units + u]);
    return any;
}

/* A NaN in one product reaches the results of its unit, and no other's. */
static void cell_nan(const srnn_kernels *k)
{
    for (int tile = 0; tile < SRNN_TILE_LSTM_ANY; tile++)
        for (size_t g = 0; g < cell_kinds[tile].gates; g++) {
            cell_run c;

            prepare(&c, tile);
            if (tile == SRNN_TILE_RNN_RELU_BWD) /* a shut unit lets none in */
                c.d.array[A_GATE][2 * c.d.ld[A_GATE] + 17] = 1;
            c.prod[2 * c.t.ldprod + g * UNITS + 17] = NAN;
            k->tile[tile](&c.d.cell, &c.t);
            for (size_t r = 0; r < ROWS; r++)
                for (size_t u = 0; u < UNITS; u++)
                    CHECK_SAYS(spoiled(&c.d, r, u) == (r == 2 && u == 17),
                               "%s, NaN in gate %zu: row %zu unit %zu",
                               cell_kinds[tile].name, g, r, u);
        }
}

static float *put(cell_run *c, size_t g, float v)
{
    c->prod[g * UNITS + 3] = v;
    return c->d.array[A_H] + 3;
}

/* Saturated gates: sigma(inf) = 1, sigma(-inf) = 0, tanh likewise. tanh(1) is
 * within 2.5 ULP of 2^-24; the GRU's difference and fma round by 2 U and U. */
static void cell_inf(const srnn_kernels *k)
{
    cell_run c;
    float *h;

    prepare(&c, SRNN_TILE_RNN_TANH);
    h = put(&c, 0, -INFINITY);
    k->tile[c.d.tile](&c.d.cell, &c.t);
    CHECK(*h == -1);

    prepare(&c, SRNN_TILE_LSTM); /* forget all, take g = 1 whole */
    put(&c, 0, INFINITY);
    put(&c, 1, -INFINITY);
    put(&c, 2, INFINITY);
    h = put(&c, 3, INFINITY);
    k->tile[c.d.tile](&c.d.cell, &c.t);
    CHECK(c.d.array[A_C][3] == 1);
    CHECK(fabsf(*h - 0.761594156f) <= 3 * 0x1p-24f);

    prepare(&c, SRNN_TILE_GRU_AFTER); /* z = 1 keeps the old state */
    h = put(&c, 1, INFINITY);
    k->tile[c.d.tile](&c.d.cell, &c.t);
    CHECK(fabsf(*h - c.d.cell.h_prev[3]) <= 3 * 0x1p-24f);
}

/* tanh of a subnormal is a zero of its sign, relu's result likewise. */
static void cell_subnormal(const srnn_kernels *k)
{
    static const int tiles[] = {SRNN_TILE_RNN_TANH, SRNN_TILE_RNN_RELU};

    for (int i = 0; i < 2; i++)
        for (int sign = 0; sign < 2; sign++) {
            float *h, p = sign ? -0x1p-140f : 0x1p-140f;
            cell_run c;

            prepare(&c, tiles[i]);
            c.d.x[3] = sign ? -0.0f : 0.0f;
            h = put(&c, 0, p);
            k->tile[c.d.tile](&c.d.cell, &c.t);
            CHECK_SAYS(*h == 0 && !signbit(*h) == !sign, "%s of %a: %a",
                       cell_kinds[tiles[i]].name, p, *h);
        }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"special/product-nan", product_nan, NULL},
        {"special/product-inf", product_inf, NULL},
        {"special/product-subnormal", product_subnormal, NULL},
        {"special/softmax", softmax_special, NULL},
        {"special/nan-stays", nan_stays, NULL},
        {"special/cell-nan", cell_nan, NULL},
        {"special/cell-inf", cell_inf, NULL},
        {"special/cell-subnormal", cell_subnormal, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
