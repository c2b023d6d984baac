/* Rows picked by number, as the attention kernels take them: in no order, with
 * others between them that nobody may touch. */
#ifndef SRNN_TESTS_PICKED_H
#define SRNN_TESTS_PICKED_H

#include "numbers.h"

/* Rows of an array under test; the ones not picked are poison. */
typedef struct picked_rows {
    size_t rows, n, ld;
    float *x, *before; /* before: the same, as it was */
    srnn_picked p;
} picked_rows;

/* Picks `count` of 2 count + 1 rows, n wide, in guarded buffers; the last row
 * is among them. scale 0: blank. */
picked_rows picked_make(size_t count, size_t n, size_t ld, float scale);
const float *picked_row(const picked_rows *a, size_t i);

/* How many reals are not as they must be: poison within the first n of a
 * picked row, anything else elsewhere. */
size_t picked_errors(const float *x, size_t n, size_t ld,
                     const picked_rows *rows);
/* A blank array whose rows have the numbers of these. */
float *picked_blank(const picked_rows *rows, size_t n, size_t ld);

#endif
