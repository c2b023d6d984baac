/* One recurrent layer in time, and the layers of a node. */
#ifndef SRNN_LAYER_H
#define SRNN_LAYER_H

#include "node.h"

/* What a backward pass needs of the layer's input. */
typedef struct layer_input {
    const srnn_real *x;
    size_t ldx;
    srnn_real *dx; /* rows of layer->in; NULL: not wanted */
    int adds;      /* to what dx holds */
    const srnn_real *dy; /* of its output; NULL: only the last states lead on */
} layer_input;

/* Runs the extent from the carried state and carries the last one on. */
void srnn_layer_forward(const pass *p, const node *n, const layer *y,
                        layer_run *r, const srnn_real *x, size_t ldx);

/* Back through the steps of the last forward pass, from in->dy and the
 * gradients of the last state in r->carry, where it leaves those of the
 * first. */
void srnn_layer_backward(const pass *p, const node *n, const layer *y,
                         layer_run *r, const layer_input *in);

void srnn_layer_carve(const srnn_session *s, const node *n, const layer *l,
                      layer_run *y, arena *a);

/* ---- a node's layers; layer l counts both directions, forward first ------ */

size_t srnn_layers(const node *n);
size_t srnn_directions(const node *n);
int srnn_is_reverse(const node *n, size_t l);
/* Columns of what a layer carries; 0: it has none. Of all states side by
 * side. */
size_t srnn_carry_width(const srnn_recurrent_config *c, size_t which);
size_t srnn_states_width(const node *n);

/* Columns of what is listed of the node: the states, and steps counted. */
size_t srnn_listed_width(const node *n);

/* Sets the states that a pass begins with, where it does not go on from what
 * was carried; in backward their gradients, at both ends. */
void srnn_states_begin(const pass *p, const node *n, const run *r);
void srnn_states_begin_backward(const pass *p, const node *n, const run *r);
void srnn_states_end_backward(const pass *p, const node *n, const run *r);

void srnn_stack_carve(const srnn_session *s, const node *n, run *r, arena *a);
void srnn_stack_states(srnn_session *s, const node *n, run *r);
void srnn_stack_forward(const pass *p, const node *n, run *r);
void srnn_stack_backward(const pass *p, const node *n, run *r);

/* Single steps: reals of a layer's weights, 0 if it has no such step; packing
 * of all layers; what a run needs, after its layers; one step, if the pass is
 * one, else 0. */
size_t srnn_single_size(const srnn_net *net, const node *n, const layer *y);
void srnn_single_pack(const srnn_net *net, const node *n);
void srnn_single_carve(const srnn_session *s, const node *n, run *r);
int srnn_single_forward(const pass *p, const node *n, run *r);

/* The listed states after so many steps of the pass that has just run, in the
 * order of the list, [B][width] each; the next place behind them. Counts of
 * steps are not among them. */
srnn_real *srnn_stack_inside(const srnn_session *s, const node *n,
                             const run *r, size_t steps, srnn_real *to);

#endif
