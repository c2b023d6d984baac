/* The double oracle: plain formulas over value and bound. */
#include "oracle.h"

#include <math.h>
#include <string.h>

oracle_rung oracle = {1, 1, 2, 2, 1, 1, 2};

void oracle_for(const srnn_kernels *k)
{
    static const oracle_rung vector = {1, 1, 2, 2, 1, 1, 2};
    static const oracle_rung scalar = {1, 1, 5, 2, 0, 1, 7};

    oracle = strcmp(k->name, "scalar") ? vector : scalar;
}

/* ---- operations ---------------------------------------------------------- */

est exact(double v)
{
    est r = {v, 0};

    return r;
}

/* units of U |v| on top of e; 2^-149 where the result is subnormal. */
static est rounded(double v, double e, double units)
{
    est r = {v, e + units * U * (1 + 0x1p-16) * (fabs(v) + e) + 0x1p-149};

    return r;
}

est e_round(double v, double e)
{
    return rounded(v, e, 1);
}

est e_add(est a, est b)
{
    return e_round(a.v + b.v, a.e + b.e);
}

est e_sub(est a, est b)
{
    return e_round(a.v - b.v, a.e + b.e);
}

est e_mul(est a, est b)
{
    return e_round(a.v * b.v,
                   fabs(a.v) * b.e + fabs(b.v) * a.e + a.e * b.e);
}

est e_div(est a, est b)
{
    double v = a.v / b.v;

    return e_round(v, (a.e + fabs(v) * b.e) / (fabs(b.v) - b.e));
}

est e_fma(est a, est b, est c)
{
    double v = a.v * b.v;
    double e = fabs(a.v) * b.e + fabs(b.v) * a.e + a.e * b.e;

    if (!oracle.fused)
        return e_add(e_round(v, e), c);
    return e_round(v + c.v, e + c.e);
}

/* |sqrt x - sqrt y| = |x - y| / (sqrt x + sqrt y) <= |x - y| / sqrt y */
est e_sqrt(est a)
{
    double v = sqrt(a.v);

    return e_round(v, a.v > 0 ? a.e / v : sqrt(a.e));
}

static est activated(double v, double e, int ulp)
{
    est r = rounded(v, e, 2 * ulp + 1);

    r.e += 0x1p-126;
    return r;
}

est e_exp(est a)
{
    return activated(exp(a.v), exp(a.v) * expm1(a.e), oracle.exp);
}

est e_log(est a)
{
    return activated(log(a.v), a.e / (a.v - a.e), oracle.log);
}

est e_sigmoid(est a)
{
    return activated(1 / (1 + exp(-a.v)), a.e / 4, oracle.sigmoid);
}

est e_tanh(est a)
{
    return activated(tanh(a.v), a.e, oracle.tanh);
}

est e_relu(est a)
{
    est r = {a.v > 0 ? a.v : 0, a.e};

    return r;
}

est e_chain(est start, size_t k, const float *w, size_t wstep, const float *x,
            size_t xstep)
{
    double sum = start.v, size = fabs(start.v);
    est r;

    for (size_t i = 0; i < k; i++) {
        double term = (double)w[i * wstep] * x[i * xstep];

        sum += term;
        size += fabs(term);
    }
    r.v = sum;
    r.e = start.e +
          ((double)k + (oracle.fused ? 1 : 2)) * U * size + 0x1p-149;
    return r;
}

/* ---- derivatives --------------------------------------------------------- */

/* s (1 - s) */
static est d_sigmoid(est s)
{
    return e_mul(s, e_sub(exact(1), s));
}

/* 1 - g^2 */
static est d_tanh(est g)
{
    est minus = {-g.v, g.e};

    return e_fma(minus, g, exact(1));
}

static est gradient_of_h(const unit_state *s)
{
    return s->has_dy ? e_add(s->dy, s->p[0]) : s->p[0];
}

static est pre(const unit_state *s, int x, int p)
{
    return e_add(s->x[x], s->p[p]);
}

/* ---- cells --------------------------------------------------------------- */

static void rnn_tanh(unit_state *s)
{
    s->h = s->gate[0] = e_tanh(pre(s, 0, 0));
}

static void rnn_relu(unit_state *s)
{
    s->h = s->gate[0] = e_relu(pre(s, 0, 0));
}

static void rnn_tanh_bwd(unit_state *s)
{
    s->gate[0] = e_mul(gradient_of_h(s), d_tanh(s->gate[0]));
}

static void rnn_relu_bwd(unit_state *s)
{
    s->gate[0] = s->gate[0].v > 0 ? gradient_of_h(s) : exact(0);
}

static void rnn_any(unit_state *s)
{
    s->h = s->gate[0] = unit_phi(s, 0, 1, pre(s, 0, 0));
}

static void rnn_any_bwd(unit_state *s)
{
    s->gate[0] = e_mul(gradient_of_h(s), unit_slope(s, 0, 1, s->gate[0]));
}

static void lstm(unit_state *s)
{
    est i = s->gate[0] = e_sigmoid(pre(s, 0, 0));
    est f = s->gate[1] = e_sigmoid(pre(s, 1, 1));
    est g = s->gate[2] = e_tanh(pre(s, 2, 2));
    est o = s->gate[3] = e_sigmoid(pre(s, 3, 3));

    s->c = e_fma(f, s->c_prev, e_mul(i, g));
    s->h = e_mul(o, e_tanh(s->c));
}

static void lstm_bwd(unit_state *s)
{
    est i = s->gate[0], f = s->gate[1], g = s->gate[2], o = s->gate[3];
    est y = e_tanh(s->c), d = gradient_of_h(s);
    est dc = e_fma(e_mul(d, o), d_tanh(y), s->dc);

    s->gate[0] = e_mul(e_mul(dc, g), d_sigmoid(i));
    s->gate[1] = e_mul(e_mul(dc, s->c_prev), d_sigmoid(f));
    s->gate[2] = e_mul(e_mul(dc, i), d_tanh(g));
    s->gate[3] = e_mul(e_mul(d, y), d_sigmoid(o));
    s->dc = e_mul(dc, f);
}

static void lstm_c(unit_state *s)
{
    est dh = s->h;

    lstm(s);
    s->h = dh;
    s->work[0] = s->gate[3];
}

static void lstm_h(unit_state *s)
{
    s->work[1] = e_tanh(s->p[0]);
    s->h = e_mul(s->work[0], s->work[1]);
}

static void lstm_h_bwd(unit_state *s)
{
    est o = s->gate[3], y = s->work[1], d = gradient_of_h(s);

    s->gate[3] = e_mul(e_mul(d, y), d_sigmoid(o));
    s->work[1] = e_mul(e_mul(d, o), d_tanh(y));
}

static void lstm_c_bwd(unit_state *s)
{
    est i = s->gate[0], f = s->gate[1], g = s->gate[2];
    est dc = e_add(s->dc, s->p[0]);

    s->gate[0] = e_mul(e_mul(dc, g), d_sigmoid(i));
    s->gate[1] = e_mul(e_mul(dc, s->c_prev), d_sigmoid(f));
    s->gate[2] = e_mul(e_mul(dc, i), d_tanh(g));
    s->dc = e_mul(dc, f);
}

/* h = z a + (1 - z) b: fused as z (a - b) + b; the scalar rung as it stands.
 * The values are the same, the bounds are those of each form. */
static est mix(est z, est a, est b)
{
    if (oracle.fused)
        return e_fma(z, e_sub(a, b), b);
    return e_add(e_mul(z, a), e_mul(e_sub(exact(1), z), b));
}

static est gru_h(const unit_state *s, est z, est n)
{
    return s->z_takes_new ? mix(z, n, s->h_prev) : mix(z, s->h_prev, n);
}

/* Gates 0 r, 1 z, 2 n of a GRU: the plain cell has no variant. */
static est gru_phi(unit_state *s, int g, est p)
{
    if (s->variant)
        return unit_phi(s, g == 2, 4 + g, p);
    return g == 2 ? e_tanh(p) : e_sigmoid(p);
}

static est gru_slope(const unit_state *s, int g, est y)
{
    if (s->variant)
        return unit_slope(s, g == 2, 4 + g, y);
    return g == 2 ? d_tanh(y) : d_sigmoid(y);
}

static void gru_after(unit_state *s)
{
    est r = s->gate[0] = gru_phi(s, 0, pre(s, 0, 0));
    est z = s->gate[1] = gru_phi(s, 1, pre(s, 1, 1));
    est n = s->gate[2] = gru_phi(s, 2, e_fma(r, s->p[2], s->x[2]));

    s->gate[3] = s->p[2];
    s->h = gru_h(s, z, n);
}

static void gru_before_rz(unit_state *s)
{
    est r = s->gate[0] = gru_phi(s, 0, pre(s, 0, 0));

    s->gate[1] = s->work[0] = gru_phi(s, 1, pre(s, 1, 1));
    s->gate[3] = s->work[1] = e_mul(r, s->h_prev);
}

static void gru_before_n(unit_state *s)
{
    est n = s->gate[2] = gru_phi(s, 2, pre(s, 2, 0));

    s->h = gru_h(s, s->work[0], n);
}

/* Gradients of z and n; dh = the direct part. Where the scalar rung forms the
 * share of n as 1 - (1 - z), the bound follows it. */
static void gru_mix_bwd(unit_state *s)
{
    est d = gradient_of_h(s), z = s->gate[1], n = s->gate[2];
    est rest = e_sub(exact(1), z);
    est old = s->z_takes_new ? rest : z;
    est fresh = oracle.fused && s->z_takes_new ? z : e_sub(exact(1), old);
    est by_z = s->z_takes_new ? e_sub(n, s->h_prev) : e_sub(s->h_prev, n);

    s->gate[1] = e_mul(e_mul(d, by_z), gru_slope(s, 1, z));
    s->gate[2] = e_mul(e_mul(d, fresh), gru_slope(s, 2, n));
    s->dh = e_mul(d, old);
}

static void gru_after_bwd(unit_state *s)
{
    est r = s->gate[0], q = s->gate[3], dn;

    gru_mix_bwd(s);
    dn = s->gate[2];
    s->gate[0] = e_mul(e_mul(dn, q), gru_slope(s, 0, r));
    s->gate[3] = e_mul(dn, r);
}

static void gru_before_rz_bwd(unit_state *s)
{
    est r = s->gate[0];

    s->gate[0] = e_mul(e_mul(s->p[0], s->h_prev), gru_slope(s, 0, r));
    s->dh = e_fma(s->p[0], r, s->dh);
}

void oracle_unit(int tile, unit_state *s)
{
    static void (*const unit[SRNN_TILE_COUNT])(unit_state *) = {
        [SRNN_TILE_RNN_TANH] = rnn_tanh,
        [SRNN_TILE_RNN_RELU] = rnn_relu,
        [SRNN_TILE_LSTM] = lstm,
        [SRNN_TILE_GRU_AFTER] = gru_after,
        [SRNN_TILE_GRU_BEFORE_RZ] = gru_before_rz,
        [SRNN_TILE_GRU_BEFORE_N] = gru_before_n,
        [SRNN_TILE_RNN_TANH_BWD] = rnn_tanh_bwd,
        [SRNN_TILE_RNN_RELU_BWD] = rnn_relu_bwd,
        [SRNN_TILE_LSTM_BWD] = lstm_bwd,
        [SRNN_TILE_GRU_AFTER_BWD] = gru_after_bwd,
        [SRNN_TILE_GRU_BEFORE_N_BWD] = gru_mix_bwd,
        [SRNN_TILE_GRU_BEFORE_RZ_BWD] = gru_before_rz_bwd,
        [SRNN_TILE_RNN_ANY] = rnn_any,
        [SRNN_TILE_RNN_ANY_BWD] = rnn_any_bwd,
        [SRNN_TILE_GRU_AFTER_ANY] = gru_after,
        [SRNN_TILE_GRU_BEFORE_RZ_ANY] = gru_before_rz,
        [SRNN_TILE_GRU_BEFORE_N_ANY] = gru_before_n,
        [SRNN_TILE_GRU_AFTER_ANY_BWD] = gru_after_bwd,
        [SRNN_TILE_GRU_BEFORE_N_ANY_BWD] = gru_mix_bwd,
        [SRNN_TILE_GRU_BEFORE_RZ_ANY_BWD] = gru_before_rz_bwd,
        [SRNN_TILE_LSTM_C] = lstm_c,
        [SRNN_TILE_LSTM_H] = lstm_h,
        [SRNN_TILE_LSTM_H_BWD] = lstm_h_bwd,
        [SRNN_TILE_LSTM_C_BWD] = lstm_c_bwd,
    };

    unit[tile](s);
}

/* ---- optimisers ---------------------------------------------------------- */

void oracle_sgd(const srnn_sgd *s, est g, est *m, est *p)
{
    est d = e_fma(exact(s->decay), *p, g);

    if (s->momentum != 0) {
        if (!s->first)
            d = e_fma(exact(s->momentum), *m, d);
        *m = d;
    }
    *p = e_fma(exact(-s->lr), d, *p);
}

void oracle_adam(const srnn_adam *s, est g, est *m, est *v, est *p)
{
    est step;

    *m = e_fma(exact(s->one_minus_beta1), e_sub(g, *m), *m);
    *v = e_fma(e_mul(exact(s->one_minus_beta2), g), g,
               e_mul(exact(s->beta2), *v));
    step = e_div(*m, e_add(e_div(e_sqrt(*v), exact(s->root)), exact(s->eps)));
    *p = e_fma(exact(-s->rate), step, e_mul(*p, exact(s->shrink)));
}

/* ---- random -------------------------------------------------------------- */

/* The angle 2 pi v. The vector rungs reduce it exactly to |y| <= pi / 4, with
 * a rounded 2 pi and one product: 2 U pi / 4; Horner's last fma rounds 1 U, the
 * term before it (at most .62 of the result's size, with four roundings, its
 * coefficient's among them) gives less than another, truncation 2^-29: in all
 * below 4 U absolute. The scalar rung takes the angle as it is: the product
 * and the constant 2 U 2 pi, libm 3 U: below 16 U. */
est oracle_normal(const srnn_stream *s, size_t j)
{
    const double tau = 6.283185307179586;
    uint32_t counter[4] = {(uint32_t)(j / 4), s->id[0], s->id[1], s->id[2]};
    uint32_t word[4];
    double u, v;
    est radius, turn;

    srnn_philox(s->seed, counter, word);
    u = ((word[j % 4 / 2 * 2] >> 8) + 1) * 0x1p-24;
    v = (word[j % 4 / 2 * 2 + 1] >> 8) * 0x1p-24;
    radius = e_sqrt(e_mul(exact(-2), e_log(exact(u))));
    turn.v = j % 2 ? sin(tau * v) : cos(tau * v);
    turn.e = oracle.fused ? 4 * U : 16 * U;
    return e_mul(radius, turn);
}
