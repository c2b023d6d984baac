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
    const srnn_kernels *k;
    const cell_row *row;
    const layer *y;
    layer_run *r;
    size_t batch, hidden;
    size_t state;          /* batch * hidden */
    size_t gate_ld;        /* between rows of gates, or of x in inference */
} timeline;

static timeline timeline_of(const pass *p, const node *n, const layer *y,
                            layer_run *r)
{
    const cell_row *row = srnn_cell_row(n->recurrent.cell);
    const size_t hidden = n->recurrent.hidden;

    return (timeline){p,
                      &p->s->net->k,
                      row,
                      y,
                      r,
                      p->s->batch,
                      hidden,
                      p->s->batch * hidden,
                      r->cell.ldx};
}

/* y of step t; t = -1, the state before, is a state earlier in memory. */
static srnn_real *y_at(const timeline *l, size_t t)
{
    return l->r->y + (t + 1) * l->state;
}

static srnn_real *c_at(const timeline *l, size_t t)
{
    return l->r->gate ? l->r->c + (t + 1) * l->state : l->r->c;
}

static srnn_real *gates_at(const timeline *l, size_t t)
{
    return l->r->gate + t * l->batch * l->gate_ld;
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

/* Copies a state, each worker its rows' share. */
static void copy_state(const timeline *l, const srnn_real *from, srnn_real *to)
{
    if (l->p->crew->worker == 0)
        memcpy(to, from, l->state * sizeof *to);
}

/* ---- forward ------------------------------------------------------------- */

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
        const srnn_rows rows = {
            {f->reset_h ? c.work + h : c.h_prev}, {f->reset_h ? 2 * h : h}, {h}};

        crew_span(who, h, l->k->panel_units(f->gates), &from, &to);
        l->k->step(&l->y->h[i], l->batch, &rows, SRNN_START_BIAS,
                   l->y->b_hh + f->gate * h, l->k->tile[f->tile], &c, from, to,
                   flip);
        pool_barrier(who);
    }
}

void srnn_layer_forward(const pass *p, const node *n, const layer *y,
                        layer_run *r, const srnn_real *x, size_t ldx)
{
    const timeline l = timeline_of(p, n, y, r);
    const size_t block = p->s->block;
    size_t t0, t, from, to;

    copy_state(&l, r->h_state, y_at(&l, (size_t)-1));
    if (l.row->has_c)
        copy_state(&l, r->c_state, c_at(&l, (size_t)-1));
    crew_span(p->crew, y->x.units, l.k->panel_units(1), &from, &to);
    for (t0 = 0; t0 < p->steps; t0 += block) {
        const size_t t1 = t0 + block < p->steps ? t0 + block : p->steps;
        srnn_real *pre = r->gate ? gates_at(&l, t0) : r->x;
        const srnn_rows rows = {
            {x + t0 * l.batch * ldx}, {ldx}, {y->in}};

        l.k->product(&y->x, (t1 - t0) * l.batch, &rows, SRNN_START_BIAS,
                     y->b_ih, pre, l.gate_ld, from, to);
        pool_barrier(p->crew);
        for (t = t0; t < t1; t++)
            forward_step(&l, pre + (t - t0) * l.batch * l.gate_ld, t, t & 1);
    }
    copy_state(&l, y_at(&l, p->steps - 1), r->h_state);
    if (l.row->has_c)
        copy_state(&l, c_at(&l, p->steps - 1), r->c_state);
    pool_barrier(p->crew);
}

/* ---- backward ------------------------------------------------------------ */

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

/* Without a step after it, the gradient of h is the one given in dh. */
static void last_step(const timeline *l, srnn_tile_fn *fn, const srnn_cell *c,
                      size_t from, size_t to)
{
    const srnn_tile tile = {0,          l->batch,  from, to - from,
                            c->dh + from, c->lddh, 0};

    if (from < to)
        fn(c, &tile);
}

static void backward_step(const timeline *l, size_t t, size_t steps)
{
    const crew *who = l->p->crew;
    const size_t h = l->hidden;
    srnn_cell c = cell_at(l, t);
    size_t i, from, to;

    c.dy = l->r->dy + t * l->state;
    crew_span(who, h, l->k->panel_units(1), &from, &to);
    for (i = 0; i < l->row->phases; i++) {
        const phase *b = &l->row->backward[i];
        srnn_tile_fn *fn = l->k->tile[b->tile];
        const size_t at = b->reset_h ? t : t + 1;
        const srnn_start start = l->row->direct && !b->reset_h
                                     ? SRNN_START_VALUE
                                     : SRNN_START_ZERO;

        if (at == steps) {
            last_step(l, fn, &c, from, to);
        } else {
            const srnn_rows rows = gradient_rows(l, b, gates_at(l, at));

            l->k->step(&l->y->dh[i], l->batch, &rows, start, NULL, fn, &c,
                       from, to, t & 1);
        }
        pool_barrier(who);
    }
}

/* The gradient of the state before the first step, left in dh. */
static void first_state(const timeline *l)
{
    const srnn_rows rows =
        gradient_rows(l, &l->row->backward[0], gates_at(l, 0));
    size_t from, to;

    crew_span(l->p->crew, l->hidden, l->k->panel_units(1), &from, &to);
    l->k->product(&l->y->dh[0], l->batch, &rows,
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
    const srnn_real *from_h = part->reset_h
                                  ? l->r->gate + (l->row->slots - 1) * h
                                  : y_at(l, (size_t)-1);
    size_t from, to, first;

    crew_span(who, part->gates * h, 1, &from, &to);
    first = part->gate * h + from;
    l->k->gemm_tn(to - from, h, l->p->steps, l->batch, gates + from, ld,
                  from_h, part->reset_h ? ld : h, g[1] + first * h, h,
                  l->p->s->tn_work[who->worker]);
    if (part->slot == part->gate)
        memcpy(g[3] + first, g[2] + first, (to - from) * sizeof *g[3]);
    else
        l->k->bias_grad(to - from, l->p->steps, l->batch, gates + from, ld,
                        g[3] + first);
}

static void weight_gradients(const timeline *l, const layer_input *in)
{
    srnn_real *const *g = l->p->s->gradient + in->first_param;
    const size_t rows = l->row->gates * l->hidden, n = l->y->in;
    const crew *who = l->p->crew;
    size_t i, from, to;

    crew_span(who, rows, 1, &from, &to);
    l->k->gemm_tn(to - from, n, l->p->steps, l->batch, l->r->gate + from,
                  l->gate_ld, in->x, in->ldx, g[0] + from * n, n,
                  l->p->s->tn_work[who->worker]);
    l->k->bias_grad(to - from, l->p->steps, l->batch, l->r->gate + from,
                    l->gate_ld, g[2] + from);
    pool_barrier(who);
    for (i = 0; i < l->row->parts; i++)
        part_gradients(l, &l->row->part[i], g);
}

static void input_gradient(const timeline *l, const layer_input *in)
{
    const srnn_rows rows = {
        {l->r->gate}, {l->gate_ld}, {l->row->gates * l->hidden}};
    size_t from, to;

    crew_span(l->p->crew, l->y->in, l->k->panel_units(1), &from, &to);
    l->k->product(&l->y->dx, l->p->steps * l->batch, &rows,
                  in->adds ? SRNN_START_VALUE : SRNN_START_ZERO, NULL, in->dx,
                  l->y->in, from, to);
}

void srnn_layer_backward(const pass *p, const node *n, const layer *y,
                         layer_run *r, const layer_input *in)
{
    const timeline l = timeline_of(p, n, y, r);
    size_t t;

    if (p->crew->worker == 0) {
        memset(r->dh, 0, l.state * sizeof *r->dh);
        memset(r->dc, 0, l.row->has_c ? l.state * sizeof *r->dc : 0);
    }
    pool_barrier(p->crew);
    for (t = p->steps; t-- > 0;)
        backward_step(&l, t, p->steps);
    first_state(&l);
    if (in->dx)
        input_gradient(&l, in);
    weight_gradients(&l, in);
    pool_barrier(p->crew);
}
