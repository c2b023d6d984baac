/* The rows of the cells. A cell is a sequence of phases, each a product and an
 * elementwise function; the time loop in layer.c knows no more of it. */
#include "cells.h"

#define T(name) SRNN_TILE_##name

static const cell_row rows[SRNN_CELL_KINDS] = {
    [SRNN_RNN_TANH] = {.name = "rnn_tanh",
                       .gates = 1,
                       .slots = 1,
                       .phases = 1,
                       .parts = 1,
                       .forward = {{T(RNN_TANH), 0, 1, 0, 0, 0}},
                       .backward = {{T(RNN_TANH_BWD), 0, 0, 0, 1, 0}},
                       .part = {{0, 1, 0, 0}}},
    [SRNN_RNN_RELU] = {.name = "rnn_relu",
                       .gates = 1,
                       .slots = 1,
                       .phases = 1,
                       .parts = 1,
                       .forward = {{T(RNN_RELU), 0, 1, 0, 0, 0}},
                       .backward = {{T(RNN_RELU_BWD), 0, 0, 0, 1, 0}},
                       .part = {{0, 1, 0, 0}}},
    [SRNN_LSTM] = {.name = "lstm",
                   .gates = 4,
                   .slots = 4,
                   .has_c = 1,
                   .phases = 1,
                   .parts = 1,
                   .forward = {{T(LSTM), 0, 4, 0, 0, 0}},
                   .backward = {{T(LSTM_BWD), 0, 0, 0, 1, 0}},
                   .part = {{0, 4, 0, 0}}},
    [SRNN_GRU] = {.name = "gru",
                  .gates = 3,
                  .slots = 4,
                  .direct = 1,
                  .phases = 1,
                  .parts = 2,
                  .forward = {{T(GRU_AFTER), 0, 3, 0, 0, 0}},
                  .backward = {{T(GRU_AFTER_BWD), 0, 0, 0, 2, 0}},
                  .part = {{0, 2, 0, 0}, {2, 1, 3, 0}}},
    [SRNN_GRU_BEFORE] = {.name = "gru_before",
                         .gates = 3,
                         .slots = 4,
                         .direct = 1,
                         .phases = 2,
                         .parts = 2,
                         .forward = {{T(GRU_BEFORE_RZ), 0, 2, 0, 0, 0},
                                     {T(GRU_BEFORE_N), 2, 1, 0, 0, 1}},
                         .backward = {{T(GRU_BEFORE_N_BWD), 0, 0, 0, 1, 0},
                                      {T(GRU_BEFORE_RZ_BWD), 0, 0, 1, 1, 1}},
                         .part = {{0, 2, 0, 0}, {2, 1, 2, 1}}},
};

const cell_row *srnn_cell_row(srnn_cell_kind kind)
{
    return (unsigned)kind < SRNN_CELL_KINDS ? &rows[kind] : NULL;
}

const char *srnn_cell_name(srnn_cell_kind kind)
{
    const cell_row *row = srnn_cell_row(kind);

    return row ? row->name : NULL;
}
