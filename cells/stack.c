/* The layers of a recurrent node in a run: one above the other, in one direction
 * or both, from the first states to the last.
 *
 * A reverse layer runs forward over its input turned round: every sequence's
 * last step comes first, so that it has as many rows at each step as before. */
#include "norm.h"

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
    r->ldy = n->features;
}

void srnn_stack_states(srnn_session *s, const node *n, run *r)
{
    static const char *const names[CARRIES] = {"h", "c", "g"};
    size_t l, i;

    for (l = 0; l < srnn_layers(n); l++) {
        const norm_run *w = &r->layer[l].norm;

        for (i = 0; i < CARRIES; i++) {
            const carry *x = &r->layer[l].carry[i];

            if (x->all)
                srnn_state_add(s, n, names[i], l / srnn_directions(n),
                               srnn_is_reverse(n, l), x->width, x->state,
                               x->d_state);
        }
        if (w->count)
            srnn_state_add(s, n, "step", l / srnn_directions(n),
                           srnn_is_reverse(n, l), 1, w->count, w->d_count);
    }
}

size_t srnn_listed_width(const node *n)
{
    const int counts = n->recurrent.norm == SRNN_NORM_BATCH;

    return srnn_states_width(n) + (counts ? srnn_layers(n) : 0);
}

/* The row of `all` that place i has after so many steps. */
static size_t row_after(const extent *e, size_t i, size_t steps)
{
    while (steps > 0 && extent_active(e, steps - 1) <= i)
        steps--;
    return steps ? e->batch + e->first[steps - 1] + i : i;
}

srnn_real *srnn_stack_inside(const srnn_session *s, const node *n,
                             const run *r, size_t steps, srnn_real *to)
{
    const extent *e = &s->axis[n->axis].extent;
    size_t l, j, i;

    for (l = 0; l < srnn_layers(n); l++)
        for (j = 0; j < CARRIES; j++) {
            const carry *x = &r->layer[l].carry[j];

            if (!x->all)
                continue;
            for (i = 0; i < e->batch; i++)
                memcpy(to + e->order[i] * x->width,
                       x->all + row_after(e, i, steps) * x->width,
                       x->width * sizeof *to);
            to += e->batch * x->width;
        }
    return to;
}

/* ---- first and last states ----------------------------------------------- */

/* Rows of the parent axis, side by side all states: where a sequence's states
 * lie in them. NULL: there is no such row. */
typedef struct states {
    const pass *p;
    const node *n;
    const run *r;
    srnn_real *rows;
    size_t ld;
} states;

static srnn_real *place(const states *x, size_t q)
{
    const srnn_session *s = x->p->s;
    const srnn_axis parent = s->net->axis[x->n->axis].parent;
    const size_t row = srnn_extent_row(&s->axis[parent].extent, q);

    return row == NO_ROW || !x->rows ? NULL : x->rows + row * x->ld;
}

typedef void move_fn(const srnn_kernels *k, srnn_real *state,
                     srnn_real *place, size_t width);

/* Every state of every sequence and its place, one worker; `gradient` says
 * which array of a carry is meant. */
static void each_state(const states *x, int gradient, move_fn *move)
{
    const size_t batch = srnn_extent_of(x->p, x->n)->batch;
    size_t q, l, i;

    for (q = 0; x->p->crew->worker == 0 && q < batch; q++) {
        srnn_real *at = place(x, q);

        for (l = 0; l < srnn_layers(x->n); l++)
            for (i = 0; i < CARRIES; i++) {
                const carry *c = &x->r->layer[l].carry[i];

                if (!c->all)
                    continue;
                move(&x->p->s->net->k,
                     (gradient ? c->d_state : c->state) + q * c->width, at,
                     c->width);
                at = at ? at + c->width : NULL;
            }
    }
}

static void take(const srnn_kernels *k, srnn_real *state, srnn_real *at,
                 size_t width)
{
    (void)k;
    if (at)
        memcpy(state, at, width * sizeof *state);
    else
        memset(state, 0, width * sizeof *state);
}

static void give(const srnn_kernels *k, srnn_real *state, srnn_real *at,
                 size_t width)
{
    (void)k;
    if (at)
        memcpy(at, state, width * sizeof *state);
}

static void give_more(const srnn_kernels *k, srnn_real *state, srnn_real *at,
                      size_t width)
{
    if (at)
        k->add_rows(1, width, state, width, at, width);
}

static run *initial_of(const pass *p, const node *n)
{
    return n->inputs > 1 ? &p->s->run[n->input[1]] : NULL;
}

/* What the pass begins with: the given states, or 0, or what was carried. */
static void begin(const pass *p, const node *n, const run *r)
{
    const run *x = initial_of(p, n);
    const states from = {p, n, r, x ? (srnn_real *)x->y : NULL,
                         x ? x->ldy : 0};

    size_t l;

    if (!srnn_pass_begins(p, n, x))
        return;
    each_state(&from, 0, take);
    for (l = 0; l < srnn_layers(n); l++)
        srnn_norm_restart(p, n, &r->layer[l]);
}

/* The state node that reads the last states; NULL: none, or not now. */
static run *last_states(const pass *p, const node *n)
{
    const srnn_net *net = p->s->net;
    size_t i;

    for (i = (size_t)n->id + 1; i < net->nodes; i++)
        if (net->node[i]->kind == &srnn_kind_state &&
            net->node[i]->input[0] == n->id && p->s->run[i].leads)
            return &p->s->run[i];
    return NULL;
}

/* The gradient of the last states comes from the node that reads them, or on
 * SRNN_TIME from the leg after; that of the first goes to the node that gave
 * them, if it did. */
static void begin_backward(const pass *p, const node *n, const run *r)
{
    const run *last = last_states(p, n);
    const states from = {p, n, r, last ? last->dy : NULL,
                         srnn_states_width(n)};

    if (!p->leg.after || n->axis != SRNN_TIME)
        each_state(&from, 1, take);
}

static void end_backward(const pass *p, const node *n, const run *r)
{
    const run *x = initial_of(p, n);
    const states to = {p, n, r, x ? x->dy : NULL, srnn_states_width(n)};
    const size_t reals =
        x ? srnn_extent_of(p, p->s->net->node[n->input[1]])->rows *
                srnn_states_width(n)
          : 0;

    if (!x || !x->wants_gradient)
        return;
    if (p->crew->worker == 0 && !r->adds[1])
        memset(x->dy, 0, reals * sizeof *x->dy);
    if (srnn_pass_begins(p, n, x))
        each_state(&to, 1, r->adds[1] ? give_more : give);
    srnn_pool_barrier(p->crew);
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

    begin(p, n, r);
    for (i = 0; i < n->recurrent.layers; i++) {
        stack_level *y = &r->level[i];

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

    begin_backward(p, n, r);
    for (i = n->recurrent.layers; i-- > 0;) {
        const int top = i + 1 == n->recurrent.layers;
        srnn_real *dy = top && !r->wants_gradient ? NULL : r->level[i].dy;

        if (dy && n->recurrent.direction == SRNN_BOTH_MEAN)
            halve(p, n, n->features, dy);
        level_backward(p, n, r, i, dy);
    }
    end_backward(p, n, r);
}

/* ---- the last states as a node ------------------------------------------- */

srnn_status srnn_net_state(srnn_net *net, const char *name,
                           srnn_node recurrent, srnn_node *id)
{
    const node *x;
    node *n;
    srnn_status status =
        srnn_node_add(net, &srnn_kind_state, name, &recurrent, 1, 1, &n);
    size_t i;

    if (status)
        return status;
    x = net->node[recurrent];
    if (!x->layer)
        return srnn_node_end(net, n,
                             srnn_fail(SRNN_EINVAL,
                                       "node '%s': input '%s' is not recurrent",
                                       name, x->name),
                             id);
    for (i = 0; i + 1 < net->nodes && !status; i++)
        if (net->node[i]->kind == &srnn_kind_state &&
            net->node[i]->input[0] == recurrent)
            status = srnn_fail(SRNN_EINVAL,
                               "node '%s': '%s' reads the states of '%s'", name,
                               net->node[i]->name, x->name);
    n->features = srnn_states_width(x);
    n->axis = net->axis[x->axis].parent;
    n->whole = 1;
    return srnn_node_end(net, n, status, id);
}

static void forward_states(const pass *p, const node *n, run *r)
{
    const node *x = p->s->net->node[n->input[0]];
    const states to = {p, x, &p->s->run[x->id], r->own, n->features};

    each_state(&to, 0, give);
    srnn_pool_barrier(p->crew);
}

const node_kind srnn_kind_state = {.name = "state",
                                   .across = 1,
                                   .carve = srnn_output_carve,
                                   .forward = forward_states};
