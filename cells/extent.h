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

static inline size_t extent_active(const extent *e, size_t t)
{
    return t < e->steps ? e->first[t + 1] - e->first[t] : 0;
}

#endif
