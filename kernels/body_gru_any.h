/* GRU with a variant's activations: as in body_gru.h, but a part of the tile
 * goes through an activation at once. Slots 4 5 6 are for the slopes of a
 * caller's phi of r, z, n. */

enum { GRU_SLOPES = 4 };

/* What is staged of a part: r, z, n each rows x units. */
typedef struct gru_part {
    srnn_real p[3 * PART], y[3 * PART], slope[3 * PART];
} gru_part;

INLINE vr gru_staged(const srnn_tile *t, const srnn_real *x, size_t g, size_t r,
                     size_t u, size_t n)
{
    return v_load_n(x + g * t->rows * t->units + in_part(t, r, u), n);
}

/* Pre-activations of gates [g, g + count), of which the product has column p
 * on, through the activation of a role. */
static void gru_phi(const srnn_cell *k, const srnn_tile *t, int role, size_t g,
                    size_t count, size_t p, gru_part *s)
{
    const size_t all = t->rows * t->units;

    for (size_t j = 0; j < count; j++)
        FOR_TILE(t, r, u, n)
            v_store_n(s->p + (g + j) * all + in_part(t, r, u),
                      pre_at(k, t, r, g + j, p + j, u, n), n);
    phi_of(k, role, count * all, s->p + g * all, s->y + g * all,
           s->slope + g * all);
}

/* The slopes of a caller's phi, which backward takes from the gates. */
static void gru_keep_slopes(const srnn_cell *k, const srnn_tile *t, int role,
                            size_t g, size_t count, const gru_part *s)
{
    if (!k->gate || !role_is_own(k, role))
        return;
    for (size_t j = g; j < g + count; j++)
        FOR_TILE(t, r, u, n)
            keep(k, t, r, GRU_SLOPES + j, u, n,
                 gru_staged(t, s->slope, j, r, u, n));
}

/* Reset after: n looks at fma(r, p_n, x_n). */
static void gru_after_n(const srnn_cell *k, const srnn_tile *t, gru_part *s)
{
    const size_t all = t->rows * t->units;

    FOR_TILE(t, r, u, n)
    {
        vr q = prod_at(t, r, 2, u, n);
        vr x = v_load_n(k->x + at(t, r, u, k->ldx) + 2 * k->units, n);
        vr rg = gru_staged(t, s->y, 0, r, u, n);

        v_store_n(s->p + 2 * all + in_part(t, r, u), v_fma(rg, q, x), n);
        if (k->gate) {
            keep(k, t, r, 0, u, n, rg);
            keep(k, t, r, 1, u, n, gru_staged(t, s->y, 1, r, u, n));
            keep(k, t, r, 3, u, n, q);
        }
    }
    phi_of(k, 1, all, s->p + 2 * all, s->y + 2 * all, s->slope + 2 * all);
}

static void gru_after_any(const srnn_cell *k, const srnn_tile *tile)
{
    gru_part s;

    FOR_PARTS(tile, part)
    {
        const srnn_tile *t = &part;

        gru_phi(k, t, 0, 0, 2, 0, &s);
        gru_after_n(k, t, &s);
        FOR_TILE(t, r, u, n)
        {
            vr z = gru_staged(t, s.y, 1, r, u, n);
            vr c = gru_staged(t, s.y, 2, r, u, n);
            vr h = v_load_n(k->h_prev + at(t, r, u, k->ldh_prev), n);

            if (k->gate)
                keep(k, t, r, 2, u, n, c);
            v_store_n(k->h + at(t, r, u, k->ldh), gru_mix(k, z, h, c), n);
        }
        gru_keep_slopes(k, t, 0, 0, 2, &s);
        gru_keep_slopes(k, t, 1, 2, 1, &s);
    }
}

static void gru_before_rz_any(const srnn_cell *k, const srnn_tile *tile)
{
    gru_part s;

    FOR_PARTS(tile, part)
    {
        const srnn_tile *t = &part;

        gru_phi(k, t, 0, 0, 2, 0, &s);
        FOR_TILE(t, r, u, n)
            gru_before_keep(k, t, r, u, n, gru_staged(t, s.y, 0, r, u, n),
                            gru_staged(t, s.y, 1, r, u, n));
        gru_keep_slopes(k, t, 0, 0, 2, &s);
    }
}

static void gru_before_n_any(const srnn_cell *k, const srnn_tile *tile)
{
    gru_part s;

    FOR_PARTS(tile, part)
    {
        const srnn_tile *t = &part;

        gru_phi(k, t, 1, 2, 1, 0, &s);
        FOR_TILE(t, r, u, n)
            gru_before_h(k, t, r, u, n, gru_staged(t, s.y, 2, r, u, n));
        gru_keep_slopes(k, t, 1, 2, 1, &s);
    }
}

/* ---- backward ------------------------------------------------------------ */

/* The slope of gate g, r, z or n. */
INLINE vr gru_slope(const srnn_cell *k, const srnn_tile *t, const phi_role *f,
                    size_t r, size_t g, size_t u, size_t n)
{
    return slope_at(k, t, &f[g == 2], r, g, GRU_SLOPES + g, u, n);
}

static void gru_after_any_bwd(const srnn_cell *k, const srnn_tile *t)
{
    const phi_role f[2] = {role_of(k, 0), role_of(k, 1)};

    FOR_TILE(t, r, u, n)
    {
        vr slope_r = gru_slope(k, t, f, r, 0, u, n);
        vr slope_z = gru_slope(k, t, f, r, 1, u, n);
        vr slope_n = gru_slope(k, t, f, r, 2, u, n);
        vr dn = gru_mix_bwd(k, t, r, u, n, slope_z, slope_n);

        gru_after_r_bwd(k, t, r, u, n, dn, slope_r);
    }
}

static void gru_before_n_any_bwd(const srnn_cell *k, const srnn_tile *t)
{
    const phi_role f[2] = {role_of(k, 0), role_of(k, 1)};

    FOR_TILE(t, r, u, n)
    {
        vr slope_z = gru_slope(k, t, f, r, 1, u, n);
        vr slope_n = gru_slope(k, t, f, r, 2, u, n);

        gru_mix_bwd(k, t, r, u, n, slope_z, slope_n);
    }
}

static void gru_before_rz_any_bwd(const srnn_cell *k, const srnn_tile *t)
{
    const phi_role f[2] = {role_of(k, 0), role_of(k, 1)};

    FOR_TILE(t, r, u, n)
        gru_before_r_bwd(k, t, r, u, n, gru_slope(k, t, f, r, 0, u, n));
}
