/* The histories of the rows, and their logits. */
#include "tree.h"

#include "../kernels/error.h"

#include <math.h>
#include <string.h>

uint64_t tree_after(const tree *t, uint64_t history, int32_t token)
{
    return history * (t->decoder.vocabulary + 1) + (uint64_t)token + 1;
}

void tree_logits(const tree *t, uint64_t history, float *x)
{
    const size_t n = t->decoder.vocabulary;

    if (t->logits) {
        t->logits(history, n, x);
        return;
    }
    for (size_t j = 0; j < n; j++) {
        const uint32_t counter[4] = {(uint32_t)history,
                                     (uint32_t)(history >> 32), (uint32_t)j};
        uint32_t word[4];

        srnn_philox(t->seed, counter, word);
        x[j] = 3 * ((float)(word[0] >> 8) * 0x1p-23f - 1);
    }
}

static srnn_status step(void *data, const int32_t *tokens, srnn_real *logits)
{
    tree *t = data;

    if (++t->steps == t->fails_at)
        return srnn_fail(SRNN_ESTATE, "the tree is felled");
    for (size_t b = 0; b < t->decoder.rows; b++) {
        t->history[b] = tree_after(t, t->history[b], tokens[b]);
        tree_logits(t, t->history[b], logits + b * t->decoder.vocabulary);
    }
    return SRNN_OK;
}

static srnn_status copy(void *data, size_t from, size_t to)
{
    tree *t = data;

    t->copies++;
    t->history[to] = t->history[from];
    return SRNN_OK;
}

void tree_plant(tree *t, size_t rows, size_t vocabulary, tree_fn *logits,
                uint64_t seed)
{
    memset(t, 0, sizeof *t);
    t->decoder = (srnn_decoder){rows, vocabulary, step, copy, t};
    t->logits = logits;
    t->seed = seed;
}

double nats(size_t n, const float *x, int32_t token)
{
    double sum = 0;

    for (size_t j = 0; j < n; j++)
        sum += exp((double)x[j] - (double)x[token]);
    return log(sum);
}
