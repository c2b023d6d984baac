/* The LSTM in all its variants, one body forward and one backward, and the
 * projection. simdrnn/tiles.h states each formula at SRNN_TILE_LIST; a is a
 * pre-activation, da its gradient. */

/* Where a gate that is there lies: its slot, its column of the product, its row
 * of the peepholes. */
typedef struct lstm_form {
    int i, f, o;    /* are there */
    size_t of_g, of_o, gates;
    int coupled, peep, full;
} lstm_form;

INLINE lstm_form lstm_form_of(const srnn_variant *v)
{
    lstm_form s;

    s.coupled = !!(v->lstm & SRNN_LSTM_COUPLED);
    s.i = !(v->lstm & SRNN_LSTM_NO_INPUT_GATE);
    s.f = !(v->lstm & SRNN_LSTM_NO_FORGET_GATE) && !s.coupled;
    s.o = !(v->lstm & SRNN_LSTM_NO_OUTPUT_GATE);
    s.of_g = (size_t)(s.i + s.f);
    s.of_o = s.of_g + 1;
    s.gates = s.of_o + (size_t)s.o;
    s.peep = !!(v->lstm & SRNN_LSTM_PEEPHOLES);
    s.full = !!(v->lstm & SRNN_LSTM_FULL_RECURRENCE);
    return s;
}

/* What the functions below have in common: a vector of units of one row. */
typedef struct lstm_at {
    const srnn_cell *k;
    const srnn_tile *t;
    lstm_form s;
    size_t r, u, n;
} lstm_at;

INLINE vr lstm_peephole(const lstm_at *l, size_t gate)
{
    return v_load_n(l->k->peephole + gate * l->k->units + l->t->unit + l->u,
                    l->n);
}

/* Gate j of i, f, o in q, g or dg. */
INLINE size_t lstm_of_three(const lstm_at *l, size_t j, size_t ld)
{
    return at(l->t, l->r, l->u, ld) + j * l->k->units;
}

INLINE vr v_clip(vr x, srnn_real limit)
{
    return v_min(v_set1(limit), v_max(v_set1(-limit), x));
}

/* d, but 0 where |x| is beyond the limit (or, reached: at it). */
INLINE vr v_unless_beyond(vr d, vr x, srnn_real limit)
{
    return v_select(v_lt(v_set1(limit), v_abs(x)), v_zero(), d);
}

INLINE vr v_unless_at(vr d, vr x, srnn_real limit)
{
    const vm inside = v_lt(v_abs(x), v_set1(limit));

    return v_select(inside, d, v_select(v_nan(x), d, v_zero()));
}

/* A caller's own function of a vector; its slope where it is wanted. */
INLINE vr lstm_own(const srnn_activation *f, vr x, size_t n, vr *slope)
{
    srnn_real s[VEC_LANES];
    const vr y = own_phi(f, x, slope ? s : NULL, n);

    if (slope)
        *slope = v_load_n(s, min_size(n, VEC_LANES));
    return y;
}

/* phi(x); the plain cell's is inlined. */
INLINE vr lstm_phi(const srnn_activation *f, int gate, vr x)
{
    if (f->kind == SRNN_ACT_DEFAULT ||
        f->kind == (gate ? SRNN_ACT_SIGMOID : SRNN_ACT_TANH))
        return gate ? v_sigmoid(x) : v_tanh(x);
    return v_act(f, x);
}

/* Its slope where it was y. */
INLINE vr lstm_slope(const srnn_activation *f, int gate, vr y)
{
    if (f->kind == SRNN_ACT_DEFAULT ||
        f->kind == (gate ? SRNN_ACT_SIGMOID : SRNN_ACT_TANH))
        return gate ? dsigmoid(y) : dtanh(y);
    return v_act_slope(f, y);
}

/* A gate (or g) from its pre-activation, kept for backward. */
INLINE vr lstm_gate(const lstm_at *l, int gate, size_t slot, vr a)
{
    const srnn_variant *v = l->k->variant;
    const srnn_activation *f = &v->act[!gate];
    const vr x = v->clip > 0 ? v_clip(a, v->clip) : a;
    const int wants_slope = l->k->gate && v->slopes;
    vr y, slope = v_zero();

    if (f->kind == SRNN_ACT_OWN)
        y = lstm_own(f, x, l->n, wants_slope ? &slope : NULL);
    else
        y = lstm_phi(f, gate, x);
    if (l->k->gate)
        keep(l->k, l->t, l->r, slot, l->u, l->n, y);
    if (wants_slope) {
        if (f->kind != SRNN_ACT_OWN)
            slope = lstm_slope(f, gate, y);
        if (v->clip > 0)
            slope = v_unless_beyond(slope, a, v->clip);
        keep(l->k, l->t, l->r, l->s.gates + slot, l->u, l->n, slope);
    }
    return y;
}

/* x + p + q of a gate, j among i, f, o. */
INLINE vr lstm_pre(const lstm_at *l, size_t slot, size_t j)
{
    vr a = pre_at(l->k, l->t, l->r, slot, slot, l->u, l->n);

    if (l->s.full)
        a = v_add(a, v_load_n(l->k->q + lstm_of_three(l, j, l->k->ldq),
                              l->n));
    return a;
}

/* Gate j among i, f, o, looking at c; for the step after too. */
INLINE vr lstm_sigma(const lstm_at *l, size_t slot, size_t j, size_t peephole,
                     vr c)
{
    vr a = lstm_pre(l, slot, j);
    vr y;

    if (l->s.peep)
        a = v_fma(lstm_peephole(l, peephole), c, a);
    y = lstm_gate(l, 1, slot, a);
    if (l->s.full)
        v_store_n(l->k->g + lstm_of_three(l, j, l->k->ldg), y, l->n);
    return y;
}

/* c from c_prev and the gates. */
INLINE vr lstm_new_c(const lstm_at *l, vr c)
{
    const srnn_variant *v = l->k->variant;
    vr i = v_zero(), f, g;

    if (l->s.i)
        i = lstm_sigma(l, 0, 0, 0, c);
    f = l->s.f         ? lstm_sigma(l, (size_t)l->s.i, 1, (size_t)l->s.i, c)
        : l->s.coupled ? v_sub(v_set1(1), i)
                       : v_zero();
    g = lstm_gate(l, 0, l->s.of_g,
                  pre_at(l->k, l->t, l->r, l->s.of_g, l->s.of_g, l->u, l->n));
    if (l->s.i)
        g = v_mul(i, g);
    c = l->s.f || l->s.coupled ? v_fma(f, c, g) : v_add(c, g);
    return v->cell_clip > 0 ? v_clip(c, v->cell_clip) : c;
}

/* act[2](c), and its slope where it is wanted. */
INLINE vr lstm_out(const lstm_at *l, vr c, vr *slope)
{
    const srnn_activation *f = &l->k->variant->act[2];
    vr y;

    if (f->kind == SRNN_ACT_OWN)
        return lstm_own(f, c, l->n, slope);
    y = lstm_phi(f, 0, c);
    if (slope)
        *slope = lstm_slope(f, 0, y);
    return y;
}

static void lstm_any(const srnn_cell *k, const srnn_tile *t)
{
    lstm_at l = {.k = k, .t = t, .s = lstm_form_of(k->variant)};

    FOR_TILE(t, r, u, n)
    {
        vr c, y;

        l.r = r;
        l.u = u;
        l.n = n;
        c = lstm_new_c(&l, v_load_n(k->c_prev + at(t, r, u, k->ldc_prev), n));
        v_store_n(k->c + at(t, r, u, k->ldc), c, n);
        y = lstm_out(&l, c, NULL);
        if (l.s.o)
            y = v_mul(lstm_sigma(&l, l.s.of_o, 2, l.s.of_g, c), y);
        if (k->m)
            v_store_n(k->m + at(t, r, u, k->ldm), y, n);
        else
            v_store_n(k->h + at(t, r, u, k->ldh), y, n);
    }
}

/* da of a gate (or g) that is y, from its own gradient d; in its slot. */
INLINE vr lstm_gate_bwd(const lstm_at *l, int gate, size_t slot, vr y, vr d)
{
    const srnn_variant *v = l->k->variant;
    vr slope = v->slopes ? gate_at(l->k, l->t, l->r, l->s.gates + slot, l->u,
                                   l->n)
                         : lstm_slope(&v->act[!gate], gate, y);
    vr da = v_mul(d, slope);

    keep(l->k, l->t, l->r, slot, l->u, l->n, da);
    return da;
}

/* The same of gate j among i, f, o, with what the step after adds to d. */
INLINE vr lstm_sigma_bwd(const lstm_at *l, size_t slot, size_t j, vr y, vr d)
{
    if (l->s.full)
        d = v_add(d, v_load_n(l->k->dg + lstm_of_three(l, j, l->k->lddg),
                              l->n));
    return lstm_gate_bwd(l, 1, slot, y, d);
}

INLINE vr lstm_slot(const lstm_at *l, size_t slot)
{
    return gate_at(l->k, l->t, l->r, slot, l->u, l->n);
}

/* dc' from d, that of h or m, and what dc holds; o's gradient in its slot. */
INLINE vr lstm_dc(const lstm_at *l, vr d, vr dc)
{
    const srnn_cell *k = l->k;
    const vr c = v_load_n(k->c + at(l->t, l->r, l->u, k->ldc), l->n);
    vr slope, t = lstm_out(l, c, &slope), dt = d, da = v_zero();

    if (l->s.o) {
        const vr o = lstm_slot(l, l->s.of_o);

        dt = v_mul(d, o);
        da = lstm_sigma_bwd(l, l->s.of_o, 2, o, v_mul(d, t));
    }
    dc = v_fma(dt, slope, dc);
    if (l->s.o && l->s.peep)
        dc = v_fma(lstm_peephole(l, l->s.of_g), da, dc);
    return k->variant->cell_clip > 0
               ? v_unless_at(dc, c, k->variant->cell_clip)
               : dc;
}

/* The gradients of i, f, g from dc'; returns that of c_prev. Never -0: a step
 * without a gradient leaves no trace, whatever the sign of f. */
INLINE vr lstm_old_dc(const lstm_at *l, vr dc)
{
    const srnn_cell *k = l->k;
    const vr c = v_load_n(k->c_prev + at(l->t, l->r, l->u, k->ldc_prev), l->n);
    const size_t of_f = (size_t)l->s.i;
    const vr g = lstm_slot(l, l->s.of_g);
    vr dg = dc, old = dc, i, f = dc, da = dc;

    if (l->s.i) {
        i = lstm_slot(l, 0);
        da = lstm_sigma_bwd(l, 0, 0, i,
                            v_mul(dc, l->s.coupled ? v_sub(g, c) : g));
        dg = v_mul(dc, i);
        if (l->s.coupled)
            old = v_fma(dc, v_sub(v_set1(1), i), v_zero());
    }
    if (l->s.f) {
        f = lstm_slot(l, of_f);
        old = v_fma(dc, f, v_zero());
    }
    if (l->s.i && l->s.peep)
        old = v_fma(lstm_peephole(l, 0), da, old);
    if (l->s.f) {
        da = lstm_sigma_bwd(l, of_f, 1, f, v_mul(dc, c));
        if (l->s.peep)
            old = v_fma(lstm_peephole(l, of_f), da, old);
    }
    lstm_gate_bwd(l, 0, l->s.of_g, g, dg);
    return old;
}

static void lstm_any_bwd(const srnn_cell *k, const srnn_tile *t)
{
    lstm_at l = {.k = k, .t = t, .s = lstm_form_of(k->variant)};

    FOR_TILE(t, r, u, n)
    {
        vr d = k->m ? prod_at(t, r, 0, u, n) : dh_at(k, t, r, u, n);
        srnn_real *dcp = k->dc + at(t, r, u, k->lddc);

        l.r = r;
        l.u = u;
        l.n = n;
        v_store_n(dcp, lstm_old_dc(&l, lstm_dc(&l, d, v_load_n(dcp, n))), n);
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
