/* The gradients of nets of every shape, in double against central differences:
 * parameters, inputs on every axis, carried states; sequences whole and ragged.
 * What a forgotten path would make wrong must fail. */
#include "gradient_check.h"
#include "graph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEP 1e-5

/* ---- one graph ----------------------------------------------------------- */

typedef struct subject {
    srnn_trainer *t;
    graph_data *d;
    worst seen;
} subject;

static double loss_now(const subject *s)
{
    must(srnn_net_pack(srnn_trainer_net(s->t)));
    return graph_loss(s->t, s->d);
}

static void compare(subject *s, const char *what, const srnn_real *a,
                    srnn_real *x, size_t n)
{
    double gap = 0, size_a = 0, size_n = 0;

    for (size_t i = 0; i < n; i++) {
        const srnn_real kept = x[i];
        double up, down, slope;

        x[i] = kept + (srnn_real)STEP;
        up = loss_now(s);
        x[i] = kept - (srnn_real)STEP;
        down = loss_now(s);
        x[i] = kept;
        slope = (up - down) / (2 * STEP);
        gap += (a[i] - slope) * (a[i] - slope);
        size_a += (double)a[i] * a[i];
        size_n += slope * slope;
    }
    size_a = sqrt(size_a) + sqrt(size_n);
    worst_see(&s->seen, size_a > 0 ? sqrt(gap) / size_a : INFINITY, 0,
              GRADIENT_BOUND, what, n, 0);
}

/* A state that a node gives is no number of its own. */
static int is_carried(const srnn_net *net, const char *state)
{
    srnn_node_info n;

    for (size_t i = 0; i < srnn_net_nodes(net); i++) {
        must(srnn_net_node(net, (srnn_node)i, &n));
        if (!strncmp(state, n.name, strlen(n.name)) &&
            state[strlen(n.name)] == '.')
            return !n.recurrent.initial;
    }
    return 0;
}

static void compare_all(subject *s)
{
    srnn_net *net = srnn_trainer_net(s->t);
    srnn_real *state = s->d->state;
    srnn_tensor a, x;

    graph_backward(s->t, s->d);
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &x));
        must(srnn_trainer_gradient(s->t, i, &a));
        compare(s, x.name, a.data, x.data, x.count);
    }
    for (size_t i = 0; i < s->d->ins; i++)
        if (s->d->real[i]) {
            must(srnn_trainer_input_gradient(s->t, s->d->in[i].node, &a));
            compare(s, a.name, a.data, s->d->real[i], a.count);
        }
    for (size_t i = 0; i < srnn_trainer_states(s->t); i++, state += a.count) {
        must(srnn_trainer_state_gradient(s->t, i, &a));
        if (is_carried(net, a.name))
            compare(s, a.name, a.data, state, a.count);
    }
}

/* The largest gap in bounds. */
static worst check_graph(const srnn_kernels *k, const graph *g, size_t threads)
{
    srnn_net *net = graph_open(k, g);
    graph_data d;
    subject s = {.d = &d};

    graph_fill(&d, net, g);
    s.t = graph_trainer(net, g, threads);
    compare_all(&s);
    srnn_trainer_close(s.t);
    srnn_net_close(net);
    graph_free(&d);
    return s.seen;
}

static void check_graphs(const srnn_kernels *k, int ragged)
{
    char what[64];
    graph g;

    for (size_t i = 0; graph_at(i, ragged, &g); i++) {
        const worst seen = check_graph(k, &g, 1 + i % 2);

        snprintf(what, sizeof what, "%s%s", ragged ? "ragged " : "", g.name);
        worst_end(&seen, what);
    }
}

static void whole(const srnn_kernels *k)
{
    check_graphs(k, 0);
}

static void ragged(const srnn_kernels *k)
{
    check_graphs(k, 1);
}

/* ---- negative controls --------------------------------------------------- */

/* A kernel that the joining of gradients goes through, spoiled. */
static void forget(size_t rows, size_t n, const srnn_real *x, size_t ldx,
                   srnn_real *y, size_t ldy)
{
    (void)rows, (void)n, (void)x, (void)ldx, (void)y, (void)ldy;
}

static srnn_kernels wrong_kernels(const srnn_kernels *k)
{
    srnn_kernels wrong = *k;

    wrong.add_rows = forget;
    return wrong;
}

static void controls(const srnn_kernels *k)
{
    static const char *const names[] = {"bridge", "losses"};
    const srnn_kernels wrong = wrong_kernels(k);
    graph g;

    for (size_t i = 0; graph_at(i, 0, &g); i++)
        for (size_t j = 0; j < sizeof names / sizeof *names; j++)
            if (!strcmp(g.name, names[j])) {
                const worst seen = check_graph(&wrong, &g, 1);

                check_note("%s, sums of gradients forgotten: largest "
                           "gap/bound %.3g", g.name, seen.ratio);
                CHECK(seen.ratio > 1);
            }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"graph/controls", controls, NULL},
        {"graph/whole", whole, NULL},
        {"graph/ragged", ragged, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
