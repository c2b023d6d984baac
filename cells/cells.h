/* What distinguishes the cells: one row each. */
#ifndef SRNN_CELLS_H
#define SRNN_CELLS_H

#include <simdrnn/simdrnn.h>

/* A product and the elementwise function that takes its tiles. Forward, the
 * product is of gates [gate, gate + gates) of R with h, or r h. Backward, it
 * is of the transposes of parts [part, part + parts) with the gradients in
 * their slots: of the step after (reset_h = 0) or of this one. */
typedef struct phase {
    enum srnn_tile_kind tile;
    size_t gate, gates;
    size_t part, parts;
    int reset_h;
} phase;

/* Gates [gate, gate + gates) of R: the gradients of their pre-activations are
 * kept in slots from `slot` on, and they multiply h, or (reset_h) r h, which
 * is kept in the last slot. */
typedef struct gate_part {
    size_t gate, gates, slot;
    int reset_h;
} gate_part;

typedef struct cell_row {
    const char *name;
    size_t gates, slots;
    int has_c;
    int direct; /* part of the gradient of h passes beside the products */
    size_t phases, parts;
    phase forward[2], backward[2];
    gate_part part[2];
} cell_row;

const cell_row *srnn_cell_row(srnn_cell_kind kind);

#endif
