/* What a beam search keeps.
 *
 * The tokens of a hypothesis are a path in a tree, a node a step and place;
 * only results are spelled. */
#ifndef SRNN_BEAM_H
#define SRNN_BEAM_H

#include <simdrnn/generate.h>

#define NONE SIZE_MAX /* no node, no row */

typedef struct path {
    size_t parent; /* node of the tree, or NONE */
    int32_t token;
} path;

/* A hypothesis that goes on; the array is sorted, the best first. */
typedef struct live {
    double sum; /* log-probability */
    size_t row; /* of the decoder */
    size_t last; /* token: a node of the tree */
} live;

typedef struct candidate {
    double sum;
    size_t from; /* of the live ones */
    int32_t token;
} candidate;

typedef struct result {
    double sum, score;
    size_t last; /* token but the end */
    size_t length;
    int ended;
} result;

struct srnn_beam {
    srnn_kernels k;
    size_t beam, vocabulary, length, most_results;
    int32_t end;
    double *norm;         /* [length + 1] */
    srnn_real *logits;    /* [beam][vocabulary] */
    int32_t *feed;        /* [beam] */
    path *tree;           /* [length][beam] */
    live *live, *next;    /* [beam] */
    candidate *candidate; /* [2 beam], sorted */
    char *taken;          /* [beam]: rows of the decoder */
    result *result;       /* [results], sorted */
    int32_t *tokens;      /* [results][length] */
    size_t lives, candidates, results;
    void *allocated; /* NULL: the caller's memory */
};

#endif
