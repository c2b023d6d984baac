/* Single steps against the product and the tile that they replace: the same
 * bits, by every way of packing that a rung has. The tiles have the oracle.
 * Buffers are as long as is asked for, between guard pages. */
#include "check.h"
#include "numbers.h"
#include "rungs.h"

#include <string.h>

enum { MOST_UNITS = 67, MOST_IN = 5, STEPS = 3, ROOM = 16 };

static const struct {
    const char *name;
    enum srnn_tile_kind tile;
    size_t gates;
} cells[SRNN_SINGLE_KINDS] = {
    [SRNN_SINGLE_RNN_TANH] = {"tanh", SRNN_TILE_RNN_TANH, 1},
    [SRNN_SINGLE_RNN_RELU] = {"relu", SRNN_TILE_RNN_RELU, 1},
    [SRNN_SINGLE_LSTM] = {"lstm", SRNN_TILE_LSTM, 4},
    [SRNN_SINGLE_GRU] = {"gru", SRNN_TILE_GRU_AFTER, 3},
};

typedef struct layer_case {
    srnn_single_kind kind;
    size_t units, in;
    float *w_ih, *w_hh, *b_ih, *b_hh, *x, *h, *c;
} layer_case;

static float *random_reals(size_t n)
{
    float *x = guard_reals(n);

    data_fill(x, n, 1);
    return x;
}

static layer_case make(srnn_single_kind kind, size_t units, size_t in)
{
    const size_t rows = cells[kind].gates * units;

    return (layer_case){kind,
                        units,
                        in,
                        random_reals(rows * in),
                        random_reals(rows * units),
                        random_reals(rows),
                        random_reals(rows),
                        random_reals(STEPS * in),
                        random_reals(units),
                        random_reals(units)};
}

static float *copied(const float *from, size_t n, size_t room)
{
    float *to = guard_reals(room);

    memset(to, 0, room * sizeof *to);
    memcpy(to, from, n * sizeof *to);
    return to;
}

/* All steps by `product` and `step`; h and c as they end. */
static void by_tiles(const srnn_kernels *k, const layer_case *l, float *h,
                     float *c)
{
    const size_t gates = cells[l->kind].gates, units = l->units;
    srnn_panels w = {1, gates * units, l->in, NULL}, r = {gates, units, units,
                                                          NULL};
    float next[MOST_UNITS], pre[4 * MOST_UNITS];

    w.data = guard_reals(k->panels_size(w.gates, w.units, w.k));
    r.data = guard_reals(k->panels_size(r.gates, r.units, r.k));
    k->pack(&w, l->w_ih, l->in, 1);
    k->pack(&r, l->w_hh, units, 1);
    for (size_t t = 0; t < STEPS; t++) {
        const srnn_rows x = {{l->x + t * l->in}, {l->in}, {l->in}};
        const srnn_rows prev = {{h}, {units}, {units}};
        const srnn_cell cell = {.units = units, .x = pre, .h_prev = h,
                                .h = next, .c_prev = c, .c = c};

        k->product(&w, 1, &x, SRNN_START_BIAS, l->b_ih, pre, gates * units, 0,
                   gates * units);
        k->step(&r, 1, &prev, SRNN_START_BIAS, l->b_hh,
                k->tile[cells[l->kind].tile], &cell, 0, units, 0);
        memcpy(h, next, units * sizeof *h);
    }
}

static size_t rounded(size_t units)
{
    return (units + ROOM - 1) / ROOM * ROOM;
}

static void by_singles(const srnn_singles *k, const layer_case *l, float *h,
                       float *c, float *y)
{
    const size_t gates = cells[l->kind].gates;
    float *packed = guard_reals(k->size(gates, l->units, l->in));
    srnn_single s = {.units = l->units, .in = l->in, .packed = packed,
                     .h = h, .c = c, .y = y};

    k->pack(gates, l->units, l->in, l->w_ih, l->w_hh, l->b_ih, l->b_hh,
            packed);
    for (size_t t = 0; t < STEPS; t++) {
        s.x = l->x + t * l->in;
        k->step[l->kind](&s);
    }
}

/* Bits in which the two ways differ. */
static size_t differing(const srnn_kernels *k, const srnn_singles *singles,
                        const layer_case *l, const layer_case *other)
{
    const size_t n = l->units;
    float *h = copied(l->h, n, n), *c = copied(l->c, n, n);
    float *h1 = copied(l->h, n, rounded(n)), *c1 = copied(l->c, n, rounded(n));
    float *y1 = guard_reals(rounded(n));

    by_tiles(k, l, h, c);
    by_singles(singles, other, h1, c1, y1);
    return bits_differing(h, h1, n) + bits_differing(c, c1, n) +
           bits_differing(h, y1, n);
}

static void same_bits(const srnn_kernels *k)
{
    const srnn_singles *const ways[] = {k->single, k->few};

    if (!rung_is_vector(k)) {
        CHECK(!k->single && !k->few);
        return;
    }
    CHECK(k->single->lanes == k->lanes && k->few->lanes <= k->lanes);
    for (int kind = 0; kind < SRNN_SINGLE_KINDS; kind++)
        for (size_t units = 1; units <= MOST_UNITS; units++)
            for (size_t i = 0; i < 2; i++) {
                const size_t in = 1 + (units + i) % MOST_IN;
                layer_case l;
                size_t n;

                guard_begin((int)(units + i) % 2);
                l = make((srnn_single_kind)kind, units, in);
                n = differing(k, ways[i], &l, &l);
                CHECK_SAYS(n == 0, "%s, %zu units, %zu inputs, way %zu: %zu "
                           "reals differ", cells[kind].name, units, in, i, n);
                guard_check();
            }
    CHECK(guard_errors() == 0);
}

/* Two swapped columns of R are another order of k: other bits. */
static void swapped(const srnn_kernels *k)
{
    enum { UNITS = 13 };
    size_t n = 0;

    for (int kind = 0; rung_is_vector(k) && kind < SRNN_SINGLE_KINDS; kind++) {
        layer_case l, other;

        guard_begin(0);
        l = make((srnn_single_kind)kind, UNITS, 1);
        other = l;
        other.w_hh = copied(l.w_hh, cells[kind].gates * UNITS * UNITS,
                            cells[kind].gates * UNITS * UNITS);
        for (size_t m = 0; m < cells[kind].gates * UNITS; m++) {
            float *row = other.w_hh + m * UNITS, first = row[3];

            row[3] = row[4];
            row[4] = first;
        }
        n = differing(k, k->single, &l, &other);
        CHECK_SAYS(n > 0, "%s: no bit changes", cells[kind].name);
    }
    check_note("reals that a swap changes, of the last cell: %zu", n);
}

int main(int argc, char **argv)
{
    const check_case cases[] = {{"same bits", same_bits, NULL},
                                {"swapped", swapped, NULL},
                                {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
