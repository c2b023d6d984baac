/* Gradients where several nodes read one node: they add up, in double against
 * central differences. The public nodes make no such net yet (only a loss has
 * two inputs), so this one has a node of the test's own: y = a + b. And a node
 * that reads but does not lead to the loss adds nothing. */
#include "gradient_check.h"

#include "../cells/node.h"

#include <stdio.h>

/* ---- y = a + b ----------------------------------------------------------- */

static void forward(const pass *p, const node *n, run *r)
{
    const run *a = &p->s->run[n->input[0]], *b = &p->s->run[n->input[1]];
    size_t row, i, from, to;

    srnn_crew_span(p->crew, srnn_extent_of(p, n)->rows, 1, &from, &to);
    for (row = from; row < to; row++)
        for (i = 0; i < n->features; i++)
            r->own[row * n->features + i] =
                a->y[row * a->ldy + i] + b->y[row * b->ldy + i];
    srnn_pool_barrier(p->crew);
}

static int forget_to_add; /* the negative control */

static void backward(const pass *p, const node *n, run *r)
{
    size_t i, j, from, to;

    srnn_crew_span(p->crew, srnn_extent_of(p, n)->rows * n->features, 1,
                   &from, &to);
    for (j = 0; j < 2; j++) {
        run *x = &p->s->run[n->input[j]];

        for (i = from; i < to; i++)
            x->dy[i] = r->adds[j] && !forget_to_add ? x->dy[i] + r->dy[i]
                                                    : r->dy[i];
    }
    srnn_pool_barrier(p->crew);
}

static const node_kind kind_sum = {
    .name = "sum", .carve = srnn_output_carve, .forward = forward,
    .backward = backward};

static srnn_node add_sum(srnn_net *net, const char *name, srnn_node a,
                         srnn_node b)
{
    const srnn_node input[2] = {a, b};
    node *n;

    must(srnn_node_add(net, &kind_sum, name, input, 2,
                       net->node[a]->features, &n));
    return n->id;
}

/* ---- the net ------------------------------------------------------------- */

static srnn_node add_cell(srnn_net *net, const char *name, srnn_node x,
                          const net_case *c)
{
    const srnn_recurrent_config r = {.cell = c->cell,
                                     .hidden = c->hidden,
                                     .layers = 1,
                                     .z_takes_new = c->z_takes_new};
    srnn_node id;

    must(srnn_net_recurrent(net, name, x, &r, &id));
    return id;
}

static srnn_node add_linear(srnn_net *net, const char *name, srnn_node x,
                            size_t features)
{
    srnn_node id;

    must(srnn_net_linear(net, name, x, features, &id));
    return id;
}

/*  x -> a -> b --+
 *  |    |`-> c --+-> bc --+
 *  |    `--> m -> bcm     +-> all -> out -> loss
 *  `--> n ----------------+          `-> idle
 *  a is read by two cells and a linear node, x by a cell and a linear node. */
static srnn_net *fork_net(const srnn_kernels *k, const net_case *c)
{
    srnn_node x, y, a, bc, all, out;
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", c->in, &x));
    a = add_cell(net, "a", x, c);
    bc = add_sum(net, "bc", add_cell(net, "b", a, c),
                 add_cell(net, "c", a, c));
    bc = add_sum(net, "bcm", bc, add_linear(net, "m", a, c->hidden));
    all = add_sum(net, "all", bc, add_linear(net, "n", x, c->hidden));
    all = add_sum(net, "twice", all, all);
    out = add_linear(net, "out", all, c->classes);
    add_linear(net, "idle", all, 3);
    must(srnn_net_tokens(net, "y", c->classes, &y));
    must(srnn_net_cross_entropy(net, "loss", out, y, NULL));
    case_fill_params(net);
    return net;
}

/* The idle node's gradients are zero: its groups have no slope to compare. */
static void check_idle(const srnn_trainer *t)
{
    srnn_tensor g;

    for (size_t i = 0; i < srnn_net_params(srnn_trainer_net(t)); i++) {
        must(srnn_trainer_gradient(t, i, &g));
        for (size_t j = 0; g.name[0] == 'i' && j < g.count; j++)
            CHECK_SAYS(g.data[j] == 0, "%s has a gradient", g.name);
    }
}

static double run_fork(const srnn_kernels *k, size_t cell, size_t threads,
                  groups *g)
{
    net_case c = {.layers = 3, .steps = 3, .batch = 2, .in = 3, .hidden = 5,
                  .classes = 4};
    groups all = {0};
    srnn_trainer *t;
    srnn_net *net;
    net_data d;

    case_cell(&c, cell);
    net = fork_net(k, &c);
    case_data(&d, &c);
    t = case_trainer(net, &c, threads);
    gradient_compare(t, &d, &all);
    check_idle(t);
    for (size_t i = 0; i < all.count; i++)
        if (all.name[i][0] != 'i' || all.name[i][1] != 'd') {
            snprintf(g->name[g->count], sizeof g->name[0], "%.79s",
                     all.name[i]);
            g->seen[g->count++] = all.seen[i];
        }
    srnn_trainer_close(t);
    srnn_net_close(net);
    case_free(&d);
    return gradient_largest(g);
}

static void forks(const srnn_kernels *k)
{
    static const size_t cells[] = {0, 2, 3, 5};

    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        for (size_t threads = 1; threads <= 2; threads++) {
            groups g = {0};

            run_fork(k, cells[i], threads, &g);
            gradient_report(&g, threads == 1 ? "one thread" : "two threads");
        }
}

static void forgotten(const srnn_kernels *k)
{
    groups g = {0};
    double largest;

    forget_to_add = 1;
    largest = run_fork(k, 2, 1, &g);
    forget_to_add = 0;
    check_note("a sum that overwrites: largest gap/bound %.3g", largest);
    CHECK(largest > 1);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"fork/forgotten", forgotten, NULL},
        {"fork/cells", forks, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
