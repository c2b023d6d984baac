/* From the steps of a sequence to one row of the axis above: the first step,
 * the last, or the mean, a sum over steps rising divided once by the length.
 * A sequence without steps gives 0. Back, dy goes to that step, or dy / length
 * to all of them. */
#include "node.h"

#include <string.h>

/* ---- the nodes ----------------------------------------------------------- */

static srnn_status add(srnn_net *net, const node_kind *kind, const char *name,
                       srnn_node input, srnn_node *id)
{
    node *n = NULL;
    srnn_status status = srnn_node_add(net, kind, name, &input, 1, 1, &n);
    const node *x;

    if (status)
        return status;
    x = net->node[input];
    status = srnn_node_reals(net, n, 0);
    if (!status && net->axis[x->axis].parent < 0)
        status = srnn_fail(SRNN_ESHAPE,
                           "node '%s': axis '%s' of input '%s' has no steps",
                           name, net->axis[x->axis].name, x->name);
    n->features = x->features;
    n->axis = net->axis[x->axis].parent;
    n->whole = 1;
    return srnn_node_end(net, n, status, id);
}

srnn_status srnn_net_first(srnn_net *net, const char *name, srnn_node input,
                           srnn_node *id)
{
    return add(net, &srnn_kind_first, name, input, id);
}

srnn_status srnn_net_last(srnn_net *net, const char *name, srnn_node input,
                          srnn_node *id)
{
    return add(net, &srnn_kind_last, name, input, id);
}

srnn_status srnn_net_mean(srnn_net *net, const char *name, srnn_node input,
                          srnn_node *id)
{
    return add(net, &srnn_kind_mean, name, input, id);
}

/* ---- one sequence -------------------------------------------------------- */

/* Sequence i of the order, and its row above. */
typedef struct sequence {
    const srnn_kernels *k;
    const extent *e;
    size_t i, length;
    size_t n; /* features */
    const srnn_real *x;
    size_t ldx;
    srnn_real *dx;
    int adds;
    srnn_real *y, *dy;
} sequence;

static size_t row_at(const sequence *q, size_t t)
{
    return q->e->first[t] + q->i;
}

static void pick(const sequence *q, size_t t)
{
    if (q->length)
        memcpy(q->y, q->x + row_at(q, t) * q->ldx, q->n * sizeof *q->y);
    else
        memset(q->y, 0, q->n * sizeof *q->y);
}

/* The gradient of step t is dy, or adds to it; NULL: 0. */
static void give(const sequence *q, size_t t, const srnn_real *dy)
{
    srnn_real *dx = q->dx + row_at(q, t) * q->n;

    if (dy && q->adds)
        q->k->add_rows(1, q->n, dy, q->n, dx, q->n);
    else if (dy)
        memcpy(dx, dy, q->n * sizeof *dx);
    else if (!q->adds)
        memset(dx, 0, q->n * sizeof *dx);
}

static void pick_back(const sequence *q, size_t at)
{
    size_t t;

    for (t = 0; t < q->length; t++)
        give(q, t, t == at ? q->dy : NULL);
}

static void first(const sequence *q)
{
    pick(q, 0);
}

static void first_back(const sequence *q)
{
    pick_back(q, 0);
}

static void last(const sequence *q)
{
    pick(q, q->length - 1);
}

static void last_back(const sequence *q)
{
    pick_back(q, q->length - 1);
}

static void mean(const sequence *q)
{
    const srnn_real length = (srnn_real)q->length;
    size_t t;

    pick(q, 0);
    for (t = 1; t < q->length; t++)
        q->k->add_rows(1, q->n, q->x + row_at(q, t) * q->ldx, q->n, q->y,
                       q->n);
    q->k->divide_rows(1, q->n, &length, q->y, q->n, q->y, q->n);
}

static void mean_back(const sequence *q)
{
    const srnn_real length = (srnn_real)q->length;
    size_t t;

    q->k->divide_rows(1, q->n, &length, q->dy, q->n, q->dy, q->n);
    for (t = 0; t < q->length; t++)
        give(q, t, q->dy);
}

/* ---- all of them --------------------------------------------------------- */

/* Each worker takes a part of the sequences. */
static void each(const pass *p, const node *n, const run *r,
                 void one(const sequence *))
{
    const srnn_session *s = p->s;
    const node *x = s->net->node[n->input[0]];
    const run *xr = &s->run[x->id];
    sequence q = {.k = &s->net->k,
                  .e = srnn_extent_of(p, x),
                  .n = n->features,
                  .x = xr->y,
                  .ldx = xr->ldy,
                  .dx = xr->dy,
                  .adds = r->adds[0]};
    size_t from, to;

    srnn_crew_span(p->crew, q.e->batch, 1, &from, &to);
    q.length = q.e->steps;
    for (q.i = from; q.i < to; q.i++) {
        const size_t row =
            srnn_extent_row(srnn_extent_of(p, n), q.e->order[q.i]);

        while (q.length > 0 && extent_active(q.e, q.length - 1) <= q.i)
            q.length--;
        if (row == NO_ROW)
            continue;
        q.y = r->own + row * n->features;
        q.dy = p->s->training ? r->dy + row * n->features : NULL;
        one(&q);
    }
    srnn_pool_barrier(p->crew);
}

static void each_back(const pass *p, const node *n, const run *r,
                      void one(const sequence *))
{
    if (p->s->run[n->input[0]].wants_gradient)
        each(p, n, r, one);
}

static void first_forward(const pass *p, const node *n, run *r)
{
    each(p, n, r, first);
}

static void first_backward(const pass *p, const node *n, run *r)
{
    each_back(p, n, r, first_back);
}

static void last_forward(const pass *p, const node *n, run *r)
{
    each(p, n, r, last);
}

static void last_backward(const pass *p, const node *n, run *r)
{
    each_back(p, n, r, last_back);
}

static void mean_forward(const pass *p, const node *n, run *r)
{
    each(p, n, r, mean);
}

static void mean_backward(const pass *p, const node *n, run *r)
{
    each_back(p, n, r, mean_back);
}

const node_kind srnn_kind_first = {.name = "first",
                                   .carve = srnn_output_carve,
                                   .forward = first_forward,
                                   .backward = first_backward};
const node_kind srnn_kind_last = {.name = "last",
                                  .carve = srnn_output_carve,
                                  .forward = last_forward,
                                  .backward = last_backward};
const node_kind srnn_kind_mean = {.name = "mean",
                                  .carve = srnn_output_carve,
                                  .forward = mean_forward,
                                  .backward = mean_backward};
