/* What a trainer holds. */
#ifndef SRNN_TRAINER_H
#define SRNN_TRAINER_H

#include "node.h"

struct srnn_trainer {
    srnn_net *net;
    srnn_session *session;
    srnn_trainer_config config;
    srnn_real *memory; /* gradients, then each moment, parameter by parameter */
    srnn_real **gradient, **moment[2];
    size_t total; /* elements of all parameters, padded */
    double *squares;
    size_t *rows; /* of each node's gradient, in the last backward pass */
    double *loss_sum; /* of each node, over the windows of a call */
    size_t *loss_count;
    uint64_t updates;
    double norm;
};

/* How many moments the optimiser keeps of each parameter. */
size_t srnn_moments_of(const srnn_trainer_config *c);

#endif
