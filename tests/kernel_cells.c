/* The elementwise function of each cell, alone on a tile and behind its
 * product in step(): each result within the bound that its formula carries in
 * the double oracle, everything else untouched, buffers between guard pages. */
#include "celldata.h"
#include "check.h"
#include "numbers.h"
#include "oracle.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- a tile by itself ---------------------------------------------------- */

static est tile_prod(const void *of, size_t r, size_t g, size_t u)
{
    const srnn_tile *t = of;

    return exact(t->prod[(r - t->row) * t->ldprod + g * t->gate_stride + u -
                         t->unit]);
}

/* Rows 1 .. rows - 1 and units from `unit` on; the rest must stay. */
static void run_tile(const srnn_kernels *k, int tile, size_t rows,
                     size_t units, size_t unit, int options, double perturb,
                     worst *seen)
{
    const cell_kind *kind = &cell_kinds[tile];
    srnn_tile t = {.row = rows > 1, .unit = unit, .units = units - unit};
    cell_data d;

    guard_begin((int)data_below(2));
    cell_fill(&d, tile, rows, units, options);
    t.rows = rows - t.row;
    t.gate_stride = t.units + 1;
    t.ldprod = kind->gates * t.gate_stride + 2;
    t.prod = guard_matrix(t.rows, (kind->gates - 1) * t.gate_stride + t.units,
                          t.ldprod, 1);
    k->tile[tile](&d.cell, &t);
    cell_compare(&d, t.row, rows, unit, units, tile_prod, &t, perturb, seen);
}

static void tile_sizes(const srnn_kernels *k, int tile, worst *seen)
{
    const size_t lanes = k->lanes;
    const size_t units[] = {1,         2,         3,
                            lanes - 1, lanes,     lanes + 1,
                            2 * lanes, 2 * lanes + 1, 4 * lanes + 3};
    int options, backward = cell_kinds[tile].backward;

    for (size_t i = 0; i < COUNT(units); i++)
        for (options = 0; options < CELL_OPTIONS; options++) {
            size_t unit = data_below(units[i] ? units[i] : 1);

            if (units[i] == 0 || (backward && options & 7) ||
                (!backward && options & CELL_NO_DY) ||
                (options & CELL_NO_GATE && options & CELL_GATE_IS_X))
                continue;
            run_tile(k, tile, 1 + data_below(4), units[i], unit, options, 0,
                     seen);
        }
}

static void tiles(const srnn_kernels *k)
{
    for (int tile = 0; tile < SRNN_TILE_LSTM_ANY; tile++) {
        worst seen = {0}, moved = {0};

        tile_sizes(k, tile, &seen);
        worst_end(&seen, cell_kinds[tile].name);
        run_tile(k, tile, 3, 19, 0, 0, 2, &moved);
        CHECK_SAYS(moved.ratio > 1, "%s: an oracle moved by two bounds passed",
                   cell_kinds[tile].name);
    }
}

/* ---- behind a product ---------------------------------------------------- */

typedef struct step_data {
    cell_data d;
    size_t k, ldw;
    float *w, *bias;
    srnn_panels panels;
    srnn_rows a;
    srnn_start start;
} step_data;

static est step_prod(const void *of, size_t r, size_t g, size_t u)
{
    const step_data *s = of;
    const size_t m = g * s->d.units + u;
    const size_t k0 = s->a.k[0], k1 = s->a.k[1];
    const float *w = s->w + m * s->ldw;
    const float *a1 = k1 ? s->a.a[1] + r * s->a.lda[1] : NULL;
    est sum = exact(s->start == SRNN_START_ZERO   ? 0
                    : s->start == SRNN_START_BIAS ? s->bias[m]
                                                  : s->d.before[A_DH]
                                                       [r * s->d.ld[A_DH] + u]);

    /* the chain in two parts: the second's bound covers the first's sum */
    sum = e_chain(sum, k0, w, 1, k0 ? s->a.a[0] + r * s->a.lda[0] : NULL, 1);
    return k1 ? e_chain(sum, k1, w + k0, 1, a1, 1) : sum;
}

static float *rows_of(size_t rows, size_t n, size_t *ld)
{
    *ld = n + 1;
    return n ? guard_matrix(rows, n, *ld, 1) : NULL;
}

static void step_fill(const srnn_kernels *k, step_data *s, int tile,
                      size_t rows, size_t units, size_t depth, int options)
{
    const cell_kind *kind = &cell_kinds[tile];
    const size_t m = kind->gates * units;

    cell_fill(&s->d, tile, rows, units, options);
    s->k = depth;
    s->ldw = depth + 1;
    /* pre-activations of a few units, as nets have them */
    s->w = guard_matrix(m, depth, s->ldw, 1 / (1 + 0.1f * (float)depth));
    s->bias = guard_matrix(1, m, m, 1);
    s->start = (srnn_start)data_below(kind->backward ? 3 : 2);
    s->a.k[0] = data_below(2) ? depth : data_below(depth + 1);
    s->a.k[1] = depth - s->a.k[0];
    s->a.a[0] = rows_of(rows, s->a.k[0], &s->a.lda[0]);
    s->a.a[1] = rows_of(rows, s->a.k[1], &s->a.lda[1]);
    s->panels = (srnn_panels){.gates = kind->gates, .units = units,
                              .k = depth};
    s->panels.data = guard_reals(k->panels_size(kind->gates, units, depth));
    k->pack(&s->panels, s->w, s->ldw, 1);
}

static void run_step(const srnn_kernels *k, int tile, size_t rows,
                     size_t units, worst *seen)
{
    static const int options[] = {0,
                                  CELL_NO_GATE,
                                  CELL_GATE_IS_X,
                                  CELL_Z_NEW,
                                  CELL_C_IN_PLACE,
                                  CELL_NO_DY | CELL_Z_NEW};
    static const size_t depths[] = {1, 3, 16, 37};
    const int backward = cell_kinds[tile].backward;
    int o = options[data_below(COUNT(options))] &
            (backward ? CELL_NO_DY | CELL_Z_NEW : ~CELL_NO_DY);
    step_data s;

    guard_begin((int)data_below(2));
    step_fill(k, &s, tile, rows, units, depths[data_below(COUNT(depths))], o);
    k->step(&s.panels, rows, &s.a, s.start, s.bias, k->tile[tile], &s.d.cell,
            0, units, (int)data_below(2));
    cell_compare(&s.d, 0, rows, 0, units, step_prod, &s, 0, seen);
}

static void steps(const srnn_kernels *k)
{
    static const size_t rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 17};

    for (int tile = 0; tile < SRNN_TILE_LSTM_ANY; tile++) {
        const size_t granule = k->panel_units(cell_kinds[tile].gates);
        const size_t units[] = {1, granule - 1, granule, granule + 1,
                                2 * granule, 3 * granule + 5};
        worst seen = {0};
        char what[40];

        for (size_t i = 0; i < COUNT(units); i++)
            for (size_t r = 0; r < COUNT(rows); r++)
                run_step(k, tile, rows[r], units[i], &seen);
        snprintf(what, sizeof what, "step %s", cell_kinds[tile].name);
        worst_end(&seen, what);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"cells/tiles", tiles, NULL},
        {"cells/steps", steps, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
