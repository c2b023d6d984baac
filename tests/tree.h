/* A decoder without a net: every history of a row has logits of its own, from
 * Philox or by hand. So whatever loses or mixes up a past shows. */
#ifndef SRNN_TESTS_TREE_H
#define SRNN_TESTS_TREE_H

#include <simdrnn/generate.h>

enum { TREE_ROWS = 96, TREE_VOCABULARY = 8 };

/* Logits after a history: its tokens as digits from 1 in base vocabulary + 1,
 * the start among them. */
typedef void tree_fn(uint64_t history, size_t n, float *x);

typedef struct tree {
    srnn_decoder decoder; /* its data is the tree */
    uint64_t history[TREE_ROWS];
    tree_fn *logits; /* NULL: 3 times U(-1, 1) of seed and history */
    uint64_t seed;
    size_t steps, copies;
    size_t fails_at; /* this step fails, counted from 1; 0: none */
} tree;

/* No histories yet. */
void tree_plant(tree *t, size_t rows, size_t vocabulary, tree_fn *logits,
                uint64_t seed);
void tree_logits(const tree *t, uint64_t history, float *x);
uint64_t tree_after(const tree *t, uint64_t history, int32_t token);

/* -log softmax(x)[token] in double. */
double nats(size_t n, const float *x, int32_t token);

#endif
