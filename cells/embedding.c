/* Embedding: y = weight[token]; dweight[token] += dy. */
#include "node.h"

srnn_status srnn_net_embedding(srnn_net *net, const char *name,
                               srnn_node tokens, size_t features,
                               srnn_node *id)
{
    node *n;
    srnn_status status = srnn_node_add(net, &srnn_kind_embedding, name,
                                       &tokens, 1, features, &n);

    if (status)
        return status;
    if (!net->node[tokens]->is_tokens)
        status = srnn_fail(SRNN_EINVAL, "node '%s': input '%s' has no tokens",
                           name, net->node[tokens]->name);
    if (!status)
        status = srnn_param_add(net, n, "weight", net->node[tokens]->features,
                                features, 0);
    return srnn_node_end(net, n, status, id);
}

static void forward(const pass *p, const node *n, run *r)
{
    const srnn_net *net = p->s->net;
    size_t from, to;

    srnn_crew_span(p->crew, srnn_extent_of(p, n)->rows, 1, &from, &to);
    net->k.gather(to - from, n->features, p->s->run[n->input[0]].tokens + from,
                  net->param[n->first_param]->data,
                  r->own + from * n->features, n->features);
    srnn_pool_barrier(p->crew);
}

/* Rows of one token may lie anywhere, so one worker adds them all. */
static void backward(const pass *p, const node *n, run *r)
{
    const srnn_session *s = p->s;

    if (p->crew->worker == 0)
        s->net->k.scatter_add(n->features, &srnn_extent_of(p, n)->links,
                              s->run[n->input[0]].tokens, r->dy, n->features,
                              s->gradient[n->first_param]);
}

const node_kind srnn_kind_embedding = {.name = "embedding",
                                       .carve = srnn_output_carve,
                                       .forward = forward,
                                       .backward = backward};
