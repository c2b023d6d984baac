/* Which rows of a batch exist at which time step. */
#ifndef SRNN_EXTENT_H
#define SRNN_EXTENT_H

#include <simdrnn/kernels.h>

/* The sequences of a pass, the longest first, ties in the caller's order: at
 * each step the rows that exist are the first ones. Rows lie packed, step
 * after step, with no place for those that do not exist. */
typedef struct extent {
    size_t batch;
    size_t steps;    /* that have a row */
    size_t rows;     /* in all */
    int even;        /* every step has every row */
    size_t *first;   /* of each step, its first row; one more ends the last */
    uint32_t *order; /* the caller's row of each row */
    uint32_t *rank;  /* and back */
    uint32_t *row, *before; /* storage of the links */
    srnn_links links;  /* rows, in the order of a gradient's chain */
    srnn_links behind; /* the same, and for each the row of the step before, in
                          an array that begins with the state of the batch */
} extent;

/* Steps [t0, t0 + now) of sequences of these lengths; NULL: all there. */
void srnn_extent_set(extent *e, const size_t *lengths, size_t t0, size_t now);
/* Fills the links of what was set. */
void srnn_extent_link(extent *e);

/* Where row q of the caller's [steps][batch] lies; NO_ROW if it does not. */
#define NO_ROW ((size_t)-1)
size_t srnn_extent_row(const extent *e, size_t q);

/* Copies rows of n reals, ld apart. pack: from the caller's places, element
 * (t, b, 0) at [t * step + b * row], to the extent's rows; unpack: back, steps
 * [t0, t1), where places of rows that do not exist become 0. */
void srnn_extent_pack(const extent *e, size_t n, const srnn_real *from,
                      size_t row, size_t step, srnn_real *to);
void srnn_extent_pack_tokens(const extent *e, const int32_t *from, size_t row,
                             size_t step, int32_t *to);
void srnn_extent_unpack(const extent *e, size_t t0, size_t t1, size_t n,
                        const srnn_real *from, size_t ld, srnn_real *to,
                        size_t row, size_t step);

/* Of places [from, to) of the order, each sequence's rows in reverse: its last
 * step first. Twice is nothing. */
void srnn_extent_flip(const extent *e, size_t from, size_t to, size_t n,
                      const srnn_real *x, size_t ldx, srnn_real *y,
                      size_t ldy);

static inline size_t extent_active(const extent *e, size_t t)
{
    return t < e->steps ? e->first[t + 1] - e->first[t] : 0;
}

#endif
