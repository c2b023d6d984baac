/* What distinguishes the cells: one row each. */
#ifndef SRNN_CELLS_H
#define SRNN_CELLS_H

#include <simdrnn/simdrnn.h>

/* The parameters that a layer may have, in their order. */
enum layer_param {
    W_IH,
    W_HH,
    B_IH,
    B_HH,
    N_IH, /* gains of the norms of W x, R h, c, and the last one's bias */
    N_HH,
    N_C,
    N_C_BIAS,
    M_IH, /* batch norm: running means and variances of the same */
    V_IH,
    M_HH,
    V_HH,
    M_C,
    V_C,
    W_HR,     /* the projection's */
    W_GH,     /* of i, f, o with those of the step before */
    PEEPHOLE, /* a diagonal for each gate that has one */
    LAYER_PARAMS
};

/* What one stretch of a product's k runs over. */
enum source {
    NOTHING,
    PREV_H,  /* h of the step before */
    RESET_H, /* r times it; kept in `slot`, of which backward reads it */
    PREV_G,  /* i, f, o of the step before */
    CELLS,   /* m, what is projected */
    PREV_C,  /* c of the step before, and of this one */
    NOW_C,
    SLOTS,    /* gradients in slots [slot, slot + slots) */
    PROJECTED /* the gradient of the projection */
};

typedef struct stretch {
    enum source from;
    size_t slot, slots;
} stretch;

/* Where a product goes: tile by tile to the elementwise function; or to memory,
 * whence the function takes whole rows, all units in one tile, once each of
 * them is there; or to memory and through a norm (norm.h); or to memory for a
 * later phase, forward q, backward the gradient of g: that has no function. */
enum product_form { TILES, ROWS, NORMED, MEMORY };

/* A product and the elementwise function that takes it. Forward, gates [gate,
 * gate + gates) of a weight multiply the operands; backward, the transpose of
 * these gates. */
typedef struct phase {
    enum srnn_tile_kind tile;
    enum layer_param weight;
    size_t gate, gates;
    stretch of[2];
    enum product_form form;
    int bias;  /* forward: begins at bias_hh, else at 0 */
    int after; /* backward: of the slots of the step after; rows that have none
                  take what dh holds */
    int adds;  /* backward: begins at what dh holds, else at 0 */
} phase;

/* How gates [gate, gate + gates) of a weight come by their gradient: that of
 * what they make lies in `of`, what they multiply in `by`. */
typedef struct gate_part {
    enum layer_param weight;
    size_t gate, gates;
    stretch of, by;
    int bias; /* bias_hh has the same rows */
} gate_part;

enum { MOST_PHASES = 4, MOST_PARTS = 8 };

/* What is normalised: W x, R h, c. */
enum norm_part { NORM_X, NORM_H, NORM_C, NORM_PARTS };

/* Slots that a norm adds to those of its cell. */
typedef struct norm_row {
    srnn_norm_kind kind;
    size_t groups;   /* layer norm's: gates [first[i], first[i + 1]) as one */
    size_t first[3];
    size_t d[4];     /* of the gradient of each gate's recurrent part */
    size_t hat[NORM_PARTS]; /* of W x and R h, then of their gradients */
    size_t work;     /* LSTM: of srnn_cell's work */
} norm_row;

typedef struct cell_row {
    const char *name;
    size_t gates; /* of weight_ih and x, in the first slots */
    size_t slots; /* kept for backward */
    size_t slopes; /* slots behind them where an activation is the caller's */
    size_t x_slot; /* the first of the gradient of W x */
    int has_c, has_g, has_m;
    int has_work;
    size_t peepholes; /* gates that have one */
    size_t phases, parts;
    phase forward[MOST_PHASES], backward[MOST_PHASES];
    gate_part part[MOST_PARTS];
    norm_row norm;
} cell_row;

/* The row of a cell; of one that is unknown the name is NULL. */
cell_row srnn_cell_row(const srnn_recurrent_config *config);

/* Makes the plain LSTM's row that of its variant. */
void srnn_lstm_row(const srnn_recurrent_config *config, cell_row *row);
/* Which gate of the weights is f; SIZE_MAX: there is none. */
size_t srnn_lstm_forget_gate(const srnn_recurrent_config *config);
/* Refuses what makes no sense, in an LSTM or in another cell. */
srnn_status srnn_lstm_check(const char *name,
                            const srnn_recurrent_config *config);

/* The variant that the tiles called _ANY see, each role named. */
srnn_variant srnn_cell_variant(const srnn_recurrent_config *config);
/* Whether it is another function than the plain cell's. */
int srnn_cell_varies(const srnn_recurrent_config *config);
/* Refuses activations and clips that the cell cannot have, by node's name. */
srnn_status srnn_variant_check(const char *name,
                               const srnn_recurrent_config *config);

#endif
