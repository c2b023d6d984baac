/* What a problem has to do, counted: the one place of the formulas. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include <simdrnn/simdrnn.h>

#include <stddef.h>

typedef struct work {
    double flop;        /* of the products, 2 per multiply-add */
    double activations; /* exp, log, sigmoid, tanh of one float each */
    double set;         /* bytes that every step reads again */
    double bytes;       /* read or written in all, the set once per step */
    double items;       /* steps or elements that ns_per_item divides by */
    const char *item;   /* NULL: gflops say more */
    double threads;     /* that share it; 0 stands for 1 */
} work;

/* The counts that make up a cell of H units: gates and activations of a unit;
 * columns of h; weights of a step beside gates x H x (I + outputs). */
typedef struct work_cell {
    double gates, activations, outputs, more;
} work_cell;

/* y = f(x) over n elements; `costs` is 0 for relu. */
work work_activation(size_t n, int costs);
/* [rows][k] x [k][m] + bias. */
work work_product(size_t rows, size_t k, size_t m);
/* A layer over T steps, in one direction or two. */
work work_forward(work_cell c, size_t directions, size_t T, size_t B, size_t I,
                  size_t H);
/* Attention of T queries over T keys that are the values, of `features`. */
work work_attention(srnn_score_kind score, size_t T, size_t B, size_t features,
                    size_t width);
/* Forward and backward: three times the products (forward, towards the inputs,
 * towards the weights), and the linear head with its softmax of `classes` over
 * so many rows of `outputs`. */
work work_train(work forward, size_t rows, size_t outputs, size_t classes);
/* The same and Adam over `params`, and packing. */
work work_update(work train, size_t params);

/* What the work is told in: FLOP where there are products, else items. */
double work_amount(const work *w);

/* How many threads share it, at least 1. */
double work_threads(const work *w);

#endif
