/* What the tiles called _ANY do in the place of a cell's own activations:
 * y = phi(min(max(p, -clip), clip)) of a role, and its slope, 0 where clipped.
 * A phi of the caller's leaves its slope in a slot of the gates; that of the
 * others is a function of y. */

/* A tile is taken in parts. What is computed of one lies dense, gate by gate,
 * rows x units, so that an activation is called once for all of a gate. */
#define PART SCRATCH_REALS

/* The part that begins at row r, unit u (of the tile); past the end it has no
 * rows. */
INLINE srnn_tile part_of(const srnn_tile *t, size_t r, size_t u)
{
    srnn_tile p = *t;

    p.units = min_size(t->units - u, PANEL_REALS);
    p.rows = min_size(t->rows - r, PART / p.units);
    p.row += r;
    p.unit += u;
    p.prod += r * t->ldprod + u;
    return p;
}

#define FOR_PARTS(t, p) \
    for (size_t u0 = 0; u0 < t->units; u0 += PANEL_REALS) \
        for (srnn_tile p = part_of(t, 0, u0); p.rows; \
             p = part_of(t, p.row - t->row + p.rows, u0))

INLINE size_t in_part(const srnn_tile *p, size_t r, size_t u)
{
    return r * p->units + u;
}

INLINE vr v_clip(vr x, srnn_real limit)
{
    return v_min(v_set1(limit), v_max(v_set1(-limit), x));
}

/* y = phi of the clipped p; the slope of a caller's where it is not NULL. */
static void phi_clipped(const srnn_activation *f, srnn_real clip, size_t n,
                        const srnn_real *p, srnn_real *y, srnn_real *slope)
{
    for (size_t i = 0; clip > 0 && i < n; i += VEC_LANES)
        v_store_n(y + i, v_clip(v_load_n(p + i, n - i), clip), n - i);
    if (clip > 0)
        p = y;
    if (f->kind == SRNN_ACT_OWN)
        f->own(f->data, n, p, y, slope);
    else
        activate(f, n, p, y);
}

static int role_is_own(const srnn_cell *k, int role)
{
    return k->variant->act[role].kind == SRNN_ACT_OWN;
}

/* The same of a role, in a part of one gate or more; backward finds the slopes
 * of a caller's phi 0 where p was clipped. A NaN is not. */
static void phi_of(const srnn_cell *k, int role, size_t n, const srnn_real *p,
                   srnn_real *y, srnn_real *slope)
{
    const srnn_real clip = k->variant->clip;
    const int own = role_is_own(k, role);

    phi_clipped(&k->variant->act[role], clip, n, p, y,
                k->gate ? slope : NULL);
    for (size_t i = 0; own && k->gate && clip > 0 && i < n; i += VEC_LANES) {
        const vr x = v_load_n(p + i, n - i), s = v_load_n(slope + i, n - i);
        const vm inside = v_lt(v_abs(x), v_set1(clip));

        v_store_n(slope + i,
                  v_select(v_nan(x), s, v_select(inside, s, v_zero())), n - i);
    }
}

/* The slopes of a role for the length of a tile: the y that a clipped p gives,
 * where it is not the caller's. */
typedef struct phi_role {
    const srnn_activation *f;
    srnn_real clip;
    vr low, high;
} phi_role;

INLINE phi_role role_of(const srnn_cell *k, int i)
{
    phi_role f = {&k->variant->act[i], k->variant->clip, v_zero(), v_zero()};

    if (f.clip > 0 && f.f->kind != SRNN_ACT_OWN) {
        f.low = v_act(f.f, v_set1(-f.clip));
        f.high = v_act(f.f, v_set1(f.clip));
    }
    return f;
}

/* s, but 0 where y is the edge or a NaN. */
INLINE vr zero_at(vr edge, vr y, vr s)
{
    return v_select(v_lt(y, edge), s,
                    v_select(v_lt(edge, y), s, v_zero()));
}

/* The slope of a gate: of what it was, or, of a caller's phi, what lies in
 * `slot`. A vector at a time: the gates of a long run come from far, and there
 * is enough to do meanwhile. */
INLINE vr slope_at(const srnn_cell *k, const srnn_tile *t, const phi_role *f,
                   size_t r, size_t g, size_t slot, size_t u, size_t n)
{
    vr y, s;

    if (f->f->kind == SRNN_ACT_OWN)
        return gate_at(k, t, r, slot, u, n);
    y = gate_at(k, t, r, g, u, n);
    s = v_act_slope(f->f, y);
    if (f->clip > 0)
        s = v_select(v_nan(y), y,
                     zero_at(f->low, y, zero_at(f->high, y, s)));
    return s;
}

/* ---- RNN: slot 1 for the slope of the caller's phi ----------------------- */

static void rnn_any(const srnn_cell *k, const srnn_tile *tile)
{
    srnn_real p[PART], y[PART], slope[PART];

    FOR_PARTS(tile, part)
    {
        const srnn_tile *t = &part;

        FOR_TILE(t, r, u, n)
            v_store_n(p + in_part(t, r, u), pre_at(k, t, r, 0, 0, u, n), n);
        phi_of(k, 0, t->rows * t->units, p, y, slope);
        FOR_TILE(t, r, u, n)
        {
            const vr h = v_load_n(y + in_part(t, r, u), n);

            if (k->gate)
                keep(k, t, r, 0, u, n, h);
            if (k->gate && role_is_own(k, 0))
                keep(k, t, r, 1, u, n, v_load_n(slope + in_part(t, r, u), n));
            v_store_n(k->h + at(t, r, u, k->ldh), h, n);
        }
    }
}

static void rnn_any_bwd(const srnn_cell *k, const srnn_tile *t)
{
    const phi_role f = role_of(k, 0);

    FOR_TILE(t, r, u, n)
    {
        const vr s = slope_at(k, t, &f, r, 0, 1, u, n);

        keep(k, t, r, 0, u, n, v_mul(dh_at(k, t, r, u, n), s));
    }
}
