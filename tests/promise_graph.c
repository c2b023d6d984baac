/* Nets of every shape, bit for bit: on every vector rung, for any number of
 * threads, each sequence alone as in its batch, an encoder kept while its
 * decoder goes step by step, whole as with lengths that say the same. And what
 * such nets refuse. */
#include "graph.h"
#include "record.h"
#include "rungs.h"

#include "numbers.h"
#include "refuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- what a graph computes ----------------------------------------------- */

/* Rows of one sequence, or all (b = SIZE_MAX). */
static void add(record *r, const char *name, const graph_data *d,
                srnn_axis axis, const float *x, size_t features, size_t b,
                float factor)
{
    const size_t rows = graph_rows(d->net, &d->g, axis);
    float *y = case_take(rows * features * sizeof *y);
    size_t n = 0;

    for (size_t q = 0; q < rows; q++)
        if (b == SIZE_MAX || graph_origin(d->net, &d->g, axis, q) == b)
            for (size_t j = 0; j < features; j++)
                y[n++] = factor * x[q * features + j];
    record_add(r, name, y, n, 0);
    free(y);
}

static int is_output(const srnn_node_info *n)
{
    return strcmp(n->kind, "tokens") && strcmp(n->kind, "input") &&
           n->weight == 0;
}

static void record_outputs(record *r, srnn_session *s, const graph_data *d,
                           size_t b)
{
    srnn_array out[24];
    size_t outs = 0;
    srnn_node_info n;

    for (size_t i = 0; i < srnn_net_nodes(d->net); i++) {
        must(srnn_net_node(d->net, (srnn_node)i, &n));
        if (is_output(&n))
            out[outs++] = (srnn_array){
                .node = (srnn_node)i,
                .data = case_take(graph_rows(d->net, &d->g, n.axis) *
                                  n.features * sizeof(float))};
    }
    graph_axes(s, NULL, d);
    must(srnn_session_forward(s, d->g.steps, d->in, d->ins, out, outs));
    for (size_t i = 0; i < outs; i++) {
        must(srnn_net_node(d->net, out[i].node, &n));
        add(r, n.name, d, n.axis, out[i].data, n.features, b, 1);
        free(out[i].data);
    }
}

static void record_states(record *r, srnn_session *s, const graph_data *d,
                          size_t b)
{
    srnn_tensor x;

    for (size_t i = 0; i < srnn_session_states(s); i++) {
        must(srnn_session_state(s, i, &x));
        add(r, x.name, d, SRNN_BATCH, x.data, x.shape[1], b, 1);
    }
}

static void record_session(record *r, srnn_net *net, const graph_data *d,
                           size_t threads, size_t b)
{
    srnn_session *s = graph_session(net, &d->g, threads);

    record_outputs(r, s, d, b);
    record_states(r, s, d, b);
    srnn_session_close(s);
}

/* Gradients of inputs; where all sequences count, of parameters too. */
static void record_trainer(record *r, srnn_net *net, const graph_data *d,
                           size_t threads, size_t b, float factor)
{
    srnn_trainer *t = graph_trainer(net, &d->g, threads);
    srnn_node_info n;
    srnn_tensor x;

    graph_axes(NULL, t, d);
    must(srnn_trainer_backward(t, d->g.steps, d->in, d->ins, NULL));
    for (size_t i = 0; b == SIZE_MAX && i < srnn_net_params(net); i++) {
        must(srnn_trainer_gradient(t, i, &x));
        record_add(r, x.name, x.data, x.count, 0);
    }
    for (size_t i = 0; i < d->ins; i++)
        if (d->real[i]) {
            must(srnn_net_node(net, d->in[i].node, &n));
            must(srnn_trainer_input_gradient(t, d->in[i].node, &x));
            add(r, n.name, d, n.axis, x.data, n.features, b, factor);
        }
    srnn_trainer_close(t);
}

static void record_graph(record *r, const srnn_kernels *k, const graph *g,
                         size_t threads)
{
    srnn_net *net;
    graph_data d;

    data_seed(7);
    net = graph_open(k, g);
    graph_fill(&d, net, g);
    record_session(r, net, &d, threads, SIZE_MAX);
    record_trainer(r, net, &d, threads, SIZE_MAX, 1);
    graph_free(&d);
    srnn_net_close(net);
}

static void expect_equal(record *a, record *b, const graph *g,
                         const char *what)
{
    const char *where;
    const size_t n = record_differing(a, b, &where);

    CHECK_SAYS(n == 0, "%s: %s: %zu values differ, first in %s", g->name, what,
               n, where);
}

/* One step less of one sequence must show. */
static void control(const srnn_kernels *k)
{
    for (size_t i = 0; i < 2; i++) {
        record a = {0}, b = {0};
        const char *where;
        size_t length[] = {4, 3, 4};
        graph g;

        graph_at(i, 0, &g);
        record_graph(&a, k, &g, 1);
        g.length[SRNN_TIME] = length;
        record_graph(&b, k, &g, 1);
        check_note("%s, a step less: %zu values differ", g.name,
                   record_differing(&a, &b, &where));
        CHECK(record_differing(&a, &b, &where) > 0);
        record_free(&a);
        record_free(&b);
    }
}

/* ---- rungs and threads --------------------------------------------------- */

static void one_graph(const srnn_kernels *k, const graph *g)
{
    record here = {0};
    const char *name;

    record_graph(&here, k, g, 1);
    CHECK(here.count > 1);
    for (size_t n = 2; n <= 3; n++) {
        record r = {0};

        record_graph(&r, k, g, n);
        expect_equal(&here, &r, g, "threads");
        record_free(&r);
    }
    for (size_t i = 0; rung_is_highest(k) && (name = srnn_kernels_rung(i));
         i++) {
        srnn_kernels other;
        record r = {0};

        must(srnn_kernels_get(&other, name));
        if (!rung_is_vector(&other))
            continue;
        record_graph(&r, &other, g, 1);
        expect_equal(&here, &r, g, name);
        record_free(&r);
    }
    record_free(&here);
}

static void rungs_and_threads(const srnn_kernels *k)
{
    graph g;

    if (!rung_is_vector(k))
        return;
    for (int ragged = 0; ragged < 2; ragged++)
        for (size_t i = 0; graph_at(i, ragged, &g); i++)
            one_graph(k, &g);
}

/* ---- alone --------------------------------------------------------------- */

/* Every target of the other sequences is -1, so both losses have one scale. */
static void only(graph_data *d, size_t b)
{
    srnn_node_info n;

    for (size_t i = 0; i < d->ins; i++) {
        must(srnn_net_node(d->net, d->in[i].node, &n));
        for (size_t q = 0; n.name[0] == 'y' &&
                           q < graph_rows(d->net, &d->g, n.axis);
             q++)
            if (graph_origin(d->net, &d->g, n.axis, q) != b)
                d->token[i][q] = -1;
    }
}

static void one_alone(const srnn_kernels *k, const graph *g, size_t b)
{
    static size_t length[SRNN_AXES][64];
    record many = {0}, one = {0};
    srnn_net *net = graph_open(k, g);
    graph_data d, single;

    graph_fill(&d, net, g);
    only(&d, b);
    graph_alone(&single, net, &d, b, length);
    record_session(&many, net, &d, 1, b);
    record_trainer(&many, net, &d, 2, b, 1);
    record_session(&one, net, &single, 2, SIZE_MAX);
    record_trainer(&one, net, &single, 1, 0, 1);
    expect_equal(&many, &one, g, "alone");
    record_free(&many);
    record_free(&one);
    graph_free(&d);
    graph_free(&single);
    srnn_net_close(net);
}

static void alone(const srnn_kernels *k)
{
    graph g;

    if (!rung_is_vector(k))
        return;
    for (int ragged = 0; ragged < 2; ragged++)
        for (size_t i = 0; graph_at(i, ragged, &g); i++)
            for (size_t b = 0; b < g.batch; b++)
                one_alone(k, &g, b);
}

/* ---- cuts ---------------------------------------------------------------- */

/* What lies on other axes in a call of no steps, then the rest by one, two ...
 * steps; twice, for the second must not go on where the first ended. */
typedef struct stepwise {
    srnn_session *s;
    const graph_data *d;
    srnn_node out;
    size_t features;
    float *whole, *cut;
} stepwise;

static size_t inputs_on_time(const graph_data *d, int on_time,
                             srnn_array in[GRAPH_INPUTS], size_t t)
{
    size_t n = 0;
    srnn_node_info x;

    for (size_t i = 0; i < d->ins; i++) {
        must(srnn_net_node(d->net, d->in[i].node, &x));
        if ((x.axis == SRNN_TIME) != on_time || x.name[0] == 'y')
            continue;
        in[n] = d->in[i];
        if (in[n].data)
            in[n].data += t * d->g.batch * x.features;
        else
            in[n].tokens += t * d->g.batch;
        n++;
    }
    return n;
}

static void run_whole(const stepwise *x)
{
    const srnn_array out = {.node = x->out, .data = x->whole};

    srnn_session_reset(x->s);
    graph_axes(x->s, NULL, x->d);
    must(srnn_session_forward(x->s, x->d->g.steps, x->d->in, x->d->ins, &out,
                              1));
}

static void run_cut(const stepwise *x, size_t call)
{
    const size_t steps = x->d->g.steps, row = x->d->g.batch * x->features;
    srnn_array in[GRAPH_INPUTS];
    size_t ins = inputs_on_time(x->d, 0, in, 0);

    srnn_session_reset(x->s);
    graph_axes(x->s, NULL, x->d);
    must(srnn_session_forward(x->s, 0, in, ins, NULL, 0));
    for (size_t t = 0; t < steps; t += call) {
        const srnn_array to = {.node = x->out, .data = x->cut + t * row};

        ins = inputs_on_time(x->d, 1, in, t);
        must(srnn_session_forward(x->s, t + call < steps ? call : steps - t,
                                  in, ins, &to, 1));
    }
}

static void compare_cut(const srnn_kernels *k, const graph *g, size_t call)
{
    srnn_net *net = graph_open(k, g);
    stepwise x = {.out = srnn_net_find(net, "o_loss")};
    srnn_node_info n;
    graph_data d;
    size_t bytes;

    graph_fill(&d, net, g);
    must(srnn_net_node(net, x.out, &n));
    bytes = g->steps * g->batch * n.features * sizeof(float);
    x.s = graph_session(net, g, 1);
    x.d = &d;
    x.features = n.features;
    x.whole = case_take(bytes);
    x.cut = case_take(bytes);
    for (int again = 0; again < 2; again++) {
        run_whole(&x);
        run_cut(&x, call);
        CHECK_SAYS(!memcmp(x.whole, x.cut, bytes),
                   "%s, %zu steps a call: other bits", g->name, call);
    }
    srnn_session_close(x.s);
    free(x.whole);
    free(x.cut);
    graph_free(&d);
    srnn_net_close(net);
}

static void cuts(const srnn_kernels *k)
{
    static const char *const causal[] = {"encoder", "learned", "given"};
    graph g;

    for (size_t i = 0; graph_at(i, 0, &g); i++)
        for (size_t j = 0; j < COUNT(causal); j++)
            for (size_t call = 1; !strcmp(g.name, causal[j]) && call < 4;
                 call++)
                compare_cut(k, &g, call);
}

/* ---- nothing ------------------------------------------------------------- */

/* A batch of no sequences: no output, no loss, gradients of 0. */
static void empty(const srnn_kernels *k)
{
    srnn_tensor x;
    graph g;

    for (size_t i = 0; graph_at(i, 0, &g); i++) {
        record none = {0};
        srnn_trainer *t;
        srnn_net *net;
        graph_data d;

        g.batch = 0;
        net = graph_open(k, &g);
        graph_fill(&d, net, &g);
        record_session(&none, net, &d, 1, SIZE_MAX);
        for (size_t j = 0; j < none.count; j++)
            CHECK(none.part[j].n == 0);
        t = graph_trainer(net, &g, 2);
        CHECK(graph_backward(t, &d) == 0);
        for (size_t j = 0; j < srnn_net_params(net); j++) {
            must(srnn_trainer_gradient(t, j, &x));
            for (size_t n = 0; n < x.count; n++)
                CHECK_SAYS(x.data[n] == 0, "%s: %s", g.name, x.name);
        }
        must(srnn_trainer_apply(t));
        srnn_trainer_close(t);
        record_free(&none);
        graph_free(&d);
        srnn_net_close(net);
    }
}

/* ---- refusals ------------------------------------------------------------ */

static void refuse_building(const srnn_kernels *k)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    srnn_axis other;
    srnn_net *net;
    srnn_node x, s, h, r, id;

    c.hidden = 3;
    must(srnn_net_open_on(&net, k));
    must(srnn_net_axis(net, "other", SRNN_BATCH, &other));
    REFUSED(SRNN_EINVAL, srnn_net_axis(net, "other", SRNN_BATCH, NULL),
            "'other'", "axis 2");
    REFUSED(SRNN_EINVAL, srnn_net_axis(net, "b", 7, NULL), "7", "3");
    REFUSED(SRNN_EINVAL, srnn_net_axis(net, "a b", SRNN_BATCH, NULL), "'a b'");
    REFUSED(SRNN_EINVAL, srnn_net_input_on(net, 5, "x", 3, NULL), "5", "3");
    REFUSED(SRNN_EINVAL, srnn_net_tokens_on(net, -1, "x", 3, NULL), "-1");
    REFUSED(SRNN_EINVAL, srnn_net_parameter(net, 9, "x", 3, NULL), "9");
    must(srnn_net_input(net, "x", 3, &x));
    must(srnn_net_input_on(net, other, "s", 3, &s));
    must(srnn_net_input_on(net, SRNN_BATCH, "h", 6, &h));
    REFUSED(SRNN_ESHAPE, srnn_net_cross_entropy(net, "e", x, s, NULL),
            "'time'", "'other'");
    REFUSED(SRNN_ESHAPE, srnn_net_recurrent(net, "r", h, &c, NULL), "'batch'",
            "no steps");
    c.initial = 1;
    c.initial_state = s;
    REFUSED(SRNN_ESHAPE, srnn_net_recurrent(net, "r", x, &c, NULL), "'other'",
            "'batch'");
    c.initial_state = h;
    c.layers = 2;
    REFUSED(SRNN_ESHAPE, srnn_net_recurrent(net, "r", x, &c, NULL), "'h'",
            "6 features", "12");
    c.layers = 1;
    c.direction = SRNN_DIRECTIONS;
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(net, "r", x, &c, NULL),
            "direction 5");
    c.direction = SRNN_FORWARD;
    must(srnn_net_recurrent(net, "r", x, &c, &r));
    REFUSED(SRNN_EINVAL, srnn_net_state(net, "l", x, NULL), "'x'",
            "not recurrent");
    must(srnn_net_state(net, "l", r, &id));
    REFUSED(SRNN_EINVAL, srnn_net_state(net, "m", r, NULL), "'l'", "'r'");
    for (int i = 3; i < SRNN_AXES; i++) {
        char name[8];

        snprintf(name, sizeof name, "a%d", i);
        must(srnn_net_axis(net, name, SRNN_TIME, NULL));
    }
    REFUSED(SRNN_EINVAL, srnn_net_axis(net, "more", SRNN_TIME, NULL), "8 axes");
    srnn_net_close(net);
}

static void refuse_running(const srnn_kernels *k)
{
    const size_t length[] = {5, 1, 1, 1};
    float y[64];
    srnn_array out = {.data = y};
    srnn_session *s;
    srnn_net *net;
    graph_data d;
    graph g = {0};

    for (size_t i = 0; graph_at(i, 0, &g) && strcmp(g.name, "encoder"); i++)
        ;
    net = graph_open(k, &g);
    graph_fill(&d, net, &g);
    s = graph_session(net, &g, 1);
    out.node = srnn_net_find(net, "dec");
    REFUSED(SRNN_EINVAL, srnn_session_axis(NULL, 2, 1, NULL, 0), "session");
    REFUSED(SRNN_EINVAL, srnn_session_axis(s, 2, 1, NULL, 1), "lengths");
    REFUSED(SRNN_EINVAL, srnn_session_axis(s, SRNN_TIME, 1, NULL, 0), "1");
    REFUSED(SRNN_EINVAL, srnn_session_axis(s, 3, 1, NULL, 0), "3");
    REFUSED(SRNN_ESHAPE, srnn_session_axis(s, 2, 6, NULL, 0), "'source'", "6",
            "5");
    REFUSED(SRNN_ESHAPE, srnn_session_axis(s, 2, 5, length, 5), "5 lengths",
            "4 sequences");
    must(srnn_session_axis(s, 2, 4, length, 4));
    REFUSED(SRNN_ESHAPE,
            srnn_session_forward(s, 1, d.in, d.ins, &out, 1), "'source'",
            "row 0 is 5", "4");
    must(srnn_session_axis(s, 2, 5, length, 3));
    REFUSED(SRNN_ESHAPE,
            srnn_session_forward(s, 1, d.in, d.ins, &out, 1), "'source'",
            "3 lengths", "4 sequences");
    must(srnn_session_axis(s, 2, 5, NULL, 0));
    REFUSED(SRNN_EINVAL, srnn_session_forward(s, 1, d.in + 1, 1, &out, 1),
            "'dec'", "'s'");
    REFUSED(SRNN_EINVAL, srnn_session_loss_of(NULL, 0, NULL, NULL), "session");
    REFUSED(SRNN_EINVAL, srnn_session_loss_of(s, 0, NULL, NULL), "node 0");
    srnn_session_close(s);
    graph_free(&d);
    srnn_net_close(net);
}

/* What is not causal needs all its steps in one call. */
static void refuse_cuts(const srnn_kernels *k)
{
    static const struct {
        const char *graph, *names;
    } whole[] = {{"both", "'rnn'"}, {"reverse", "'rnn'"},
                 {"losses", "'last'"}};
    graph g;

    for (size_t i = 0; graph_at(i, 0, &g); i++)
        for (size_t j = 0; j < COUNT(whole); j++) {
            srnn_session *s;
            srnn_net *net;
            graph_data d;

            if (strcmp(g.name, whole[j].graph))
                continue;
            net = graph_open(k, &g);
            graph_fill(&d, net, &g);
            g.steps--;
            s = graph_session(net, &g, 1);
            g.steps++;
            REFUSED(SRNN_ESHAPE,
                    srnn_session_forward(s, g.steps, d.in, d.ins, NULL, 0),
                    whole[j].names, "all 4", "for 3");
            srnn_session_close(s);
            graph_free(&d);
            srnn_net_close(net);
        }
}

static graph graph_of(const char *name)
{
    graph g = {0};

    for (size_t i = 0; graph_at(i, 0, &g) && strcmp(g.name, name); i++)
        ;
    return g;
}

/* More rows above than an axis has room for sequences: ragged ones too, whose
 * lengths have no place. */
static void refuse_crowds(const srnn_kernels *k)
{
    static const size_t length[] = {3, 1, 2};
    graph g = graph_of("spelled");
    srnn_net *net = graph_open(k, &g);
    srnn_session *s;
    graph_data d;

    graph_fill(&d, net, &g);
    g.steps = 2;
    s = graph_session(net, &g, 1);
    for (int ragged = 0; ragged < 2; ragged++) {
        must(srnn_session_axis(s, 2, 4, NULL, 0));
        must(srnn_session_lengths(s, ragged ? length : NULL));
        REFUSED(SRNN_ESHAPE, srnn_session_forward(s, 3, d.in, d.ins, NULL, 0),
                "'chars'", "9 sequences", "for 6");
    }
    srnn_session_close(s);
    graph_free(&d);
    srnn_net_close(net);
}

/* A refused call leaves a decoder where it is: it does not begin anew from the
 * encoder that the call would have run. */
static void refused_is_nothing(const srnn_kernels *k)
{
    const graph g = graph_of("encoder");
    srnn_net *net = graph_open(k, &g);
    const srnn_node o = srnn_net_find(net, "o_loss");
    float y[2][64];
    graph_data d;

    graph_fill(&d, net, &g);
    for (int again = 0; again < 2; again++) {
        srnn_session *s = graph_session(net, &g, 1);
        const srnn_array out = {.node = o, .data = y[again]};
        const srnn_array bad = {.node = 99, .data = y[again]};
        srnn_array x = d.in[1];

        graph_axes(s, NULL, &d);
        must(srnn_session_forward(s, 1, d.in, d.ins, &out, 1));
        if (again)
            REFUSED(SRNN_EINVAL,
                    srnn_session_forward(s, 1, d.in, d.ins, &bad, 1),
                    "node 99");
        x.tokens += g.batch;
        must(srnn_session_forward(s, 1, &x, 1, &out, 1));
        srnn_session_close(s);
    }
    CHECK(!memcmp(y[0], y[1], g.batch * 5 * sizeof y[0][0]));
    graph_free(&d);
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"graph/control", control, NULL},
        {"graph/rungs", rungs_and_threads, NULL},
        {"graph/alone", alone, NULL},
        {"graph/cuts", cuts, NULL},
        {"graph/empty", empty, NULL},
        {"graph/refuse-building", refuse_building, NULL},
        {"graph/refuse-running", refuse_running, NULL},
        {"graph/refuse-cuts", refuse_cuts, NULL},
        {"graph/refuse-crowds", refuse_crowds, NULL},
        {"graph/refused-is-nothing", refused_is_nothing, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
