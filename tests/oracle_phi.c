/* The double oracle of activations: the value by its formula, the bound from
 * the largest slope times the argument's, and the roundings that kernels.h
 * counts. */
#include "oracle.h"
#include "phi.h"

#include <math.h>

/* units of U |v| more, and 2^-126 (1 + |a|) where something flushes. */
static est phi_of(const srnn_activation *f, double v, double e, double units)
{
    est r = {v, e + units * U * (1 + 0x1p-16) * (fabs(v) + e) +
                    (1 + fabs((double)f->a)) * 0x1p-126};

    return r;
}

static est clamp(est x, double low, double high)
{
    x.v = x.v < low ? low : x.v > high ? high : x.v;
    return x;
}

/* Where the bound reaches over the jump at a, so does the result's. */
static est thresholded(const srnn_activation *f, est x)
{
    const double jump = fabs(x.v - f->a) <= x.e && x.e > 0 ? x.v + x.e : 0;

    return phi_of(f, x.v > f->a ? x.v : 0, x.e + jump, 0);
}

est e_act(const srnn_activation *f, est x)
{
    const double a = f->a, b = f->b, steep = a > 1 ? a : 1;
    est y;

    if (isnan(x.v))
        return x;
    switch (f->kind) {
    case SRNN_ACT_RELU:
        return phi_of(f, x.v > 0 ? x.v : 0, x.e, 0);
    case SRNN_ACT_TANH:
        return e_tanh(x);
    case SRNN_ACT_SIGMOID:
        return e_sigmoid(x);
    case SRNN_ACT_AFFINE:
        y = e_fma(exact(a), x, exact(b));
        return phi_of(f, y.v, y.e, 0);
    case SRNN_ACT_LEAKY_RELU:
        return phi_of(f, x.v < 0 ? a * x.v : x.v, steep * x.e, 1);
    case SRNN_ACT_THRESHOLDED_RELU:
        return thresholded(f, x);
    case SRNN_ACT_SCALED_TANH:
        return phi_of(f, a * tanh(b * x.v), fabs(a * b) * x.e, 7);
    case SRNN_ACT_HARD_SIGMOID:
        y = e_fma(exact(a), x, exact(b));
        return clamp(phi_of(f, y.v, y.e, 0), 0, 1);
    case SRNN_ACT_ELU:
        return phi_of(f, x.v < 0 ? a * expm1(x.v) : x.v, steep * x.e,
                      2 * oracle.expm1 + 2);
    case SRNN_ACT_SOFTSIGN:
        return phi_of(f, isinf(x.v) ? copysign(1, x.v)
                                    : x.v / (1 + fabs(x.v)), x.e, 2);
    case SRNN_ACT_SOFTPLUS:
        return phi_of(f, x.v > 0 ? x.v + log1p(exp(-x.v)) : log1p(exp(x.v)),
                      x.e, 2 * oracle.softplus + 1);
    case SRNN_ACT_OWN: /* x / (1 + x^2): three roundings, of 1 + x^2 two */
        return phi_of(f, x.v / (1 + x.v * x.v), x.e, 4);
    default:
        return phi_of(f, x.v, x.e, 0);
    }
}

est e_slope(const srnn_activation *f, est y)
{
    const est a = exact(f->a), one = exact(1), minus = {-y.v, y.e};
    est t;

    if (isnan(y.v))
        return y;
    switch (f->kind) {
    case SRNN_ACT_RELU:
    case SRNN_ACT_THRESHOLDED_RELU:
        return exact(y.v > 0);
    case SRNN_ACT_TANH:
        return e_fma(minus, y, one);
    case SRNN_ACT_SIGMOID:
        return e_mul(y, e_sub(one, y));
    case SRNN_ACT_AFFINE:
        return a;
    case SRNN_ACT_LEAKY_RELU:
        return y.v > 0 ? one : a;
    case SRNN_ACT_SCALED_TANH:
        t = e_div(y, a);
        t = e_sub(one, e_mul(t, t));
        return a.v == 0 ? a : e_mul(a, e_mul(exact(f->b), t));
    case SRNN_ACT_HARD_SIGMOID:
        return y.v > 0 && y.v < 1 ? a : exact(0);
    case SRNN_ACT_ELU:
        return y.v > 0 ? one : e_add(y, a);
    case SRNN_ACT_SOFTSIGN:
        t.v = fabs(y.v);
        t.e = y.e;
        t = e_sub(one, t);
        return e_mul(t, t);
    case SRNN_ACT_SOFTPLUS:
        return phi_of(f, -expm1(-y.v), y.e, 2 * oracle.expm1 + 1);
    default:
        return one;
    }
}

/* The slope (1 - x^2) / (1 + x^2)^2 has a slope of at most 1.5. Each of its
 * seven roundings is at most U of (1 + x^2) / (1 + x^2)^2 <= 1. */
est e_own_slope(est x)
{
    const double d = 1 + x.v * x.v;
    est s = {(1 - x.v * x.v) / (d * d), 1.5 * x.e + 8 * U};

    return s;
}

/* ---- a cell's variant ---------------------------------------------------- */

/* A pre-activation within its bound of the clip may fall on either side. */
est unit_phi(unit_state *s, int role, int slot, est p)
{
    const srnn_activation *f = &s->variant->act[role];
    const double clip = s->variant->clip, off = fabs(fabs(p.v) - clip);

    if (f->kind == SRNN_ACT_OWN) {
        s->gate[slot] = e_own_slope(p);
        if (clip > 0 && fabs(p.v) >= clip)
            s->gate[slot] = exact(0);
        if (clip > 0 && off <= p.e)
            s->gate[slot].e = 1;
    }
    return e_act(f, clip > 0 ? clamp(p, -clip, clip) : p);
}

est unit_slope(const unit_state *s, int role, int slot, est y)
{
    const srnn_activation *f = &s->variant->act[role];
    const double clip = s->variant->clip;

    if (f->kind == SRNN_ACT_OWN)
        return s->gate[slot];
    for (int sign = -1; clip > 0 && sign <= 1; sign += 2) {
        const double edge = e_act(f, exact(sign * clip)).v;

        if (y.v == edge || y.v == (srnn_real)edge)
            return exact(0);
    }
    return e_slope(f, y);
}
