/* Each variant is a function that changes the settings of the plain cell; what
 * it has to do is counted from the settings. */
#include "cells.h"

#include <math.h>

/* ---- settings ----------------------------------------------------------- */

typedef void settings_fn(srnn_recurrent_config *c, const bench_layer *l);

static srnn_activation act(srnn_activation_kind kind, double a, double b)
{
    return (srnn_activation){
        .kind = kind, .a = (srnn_real)a, .b = (srnn_real)b};
}

#define SETTINGS(name) \
    static void name(srnn_recurrent_config *c, const bench_layer *l)
#define FLAGS(name, flags) \
    SETTINGS(name) \
    { \
        (void)l; \
        c->lstm = flags; \
    }

FLAGS(peephole, SRNN_LSTM_PEEPHOLES)
FLAGS(no_input_gate, SRNN_LSTM_NO_INPUT_GATE)
FLAGS(no_forget_gate, SRNN_LSTM_NO_FORGET_GATE)
FLAGS(no_output_gate, SRNN_LSTM_NO_OUTPUT_GATE)
FLAGS(coupled, SRNN_LSTM_COUPLED)
FLAGS(full_recurrence, SRNN_LSTM_FULL_RECURRENCE)

SETTINGS(no_input_activation)
{
    (void)l;
    c->activation[1] = act(SRNN_ACT_IDENTITY, 0, 0);
}

SETTINGS(no_output_activation)
{
    (void)l;
    c->activation[2] = act(SRNN_ACT_IDENTITY, 0, 0);
}

SETTINGS(projected)
{
    c->projection = (l->hidden + 1) / 2;
}

SETTINGS(clipped)
{
    (void)l;
    c->clip = 3;
    c->cell_clip = c->cell == SRNN_LSTM ? 3 : 0;
}

SETTINGS(elu)
{
    (void)l;
    c->activation[1] = c->activation[2] = act(SRNN_ACT_ELU, 1, 0);
}

SETTINGS(hard_sigmoid)
{
    (void)l;
    c->activation[0] = act(SRNN_ACT_HARD_SIGMOID, 0.25, 0.5);
}

SETTINGS(softsign)
{
    (void)l;
    c->activation[1] = act(SRNN_ACT_SOFTSIGN, 0, 0);
}

SETTINGS(softplus)
{
    (void)l;
    c->activation[0] = act(SRNN_ACT_SOFTPLUS, 0, 0);
}

SETTINGS(zoneout)
{
    (void)l;
    c->zoneout_h = 0.05;
    c->zoneout_c = c->cell == SRNN_LSTM ? 0.5 : 0;
}

SETTINGS(dropout)
{
    (void)l;
    c->dropout_input = c->dropout_hidden = 0.25;
}

SETTINGS(both)
{
    (void)l;
    c->direction = SRNN_BOTH;
}

SETTINGS(one_bias)
{
    (void)l;
    c->one_bias = 1;
}

SETTINGS(takes_new)
{
    (void)l;
    c->z_takes_new = 1;
}

/* eps keeps 1 / sqrt(var + eps) small where a few rows happen to agree: else
 * two right results may differ by much. */
SETTINGS(layer_norm)
{
    (void)l;
    c->norm = SRNN_NORM_LAYER;
    c->norm_eps = 1e-2;
}

SETTINGS(batch_norm)
{
    c->norm = SRNN_NORM_BATCH;
    c->norm_steps = l->steps;
    c->norm_eps = 1e-2;
}

/* ---- the table ---------------------------------------------------------- */

static const struct {
    srnn_cell_kind cell;
    settings_fn *set; /* NULL: the plain cell */
} cells[BENCH_attention_dot] = {
    [BENCH_lstm] = {SRNN_LSTM, NULL},
    [BENCH_gru] = {SRNN_GRU, NULL},
    [BENCH_gru_before] = {SRNN_GRU_BEFORE, NULL},
    [BENCH_rnn] = {SRNN_RNN_TANH, NULL},
    [BENCH_lstm_peephole] = {SRNN_LSTM, peephole},
    [BENCH_lstm_nig] = {SRNN_LSTM, no_input_gate},
    [BENCH_lstm_nfg] = {SRNN_LSTM, no_forget_gate},
    [BENCH_lstm_nog] = {SRNN_LSTM, no_output_gate},
    [BENCH_lstm_niaf] = {SRNN_LSTM, no_input_activation},
    [BENCH_lstm_noaf] = {SRNN_LSTM, no_output_activation},
    [BENCH_lstm_cifg] = {SRNN_LSTM, coupled},
    [BENCH_lstm_fgr] = {SRNN_LSTM, full_recurrence},
    [BENCH_lstm_projected] = {SRNN_LSTM, projected},
    [BENCH_lstm_clipped] = {SRNN_LSTM, clipped},
    [BENCH_lstm_elu] = {SRNN_LSTM, elu},
    [BENCH_lstm_hard_sigmoid] = {SRNN_LSTM, hard_sigmoid},
    [BENCH_lstm_zoneout] = {SRNN_LSTM, zoneout},
    [BENCH_lstm_dropout] = {SRNN_LSTM, dropout},
    [BENCH_lstm_both] = {SRNN_LSTM, both},
    [BENCH_lstm_layer_norm] = {SRNN_LSTM, layer_norm},
    [BENCH_lstm_batch_norm] = {SRNN_LSTM, batch_norm},
    [BENCH_gru_one_bias] = {SRNN_GRU, one_bias},
    [BENCH_gru_takes_new] = {SRNN_GRU, takes_new},
    [BENCH_gru_softsign] = {SRNN_GRU, softsign},
    [BENCH_gru_clipped] = {SRNN_GRU, clipped},
    [BENCH_gru_zoneout] = {SRNN_GRU, zoneout},
    [BENCH_gru_both] = {SRNN_GRU, both},
    [BENCH_gru_layer_norm] = {SRNN_GRU, layer_norm},
    [BENCH_rnn_relu] = {SRNN_RNN_RELU, NULL},
    [BENCH_rnn_softplus] = {SRNN_RNN_TANH, softplus},
    [BENCH_rnn_layer_norm] = {SRNN_RNN_TANH, layer_norm},
    [BENCH_rnn_batch_norm] = {SRNN_RNN_TANH, batch_norm},
};

static int attends(const bench_layer *l)
{
    return l->cell >= BENCH_attention_dot;
}

static srnn_recurrent_config config_of(const bench_layer *l)
{
    srnn_recurrent_config c = srnn_recurrent_default();

    c.cell = cells[l->cell].cell;
    c.hidden = l->hidden;
    if (cells[l->cell].set)
        cells[l->cell].set(&c, l);
    return c;
}

static srnn_score_kind score_of(const bench_layer *l)
{
    return (srnn_score_kind)(l->cell - BENCH_attention_dot);
}

bench_layer bench_layer_of(enum bench_cell cell, size_t inputs, size_t hidden,
                           size_t steps)
{
    bench_layer l = {cell, inputs, hidden, steps, inputs};
    srnn_recurrent_config c;

    if (attends(&l))
        return l;
    c = config_of(&l);
    l.outputs = c.projection ? c.projection : hidden;
    l.outputs *= c.direction == SRNN_BOTH ? 2 : 1;
    return l;
}

srnn_status bench_layer_add(const bench_layer *l, srnn_net *net, srnn_node x,
                            srnn_node *y)
{
    srnn_attention_config a = srnn_attention_default();
    srnn_recurrent_config c;

    if (!attends(l)) {
        c = config_of(l);
        return srnn_net_recurrent(net, "layer", x, &c, y);
    }
    a.score = score_of(l);
    a.width = a.score == SRNN_SCORE_ADDITIVE ? l->hidden : 0;
    a.scale = 1 / sqrt((double)l->inputs);
    return srnn_net_attention(net, "layer", x, x, x, &a, y);
}

int bench_layer_causal(const bench_layer *l)
{
    return !attends(l) && config_of(l).direction == SRNN_FORWARD;
}

/* ---- what it has to do -------------------------------------------------- */

/* Those that take an exp, log, sigmoid or tanh. */
static double act_cost(srnn_activation f)
{
    switch (f.kind) {
    case SRNN_ACT_DEFAULT:
    case SRNN_ACT_TANH:
    case SRNN_ACT_SIGMOID:
    case SRNN_ACT_SCALED_TANH:
    case SRNN_ACT_ELU:
    case SRNN_ACT_SOFTPLUS:
        return 1;
    default:
        return 0;
    }
}

static work_cell lstm_counts(const srnn_recurrent_config *c)
{
    const double h = (double)c->hidden, out = (double)c->projection;
    const unsigned no_f = SRNN_LSTM_NO_FORGET_GATE | SRNN_LSTM_COUPLED;
    const double sigmas = !(c->lstm & SRNN_LSTM_NO_INPUT_GATE) +
                          !(c->lstm & no_f) +
                          !(c->lstm & SRNN_LSTM_NO_OUTPUT_GATE);
    work_cell w = {.gates = sigmas + 1, .outputs = out > 0 ? out : h};

    w.activations = sigmas * act_cost(c->activation[0]) +
                    act_cost(c->activation[1]) + act_cost(c->activation[2]);
    w.more = out * h;
    if (c->lstm & SRNN_LSTM_PEEPHOLES)
        w.more += sigmas * h;
    if (c->lstm & SRNN_LSTM_FULL_RECURRENCE)
        w.more += 9 * h * h;
    return w;
}

static work_cell counts_of(const srnn_recurrent_config *c)
{
    const srnn_activation *f = c->activation;
    const double h = (double)c->hidden;

    if (c->cell == SRNN_LSTM)
        return lstm_counts(c);
    if (c->cell == SRNN_RNN_RELU)
        return (work_cell){.gates = 1, .outputs = h};
    if (c->cell == SRNN_RNN_TANH)
        return (work_cell){
            .gates = 1, .activations = act_cost(f[0]), .outputs = h};
    return (work_cell){.gates = 3,
                       .activations = 2 * act_cost(f[0]) + act_cost(f[1]),
                       .outputs = h};
}

work bench_layer_work(const bench_layer *l, size_t batch)
{
    srnn_recurrent_config c;
    work_cell counts;

    if (attends(l))
        return work_attention(score_of(l), l->steps, batch, l->inputs,
                              l->hidden);
    c = config_of(l);
    counts = counts_of(&c);
    return work_forward(counts, c.direction == SRNN_BOTH ? 2 : 1, l->steps,
                        batch, l->inputs, l->hidden);
}
