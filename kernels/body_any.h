/* What the tiles called _ANY do in the place of a cell's own activations:
 * y = phi(min(max(p, -clip), clip)) of a role, and its slope, 0 where clipped.
 * A phi of the caller's leaves its slope in a slot of the gates; that of the
 * others is a function of y. */

/* One of a variant's activations for the length of a tile. */
typedef struct role {
    const srnn_activation *f;
    srnn_real clip;
    vr low, high; /* backward: the y that a clipped p gives */
} role;

INLINE role role_of(const srnn_cell *k, int i)
{
    role f = {&k->variant->act[i], k->variant->clip, v_zero(), v_zero()};

    return f;
}

INLINE role role_back(const srnn_cell *k, int i)
{
    role f = role_of(k, i);

    if (f.clip > 0 && f.f->kind != SRNN_ACT_OWN) {
        f.low = v_act(f.f, v_set1(-f.clip));
        f.high = v_act(f.f, v_set1(f.clip));
    }
    return f;
}

/* The caller's function over the first n lanes; slope may be NULL. */
static NOINLINE vr own_phi(const srnn_activation *f, vr x, srnn_real *slope,
                           size_t n)
{
    srnn_real y[VEC_LANES];

    n = n < VEC_LANES ? n : VEC_LANES;
    v_store(y, x);
    f->own(f->data, n, y, y, slope);
    return v_load(y);
}

/* phi of the clipped p; slot takes the slope of a phi of the caller's. */
INLINE vr phi_at(const srnn_cell *k, const srnn_tile *t, const role *f,
                 size_t r, size_t slot, size_t u, size_t n, vr p)
{
    const vr clip = v_set1(f->clip);
    vr x = p, y;

    if (f->clip > 0)
        x = v_min(clip, v_max(v_sub(v_zero(), clip), p));
    if (f->f->kind != SRNN_ACT_OWN)
        return v_act(f->f, x);
    if (!k->gate)
        return own_phi(f->f, x, NULL, n);
    y = own_phi(f->f, x, k->gate + at(t, r, u, k->ldgate) + slot * k->units,
                n);
    if (f->clip > 0) { /* a NaN is not clipped */
        const vr s = gate_at(k, t, r, slot, u, n);
        const vr inside = v_select(v_lt(v_abs(p), clip), s, v_zero());

        keep(k, t, r, slot, u, n, v_select(v_nan(p), s, inside));
    }
    return y;
}

/* s, but 0 where y is the edge or a NaN. */
INLINE vr zero_at(vr edge, vr y, vr s)
{
    return v_select(v_lt(y, edge), s,
                    v_select(v_lt(edge, y), s, v_zero()));
}

/* The slope of phi where it gave y. */
INLINE vr slope_at(const srnn_cell *k, const srnn_tile *t, const role *f,
                   size_t r, size_t slot, size_t u, size_t n, vr y)
{
    vr s;

    if (f->f->kind == SRNN_ACT_OWN)
        return gate_at(k, t, r, slot, u, n);
    s = v_act_slope(f->f, y);
    if (f->clip > 0)
        s = v_select(v_nan(y), y,
                     zero_at(f->low, y, zero_at(f->high, y, s)));
    return s;
}

/* ---- RNN: slot 1 for the slope of the caller's phi ----------------------- */

static void rnn_any(const srnn_cell *k, const srnn_tile *t)
{
    const role f = role_of(k, 0);

    FOR_TILE(t, r, u, n)
    {
        vr h = phi_at(k, t, &f, r, 1, u, n, pre_at(k, t, r, 0, 0, u, n));

        if (k->gate)
            keep(k, t, r, 0, u, n, h);
        v_store_n(k->h + at(t, r, u, k->ldh), h, n);
    }
}

static void rnn_any_bwd(const srnn_cell *k, const srnn_tile *t)
{
    const role f = role_back(k, 0);

    FOR_TILE(t, r, u, n)
    {
        vr h = gate_at(k, t, r, 0, u, n);
        vr s = slope_at(k, t, &f, r, 1, u, n, h);

        keep(k, t, r, 0, u, n, v_mul(dh_at(k, t, r, u, n), s));
    }
}
