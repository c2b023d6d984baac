/* What the time loop of a layer shares with the parts of its steps. */
#ifndef SRNN_TIMELINE_H
#define SRNN_TIMELINE_H

#include "layer.h"

/* Everything a time step looks at, fixed for a pass. */
typedef struct timeline {
    const pass *p;
    const extent *e;
    const srnn_kernels *k;
    const cell_row *row;
    const srnn_recurrent_config *config;
    const layer *y;
    layer_run *r;
    size_t hidden;
    size_t block;
    size_t gate_ld; /* between rows of gates, or of x in inference */
    int masked;
    srnn_masking masking; /* standing at the first row of all */
} timeline;

#define BEFORE ((size_t)-1) /* the step before the first: the state */

/* The first row of step t in an array that begins with the state. */
static inline size_t srnn_row_of(const timeline *l, size_t t)
{
    return t == BEFORE ? 0 : l->e->batch + l->e->first[t];
}

/* Step t of what is carried: all steps are there of h, in training of all. */
static inline srnn_real *srnn_carried(const timeline *l, size_t which,
                                      size_t t)
{
    const carry *x = &l->r->carry[which];

    if (which != CARRY_H && !l->r->gate)
        return x->all;
    return x->all + srnn_row_of(l, t) * x->width;
}

/* A pass begins with the carried states, and each sequence's last step is
 * carried on; in backward the same of their gradients, from the end. Worker 0
 * copies. */
void srnn_layer_states_in(const timeline *l);
void srnn_layer_states_out(const timeline *l);
void srnn_layer_gradients_in(const timeline *l);
void srnn_layer_gradients_out(const timeline *l);

/* The gradients of the weights and, where wanted, of the input, once those of
 * all pre-activations are there. */
void srnn_layer_gradients(const timeline *l, const layer_input *in);

/* The function takes rows [row, row + rows) and units [from, to) with their
 * product in memory. */
static inline void srnn_call_tile(srnn_tile_fn *fn, const srnn_cell *c,
                                  const srnn_real *prod, size_t ldprod,
                                  size_t row, size_t rows, size_t from,
                                  size_t to)
{
    const srnn_tile tile = {row,
                            rows,
                            from,
                            to - from,
                            prod + row * ldprod + from,
                            ldprod,
                            c->units};

    if (from < to && rows)
        fn(c, &tile);
}

#endif
