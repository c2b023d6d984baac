/* A small character net with its trainer and a place in a made-up text: what
 * the tests of training and of files train. */
#ifndef SRNN_TESTS_TINY_H
#define SRNN_TESTS_TINY_H

#include <simdrnn/simdrnn.h>

enum { TINY_SYMBOLS = 11, TINY_TEXT = 1200 };

typedef struct tiny_config {
    srnn_cell_kind cell;
    size_t hidden, layers; /* layers 0: 1 */
    size_t threads;        /* 0: 1 */
    srnn_optimiser optimiser;
    double momentum, lr; /* lr 0: 0.01 */
    int z_takes_new;
    srnn_norm_kind norm;
} tiny_config;

typedef struct tiny {
    srnn_net *net;
    srnn_trainer *trainer;
    uint64_t position;
    double loss; /* of the last update, in nats */
} tiny;

/* Symbols drawn so that each depends on the two before it. */
const int32_t *tiny_text(void);

/* A net of tokens "text", embedding "in", recurrent "rnn", linear "out",
 * tokens "next", loss "loss", from a fixed seed. Ends the program if the
 * library refuses. */
srnn_net *tiny_net(const tiny_config *c);
void tiny_open(tiny *t, const tiny_config *c);
void tiny_close(tiny *t);

/* Trains until so many updates are done in all: 3 streams of 10 characters an
 * update, states carried. */
void tiny_train(tiny *t, uint64_t updates);

/* The name of the first of all parameters, moments and states, or of
 * "updates" and "position", whose bits differ; NULL if none does. */
const char *tiny_difference(const tiny *a, const tiny *b);

/* Ends the program with the library's message if status is an error. */
void tiny_must(srnn_status status);

#endif
