/* The elementwise function of each cell, forward and backward side by side.
 * simdrnn/kernels.h states each formula at SRNN_TILE_LIST; d is the gradient
 * of h, dX the gradient of X. */

/* Where lane 0 of unit u (of the tile) lies, row r (of the tile), in an array
 * of the cell. */
INLINE size_t at(const srnn_tile *t, size_t r, size_t u, size_t ld)
{
    return (t->row + r) * ld + t->unit + u;
}

INLINE vr prod_at(const srnn_tile *t, size_t r, size_t g, size_t u, size_t n)
{
    return v_load_n(t->prod + r * t->ldprod + g * t->gate_stride + u, n);
}

/* x + p of a gate. */
INLINE vr pre_at(const srnn_cell *k, const srnn_tile *t, size_t r, size_t g,
                 size_t p, size_t u, size_t n)
{
    return v_add(v_load_n(k->x + at(t, r, u, k->ldx) + g * k->units, n),
                 prod_at(t, r, p, u, n));
}

INLINE vr gate_at(const srnn_cell *k, const srnn_tile *t, size_t r, size_t g,
                  size_t u, size_t n)
{
    return v_load_n(k->gate + at(t, r, u, k->ldgate) + g * k->units, n);
}

INLINE void keep(const srnn_cell *k, const srnn_tile *t, size_t r, size_t g,
                 size_t u, size_t n, vr v)
{
    v_store_n(k->gate + at(t, r, u, k->ldgate) + g * k->units, v, n);
}

/* d = dy + p */
INLINE vr dh_at(const srnn_cell *k, const srnn_tile *t, size_t r, size_t u,
                size_t n)
{
    vr p = prod_at(t, r, 0, u, n);

    return k->dy ? v_add(v_load_n(k->dy + at(t, r, u, k->lddy), n), p) : p;
}

/* s (1 - s), the derivative of sigma; 1 - g^2, that of tanh. */
INLINE vr dsigmoid(vr s)
{
    return v_mul(s, v_sub(v_set1(1), s));
}

INLINE vr dtanh(vr g)
{
    return v_fnma(g, g, v_set1(1));
}

#define FOR_TILE(t, r, u, n) \
    for (size_t r = 0; r < t->rows; r++) \
        for (size_t u = 0, n = t->units; u < t->units; \
             u += VEC_LANES, n = t->units - u)

/* ---- RNN ---------------------------------------------------------------- */

INLINE void rnn(const srnn_cell *k, const srnn_tile *t, const int relu)
{
    FOR_TILE(t, r, u, n)
    {
        vr p = pre_at(k, t, r, 0, 0, u, n);
        vr h = relu ? v_relu(p) : v_tanh(p);

        if (k->gate)
            keep(k, t, r, 0, u, n, h);
        v_store_n(k->h + at(t, r, u, k->ldh), h, n);
    }
}

INLINE void rnn_bwd(const srnn_cell *k, const srnn_tile *t, const int relu)
{
    FOR_TILE(t, r, u, n)
    {
        vr h = gate_at(k, t, r, 0, u, n);
        vr d = dh_at(k, t, r, u, n);

        keep(k, t, r, 0, u, n,
             relu ? v_select(v_lt(v_zero(), h), d, v_zero())
                  : v_mul(d, dtanh(h)));
    }
}

static void rnn_tanh(const srnn_cell *k, const srnn_tile *t)
{
    rnn(k, t, 0);
}

static void rnn_relu(const srnn_cell *k, const srnn_tile *t)
{
    rnn(k, t, 1);
}

static void rnn_tanh_bwd(const srnn_cell *k, const srnn_tile *t)
{
    rnn_bwd(k, t, 0);
}

static void rnn_relu_bwd(const srnn_cell *k, const srnn_tile *t)
{
    rnn_bwd(k, t, 1);
}

/* ---- LSTM: slots i f g o ------------------------------------------------ */

static void lstm(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        vr i = v_sigmoid(pre_at(k, t, r, 0, 0, u, n));
        vr f = v_sigmoid(pre_at(k, t, r, 1, 1, u, n));
        vr g = v_tanh(pre_at(k, t, r, 2, 2, u, n));
        vr o = v_sigmoid(pre_at(k, t, r, 3, 3, u, n));
        vr c = v_load_n(k->c_prev + at(t, r, u, k->ldc_prev), n);

        c = v_fma(f, c, v_mul(i, g));
        if (k->gate) {
            keep(k, t, r, 0, u, n, i);
            keep(k, t, r, 1, u, n, f);
            keep(k, t, r, 2, u, n, g);
            keep(k, t, r, 3, u, n, o);
        }
        v_store_n(k->c + at(t, r, u, k->ldc), c, n);
        v_store_n(k->h + at(t, r, u, k->ldh), v_mul(o, v_tanh(c)), n);
    }
}

static void lstm_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        vr i = gate_at(k, t, r, 0, u, n);
        vr f = gate_at(k, t, r, 1, u, n);
        vr g = gate_at(k, t, r, 2, u, n);
        vr o = gate_at(k, t, r, 3, u, n);
        vr c_prev = v_load_n(k->c_prev + at(t, r, u, k->ldc_prev), n);
        vr y = v_tanh(v_load_n(k->c + at(t, r, u, k->ldc), n));
        vr d = dh_at(k, t, r, u, n);
        srnn_real *dcp = k->dc + at(t, r, u, k->lddc);
        vr dc = v_fma(v_mul(d, o), dtanh(y), v_load_n(dcp, n));

        keep(k, t, r, 0, u, n, v_mul(v_mul(dc, g), dsigmoid(i)));
        keep(k, t, r, 1, u, n, v_mul(v_mul(dc, c_prev), dsigmoid(f)));
        keep(k, t, r, 2, u, n, v_mul(v_mul(dc, i), dtanh(g)));
        keep(k, t, r, 3, u, n, v_mul(v_mul(d, y), dsigmoid(o)));
        v_store_n(dcp, v_mul(dc, f), n);
    }
}

/* ---- GRU: slots r z n q -------------------------------------------------- */

/* h from z, h_prev and n: fma(z, a - b, b). */
INLINE vr gru_mix(const srnn_cell *k, vr z, vr h, vr n)
{
    return k->z_takes_new ? v_fma(z, v_sub(n, h), h)
                          : v_fma(z, v_sub(h, n), n);
}

static void gru_after(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        vr rg = v_sigmoid(pre_at(k, t, r, 0, 0, u, n));
        vr z = v_sigmoid(pre_at(k, t, r, 1, 1, u, n));
        vr q = prod_at(t, r, 2, u, n);
        vr x = v_load_n(k->x + at(t, r, u, k->ldx) + 2 * k->units, n);
        vr c = v_tanh(v_fma(rg, q, x));
        vr h = v_load_n(k->h_prev + at(t, r, u, k->ldh_prev), n);

        if (k->gate) {
            keep(k, t, r, 0, u, n, rg);
            keep(k, t, r, 1, u, n, z);
            keep(k, t, r, 2, u, n, c);
            keep(k, t, r, 3, u, n, q);
        }
        v_store_n(k->h + at(t, r, u, k->ldh), gru_mix(k, z, h, c), n);
    }
}

/* The gradients of z and n (of their pre-activations) from d; returns that of
 * n and leaves the direct part of dh_prev. */
INLINE vr gru_mix_bwd(const srnn_cell *k, const srnn_tile *t, size_t r,
                      size_t u, size_t n)
{
    vr d = dh_at(k, t, r, u, n);
    vr z = gate_at(k, t, r, 1, u, n);
    vr c = gate_at(k, t, r, 2, u, n);
    vr h = v_load_n(k->h_prev + at(t, r, u, k->ldh_prev), n);
    vr keep_old = k->z_takes_new ? v_sub(v_set1(1), z) : z;
    vr take_new = k->z_takes_new ? z : v_sub(v_set1(1), z);
    vr dz = k->z_takes_new ? v_sub(c, h) : v_sub(h, c);
    vr dn = v_mul(v_mul(d, take_new), dtanh(c));

    keep(k, t, r, 1, u, n, v_mul(v_mul(d, dz), dsigmoid(z)));
    keep(k, t, r, 2, u, n, dn);
    v_store_n(k->dh + at(t, r, u, k->lddh), v_mul(d, keep_old), n);
    return dn;
}

static void gru_after_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        vr rg = gate_at(k, t, r, 0, u, n);
        vr q = gate_at(k, t, r, 3, u, n);
        vr dn = gru_mix_bwd(k, t, r, u, n);

        keep(k, t, r, 0, u, n, v_mul(v_mul(dn, q), dsigmoid(rg)));
        keep(k, t, r, 3, u, n, v_mul(dn, rg));
    }
}

static void gru_before_rz(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        vr rg = v_sigmoid(pre_at(k, t, r, 0, 0, u, n));
        vr z = v_sigmoid(pre_at(k, t, r, 1, 1, u, n));
        vr h = v_load_n(k->h_prev + at(t, r, u, k->ldh_prev), n);
        vr rh = v_mul(rg, h);
        srnn_real *w = k->work + at(t, r, u, k->ldwork);

        if (k->gate) {
            keep(k, t, r, 0, u, n, rg);
            keep(k, t, r, 1, u, n, z);
            keep(k, t, r, 3, u, n, rh);
        }
        v_store_n(w, z, n);
        v_store_n(w + k->units, rh, n);
    }
}

static void gru_before_n(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        vr c = v_tanh(pre_at(k, t, r, 2, 0, u, n));
        vr z = v_load_n(k->work + at(t, r, u, k->ldwork), n);
        vr h = v_load_n(k->h_prev + at(t, r, u, k->ldh_prev), n);

        if (k->gate)
            keep(k, t, r, 2, u, n, c);
        v_store_n(k->h + at(t, r, u, k->ldh), gru_mix(k, z, h, c), n);
    }
}

static void gru_before_n_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
        gru_mix_bwd(k, t, r, u, n);
}

static void gru_before_rz_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        vr p = prod_at(t, r, 0, u, n);
        vr rg = gate_at(k, t, r, 0, u, n);
        vr h = v_load_n(k->h_prev + at(t, r, u, k->ldh_prev), n);
        srnn_real *dh = k->dh + at(t, r, u, k->lddh);

        keep(k, t, r, 0, u, n, v_mul(v_mul(p, h), dsigmoid(rg)));
        v_store_n(dh, v_fma(p, rg, v_load_n(dh, n)), n);
    }
}
