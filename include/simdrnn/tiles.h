/* The elementwise functions of cells: their activations, what they see of a
 * step, and what each computes. kernels.h holds the conventions, and the table
 * that has these functions. */
#ifndef SIMDRNN_TILES_H
#define SIMDRNN_TILES_H

#include <simdrnn/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Activations that a cell may be given instead of its own, named and with
 * parameters as ONNX has them (operator RNN, version 14):
 *   RELU max(0, x)          LEAKY_RELU x < 0 ? a x : x      a >= 0
 *   TANH                    THRESHOLDED_RELU x > a ? x : 0  a >= 0
 *   SIGMOID                 SCALED_TANH a tanh(b x)
 *   AFFINE a x + b          HARD_SIGMOID min(1, max(0, a x + b))
 *   SOFTSIGN x / (1 + |x|)  ELU x < 0 ? a (e^x - 1) : x     a >= 0
 *   SOFTPLUS log(1 + e^x)   IDENTITY x
 *   OWN: own(data, n, x, y, slope) of the caller's sets y[j] = f(x[j]) and,
 *   where slope is not NULL, slope[j] = f'(x[j]), j < n; y may be x. It sees
 *   any stretch of a row at a time and may run in several threads at once; the
 *   bit promises hold where y[j] and slope[j] depend on x[j] alone.
 * a and b are zero or normal numbers, and they, like x, meet IEEE 754's rules
 * for infinities (0 times infinity is NaN); the ends of SOFTSIGN are +-1. The
 * rules for subnormals and NaN are those of the arrays above; OWN keeps its
 * own. Error on the vector rungs, for |y| from 2^-126 on: RELU, IDENTITY,
 * THRESHOLDED_RELU none; AFFINE, LEAKY_RELU, HARD_SIGMOID u relative, SOFTSIGN
 * 2 u; ELU with a = 1 within 1 ULP, else 4 u; TANH, SIGMOID, SOFTPLUS 2 ULP;
 * SCALED_TANH 7 u and (1 + |a|) 2^-126.
 *
 * The slope is a function of y alone, so nothing else is kept for backward:
 *   RELU, THRESHOLDED_RELU y > 0 ? 1 : 0   LEAKY_RELU y > 0 ? 1 : a
 *   TANH fma(-y, y, 1)                     ELU y > 0 ? 1 : y + a
 *   SIGMOID y (1 - y)                      SOFTSIGN (1 - |y|)^2
 *   SCALED_TANH a (b fma(-t, t, 1)),       SOFTPLUS -(e^-y - 1), within 1 ULP
 *     t = y / a, and 0 where a is 0        AFFINE a
 *   HARD_SIGMOID 0 < y < 1 ? a : 0         IDENTITY 1
 * so at a kink it is the one below. */
typedef enum srnn_activation_kind {
    SRNN_ACT_DEFAULT, /* what the cell's formula says */
    SRNN_ACT_RELU,
    SRNN_ACT_TANH,
    SRNN_ACT_SIGMOID,
    SRNN_ACT_AFFINE,
    SRNN_ACT_LEAKY_RELU,
    SRNN_ACT_THRESHOLDED_RELU,
    SRNN_ACT_SCALED_TANH,
    SRNN_ACT_HARD_SIGMOID,
    SRNN_ACT_ELU,
    SRNN_ACT_SOFTSIGN,
    SRNN_ACT_SOFTPLUS,
    SRNN_ACT_IDENTITY,
    SRNN_ACT_OWN,
    SRNN_ACT_KINDS
} srnn_activation_kind;

typedef void srnn_own_fn(void *data, size_t n, const srnn_real *x,
                         srnn_real *y, srnn_real *slope);

typedef struct srnn_activation {
    srnn_activation_kind kind;
    srnn_real a, b; /* ONNX's alpha and beta */
    srnn_own_fn *own;
    void *data;
} srnn_activation;

/* ---- cells: the elementwise function of a tile -------------------------
 * A tile is rows [row, row + rows) x units [unit, unit + units) of a step. Its
 * product (the recurrent part of the pre-activations forward, the gradient of
 * h backward) lies in prod: gate g of unit u of row r (counted from the tile's
 * corner) at prod[r * ldprod + g * gate_stride + u]. */
typedef struct srnn_tile {
    size_t row, rows;
    size_t unit, units;
    const srnn_real *prod;
    size_t ldprod, gate_stride;
} srnn_tile;

typedef struct srnn_cell srnn_cell;
typedef void srnn_tile_fn(const srnn_cell *cell, const srnn_tile *tile);

/* The LSTM's variants (Greff et al. 2017, "LSTM: A Search Space Odyssey"); bits
 * of srnn_variant.lstm. A gate that is not there is not computed: the others
 * keep their order, in weights, slots and products. */
enum {
    SRNN_LSTM_NO_INPUT_GATE = 1,   /* i = 1 */
    SRNN_LSTM_NO_FORGET_GATE = 2,  /* f = 1 */
    SRNN_LSTM_NO_OUTPUT_GATE = 4,  /* o = 1 */
    SRNN_LSTM_COUPLED = 8,         /* f = 1 - i. ONNX's input_forget is the
                                      same; the weights that its tensors hold
                                      for f are read by neither */
    SRNN_LSTM_PEEPHOLES = 16,      /* i, f look at c_prev, o at c (Gers &
                                      Schmidhuber 2000) */
    SRNN_LSTM_FULL_RECURRENCE = 32 /* i, f, o receive those of the step before
                                      through nine more matrices */
};

/* What a variant of a cell has beside the plain one's formula. */
typedef struct srnn_variant {
    /* RNN: of h. LSTM: of the gates, of g, of c. GRU: of the gates, of n. */
    srnn_activation act[3];
    srnn_real clip; /* of the pre-activations, to +-this; 0: none */
    /* The LSTM's: */
    unsigned lstm;
    int slopes; /* the slope of each gate is kept, in as many slots after them:
                   for where an act of gates is OWN */
    srnn_real cell_clip;       /* of c, to +-this; 0: none */
    srnn_real projection_clip; /* of h, likewise */
} srnn_variant;

/* Zoneout (Krueger et al. 2017) and dropout of h as the recurrent products see
 * it (Gal & Ghahramani 2016), around any cell's own function: what the tiles in
 * srnn_kernels.masked need beside it. Masks and what lies with them have the
 * rows of the step, `units` columns, and stand at row 0; where ld is 0, one row
 * is every row's. */
typedef struct srnn_masking {
    srnn_tile_fn *own; /* of the cell */
    const srnn_real *zone_h, *zone_c; /* m: 1 keeps the state of before, a
                                         rate mixes; NULL: no zoneout */
    size_t ldzone;
    const srnn_real *drop; /* of h, NULL: none */
    size_t lddrop;
    srnn_real *c_own; /* with zone_c: what the own function makes of c */
    size_t ldc_own;
    srnn_real *dropped; /* with drop: h as products see it */
    size_t lddropped;
    int adds; /* backward: the own function leaves a part of dh_prev in dh */
    int last; /* backward: these rows have no step after, p is no product but
                 all of the gradient: drop is not laid over it */
} srnn_masking;

/* One time step of one layer, the whole batch. All arrays have `units` columns
 * per gate; their pointers stand at row 0, unit 0. What a cell does not have
 * (c of a GRU) is ignored. sigma is the logistic function.
 *
 * Gates lie at gate[row * ldgate + slot * units + unit]; the slots are
 *   RNN   0 h                       LSTM  0 i  1 f  2 g  3 o
 *   GRU   0 r  1 z  2 n  3 q        q: reset after, the recurrent part of n;
 *                                      reset before, r * h_prev
 * and behind them, where an activation of the variant is OWN, its slope, which
 * forward leaves (0 where clipped) and backward takes: RNN 1; GRU 4 r 5 z 6 n;
 * LSTM_ANY: as many slots more as it has gates. LSTM_ANY without them keeps, of
 * a gate whose pre-activation was clipped, no value but bits that no gate has:
 * 1 (a subnormal number) for act[..](clip), 2 for act[..](-clip).
 * Forward reads the input part of the pre-activations from x (same slots, q
 * has none) and, when gate is not NULL, keeps the activated gates there;
 * gate == x with equal strides is allowed. Backward finds the activated gates
 * there and leaves the gradients of the pre-activations in their place. */
struct srnn_cell {
    size_t units;
    const srnn_variant *variant; /* of the tiles that are called _ANY */
    const srnn_masking *masking; /* of those in srnn_kernels.masked */
    const srnn_real *x;
    size_t ldx;
    srnn_real *gate;
    size_t ldgate;
    const srnn_real *h_prev;
    size_t ldh_prev;
    srnn_real *h; /* not h_prev */
    size_t ldh;
    const srnn_real *c_prev;
    size_t ldc_prev;
    srnn_real *c; /* may be c_prev */
    size_t ldc;
    srnn_real *work; /* [rows][2][units]. GRU with reset before, forward: z,
                        then r * h_prev. LSTM with a normalised c: o, y */
    size_t ldwork;
    const srnn_real *dy; /* gradient of h from outside, NULL: none */
    size_t lddy;
    srnn_real *dh; /* the part of dh_prev that does not pass the product */
    size_t lddh;
    srnn_real *dc; /* in: gradient of c; out: of c_prev */
    size_t lddc;
    /* LSTM_ANY, each where the variant has it; NULL where not said else */
    const srnn_real *peephole; /* [i f o that are there][units] */
    srnn_real *m;              /* takes the place of h: what is projected */
    size_t ldm;
    const srnn_real *q; /* [rows][3][units]: what i, f, o receive from the
                           gates of the step before */
    size_t ldq;
    srnn_real *g; /* [rows][3][units]: i, f, o for the step after */
    size_t ldg;
    const srnn_real *dg; /* the gradient of g from the step after */
    size_t lddg;
    srnn_real *dp; /* PROJECT_BWD: gradient of the projection; may be dy */
    size_t lddp;
    int z_takes_new; /* GRU: 0 h = z h_prev + (1 - z) n (PyTorch, ONNX);
                        1 h = (1 - z) h_prev + z n (Cho et al. 2014) */
};

/* The elementwise functions. p is the tile's product, x the input part.
 *
 * forward
 *   RNN_TANH, RNN_RELU      h = f(x + p)
 *   LSTM                    i, f, o = sigma(x + p), g = tanh(x + p);
 *                           c = fma(f, c_prev, i g); h = o tanh(c)
 *                           (Hochreiter & Schmidhuber 1997; Gers et al. 2000)
 *   LSTM_C, LSTM_H          the LSTM in two, for c to be normalised between:
 *                           i, f, g, o, c as above; work: o. Then, p = the
 *                           normalised c: y = tanh(p), h = o y; work: y
 *   LSTM_ANY                a = x + p, of i, f, o + q; of i, f
 *                           fma(P, c_prev, a), of o fma(P, c, a); clip of a;
 *                           i, f, o = act[0](a), g = act[1](a);
 *                           c = fma(f, c_prev, i g), c_prev + i g without f,
 *                           clip of c; h (or m) = o act[2](c). A gate that is
 *                           1 multiplies nothing
 *   PROJECT                 h = clip of p (Sak et al. 2014)
 *   GRU_AFTER               r, z = sigma(x + p), n = tanh(fma(r, p_n, x_n)),
 *                           h = fma(z, a - b, b) with a = h_prev, b = n, or
 *                           a = n, b = h_prev where z takes the new one
 *                           (Cho et al. 2014, as in cuDNN and PyTorch)
 *   GRU_BEFORE_RZ           two gates: r, z as above; work: z, r h_prev
 *   GRU_BEFORE_N            one gate: n = tanh(x_n + p), h as above
 * backward, p = gradient of h from the later steps; d = dy + p
 *   RNN_TANH_BWD            gate: d (1 - h^2)
 *   RNN_RELU_BWD            gate: h > 0 ? d : 0
 *   LSTM_BWD                t = tanh(c): do = d t; dc' = dc + d o (1 - t^2);
 *                           di = dc' g, df = dc' c_prev, dg = dc' i; gate: each
 *                           times s (1 - s) or 1 - g^2; dc = dc' f
 *   LSTM_H_BWD, LSTM_C_BWD  do as above, with y for t; work: d o (1 - y^2) in
 *                           place of y. Then, p = what comes of that through
 *                           the norm: dc' = dc + p; di, df, dg, dc as above
 *   LSTM_ANY_BWD            d = p alone where there is an m; t = act[2](c);
 *                           do = d t + dg; dc' = fma(d o, act[2]'(c), dc),
 *                           dc' = fma(P, da_o, dc'); 0 where |c| is the clip's;
 *                           di = dc' g + dg, coupled dc' (g - c_prev);
 *                           df = dc' c_prev + dg, dg = dc' i; gate: each times
 *                           its act's slope, 0 where a was clipped: da;
 *                           dc = fma(dc', f, 0), then fma(P, da_i, dc),
 *                           fma(P, da_f, dc)
 *   PROJECT_BWD             dp = d, 0 where |h| is the clip's
 *   GRU_AFTER_BWD           dn = d (1 - z) (1 - n^2), dh = d z,
 *                           dz = d (h_prev - n) z (1 - z); where z takes the
 *                           new one: dn = d z (1 - n^2), dh = d (1 - z),
 *                           dz = d (n - h_prev) z (1 - z); dq = dn r,
 *                           dr = dn q r (1 - r); gate: dr, dz, dn, dq
 *   GRU_BEFORE_N_BWD        dn, dz, dh as above; gate: dz, dn; r and r h_prev
 *                           stay in slots r and q
 *   GRU_BEFORE_RZ_BWD       p = gradient of r h_prev: dr = p h_prev r (1 - r)
 *                           in its slot; dh = fma(p, r, dh)
 * _ANY, _ANY_BWD: the same with variant->act, all named (no DEFAULT), in the
 * place of f, sigma, tanh, and, where clip > 0, of min(max(a, -clip), clip) in
 * the place of a pre-activation a (x + p; of GRU_AFTER's n fma(r, p_n, x_n)).
 * In backward the slope at y stands for 1 - h^2, s (1 - s) and so on, and is 0
 * where y is phi(clip) or phi(-clip).
 * Aliasing: as said at srnn_cell; dh, dc and gate are updated in place; the
 * product of LSTM_H may be work's y.
 * Error: each result is a fixed expression of correctly rounded operations and
 * of activations with the bounds above. */
#define SRNN_TILE_LIST(X) \
    X(RNN_TANH) \
    X(RNN_RELU) \
    X(LSTM) \
    X(GRU_AFTER) \
    X(GRU_BEFORE_RZ) \
    X(GRU_BEFORE_N) \
    X(RNN_TANH_BWD) \
    X(RNN_RELU_BWD) \
    X(LSTM_BWD) \
    X(GRU_AFTER_BWD) \
    X(GRU_BEFORE_N_BWD) \
    X(GRU_BEFORE_RZ_BWD) \
    X(RNN_ANY) \
    X(RNN_ANY_BWD) \
    X(GRU_AFTER_ANY) \
    X(GRU_BEFORE_RZ_ANY) \
    X(GRU_BEFORE_N_ANY) \
    X(GRU_AFTER_ANY_BWD) \
    X(GRU_BEFORE_N_ANY_BWD) \
    X(GRU_BEFORE_RZ_ANY_BWD) \
    X(LSTM_C) \
    X(LSTM_H) \
    X(LSTM_H_BWD) \
    X(LSTM_C_BWD) \
    X(LSTM_ANY) \
    X(PROJECT) \
    X(LSTM_ANY_BWD) \
    X(PROJECT_BWD)

enum srnn_tile_kind {
#define SRNN_TILE_ENUM(name) SRNN_TILE_##name,
    SRNN_TILE_LIST(SRNN_TILE_ENUM)
#undef SRNN_TILE_ENUM
    SRNN_TILE_COUNT
};

/* The functions of a cell under masks; m: zone_h or zone_c, s: drop. Without
 * one of them, what it would change stays as the own function has it.
 *   FORWARD      the own function makes h~ and c~ (in c_own), then
 *                c = fma(m, c_prev, (1 - m) c~),
 *                h = fma(m, h_prev, (1 - m) h~), dropped = s h
 *   BACKWARD     d = dy + p, with drop, unless last, d = dy + fma(p, s, dh);
 *                the own function takes (1 - m) d as its d and (1 - m) dc as
 *                its dc, then dh = m d + (adds: what it left there), if there
 *                are masks of h, and dc = m dc + its
 *   STATE        dh = fma(p, s, dh): the gradient of the state before a pass
 *   RESET        after GRU_BEFORE_RZ: s times r h_prev, in work and slot q
 *   RESET_BWD    GRU_BEFORE_RZ_BWD with p s instead of p
 * A mask of 0 and 1 passes both states on exactly; one of 0 alone is the plain
 * cell, bit for bit, but for the sign of zeros. Error: each line is rounded
 * once per operation. Aliasing: that of the own function. */
typedef enum srnn_masked_kind {
    SRNN_MASKED_FORWARD,
    SRNN_MASKED_BACKWARD,
    SRNN_MASKED_STATE,
    SRNN_MASKED_RESET,
    SRNN_MASKED_RESET_BWD,
    SRNN_MASKED_KINDS
} srnn_masked_kind;

#ifdef __cplusplus
}
#endif

#endif
