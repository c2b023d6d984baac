/* The LSTM in all its variants, backward; and the projection. */

/* What a mark stands for, of the gates and of g. */
typedef struct lstm_edges {
    vr low[2], high[2];
} lstm_edges;

INLINE lstm_edges lstm_edges_of(const lstm_at *l)
{
    lstm_edges e = {{v_zero(), v_zero()}, {v_zero(), v_zero()}};

    for (int role = 0; l->marks && role < 2; role++) {
        const srnn_activation f = lstm_act(l->k->variant, role);
        srnn_real edge[2] = {-l->k->variant->clip, l->k->variant->clip};

        activate(&f, 2, edge, edge);
        e.low[role] = v_set1(edge[0]);
        e.high[role] = v_set1(edge[1]);
    }
    return e;
}

INLINE vr lstm_kept(const lstm_at *l, size_t gate)
{
    return gate_at(l->k, l->t, l->r, lstm_slot_of(&l->s, gate), l->u, l->n);
}

/* What a gate that is there was. */
INLINE vr lstm_y(const lstm_at *l, const lstm_edges *e, size_t gate)
{
    const int role = lstm_role(gate);
    const vr y = lstm_kept(l, gate);

    if (!l->marks)
        return y;
    return v_select(v_marked(y),
                    v_select(v_marked_high(y), e->high[role], e->low[role]),
                    y);
}

INLINE vr lstm_slope(const lstm_at *l, size_t gate, vr y)
{
    const int role = lstm_role(gate);
    vr slope;

    if (!l->plain && l->k->variant->slopes)
        return gate_at(l->k, l->t, l->r,
                       l->s.gates + lstm_slot_of(&l->s, gate), l->u, l->n);
    slope = lstm_vector_slope(l, role, y);
    return l->marks ? v_select(v_marked(lstm_kept(l, gate)), v_zero(), slope)
                    : slope;
}

/* da of a gate that is y from its own gradient d, to which, of i, f, o, the
 * step after adds; in its slot. */
INLINE vr lstm_gate_bwd(const lstm_at *l, size_t gate, vr y, vr d)
{
    vr da;

    if (l->s.full && gate != LSTM_G)
        d = v_add(d, v_load_n(l->k->dg + lstm_of_three(l, gate, l->k->lddg),
                              l->n));
    da = v_mul(d, lstm_slope(l, gate, y));
    keep(l->k, l->t, l->r, lstm_slot_of(&l->s, gate), l->u, l->n, da);
    return da;
}

/* dc' from d, that of h or m, and what dc holds; o's gradient in its slot. */
INLINE vr lstm_dc(const lstm_at *l, const lstm_edges *e, vr d, vr dc)
{
    const srnn_cell *k = l->k;
    const srnn_real limit = k->variant->cell_clip;
    const vr c = v_load_n(k->c + at(l->t, l->r, l->u, k->ldc), l->n);
    const vr y = l->staged[2] ? lstm_staged(l, l->part->out, 0)
                              : lstm_vector_phi(l, 2, c);
    const vr slope = l->staged[2] ? lstm_staged(l, l->part->out_slope, 0)
                                  : lstm_vector_slope(l, 2, y);
    vr dy = d, da = v_zero();

    if (l->s.o) {
        const vr o = lstm_y(l, e, LSTM_O);

        dy = v_mul(d, o);
        da = lstm_gate_bwd(l, LSTM_O, o, v_mul(d, y));
    }
    dc = v_fma(dy, slope, dc);
    if (l->s.o && l->s.peep)
        dc = v_fma(lstm_peephole(l, LSTM_O), da, dc);
    return limit > 0 ? v_unless_at(dc, c, limit) : dc;
}

/* The gradients of i, f, g from dc'; returns that of c_prev. Never -0: a step
 * without a gradient leaves no trace, whatever the sign of f. */
INLINE vr lstm_old_dc(const lstm_at *l, const lstm_edges *e, vr dc)
{
    const vr c = lstm_old_c(l), g = lstm_y(l, e, LSTM_G);
    vr dg = dc, old = dc, i, f = dc, da = dc;

    if (l->s.i) {
        i = lstm_y(l, e, LSTM_I);
        da = lstm_gate_bwd(l, LSTM_I, i,
                           v_mul(dc, l->s.coupled ? v_sub(g, c) : g));
        dg = v_mul(dc, i);
        if (l->s.coupled)
            old = v_fma(dc, v_sub(v_set1(1), i), v_zero());
    }
    if (l->s.f) {
        f = lstm_y(l, e, LSTM_F);
        old = v_fma(dc, f, v_zero());
    }
    if (l->s.i && l->s.peep)
        old = v_fma(lstm_peephole(l, LSTM_I), da, old);
    if (l->s.f) {
        da = lstm_gate_bwd(l, LSTM_F, f, v_mul(dc, c));
        if (l->s.peep)
            old = v_fma(lstm_peephole(l, LSTM_F), da, old);
    }
    lstm_gate_bwd(l, LSTM_G, g, dg);
    return old;
}

INLINE void lstm_bwd_of(lstm_at *l, const lstm_edges *e)
{
    const srnn_cell *k = l->k;

    FOR_LSTM(l)
    {
        vr d = k->m ? prod_at(l->t, l->r, 0, l->u, l->n)
                    : dh_at(k, l->t, l->r, l->u, l->n);
        srnn_real *dc = k->dc + at(l->t, l->r, l->u, k->lddc);

        v_store_n(dc, lstm_old_dc(l, e, lstm_dc(l, e, d, v_load_n(dc, l->n))),
                  l->n);
    }
}

INLINE void lstm_tile_bwd(const srnn_cell *k, const srnn_tile *t,
                          const int plain, const int marks)
{
    const srnn_cell cell = *k;
    const srnn_tile tile = *t;
    lstm_at l = lstm_begin(&cell, &tile, plain, marks, NULL);
    const lstm_edges e = lstm_edges_of(&l);

    lstm_bwd_of(&l, &e);
}

/* A caller's own act[2] of c. */
static void lstm_own_out(const srnn_cell *k, const srnn_tile *t, lstm_part *p)
{
    const srnn_activation *f = &k->variant->act[2];

    FOR_TILE(t, r, u, n)
        v_store_n(p->out + in_part(t, r, u),
                  v_load_n(k->c + at(t, r, u, k->ldc), n), n);
    f->own(f->data, t->rows * t->units, p->out, p->out, p->out_slope);
}

static void lstm_any_bwd(const srnn_cell *k, const srnn_tile *t)
{
    const int marks = lstm_marks(k->variant);
    lstm_part staged;
    lstm_edges e;
    lstm_at l;

    if (lstm_is_plain(k->variant) && !marks)
        lstm_tile_bwd(k, t, 1, 0);
    else if (lstm_is_plain(k->variant))
        lstm_tile_bwd(k, t, 1, 1);
    else if (!role_is_own(k, 2) && !marks)
        lstm_tile_bwd(k, t, 0, 0);
    else if (!role_is_own(k, 2))
        lstm_tile_bwd(k, t, 0, 1);
    else
        FOR_PARTS(t, part)
        {
            l = lstm_begin(k, &part, 0, marks, &staged);
            e = lstm_edges_of(&l);
            lstm_own_out(k, &part, &staged);
            lstm_bwd_of(&l, &e);
        }
}

static void project_bwd(const srnn_cell *k, const srnn_tile *t)
{
    const srnn_real limit = k->variant->projection_clip;

    FOR_TILE(t, r, u, n)
    {
        vr d = dh_at(k, t, r, u, n);

        if (limit > 0)
            d = v_unless_at(d, v_load_n(k->h + at(t, r, u, k->ldh), n), limit);
        v_store_n(k->dp + at(t, r, u, k->lddp), d, n);
    }
}
