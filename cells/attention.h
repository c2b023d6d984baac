/* What an attention node keeps in a run, for attention.c, which makes it, and
 * attend.c, which runs it. */
#ifndef SRNN_ATTENTION_H
#define SRNN_ATTENTION_H

#include "node.h"

enum { QUERIES, KEYS, VALUES }; /* its inputs */

struct attention_run {
    /* Of each sequence, its rows in the two extents: keys in rising order of
     * their steps, queries in falling order; and how many. */
    uint32_t *key, *query;
    size_t *keys, *queries;
    size_t key_room, query_room;
    srnn_real *w, *de; /* weights and gradients of scores, [query][key_room] */
    srnn_real *q, *dq; /* projected queries, [rows][width] */
    srnn_real *k, *dk; /* additive: projected keys */
    size_t projected;  /* which making of the keys k comes from */
};

/* Columns of a row that is compared with a row of keys. */
size_t srnn_attention_width(const srnn_net *net, const node *n);

void srnn_attention_forward(const pass *p, const node *n, run *r);
void srnn_attention_backward(const pass *p, const node *n, run *r);
/* Copies weights: keys that are not there have 0. */
void srnn_attention_weights(const pass *p, const node *n, run *r);

#endif
