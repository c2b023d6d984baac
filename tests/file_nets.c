/* The nets that the other tests build, and those that only a file looks at. */
#include "file_nets.h"

#include "attend_case.h"
#include "masks_case.h"
#include "node_case.h"

#include <stdio.h>


typedef struct want {
    const srnn_kernels *k;
    size_t i; /* how many nets are left to skip */
    char *name;
    srnn_net *net;
} want;

/* Whether it is this net's turn. */
static int turn(want *w, const char *family, const char *name)
{
    if (w->net || w->i-- > 0)
        return 0;
    snprintf(w->name, 64, "%s/%s", family, name);
    return 1;
}

static const net_case small = {.layers = 2, .steps = 4, .batch = 3, .in = 4,
                               .hidden = 3, .classes = 4};

/* ---- nets of other tests ------------------------------------------------- */

static void graphs(want *w)
{
    graph g;

    for (size_t i = 0; graph_at(i, 0, &g); i++)
        if (turn(w, "graph", g.name))
            w->net = graph_open(w->k, &g);
}

static void nodes(want *w)
{
    static const char *const names[CASE_NETS] = {"join", "over_time", "tied"};

    for (int i = 0; i < CASE_NETS; i++)
        if (turn(w, "nodes", names[i]))
            w->net = node_case_net(w->k, i);
}

static void attentions(want *w)
{
    attend_case c = {.batch = 3, .source = 3, .steps = 4, .in = 4, .hidden = 5,
                     .width = 6, .classes = 4};

    for (int score = 0; score < SRNN_SCORE_KINDS; score++)
        for (int form = 0; form < ATTEND_FORMS; form++) {
            c.score = (srnn_score_kind)score;
            c.form = (attend_form)form;
            c.in = form == ATTEND_TWICE ? c.hidden : 4;
            if (turn(w, "attend", attend_name(&c)))
                w->net = attend_net(w->k, &c);
        }
}

static void masks(want *w)
{
    net_case c = small;

    for (const masks_case *m = masks_cases; m->name; m++) {
        c.cell = SRNN_LSTM;
        if (!masks_fit(m, &c))
            c.cell = SRNN_GRU;
        if (turn(w, "masks", m->name))
            w->net = masks_net(w->k, &c, m);
    }
}

/* A file cannot hold a function of the caller's. */
static int is_own(const net_case *c)
{
    const srnn_recurrent_config r = case_config(c);

    return r.activation[0].kind == SRNN_ACT_OWN ||
           r.activation[1].kind == SRNN_ACT_OWN ||
           r.activation[2].kind == SRNN_ACT_OWN;
}

static void cells(want *w, const char *family, size_t count,
                  void choose(net_case *, size_t))
{
    for (size_t i = 0; i < count; i++) {
        net_case c = small;

        choose(&c, i);
        if (!is_own(&c) && turn(w, family, case_cell_name(&c)))
            w->net = case_net(w->k, &c);
    }
}

static void variants(want *w)
{
    net_case c = small;

    for (size_t i = 0; case_lstm(&c, i); i++)
        if (!is_own(&c) && turn(w, "lstm", case_cell_name(&c)))
            w->net = case_net(w->k, &c);
}

/* ---- attributes that none of them has ------------------------------------ */

static srnn_net *around(const srnn_kernels *k, const srnn_recurrent_config *c)
{
    srnn_node x, y;
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", 3, &x));
    must(srnn_net_recurrent(net, "rnn", x, c, &x));
    must(srnn_net_linear(net, "out", x, 4, &x));
    must(srnn_net_tokens(net, "y", 4, &y));
    must(srnn_net_cross_entropy(net, "loss", x, y, NULL));
    case_fill_params(net);
    return net;
}

/* Numbers that a decimal of few digits does not hold. */
static void activations(want *w)
{
    for (int kind = SRNN_ACT_RELU; kind < SRNN_ACT_OWN; kind++) {
        srnn_recurrent_config c = srnn_recurrent_default();
        char name[16];

        c.cell = SRNN_GRU;
        c.hidden = 3;
        c.clip = 2.0 / 3;
        c.one_bias = 1;
        c.z_takes_new = 1;
        c.activation[kind % 2] = (srnn_activation){
            .kind = (srnn_activation_kind)kind,
            .a = (srnn_real)(1.0 / 3), .b = (srnn_real)(1.0 / 7)};
        snprintf(name, sizeof name, "%d", kind);
        if (turn(w, "activation", name))
            w->net = around(w->k, &c);
    }
}

static void forget(want *w)
{
    srnn_recurrent_config c = srnn_recurrent_default();

    c.hidden = 3;
    c.layers = 2;
    c.forget_bias = 0.7;
    c.lstm = SRNN_LSTM_PEEPHOLES;
    c.projection = 2;
    c.cell_clip = 1.0 / 3;
    c.projection_clip = 0.3;
    c.direction = SRNN_BOTH;
    if (turn(w, "lstm", "forget"))
        w->net = around(w->k, &c);
}

static void norm(want *w)
{
    srnn_recurrent_config c = srnn_recurrent_default();

    c.hidden = 3;
    c.norm = SRNN_NORM_BATCH;
    c.norm_steps = 3;
    c.norm_eps = 1e-3;
    c.norm_momentum = 0.3;
    c.direction = SRNN_BOTH;
    if (turn(w, "norm", "batch"))
        w->net = around(w->k, &c);
}

srnn_net *file_net(const srnn_kernels *k, size_t i, char name[64], graph *g)
{
    want w = {.k = k, .i = i, .name = name};

    graphs(&w);
    nodes(&w);
    attentions(&w);
    masks(&w);
    cells(&w, "norms", CASE_NORMS, case_norm);
    cells(&w, "variants", CASE_VARIANTS, case_variant);
    activations(&w);
    norm(&w);
    variants(&w);
    forget(&w);
    if (!w.net)
        return NULL;
    *g = (graph){.name = name, .batch = 3, .steps = 4};
    for (size_t a = SRNN_TIME + 1; a < srnn_net_axes(w.net); a++)
        g->axis_steps[a] = 3;
    return w.net;
}
