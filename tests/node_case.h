/* Nets of nodes that join, reduce over time, share a weight, and have several
 * losses, with their data, in the library's real type. */
#ifndef SRNN_TESTS_NODE_CASE_H
#define SRNN_TESTS_NODE_CASE_H

#include <simdrnn/simdrnn.h>

/* JOIN: add, concat (with nodes named twice), three losses with weights.
 * OVER_TIME: characters under words: first, last and mean of each, then of the
 * words; losses on words and on sequences. TIED: an embedding whose weight also
 * makes the logits. */
enum { CASE_JOIN, CASE_OVER_TIME, CASE_TIED, CASE_NETS };

enum { MOST_ARRAYS = 8 };

typedef struct node_case {
    int which;
    srnn_net *net;
    size_t steps, batch, chars; /* chars: steps of the axis below, 0: none */
    int ragged;
    size_t length[8], char_length[64]; /* where ragged */
    srnn_array in[MOST_ARRAYS];
    srnn_axis axis[MOST_ARRAYS]; /* of each array */
    size_t width[MOST_ARRAYS];   /* and columns */
    size_t ins;
} node_case;

srnn_net *node_case_net(const srnn_kernels *k, int which);
/* 4 steps of 3 sequences, 3 characters each at most; ragged: lengths 4, 0, 2
 * and of the characters 0 to 3. */
void node_case_open(node_case *c, const srnn_kernels *k, int which,
                    int ragged);
void node_case_close(node_case *c);
/* Sequence b of a case by itself, over the same net and copies of its data;
 * to be closed before it. */
void node_case_alone(node_case *one, const node_case *all, size_t b);

/* Weights, so that each loss is a sum: 1 over as many targets as there are. */
void node_case_sums(node_case *c);

srnn_trainer *node_case_trainer(const node_case *c, size_t threads);
srnn_session *node_case_session(const node_case *c, size_t steps,
                                size_t threads);
/* Lengths and steps of the next call. */
void node_case_begin(const node_case *c, srnn_session *s, srnn_trainer *t);
double node_case_loss(const node_case *c, srnn_trainer *t);
void node_case_backward(const node_case *c, srnn_trainer *t);
/* Rows of an array on that axis. */
size_t node_case_rows(const node_case *c, srnn_axis axis);

#endif
