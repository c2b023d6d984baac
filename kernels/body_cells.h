/* The elementwise function of each cell, forward and backward side by side.
 * simdrnn/tiles.h states each formula at SRNN_TILE_LIST; d is the gradient
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

/* The gates, of which o is returned, and c. */
INLINE vr lstm_gates(const srnn_cell *k, const srnn_tile *t, size_t r,
                     size_t u, size_t n, vr *o)
{
    vr i = v_sigmoid(pre_at(k, t, r, 0, 0, u, n));
    vr f = v_sigmoid(pre_at(k, t, r, 1, 1, u, n));
    vr g = v_tanh(pre_at(k, t, r, 2, 2, u, n));
    vr c = v_load_n(k->c_prev + at(t, r, u, k->ldc_prev), n);

    *o = v_sigmoid(pre_at(k, t, r, 3, 3, u, n));
    c = v_fma(f, c, v_mul(i, g));
    if (k->gate) {
        keep(k, t, r, 0, u, n, i);
        keep(k, t, r, 1, u, n, f);
        keep(k, t, r, 2, u, n, g);
        keep(k, t, r, 3, u, n, *o);
    }
    v_store_n(k->c + at(t, r, u, k->ldc), c, n);
    return c;
}

/* The gradients of i, f, g and c_prev from that of c. */
INLINE void lstm_gates_bwd(const srnn_cell *k, const srnn_tile *t, size_t r,
                           size_t u, size_t n, vr dc)
{
    vr i = gate_at(k, t, r, 0, u, n);
    vr f = gate_at(k, t, r, 1, u, n);
    vr g = gate_at(k, t, r, 2, u, n);
    vr c_prev = v_load_n(k->c_prev + at(t, r, u, k->ldc_prev), n);

    keep(k, t, r, 0, u, n, v_mul(v_mul(dc, g), dsigmoid(i)));
    keep(k, t, r, 1, u, n, v_mul(v_mul(dc, c_prev), dsigmoid(f)));
    keep(k, t, r, 2, u, n, v_mul(v_mul(dc, i), dtanh(g)));
    v_store_n(k->dc + at(t, r, u, k->lddc), v_mul(dc, f), n);
}

static void lstm(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        vr o, c = lstm_gates(k, t, r, u, n, &o);

        v_store_n(k->h + at(t, r, u, k->ldh), v_mul(o, v_tanh(c)), n);
    }
}

static void lstm_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        vr o = gate_at(k, t, r, 3, u, n);
        vr y = v_tanh(v_load_n(k->c + at(t, r, u, k->ldc), n));
        vr d = dh_at(k, t, r, u, n);
        vr dc = v_load_n(k->dc + at(t, r, u, k->lddc), n);

        lstm_gates_bwd(k, t, r, u, n, v_fma(v_mul(d, o), dtanh(y), dc));
        keep(k, t, r, 3, u, n, v_mul(v_mul(d, y), dsigmoid(o)));
    }
}

/* ---- LSTM with a normalised c: what comes before the norm and after ------ */

static void lstm_c(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        vr o;

        lstm_gates(k, t, r, u, n, &o);
        v_store_n(k->work + at(t, r, u, k->ldwork), o, n);
    }
}

static void lstm_h(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        srnn_real *w = k->work + at(t, r, u, k->ldwork);
        vr y = v_tanh(prod_at(t, r, 0, u, n));

        v_store_n(k->h + at(t, r, u, k->ldh), v_mul(v_load_n(w, n), y), n);
        v_store_n(w + k->units, y, n);
    }
}

static void lstm_h_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        srnn_real *w = k->work + at(t, r, u, k->ldwork) + k->units;
        vr o = gate_at(k, t, r, 3, u, n);
        vr y = v_load_n(w, n);
        vr d = dh_at(k, t, r, u, n);

        keep(k, t, r, 3, u, n, v_mul(v_mul(d, y), dsigmoid(o)));
        v_store_n(w, v_mul(v_mul(d, o), dtanh(y)), n);
    }
}

static void lstm_c_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        vr dc = v_load_n(k->dc + at(t, r, u, k->lddc), n);

        lstm_gates_bwd(k, t, r, u, n, v_add(dc, prod_at(t, r, 0, u, n)));
    }
}
