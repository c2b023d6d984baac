/* The time loop of a layer, forward and backward.
 *
 * Forward: the input part of a block of steps is one product; then step by
 * step the recurrent product, whose tiles go straight to the cell's elementwise
 * function. Backward mirrors it; the gradients of the weights are products
 * over all steps at the end. */
#include "layer.h"

#include <string.h>

/* Everything a time step looks at, fixed for a pass. */
typedef struct timeline {
    const pass *p;
    const extent *e;
    const srnn_kernels *k;
    const cell_row *row;
    const layer *y;
    layer_run *r;
    size_t hidden;
    size_t gate_ld; /* between rows of gates, or of x in inference */
} timeline;

static timeline timeline_of(const pass *p, const node *n, const layer *y,
                            layer_run *r)
{
    return (timeline){p,
                      p->extent,
                      &p->s->net->k,
                      srnn_cell_row(n->recurrent.cell),
                      y,
                      r,
                      n->recurrent.hidden,
                      r->cell.ldx};
}

#define BEFORE ((size_t)-1) /* the step before the first: the state */

/* The first row of step t in y, and in c where all steps are kept. */
static size_t row_of(const timeline *l, size_t t)
{
    return t == BEFORE ? 0 : l->e->batch + l->e->first[t];
}

static srnn_real *y_at(const timeline *l, size_t t)
{
    return l->r->y + row_of(l, t) * l->hidden;
}

static srnn_real *c_at(const timeline *l, size_t t)
{
    return l->r->gate ? l->r->c + row_of(l, t) * l->hidden : l->r->c;
}

static srnn_real *gates_at(const timeline *l, size_t t)
{
    return l->r->gate + l->e->first[t] * l->gate_ld;
}

/* What the elementwise functions see of step t. */
static srnn_cell cell_at(const timeline *l, size_t t)
{
    srnn_cell c = l->r->cell;

    c.h_prev = y_at(l, t - 1);
    c.h = y_at(l, t);
    if (l->row->has_c) {
        c.c_prev = c_at(l, t - 1);
        c.c = c_at(l, t);
    }
    if (l->r->gate)
        c.gate = gates_at(l, t);
    return c;
}

/* ---- states, in the caller's order outside, the extent's inside -------- */

static void copy_row(const timeline *l, const srnn_real *from, size_t i,
                     srnn_real *to, size_t j)
{
    memcpy(to + j * l->hidden, from + i * l->hidden, l->hidden * sizeof *to);
}

static void states_in(const timeline *l)
{
    const extent *e = l->e;
    size_t i;

    for (i = 0; l->p->crew->worker == 0 && i < e->batch; i++) {
        copy_row(l, l->r->h_state, e->order[i], l->r->y, i);
        if (l->row->has_c)
            copy_row(l, l->r->c_state, e->order[i], l->r->c, i);
    }
}

/* Each sequence's last step is carried on. */
static void states_out(const timeline *l)
{
    const extent *e = l->e;
    size_t t, i;

    for (t = 0; l->p->crew->worker == 0 && t < e->steps; t++)
        for (i = extent_active(e, t + 1); i < extent_active(e, t); i++) {
            copy_row(l, y_at(l, t), i, l->r->h_state, e->order[i]);
            if (l->row->has_c)
                copy_row(l, c_at(l, t), i, l->r->c_state, e->order[i]);
        }
}

static void gradients_in(const timeline *l)
{
    const size_t bytes = l->e->batch * l->hidden * sizeof(srnn_real);

    if (l->p->crew->worker != 0)
        return;
    memset(l->r->dh, 0, bytes);
    if (l->row->has_c)
        memset(l->r->dc, 0, bytes);
}

static void gradients_out(const timeline *l)
{
    const extent *e = l->e;
    size_t i;

    for (i = 0; l->p->crew->worker == 0 && i < e->batch; i++) {
        copy_row(l, l->r->dh, i, l->r->dh_state, e->order[i]);
        if (l->row->has_c)
            copy_row(l, l->r->dc, i, l->r->dc_state, e->order[i]);
    }
}

/* ---- forward ----------------------------------------------------------- */

static void forward_step(const timeline *l, const srnn_real *x, size_t t,
                         int flip)
{
    const crew *who = l->p->crew;
    srnn_cell c = cell_at(l, t);
    size_t i, from, to;

    c.x = x;
    for (i = 0; i < l->row->phases; i++) {
        const phase *f = &l->row->forward[i];
        const size_t h = l->hidden;
        const srnn_rows rows = {{f->reset_h ? c.work + h : c.h_prev},
                                {f->reset_h ? 2 * h : h},
                                {h}};

        srnn_crew_span(who, h, l->k->panel_units(f->gates), &from, &to);
        l->k->step(&l->y->h[i], extent_active(l->e, t), &rows, SRNN_START_BIAS,
                   l->y->b_hh + f->gate * h, l->k->tile[f->tile], &c, from, to,
                   flip);
        srnn_pool_barrier(who);
    }
}

/* The steps from t0 on whose rows make a block. */
static size_t block_end(const timeline *l, size_t t0)
{
    const extent *e = l->e;
    size_t t1 = t0 + 1;

    while (t1 < e->steps && e->first[t1 + 1] - e->first[t0] <= l->p->s->block)
        t1++;
    return t1;
}

void srnn_layer_forward(const pass *p, const node *n, const layer *y,
                        layer_run *r, const srnn_real *x, size_t ldx)
{
    const timeline l = timeline_of(p, n, y, r);
    const size_t *first = l.e->first;
    size_t t0, t1, t, from, to;

    states_in(&l);
    srnn_crew_span(p->crew, y->x.units, l.k->panel_units(1), &from, &to);
    for (t0 = 0; t0 < l.e->steps; t0 = t1) {
        srnn_real *pre = r->gate ? gates_at(&l, t0) : r->x;
        const srnn_rows rows = {{x + first[t0] * ldx}, {ldx}, {y->in}};

        t1 = block_end(&l, t0);
        l.k->product(&y->x, first[t1] - first[t0], &rows, SRNN_START_BIAS,
                     y->b_ih, pre, l.gate_ld, from, to);
        srnn_pool_barrier(p->crew);
        for (t = t0; t < t1; t++)
            forward_step(&l, pre + (first[t] - first[t0]) * l.gate_ld, t,
                         t & 1);
    }
    states_out(&l);
    srnn_pool_barrier(p->crew);
}

/* ---- backward ---------------------------------------------------------- */

/* The gradients that a backward phase multiplies, as stretches of k. */
static srnn_rows gradient_rows(const timeline *l, const phase *b,
                               const srnn_real *gates)
{
    srnn_rows rows = {{0}, {0}, {0}};
    size_t i;

    for (i = 0; i < b->parts; i++) {
        const gate_part *part = &l->row->part[b->part + i];

        rows.a[i] = gates + part->slot * l->hidden;
        rows.lda[i] = l->gate_ld;
        rows.k[i] = part->gates * l->hidden;
    }
    return rows;
}

/* Rows [row, rows) have no step after this one: the gradient of their h is
 * what dh holds. */
static void last_step(srnn_tile_fn *fn, const srnn_cell *c, size_t row,
                      size_t rows, size_t from, size_t to)
{
    const srnn_tile tile = {row,
                            rows - row,
                            from,
                            to - from,
                            c->dh + row * c->lddh + from,
                            c->lddh,
                            0};

    if (from < to && row < rows)
        fn(c, &tile);
}

static void backward_step(const timeline *l, size_t t)
{
    const crew *who = l->p->crew;
    const size_t rows = extent_active(l->e, t);
    srnn_cell c = cell_at(l, t);
    size_t i, from, to;

    c.dy = l->r->dy + l->e->first[t] * l->hidden;
    srnn_crew_span(who, l->hidden, l->k->panel_units(1), &from, &to);
    for (i = 0; i < l->row->phases; i++) {
        const phase *b = &l->row->backward[i];
        srnn_tile_fn *fn = l->k->tile[b->tile];
        const size_t go_on = b->reset_h ? rows : extent_active(l->e, t + 1);
        const srnn_start start = l->row->direct && !b->reset_h
                                     ? SRNN_START_VALUE
                                     : SRNN_START_ZERO;

        if (go_on) {
            const srnn_rows d =
                gradient_rows(l, b, gates_at(l, b->reset_h ? t : t + 1));

            l->k->step(&l->y->dh[i], go_on, &d, start, NULL, fn, &c, from, to,
                       t & 1);
        }
        last_step(fn, &c, go_on, rows, from, to);
        srnn_pool_barrier(who);
    }
}

/* The gradient of the state before the first step, left in dh. */
static void first_state(const timeline *l)
{
    const srnn_rows rows =
        gradient_rows(l, &l->row->backward[0], gates_at(l, 0));
    size_t from, to;

    srnn_crew_span(l->p->crew, l->hidden, l->k->panel_units(1), &from, &to);
    l->k->product(&l->y->dh[0], extent_active(l->e, 0), &rows,
                  l->row->direct ? SRNN_START_VALUE : SRNN_START_ZERO, NULL,
                  l->r->dh, l->hidden, from, to);
}

/* Rows of R and b_hh that belong to one part. Where the gradient is that of
 * the input part too, so is that of the bias: both begin at zero. */
static void part_gradients(const timeline *l, const gate_part *part,
                           srnn_real *const *g)
{
    const crew *who = l->p->crew;
    const size_t h = l->hidden, ld = l->gate_ld;
    const srnn_real *gates = l->r->gate + part->slot * h;
    const srnn_real *from_h =
        part->reset_h ? l->r->gate + (l->row->slots - 1) * h : l->r->y;
    const srnn_links *links = part->reset_h ? &l->e->links : &l->e->behind;
    size_t from, to, first;

    srnn_crew_span(who, part->gates * h, 1, &from, &to);
    first = part->gate * h + from;
    l->k->gemm_tn(to - from, h, links, gates + from, ld, from_h,
                  part->reset_h ? ld : h, g[1] + first * h, h,
                  l->p->s->tn_work[who->worker]);
    if (part->slot == part->gate)
        memcpy(g[3] + first, g[2] + first, (to - from) * sizeof *g[3]);
    else
        l->k->bias_grad(to - from, links, gates + from, ld, g[3] + first);
}

static void weight_gradients(const timeline *l, const layer_input *in)
{
    srnn_real *const *g = l->p->s->gradient + in->first_param;
    const size_t rows = l->row->gates * l->hidden, n = l->y->in;
    const crew *who = l->p->crew;
    size_t i, from, to;

    srnn_crew_span(who, rows, 1, &from, &to);
    l->k->gemm_tn(to - from, n, &l->e->links, l->r->gate + from, l->gate_ld,
                  in->x, in->ldx, g[0] + from * n, n,
                  l->p->s->tn_work[who->worker]);
    l->k->bias_grad(to - from, &l->e->links, l->r->gate + from, l->gate_ld,
                    g[2] + from);
    srnn_pool_barrier(who);
    for (i = 0; i < l->row->parts; i++)
        part_gradients(l, &l->row->part[i], g);
}

static void input_gradient(const timeline *l, const layer_input *in)
{
    const srnn_rows rows = {
        {l->r->gate}, {l->gate_ld}, {l->row->gates * l->hidden}};
    size_t from, to;

    srnn_crew_span(l->p->crew, l->y->in, l->k->panel_units(1), &from, &to);
    l->k->product(&l->y->dx, l->e->rows, &rows,
                  in->adds ? SRNN_START_VALUE : SRNN_START_ZERO, NULL, in->dx,
                  l->y->in, from, to);
}

void srnn_layer_backward(const pass *p, const node *n, const layer *y,
                         layer_run *r, const layer_input *in)
{
    const timeline l = timeline_of(p, n, y, r);
    size_t t;

    gradients_in(&l);
    srnn_pool_barrier(p->crew);
    for (t = l.e->steps; t-- > 0;)
        backward_step(&l, t);
    if (l.e->steps)
        first_state(&l);
    if (in->dx)
        input_gradient(&l, in);
    weight_gradients(&l, in);
    srnn_pool_barrier(p->crew);
    gradients_out(&l);
}
