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
