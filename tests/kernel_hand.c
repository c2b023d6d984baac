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
#include "phi.h"

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

/* ---- other activations --------------------------------------------------- */

/* The RNN's units once more, phi(.5) and phi(-1), and where d = 1 the slopes
 * there: e^-1 = .367879441, tanh(.25) = .244918662, log(1 + e^.5) = .974076984,
 * log(1 + e^-1) = .313261688. */
static const struct {
    srnn_activation act;
    float clip;
    double h[2], slope[2];
} phi_rows[] = {
    {{SRNN_ACT_LEAKY_RELU, .1f, 0, 0, 0}, 0, {.5, -.1}, {1, .1}},
    {{SRNN_ACT_ELU, .5f, 0, 0, 0}, 0, {.5, -.316060279}, {1, .183939721}},
    {{SRNN_ACT_AFFINE, 2, 1, 0, 0}, 0, {2, -1}, {2, 2}},
    {{SRNN_ACT_IDENTITY, 0, 0, 0, 0}, .75f, {.5, -.75}, {1, 0}},
    {{SRNN_ACT_SIGMOID, 0, 0, 0, 0}, 0, {.622459331, .268941421},
     {.235003712, .196611933}},
    {{SRNN_ACT_THRESHOLDED_RELU, .25f, 0, 0, 0}, 0, {.5, 0}, {1, 0}},
    {{SRNN_ACT_HARD_SIGMOID, .2f, .5f, 0, 0}, 0, {.6, .3}, {.2, .2}},
    {{SRNN_ACT_SOFTSIGN, 0, 0, 0, 0}, 0, {1 / 3., -.5}, {4 / 9., .25}},
    {{SRNN_ACT_SCALED_TANH, 1.5f, .5f, 0, 0}, 0, {.367377993, -.693175736},
     {.705011137, .589835800}},
    {{SRNN_ACT_SOFTPLUS, 0, 0, 0, 0}, 0, {.974076984, .313261688},
     {.622459331, .268941421}},
    {{SRNN_ACT_OWN, 0, 0, phi_own, &phi_data}, 0, {.4, -.5}, {.48, 0}},
    {{SRNN_ACT_OWN, 0, 0, phi_own, &phi_data}, .5f, {.4, -.4}, {0, 0}},
};

static void any_rnn(const srnn_kernels *k)
{
    static const float none[2] = {0, 0}, ones[2] = {1, 1};
    worst seen = {0};

    for (size_t i = 0; i < sizeof phi_rows / sizeof *phi_rows; i++) {
        const srnn_variant v = {.act = {phi_rows[i].act},
                                .clip = phi_rows[i].clip};
        const srnn_tile t = {0, 1, 0, 2, none, 2, 0};
        float in[2], h[2], gate[4];
        srnn_cell c = {.units = 2, .variant = &v, .x = in, .ldx = 2, .h = h,
                       .ldh = 2, .gate = gate, .ldgate = 4, .dy = ones,
                       .lddy = 2};

        guard_begin(1);
        run(k, rnn_rows, 1, 0, x, NULL, NULL, in);
        run(k, rnn_rows, 1, 1, h_prev, k->tile[SRNN_TILE_RNN_ANY], &c, NULL);
        expect(&seen, h, phi_rows[i].h[0], phi_rows[i].h[1], "phi");
        k->tile[SRNN_TILE_RNN_ANY_BWD](&c, &t);
        expect(&seen, gate, phi_rows[i].slope[0], phi_rows[i].slope[1],
               "slope");
    }
    worst_end(&seen, "RNN of any phi");
}

/* Gates .2 a + .5, n softsign: r = (.6, .3), z = (.5, .7).
 *   after:  n0 = 1.3 / 2.3, n1 = -.8 / 1.8
 *   before: r h = (.3, -.15), n0 = 1.475 / 2.475, n1 = -1.075 / 2.075
 * Clipped to .75: r = (.6, .35), z = (.5, .65), n = .75 / 1.75 and its
 * opposite (after).
 * Where r is what the caller's a / (1 + a^2) gives: (.4, -.5), z = (0, .5),
 * n0 = tanh(1.2), n1 = tanh(0) (after). */
static void any_gru_case(const srnn_kernels *k, const srnn_variant *v,
                         int before, int z_takes_new, double want0,
                         double want1, worst *seen)
{
    float in[6], h[2], work[4];
    srnn_cell c = {.units = 2,
                   .variant = v,
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
        run(k, gru_rows, 2, 1, h_prev, k->tile[SRNN_TILE_GRU_BEFORE_RZ_ANY],
            &c, NULL);
        run(k, gru_rows + 4, 1, 1, work + 2,
            k->tile[SRNN_TILE_GRU_BEFORE_N_ANY], &c, NULL);
    } else {
        run(k, gru_rows, 3, 1, h_prev, k->tile[SRNN_TILE_GRU_AFTER_ANY], &c,
            NULL);
    }
    expect(seen, h, want0, want1, before ? "before h" : "after h");
}

static void any_gru(const srnn_kernels *k)
{
    srnn_variant v = {.act = {{SRNN_ACT_HARD_SIGMOID, .2f, .5f, 0, 0},
                              {SRNN_ACT_SOFTSIGN, 0, 0, 0, 0}}};
    worst seen = {0}, wrong = {0};

    /* .25 + .282608696; .7 (-.5) + .3 n1 and .3 (-.5) + .7 n1 */
    any_gru_case(k, &v, 0, 0, 0.532608696, -0.483333333, &seen);
    any_gru_case(k, &v, 0, 1, 0.532608696, -0.461111111, &seen);
    any_gru_case(k, &v, 1, 0, 0.547979798, -0.505421687, &seen);
    any_gru_case(k, &v, 1, 1, 0.547979798, -0.512650602, &seen);
    v.clip = .75f; /* .25 + .5 n0; .65 (-.5) + .35 n1 */
    any_gru_case(k, &v, 0, 0, 0.464285714, -0.475, &seen);
    any_gru_case(k, &v, 0, 1, 0.464285714, -0.453571429, &seen);
    v = (srnn_variant){.act = {phis[PHIS - 1].act,
                               {SRNN_ACT_TANH, 0, 0, 0, 0}}};
    any_gru_case(k, &v, 0, 0, 0.833654607, -0.25, &seen);
    worst_end(&seen, "GRU of any phi");
    any_gru_case(k, &v, 0, 0, 0.532608696, -0.483333333, &wrong);
    CHECK_SAYS(wrong.ratio > 1, "another phi's answer passed");
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"hand/rnn", rnn, NULL},
        {"hand/lstm", lstm, NULL},
        {"hand/gru", gru, NULL},
        {"hand/any-rnn", any_rnn, NULL},
        {"hand/any-gru", any_gru, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
