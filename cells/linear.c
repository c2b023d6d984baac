/* Linear: y = W x + b; dx = W' dy, dW += dy x', db += dy. Tied: W is an
 * embedding's, whose own part of dW comes after this one, as backward passes
 * go from the last node to the first. */
#include "node.h"

#include <math.h>

/* Numbers of the two parameters. */
static size_t weight_of(const srnn_net *net, const node *n)
{
    return n->tied < 0 ? n->first_param : net->node[n->tied]->first_param;
}

static size_t bias_of(const node *n)
{
    return n->first_param + (n->tied < 0);
}

static srnn_status add_params(srnn_net *net, node *n, srnn_node input)
{
    const size_t in = net->node[input]->features;
    const double bound = 1 / sqrt((double)in);
    srnn_status status;

    status = srnn_node_reals(net, n, 0);
    if (!status && n->tied < 0)
        status = srnn_param_add(net, n, "weight", n->features, in, bound);
    if (!status)
        status = srnn_param_add(net, n, "bias", n->features, 0, bound);
    if (!status)
        status = srnn_panels_open(net, &n->panels[0], 1, n->features, in);
    return status;
}

srnn_status srnn_net_linear(srnn_net *net, const char *name, srnn_node input,
                            size_t features, srnn_node *id)
{
    node *n;
    srnn_status status = srnn_node_add(net, &srnn_kind_linear, name, &input, 1,
                                       features, &n);

    if (status)
        return status;
    return srnn_node_end(net, n, add_params(net, n, input), id);
}

/* An error unless the node that is to give its weight has one that fits. */
static srnn_status check_tied(const srnn_net *net, const node *n,
                              srnn_node embedding)
{
    const node *x = net->node[n->input[0]];
    const node *e = embedding >= 0 && embedding < n->id ? net->node[embedding]
                                                        : NULL;

    if (!e || e->kind != &srnn_kind_embedding)
        return srnn_fail(SRNN_EINVAL,
                         "node '%s': node %d, '%s', is no embedding", n->name,
                         embedding, e ? e->name : "");
    if (x->features != e->features)
        return srnn_fail(SRNN_ESHAPE,
                         "node '%s': input '%s' has %zu features, embedding "
                         "'%s' %zu",
                         n->name, x->name, x->features, e->name, e->features);
    return SRNN_OK;
}

srnn_status srnn_net_tied(srnn_net *net, const char *name, srnn_node input,
                          srnn_node embedding, srnn_node *id)
{
    node *n;
    srnn_status status =
        srnn_node_add(net, &srnn_kind_tied, name, &input, 1, 1, &n);

    if (status)
        return status;
    status = srnn_node_reals(net, n, 0);
    if (!status)
        status = check_tied(net, n, embedding);
    if (status)
        return srnn_node_end(net, n, status, id);
    n->tied = embedding;
    n->features = net->param[weight_of(net, n)]->shape[0];
    return srnn_node_end(net, n, add_params(net, n, input), id);
}

static srnn_status train(const srnn_net *net, node *n)
{
    if (n->panels[1].data)
        return SRNN_OK;
    return srnn_panels_open(net, &n->panels[1], 1, n->panels[0].k,
                            n->features);
}

static void close_panels(node *n)
{
    srnn_panels_close(&n->panels[0]);
    srnn_panels_close(&n->panels[1]);
}

static void pack(const srnn_net *net, const node *n)
{
    const srnn_real *w = net->param[weight_of(net, n)]->data;
    const size_t in = n->panels[0].k;

    net->k.pack(&n->panels[0], w, in, 1);
    if (n->panels[1].data)
        net->k.pack(&n->panels[1], w, 1, in);
}

static void forward(const pass *p, const node *n, run *r)
{
    const srnn_net *net = p->s->net;
    const run *x = &p->s->run[n->input[0]];
    const srnn_rows rows = {{x->y}, {x->ldy}, {n->panels[0].k}};
    size_t from, to;

    srnn_crew_span(p->crew, n->features, net->k.panel_units(1), &from, &to);
    net->k.product(&n->panels[0], srnn_extent_of(p, n)->rows, &rows,
                   SRNN_START_BIAS, net->param[bias_of(n)]->data,
                   r->own, n->features, from, to);
    srnn_pool_barrier(p->crew);
}

static void backward(const pass *p, const node *n, run *r)
{
    const srnn_session *s = p->s;
    const srnn_kernels *k = &s->net->k;
    const run *x = &s->run[n->input[0]];
    const size_t in = n->panels[0].k, out = n->features;
    srnn_real *dw = s->gradient[weight_of(s->net, n)];
    const extent *e = srnn_extent_of(p, n);
    const srnn_rows rows = {{r->dy}, {out}, {out}};
    size_t from, to;

    if (x->wants_gradient) {
        srnn_crew_span(p->crew, in, k->panel_units(1), &from, &to);
        k->product(&n->panels[1], e->rows, &rows,
                   r->adds[0] ? SRNN_START_VALUE : SRNN_START_ZERO, NULL,
                   x->dy, in, from, to);
    }
    srnn_crew_span(p->crew, out, 1, &from, &to);
    k->gemm_tn(to - from, in, &e->links, r->dy + from, out, x->y,
               x->ldy, dw + from * in, in, s->tn_work[p->crew->worker]);
    k->bias_grad(to - from, &e->links, r->dy + from, out,
                 s->gradient[bias_of(n)] + from);
    srnn_pool_barrier(p->crew);
}

const node_kind srnn_kind_linear = {.name = "linear",
                                    .carve = srnn_output_carve,
                                    .forward = forward,
                                    .backward = backward,
                                    .pack = pack,
                                    .train = train,
                                    .close = close_panels};
const node_kind srnn_kind_tied = {.name = "tied",
                                  .carve = srnn_output_carve,
                                  .forward = forward,
                                  .backward = backward,
                                  .pack = pack,
                                  .train = train,
                                  .close = close_panels};
