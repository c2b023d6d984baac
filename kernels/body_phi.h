/* Any activation phi over a vector: y = phi(x), and phi'(x) as a function of y
 * alone, so that nothing but y is kept for backward. simdrnn/tiles.h states
 * each formula; a caller's own function is not among them. */
#ifndef SRNN_BODY_PHI_H
#define SRNN_BODY_PHI_H

static inline vr v_abs(vr x)
{
    return v_max(v_sub(v_zero(), x), x);
}

/* |x| / (1 + |x|) is 1 from 2^25 on; there infinity must not meet itself. */
static inline vr v_softsign(vr x)
{
    const vr z = v_min(v_set1(0x1p25f), v_max(v_set1(-0x1p25f), x));

    return v_div(z, v_add(v_set1(1), v_abs(z)));
}

/* max(0, x) where x <= 1, else 1. */
static inline vr v_unit(vr x)
{
    const vr y = v_select(v_lt(x, v_zero()), v_zero(), x);

    return v_select(v_lt(v_set1(1), y), v_set1(1), y);
}

/* phi(x) without OWN. One function for all of them, and not inline: a cell has
 * it for each of its roles. x is taken, and y given, without subnormals. */
static NOINLINE vr v_act(const srnn_activation *f, vr x)
{
    const vr a = v_set1(f->a), b = v_set1(f->b);
    vm negative;

    x = v_normal(x);
    negative = v_lt(x, v_zero());
    switch (f->kind) {
    case SRNN_ACT_RELU:
        return v_relu(x);
    case SRNN_ACT_TANH:
        return v_tanh(x);
    case SRNN_ACT_SIGMOID:
        return v_sigmoid(x);
    case SRNN_ACT_AFFINE:
        return v_normal(v_fma(a, x, b));
    case SRNN_ACT_LEAKY_RELU:
        return v_normal(v_select(negative, v_mul(a, x), x));
    case SRNN_ACT_THRESHOLDED_RELU:
        return v_select(v_nan(x), x, v_select(v_lt(a, x), x, v_zero()));
    case SRNN_ACT_SCALED_TANH:
        return v_normal(v_mul(a, v_tanh(v_mul(b, x))));
    case SRNN_ACT_HARD_SIGMOID:
        return v_unit(v_normal(v_fma(a, x, b)));
    case SRNN_ACT_ELU:
        return v_normal(v_select(negative, v_mul(a, v_expm1(x)), x));
    case SRNN_ACT_SOFTSIGN:
        return v_normal(v_softsign(x));
    case SRNN_ACT_SOFTPLUS:
        return v_softplus(x);
    default: /* IDENTITY */
        return x;
    }
}

/* a b (1 - t^2), t = y / a. The product with b comes first: where t^2 = 1 no
 * overflow of a b may meet the zero. */
static inline vr v_scaled_tanh_slope(vr a, vr b, vr y)
{
    const vr t = v_div(y, a);
    const vr s = v_normal(v_mul(b, v_fnma(t, t, v_set1(1))));

    return v_select(v_lt(v_zero(), v_abs(a)), v_mul(a, s), v_zero());
}

static inline vr v_slope_of(const srnn_activation *f, vr y)
{
    const vr a = v_set1(f->a), one = v_set1(1);
    const vm positive = v_lt(v_zero(), y);
    vr s;

    switch (f->kind) {
    case SRNN_ACT_RELU:
    case SRNN_ACT_THRESHOLDED_RELU:
        return v_select(positive, one, v_zero());
    case SRNN_ACT_TANH:
        return v_fnma(y, y, one);
    case SRNN_ACT_SIGMOID:
        return v_mul(y, v_sub(one, y));
    case SRNN_ACT_AFFINE:
        return a;
    case SRNN_ACT_LEAKY_RELU:
        return v_select(positive, one, a);
    case SRNN_ACT_SCALED_TANH:
        return v_scaled_tanh_slope(a, v_set1(f->b), y);
    case SRNN_ACT_HARD_SIGMOID:
        return v_select(positive, v_select(v_lt(y, one), a, v_zero()),
                        v_zero());
    case SRNN_ACT_ELU:
        return v_select(positive, one, v_add(y, a));
    case SRNN_ACT_SOFTSIGN:
        s = v_sub(one, v_abs(y));
        return v_mul(s, s);
    case SRNN_ACT_SOFTPLUS:
        return v_sub(v_zero(), v_expm1(v_sub(v_zero(), y)));
    default: /* IDENTITY */
        return one;
    }
}

/* phi'(x) where y = phi(x), without OWN; a NaN for a NaN. */
static NOINLINE vr v_act_slope(const srnn_activation *f, vr y)
{
    return v_normal(v_select(v_nan(y), y, v_slope_of(f, y)));
}

static void activate(const srnn_activation *f, size_t n, const srnn_real *x,
                     srnn_real *y)
{
    if (f->kind == SRNN_ACT_OWN)
        f->own(f->data, n, x, y, NULL);
    else
        for (size_t i = 0; i < n; i += VEC_LANES)
            v_store_n(y + i, v_act(f, v_load_n(x + i, n - i)), n - i);
}

static void activate_slope(const srnn_activation *f, size_t n,
                           const srnn_real *y, srnn_real *s)
{
    for (size_t i = 0; i < n; i += VEC_LANES)
        v_store_n(s + i, v_act_slope(f, v_load_n(y + i, n - i)), n - i);
}

#endif
