/* The time loop of a layer, forward and backward.
 *
 * Forward: the input part of a block of steps is one product; then step by
 * step the recurrent product, whose tiles go straight to the cell's elementwise
 * function. Backward mirrors it; the gradients of the weights are products
 * over all steps at the end. */
#include "norm.h"

/* Filled in place, and of the masks no more than is asked for where there are
 * none: a single step of a small cell would feel it. */
static void timeline_begin(timeline *l, const pass *p, const node *n,
                           const layer *y, layer_run *r)
{
    l->p = p;
    l->e = srnn_extent_of(p, n);
    l->k = &p->s->net->k;
    l->row = &n->row;
    l->config = &n->recurrent;
    l->y = y;
    l->r = r;
    l->hidden = n->recurrent.hidden;
    l->block = p->s->axis[n->axis].block;
    l->gate_ld = r->at->cell.ldx;
    l->masked = 0;
    l->masking.zone_h = l->masking.zone_c = l->masking.drop = NULL;
    if (r->masks.any)
        l->masked = srnn_layer_masking(p, &r->masks, &l->masking);
}

static srnn_real *gates_at(const timeline *l, size_t t)
{
    return l->r->gate + l->e->first[t] * l->gate_ld;
}

static srnn_real *m_at(const timeline *l, size_t t)
{
    return l->r->gate ? l->r->m + l->e->first[t] * l->hidden : l->r->m;
}

/* The gradient of the projection of step t. */
static srnn_real *dp_at(const timeline *l, size_t t)
{
    return l->r->dp + l->e->first[t] * l->r->carry[CARRY_H].width;
}

/* What the elementwise functions see of step t, over what they see alike in
 * every step. */
static void cell_to(const timeline *l, size_t t, srnn_cell *c)
{
    c->h_prev = srnn_carried(l, CARRY_H, t - 1);
    c->h = srnn_carried(l, CARRY_H, t);
    if (l->row->has_c) {
        c->c_prev = srnn_carried(l, CARRY_C, t - 1);
        c->c = srnn_carried(l, CARRY_C, t);
    }
    if (l->r->gate)
        c->gate = gates_at(l, t);
    if (l->row->has_m)
        c->m = m_at(l, t);
    if (l->row->has_g)
        c->g = srnn_carried(l, CARRY_G, t);
    if (l->r->gate && l->row->norm.work) {
        c->work = c->gate + l->row->norm.work * l->hidden;
        c->ldwork = l->gate_ld;
    }
}

/* h of step t as the recurrent products see it. */
static const srnn_real *seen_h(const timeline *l, size_t t)
{
    return l->masking.drop
               ? l->masking.dropped + srnn_row_of(l, t) * l->masking.lddropped
               : srnn_carried(l, CARRY_H, t);
}

/* The states that a phase's function makes, or takes the gradients of: where h
 * is a projection, one the c, one the h; else the same both. */
enum { OF_H = 1, OF_C = 2 };

static int forward_makes(const timeline *l, const phase *f)
{
    if (!l->row->has_m)
        return OF_H | OF_C;
    return f->weight == W_HR ? OF_H : OF_C;
}

static int backward_takes(const timeline *l, const phase *b)
{
    if (!l->row->has_m)
        return OF_H | OF_C;
    return b->after ? OF_H : OF_C;
}

/* What the functions of step t see of the masks of these states. */
static srnn_masking masking_at(const timeline *l, size_t t, int of)
{
    const size_t row = l->e->first[t];
    srnn_masking m = l->masking;

    if (!(of & OF_H))
        m.zone_h = m.drop = NULL;
    if (!(of & OF_C))
        m.zone_c = NULL;
    if (m.ldzone)
        m.ldzone = l->r->masks.width[m.zone_h ? 0 : 1];
    m.zone_h = m.zone_h ? m.zone_h + row * m.ldzone : NULL;
    m.zone_c = m.zone_c ? m.zone_c + row * m.ldzone : NULL;
    if (m.zone_c && l->r->gate)
        m.c_own += row * m.ldc_own;
    if (m.drop)
        m.dropped += srnn_row_of(l, t) * m.lddropped;
    return m;
}

/* ---- phases ------------------------------------------------------------ */

/* The function takes its product by whole rows, shared out to the crew. */
static void call_rows(const timeline *l, srnn_tile_fn *fn, const srnn_cell *c,
                      const srnn_real *prod, size_t ldprod, size_t rows)
{
    size_t from, to;

    srnn_pool_barrier(l->p->crew);
    srnn_crew_span(l->p->crew, rows, 1, &from, &to);
    srnn_call_tile(fn, c, prod, ldprod, from, to - from, 0, l->hidden);
}

/* A phase's function; under masks the one of that kind, which calls it and sees
 * those of step t, of the states `of`, in *m. */
static srnn_tile_fn *function_of(const timeline *l, const phase *f, int kind,
                                 size_t t, int of, srnn_cell *c,
                                 srnn_masking *m)
{
    srnn_tile_fn *own = l->k->tile[f->tile];

    if (!l->masked)
        return own;
    *m = masking_at(l, t, of);
    m->own = own;
    m->adds = f->adds;
    c->masking = m;
    return kind >= 0 ? l->k->masked[kind] : own;
}

/* ---- forward ----------------------------------------------------------- */

static srnn_rows operand(const timeline *l, const stretch *s,
                         const srnn_cell *c, size_t t)
{
    const size_t h = l->hidden;

    if (s->from == RESET_H)
        return (srnn_rows){{c->work + h}, {2 * h}, {h}};
    if (s->from == CELLS)
        return (srnn_rows){{c->m}, {h}, {h}};
    if (s->from == PREV_G)
        return (srnn_rows){{srnn_carried(l, CARRY_G, t - 1)}, {3 * h}, {3 * h}};
    return (srnn_rows){{seen_h(l, t - 1)}, {c->ldh_prev}, {c->ldh_prev}};
}

static const srnn_real *bias_hh(const timeline *l)
{
    return l->y->full ? l->y->full : l->y->param[B_HH].data;
}

/* The last function makes h; one before it, r h, or the c of what is
 * projected. */
static int forward_kind(const timeline *l, size_t i)
{
    if (i + 1 == l->row->phases)
        return SRNN_MASKED_FORWARD;
    if (l->row->has_m)
        return l->masking.zone_c ? SRNN_MASKED_FORWARD : -1;
    return l->masking.drop && l->row->has_work ? SRNN_MASKED_RESET : -1;
}

static void forward_phase(const timeline *l, size_t i, srnn_cell *c, size_t t,
                          int flip)
{
    const phase *f = &l->row->forward[i];
    const srnn_panels *w = &l->y->forward[i];
    const srnn_rows a = operand(l, &f->of[0], c, t);
    const size_t rows = extent_active(l->e, t);
    const srnn_start start = f->bias ? SRNN_START_BIAS : SRNN_START_ZERO;
    const srnn_real *bias = bias_hh(l) + f->gate * w->units;
    const size_t ld = f->gates * w->units;
    srnn_masking m;
    srnn_tile_fn *fn = function_of(l, f, forward_kind(l, i), t,
                                   forward_makes(l, f), c, &m);
    srnn_cell of_c;
    size_t from, to;

    if (l->masked && l->row->has_m && m.zone_c) {
        of_c = *c;
        of_c.h = c->m; /* in the place of h, as wide as c */
        of_c.ldh = c->ldm;
        c = &of_c;
    }
    srnn_crew_span(l->p->crew, w->units, l->k->panel_units(f->gates), &from,
                   &to);
    if (f->form == TILES) {
        l->k->step(w, rows, &a, start, bias, fn, c, from, to, flip);
        return;
    }
    l->k->product(w, rows, &a, start, bias, l->r->product[i], ld, from, to);
    if (f->form == ROWS)
        call_rows(l, fn, c, l->r->product[i], ld, rows);
}

static void forward_step(const timeline *l, srnn_cell *c, const srnn_real *x,
                         size_t t)
{
    size_t i;

    cell_to(l, t, c);
    c->x = x;
    for (i = 0; i < l->row->phases; i++) {
        if (l->row->forward[i].form == NORMED)
            srnn_norm_forward(l, c, t);
        else
            forward_phase(l, i, c, t, t & 1);
        srnn_pool_barrier(l->p->crew);
    }
}

/* The steps from t0 on whose rows make a block. */
static size_t block_end(const timeline *l, size_t t0)
{
    const extent *e = l->e;
    size_t t1 = t0 + 1;

    while (t1 < e->steps && e->first[t1 + 1] - e->first[t0] <= l->block)
        t1++;
    return t1;
}

void srnn_layer_forward(const pass *p, const node *n, const layer *y,
                        layer_run *r, const srnn_real *x, size_t ldx)
{
    const size_t *first = srnn_extent_of(p, n)->first;
    const int norms = n->row.norm.kind != SRNN_NORM_NONE;
    srnn_cell *c = &r->at[p->crew->worker].cell;
    size_t t0, t1, t, from, to;
    timeline l;

    timeline_begin(&l, p, n, y, r);
    if (l.masked)
        srnn_layer_masks_draw(p, n, (size_t)(y - n->layer), &r->masks);
    srnn_layer_states_in(&l);
    if (norms)
        srnn_norm_begin(&l);
    srnn_crew_span(p->crew, y->x.units, l.k->panel_units(1), &from, &to);
    for (t0 = 0; t0 < l.e->steps; t0 = t1) {
        srnn_real *pre = r->gate ? gates_at(&l, t0) : r->x;
        const srnn_rows rows = {{x + first[t0] * ldx}, {ldx}, {y->in}};

        t1 = block_end(&l, t0);
        l.k->product(&y->x, first[t1] - first[t0], &rows,
                     norms ? SRNN_START_ZERO : SRNN_START_BIAS,
                     y->param[B_IH].data, pre, l.gate_ld, from, to);
        srnn_pool_barrier(p->crew);
        if (norms)
            srnn_norm_input(&l, pre, t0, t1);
        for (t = t0; t < t1; t++)
            forward_step(&l, c, pre + (first[t] - first[t0]) * l.gate_ld, t);
    }
    srnn_layer_states_out(&l);
    if (norms)
        srnn_norm_end(&l);
    srnn_pool_barrier(p->crew);
}

/* ---- backward ---------------------------------------------------------- */

/* The gradients of step t that a backward phase multiplies, as stretches of
 * k. */
static srnn_rows gradient_rows(const timeline *l, const phase *b, size_t t)
{
    const size_t out = l->r->carry[CARRY_H].width;
    srnn_rows rows = {{0}, {0}, {0}};
    size_t i;

    if (b->of[0].from == PROJECTED)
        return (srnn_rows){{dp_at(l, t)}, {out}, {out}};
    for (i = 0; i < 2 && b->of[i].from == SLOTS; i++) {
        rows.a[i] = gates_at(l, t) + b->of[i].slot * l->hidden;
        rows.lda[i] = l->gate_ld;
        rows.k[i] = b->of[i].slots * l->hidden;
    }
    return rows;
}

static int backward_kind(const timeline *l, const phase *b)
{
    if (b->after)
        return SRNN_MASKED_BACKWARD;
    if (l->row->has_m)
        return l->masking.zone_c ? SRNN_MASKED_BACKWARD : -1;
    return l->masking.drop ? SRNN_MASKED_RESET_BWD : -1;
}

/* Where a product begins: zoneout leaves a part of the gradient of h in dh,
 * which dropout of h must not meet. */
static srnn_start start_of(const timeline *l, const phase *b)
{
    if (b->after && b->weight == W_HH && l->masking.drop)
        return SRNN_START_ZERO;
    if (b->after && b->weight == W_HH && l->masking.zone_h)
        return SRNN_START_VALUE;
    return b->adds ? SRNN_START_VALUE : SRNN_START_ZERO;
}

/* What a phase of its own makes of the gradient of g; rows that have no step
 * after this one keep what they hold. */
static void memory_phase(const timeline *l, size_t i, size_t t)
{
    const srnn_panels *w = &l->y->backward[i];
    const size_t rows = extent_active(l->e, t);
    const carry *g = &l->r->carry[CARRY_G];
    srnn_rows d;
    size_t from, to;

    if (!rows)
        return;
    d = gradient_rows(l, &l->row->backward[i], t);
    srnn_crew_span(l->p->crew, w->units, l->k->panel_units(1), &from, &to);
    l->k->product(w, rows, &d, SRNN_START_ZERO, NULL, g->d, g->width, from, to);
}

/* Rows that have no step after this one take what dh holds as product. */
static void backward_phase(const timeline *l, size_t i, srnn_cell *c, size_t t)
{
    const phase *b = &l->row->backward[i];
    const srnn_panels *w = &l->y->backward[i];
    const size_t rows = extent_active(l->e, t);
    const size_t go_on = b->after ? extent_active(l->e, t + 1) : rows;
    const srnn_start start = start_of(l, b);
    srnn_masking m;
    srnn_tile_fn *fn = function_of(l, b, backward_kind(l, b), t,
                                   backward_takes(l, b), c, &m);
    srnn_cell of_c;
    srnn_rows d;
    size_t from, to;

    if (b->form == MEMORY) {
        memory_phase(l, i, t + 1);
        return;
    }
    if (l->masked && l->row->has_m && m.zone_c) {
        of_c = *c;
        of_c.dy = NULL; /* the product is all that there is of m */
        c = &of_c;
    }
    srnn_crew_span(l->p->crew, w->units, l->k->panel_units(1), &from, &to);
    if (go_on)
        d = gradient_rows(l, b, b->after ? t + 1 : t);
    if (go_on && b->form == TILES)
        l->k->step(w, go_on, &d, start, NULL, fn, c, from, to, t & 1);
    else if (go_on)
        l->k->product(w, go_on, &d, start, NULL, c->dh, c->lddh, from, to);
    m.last = b->after;
    if (b->form == TILES)
        srnn_call_tile(fn, c, c->dh, c->lddh, go_on, rows - go_on, from, to);
    else
        call_rows(l, fn, c, c->dh, c->lddh, rows);
}

static void backward_step(const timeline *l, srnn_cell *c,
                          const srnn_real *dy, size_t t)
{
    size_t i;

    cell_to(l, t, c);
    c->dy = dy ? dy + l->e->first[t] * l->r->carry[CARRY_H].width : NULL;
    if (l->row->has_m)
        c->dp = dp_at(l, t);
    for (i = 0; i < l->row->phases; i++) {
        backward_phase(l, i, c, t);
        if (l->row->norm.kind)
            srnn_norm_backward(l, c, t);
        srnn_pool_barrier(l->p->crew);
    }
}

/* The gradient of the state before the first step, left in dh. */
static void first_state(const timeline *l, srnn_cell *c)
{
    const carry *h = &l->r->carry[CARRY_H];
    size_t i, from, to;

    c->masking = &l->masking;
    for (i = 0; i < l->row->phases; i++) {
        const phase *b = &l->row->backward[i];
        const srnn_panels *w = &l->y->backward[i];
        const srnn_rows rows = gradient_rows(l, b, 0);

        if (b->form == MEMORY)
            memory_phase(l, i, 0);
        if (!b->after || b->form == MEMORY)
            continue;
        srnn_crew_span(l->p->crew, w->units, l->k->panel_units(1), &from, &to);
        if (l->masking.drop)
            l->k->step(w, extent_active(l->e, 0), &rows, start_of(l, b), NULL,
                       l->k->masked[SRNN_MASKED_STATE], c, from, to, 0);
        else
            l->k->product(w, extent_active(l->e, 0), &rows, start_of(l, b),
                          NULL, h->d, h->width, from, to);
    }
}

void srnn_layer_backward(const pass *p, const node *n, const layer *y,
                         layer_run *r, const layer_input *in)
{
    srnn_cell *c = &r->at[p->crew->worker].cell;
    timeline l;
    size_t t;

    timeline_begin(&l, p, n, y, r);
    srnn_layer_gradients_in(&l);
    srnn_pool_barrier(p->crew);
    for (t = l.e->steps; t-- > 0;)
        backward_step(&l, c, in->dy, t);
    if (l.e->steps)
        first_state(&l, c);
    srnn_layer_gradients(&l, in);
    srnn_pool_barrier(p->crew);
    srnn_layer_gradients_out(&l);
}
