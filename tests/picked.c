/* Picked rows for the tests of the attention kernels. */
#include "picked.h"

#include <string.h>

picked_rows picked_make(size_t count, size_t n, size_t ld, float scale)
{
    picked_rows a = {2 * count + 1, n, ld, NULL, NULL, {NULL, ld, count, NULL}};
    uint32_t *row = (uint32_t *)guard_ints(count);
    size_t i;

    for (i = 0; i < count; i++)
        row[i] = (uint32_t)(2 * (i + 1) - data_below(2) * (i + 1 < count));
    for (i = count; i-- > 1;) {
        const size_t j = data_below(i + 1);
        const uint32_t kept = row[i];

        row[i] = row[j];
        row[j] = kept;
    }
    a.p.row = row;
    a.x = guard_blank(a.rows, n, ld);
    for (i = 0; i < count && scale > 0; i++)
        data_fill(a.x + row[i] * ld, n, scale);
    a.before = guard_blank(a.rows, n, ld);
    memcpy(a.before, a.x, ((a.rows - 1) * ld + n) * sizeof *a.x);
    a.p.x = a.x;
    return a;
}

const float *picked_row(const picked_rows *a, size_t i)
{
    return a->before + a->p.row[i] * a->ld;
}

float *picked_blank(const picked_rows *rows, size_t n, size_t ld)
{
    return guard_blank(rows->rows, n, ld);
}

size_t picked_errors(const float *x, size_t n, size_t ld,
                     const picked_rows *rows)
{
    size_t errors = 0, r, i, j;

    for (r = 0; r < rows->rows; r++) {
        size_t written = 0;

        for (i = 0; i < rows->p.count; i++)
            written = rows->p.row[i] == r ? n : written;
        for (j = 0; j < (r + 1 < rows->rows ? ld : n); j++)
            errors += (bits_of(x[r * ld + j]) == POISON) != (j >= written);
    }
    return errors;
}
