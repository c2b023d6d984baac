/* Building nets with dropout and zoneout, and their data. */
#include "masks_case.h"

#include "numbers.h"

#include <stdlib.h>

const masks_case masks_cases[] = {
    {.name = "dropout", .dropout = 0.4},
    {.name = "dropout/both", .dropout = 0.4, .direction = SRNN_BOTH},
    {.name = "input", .input = 0.4},
    {.name = "input/skip", .input = 0.3, .skip = 1},
    {.name = "input/both", .input = 0.4, .skip = 1, .direction = SRNN_BOTH},
    {.name = "hidden", .hidden = 0.4},
    {.name = "zoneout_h", .zone_h = 0.4},
    {.name = "zoneout_c", .zone_c = 0.4},
    {.name = "zoneout", .zone_h = 0.2, .zone_c = 0.5},
    {.name = "node", .node = 0.4},
    {.name = "node/once", .node = 0.4, .once = 1, .skip = 1},
    {.name = "all", .input = 0.3, .hidden = 0.3, .zone_h = 0.3, .node = 0.2},
    {.name = "all/c", .dropout = 0.3, .hidden = 0.3, .zone_h = 0.2,
     .zone_c = 0.3, .node = 0.2},
    {.name = "all/mean", .input = 0.3, .hidden = 0.3, .zone_h = 0.3,
     .direction = SRNN_BOTH_MEAN},
    {.name = "all/reverse", .dropout = 0.3, .hidden = 0.3, .zone_h = 0.3,
     .direction = SRNN_REVERSE},
    {.name = "all/softsign", .input = 0.3, .hidden = 0.3, .zone_h = 0.3,
     .other = 1},
    {.name = NULL},
};

int masks_cell(net_case *c, size_t i)
{
    static const srnn_cell_kind plain[] = {SRNN_RNN_TANH, SRNN_LSTM, SRNN_GRU,
                                           SRNN_GRU_BEFORE};
    const size_t n = sizeof plain / sizeof *plain;

    c->cell = i < n ? plain[i] : SRNN_LSTM;
    if (i == n) {
        c->lstm = SRNN_LSTM_PEEPHOLES | SRNN_LSTM_COUPLED;
        c->projection = 1 + c->hidden / 2;
    } else if (i == n + 1) {
        c->lstm = SRNN_LSTM_PEEPHOLES | SRNN_LSTM_FULL_RECURRENCE;
        c->projection = c->hidden + 2;
        c->cell_clip = 0.5;
        c->projection_clip = 0.25;
    } else if (i == n + 2) {
        c->projection = 0;
        c->cell_clip = c->projection_clip = 0;
    }
    return i < n + 3;
}

int masks_fit(const masks_case *m, const net_case *c)
{
    if (m->other && c->cell == SRNN_LSTM)
        return 0;
    return !(m->zone_c > 0) || c->cell == SRNN_LSTM;
}

static srnn_node add_dropout(srnn_net *net, const char *name, srnn_node input,
                             const masks_case *m)
{
    const srnn_dropout_config config = {m->node, m->once};
    srnn_node node = input;

    if (m->node > 0)
        must(srnn_net_dropout(net, name, input, &config, &node));
    return node;
}

static srnn_recurrent_config recurrent(const net_case *c, const masks_case *m)
{
    srnn_recurrent_config r = case_config(c);

    r.direction = m->direction;
    r.dropout = m->dropout;
    r.dropout_input = m->input;
    r.dropout_hidden = m->hidden;
    r.zoneout_h = m->zone_h;
    r.zoneout_c = m->zone_c;
    if (m->other)
        r.activation[c->cell != SRNN_RNN_TANH].kind = SRNN_ACT_SOFTSIGN;
    return r;
}

srnn_net *masks_net(const srnn_kernels *k, const net_case *c,
                    const masks_case *m)
{
    const srnn_recurrent_config r = recurrent(c, m);
    srnn_node x, node, y, skip;
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", c->in, &x));
    node = add_dropout(net, "before", x, m);
    must(srnn_net_recurrent(net, "rnn", node, &r, &node));
    node = add_dropout(net, "after", node, m);
    must(srnn_net_linear(net, "out", node, c->classes, &node));
    must(srnn_net_tokens(net, "y", c->classes, &y));
    must(srnn_net_cross_entropy(net, "loss", node, y, NULL));
    if (m->skip) {
        must(srnn_net_linear(net, "skip", x, c->classes, &skip));
        must(srnn_net_cross_entropy(net, "skip_loss", skip, y, NULL));
    }
    case_fill_params(net);
    return net;
}

void masks_data(net_data *d, const net_case *c, const masks_case *m)
{
    const size_t directions = m->direction < SRNN_BOTH ? 1 : 2;
    size_t reals;
    uint64_t *id;

    case_data(d, c);
    free(d->state);
    d->states *= directions;
    reals = case_states_before(c, d->states) * c->batch;
    d->state = case_take(reals * sizeof *d->state);
    for (size_t i = 0; i < reals; i++)
        d->state[i] = data_real();
    id = case_take(c->batch * sizeof *id);
    for (size_t b = 0; b < c->batch; b++)
        id[b] = (uint64_t)b << 33 | (17 - b);
    d->id = id;
}

void masks_free(net_data *d)
{
    free((void *)d->id);
    case_free(d);
}

srnn_trainer *masks_trainer(srnn_net *net, const net_case *c, size_t threads)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_trainer *t;

    config.batch = c->batch;
    config.steps = c->steps;
    config.threads = threads;
    config.input_gradients = 1;
    config.seed = 0x0123456789abcdefu;
    must(srnn_trainer_open(&t, net, &config));
    return t;
}
