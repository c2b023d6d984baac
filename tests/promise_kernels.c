/* The kernels' bit promises, on full random mantissas: chains run in the
 * stated order (against plain fmaf loops), ranges, pieces, cuts and rungs do
 * not show. First of all the data must be able to tell: a chain split in two,
 * or two of its links swapped, has to change bits. */
#include "celldata.h"
#include "check.h"
#include "numbers.h"
#include "rungs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- products ------------------------------------------------------------ */

typedef struct product_data {
    size_t gates, units, k, rows, m, ldc;
    float *w, *a, *bias, *c, *one, *plain;
    srnn_panels panels;
} product_data;

static void product_fill(const srnn_kernels *k, product_data *d, size_t gates,
                         size_t units, size_t depth, size_t rows)
{
    guard_begin(1);
    d->gates = gates;
    d->units = units;
    d->k = depth;
    d->rows = rows;
    d->m = gates * units;
    d->ldc = d->m;
    d->w = guard_matrix(d->m, depth, depth, 1);
    d->a = guard_matrix(rows, depth, depth, 1);
    d->bias = guard_matrix(1, d->m, d->m, 1);
    d->c = guard_reals(rows * d->m);
    d->one = guard_reals(rows * d->m);
    d->plain = guard_reals(rows * d->m);
    d->panels = (srnn_panels){.gates = gates, .units = units, .k = depth};
    d->panels.data = guard_reals(k->panels_size(gates, units, depth));
    k->pack(&d->panels, d->w, depth, 1);
}

static srnn_rows rows_at(const product_data *d, size_t row, size_t split)
{
    srnn_rows a = {{d->a + row * d->k, d->a + row * d->k + split},
                   {d->k, d->k},
                   {split, d->k - split}};

    return a;
}

/* How the plain loop runs its chain. */
enum { IN_ORDER, SPLIT, SWAPPED };

static float chain(const product_data *d, size_t r, size_t m, int how)
{
    const float *w = d->w + m * d->k, *a = d->a + r * d->k;
    float sum = d->bias[m], other = 0;

    for (size_t i = 0; i < d->k; i++) {
        size_t at = how == SWAPPED && i < 2 && d->k > 1 ? 1 - i : i;

        if (how == SPLIT && i >= d->k / 2)
            other = fmaf(w[at], a[at], other);
        else
            sum = fmaf(w[at], a[at], sum);
    }
    return how == SPLIT ? sum + other : sum;
}

static void plain_product(const product_data *d, int how, float *to)
{
    for (size_t r = 0; r < d->rows; r++)
        for (size_t m = 0; m < d->m; m++)
            to[r * d->m + m] = chain(d, r, m, how);
}

static size_t differing(const product_data *d, const float *a, const float *b)
{
    return bits_differing(a, b, d->rows * d->m);
}

static void product_control(void)
{
    srnn_kernels k;
    product_data d;
    size_t all, split, swapped;

    CHECK(!srnn_kernels_get(&k, "scalar"));
    product_fill(&k, &d, 4, 33, 65, 5);
    all = d.rows * d.m;
    plain_product(&d, IN_ORDER, d.plain);
    plain_product(&d, SPLIT, d.one);
    split = differing(&d, d.plain, d.one);
    plain_product(&d, SWAPPED, d.one);
    swapped = differing(&d, d.plain, d.one);
    check_note("of %zu chains, split in two %zu change, two k swapped %zu",
               all, split, swapped);
    CHECK(split > all / 4);
    CHECK(swapped > all / 20);
}

/* Units in two and three ranges. */
static void product_ranges(const srnn_kernels *k, product_data *d)
{
    const size_t granule = k->panel_units(d->gates);
    const srnn_rows a = rows_at(d, 0, d->k);
    size_t cut, cut2;

    for (cut = granule; cut < d->units; cut += granule) {
        cut2 = cut + granule < d->units ? cut + granule : d->units;
        k->product(&d->panels, d->rows, &a, SRNN_START_BIAS, d->bias, d->one,
                   d->ldc, cut2, d->units);
        k->product(&d->panels, d->rows, &a, SRNN_START_BIAS, d->bias, d->one,
                   d->ldc, 0, cut);
        k->product(&d->panels, d->rows, &a, SRNN_START_BIAS, d->bias, d->one,
                   d->ldc, cut, cut2);
        CHECK_SAYS(!differing(d, d->c, d->one), "units cut at %zu, %zu", cut,
                   cut2);
    }
}

static void product_pieces(const srnn_kernels *k, product_data *d)
{
    srnn_rows a;

    for (size_t r = 0; r < d->rows; r++) {
        a = rows_at(d, r, d->k);
        k->product(&d->panels, 1, &a, SRNN_START_BIAS, d->bias,
                   d->one + r * d->m, d->ldc, 0, d->units);
    }
    CHECK_SAYS(!differing(d, d->c, d->one), "rows one at a time");
    for (size_t split = 0; split < d->k; split += 1 + d->k / 4) {
        a = rows_at(d, 0, split);
        k->product(&d->panels, d->rows, &a, SRNN_START_BIAS, d->bias, d->one,
                   d->ldc, 0, d->units);
        CHECK_SAYS(!differing(d, d->c, d->one), "k in %zu and the rest",
                   split);
    }
    for (size_t r = 0; r < d->rows; r++)
        memcpy(d->one + r * d->m, d->bias, d->m * sizeof(float));
    a = rows_at(d, 0, d->k);
    k->product(&d->panels, d->rows, &a, SRNN_START_VALUE, NULL, d->one,
               d->ldc, 0, d->units);
    CHECK_SAYS(!differing(d, d->c, d->one), "from the value, not the bias");
}

static void products(const srnn_kernels *k)
{
    static const size_t rows[] = {1, 2, 5, 6, 7, 9, 13, 17};

    for (size_t gates = 1; gates <= 4; gates++) {
        const size_t granule = k->panel_units(gates);
        const size_t units[] = {1, granule - 1, granule, granule + 1,
                                3 * granule, 3 * granule + 5};

        for (size_t u = 0; u < COUNT(units); u++)
            for (size_t r = 0; r < COUNT(rows); r++) {
                product_data d;
                srnn_rows a;

                product_fill(k, &d, gates, units[u] ? units[u] : 2,
                             r % 2 ? 37 : 16, rows[r]);
                a = rows_at(&d, 0, d.k);
                k->product(&d.panels, d.rows, &a, SRNN_START_BIAS, d.bias,
                           d.c, d.ldc, 0, d.units);
                plain_product(&d, IN_ORDER, d.plain);
                CHECK_SAYS(!rung_is_vector(k) || !differing(&d, d.c, d.plain),
                           "g%zu u%zu rows %zu: not the chain as stated",
                           gates, d.units, d.rows);
                product_ranges(k, &d);
                product_pieces(k, &d);
            }
    }
}

/* ---- steps --------------------------------------------------------------- */

/* Moves an array of the cell c to row row0. */
#define MOVE(array) \
    do \
        if (c.array) \
            c.array += row0 * c.ld##array; \
    while (0)

static void step_call(const srnn_kernels *k, const product_data *p,
                      cell_data *d, size_t row0, size_t row1, size_t unit0,
                      size_t unit1, int flip)
{
    srnn_rows a = rows_at(p, row0, p->k);
    srnn_cell c = d->cell;

    MOVE(x);
    MOVE(gate);
    MOVE(h_prev);
    MOVE(h);
    MOVE(c_prev);
    MOVE(c);
    MOVE(work);
    MOVE(dy);
    MOVE(dh);
    MOVE(dc);
    k->step(&p->panels, row1 - row0, &a, SRNN_START_BIAS, p->bias,
            k->tile[d->tile], &c, unit0, unit1, flip);
}

static size_t same(const cell_data *d, float *const *kept)
{
    size_t count = 0;

    for (int a = 0; a < ARRAYS; a++)
        if (d->array[a])
            for (size_t r = 0; r < d->rows; r++)
                count += bits_differing(d->array[a] + r * d->ld[a],
                                        kept[a] + r * d->ld[a], d->n[a]);
    return !count;
}

static void keep_results(const cell_data *d, float **kept)
{
    for (int a = 0; a < ARRAYS; a++) {
        size_t size = ((d->rows - 1) * d->ld[a] + d->n[a]) * sizeof(float);

        kept[a] = d->array[a] ? malloc(size) : NULL;
        if (d->array[a] && kept[a])
            memcpy(kept[a], d->array[a], size);
    }
}

static void step_cuts(const srnn_kernels *k, const product_data *p,
                      cell_data *d, float *const *kept)
{
    const size_t granule = k->panel_units(p->gates);
    const char *name = cell_kinds[d->tile].name;

    cell_restore(d);
    step_call(k, p, d, 0, d->rows, 0, d->units, 1);
    CHECK_SAYS(same(d, kept), "%s u%zu: flipped", name, d->units);
    for (size_t cut = granule; cut < d->units; cut += granule) {
        cell_restore(d);
        step_call(k, p, d, 0, d->rows, cut, d->units, cut % 2 != 0);
        step_call(k, p, d, 0, d->rows, 0, cut, 1);
        CHECK_SAYS(same(d, kept), "%s: units cut at %zu of %zu", name, cut,
                   d->units);
    }
    cell_restore(d);
    for (size_t r = d->rows; r-- > 0;)
        step_call(k, p, d, r, r + 1, 0, d->units, 0);
    CHECK_SAYS(same(d, kept), "%s u%zu: rows one at a time", name, d->units);
}

/* product() and the elementwise function by themselves, on one whole tile. */
static void step_parts(const srnn_kernels *k, product_data *p, cell_data *d,
                       float *const *kept)
{
    srnn_rows a = rows_at(p, 0, p->k);
    srnn_tile t = {0, d->rows, 0, d->units, p->c, p->m, d->units};

    cell_restore(d);
    k->product(&p->panels, p->rows, &a, SRNN_START_BIAS, p->bias, p->c, p->m,
               0, p->units);
    k->tile[d->tile](&d->cell, &t);
    CHECK_SAYS(same(d, kept), "%s u%zu: in two parts",
               cell_kinds[d->tile].name, d->units);
}

static void steps(const srnn_kernels *k)
{
    for (int tile = 0; tile < SRNN_TILE_LSTM_ANY; tile++) {
        const size_t gates = cell_kinds[tile].gates;
        const size_t granule = k->panel_units(gates);
        const size_t units[] = {3, granule, 2 * granule + 1, 5 * granule - 1};

        for (size_t i = 0; i < 2 * COUNT(units); i++) {
            float *kept[ARRAYS];
            product_data p;
            cell_data d;

            product_fill(k, &p, gates, units[i / 2], 19, i % 2 ? 7 : 1);
            cell_fill(&d, tile, p.rows, p.units, 0);
            step_call(k, &p, &d, 0, p.rows, 0, p.units, 0);
            keep_results(&d, kept);
            step_cuts(k, &p, &d, kept);
            step_parts(k, &p, &d, kept);
            for (int a = 0; a < ARRAYS; a++)
                free(kept[a]);
        }
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"product/control", NULL, product_control},
        {"product", products, NULL},
        {"step", steps, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
