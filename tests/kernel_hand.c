/* Two units of each cell worked by hand from the published formulas.
 *
 * x = (1, -1), h = (.5, -.5), c = (1, -.5). Each row below is a gate of a
 * unit: weights of x, weights of h, b_ih, b_hh; behind it the input part, the
 * recurrent part and their sum. sigma(.5) = .622459331, sigma(-.5) =
 * .377540669, sigma(1) = .731058579, sigma(-1) = .268941421, tanh(1) =
 * .761594156, tanh(.5) = .462117157, sigma(0) = .5.
 *
 * Bound: |values| <= 1.5; an activation costs 5 U (2 ULP), another operation
 * U. The longest path, LSTM: i, g, their product and f give c within 17.5 U;
 * tanh 5 U more, o 5 U, their product U: 28.5 U. GRU before: r h within 3.5 U
 * a unit, the chain 16 U with tanh, the mix 28 U. So 32 U, and 1e-9 for the
 * digits. */
#include "check.h"
#include "numbers.h"
#include "oracle.h"

static const float x[2] = {1, -1}, h_prev[2] = {.5f, -.5f};
static const float c_prev[2] = {1, -.5f};

typedef struct gate_row {
    float w_ih[2], w_hh[2], b_ih, b_hh;
} gate_row;

/* One tanh or ReLU unit each: h = f(.5), h = f(-1). */
static const gate_row rnn_rows[] = {
    {{.5f, .25f}, {1, .5f}, .25f, -.25f}, /*  .5 + 0 =  .5 */
    {{.5f, 1}, {-.5f, .5f}, 0, 0},        /* -.5 - .5 = -1 */
};

/* i, f, g, o:
 *   c0 = sigma(1) 1 + sigma(.5) tanh(1) = .731058579 + .474061389
 *   c1 = sigma(0) (-.5) + sigma(-.5) tanh(-1) = -.25 - .287532767
 *   h0 = sigma(0) tanh(1.205119968) = .5 x .835209649
 *   h1 = sigma(1) tanh(-.537532767) = .731058579 x -.491118092 */
static const gate_row lstm_rows[] = {
    {{.5f, .25f}, {1, .5f}, .25f, -.25f}, /* i   .5 + 0 =  .5 */
    {{.25f, .75f}, {.5f, 1.5f}, 0, .5f},  /*    -.5 + 0 = -.5 */
    {{1, .5f}, {1, -1}, -.5f, 0},         /* f    0 + 1 =   1 */
    {{-.5f, .5f}, {2, 0}, 0, 0},          /*     -1 + 1 =   0 */
    {{.75f, .25f}, {0, 1}, .5f, .5f},     /* g    1 + 0 =   1 */
    {{.5f, 1}, {-.5f, .5f}, 0, 0},        /*   -.5 - .5 =  -1 */
    {{0, -1}, {0, 0}, 0, -1},             /* o    1 - 1 =   0 */
    {{1, 0}, {1, 2}, .5f, 0},             /*   1.5 - .5 =   1 */
};

/* r, z, n; r0 = sigma(.5), r1 = sigma(-1), z0 = .5, z1 = sigma(1).
 *   after:  n0 = tanh(1 + .622459331 x .5)     = tanh(1.311229666)
 *           n1 = tanh(-.5 + .268941421 x (-1)) = tanh(-.768941421)
 *   before: r h = (.311229666, -.134470711)
 *           n0 = tanh(1 + .311229666 - .067235355 + .25)
 *              = tanh(1.493994310)
 *           n1 = tanh(-.5 + .155614833 - .201706066 - .5)
 *              = tanh(-1.046091233)
 * h = z h + (1 - z) n, or h = (1 - z) h + z n. */
static const gate_row gru_rows[] = {
    {{.5f, .25f}, {1, .5f}, .25f, -.25f},   /* r   .5 + 0 =  .5 */
    {{.5f, 1}, {-.5f, .5f}, 0, 0},          /*   -.5 - .5 =  -1 */
    {{-.5f, .5f}, {2, 0}, 0, 0},            /* z   -1 + 1 =   0 */
    {{1, .5f}, {1, -1}, -.5f, 0},           /*      0 + 1 =   1 */
    {{.75f, .25f}, {1, .5f}, .5f, .25f},    /* n    1 and .5 (after) */
    {{.5f, 1}, {.5f, 1.5f}, 0, -.5f},       /*    -.5 and -1 (after) */
};

/* The product of rows [first, first + 2 gates) with two numbers, into a step
 * of the cell; or, without a function, into c. */
static void run(const srnn_kernels *k, const gate_row *rows, size_t gates,
                int hidden, const float *with, srnn_tile_fn *fn,
                const srnn_cell *cell, float *to)
{
    float w[8 * 2], b[8];
    srnn_panels p = {.gates = gates, .units = 2, .k = 2};
    srnn_rows a = {{with, NULL}, {2, 0}, {2, 0}};

    for (size_t m = 0; m < 2 * gates; m++) {
        w[2 * m] = hidden ? rows[m].w_hh[0] : rows[m].w_ih[0];
        w[2 * m + 1] = hidden ? rows[m].w_hh[1] : rows[m].w_ih[1];
        b[m] = hidden ? rows[m].b_hh : rows[m].b_ih;
    }
    p.data = guard_reals(k->panels_size(gates, 2, 2));
    k->pack(&p, w, 2, 1);
    if (fn)
        k->step(&p, 1, &a, SRNN_START_BIAS, b, fn, cell, 0, 2, 0);
    else
        k->product(&p, 1, &a, SRNN_START_BIAS, b, to, 2 * gates, 0, 2);
}

static void expect(worst *w, const float *got, double want0, double want1,
                   const char *what)
{
    const double bound = 32 * U + 1e-9;

    worst_see(w, got[0], want0, bound, what, 0, 0);
    worst_see(w, got[1], want1, bound, what, 0, 1);
}

static void rnn(const srnn_kernels *k)
{
    float in[2], h[2];
    srnn_cell c = {.units = 2, .x = in, .ldx = 2, .h = h, .ldh = 2};
    worst seen = {0};

    guard_begin(1);
    run(k, rnn_rows, 1, 0, x, NULL, NULL, in);
    run(k, rnn_rows, 1, 1, h_prev, k->tile[SRNN_TILE_RNN_TANH], &c, NULL);
    expect(&seen, h, 0.462117157, -0.761594156, "tanh h");
    run(k, rnn_rows, 1, 1, h_prev, k->tile[SRNN_TILE_RNN_RELU], &c, NULL);
    expect(&seen, h, 0.5, 0, "relu h");
    worst_end(&seen, "RNN");
}

static void lstm(const srnn_kernels *k)
{
    float in[8], h[2], c1[2];
    srnn_cell c = {.units = 2,
                   .x = in,
                   .ldx = 8,
                   .h = h,
                   .ldh = 2,
                   .c_prev = c_prev,
                   .ldc_prev = 2,
                   .c = c1,
                   .ldc = 2};
    worst seen = {0};

    guard_begin(1);
    run(k, lstm_rows, 4, 0, x, NULL, NULL, in);
    run(k, lstm_rows, 4, 1, h_prev, k->tile[SRNN_TILE_LSTM], &c, NULL);
    expect(&seen, c1, 1.205119968, -0.537532767, "c");
    expect(&seen, h, 0.417604824, -0.359036095, "h");
    worst_end(&seen, "LSTM");
}

/* h for both conventions; `before` applies the reset to h, not to the
 * product. */
static void gru_case(const srnn_kernels *k, int before, int z_takes_new,
                     double want0, double want1, worst *seen)
{
    float in[6], h[2], work[4];
    srnn_cell c = {.units = 2,
                   .x = in,
                   .ldx = 6,
                   .h_prev = h_prev,
                   .ldh_prev = 2,
                   .h = h,
                   .ldh = 2,
                   .work = work,
                   .ldwork = 4,
                   .z_takes_new = z_takes_new};

    guard_begin(1);
    run(k, gru_rows, 3, 0, x, NULL, NULL, in);
    if (before) {
        run(k, gru_rows, 2, 1, h_prev, k->tile[SRNN_TILE_GRU_BEFORE_RZ], &c,
            NULL);
        run(k, gru_rows + 4, 1, 1, work + 2, k->tile[SRNN_TILE_GRU_BEFORE_N],
            &c, NULL);
    } else {
        run(k, gru_rows, 3, 1, h_prev, k->tile[SRNN_TILE_GRU_AFTER], &c,
            NULL);
    }
    expect(seen, h, want0, want1, before ? "before h" : "after h");
}

static void gru(const srnn_kernels *k)
{
    worst seen = {0}, wrong = {0};

    /* after: .25 + .432293111; .731058579 (-.5) + .268941421 (-.646313484) */
    gru_case(k, 0, 0, 0.682293111, -0.539349756, &seen);
    gru_case(k, 0, 1, 0.682293111, -0.606963728, &seen);
    /* before: .25 + .452028534; n1 = -.780282062 */
    gru_case(k, 1, 0, 0.702028534, -0.575379456, &seen);
    gru_case(k, 1, 1, 0.702028534, -0.704902606, &seen);
    worst_end(&seen, "GRU");
    gru_case(k, 0, 0, 0.682293111, -0.606963728, &wrong);
    CHECK_SAYS(wrong.ratio > 1, "the other convention's answer passed");
    wrong.ratio = 0;
    gru_case(k, 0, 0, 0.702028534, -0.539349756, &wrong);
    CHECK_SAYS(wrong.ratio > 1, "the other reset's answer passed");
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"hand/rnn", rnn, NULL},
        {"hand/lstm", lstm, NULL},
        {"hand/gru", gru, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
