/* The LSTM in all its variants, forward; and the projection. */

/* x + p of a gate, of i, f, o with q and a look at c. */
INLINE vr lstm_pre(const lstm_at *l, size_t gate, vr c)
{
    const size_t slot = lstm_slot_of(&l->s, gate);
    vr a = pre_at(l->k, l->t, l->r, slot, slot, l->u, l->n);

    if (gate == LSTM_G)
        return a;
    if (l->s.full)
        a = v_add(a, v_load_n(l->k->q + lstm_of_three(l, gate, l->k->ldq),
                              l->n));
    if (l->s.peep)
        a = v_fma(lstm_peephole(l, gate), c, a);
    return a;
}

/* That, or 0 where there is no gate. */
INLINE vr lstm_a(const lstm_at *l, size_t gate, vr c)
{
    if (!lstm_has(&l->s, gate))
        return v_zero();
    if (l->staged[lstm_role(gate)])
        return lstm_staged(l, l->part->a, gate);
    return lstm_pre(l, gate, c);
}

INLINE vr lstm_clipped(const lstm_at *l, vr a)
{
    return l->k->variant->clip > 0 ? v_clip(a, l->k->variant->clip) : a;
}

/* phi(x) of a gate; of the plain cell's whether it is there or not. */
INLINE vr lstm_phi(const lstm_at *l, size_t gate, vr x)
{
    const int role = lstm_role(gate);

    if (!l->plain && !lstm_has(&l->s, gate))
        return x;
    return l->staged[role] ? lstm_staged(l, l->part->y, gate)
                           : lstm_vector_phi(l, role, x);
}

/* What backward wants of gate y with pre-activation a. */
INLINE void lstm_keep(const lstm_at *l, size_t gate, vr y, vr a)
{
    const srnn_variant *v = l->k->variant;
    const size_t slot = lstm_slot_of(&l->s, gate);
    const int role = lstm_role(gate);
    vr slope;

    keep(l->k, l->t, l->r, slot, l->u, l->n,
         l->marks ? v_mark(y, a, v->clip) : y);
    if (l->plain || !v->slopes)
        return;
    slope = l->staged[role] ? lstm_staged(l, l->part->slope, gate)
                            : lstm_vector_slope(l, role, y);
    if (v->clip > 0)
        slope = v_unless_beyond(slope, a, v->clip);
    keep(l->k, l->t, l->r, l->s.gates + slot, l->u, l->n, slope);
}

/* A gate that is there, once it is known: for backward and the step after. */
INLINE void lstm_leave(const lstm_at *l, size_t gate, vr y, vr a)
{
    if (!lstm_has(&l->s, gate))
        return;
    if (l->k->gate)
        lstm_keep(l, gate, y, a);
    if (l->s.full && gate != LSTM_G)
        v_store_n(l->k->g + lstm_of_three(l, gate, l->k->ldg), y, l->n);
}

/* c from c_prev and i, f, g. The plain cell's activations follow one another
 * without a branch: so they overlap. */
INLINE vr lstm_new_c(const lstm_at *l, vr c)
{
    const srnn_real limit = l->k->variant->cell_clip;
    const vr ai = lstm_a(l, LSTM_I, c), af = lstm_a(l, LSTM_F, c);
    const vr ag = lstm_a(l, LSTM_G, c);
    const vr xi = lstm_clipped(l, ai), xf = lstm_clipped(l, af);
    const vr xg = lstm_clipped(l, ag);
    vr i = lstm_phi(l, LSTM_I, xi), f = lstm_phi(l, LSTM_F, xf);
    vr g = lstm_phi(l, LSTM_G, xg);

    lstm_leave(l, LSTM_I, i, ai);
    lstm_leave(l, LSTM_F, f, af);
    lstm_leave(l, LSTM_G, g, ag);
    if (l->s.coupled)
        f = v_sub(v_set1(1), i);
    if (l->s.i)
        g = v_mul(i, g);
    c = l->s.f || l->s.coupled ? v_fma(f, c, g) : v_add(c, g);
    return limit > 0 ? v_clip(c, limit) : c;
}

/* h (or m) from c. */
INLINE void lstm_new_h(const lstm_at *l, vr c)
{
    const srnn_cell *k = l->k;
    const vr a = lstm_a(l, LSTM_O, c);
    const vr o = lstm_phi(l, LSTM_O, lstm_clipped(l, a));
    vr h = l->staged[2] ? lstm_staged(l, l->part->out, 0)
                        : lstm_vector_phi(l, 2, c);

    lstm_leave(l, LSTM_O, o, a);
    if (l->s.o)
        h = v_mul(o, h);
    if (k->m)
        v_store_n(k->m + at(l->t, l->r, l->u, k->ldm), h, l->n);
    else
        v_store_n(k->h + at(l->t, l->r, l->u, k->ldh), h, l->n);
}

INLINE vr lstm_old_c(const lstm_at *l)
{
    return v_load_n(l->k->c_prev + at(l->t, l->r, l->u, l->k->ldc_prev), l->n);
}

INLINE void lstm_store_c(const lstm_at *l, vr c)
{
    v_store_n(l->k->c + at(l->t, l->r, l->u, l->k->ldc), c, l->n);
}

INLINE void lstm_tile(const srnn_cell *k, const srnn_tile *t,
                      const int plain, const int marks)
{
    lstm_at l = lstm_begin(k, t, plain, marks, NULL);

    FOR_LSTM(&l)
    {
        const vr c = lstm_new_c(&l, lstm_old_c(&l));

        lstm_store_c(&l, c);
        lstm_new_h(&l, c);
    }
}

/* Gates [gate, gate + count), of which some may not be there, through the
 * activation of their role, if it is a staged one. */
static void lstm_phis(lstm_at l, size_t gate, size_t count)
{
    const srnn_variant *v = l.k->variant;
    const srnn_activation f = lstm_act(v, lstm_role(gate));
    const size_t all = l.t->rows * l.t->units;
    const int kept = l.k->gate && v->slopes;
    lstm_part *p = l.part;
    size_t j;

    if (!l.staged[lstm_role(gate)])
        return;
    for (j = gate; j < gate + count; j++) {
        if (!lstm_has(&l.s, j))
            continue;
        if (j != LSTM_O)
            FOR_LSTM(&l)
                v_store_n(lstm_stage(&l, p->a, j),
                          lstm_pre(&l, j, lstm_old_c(&l)), l.n);
        phi_clipped(&f, v->clip, all, p->a + j * all, p->y + j * all,
                    kept ? p->slope + j * all : NULL);
    }
}

INLINE void lstm_staged_part(lstm_at *l)
{
    const srnn_activation out = lstm_act(l->k->variant, 2);
    const size_t all = l->t->rows * l->t->units;

    lstm_phis(*l, LSTM_I, 2);
    lstm_phis(*l, LSTM_G, 1);
    FOR_LSTM(l)
    {
        const vr c = lstm_new_c(l, lstm_old_c(l));

        lstm_store_c(l, c);
        v_store_n(lstm_stage(l, l->part->out, 0), c, l->n);
        if (l->s.o && l->staged[0])
            v_store_n(lstm_stage(l, l->part->a, LSTM_O),
                      lstm_pre(l, LSTM_O, c), l->n);
    }
    lstm_phis(*l, LSTM_O, 1);
    if (l->staged[2])
        activate(&out, all, l->part->out, l->part->out);
    FOR_LSTM(l)
        lstm_new_h(l, v_load_n(l->k->c + at(l->t, l->r, l->u, l->k->ldc),
                               l->n));
}

static void lstm_any(const srnn_cell *k, const srnn_tile *t)
{
    const int marks = lstm_marks(k->variant);
    lstm_part staged;
    lstm_at l;

    if (lstm_is_plain(k->variant) && !marks)
        lstm_tile(k, t, 1, 0);
    else if (lstm_is_plain(k->variant))
        lstm_tile(k, t, 1, 1);
    else if (!role_is_own(k, 0) && !role_is_own(k, 1) && !role_is_own(k, 2))
        lstm_tile(k, t, 0, marks);
    else
        FOR_PARTS(t, part)
        {
            l = lstm_begin(k, &part, 0, marks, &staged);
            lstm_staged_part(&l);
        }
}

static void project(const srnn_cell *k, const srnn_tile *t)
{
    const srnn_real limit = k->variant->projection_clip;

    FOR_TILE(t, r, u, n)
    {
        vr h = prod_at(t, r, 0, u, n);

        v_store_n(k->h + at(t, r, u, k->ldh), limit > 0 ? v_clip(h, limit) : h,
                  n);
    }
}
