/* A counting sort by length gives the order of the rows, and with it where
 * each step begins. */
#include "extent.h"

#include <string.h>

static size_t length_of(const size_t *lengths, size_t b, size_t t0, size_t now)
{
    if (!lengths)
        return now;
    if (lengths[b] <= t0)
        return 0;
    return lengths[b] - t0 < now ? lengths[b] - t0 : now;
}

/* Whether e already has all rows of so many steps. */
static int is_all(const extent *e, size_t now)
{
    return e->even && e->steps == now && e->rows == now * e->batch;
}

void srnn_extent_set(extent *e, const size_t *lengths, size_t t0, size_t now)
{
    size_t *at = e->first; /* by length: rows that are longer, then as long */
    size_t b, l, longer = 0;

    if (!lengths && now && is_all(e, now))
        return;
    for (l = 0; l <= now; l++)
        at[l] = 0;
    for (b = 0; b < e->batch; b++)
        at[length_of(lengths, b, t0, now)]++;
    for (l = now + 1; l-- > 0;) {
        const size_t n = at[l];

        at[l] = longer;
        longer += n;
    }
    for (b = 0; b < e->batch; b++) {
        const size_t place = at[length_of(lengths, b, t0, now)]++;

        e->order[place] = (uint32_t)b;
        e->rank[b] = (uint32_t)place;
    }
    at[0] = 0;
    for (l = 0; l < now && at[l + 1] > 0; l++)
        at[l + 1] += at[l];
    e->steps = l;
    e->rows = at[l];
    e->even = e->rows == now * e->batch;
}

void srnn_extent_link(extent *e)
{
    size_t s = 0, t, b;

    for (t = e->steps; t-- > 0;)
        for (b = 0; b < e->batch; b++) {
            const size_t i = e->rank[b];

            if (i >= extent_active(e, t))
                continue;
            e->row[s] = (uint32_t)(e->first[t] + i);
            e->before[s++] =
                (uint32_t)(t ? e->batch + e->first[t - 1] + i : i);
        }
    e->links = (srnn_links){e->rows, e->row, e->row};
    e->behind = (srnn_links){e->rows, e->row, e->before};
}

/* ---- rows that move ------------------------------------------------------ */

size_t srnn_extent_row(const extent *e, size_t q)
{
    const size_t t = q / e->batch, i = e->rank[q % e->batch];

    return i < extent_active(e, t) ? e->first[t] + i : NO_ROW;
}

void srnn_extent_pack(const extent *e, size_t n, const srnn_real *from,
                      size_t row, size_t step, srnn_real *to)
{
    size_t t, i;

    for (t = 0; t < e->steps; t++)
        for (i = 0; i < extent_active(e, t); i++, to += n)
            memcpy(to, from + t * step + e->order[i] * row, n * sizeof *to);
}

void srnn_extent_pack_tokens(const extent *e, const int32_t *from, size_t row,
                             size_t step, int32_t *to)
{
    size_t t, i;

    for (t = 0; t < e->steps; t++)
        for (i = 0; i < extent_active(e, t); i++)
            *to++ = from[t * step + e->order[i] * row];
}

void srnn_extent_unpack(const extent *e, size_t t0, size_t t1, size_t n,
                        const srnn_real *from, size_t ld, srnn_real *to,
                        size_t row, size_t step)
{
    size_t t, b;

    for (t = t0; t < t1; t++)
        for (b = 0; b < e->batch; b++) {
            srnn_real *place = to + t * step + b * row;
            const size_t i = e->rank[b];

            if (i < extent_active(e, t))
                memcpy(place, from + (e->first[t] + i) * ld,
                       n * sizeof *place);
            else
                memset(place, 0, n * sizeof *place);
        }
}

void srnn_extent_flip(const extent *e, size_t from, size_t to, size_t n,
                      const srnn_real *x, size_t ldx, srnn_real *y,
                      size_t ldy)
{
    size_t i, t, length = e->steps;

    for (i = from; i < to; i++) {
        while (length > 0 && extent_active(e, length - 1) <= i)
            length--;
        for (t = 0; t < length; t++)
            memcpy(y + (e->first[length - 1 - t] + i) * ldy,
                   x + (e->first[t] + i) * ldx, n * sizeof *y);
    }
}
