/* The nets that are drawn. */
#include "print_case.h"

#include "graph.h"

#include <stddef.h>

static srnn_net *empty(void)
{
    srnn_net *net;

    must(srnn_net_open(&net, NULL));
    return net;
}

static srnn_node recurrent(srnn_net *net, const char *name, srnn_node x,
                           srnn_cell_kind cell, size_t hidden,
                           srnn_direction direction, srnn_node initial)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    srnn_node id;

    c.cell = cell;
    c.hidden = hidden;
    c.direction = direction;
    c.initial = initial >= 0;
    c.initial_state = initial;
    must(srnn_net_recurrent(net, name, x, &c, &id));
    return id;
}

srnn_net *print_small(void)
{
    srnn_net *net = empty();
    srnn_node x, y, id;

    must(srnn_net_input(net, "x", 2, &x));
    x = recurrent(net, "rnn", x, SRNN_RNN_TANH, 3, SRNN_FORWARD, -1);
    must(srnn_net_linear(net, "out", x, 1, &x));
    must(srnn_net_input(net, "y", 1, &y));
    must(srnn_net_squared_error(net, "loss", x, y, &id));
    must(srnn_net_loss_weight(net, id, 2));
    return net;
}

srnn_net *print_attends(void)
{
    srnn_attention_config c = srnn_attention_default();
    srnn_net *net = empty();
    srnn_node s, h, x, e;
    srnn_axis source;

    must(srnn_net_axis(net, "source", SRNN_BATCH, &source));
    must(srnn_net_input_on(net, source, "s", 2, &s));
    s = recurrent(net, "enc", s, SRNN_GRU, 1, SRNN_BOTH, -1);
    must(srnn_net_state(net, "state", s, &h));
    must(srnn_net_tokens(net, "x", 5, &x));
    must(srnn_net_embedding(net, "e", x, 2, &e));
    x = recurrent(net, "dec", e, SRNN_GRU, 2, SRNN_FORWARD, h);
    c.scale = 0.5;
    must(srnn_net_attention(net, "look", x, s, s, &c, &s));
    must(srnn_net_tied(net, "out", s, e, &x));
    return net;
}

srnn_net *print_joined(void)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    srnn_dropout_config drop = srnn_dropout_default();
    srnn_attention_config a = srnn_attention_default();
    srnn_net *net = empty();
    srnn_node x, first, last, mean, id;

    must(srnn_net_input(net, "x", 4, &x));
    c.hidden = 4;
    c.layers = 2;
    c.direction = SRNN_REVERSE;
    c.norm = SRNN_NORM_LAYER;
    must(srnn_net_recurrent(net, "rnn", x, &c, &id));
    c = srnn_recurrent_default();
    c.cell = SRNN_GRU;
    c.hidden = 4;
    c.direction = SRNN_BOTH;
    c.zoneout_h = 0.25;
    must(srnn_net_recurrent(net, "kept", id, &c, &id));
    must(srnn_net_linear(net, "half", id, 4, &id));
    must(srnn_net_dropout(net, "drop", id, &drop, &id));
    must(srnn_net_add(net, "sum", (srnn_node[]){x, id, x}, 3, &id));
    a.score = SRNN_SCORE_ADDITIVE;
    a.width = 3;
    must(srnn_net_attention(net, "self", id, id, x, &a, &id));
    must(srnn_net_attention_weights(net, "weights", id, 2, NULL));
    must(srnn_net_first(net, "first", id, &first));
    must(srnn_net_last(net, "last", id, &last));
    must(srnn_net_mean(net, "mean", id, &mean));
    must(srnn_net_concat(net, "all", (srnn_node[]){first, last, mean}, 3,
                         &id));
    return net;
}

srnn_net *print_backwards(void)
{
    srnn_net *net = empty();
    srnn_node x, id;

    must(srnn_net_input(net, "x", 2, &x));
    id = recurrent(net, "enc", x, SRNN_RNN_RELU, 2, SRNN_REVERSE, -1);
    must(srnn_net_state(net, "state", id, &id));
    recurrent(net, "dec", x, SRNN_GRU, 2, SRNN_REVERSE, id);
    return net;
}

srnn_net *print_variants(void)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    srnn_net *net = empty();
    srnn_node x;

    must(srnn_net_input(net, "x", 2, &x));
    c.hidden = 5;
    c.projection = 3;
    c.lstm = SRNN_LSTM_PEEPHOLES | SRNN_LSTM_FULL_RECURRENCE;
    c.cell_clip = 2;
    c.projection_clip = 1.5;
    must(srnn_net_recurrent(net, "full", x, &c, &x));
    c = srnn_recurrent_default();
    c.hidden = 4;
    c.lstm = SRNN_LSTM_NO_OUTPUT_GATE | SRNN_LSTM_COUPLED;
    must(srnn_net_recurrent(net, "less", x, &c, &x));
    c = srnn_recurrent_default();
    c.cell = SRNN_GRU;
    c.hidden = 4;
    c.clip = 3;
    c.one_bias = 1;
    c.z_takes_new = 1;
    must(srnn_net_recurrent(net, "gru", x, &c, NULL));
    return net;
}

srnn_net *print_nested(void)
{
    srnn_net *net = empty();
    srnn_axis letters;
    srnn_node x;

    must(srnn_net_axis(net, "letters", SRNN_TIME, &letters));
    must(srnn_net_input_on(net, letters, "x", 2, &x));
    x = recurrent(net, "letters", x, SRNN_GRU, 1, SRNN_FORWARD, -1);
    must(srnn_net_state(net, "end", x, &x));
    return net;
}

srnn_net *print_case(size_t i, const char **name)
{
    static const struct {
        const char *name;
        srnn_net *(*build)(void);
    } own[] = {{"empty", empty},
               {"small", print_small},
               {"attends", print_attends},
               {"joined", print_joined},
               {"backwards", print_backwards},
               {"nested", print_nested},
               {"variants", print_variants}};
    const size_t owns = sizeof own / sizeof *own;
    srnn_net *net;
    graph g;

    if (i < owns) {
        *name = own[i].name;
        return own[i].build();
    }
    if (!graph_at(i - owns, 0, &g))
        return NULL;
    *name = g.name;
    net = empty();
    g.build(net);
    return net;
}
