/* Normalised cells: layer norm and recurrent batch norm of a layer's W x, R h
 * and c, as parts of its time loop. */
#ifndef SRNN_NORM_H
#define SRNN_NORM_H

#include "timeline.h"

/* ---- the node ---------------------------------------------------------- */

/* An error that names the node and what of its norm cannot be. */
srnn_status srnn_norm_check(const char *name,
                            const srnn_recurrent_config *config);
/* The row of a cell, normalised. */
cell_row srnn_norm_row(cell_row row, const srnn_recurrent_config *config);
/* Adds the norm's parameters to those of layer l, and how all begin. */
srnn_status srnn_norm_params(srnn_net *net, node *n, size_t l);

/* ---- runs -------------------------------------------------------------- */

void srnn_norm_carve(const srnn_session *s, const node *n, layer_run *y,
                     arena *a);
/* Batch norm: new sequences begin, at their step 0. */
void srnn_norm_restart(const pass *p, const node *n, layer_run *y);
/* A pass begins, and ends, at the steps that were counted. */
void srnn_norm_begin(const timeline *l);
void srnn_norm_end(const timeline *l);

/* Normalises the input products of steps [t0, t1), in place. */
void srnn_norm_input(const timeline *l, srnn_real *pre, size_t t0, size_t t1);
/* The only phase of a normalised cell. */
void srnn_norm_forward(const timeline *l, const srnn_cell *c, size_t t);
/* What follows its backward phase in step t, which left the gradients of the
 * gates (LSTM: that of o, and that of the normalised c): those of R h and W x
 * in place of their hats, of the biases and of the norms' parameters, and how
 * far the running averages move. */
void srnn_norm_backward(const timeline *l, const srnn_cell *c, size_t t);

#endif
