/* The rows of the cells. A cell is a sequence of phases, each a product and an
 * elementwise function; the time loop in layer.c knows no more of it. */
#include "norm.h"

#define T(name) SRNN_TILE_##name

/* Forward: gates [g, g + n) of R with h. */
#define OF_H(t, g, n) \
    {.tile = T(t), .weight = W_HH, .gate = g, .gates = n, \
     .of = {{.from = PREV_H}}, .bias = 1}
/* Backward: their transpose with the slots of the same gates, a step later. */
#define FROM_AFTER(t, g, n) \
    {.tile = T(t), .weight = W_HH, .gate = g, .gates = n, \
     .of = {{SLOTS, g, n}}, .after = 1}
/* The gradient of gates [g, g + n) of R from slots that begin with s. */
#define BY_H(g, n, s) \
    {.weight = W_HH, .gate = g, .gates = n, .of = {SLOTS, s, n}, \
     .by = {.from = PREV_H}, .bias = 1}

#define RNN_ROW(kind, t) \
    {.name = kind, .gates = 1, .slots = 1, .slopes = 1, .phases = 1, \
     .parts = 1, \
     .forward = {OF_H(t, 0, 1)}, .backward = {FROM_AFTER(t##_BWD, 0, 1)}, \
     .part = {BY_H(0, 1, 0)}}

static const cell_row rows[SRNN_CELL_KINDS] = {
    [SRNN_RNN_TANH] = RNN_ROW("rnn_tanh", RNN_TANH),
    [SRNN_RNN_RELU] = RNN_ROW("rnn_relu", RNN_RELU),
    [SRNN_LSTM] = {.name = "lstm",
                   .gates = 4,
                   .slots = 4,
                   .has_c = 1,
                   .phases = 1,
                   .parts = 1,
                   .forward = {OF_H(LSTM, 0, 4)},
                   .backward = {FROM_AFTER(LSTM_BWD, 0, 4)},
                   .part = {BY_H(0, 4, 0)}},
    [SRNN_GRU] = {.name = "gru",
                  .gates = 3,
                  .slots = 4,
                  .slopes = 3,
                  .phases = 1,
                  .parts = 2,
                  .forward = {OF_H(GRU_AFTER, 0, 3)},
                  .backward = {{.tile = T(GRU_AFTER_BWD),
                                .weight = W_HH,
                                .gates = 3,
                                .of = {{SLOTS, 0, 2}, {SLOTS, 3, 1}},
                                .after = 1,
                                .adds = 1}},
                  .part = {BY_H(0, 2, 0), BY_H(2, 1, 3)}},
    [SRNN_GRU_BEFORE] = {.name = "gru_before",
                         .gates = 3,
                         .slots = 4,
                         .slopes = 3,
                         .has_work = 1,
                         .phases = 2,
                         .parts = 2,
                         .forward = {OF_H(GRU_BEFORE_RZ, 0, 2),
                                     {.tile = T(GRU_BEFORE_N),
                                      .weight = W_HH,
                                      .gate = 2,
                                      .gates = 1,
                                      .of = {{.from = RESET_H}},
                                      .bias = 1}},
                         .backward = {{.tile = T(GRU_BEFORE_N_BWD),
                                       .weight = W_HH,
                                       .gates = 2,
                                       .of = {{SLOTS, 0, 2}},
                                       .after = 1,
                                       .adds = 1},
                                      {.tile = T(GRU_BEFORE_RZ_BWD),
                                       .weight = W_HH,
                                       .gate = 2,
                                       .gates = 1,
                                       .of = {{SLOTS, 2, 1}}}},
                         .part = {BY_H(0, 2, 0),
                                  {.weight = W_HH,
                                   .gate = 2,
                                   .gates = 1,
                                   .of = {SLOTS, 2, 1},
                                   .by = {.from = RESET_H, .slot = 3},
                                   .bias = 1}}},
};

/* The same function with other activations or a clip. */
static const enum srnn_tile_kind any[SRNN_TILE_COUNT] = {
    [T(RNN_TANH)] = T(RNN_ANY),
    [T(RNN_RELU)] = T(RNN_ANY),
    [T(GRU_AFTER)] = T(GRU_AFTER_ANY),
    [T(GRU_BEFORE_RZ)] = T(GRU_BEFORE_RZ_ANY),
    [T(GRU_BEFORE_N)] = T(GRU_BEFORE_N_ANY),
    [T(RNN_TANH_BWD)] = T(RNN_ANY_BWD),
    [T(RNN_RELU_BWD)] = T(RNN_ANY_BWD),
    [T(GRU_AFTER_BWD)] = T(GRU_AFTER_ANY_BWD),
    [T(GRU_BEFORE_N_BWD)] = T(GRU_BEFORE_N_ANY_BWD),
    [T(GRU_BEFORE_RZ_BWD)] = T(GRU_BEFORE_RZ_ANY_BWD),
};

static int has_own(const srnn_recurrent_config *config)
{
    size_t i;

    for (i = 0; i < 3; i++)
        if (config->activation[i].kind == SRNN_ACT_OWN)
            return 1;
    return 0;
}

cell_row srnn_cell_row(const srnn_recurrent_config *config)
{
    cell_row row = {0};
    size_t i;

    if ((unsigned)config->cell >= SRNN_CELL_KINDS)
        return row;
    row = rows[config->cell];
    if (config->cell == SRNN_LSTM)
        srnn_lstm_row(config, &row);
    else if (srnn_cell_varies(config))
        for (i = 0; i < row.phases; i++) {
            row.forward[i].tile = any[row.forward[i].tile];
            row.backward[i].tile = any[row.backward[i].tile];
        }
    row.slots += has_own(config) ? row.slopes : 0;
    return config->norm ? srnn_norm_row(row, config) : row;
}

const char *srnn_cell_name(srnn_cell_kind kind)
{
    return (unsigned)kind < SRNN_CELL_KINDS ? rows[kind].name : NULL;
}
