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

/* phi(x) of a kind, a constant, without OWN. x is taken, and y given, without
 * subnormals. */
INLINE vr v_phi(const srnn_activation_kind kind, vr a, vr b, vr x)
{
    vm negative;

    if (kind == SRNN_ACT_RELU)
        return v_relu(x);
    if (kind == SRNN_ACT_TANH)
        return v_tanh(x);
    if (kind == SRNN_ACT_SIGMOID)
        return v_sigmoid(x);
    x = v_normal(x);
    negative = v_lt(x, v_zero());
    switch (kind) {
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

/* phi'(x) where y = phi(x), before what v_phi_slope does to it. */
INLINE vr v_raw_slope(const srnn_activation_kind kind, vr a, vr b, vr y)
{
    const vr one = v_set1(1);
    const vm positive = v_lt(v_zero(), y);
    vr s;

    switch (kind) {
    case SRNN_ACT_RELU:
    case SRNN_ACT_THRESHOLDED_RELU:
        return v_select(positive, one, v_zero());
    case SRNN_ACT_AFFINE:
        return a;
    case SRNN_ACT_LEAKY_RELU:
        return v_select(positive, one, a);
    case SRNN_ACT_SCALED_TANH:
        return v_scaled_tanh_slope(a, b, y);
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

/* phi'(x) where y = phi(x): a NaN for a NaN, and no subnormals, of which those
 * of tanh and sigmoid have none. */
INLINE vr v_phi_slope(const srnn_activation_kind kind, vr a, vr b, vr y)
{
    if (kind == SRNN_ACT_TANH)
        return v_fnma(y, y, v_set1(1));
    if (kind == SRNN_ACT_SIGMOID)
        return v_mul(y, v_sub(v_set1(1), y));
    return v_normal(v_select(v_nan(y), y, v_raw_slope(kind, a, b, y)));
}

/* Of one vector: a call that a cell has for each of its roles. */
static NOINLINE vr v_act(const srnn_activation *f, vr x)
{
    return v_phi(f->kind, v_set1(f->a), v_set1(f->b), x);
}

static NOINLINE vr v_act_slope(const srnn_activation *f, vr y)
{
    return v_phi_slope(f->kind, v_set1(f->a), v_set1(f->b), y);
}

/* ---- over arrays: the kind is looked at once ----------------------------- */

#define PHI_LIST(X) \
    X(RELU) \
    X(TANH) \
    X(SIGMOID) \
    X(AFFINE) \
    X(LEAKY_RELU) \
    X(THRESHOLDED_RELU) \
    X(SCALED_TANH) \
    X(HARD_SIGMOID) \
    X(ELU) \
    X(SOFTSIGN) \
    X(SOFTPLUS) \
    X(IDENTITY)

/* Two vectors at a time, as in `map`. */
INLINE void map_phi(const srnn_activation_kind kind, const srnn_activation *f,
                    size_t n, const srnn_real *x, srnn_real *y)
{
    const vr a = v_set1(f->a), b = v_set1(f->b);
    size_t i = 0;

    for (; n - i >= 2 * VEC_LANES; i += 2 * VEC_LANES) {
        const vr one = v_phi(kind, a, b, v_load(x + i));
        const vr two = v_phi(kind, a, b, v_load(x + i + VEC_LANES));

        v_store(y + i, one);
        v_store(y + i + VEC_LANES, two);
    }
    for (; i < n; i += VEC_LANES)
        v_store_n(y + i, v_phi(kind, a, b, v_load_n(x + i, n - i)), n - i);
}

INLINE void map_slope(const srnn_activation_kind kind,
                      const srnn_activation *f, size_t n, const srnn_real *y,
                      srnn_real *s)
{
    const vr a = v_set1(f->a), b = v_set1(f->b);

    for (size_t i = 0; i < n; i += VEC_LANES)
        v_store_n(s + i, v_phi_slope(kind, a, b, v_load_n(y + i, n - i)),
                  n - i);
}

static void activate(const srnn_activation *f, size_t n, const srnn_real *x,
                     srnn_real *y)
{
    switch (f->kind) {
#define PHI_CASE(kind) \
    case SRNN_ACT_##kind: \
        map_phi(SRNN_ACT_##kind, f, n, x, y); \
        break;
        PHI_LIST(PHI_CASE)
#undef PHI_CASE
    case SRNN_ACT_OWN:
        f->own(f->data, n, x, y, NULL);
        break;
    default:
        break;
    }
}

static void activate_slope(const srnn_activation *f, size_t n,
                           const srnn_real *y, srnn_real *s)
{
    switch (f->kind) {
#define PHI_CASE(kind) \
    case SRNN_ACT_##kind: \
        map_slope(SRNN_ACT_##kind, f, n, y, s); \
        break;
        PHI_LIST(PHI_CASE)
#undef PHI_CASE
    default:
        break;
    }
}

#endif
