/* Nets of any shape with their data, in the library's real type: a table of
 * builders, random arrays for every input they have, and what comes out of
 * running them. Token nodes whose name begins with 'y' are targets. */
#ifndef SRNN_TESTS_GRAPH_H
#define SRNN_TESTS_GRAPH_H

#include "net_case.h"

typedef struct graph {
    const char *name;
    void (*build)(srnn_net *net);
    size_t batch, steps;
    size_t axis_steps[SRNN_AXES];    /* of the axes that build adds */
    const size_t *length[SRNN_AXES]; /* NULL: all steps */
} graph;

/* The i-th graph: whole (ragged = 0), or with sequences of many lengths, none
 * among them; 0 past the end. */
int graph_at(size_t i, int ragged, graph *g);

enum { GRAPH_INPUTS = 8 };

typedef struct graph_data {
    graph g;
    const srnn_net *net; /* that they were made for */
    size_t ins;
    srnn_array in[GRAPH_INPUTS];
    srnn_real *real[GRAPH_INPUTS];
    int32_t *token[GRAPH_INPUTS];
    srnn_real *state; /* all carried states, one after another */
} graph_data;

srnn_net *graph_open(const srnn_kernels *k, const graph *g);

/* Sequences of an axis in the caller's arrays, and the rows of an array on
 * it. */
size_t graph_sequences(const srnn_net *net, const graph *g, srnn_axis axis);
size_t graph_rows(const srnn_net *net, const graph *g, srnn_axis axis);
/* Which sequence of the batch row q of an array on the axis belongs to. */
size_t graph_origin(const srnn_net *net, const graph *g, srnn_axis axis,
                    size_t q);

/* Full random mantissas; a quarter of the targets is -1, never the first. */
void graph_fill(graph_data *d, const srnn_net *net, const graph *g);
void graph_free(graph_data *d);
/* Sequence b of them alone; its lengths lie in `length`. */
void graph_alone(graph_data *to, const srnn_net *net, const graph_data *d,
                 size_t b, size_t length[SRNN_AXES][64]);

srnn_trainer *graph_trainer(srnn_net *net, const graph *g, size_t threads);
/* With the states of d: the loss alone; or with all gradients. */
double graph_loss(srnn_trainer *t, const graph_data *d);
double graph_backward(srnn_trainer *t, const graph_data *d);

srnn_session *graph_session(srnn_net *net, const graph *g, size_t threads);
/* Sets the session's or trainer's axes, for the next call. */
void graph_axes(srnn_session *s, srnn_trainer *t, const graph_data *d);
void graph_set_states(srnn_session *s, srnn_trainer *t, const graph_data *d);

#endif
