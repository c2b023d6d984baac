/* Packing and products: every chain within (K + 1) U (|s| + sum |w||x|) of the
 * double sum, and equal to it on small integers, over shapes around the tiles,
 * between guard pages. */
#include "check.h"
#include "numbers.h"
#include "oracle.h"

#include <stdio.h>

typedef struct shape {
    size_t gates, units, k, rows;
    size_t split; /* k of the first stretch */
    srnn_start start;
    int transposed, integers;
} shape;

typedef struct problem {
    shape s;
    size_t ldw, lda[2], ldc;
    float *w, *a[2], *bias, *c, *before;
    srnn_panels panels;
    srnn_rows rows;
} problem;

static float *values(const shape *s, size_t rows, size_t n, size_t ld)
{
    float *x = guard_matrix(rows, n, ld, 1);

    for (size_t r = 0; s->integers && r < rows; r++)
        data_integers(x + r * ld, n, 9);
    return x;
}

/* All buffers of a shape, ld odd and above n, packed. */
static void set_up(const srnn_kernels *k, problem *p, const shape *s, int side)
{
    size_t m = s->gates * s->units, i;

    guard_begin(side);
    p->s = *s;
    p->ldw = (s->transposed ? m : s->k) + 3;
    p->w = s->transposed ? values(s, s->k, m, p->ldw)
                         : values(s, m, s->k, p->ldw);
    p->rows.k[0] = s->split;
    p->rows.k[1] = s->k - s->split;
    for (i = 0; i < 2; i++) {
        p->lda[i] = p->rows.k[i] + 1 + 2 * i;
        p->a[i] = p->rows.k[i] ? values(s, s->rows, p->rows.k[i], p->lda[i])
                               : NULL;
        p->rows.a[i] = p->a[i];
        p->rows.lda[i] = p->lda[i];
    }
    p->bias = values(s, 1, m, m);
    p->ldc = m + 5;
    p->c = values(s, s->rows, m, p->ldc);
    p->before = guard_matrix(s->rows, m, p->ldc, 1);
    for (i = 0; i < (s->rows - 1) * p->ldc + m; i++)
        p->before[i] = p->c[i];
    p->panels = (srnn_panels){.gates = s->gates, .units = s->units, .k = s->k};
    p->panels.data = guard_reals(k->panels_size(s->gates, s->units, s->k));
    k->pack(&p->panels, p->w, s->transposed ? 1 : p->ldw,
            s->transposed ? p->ldw : 1);
}

static est wanted(const problem *p, size_t r, size_t m)
{
    const shape *s = &p->s;
    const size_t step = s->transposed ? p->ldw : 1;
    const float *w = p->w + m * (s->transposed ? 1 : p->ldw);
    est sum = exact(s->start == SRNN_START_ZERO   ? 0
                    : s->start == SRNN_START_BIAS ? p->bias[m]
                                                  : p->before[r * p->ldc + m]);
    double size = sum.v < 0 ? -sum.v : sum.v;

    for (int i = 0; i < 2; i++) {
        est part = e_chain(exact(0), p->rows.k[i], w, step,
                           p->a[i] ? p->a[i] + r * p->lda[i] : NULL, 1);

        sum.v += part.v;
        /* back from the bound to sum |w||x| */
        size += part.e / (((double)p->rows.k[i] + (oracle.fused ? 1 : 2)) * U);
        w += p->rows.k[i] * step;
    }
    sum.e = ((double)s->k + (oracle.fused ? 1 : 2)) * U * size;
    return sum;
}

static void compare(const problem *p, worst *seen, double perturb)
{
    const shape *s = &p->s;
    size_t r, m;
    char where[60];

    snprintf(where, sizeof where, "g%zu u%zu k%zu rows %zu start %d", s->gates,
             s->units, s->k, s->rows, s->start);
    for (r = 0; r < s->rows; r++)
        for (m = 0; m < s->gates * s->units; m++) {
            est want = wanted(p, r, m);

            worst_see(seen, p->c[r * p->ldc + m], want.v + perturb * want.e,
                      s->integers ? 0 : want.e, where, r, m);
        }
}

static void run(const srnn_kernels *k, const shape *s, int side, worst *seen)
{
    problem p;
    size_t m = s->gates * s->units;

    set_up(k, &p, s, side);
    k->product(&p.panels, s->rows, &p.rows, s->start, p.bias, p.c, p.ldc, 0,
               s->units);
    compare(&p, seen, 0);
    CHECK_SAYS(!poison_errors(p.c, s->rows, m, p.ldc),
               "g%zu u%zu k%zu rows %zu: wrote between n and ld", s->gates,
               s->units, s->k, s->rows);
}

/* Units around the vector and the granule of this rung. */
static size_t unit_sizes(const srnn_kernels *k, size_t gates, size_t *to)
{
    size_t lanes = k->lanes, granule = k->panel_units(gates), n = 0;
    const size_t sizes[] = {1,           3,           lanes - 1,
                            lanes,       lanes + 1,   granule - 1,
                            granule,     granule + 1, 2 * granule,
                            2 * granule + 5, 3 * granule + lanes - 1};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i] > 0)
            to[n++] = sizes[i];
    return n;
}

static const size_t row_sizes[] = {1, 2,  3,  4,  5,  6,  7, 8,
                                   9, 10, 11, 12, 13, 16, 17};
static const size_t k_sizes[] = {1, 2, 7, 33, 64};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* All shapes; start, stretches, side and transposition drawn for each. */
static void all_shapes(const srnn_kernels *k, int integers, worst *seen)
{
    size_t units[16], gates, u, r, i, sizes;

    for (gates = 1; gates <= 4; gates++) {
        sizes = unit_sizes(k, gates, units);
        for (u = 0; u < sizes; u++)
            for (r = 0; r < COUNT(row_sizes); r++) {
                shape s = {gates, units[u], 0, row_sizes[r], 0, 0, 0,
                           integers};

                i = data_below(COUNT(k_sizes));
                s.k = k_sizes[i];
                s.split = data_below(2) ? s.k : data_below(s.k + 1);
                s.start = (srnn_start)data_below(3);
                s.transposed = (int)data_below(2);
                run(k, &s, (int)data_below(2), seen);
            }
    }
}

static void within_bound(const srnn_kernels *k)
{
    worst seen = {0};

    all_shapes(k, 0, &seen);
    worst_end(&seen, "product");
}

static void integers_exact(const srnn_kernels *k)
{
    worst seen = {0};

    all_shapes(k, 1, &seen);
    worst_end(&seen, "product, integers");
}

static void long_chains(const srnn_kernels *k)
{
    static const size_t lengths[] = {128, 257, 1024};
    worst seen = {0};

    for (size_t i = 0; i < COUNT(lengths); i++)
        for (size_t rows = 1; rows <= 5; rows += 4) {
            shape s = {2, 2 * k->lanes + 1, lengths[i], rows, lengths[i] / 3,
                       SRNN_START_BIAS, 0, 0};

            run(k, &s, (int)(rows == 1), &seen);
        }
    worst_end(&seen, "product, long");
}

static void no_rows(const srnn_kernels *k)
{
    shape s = {4, 5, 3, 1, 3, SRNN_START_ZERO, 0, 0};
    problem p;

    set_up(k, &p, &s, 1);
    k->product(&p.panels, 0, &p.rows, s.start, NULL, p.c, p.ldc, 0, 5);
    CHECK(bits_differing(p.c, p.before, 20) == 0);
    k->product(&p.panels, 1, &p.rows, s.start, NULL, p.c, p.ldc, 0, 0);
    CHECK(bits_differing(p.c, p.before, 20) == 0);
}

/* The checker must object to an oracle moved by two bounds, to one wrong
 * weight, and to a stretch read from a wrong column. */
static void objects(const srnn_kernels *k)
{
    const shape s = {4, 2 * k->lanes + 3, 7, 5, 3, SRNN_START_VALUE, 0, 0};
    worst moved = {0}, wrong = {0};
    problem p;

    set_up(k, &p, &s, 1);
    k->product(&p.panels, s.rows, &p.rows, s.start, p.bias, p.c, p.ldc, 0,
               s.units);
    compare(&p, &moved, 2);
    CHECK(moved.ratio > 1);
    p.w[p.ldw] += 0.01f;
    compare(&p, &wrong, 0);
    CHECK(wrong.ratio > 1);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"product/objects", objects, NULL},
        {"product/within-bound", within_bound, NULL},
        {"product/integers-exact", integers_exact, NULL},
        {"product/long-chains", long_chains, NULL},
        {"product/nothing", no_rows, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
