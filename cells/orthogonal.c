/* Orthonormal rows by modified Gram-Schmidt, each row projected twice ("twice
 * is enough": Giraud, Langou, Rozloznik 2005). Plain double in a fixed order,
 * so every machine has the same bits. */
#include "orthogonal.h"

#include <math.h>
#include <string.h>

#define CHAINS 8

/* Element j to chain j mod 8, then one tree. */
static double dot(size_t n, const double *a, const double *b)
{
    double s[CHAINS] = {0};
    size_t i, j, half;

    for (j = 0; j + CHAINS <= n; j += CHAINS)
        for (i = 0; i < CHAINS; i++)
            s[i] += a[j + i] * b[j + i];
    for (i = 0; j + i < n; i++)
        s[i] += a[j + i] * b[j + i];
    for (half = CHAINS / 2; half > 0; half /= 2)
        for (i = 0; i < half; i++)
            s[i] += s[i + half];
    return s[0];
}

/* Takes the unit rows q from v once; returns what is left of its length. */
static double project(size_t rows, size_t n, const double *q, double *v)
{
    for (size_t i = 0; i < rows; i++, q += n) {
        const double along = dot(n, q, v);

        for (size_t j = 0; j < n; j++)
            v[j] -= along * q[j];
    }
    return sqrt(dot(n, v, v));
}

/* 0 if the row depends on those before it. */
static int unit_row(size_t rows, size_t n, const double *q, double *v)
{
    const double before = sqrt(dot(n, v, v));
    const double left = project(rows, n, q, v);
    double length;

    if (!(left > 0x1p-26 * before))
        return 0;
    length = project(rows, n, q, v);
    for (size_t j = 0; j < n; j++)
        v[j] /= length;
    return 1;
}

void srnn_orthonormal_rows(size_t rows, size_t n, double *a)
{
    for (size_t r = 0; r < rows; r++) {
        double *v = a + r * n;

        for (size_t unit = 0; !unit_row(r, n, a, v) && unit < n; unit++) {
            memset(v, 0, n * sizeof *v);
            v[unit] = 1;
        }
    }
}
