/* Everything a net computes for a case, kept bit for bit: outputs, states,
 * losses, gradients, and what two updates leave. */
#ifndef SRNN_TESTS_RECORD_H
#define SRNN_TESTS_RECORD_H

#include "check.h"
#include "net_case.h"

typedef struct part {
    char name[96];
    float *x;
    size_t n;
    size_t features; /* of a row of the batch; 0: it has no rows */
} part;

typedef struct record {
    size_t count;
    part part[320];
} record;

void record_add(record *r, const char *name, const float *x, size_t n,
                size_t features);
void record_double(record *r, const char *name, double x);
void record_free(record *r);

/* How many values differ in bits, and in which part first. Parts must agree in
 * names and sizes. */
size_t record_differing(const record *a, const record *b, const char **where);

/* The rows of sequence b of so many, in all parts that have rows, times a
 * factor where a name begins with 'd' (gradients). */
void record_row(const record *from, size_t b, size_t batch, float factor,
                record *to);

/* How a pass is run. */
typedef struct how {
    uint64_t seed;   /* of the parameters */
    size_t threads;
    size_t steps;    /* of the session or trainer; 0: all */
    size_t call;     /* steps of each call; 0: all; SIZE_MAX: at random */
    int strided;     /* arrays with gaps: 1 the batch outermost, 2 after steps
                        too, 3 only after rows */
    int forget;      /* the state is reset between calls */
    int swap_inputs; /* features 0 and 1 change places, and their weights */
} how;

/* A session: outputs, last states, loss. */
void record_forward(record *r, const srnn_kernels *k, const net_data *d,
                    const how *w);
/* A trainer: loss, all gradients, states. Then, if updates, two updates with
 * clipping and decay: parameters, moments, states. */
void record_backward(record *r, const srnn_kernels *k, const net_data *d,
                     const how *w, int updates);

/* The trainer's gradients, as record_backward keeps them. */
void record_gradients(record *r, const srnn_trainer *t);
void record_update(record *r, const srnn_trainer *t);

/* Shapes below, at and above the tiles of every rung, of every cell, one and
 * two layers; 0 past the end. The first SHORT_SHAPES are small. */
enum { SHORT_SHAPES = 28 };
int record_shape(size_t i, net_case *c);
/* The same of normalised cells, batches of two and more. */
int record_norm_shape(size_t i, net_case *c);
/* Two shapes of every variant; 0 past the end. What is drawn for one depends on
 * its name alone: record_seed(). */
int record_variant(size_t i, net_case *c);
/* One of each of the LSTM's. */
int record_lstm(size_t i, net_case *c);
size_t record_seed(const net_case *c);

#endif
