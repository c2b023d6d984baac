/* GRU: slots r z n q. */

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

/* The gradients of z and n (of their pre-activations) from d and the slopes of
 * both; returns that of n and leaves the direct part of dh_prev. */
INLINE vr gru_mix_bwd(const srnn_cell *k, const srnn_tile *t, size_t r,
                      size_t u, size_t n, vr slope_z, vr slope_n)
{
    vr d = dh_at(k, t, r, u, n);
    vr z = gate_at(k, t, r, 1, u, n);
    vr c = gate_at(k, t, r, 2, u, n);
    vr h = v_load_n(k->h_prev + at(t, r, u, k->ldh_prev), n);
    vr keep_old = k->z_takes_new ? v_sub(v_set1(1), z) : z;
    vr take_new = k->z_takes_new ? z : v_sub(v_set1(1), z);
    vr dz = k->z_takes_new ? v_sub(c, h) : v_sub(h, c);
    vr dn = v_mul(v_mul(d, take_new), slope_n);

    keep(k, t, r, 1, u, n, v_mul(v_mul(d, dz), slope_z));
    keep(k, t, r, 2, u, n, dn);
    v_store_n(k->dh + at(t, r, u, k->lddh), v_mul(d, keep_old), n);
    return dn;
}

/* The gradients of r and q, reset after, from that of n and r's slope. */
INLINE void gru_after_r_bwd(const srnn_cell *k, const srnn_tile *t, size_t r,
                            size_t u, size_t n, vr dn, vr slope)
{
    vr rg = gate_at(k, t, r, 0, u, n);
    vr q = gate_at(k, t, r, 3, u, n);

    keep(k, t, r, 0, u, n, v_mul(v_mul(dn, q), slope));
    keep(k, t, r, 3, u, n, v_mul(dn, rg));
}

static void gru_after_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        vr slope_r = dsigmoid(gate_at(k, t, r, 0, u, n));
        vr slope_z = dsigmoid(gate_at(k, t, r, 1, u, n));
        vr slope_n = dtanh(gate_at(k, t, r, 2, u, n));
        vr dn = gru_mix_bwd(k, t, r, u, n, slope_z, slope_n);

        gru_after_r_bwd(k, t, r, u, n, dn, slope_r);
    }
}

/* r and z, reset before, for the phase of n. */
INLINE void gru_before_keep(const srnn_cell *k, const srnn_tile *t, size_t r,
                            size_t u, size_t n, vr rg, vr z)
{
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

static void gru_before_rz(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
    {
        vr rg = v_sigmoid(pre_at(k, t, r, 0, 0, u, n));
        vr z = v_sigmoid(pre_at(k, t, r, 1, 1, u, n));

        gru_before_keep(k, t, r, u, n, rg, z);
    }
}

/* h from n, which is kept. */
INLINE void gru_before_h(const srnn_cell *k, const srnn_tile *t, size_t r,
                         size_t u, size_t n, vr c)
{
    vr z = v_load_n(k->work + at(t, r, u, k->ldwork), n);
    vr h = v_load_n(k->h_prev + at(t, r, u, k->ldh_prev), n);

    if (k->gate)
        keep(k, t, r, 2, u, n, c);
    v_store_n(k->h + at(t, r, u, k->ldh), gru_mix(k, z, h, c), n);
}

static void gru_before_n(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
        gru_before_h(k, t, r, u, n, v_tanh(pre_at(k, t, r, 2, 0, u, n)));
}

static void gru_before_n_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
        gru_mix_bwd(k, t, r, u, n, dsigmoid(gate_at(k, t, r, 1, u, n)),
                    dtanh(gate_at(k, t, r, 2, u, n)));
}

/* The gradient of r, reset before. */
INLINE void gru_before_r_bwd(const srnn_cell *k, const srnn_tile *t, size_t r,
                             size_t u, size_t n, vr slope)
{
    vr p = prod_at(t, r, 0, u, n);
    vr rg = gate_at(k, t, r, 0, u, n);
    vr h = v_load_n(k->h_prev + at(t, r, u, k->ldh_prev), n);
    srnn_real *dh = k->dh + at(t, r, u, k->lddh);

    keep(k, t, r, 0, u, n, v_mul(v_mul(p, h), slope));
    v_store_n(dh, v_fma(p, rg, v_load_n(dh, n)), n);
}

static void gru_before_rz_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u, n)
        gru_before_r_bwd(k, t, r, u, n, dsigmoid(gate_at(k, t, r, 0, u, n)));
}
