/* Every refusal of the nodes that join, reduce over time and share a weight,
 * and of the losses of real targets; and of the calls that run them. */
#include "net_case.h"
#include "refuse.h"

typedef struct graph {
    srnn_net *net;
    srnn_node x, s, e, w, c, loss; /* w: on the batch; c: on an axis beside */
    size_t nodes, params;
} graph;

static graph graph_open(const srnn_kernels *k)
{
    graph g;
    srnn_axis side;

    must(srnn_net_open_on(&g.net, k));
    must(srnn_net_axis(g.net, "side", SRNN_BATCH, &side));
    must(srnn_net_input(g.net, "x", 3, &g.x));
    must(srnn_net_tokens(g.net, "s", 5, &g.s));
    must(srnn_net_embedding(g.net, "e", g.s, 4, &g.e));
    must(srnn_net_input_on(g.net, SRNN_BATCH, "w", 3, &g.w));
    must(srnn_net_input_on(g.net, side, "c", 3, &g.c));
    must(srnn_net_squared_error(g.net, "loss", g.x, g.x, &g.loss));
    g.nodes = srnn_net_nodes(g.net);
    g.params = srnn_net_params(g.net);
    return g;
}

/* A refusal leaves the graph as it was. */
static void graph_close(graph *g)
{
    CHECK(srnn_net_nodes(g->net) == g->nodes);
    CHECK(srnn_net_params(g->net) == g->params);
    srnn_net_close(g->net);
}

typedef srnn_status join_fn(srnn_net *, const char *, const srnn_node *,
                            size_t, srnn_node *);

static void joins_with(const srnn_kernels *k, join_fn *join)
{
    graph g = graph_open(k);
    srnn_net *n = g.net;
    srnn_node id = 77;

    REFUSED(SRNN_EINVAL, join(NULL, "a", &g.x, 1, &id), "net");
    REFUSED(SRNN_EINVAL, join(n, NULL, &g.x, 1, &id), "name");
    REFUSED(SRNN_EINVAL, join(n, "a", NULL, 1, &id), "'a'", "inputs", "NULL");
    REFUSED(SRNN_EINVAL, join(n, "a", &g.x, 0, &id), "'a'", "inputs", "0");
    REFUSED(SRNN_EINVAL, join(n, "a", (srnn_node[]){g.x, 99}, 2, &id), "'a'",
            "99");
    REFUSED(SRNN_EINVAL, join(n, "a", (srnn_node[]){g.x, g.s}, 2, &id), "'a'",
            "'s'");
    REFUSED(SRNN_EINVAL, join(n, "a", (srnn_node[]){g.loss, g.x}, 2, &id),
            "'a'", "'loss'");
    REFUSED(SRNN_ESHAPE, join(n, "a", (srnn_node[]){g.x, g.w}, 2, &id), "'x'",
            "'time'", "'w'", "'batch'");
    CHECK(id == 77);
    graph_close(&g);
}

static void joins(const srnn_kernels *k)
{
    graph g = graph_open(k);
    srnn_node wide, id = 77;

    joins_with(k, srnn_net_add);
    joins_with(k, srnn_net_concat);
    REFUSED(SRNN_ESHAPE,
            srnn_net_add(g.net, "a", (srnn_node[]){g.x, g.e}, 2, &id), "'a'",
            "'x' has 3", "'e' 4");
    must(srnn_net_input(g.net, "wide", INT32_MAX, &wide));
    REFUSED(SRNN_ESHAPE,
            srnn_net_concat(g.net, "a", (srnn_node[]){g.x, wide}, 2, &id),
            "'a'", "2147483650");
    CHECK(id == 77);
    g.nodes++;
    graph_close(&g);
}

typedef srnn_status reduce_fn(srnn_net *, const char *, srnn_node,
                              srnn_node *);

static void reductions(const srnn_kernels *k)
{
    static reduce_fn *const all[] = {srnn_net_first, srnn_net_last,
                                     srnn_net_mean};

    for (size_t i = 0; i < 3; i++) {
        graph g = graph_open(k);
        srnn_node id = 77;

        REFUSED(SRNN_EINVAL, all[i](NULL, "a", g.x, &id), "net");
        REFUSED(SRNN_EINVAL, all[i](g.net, "x", g.x, &id), "'x'", "taken");
        REFUSED(SRNN_EINVAL, all[i](g.net, "a", -1, &id), "'a'", "-1");
        REFUSED(SRNN_EINVAL, all[i](g.net, "a", g.s, &id), "'a'", "'s'");
        REFUSED(SRNN_EINVAL, all[i](g.net, "a", g.loss, &id), "'a'", "'loss'");
        REFUSED(SRNN_ESHAPE, all[i](g.net, "a", g.w, &id), "'a'", "'batch'",
                "'w'", "no steps");
        CHECK(id == 77);
        graph_close(&g);
    }
}

/* Whole sequences only: a call that would be cut names the node. */
static void whole(const srnn_kernels *k)
{
    srnn_session_config config = srnn_session_default();
    float x[5] = {1, 2, 3, 4, 5}, y = 0;
    srnn_session *s;
    srnn_net *net;
    srnn_node in, id;
    srnn_array from, to;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", 1, &in));
    must(srnn_net_mean(net, "middle", in, &id));
    config.steps = 4;
    must(srnn_session_open(&s, net, &config));
    from = (srnn_array){.node = in, .data = x};
    to = (srnn_array){.node = id, .data = &y};
    REFUSED(SRNN_ESHAPE, srnn_session_forward(s, 5, &from, 1, &to, 1),
            "'middle'", "5", "4");
    must(srnn_session_forward(s, 4, &from, 1, &to, 1));
    CHECK(y == 2.5f);
    srnn_session_close(s);
    srnn_net_close(net);
}

static void tied(const srnn_kernels *k)
{
    graph g = graph_open(k);
    srnn_node id = 77;

    REFUSED(SRNN_EINVAL, srnn_net_tied(NULL, "a", g.x, g.e, &id), "net");
    REFUSED(SRNN_EINVAL, srnn_net_tied(g.net, "a", 99, g.e, &id), "'a'", "99");
    REFUSED(SRNN_EINVAL, srnn_net_tied(g.net, "a", g.x, -1, &id), "'a'",
            "node -1", "embedding");
    REFUSED(SRNN_EINVAL, srnn_net_tied(g.net, "a", g.x, 6, &id), "'a'",
            "node 6", "embedding");
    REFUSED(SRNN_EINVAL, srnn_net_tied(g.net, "a", g.e, g.x, &id), "'a'",
            "'x'", "embedding");
    REFUSED(SRNN_ESHAPE, srnn_net_tied(g.net, "a", g.x, g.e, &id), "'a'",
            "'x' has 3", "'e' 4");
    REFUSED(SRNN_EINVAL, srnn_net_tied(g.net, "a", g.s, g.e, &id), "'s'");
    CHECK(id == 77);
    graph_close(&g);
}

typedef srnn_status loss_fn(srnn_net *, const char *, srnn_node, srnn_node,
                            srnn_node *);

static void losses(const srnn_kernels *k)
{
    static loss_fn *const all[] = {srnn_net_sigmoid_cross_entropy,
                                   srnn_net_squared_error};

    for (size_t i = 0; i < 2; i++) {
        graph g = graph_open(k);
        srnn_node id = 77;

        REFUSED(SRNN_EINVAL, all[i](NULL, "a", g.x, g.x, &id), "net");
        REFUSED(SRNN_EINVAL, all[i](g.net, "a", g.x, 99, &id), "'a'", "99");
        REFUSED(SRNN_EINVAL, all[i](g.net, "a", g.s, g.x, &id), "'a'", "'s'");
        REFUSED(SRNN_EINVAL, all[i](g.net, "a", g.x, g.s, &id), "'a'", "'s'");
        REFUSED(SRNN_EINVAL, all[i](g.net, "a", g.x, g.loss, &id), "'loss'");
        REFUSED(SRNN_ESHAPE, all[i](g.net, "a", g.e, g.x, &id), "'a'",
                "'e' has 4", "'x' 3");
        REFUSED(SRNN_ESHAPE, all[i](g.net, "a", g.x, g.c, &id), "'x'",
                "'time'", "'c'", "'side'");
        CHECK(id == 77);
        graph_close(&g);
    }
}

/* While a session is open the graph stays as it is. */
static void in_use(const srnn_kernels *k)
{
    const srnn_session_config config = srnn_session_default();
    graph g = graph_open(k);
    srnn_session *s;

    must(srnn_session_open(&s, g.net, &config));
    REFUSED(SRNN_ESTATE, srnn_net_add(g.net, "a", &g.x, 1, NULL), "'a'");
    REFUSED(SRNN_ESTATE, srnn_net_last(g.net, "a", g.x, NULL), "'a'");
    REFUSED(SRNN_ESTATE, srnn_net_tied(g.net, "a", g.e, g.e, NULL), "'a'");
    REFUSED(SRNN_ESTATE, srnn_net_squared_error(g.net, "a", g.x, g.x, NULL),
            "'a'");
    srnn_session_close(s);
    graph_close(&g);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"nodes/joins", joins, NULL},   {"nodes/reductions", reductions, NULL},
        {"nodes/whole", whole, NULL},   {"nodes/tied", tied, NULL},
        {"nodes/losses", losses, NULL}, {"nodes/in-use", in_use, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
