/* The layers of a recurrent node in a run: one above the other, in one
 * direction or both. What they begin and end with is in states.c.
 *
 * A reverse layer runs forward over its input turned round: every sequence's
 * last step comes first, so that it has as many rows at each step as before. */
#include "layer.h"

#include <string.h>

/* ---- memory -------------------------------------------------------------- */

/* What the two directions give, side by side, summed or as their mean. */
static int joins(const node *n)
{
    return n->recurrent.direction != SRNN_FORWARD;
}

static void carve_reverse(const srnn_session *s, const node *n, size_t l,
                          layer_run *y, arena *a)
{
    const size_t reals = srnn_rows_of(s, n) * n->layer[l].in;

    y->turned = srnn_arena_reals(a, reals);
    if (s->training)
        y->d_turned = srnn_arena_reals(a, reals);
}

/* The mask over what level i reads. */
static void carve_drop(const srnn_session *s, const node *n, size_t i,
                       stack_level *y, arena *a)
{
    const srnn_recurrent_config *c = &n->recurrent;
    const double p = c->dropout_input > 0 ? c->dropout_input
                     : i                  ? c->dropout
                                          : 0;

    if (!(p > 0))
        return;
    y->drop = (dropping){
        .p = p,
        .once = c->dropout_input > 0,
        .purpose = (uint32_t)(i * srnn_directions(n)) * MASK_USES + MASK_INPUT,
        .columns = n->layer[i * srnn_directions(n)].in};
    srnn_drop_carve(s, n, &y->drop, a);
    if (s->training)
        y->d_drop = srnn_arena_reals(a, srnn_rows_of(s, n) * y->drop.columns);
}

void srnn_stack_carve(const srnn_session *s, const node *n, run *r, arena *a)
{
    const size_t layers = srnn_layers(n);
    const size_t reals = srnn_rows_of(s, n) * n->features;
    size_t l;

    r->layer = srnn_arena_take(a, layers * sizeof *r->layer);
    r->level = srnn_arena_take(a, n->recurrent.layers * sizeof *r->level);
    for (l = 0; l < layers; l++) {
        layer_run none = {0}, *y = a->base ? &r->layer[l] : &none;

        srnn_layer_carve(s, n, &n->layer[l], y, a);
        if (srnn_is_reverse(n, l))
            carve_reverse(s, n, l, y, a);
    }
    for (l = 0; l < n->recurrent.layers; l++) {
        stack_level none = {0}, *y = a->base ? &r->level[l] : &none;

        if (joins(n))
            y->y = srnn_arena_reals(a, reals);
        if (joins(n) && s->training)
            y->dy = srnn_arena_reals(a, reals);
        else if (a->base)
            y->dy = r->layer[l].dy;
        r->dy = y->dy;
        carve_drop(s, n, l, y, a);
    }
    if (n->recurrent.direction > SRNN_BOTH)
        r->own = srnn_arena_reals(a, reals);
    if (a->base)
        srnn_single_carve(s, n, r);
    r->ldy = n->features;
}

/* ---- directions ---------------------------------------------------------- */

/* A worker's part of rows turned round. */
static void turn(const pass *p, const node *n, size_t columns,
                 const srnn_real *x, size_t ldx, srnn_real *y, size_t ldy)
{
    const extent *e = srnn_extent_of(p, n);
    size_t from, to;

    srnn_crew_span(p->crew, e->batch, 1, &from, &to);
    srnn_extent_flip(e, from, to, columns, x, ldx, y, ldy);
    srnn_pool_barrier(p->crew);
}

static void copy(const pass *p, const node *n, size_t columns,
                 const srnn_real *x, size_t ldx, srnn_real *y, size_t ldy)
{
    size_t i, from, to;

    srnn_crew_span(p->crew, srnn_extent_of(p, n)->rows, 1, &from, &to);
    for (i = from; i < to; i++)
        memcpy(y + i * ldy, x + i * ldx, columns * sizeof *y);
    srnn_pool_barrier(p->crew);
}

static void add(const pass *p, const node *n, size_t columns,
                const srnn_real *x, srnn_real *y)
{
    size_t from, to;

    srnn_crew_span(p->crew, srnn_extent_of(p, n)->rows, 1, &from, &to);
    p->s->net->k.add_rows(to - from, columns, x + from * columns, columns,
                          y + from * columns, columns);
    srnn_pool_barrier(p->crew);
}

static void halve(const pass *p, const node *n, size_t columns, srnn_real *x)
{
    size_t from, to;

    srnn_crew_span(p->crew, srnn_extent_of(p, n)->rows, 1, &from, &to);
    p->s->net->k.scale((to - from) * columns, (srnn_real)0.5,
                       x + from * columns);
    srnn_pool_barrier(p->crew);
}

/* ---- forward ------------------------------------------------------------- */

/* The outputs of layer l, in the order in which it ran. */
static const srnn_real *outputs(const pass *p, const node *n,
                                const layer_run *y)
{
    const carry *h = &y->carry[CARRY_H];

    return h->all + srnn_extent_of(p, n)->batch * h->width;
}

static const srnn_real *level_outputs(const pass *p, const node *n,
                                      const run *r, size_t i)
{
    return joins(n) ? r->level[i].y : outputs(p, n, &r->layer[i]);
}

/* Where in the joined output a direction's part begins. */
static size_t column_of(const node *n, size_t l, size_t width)
{
    return n->recurrent.direction == SRNN_BOTH && srnn_is_reverse(n, l)
               ? width
               : 0;
}

static void join(const pass *p, const node *n, const run *r, size_t l,
                 srnn_real *to)
{
    const layer_run *y = &r->layer[l];
    const size_t width = y->carry[CARRY_H].width;
    const int adds = n->recurrent.direction > SRNN_BOTH;
    srnn_real *at = to + column_of(n, l, width);

    if (!srnn_is_reverse(n, l)) {
        copy(p, n, width, outputs(p, n, y), width, at, n->features);
    } else if (!adds) {
        turn(p, n, width, outputs(p, n, y), width, at, n->features);
    } else {
        turn(p, n, width, outputs(p, n, y), width, r->own, width);
        add(p, n, width, r->own, at);
    }
}

static void layer_forward(const pass *p, const node *n, const run *r, size_t l,
                          const srnn_real *x, size_t ldx)
{
    layer_run *y = &r->layer[l];
    const size_t in = n->layer[l].in;

    if (srnn_is_reverse(n, l)) {
        turn(p, n, in, x, ldx, y->turned, in);
        x = y->turned;
        ldx = in;
    }
    srnn_layer_forward(p, n, &n->layer[l], y, x, ldx);
}

void srnn_stack_forward(const pass *p, const node *n, run *r)
{
    const run *in = &p->s->run[n->input[0]];
    const size_t directions = srnn_directions(n);
    const srnn_real *x = in->y;
    size_t i, l, d, ldx = in->ldy;

    srnn_states_begin(p, n, r);
    if (srnn_single_forward(p, n, r))
        return;
    for (i = 0; i < n->recurrent.layers; i++) {
        stack_level *y = &r->level[i];

        if (y->drop.columns)
            srnn_drop_forward(p, n, &y->drop, &x, &ldx);
        for (d = 0, l = i * directions; d < directions; d++, l++) {
            layer_forward(p, n, r, l, x, ldx);
            if (joins(n))
                join(p, n, r, l, y->y);
        }
        if (n->recurrent.direction == SRNN_BOTH_MEAN)
            halve(p, n, n->features, y->y);
        x = level_outputs(p, n, r, i);
        ldx = n->features;
    }
    if (p->crew->worker == 0)
        r->y = x;
    srnn_pool_barrier(p->crew);
}

/* ---- backward ------------------------------------------------------------ */

/* A direction's part of the gradient of what was joined. */
static const srnn_real *part(const pass *p, const node *n, const run *r,
                             size_t l, const srnn_real *dy)
{
    const layer_run *y = &r->layer[l];
    const size_t width = y->carry[CARRY_H].width;

    if (!dy || !joins(n))
        return dy;
    dy += column_of(n, l, width);
    if (srnn_is_reverse(n, l))
        turn(p, n, width, dy, n->features, y->dy, width);
    else
        copy(p, n, width, dy, n->features, y->dy, width);
    return y->dy;
}

/* Back through layer l; `in` is what lies below it, the right way round. */
static void layer_backward(const pass *p, const node *n, const run *r,
                           size_t l, const layer_input *in)
{
    layer_run *y = &r->layer[l];
    const size_t columns = n->layer[l].in;
    layer_input turned = *in;

    if (!srnn_is_reverse(n, l)) {
        srnn_layer_backward(p, n, &n->layer[l], y, in);
        return;
    }
    turned.x = y->turned;
    turned.ldx = columns;
    turned.dx = in->dx ? y->d_turned : NULL;
    turned.adds = 0;
    srnn_layer_backward(p, n, &n->layer[l], y, &turned);
    srnn_pool_barrier(p->crew);
    if (!in->dx)
        return;
    if (!in->adds) {
        turn(p, n, columns, y->d_turned, columns, in->dx, columns);
    } else {
        turn(p, n, columns, y->d_turned, columns, y->turned, columns);
        add(p, n, columns, y->turned, in->dx);
    }
}

/* Both directions of level i. */
static void level_backward(const pass *p, const node *n, const run *r,
                           size_t i, const srnn_real *dy)
{
    const run *x = &p->s->run[n->input[0]];
    const size_t first = i * srnn_directions(n);
    const dropping *drop = &r->level[i].drop;
    srnn_real *dx = i ? r->level[i - 1].dy : x->wants_gradient ? x->dy : NULL;
    const int adds = i ? 0 : r->adds[0];
    layer_input in = {
        .x = i ? level_outputs(p, n, r, i - 1) : x->y,
        .ldx = i ? n->features : x->ldy,
        .dx = dx,
        .adds = adds,
    };
    size_t l;

    if (drop->columns) {
        in.x = drop->y;
        in.ldx = drop->columns;
        in.dx = dx ? r->level[i].d_drop : NULL;
        in.adds = 0;
    }
    for (l = first + srnn_directions(n); l-- > first; in.adds = 1) {
        in.dy = part(p, n, r, l, dy);
        layer_backward(p, n, r, l, &in);
        srnn_pool_barrier(p->crew);
    }
    if (drop->columns && dx)
        srnn_drop_backward(p, n, drop, r->level[i].d_drop, dx, adds);
}

void srnn_stack_backward(const pass *p, const node *n, run *r)
{
    size_t i;

    srnn_states_begin_backward(p, n, r);
    for (i = n->recurrent.layers; i-- > 0;) {
        const int top = i + 1 == n->recurrent.layers;
        srnn_real *dy = top && !r->wants_gradient ? NULL : r->level[i].dy;

        if (dy && n->recurrent.direction == SRNN_BOTH_MEAN)
            halve(p, n, n->features, dy);
        level_backward(p, n, r, i, dy);
    }
    srnn_states_end_backward(p, n, r);
}
