/* The GRU's elementwise functions as a textbook writes them, for
 * reference.c. */

/* Gate g, r or z, or n, of the pre-activation p; and its slope where it is y.
 * `any` takes the variant's activations. */
static inline float gru_phi(const srnn_cell *k, size_t r, size_t g, size_t u,
                            float p, int any)
{
    if (any)
        return phi_at(k, g == 2, r, 4 + g, u, p);
    return g == 2 ? tanh_of(p) : sigmoid_of(p);
}

static inline float gru_slope(const srnn_cell *k, size_t r, size_t g, size_t u,
                              float y, int any)
{
    if (any)
        return slope_at(k, g == 2, r, 4 + g, u, y);
    return g == 2 ? 1 - y * y : y * (1 - y);
}

static float gru_mix(const srnn_cell *k, float z, float h, float n)
{
    return k->z_takes_new ? (1 - z) * h + z * n : z * h + (1 - z) * n;
}

static inline void gru_after_of(const srnn_cell *k, const srnn_tile *t,
                                int any)
{
    FOR_TILE(t, r, u)
    {
        float p0 = x_at(k, r, 0, u) + prod_at(t, r, 0, u);
        float p1 = x_at(k, r, 1, u) + prod_at(t, r, 1, u);
        float rg = gru_phi(k, r, 0, u, p0, any);
        float z = gru_phi(k, r, 1, u, p1, any);
        float q = prod_at(t, r, 2, u);
        float n = gru_phi(k, r, 2, u, x_at(k, r, 2, u) + rg * q, any);

        if (k->gate) {
            *gate_at(k, r, 0, u) = rg;
            *gate_at(k, r, 1, u) = z;
            *gate_at(k, r, 2, u) = n;
            *gate_at(k, r, 3, u) = q;
        }
        k->h[r * k->ldh + u] =
            gru_mix(k, z, k->h_prev[r * k->ldh_prev + u], n);
    }
}

/* Leaves the gradients of z and n, returns that of n. */
static inline float gru_mix_bwd(const srnn_cell *k, const srnn_tile *t,
                                size_t r, size_t u, int any)
{
    float d = dh_at(k, t, r, u);
    float *z = gate_at(k, r, 1, u), *n = gate_at(k, r, 2, u);
    float h = k->h_prev[r * k->ldh_prev + u];
    float old = k->z_takes_new ? 1 - *z : *z;
    float dn = d * (1 - old) * gru_slope(k, r, 2, u, *n, any);
    float dz = d * (k->z_takes_new ? *n - h : h - *n);

    *z = dz * gru_slope(k, r, 1, u, *z, any);
    *n = dn;
    k->dh[r * k->lddh + u] = d * old;
    return dn;
}

static inline void gru_after_bwd_of(const srnn_cell *k, const srnn_tile *t,
                                    int any)
{
    FOR_TILE(t, r, u)
    {
        float *rg = gate_at(k, r, 0, u), *q = gate_at(k, r, 3, u);
        float dn = gru_mix_bwd(k, t, r, u, any), dq = dn * *rg;

        *rg = dn * *q * gru_slope(k, r, 0, u, *rg, any);
        *q = dq;
    }
}

static inline void gru_before_rz_of(const srnn_cell *k, const srnn_tile *t,
                                    int any)
{
    FOR_TILE(t, r, u)
    {
        float p0 = x_at(k, r, 0, u) + prod_at(t, r, 0, u);
        float p1 = x_at(k, r, 1, u) + prod_at(t, r, 1, u);
        float rg = gru_phi(k, r, 0, u, p0, any);
        float z = gru_phi(k, r, 1, u, p1, any);
        float rh = rg * k->h_prev[r * k->ldh_prev + u];

        if (k->gate) {
            *gate_at(k, r, 0, u) = rg;
            *gate_at(k, r, 1, u) = z;
            *gate_at(k, r, 3, u) = rh;
        }
        k->work[r * k->ldwork + u] = z;
        k->work[r * k->ldwork + k->units + u] = rh;
    }
}

static inline void gru_before_n_of(const srnn_cell *k, const srnn_tile *t,
                                   int any)
{
    FOR_TILE(t, r, u)
    {
        float p = x_at(k, r, 2, u) + prod_at(t, r, 0, u);
        float n = gru_phi(k, r, 2, u, p, any);

        if (k->gate)
            *gate_at(k, r, 2, u) = n;
        k->h[r * k->ldh + u] =
            gru_mix(k, k->work[r * k->ldwork + u],
                    k->h_prev[r * k->ldh_prev + u], n);
    }
}

static inline void gru_before_n_bwd_of(const srnn_cell *k, const srnn_tile *t,
                                       int any)
{
    FOR_TILE(t, r, u)
        gru_mix_bwd(k, t, r, u, any);
}

static inline void gru_before_rz_bwd_of(const srnn_cell *k, const srnn_tile *t,
                                        int any)
{
    FOR_TILE(t, r, u)
    {
        float p = prod_at(t, r, 0, u), *rg = gate_at(k, r, 0, u);

        k->dh[r * k->lddh + u] += p * *rg;
        *rg = p * k->h_prev[r * k->ldh_prev + u] *
              gru_slope(k, r, 0, u, *rg, any);
    }
}

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
