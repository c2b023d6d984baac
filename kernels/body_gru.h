/* GRU: slots r z n q, and in the tiles called _ANY 4 5 6 for the slopes of a
 * caller's phi of r, z, n. One formula serves both: `any`, a constant, takes
 * the variant's activations for sigma and tanh. */

/* The activations of the gates and of n. */
typedef struct gru_roles {
    role gate, n;
} gru_roles;

INLINE gru_roles gru_roles_of(const srnn_cell *k, const int any, const int back)
{
    gru_roles f = {{0}, {0}};

    if (any && back)
        f = (gru_roles){role_back(k, 0), role_back(k, 1)};
    else if (any)
        f = (gru_roles){role_of(k, 0), role_of(k, 1)};
    return f;
}

/* Gate g, r or z, or n, of the pre-activation p; and its slope. */
INLINE vr gru_phi(const srnn_cell *k, const srnn_tile *t, const gru_roles *f,
                  size_t r, size_t g, size_t u, size_t n, vr p, const int any)
{
    if (any)
        return phi_at(k, t, g == 2 ? &f->n : &f->gate, r, 4 + g, u, n, p);
    return g == 2 ? v_tanh(p) : v_sigmoid(p);
}

INLINE vr gru_slope(const srnn_cell *k, const srnn_tile *t, const gru_roles *f,
                    size_t r, size_t g, size_t u, size_t n, vr y, const int any)
{
    if (any)
        return slope_at(k, t, g == 2 ? &f->n : &f->gate, r, 4 + g, u, n, y);
    return g == 2 ? dtanh(y) : dsigmoid(y);
}

/* h from z, h_prev and n: fma(z, a - b, b). */
INLINE vr gru_mix(const srnn_cell *k, vr z, vr h, vr n)
{
    return k->z_takes_new ? v_fma(z, v_sub(n, h), h)
                          : v_fma(z, v_sub(h, n), n);
}

INLINE void gru_after_of(const srnn_cell *k, const srnn_tile *t,
                         const int any)
{
    const gru_roles f = gru_roles_of(k, any, 0);

    FOR_TILE(t, r, u, n)
    {
        vr rg = gru_phi(k, t, &f, r, 0, u, n,
                        pre_at(k, t, r, 0, 0, u, n), any);
        vr z = gru_phi(k, t, &f, r, 1, u, n,
                       pre_at(k, t, r, 1, 1, u, n), any);
        vr q = prod_at(t, r, 2, u, n);
        vr x = v_load_n(k->x + at(t, r, u, k->ldx) + 2 * k->units, n);
        vr c = gru_phi(k, t, &f, r, 2, u, n, v_fma(rg, q, x), any);
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
INLINE vr gru_mix_bwd(const srnn_cell *k, const srnn_tile *t,
                      const gru_roles *f, size_t r, size_t u, size_t n,
                      const int any)
{
    vr d = dh_at(k, t, r, u, n);
    vr z = gate_at(k, t, r, 1, u, n);
    vr c = gate_at(k, t, r, 2, u, n);
    vr h = v_load_n(k->h_prev + at(t, r, u, k->ldh_prev), n);
    vr keep_old = k->z_takes_new ? v_sub(v_set1(1), z) : z;
    vr take_new = k->z_takes_new ? z : v_sub(v_set1(1), z);
    vr dz = k->z_takes_new ? v_sub(c, h) : v_sub(h, c);
    vr dn = v_mul(v_mul(d, take_new),
                  gru_slope(k, t, f, r, 2, u, n, c, any));

    keep(k, t, r, 1, u, n,
         v_mul(v_mul(d, dz), gru_slope(k, t, f, r, 1, u, n, z, any)));
    keep(k, t, r, 2, u, n, dn);
    v_store_n(k->dh + at(t, r, u, k->lddh), v_mul(d, keep_old), n);
    return dn;
}

INLINE void gru_after_bwd_of(const srnn_cell *k, const srnn_tile *t,
                             const int any)
{
    const gru_roles f = gru_roles_of(k, any, 1);

    FOR_TILE(t, r, u, n)
    {
        vr rg = gate_at(k, t, r, 0, u, n);
        vr q = gate_at(k, t, r, 3, u, n);
        vr dn = gru_mix_bwd(k, t, &f, r, u, n, any);

        keep(k, t, r, 0, u, n,
             v_mul(v_mul(dn, q), gru_slope(k, t, &f, r, 0, u, n, rg, any)));
        keep(k, t, r, 3, u, n, v_mul(dn, rg));
    }
}

INLINE void gru_before_rz_of(const srnn_cell *k, const srnn_tile *t,
                             const int any)
{
    const gru_roles f = gru_roles_of(k, any, 0);

    FOR_TILE(t, r, u, n)
    {
        vr rg = gru_phi(k, t, &f, r, 0, u, n,
                        pre_at(k, t, r, 0, 0, u, n), any);
        vr z = gru_phi(k, t, &f, r, 1, u, n,
                       pre_at(k, t, r, 1, 1, u, n), any);
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

INLINE void gru_before_n_of(const srnn_cell *k, const srnn_tile *t,
                            const int any)
{
    const gru_roles f = gru_roles_of(k, any, 0);

    FOR_TILE(t, r, u, n)
    {
        vr c = gru_phi(k, t, &f, r, 2, u, n,
                       pre_at(k, t, r, 2, 0, u, n), any);
        vr z = v_load_n(k->work + at(t, r, u, k->ldwork), n);
        vr h = v_load_n(k->h_prev + at(t, r, u, k->ldh_prev), n);

        if (k->gate)
            keep(k, t, r, 2, u, n, c);
        v_store_n(k->h + at(t, r, u, k->ldh), gru_mix(k, z, h, c), n);
    }
}

INLINE void gru_before_n_bwd_of(const srnn_cell *k, const srnn_tile *t,
                                const int any)
{
    const gru_roles f = gru_roles_of(k, any, 1);

    FOR_TILE(t, r, u, n)
        gru_mix_bwd(k, t, &f, r, u, n, any);
}

INLINE void gru_before_rz_bwd_of(const srnn_cell *k, const srnn_tile *t,
                                 const int any)
{
    const gru_roles f = gru_roles_of(k, any, 1);

    FOR_TILE(t, r, u, n)
    {
        vr p = prod_at(t, r, 0, u, n);
        vr rg = gate_at(k, t, r, 0, u, n);
        vr h = v_load_n(k->h_prev + at(t, r, u, k->ldh_prev), n);
        srnn_real *dh = k->dh + at(t, r, u, k->lddh);

        keep(k, t, r, 0, u, n,
             v_mul(v_mul(p, h), gru_slope(k, t, &f, r, 0, u, n, rg, any)));
        v_store_n(dh, v_fma(p, rg, v_load_n(dh, n)), n);
    }
}

/* ---- with and without a variant ----------------------------------------- */

static void gru_after(const srnn_cell *k, const srnn_tile *t)
{
    gru_after_of(k, t, 0);
}

static void gru_after_any(const srnn_cell *k, const srnn_tile *t)
{
    gru_after_of(k, t, 1);
}

static void gru_before_rz(const srnn_cell *k, const srnn_tile *t)
{
    gru_before_rz_of(k, t, 0);
}

static void gru_before_rz_any(const srnn_cell *k, const srnn_tile *t)
{
    gru_before_rz_of(k, t, 1);
}

static void gru_before_n(const srnn_cell *k, const srnn_tile *t)
{
    gru_before_n_of(k, t, 0);
}

static void gru_before_n_any(const srnn_cell *k, const srnn_tile *t)
{
    gru_before_n_of(k, t, 1);
}

static void gru_after_bwd(const srnn_cell *k, const srnn_tile *t)
{
    gru_after_bwd_of(k, t, 0);
}

static void gru_after_any_bwd(const srnn_cell *k, const srnn_tile *t)
{
    gru_after_bwd_of(k, t, 1);
}

static void gru_before_n_bwd(const srnn_cell *k, const srnn_tile *t)
{
    gru_before_n_bwd_of(k, t, 0);
}

static void gru_before_n_any_bwd(const srnn_cell *k, const srnn_tile *t)
{
    gru_before_n_bwd_of(k, t, 1);
}

static void gru_before_rz_bwd(const srnn_cell *k, const srnn_tile *t)
{
    gru_before_rz_bwd_of(k, t, 0);
}

static void gru_before_rz_any_bwd(const srnn_cell *k, const srnn_tile *t)
{
    gru_before_rz_bwd_of(k, t, 1);
}
