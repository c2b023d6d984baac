/* The states of a recurrent node: listed in a session, given to the first step,
 * taken from the last, and as a node that others read. */
#include "norm.h"

#include <string.h>

/* ---- the session's list -------------------------------------------------- */

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
void srnn_states_begin(const pass *p, const node *n, const run *r)
{
    const run *x = initial_of(p, n);
    states from = {.p = p, .n = n, .r = r};
    size_t l;

    if (!srnn_pass_begins(p, n, x))
        return;
    if (x) {
        from.rows = (srnn_real *)x->y;
        from.ld = x->ldy;
    }
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
void srnn_states_begin_backward(const pass *p, const node *n,
                                const run *r)
{
    const run *last = last_states(p, n);
    const states from = {p, n, r, last ? last->dy : NULL,
                         srnn_states_width(n)};

    if (!p->leg->after || n->axis != SRNN_TIME)
        each_state(&from, 1, take);
}

void srnn_states_end_backward(const pass *p, const node *n,
                              const run *r)
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
