/* Records: kept values, how many differ in bits, the rows of one sequence. */
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- records ------------------------------------------------------------- */

void record_add(record *r, const char *name, const float *x, size_t n,
                size_t features)
{
    part *p = &r->part[r->count++];

    if (r->count > COUNT(r->part)) {
        printf("FAILED: record: no room for %s\n", name);
        exit(1);
    }
    snprintf(p->name, sizeof p->name, "%s", name);
    p->x = case_take(n * sizeof *x);
    memcpy(p->x, x, n * sizeof *x);
    p->n = n;
    p->features = features;
}

void record_double(record *r, const char *name, double x)
{
    float halves[2];

    memcpy(halves, &x, sizeof halves);
    record_add(r, name, halves, 2, 0);
}

void record_free(record *r)
{
    while (r->count)
        free(r->part[--r->count].x);
}

static size_t part_differing(const part *a, const part *b)
{
    size_t count = 0;

    if (a->n != b->n || strcmp(a->name, b->name))
        return a->n + b->n + 1;
    for (size_t i = 0; i < a->n; i++)
        count += memcmp(a->x + i, b->x + i, sizeof *a->x) != 0;
    return count;
}

size_t record_differing(const record *a, const record *b, const char **where)
{
    size_t count = a->count != b->count, i, n;

    *where = "";
    for (i = 0; i < a->count && i < b->count; i++) {
        n = part_differing(&a->part[i], &b->part[i]);
        if (n && !**where)
            *where = a->part[i].name;
        count += n;
    }
    return count;
}

void record_row(const record *from, size_t b, size_t batch, float factor,
                record *to)
{
    for (size_t i = 0; i < from->count; i++) {
        const part *p = &from->part[i];
        const size_t f = p->features, rows = f ? p->n / f / batch : 0;
        float *x = case_take(rows * f * sizeof *x);

        for (size_t j = 0; j < rows * f; j++)
            x[j] = p->x[(j / f * batch + b) * f + j % f] *
                   (p->name[0] == 'd' ? factor : 1);
        if (f)
            record_add(to, p->name, x, rows * f, f);
        free(x);
    }
}
