/* The layers that problems_cell.c runs: every cell and its variants, and the
 * scores of attention, each the plain one with some settings changed. */
#ifndef BENCH_CELLS_H
#define BENCH_CELLS_H

#include "work.h"

#include <simdrnn/simdrnn.h>

/* One list gives the names and their kinds: those that are run in every way,
 * and those that are run forward, and in training, padded and ragged. */
#define BENCH_PLAIN_LIST(X) \
    X(lstm) \
    X(gru) \
    X(gru_before) \
    X(rnn)
#define BENCH_VARIANT_LIST(X) \
    X(lstm_peephole) \
    X(lstm_nig) \
    X(lstm_nfg) \
    X(lstm_nog) \
    X(lstm_niaf) \
    X(lstm_noaf) \
    X(lstm_cifg) \
    X(lstm_fgr) \
    X(lstm_projected) \
    X(lstm_clipped) \
    X(lstm_elu) \
    X(lstm_hard_sigmoid) \
    X(lstm_zoneout) \
    X(lstm_dropout) \
    X(lstm_both) \
    X(lstm_layer_norm) \
    X(lstm_batch_norm) \
    X(gru_one_bias) \
    X(gru_takes_new) \
    X(gru_softsign) \
    X(gru_clipped) \
    X(gru_zoneout) \
    X(gru_both) \
    X(gru_layer_norm) \
    X(rnn_relu) \
    X(rnn_softplus) \
    X(rnn_layer_norm) \
    X(rnn_batch_norm) \
    X(attention_dot) \
    X(attention_general) \
    X(attention_additive)

enum bench_cell {
#define BENCH_ENUM(name) BENCH_##name,
    BENCH_PLAIN_LIST(BENCH_ENUM) BENCH_VARIANT_LIST(BENCH_ENUM)
#undef BENCH_ENUM
    BENCH_CELLS
};

/* A layer over x of so many inputs, for sequences of so many steps. Attention
 * has x for queries, keys and values; its `hidden` is the width of v. */
typedef struct bench_layer {
    enum bench_cell cell;
    size_t inputs, hidden, steps;
    size_t outputs; /* columns of y */
} bench_layer;

bench_layer bench_layer_of(enum bench_cell cell, size_t inputs, size_t hidden,
                           size_t steps);
srnn_status bench_layer_add(const bench_layer *l, srnn_net *net, srnn_node x,
                            srnn_node *y);

/* Whether y of a step does not depend on the steps that follow. */
int bench_layer_causal(const bench_layer *l);

/* Forward, over all steps of the batch. */
work bench_layer_work(const bench_layer *l, size_t batch);

#endif
