/* One recurrent layer in time. */
#ifndef SRNN_LAYER_H
#define SRNN_LAYER_H

#include "node.h"

/* What a backward pass needs of the layer's input. */
typedef struct layer_input {
    const srnn_real *x;
    size_t ldx;
    srnn_real *dx; /* rows of layer->in; NULL: not wanted */
    int adds;      /* to what dx holds */
} layer_input;

/* Runs the extent from the carried state and carries the last one on. */
void srnn_layer_forward(const pass *p, const node *n, const layer *y,
                        layer_run *r, const srnn_real *x, size_t ldx);

/* Back through the steps of the last forward pass, from r->dy; leaves the
 * gradients of what it began with in r->carry. */
void srnn_layer_backward(const pass *p, const node *n, const layer *y,
                         layer_run *r, const layer_input *in);

#endif
