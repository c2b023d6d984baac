/* Tasks with known answers: sequences drawn by Philox, a net trained on some
 * of them until others pass, and judged on a third kind that neither saw.
 *
 * A net's input is its node "x", its targets "y", what is judged "out": see
 * bench/tasks.h. */
#ifndef SRNN_TESTS_TASK_H
#define SRNN_TESTS_TASK_H

#include "bench/tasks.h"

/* Uniform numbers of one sequence: the kernel `uniform`, its stream named by
 * set and number of the sequence. */
enum { TASK_DICE = 64 };

typedef struct task_dice {
    srnn_kernels k;
    srnn_stream stream; /* its first id counts the blocks used up */
    size_t used;
    float unit[TASK_DICE];
} task_dice;

/* In [0, 1); an integer in [low, high]. */
float task_unit(task_dice *d);
size_t task_between(task_dice *d, size_t low, size_t high);

/* A batch of sequences: element (t, b, f) of node X or Y at [(t B + b) F + f]
 * of its reals, or (t, b) at [t B + b] of its tokens; on SRNN_BATCH t is 0. */
enum { TASK_X, TASK_Y, TASK_NODES };

typedef struct task_data {
    size_t batch, steps; /* the most that one sequence has */
    srnn_array in[TASK_NODES];
    size_t features[TASK_NODES];
    float *real[TASK_NODES];
    int32_t *token[TASK_NODES];
    size_t *length;
} task_data;

/* What is summed over what is judged, and how much that is. */
typedef struct task_score {
    double sum;
    size_t count;
} task_score;

typedef struct task {
    enum task_number number;
    size_t steps; /* the most of a sequence */
    double goal;  /* of the figure, sum / count of a score: at least this, */
    int error;    /* or less than this */
    /* Draws sequence b and sets its length. */
    void (*draw)(task_data *d, size_t b, task_dice *dice);
    /* out is laid out as the data of a node. */
    void (*judge)(const task_data *d, size_t b, const float *out,
                  task_score *s);
} task;

/* How a net learns it. */
typedef struct task_plan {
    srnn_cell_kind cell;
    size_t hidden, batch;
    double lr, clip_norm;
    double longest; /* dependency: orthogonal and chrono initialisation; 0:
                       PyTorch's */
    double enough;  /* figure of the validation set that ends training */
    size_t updates; /* the most */
    uint64_t seed;
} task_plan;

enum { TASK_TESTED = 2048 };

srnn_net *task_net(const task *t, const task_plan *p);
/* Trains until the validation set has enough; returns the updates done. */
size_t task_train(const task *t, const task_plan *p, srnn_net *net);
/* The figure of the test set, TASK_TESTED sequences. */
double task_test(const task *t, const srnn_net *net);
int task_passes(const task *t, double figure);

/* The number of the largest; the first of equal ones. */
size_t task_most(const float *x, size_t n);

/* The whole of it: the untrained net fails, the trained one passes; prints the
 * figure, updates, and how many a second, drawing and validating included. */
void task_learns(const task *t, const task_plan *p);

/* The control: a plain RNN, as PyTorch begins it, in the place of the plan's
 * cell fails after so many updates. Returns its figure. */
double task_plain_fails(const task *t, const task_plan *p, size_t updates);

/* Ends the program with the library's message if status is an error. */
void task_must(srnn_status status);

#endif
