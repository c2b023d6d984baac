/* Several nodes of one axis as one: side by side, y = [a | b | ...], or their
 * sum, y = a + b + ..., added in the order of the inputs. Back, each input
 * takes its columns of dy, or all of it. */
#include "node.h"

#include <string.h>

/* ---- the nodes ----------------------------------------------------------- */

static srnn_status check_inputs(const srnn_net *net, const node *n)
{
    srnn_status status = SRNN_OK;
    size_t j;

    for (j = 0; j < n->inputs && !status; j++)
        status = srnn_node_reals(net, n, j);
    return status;
}

static srnn_status add(srnn_net *net, const node_kind *kind, const char *name,
                       const srnn_node *inputs, size_t count, node **n)
{
    if (!inputs || count == 0)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': inputs are %s",
                         name ? name : "", inputs ? "0" : "NULL");
    return srnn_node_add(net, kind, name, inputs, count, 1, n);
}

srnn_status srnn_net_concat(srnn_net *net, const char *name,
                            const srnn_node *inputs, size_t count,
                            srnn_node *id)
{
    node *n = NULL;
    srnn_status status =
        add(net, &srnn_kind_concat, name, inputs, count, &n);
    size_t j, features = 0;

    if (status)
        return status;
    status = check_inputs(net, n);
    for (j = 0; j < count; j++)
        features += net->node[inputs[j]]->features;
    if (!status && features > INT32_MAX)
        status = srnn_fail(SRNN_ESHAPE,
                           "node '%s': %zu features in all, must be 1 to %d",
                           name, features, INT32_MAX);
    n->features = features;
    return srnn_node_end(net, n, status, id);
}

srnn_status srnn_net_add(srnn_net *net, const char *name,
                         const srnn_node *inputs, size_t count, srnn_node *id)
{
    node *n = NULL;
    srnn_status status = add(net, &srnn_kind_add, name, inputs, count, &n);
    const node *a, *b;
    size_t j;

    if (status)
        return status;
    a = net->node[inputs[0]];
    status = check_inputs(net, n);
    for (j = 1; j < count && !status; j++) {
        b = net->node[inputs[j]];
        if (b->features != a->features)
            status = srnn_fail(SRNN_ESHAPE,
                               "node '%s': '%s' has %zu features, '%s' %zu",
                               name, a->name, a->features, b->name,
                               b->features);
    }
    n->features = a->features;
    return srnn_node_end(net, n, status, id);
}

/* ---- runs ---------------------------------------------------------------- */

/* A worker's rows of columns that lie ldx and ldy apart: y = x, or y += x. */
static void take(const pass *p, const node *n, int adds, size_t columns,
                 const srnn_real *x, size_t ldx, srnn_real *y, size_t ldy)
{
    size_t i, from, to;

    srnn_crew_span(p->crew, srnn_extent_of(p, n)->rows, 1, &from, &to);
    if (adds)
        p->s->net->k.add_rows(to - from, columns, x + from * ldx, ldx,
                              y + from * ldy, ldy);
    for (i = from; i < to && !adds; i++)
        memcpy(y + i * ldy, x + i * ldx, columns * sizeof *y);
}

/* `step` is how far input j + 1 lies behind input j in y, per feature. */
static void forward(const pass *p, const node *n, run *r, size_t step)
{
    size_t j, at = 0;

    for (j = 0; j < n->inputs; j++) {
        const size_t columns = p->s->net->node[n->input[j]]->features;
        const run *x = &p->s->run[n->input[j]];

        take(p, n, !step && j > 0, columns, x->y, x->ldy, r->own + at,
             n->features);
        at += step * columns;
    }
    srnn_pool_barrier(p->crew);
}

static void backward(const pass *p, const node *n, run *r, size_t step)
{
    size_t j, at = 0;

    for (j = 0; j < n->inputs; j++) {
        const size_t columns = p->s->net->node[n->input[j]]->features;
        run *x = &p->s->run[n->input[j]];

        if (x->wants_gradient)
            take(p, n, r->adds[j], columns, r->dy + at, n->features, x->dy,
                 columns);
        at += step * columns;
    }
    srnn_pool_barrier(p->crew);
}

static void concat_forward(const pass *p, const node *n, run *r)
{
    forward(p, n, r, 1);
}

static void concat_backward(const pass *p, const node *n, run *r)
{
    backward(p, n, r, 1);
}

static void add_forward(const pass *p, const node *n, run *r)
{
    forward(p, n, r, 0);
}

static void add_backward(const pass *p, const node *n, run *r)
{
    backward(p, n, r, 0);
}

const node_kind srnn_kind_concat = {.name = "concat",
                                    .carve = srnn_output_carve,
                                    .forward = concat_forward,
                                    .backward = concat_backward};
const node_kind srnn_kind_add = {.name = "add",
                                 .carve = srnn_output_carve,
                                 .forward = add_forward,
                                 .backward = add_backward};
