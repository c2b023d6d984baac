/* Nodes without inputs: reals and tokens of the caller, and a learned row. The
 * session binds the caller's arrays; a buffer of their own takes those whose
 * rows do not lie evenly, or are looked at again in later calls. */
#include "node.h"

static srnn_status add(srnn_net *net, srnn_axis axis, const node_kind *kind,
                       const char *name, size_t features, node **added)
{
    srnn_status status;

    if (net && (axis < 0 || (size_t)axis >= net->axes))
        return srnn_fail(SRNN_EINVAL,
                         "node '%.60s': axis %d is not one of the net's %zu",
                         name ? name : "", axis, net->axes);
    status = srnn_node_add(net, kind, name, NULL, 0, features, added);
    if (!status)
        (*added)->axis = axis;
    return status;
}

srnn_status srnn_net_input_on(srnn_net *net, srnn_axis axis, const char *name,
                              size_t features, srnn_node *id)
{
    node *n = NULL;
    srnn_status status =
        add(net, axis, &srnn_kind_input, name, features, &n);

    return status ? status : srnn_node_end(net, n, SRNN_OK, id);
}

srnn_status srnn_net_tokens_on(srnn_net *net, srnn_axis axis, const char *name,
                               size_t vocabulary, srnn_node *id)
{
    node *n = NULL;
    srnn_status status =
        add(net, axis, &srnn_kind_tokens, name, vocabulary, &n);

    if (status)
        return status;
    n->is_tokens = 1;
    return srnn_node_end(net, n, SRNN_OK, id);
}

srnn_status srnn_net_input(srnn_net *net, const char *name, size_t features,
                           srnn_node *id)
{
    return srnn_net_input_on(net, SRNN_TIME, name, features, id);
}

srnn_status srnn_net_tokens(srnn_net *net, const char *name, size_t vocabulary,
                            srnn_node *id)
{
    return srnn_net_tokens_on(net, SRNN_TIME, name, vocabulary, id);
}

static void carve_input(const srnn_session *s, const node *n, run *r, arena *a)
{
    srnn_output_carve(s, n, r, a);
    if (s->training)
        r->dx = srnn_arena_reals(
            a, n->features * (n->axis == SRNN_TIME ? s->longest * s->batch
                                                   : srnn_rows_of(s, n)));
}

static void carve_tokens(const srnn_session *s, const node *n, run *r,
                         arena *a)
{
    r->own_tokens = srnn_arena_take(a, srnn_rows_of(s, n) * sizeof(int32_t));
}

const node_kind srnn_kind_input = {.name = "input", .carve = carve_input};
const node_kind srnn_kind_tokens = {.name = "tokens", .carve = carve_tokens};

/* ---- a learned row ------------------------------------------------------ */

srnn_status srnn_net_parameter(srnn_net *net, srnn_axis axis, const char *name,
                               size_t features, srnn_node *id)
{
    node *n = NULL;
    srnn_status status =
        add(net, axis, &srnn_kind_parameter, name, features, &n);

    if (status)
        return status;
    return srnn_node_end(
        net, n, srnn_param_add(net, n, "weight", features, 0, 0), id);
}

static void forward(const pass *p, const node *n, run *r)
{
    const srnn_real *w = p->s->net->param[n->first_param]->data;
    size_t i, j, from, to;

    srnn_crew_span(p->crew, srnn_extent_of(p, n)->rows, 1, &from, &to);
    for (i = from; i < to; i++)
        for (j = 0; j < n->features; j++)
            r->own[i * n->features + j] = w[j];
    srnn_pool_barrier(p->crew);
}

static void backward(const pass *p, const node *n, run *r)
{
    const srnn_session *s = p->s;
    size_t from, to;

    srnn_crew_span(p->crew, n->features, 1, &from, &to);
    s->net->k.bias_grad(to - from, &srnn_extent_of(p, n)->links, r->dy + from,
                        n->features, s->gradient[n->first_param] + from);
    srnn_pool_barrier(p->crew);
}

const node_kind srnn_kind_parameter = {.name = "parameter",
                                       .carve = srnn_output_carve,
                                       .forward = forward,
                                       .backward = backward};
