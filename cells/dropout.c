/* Dropout: y = x m, dx = dy m; where nothing trains, y = x. */
#include "node.h"

srnn_status srnn_net_dropout(srnn_net *net, const char *name, srnn_node input,
                             const srnn_dropout_config *config, srnn_node *id)
{
    srnn_status status;
    node *n;

    if (!config)
        return srnn_fail(SRNN_EINVAL, "config is NULL");
    status = srnn_rate_check(name, "p", config->p);
    if (!status)
        status = srnn_node_add(net, &srnn_kind_dropout, name, &input, 1, 1, &n);
    if (status)
        return status;
    n->features = net->node[input]->features;
    n->dropout = *config;
    return srnn_node_end(net, n, srnn_node_reals(net, n, 0), id);
}

srnn_dropout_config srnn_dropout_default(void)
{
    return (srnn_dropout_config){.p = 0.5};
}

static void carve(const srnn_session *s, const node *n, run *r, arena *a)
{
    r->drop = (dropping){.p = n->dropout.p,
                         .once = n->dropout.once,
                         .purpose = MASK_OUTPUT,
                         .columns = n->features};
    srnn_drop_carve(s, n, &r->drop, a);
    if (s->training)
        r->dy = srnn_arena_reals(a, srnn_rows_of(s, n) * n->features);
}

static void forward(const pass *p, const node *n, run *r)
{
    const run *x = &p->s->run[n->input[0]];
    const srnn_real *y = x->y;
    size_t ldy = x->ldy;

    srnn_drop_forward(p, n, &r->drop, &y, &ldy);
    if (p->crew->worker == 0) {
        r->y = y;
        r->ldy = ldy;
    }
    srnn_pool_barrier(p->crew);
}

static void backward(const pass *p, const node *n, run *r)
{
    const run *x = &p->s->run[n->input[0]];

    if (x->wants_gradient)
        srnn_drop_backward(p, n, &r->drop, r->dy, x->dy, r->adds[0]);
}

const node_kind srnn_kind_dropout = {.name = "dropout",
                                     .carve = carve,
                                     .forward = forward,
                                     .backward = backward};
