/* One step of a cell as the tests set it up: every array that the cell needs
 * between guard pages, those it does not need NULL, and a copy of each as it
 * was before the call. */
#ifndef SRNN_TESTS_CELLDATA_H
#define SRNN_TESTS_CELLDATA_H

#include "check.h"
#include "oracle.h"

#include <simdrnn/kernels.h>

/* The arrays of a srnn_cell that are written. */
enum { A_GATE, A_H, A_C, A_WORK, A_DH, A_DC, ARRAYS };

/* What kernels.h says of a tile function: gates of its product, slots of x
 * and gate, arrays read and written; written slots of gate. */
typedef struct cell_kind {
    const char *name;
    size_t gates, x_slots, gate_slots;
    int backward, h_prev, h, c, work, dy, dh, dc;
    uint64_t writes; /* CELL_SLOT(a, slot): slot of array a */
    size_t any;      /* _ANY: where the slopes of OWN begin; gate g's slope is
                        slot any + g, its role 0, of a GRU's n 1 */
    unsigned acts;   /* _ANY: bit g: gate g is activated here */
} cell_kind;

#define CELL_SLOTS 8 /* of any array */
#define CELL_SLOT(a, s) ((uint64_t)1 << (CELL_SLOTS * (a) + (s)))

/* Those of the LSTM's variants have no name here: kernel_lstm.c. */
extern const cell_kind cell_kinds[SRNN_TILE_COUNT];

enum {
    CELL_NO_GATE = 1,   /* inference: gates are not kept */
    CELL_GATE_IS_X = 2, /* gates take the place of x */
    CELL_C_IN_PLACE = 4,
    CELL_NO_DY = 8,
    CELL_Z_NEW = 16,
    CELL_OPTIONS = 32
};

typedef struct cell_data {
    int tile;
    size_t rows, units;
    srnn_cell cell;
    srnn_variant variant; /* _ANY: at random out of phis, clipped or not */
    size_t gate_slots;    /* of this variant */
    uint64_t writes;
    float *array[ARRAYS], *before[ARRAYS];
    size_t ld[ARRAYS], n[ARRAYS];
    float *x, *x_before;
} cell_data;

/* Takes buffers from the guard pages; call guard_begin() first. */
void cell_fill(cell_data *d, int tile, size_t rows, size_t units, int options);
/* Puts all that was written back as it was. */
void cell_restore(cell_data *d);

/* The state of one unit of one row before the call, p still to be set. */
unit_state cell_unit(const cell_data *d, size_t row, size_t unit);

/* Compares: what the cell writes within rows [row0, row1) x units
 * [unit0, unit1) with the oracle, all else with the bits before. prod(of, r,
 * g, u) is the product that the oracle takes; perturb moves it by so many
 * bounds. */
typedef est cell_prod(const void *of, size_t row, size_t gate, size_t unit);
void cell_compare(const cell_data *d, size_t row0, size_t row1, size_t unit0,
                  size_t unit1, cell_prod *prod, const void *of,
                  double perturb, worst *seen);

#endif
