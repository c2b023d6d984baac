/* The graphs: every way in which nodes can be put together. */
#include "graph.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- pieces -------------------------------------------------------------- */

static srnn_node input(srnn_net *net, srnn_axis axis, const char *name,
                       size_t features)
{
    srnn_node id;

    must(srnn_net_input_on(net, axis, name, features, &id));
    return id;
}

static srnn_node tokens(srnn_net *net, srnn_axis axis, const char *name,
                        size_t symbols)
{
    srnn_node id;

    must(srnn_net_tokens_on(net, axis, name, symbols, &id));
    return id;
}

static srnn_node embedded(srnn_net *net, srnn_axis axis, const char *name,
                          size_t symbols, size_t features)
{
    char of[32] = "e_";
    srnn_node id;

    strcat(of, name);
    must(srnn_net_embedding(net, of, tokens(net, axis, name, symbols),
                            features, &id));
    return id;
}

static srnn_node linear(srnn_net *net, const char *name, srnn_node x,
                        size_t features)
{
    srnn_node id;

    must(srnn_net_linear(net, name, x, features, &id));
    return id;
}

static srnn_recurrent_config cell(srnn_cell_kind kind, size_t hidden,
                                  size_t layers, srnn_direction direction)
{
    srnn_recurrent_config c = srnn_recurrent_default();

    c.cell = kind;
    c.hidden = hidden;
    c.layers = layers;
    c.direction = direction;
    return c;
}

static srnn_node recurrent(srnn_net *net, const char *name, srnn_node x,
                           srnn_recurrent_config c)
{
    srnn_node id;

    must(srnn_net_recurrent(net, name, x, &c, &id));
    return id;
}

static srnn_node from_state(srnn_net *net, const char *name, srnn_node x,
                            srnn_recurrent_config c, srnn_node initial)
{
    c.initial = 1;
    c.initial_state = initial;
    return recurrent(net, name, x, c);
}

static srnn_node state(srnn_net *net, const char *name, srnn_node x)
{
    srnn_node id;

    must(srnn_net_state(net, name, x, &id));
    return id;
}

static srnn_axis axis(srnn_net *net, const char *name, srnn_axis parent)
{
    srnn_axis a;

    must(srnn_net_axis(net, name, parent, &a));
    return a;
}

/* Softmax cross-entropy of a linear node over x, on axis a. */
static srnn_node classify(srnn_net *net, srnn_axis a, const char *name,
                          srnn_node x, size_t classes)
{
    char out[32] = "o_", y[32] = "y_";
    srnn_node id;

    strcat(out, name);
    strcat(y, name);
    x = linear(net, out, x, classes);
    must(srnn_net_cross_entropy(net, name, x, tokens(net, a, y, classes),
                                &id));
    return id;
}

/* ---- directions ---------------------------------------------------------- */

static void direction(srnn_net *net, srnn_cell_kind kind, size_t layers,
                      srnn_direction d)
{
    const srnn_node x = input(net, SRNN_TIME, "x", 3);

    classify(net, SRNN_TIME, "loss",
             recurrent(net, "rnn", x, cell(kind, 5, layers, d)), 4);
}

static void both(srnn_net *net)
{
    direction(net, SRNN_LSTM, 2, SRNN_BOTH);
}

static void both_sum(srnn_net *net)
{
    direction(net, SRNN_GRU, 2, SRNN_BOTH_SUM);
}

static void both_mean(srnn_net *net)
{
    direction(net, SRNN_RNN_TANH, 2, SRNN_BOTH_MEAN);
}

static void reverse(srnn_net *net)
{
    direction(net, SRNN_GRU_BEFORE, 2, SRNN_REVERSE);
}

/* ---- states -------------------------------------------------------------- */

/* An encoder's last states are its decoder's first. */
static void encoder(srnn_net *net)
{
    const srnn_axis source = axis(net, "source", SRNN_BATCH);
    const srnn_node s = recurrent(net, "enc", embedded(net, source, "s", 5, 3),
                                  cell(SRNN_LSTM, 5, 2, SRNN_FORWARD));
    const srnn_node h = state(net, "h", s);
    const srnn_node x = embedded(net, SRNN_TIME, "x", 5, 4);

    classify(net, SRNN_TIME, "loss",
             from_state(net, "dec", x, cell(SRNN_LSTM, 5, 2, SRNN_FORWARD),
                        h),
             5);
}

/* The same with all that an LSTM can carry, in both directions: h is a
 * projection, wider than the cells, and the gates look at those before. */
static void projected(srnn_net *net)
{
    const srnn_axis source = axis(net, "source", SRNN_BATCH);
    const srnn_node x = input(net, SRNN_TIME, "x", 2);
    srnn_recurrent_config c = cell(SRNN_LSTM, 3, 1, SRNN_BOTH);
    srnn_node s;

    c.lstm = SRNN_LSTM_PEEPHOLES | SRNN_LSTM_FULL_RECURRENCE;
    c.projection = 4;
    s = recurrent(net, "enc", input(net, source, "s", 3), c);
    classify(net, SRNN_TIME, "loss",
             from_state(net, "dec", x, c, state(net, "h", s)), 3);
}

/* A bidirectional encoder's states go through a linear node into two decoders
 * of other cells, one of them bidirectional. */
static void bridge(srnn_net *net)
{
    const srnn_axis source = axis(net, "source", SRNN_BATCH);
    const srnn_node s = recurrent(net, "enc", input(net, source, "s", 3),
                                  cell(SRNN_GRU, 4, 1, SRNN_BOTH));
    const srnn_node h = linear(net, "bridge", state(net, "h", s), 6);
    const srnn_node x = input(net, SRNN_TIME, "x", 2);
    const srnn_node a = from_state(net, "a", x,
                                   cell(SRNN_LSTM, 3, 1, SRNN_FORWARD), h);
    const srnn_node b = from_state(net, "b", a,
                                   cell(SRNN_RNN_TANH, 3, 1, SRNN_BOTH), h);

    classify(net, SRNN_TIME, "loss", b, 3);
    classify(net, source, "aside", s, 3);
}

/* The first state is learned. */
static void learned(srnn_net *net)
{
    const srnn_node x = input(net, SRNN_TIME, "x", 3);
    srnn_node h;

    must(srnn_net_parameter(net, SRNN_BATCH, "first", 10, &h));
    classify(net, SRNN_TIME, "loss",
             from_state(net, "rnn", x, cell(SRNN_LSTM, 5, 1, SRNN_FORWARD), h),
             4);
}

/* The first state is given, as an input. */
static void given(srnn_net *net)
{
    const srnn_node h = input(net, SRNN_BATCH, "h", 5);
    const srnn_node x = input(net, SRNN_TIME, "x", 3);

    classify(net, SRNN_TIME, "loss",
             from_state(net, "rnn", x, cell(SRNN_GRU, 5, 1, SRNN_FORWARD), h),
             4);
}

/* One answer for each sequence: only the last states lead to the loss. */
static void answer(srnn_net *net)
{
    const srnn_node x = input(net, SRNN_TIME, "x", 3);
    const srnn_node rnn = recurrent(net, "rnn", x,
                                    cell(SRNN_LSTM, 5, 2, SRNN_BOTH));

    classify(net, SRNN_BATCH, "loss", state(net, "last", rnn), 4);
}

/* ---- axes under axes ----------------------------------------------------- */

/* The characters of a word make its vector, the words a sentence. */
static void spelled(srnn_net *net)
{
    const srnn_axis chars = axis(net, "chars", SRNN_TIME);
    const srnn_node c = recurrent(net, "char", embedded(net, chars, "c", 6, 3),
                                  cell(SRNN_GRU, 4, 1, SRNN_BOTH));
    const srnn_node w = recurrent(net, "word", state(net, "spelling", c),
                                  cell(SRNN_LSTM, 5, 1, SRNN_BOTH));

    classify(net, SRNN_TIME, "loss", w, 3);
}

/* ---- losses -------------------------------------------------------------- */

/* Three losses, two of them of the same logits. */
static void losses(srnn_net *net)
{
    const srnn_node x = input(net, SRNN_TIME, "x", 3);
    const srnn_node rnn = recurrent(net, "rnn", x,
                                    cell(SRNN_RNN_TANH, 5, 1, SRNN_FORWARD));
    const srnn_node logits = linear(net, "logits", rnn, 4);
    srnn_node a, b;

    must(srnn_net_cross_entropy(net, "a", logits,
                                tokens(net, SRNN_TIME, "ya", 4), &a));
    must(srnn_net_loss_weight(net, a, 2));
    must(srnn_net_cross_entropy(net, "b", logits,
                                tokens(net, SRNN_TIME, "yb", 4), &b));
    must(srnn_net_loss_weight(net, b, 0.5));
    classify(net, SRNN_BATCH, "c", state(net, "last", rnn), 3);
}

/* ---- the table ----------------------------------------------------------- */

static const graph graphs[] = {
    {"both", both, 3, 4, {0}, {0}},
    {"both_sum", both_sum, 3, 4, {0}, {0}},
    {"both_mean", both_mean, 3, 4, {0}, {0}},
    {"reverse", reverse, 3, 4, {0}, {0}},
    {"encoder", encoder, 4, 3, {0, 0, 5}, {0}},
    {"projected", projected, 4, 3, {0, 0, 5}, {0}},
    {"bridge", bridge, 4, 3, {0, 0, 5}, {0}},
    {"learned", learned, 3, 4, {0}, {0}},
    {"given", given, 3, 4, {0}, {0}},
    {"answer", answer, 4, 4, {0}, {0}},
    {"spelled", spelled, 3, 3, {0, 0, 4}, {0}},
    {"losses", losses, 3, 4, {0}, {0}},
};

/* Lengths of at most `steps`, in no order, 0 and `steps` among them. */
static const size_t *lengths(size_t steps)
{
    static const size_t some[][9] = {{0},
                                     {1, 0, 1, 1, 0, 1, 1, 0, 1},
                                     {2, 0, 1, 2, 1, 0, 2, 2, 1},
                                     {1, 3, 0, 2, 3, 1, 0, 2, 3},
                                     {2, 4, 0, 3, 1, 4, 0, 2, 3},
                                     {3, 5, 0, 1, 4, 2, 5, 0, 3}};

    return some[steps];
}

int graph_at(size_t i, int ragged, graph *g)
{
    if (i >= COUNT(graphs))
        return 0;
    *g = graphs[i];
    if (!ragged)
        return 1;
    g->length[SRNN_TIME] = lengths(g->steps);
    for (size_t a = SRNN_TIME + 1; a < SRNN_AXES; a++)
        if (g->axis_steps[a])
            g->length[a] = lengths(g->axis_steps[a]);
    return 1;
}
