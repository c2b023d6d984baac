/* The filling of one parameter. */
#ifndef SRNN_INIT_H
#define SRNN_INIT_H

#include "node.h"

/* One parameter's turn. */
typedef struct turn {
    const srnn_net *net;
    const node *node;
    param *param;
    size_t number;
    uint64_t seed;
    double *work; /* of the largest orthogonal block */
} turn;

/* The parameter's name within its node. */
const char *srnn_turn_name(const turn *t);
/* Blocks that the parameter is made of: the gates of weight_ih and weight_hh,
 * else 1. */
size_t srnn_turn_gates(const turn *t);
/* Fills the parameter; work holds a block where the kind is ORTHOGONAL. */
void srnn_init_fill(const turn *t, srnn_init_kind kind, double gain);
/* Whether it holds the biases of a gate that keeps the old state. */
int srnn_turn_forgets(const turn *t);
/* Fills those as the choice says, and an LSTM's input gate's with them. */
void srnn_init_forget(const turn *t, const srnn_init *c);
/* Adds the node's forget_bias to the former. */
void srnn_init_forget_bias(const turn *t);

#endif
