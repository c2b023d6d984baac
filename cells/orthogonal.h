/* Orthonormal rows for initialisation. */
#ifndef SRNN_ORTHOGONAL_H
#define SRNN_ORTHOGONAL_H

#include <stddef.h>

/* Makes the rows of a [rows][n], rows <= n, orthonormal: row i becomes the
 * unit vector of what is left of it beside rows 0 .. i - 1, so a = R Q with a
 * lower triangular R of positive diagonal, and Q of normal rows is uniformly
 * distributed (Mezzadri 2007). A row that depends on those before it is taken
 * from the unit matrix instead. Each element of Q Q' - 1 is within
 * (2 rows + n / 8 + 16) 2^-53. */
void srnn_orthonormal_rows(size_t rows, size_t n, double *a);

#endif
