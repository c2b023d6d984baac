/* Back through time in parts, bit for bit: checkpointed = plain, for segments
 * of every length; windows of truncated BPTT = the same windows made by hand
 * from whole calls. What cannot be cut is refused by name; the memory asked for is
 * kept to. */
#include "graph.h"
#include "record.h"
#include "rungs.h"

#include "numbers.h"
#include "refuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- checkpoints --------------------------------------------------------- */

static srnn_trainer *open_trainer(srnn_net *net, const graph *g,
                                  size_t segment, size_t threads)
{
    srnn_trainer_config c = srnn_trainer_default();
    srnn_trainer *t;

    c.batch = g->batch;
    c.steps = g->steps;
    memcpy(c.axis_steps, g->axis_steps, sizeof c.axis_steps);
    c.segment = segment;
    c.threads = threads;
    c.input_gradients = 1;
    c.seed = 5;
    must(srnn_trainer_open(&t, net, &c));
    return t;
}

static void add_tensors(record *r, const srnn_trainer *t, const graph_data *d)
{
    srnn_tensor x;

    for (size_t i = 0; i < srnn_net_params(d->net); i++) {
        must(srnn_trainer_gradient(t, i, &x));
        record_add(r, x.name, x.data, x.count, 0);
    }
    for (size_t i = 0; i < srnn_trainer_states(t); i++) {
        must(srnn_trainer_state(t, i, &x));
        record_add(r, x.name, x.data, x.count, 0);
        must(srnn_trainer_state_gradient(t, i, &x));
        record_add(r, x.name, x.data, x.count, 0);
    }
    for (size_t i = 0; i < d->ins; i++)
        if (d->real[i] && /* a target has none */
            srnn_trainer_input_gradient(t, d->in[i].node, &x) == SRNN_OK)
            record_add(r, x.name, x.data, x.count, 0);
}

/* Two calls, the second from the states of the first. */
static void record_segments(record *r, srnn_net *net, const graph_data *d,
                            size_t segment, size_t threads)
{
    srnn_trainer *t = open_trainer(net, &d->g, segment, threads);
    double loss;

    graph_set_states(NULL, t, d);
    for (int call = 0; call < 2; call++) {
        graph_axes(NULL, t, d);
        must(srnn_trainer_backward(t, d->g.steps, d->in, d->ins, &loss));
        record_double(r, "loss", loss);
        add_tensors(r, t, d);
    }
    srnn_trainer_close(t);
}

static void compare_segments(const srnn_kernels *k, const graph *g)
{
    srnn_net *net = graph_open(k, g);
    record whole = {0};
    const char *where;
    graph_data d;

    graph_fill(&d, net, g);
    record_segments(&whole, net, &d, 0, 1);
    for (size_t n = 1; n <= g->steps + 1; n++) {
        record r = {0};
        size_t count;

        record_segments(&r, net, &d, n, 1 + n % 2);
        count = record_differing(&whole, &r, &where);
        CHECK_SAYS(count == 0,
                   "%s, segments of %zu: %zu values differ, first in %s",
                   g->name, n, count, where);
        record_free(&r);
    }
    record_free(&whole);
    graph_free(&d);
    srnn_net_close(net);
}

/* ---- the nets of this file ----------------------------------------------- */

static srnn_recurrent_config cell(srnn_cell_kind kind, size_t hidden)
{
    srnn_recurrent_config c = srnn_recurrent_default();

    c.cell = kind;
    c.hidden = hidden;
    return c;
}

static void finish(srnn_net *net, srnn_node x)
{
    srnn_node y, id;

    must(srnn_net_linear(net, "out", x, 4, &x));
    must(srnn_net_tokens(net, "y", 4, &y));
    must(srnn_net_cross_entropy(net, "loss", x, y, &id));
}

/* Two layers of each cell over reals. */
static void layers(srnn_net *net, srnn_cell_kind kind)
{
    srnn_recurrent_config c = cell(kind, 5);
    srnn_node x;

    c.layers = 2;
    must(srnn_net_input(net, "x", 3, &x));
    must(srnn_net_recurrent(net, "rnn", x, &c, &x));
    finish(net, x);
}

static void rnn(srnn_net *net)
{
    layers(net, SRNN_RNN_TANH);
}

static void lstm(srnn_net *net)
{
    layers(net, SRNN_LSTM);
}

static void gru(srnn_net *net)
{
    layers(net, SRNN_GRU);
}

static void gru_before(srnn_net *net)
{
    layers(net, SRNN_GRU_BEFORE);
}

/* Tokens, masks of every kind, a shortcut, two losses, one of them of reals. */
static void masked(srnn_net *net)
{
    srnn_recurrent_config c = cell(SRNN_LSTM, 4);
    srnn_dropout_config drop = srnn_dropout_default();
    srnn_node x, e, r, t, both[2], id;

    c.layers = 2;
    c.dropout = .3;
    c.dropout_hidden = .2;
    c.zoneout_h = .1;
    c.zoneout_c = .2;
    must(srnn_net_tokens(net, "x", 6, &x));
    must(srnn_net_embedding(net, "e", x, 4, &e));
    must(srnn_net_dropout(net, "drop", e, &drop, &e));
    must(srnn_net_recurrent(net, "rnn", e, &c, &r));
    both[0] = e;
    both[1] = r;
    must(srnn_net_add(net, "sum", both, 2, &r));
    must(srnn_net_input(net, "t", 4, &t));
    must(srnn_net_squared_error(net, "error", r, t, &id));
    must(srnn_net_loss_weight(net, id, 0.7));
    finish(net, r);
}

/* The first state comes from a learned row and a linear node. */
static void learned(srnn_net *net)
{
    srnn_recurrent_config c = cell(SRNN_GRU, 5);
    srnn_node x, h;

    must(srnn_net_parameter(net, SRNN_BATCH, "first", 3, &h));
    must(srnn_net_linear(net, "bridge", h, 5, &h));
    must(srnn_net_input(net, "x", 3, &x));
    c.initial = 1;
    c.initial_state = h;
    must(srnn_net_recurrent(net, "rnn", x, &c, &x));
    finish(net, x);
}

static void batch_norm(srnn_net *net)
{
    srnn_recurrent_config c = cell(SRNN_LSTM, 5);
    srnn_node x;

    c.norm = SRNN_NORM_BATCH;
    c.norm_steps = 4;
    must(srnn_net_input(net, "x", 3, &x));
    must(srnn_net_recurrent(net, "rnn", x, &c, &x));
    finish(net, x);
}

static const graph cases[] = {
    {"rnn", rnn, 3, 7, {0}, {0}},
    {"lstm", lstm, 3, 7, {0}, {0}},
    {"gru", gru, 3, 7, {0}, {0}},
    {"gru_before", gru_before, 3, 7, {0}, {0}},
    {"masked", masked, 3, 7, {0}, {0}},
    {"learned", learned, 3, 7, {0}, {0}},
    {"batch_norm", batch_norm, 3, 7, {0}, {0}},
};

static void checkpoints(const srnn_kernels *k)
{
    static const size_t length[] = {5, 0, 7};

    for (size_t i = 0; rung_is_vector(k) && i < COUNT(cases); i++) {
        graph g = cases[i];

        compare_segments(k, &g);
        g.length[SRNN_TIME] = length;
        compare_segments(k, &g);
    }
}

/* A step of one segment left out must show. */
static void control(const srnn_kernels *k)
{
    static const size_t length[] = {7, 6, 7};
    graph g = cases[1];
    srnn_net *net = graph_open(k, &g);
    record a = {0}, b = {0};
    const char *where;
    graph_data d;

    graph_fill(&d, net, &g);
    record_segments(&a, net, &d, 3, 1);
    d.g.length[SRNN_TIME] = length;
    record_segments(&b, net, &d, 3, 1);
    check_note("a step less: %zu values differ",
               record_differing(&a, &b, &where));
    CHECK(record_differing(&a, &b, &where) > 0);
    record_free(&a);
    record_free(&b);
    graph_free(&d);
    srnn_net_close(net);
}

/* ---- windows ------------------------------------------------------------- */

static void add_params(record *r, const srnn_net *net, const srnn_trainer *t)
{
    srnn_tensor x;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &x));
        record_add(r, x.name, x.data, x.count, 0);
    }
    for (size_t i = 0; i < srnn_trainer_states(t); i++) {
        must(srnn_trainer_state(t, i, &x));
        record_add(r, x.name, x.data, x.count, 0);
    }
}

static srnn_real *copy_states(const srnn_trainer *t)
{
    srnn_real *all = case_take(4096 * sizeof *all), *at = all;
    srnn_tensor x;

    for (size_t i = 0; i < srnn_trainer_states(t); i++, at += x.count) {
        must(srnn_trainer_state(t, i, &x));
        memcpy(at, x.data, x.count * sizeof *at);
    }
    return all;
}

static void put_states(srnn_trainer *t, const srnn_real *from)
{
    srnn_tensor x;

    for (size_t i = 0; i < srnn_trainer_states(t); i++, from += x.count) {
        must(srnn_trainer_state(t, i, &x));
        memcpy(x.data, from, x.count * sizeof *from);
    }
}

/* Inputs from step t on; targets before step `loss` are -1, in `masked`. */
static void window_inputs(const graph_data *d, size_t t, size_t loss,
                          srnn_array in[2], int32_t *masked_targets)
{
    const size_t batch = d->g.batch, rows = d->g.steps * batch;

    memcpy(masked_targets, d->token[1], rows * sizeof *masked_targets);
    for (size_t i = 0; i < loss * batch; i++)
        masked_targets[i] = -1;
    in[0] = d->in[0];
    in[1] = d->in[1];
    in[0].data = d->real[0] + t * batch * 3;
    in[1].tokens = masked_targets + t * batch;
}

/* The windows by hand: the states where the next one begins come from a run of
 * the steps before it with the weights of this one. */
static void by_hand(const graph_data *d, srnn_trainer *t, size_t k1,
                    size_t k2, double *loss)
{
    int32_t *masked_targets =
        case_take(d->g.steps * d->g.batch * sizeof *masked_targets);
    srnn_real *start = copy_states(t), *next = NULL;
    double sum = 0, one;
    size_t count, all = 0;
    srnn_array in[2];

    for (size_t from = 0; from < d->g.steps; from += k1) {
        const size_t end = from + k1 < d->g.steps ? from + k1 : d->g.steps;
        const size_t begin = from + k1 > k2 ? from + k1 - k2 : 0;
        const size_t then = end + k1 > k2 ? end + k1 - k2 : 0;

        window_inputs(d, begin, from, in, masked_targets);
        if (then > begin && then < end) {
            put_states(t, start);
            must(srnn_trainer_loss(t, then - begin, in, 2, NULL, NULL));
            next = copy_states(t);
        }
        put_states(t, start);
        must(srnn_trainer_backward(t, end - begin, in, 2, &one));
        must(srnn_trainer_loss_of(t, srnn_net_find(d->net, "loss"), NULL,
                                  &count));
        sum += one * (double)count;
        all += count;
        must(srnn_trainer_apply(t));
        if (then >= end)
            next = copy_states(t);
        if (next) {
            free(start);
            start = next;
            next = NULL;
        }
    }
    *loss = sum / (double)all;
    free(start);
    free(masked_targets);
}

static void compare_windows(const srnn_kernels *k, const graph *g, size_t k1,
                            size_t k2)
{
    record a = {0}, b = {0};
    double loss[2];

    for (int hand = 0; hand < 2; hand++) {
        srnn_net *net;
        srnn_trainer *t;
        graph_data d;

        data_seed(3);
        net = graph_open(k, g);
        graph_fill(&d, net, g);
        t = open_trainer(net, g, k2, 1);
        if (hand) {
            srnn_trainer_close(t);
            t = open_trainer(net, g, 0, 2);
        }
        graph_set_states(NULL, t, &d);
        if (hand)
            by_hand(&d, t, k1, k2, &loss[1]);
        else
            must(srnn_trainer_truncated(t, g->steps, k1, k2, d.in, d.ins,
                                        &loss[0]));
        CHECK(srnn_trainer_updates(t) == (g->steps + k1 - 1) / k1);
        add_params(hand ? &b : &a, net, t);
        srnn_trainer_close(t);
        graph_free(&d);
        srnn_net_close(net);
    }
    {
        const char *where;
        const size_t n = record_differing(&a, &b, &where);

        CHECK_SAYS(n == 0, "%s, k1 %zu, k2 %zu: %zu values differ, first in "
                   "%s", g->name, k1, k2, n, where);
    }
    /* sums of the same numbers in double, in another grouping */
    CHECK_SAYS(loss[0] - loss[1] < 1e-12 && loss[1] - loss[0] < 1e-12,
               "%s, k1 %zu, k2 %zu: loss %.17g, not %.17g", g->name, k1, k2,
               loss[0], loss[1]);
    record_free(&a);
    record_free(&b);
}

static void windows(const srnn_kernels *k)
{
    for (size_t i = 0; rung_is_vector(k) && i < 4; i++)
        for (size_t k1 = 1; k1 <= 3; k1++)
            for (size_t k2 = k1; k2 <= 7; k2 += k1)
                compare_windows(k, &cases[i], k1, k2);
}

/* ---- memory and refusals ------------------------------------------------- */

static void memory(const srnn_kernels *k)
{
    srnn_net *net = graph_open(k, &cases[1]);
    srnn_trainer_config c = srnn_trainer_default();
    size_t all, least, got;
    srnn_trainer *t;

    c.batch = 3;
    c.steps = 1000;
    all = srnn_trainer_size(net, &c);
    c.segment = 32;
    least = srnn_trainer_size(net, &c);
    CHECK_SAYS(least < all / 8, "segments of 32 take %zu of %zu bytes", least,
               all);
    c.segment = 0;
    for (c.memory = all; c.memory >= least; c.memory -= all / 20) {
        got = srnn_trainer_size(net, &c);
        CHECK_SAYS(got && got <= c.memory && 2 * got > c.memory,
                   "%zu bytes asked for, %zu taken", c.memory, got);
    }
    c.memory = 1000;
    REFUSED(SRNN_EINVAL, srnn_trainer_open(&t, net, &c), "memory is 1000",
            "least");
    c.segment = 3;
    REFUSED(SRNN_EINVAL, srnn_trainer_open(&t, net, &c), "segment is 3",
            "memory 1000");
    srnn_net_close(net);
}

static srnn_net *tied_net(const srnn_kernels *k)
{
    srnn_node x, e, y, id;
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_tokens(net, "x", 4, &x));
    must(srnn_net_embedding(net, "e", x, 3, &e));
    must(srnn_net_tied(net, "logits", e, e, &id));
    must(srnn_net_tokens(net, "y", 4, &y));
    must(srnn_net_cross_entropy(net, "loss", id, y, &id));
    return net;
}

static void refusals(const srnn_kernels *k)
{
    static const struct {
        const char *graph, *names;
    } whole[] = {{"both", "'rnn'"},     {"reverse", "'rnn'"},
                 {"bridge", "'b'"},     {"losses", "'last'"},
                 {"spelled", "'spelling'"}, {"answer", "'rnn'"}};
    srnn_trainer_config c = srnn_trainer_default();
    srnn_trainer *t;
    srnn_net *net;
    graph g;

    c.batch = 2;
    c.steps = 5;
    c.segment = 2;
    for (size_t i = 0; graph_at(i, 0, &g); i++)
        for (size_t j = 0; j < COUNT(whole); j++) {
            if (strcmp(g.name, whole[j].graph))
                continue;
            net = graph_open(k, &g);
            REFUSED(SRNN_ESHAPE, srnn_trainer_open(&t, net, &c),
                    whole[j].names, "a segment");
            srnn_net_close(net);
        }
    net = tied_net(k);
    REFUSED(SRNN_EINVAL, srnn_trainer_open(&t, net, &c), "'logits'", "'e'");
    srnn_net_close(net);
    net = graph_open(k, &cases[6]);
    c.segment = 0;
    must(srnn_trainer_open(&t, net, &c));
    REFUSED(SRNN_EINVAL, srnn_trainer_truncated(NULL, 5, 1, 1, NULL, 0, NULL),
            "trainer");
    REFUSED(SRNN_EINVAL, srnn_trainer_truncated(t, 5, 2, 3, NULL, 0, NULL),
            "k2 is 3", "k1, which is 2");
    REFUSED(SRNN_EINVAL, srnn_trainer_truncated(t, 5, 0, 3, NULL, 0, NULL),
            "which is 0");
    REFUSED(SRNN_ESHAPE, srnn_trainer_truncated(t, 9, 2, 6, NULL, 0, NULL),
            "k2 is 6", "keeps 5");
    REFUSED(SRNN_ESHAPE, srnn_trainer_truncated(t, 0, 2, 4, NULL, 0, NULL),
            "steps is 0");
    REFUSED(SRNN_EINVAL, srnn_trainer_truncated(t, 9, 2, 4, NULL, 0, NULL),
            "'rnn'", "batch norm");
    REFUSED(SRNN_ESHAPE, srnn_trainer_backward(t, 6, NULL, 0, NULL),
            "steps is 6", "1 to 5");
    srnn_trainer_close(t);
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case table[] = {
        {"through/control", control, NULL},
        {"through/checkpoints", checkpoints, NULL},
        {"through/windows", windows, NULL},
        {"through/memory", memory, NULL},
        {"through/refusals", refusals, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, table);
}
