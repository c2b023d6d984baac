/* exp, log, sigmoid, tanh and relu, and what other activations are made of,
 * e^x - 1 and log(1 + e^x), over any vector vocabulary. A lane sees only
 * + - x / fma, integer steps, compare and select, in the same order on every
 * instruction set: so the bits are the same.
 *
 * exp, sigmoid and tanh split off a power of two, n = round(x / ln 2): adding
 * ROUND leaves n in the low bits of the sum. Shifted left by 23 these bits add
 * n to an exponent; with ROUND + 127 they are the float 2^n itself.
 *
 * ULP: largest distance to the correctly rounded result, over every float, in
 * every flush mode. A subnormal x counts as zero of its sign, a result that
 * would be subnormal is zero of its sign, so the mode changes no bit. Floating
 * point exception flags mean nothing afterwards. */
#ifndef SRNN_BODY_ACTIVATIONS_H
#define SRNN_BODY_ACTIVATIONS_H

#include <math.h>
#include <stddef.h>

#ifdef VEC_LIBM /* one lane of double */

static inline vr v_exp(vr x) { return exp(x); }
static inline vr v_log(vr x) { return log(x); }
static inline vr v_sigmoid(vr x)
{
    const vr e = exp(-fabs(x)); /* never overflows */

    return (x < 0 ? e : 1) / (1 + e);
}
static inline vr v_tanh(vr x) { return tanh(x); }
static inline vr v_relu(vr x) { return x < 0 ? 0 : x; }
static inline vr v_normal(vr x) { return x; }
static inline vr v_expm1(vr x) { return expm1(x); }
static inline vr v_softplus(vr x)
{
    return v_relu(x) + log1p(exp(-fabs(x)));
}

#else

#define ROUND 0x1.8p23f      /* 1.5 x 2^23 */
#define LOG2_E 0x1.715476p0f /* 1 / ln 2 */
#define LN_2 0x1.62e43p-1f   /* n LN_2 + r is exact by fma for |n| < 2^7 */
#define LN_2_LOW (-0x1.05c61p-29f) /* ln 2 = LN_2 + LN_2_LOW */
#define MIN_NORMAL 0x1p-126f

/* P of degree 4, minimax, for e^r = 1 + r + r^2 P(r), |r| <= ln(2) / 2:
 * relative error of e^r 3.2e-9. */
static inline vr v_exp_tail(vr r)
{
    vr p = v_fma(v_set1(0x1.6a5e34p-10f), r, v_set1(0x1.123adp-7f));

    p = v_fma(p, r, v_set1(0x1.5558a2p-5f));
    p = v_fma(p, r, v_set1(0x1.55549p-3f));
    return v_fma(p, r, v_set1(0x1.fffffcp-2f));
}

/* e^x = 2^n e^r,  r = x - n ln 2,  |r| <= ln(2) / 2. At most 1 ULP. */
static inline vr v_exp(vr x)
{
    const vr overflow = v_set1(0x1.62e43p6f);   /* from here on infinity */
    const vr underflow = v_set1(-0x1.5d589ep6f); /* below it zero */
    const vr t = v_fma(x, v_set1(LOG2_E), v_set1(ROUND));
    const vr n = v_sub(t, v_set1(ROUND));
    const vr r = v_fnma(n, v_set1(LN_2_LOW), v_fnma(n, v_set1(LN_2), x));
    vr p = v_exp_tail(r);
    vr y;

    p = v_fma(p, r, v_set1(1));
    p = v_fma(p, r, v_set1(1));
    y = v_from_bits(vi_add(v_bits(p), vi_shl(v_bits(t), 23)));

    /* x + infinity is NaN where x is. */
    y = v_select(v_lt(x, overflow), y, v_add(x, v_set1(INFINITY)));
    return v_select(v_lt(x, underflow), v_zero(), y);
}

/* log x = k ln 2 + log(1 + f),  1 + f = x / 2^k in [sqrt(1/2), sqrt 2). With
 * s = f / (2 + f), w = s^2 <= 0.0295 (fdlibm, e_log.c):
 *     log(1 + f) = 2 atanh s = f - s (f - w P(w)),
 * P of degree 2, minimax: absolute error of w P 1.7e-9. At most 1 ULP. */
static inline vr v_log(vr x)
{
    const vi sqrt_half = vi_set1(0x3f3504f3);
    const vi k = vi_sra(vi_sub(v_bits(x), sqrt_half), 23);
    const vr m = v_from_bits(vi_sub(v_bits(x), vi_shl(k, 23)));
    const vr f = v_sub(m, v_set1(1));
    const vr s = v_div(f, v_add(f, v_set1(2)));
    const vr w = v_mul(s, s);
    vr p = v_fma(v_set1(0x1.31e138p-2f), w, v_set1(0x1.995ed2p-2f));
    vr y;

    p = v_fma(p, w, v_set1(0x1.55557ap-1f));
    y = v_fnma(s, v_fnma(p, w, f), f);
    y = v_fma(v_from_int(k), v_set1(LN_2), y);

    y = v_select(v_lt(x, v_set1(INFINITY)), y, x); /* or NaN */
    y = v_select(v_lt(x, v_set1(MIN_NORMAL)), v_set1(-INFINITY), y);
    return v_select(v_lt(v_set1(-MIN_NORMAL), x), y, v_set1(NAN));
}

/* sigmoid x = 1 / (1 + e^-x),  e^-x = 2^n e^(-r / 2),  r = 2 (x + n ln 2),
 * |r| <= ln 2;  e^(-r / 2) = (d - v) / (d + v),  d = 4 + D r^2,  v = r + V r^3,
 * V and D such that v / d = tanh(r / 4) to a relative error of 1.2e-8 (the best
 * two floats reach 1.1e-9 and leave one x at 3 ULP). Then
 *     sigmoid x = (d + v) / ((d + v) + 2^n (d - v)).
 * The scale 4 lets the denominator overflow, and the quotient be zero, just
 * where the result would be subnormal. At most 2 ULP, never above 1. */
static inline vr v_sigmoid(vr x)
{
    /* Nothing changes beyond +-88, and 2^n needs -127 <= n <= 128. */
    const vr z = v_min(v_set1(88), v_max(v_set1(-88), x));
    const vr t = v_fnma(z, v_set1(LOG2_E), v_set1(ROUND + 127));
    const vr n = v_sub(t, v_set1(ROUND + 127));
    const vr two_n = v_from_bits(vi_shl(v_bits(t), 23));
    const vr high = v_fma(n, v_set1(2 * LN_2), v_add(z, z));
    const vr r = v_fma(n, v_set1(2 * LN_2_LOW), high);
    const vr w = v_mul(r, r);
    const vr v = v_fma(v_mul(w, r), v_set1(0x1.10bcp-8f), r);
    const vr d = v_fma(w, v_set1(0x1.99846p-4f), v_set1(4));
    const vr a = v_add(d, v);

    return v_div(a, v_fma(two_n, v_sub(d, v), a));
}

/* -|x| = n ln(2) / 2 + r,  |r| <= ln(2) / 4,  v = tanh r = r + r^3 P(r^2),
 * P of degree 2, minimax: relative error of v 5.5e-10. With 2 a = 1 + 2^n and
 * 2 b = 1 - 2^n the addition theorem is
 *     tanh |x| = (b - a v) / (a - b v).
 * n <= 0, hence little cancels: for n = 0 this is -v, else b >= 1/4 and
 * a v <= 0.13. At most 2 ULP, never above 1, odd bit for bit. */
static inline vr v_tanh(vr x)
{
    const vi sign = v_bits(v_set1(-0.0f));
    const vr minus_abs = v_from_bits(vi_or(v_bits(x), sign));
    const vr z = v_max(v_set1(-10), minus_abs); /* 1 from 8.5 on */
    const vr t = v_fma(z, v_set1(2 * LOG2_E), v_set1(ROUND + 126));
    const vr n = v_sub(t, v_set1(ROUND + 126));
    const vr h = v_from_bits(vi_shl(v_bits(t), 23)); /* 2^n / 2 */
    const vr a = v_add(v_set1(.5f), h);
    const vr b = v_sub(v_set1(.5f), h);
    const vr r = v_fnma(n, v_set1(LN_2 / 2), z);
    const vr w = v_mul(r, r);
    vr p = v_fma(v_set1(-0x1.b2173cp-5f), w, v_set1(0x1.110b3ap-3f));
    vr v, y;

    p = v_fma(p, w, v_set1(-0x1.555554p-2f));
    v = v_fma(v_mul(w, r), p, r);
    y = v_div(v_fnma(a, v, b), v_fnma(b, v, a));
    y = v_select(vi_lt(v_bits(minus_abs), v_bits(v_set1(-MIN_NORMAL))),
                 v_zero(), y);
    return v_from_bits(vi_or(v_bits(y), vi_and(v_bits(x), sign)));
}

/* x < 0 ? 0 : x; NaN passes, -0 stays -0. Compared with the normal numbers next
 * to 0, since a compare with 0 would depend on the flush mode. */
static inline vr v_relu(vr x)
{
    const vi sign = v_bits(v_set1(-0.0f));
    const vr zero_of_x = v_from_bits(vi_and(v_bits(x), sign));
    const vm above = v_lt(v_set1(-MIN_NORMAL), x);

    return v_select(v_lt(x, v_set1(MIN_NORMAL)),
                    v_select(above, zero_of_x, v_zero()), x);
}

/* x, or where x is subnormal the zero of its sign. */
static inline vr v_normal(vr x)
{
    const vi sign = v_bits(v_set1(-0.0f));
    const vr zero_of_x = v_from_bits(vi_and(v_bits(x), sign));
    const vr magnitude = v_from_bits(vi_sub(v_bits(x), v_bits(zero_of_x)));

    return v_select(v_lt(magnitude, v_set1(MIN_NORMAL)), zero_of_x, x);
}

/* e^x - 1 for x <= 0, elsewhere anything (a NaN for a NaN). With n, r and P as
 * in v_exp, q = e^r - 1 = r + r^2 P(r):  e^x - 1 = 2^n q + (2^n - 1).
 * For n = 0, r is x and q the result; from n = -1 on 2^n - 1 <= -1/2 and, for
 * q <= sqrt(2) - 1, little cancels. At most 1 ULP, never below -1. */
static inline vr v_expm1(vr x)
{
    const vr z = v_max(v_set1(-20), x); /* -1 below -17.4 */
    const vr t = v_fma(z, v_set1(LOG2_E), v_set1(ROUND + 127));
    const vr n = v_sub(t, v_set1(ROUND + 127));
    const vr two_n = v_from_bits(vi_shl(v_bits(t), 23));
    const vr r = v_fnma(n, v_set1(LN_2_LOW), v_fnma(n, v_set1(LN_2), z));
    const vr q = v_fma(v_mul(r, r), v_exp_tail(r), r);

    return v_fma(two_n, q, v_sub(two_n, v_set1(1)));
}

/* log(1 + e^x) = max(0, x) + log(1 + f),  f = e^-|x| in [0, 1]. With
 * s = f / (2 + f), w = s^2 <= 1/9:
 *     log(1 + f) = 2 atanh s = f - s (f - w P(w)),
 * P of degree 3, minimax: absolute error of w P 9.9e-9. At most 2 ULP. */
static inline vr v_softplus(vr x)
{
    const vi sign = v_bits(v_set1(-0.0f));
    const vr f = v_exp(v_from_bits(vi_or(v_bits(x), sign)));
    const vr s = v_div(f, v_add(f, v_set1(2)));
    const vr w = v_mul(s, s);
    vr p = v_fma(v_set1(0x1.1ef87p-2f), w, v_set1(0x1.1eb612p-2f));

    p = v_fma(p, w, v_set1(0x1.99d27cp-2f));
    p = v_fma(p, w, v_set1(0x1.5555p-1f));
    return v_add(v_relu(x), v_fnma(s, v_fnma(p, w, f), f));
}

#undef ROUND
#undef LOG2_E
#undef LN_2
#undef LN_2_LOW
#undef MIN_NORMAL

#endif

/* y[i] = f(x[i]), i < n; x == y is allowed. Two vectors at a time keep the
 * divider busy and still fit the sixteen registers of AVX2. */
static inline void map(size_t n, const srnn_real *x, srnn_real *y, vr f(vr))
{
    size_t i = 0;

    for (; n - i >= 2 * VEC_LANES; i += 2 * VEC_LANES) {
        const vr a = f(v_load(x + i)), b = f(v_load(x + i + VEC_LANES));

        v_store(y + i, a);
        v_store(y + i + VEC_LANES, b);
    }
    for (; i < n; i += VEC_LANES)
        v_store_n(y + i, f(v_load_n(x + i, n - i)), n - i);
}

static void exp_array(size_t n, const srnn_real *x, srnn_real *y)
{
    map(n, x, y, v_exp);
}

static void log_array(size_t n, const srnn_real *x, srnn_real *y)
{
    map(n, x, y, v_log);
}

static void sigmoid_array(size_t n, const srnn_real *x, srnn_real *y)
{
    map(n, x, y, v_sigmoid);
}

static void tanh_array(size_t n, const srnn_real *x, srnn_real *y)
{
    map(n, x, y, v_tanh);
}

static void relu_array(size_t n, const srnn_real *x, srnn_real *y)
{
    map(n, x, y, v_relu);
}

#endif
