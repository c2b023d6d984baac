/* Cells under masks: the own function run by itself on what the formula says it
 * takes, and the formula's lines around it, must give the same bits. */
#include "celldata.h"
#include "check.h"
#include "numbers.h"
#include "rungs.h"

#include <math.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { MOST_ROWS = 19, MOST_UNITS = 140, MOST = MOST_ROWS * MOST_UNITS };

/* Which masks there are, and of what they consist. */
enum { ZONE_H = 1, ZONE_C = 2, DROP = 4, RATES = 8, MASKINGS = 16 };

static const srnn_kernels *rung;

/* a b + c as the rung rounds it. */
static float muladd(float a, float b, float c)
{
    return rung_is_vector(rung) ? fmaf(a, b, c) : a * b + c;
}

static float zone(float m, float before, float after)
{
    return muladd(m, before, (1 - m) * after);
}

/* ---- setting up ---------------------------------------------------------- */

typedef struct masked_data {
    cell_data d;
    srnn_masking m;
    srnn_tile t;
    size_t rows, units;
    int what;
} masked_data;

static float *mask_rows(const masked_data *x, size_t ld, float kept)
{
    float *m = guard_matrix(x->rows, x->units, ld, 1);

    for (size_t r = 0; r < x->rows; r++)
        for (size_t u = 0; u < x->units; u++) {
            float *e = &m[r * ld + u];

            *e = x->what & RATES ? fabsf(*e) : *e < 0 ? 0 : kept;
        }
    return m;
}

static void set_up(masked_data *x, int own, size_t rows, size_t units,
                   int options, int what)
{
    const size_t gates = cell_kinds[own].gates;
    srnn_cell *c = &x->d.cell;

    memset(x, 0, sizeof *x);
    guard_begin((int)data_below(2));
    x->rows = rows;
    x->units = units;
    x->what = what;
    cell_fill(&x->d, own, rows, units, options);
    if (!c->h_prev)
        c->h_prev = guard_matrix(rows, units, c->ldh_prev, 1);
    x->m.own = rung->tile[own];
    x->m.ldzone = units + 1;
    if (what & ZONE_H)
        x->m.zone_h = mask_rows(x, x->m.ldzone, 1);
    if (what & ZONE_C)
        x->m.zone_c = mask_rows(x, x->m.ldzone, 1);
    x->m.lddrop = units + 2;
    if (what & DROP)
        x->m.drop = mask_rows(x, x->m.lddrop, 1.25f);
    x->m.ldc_own = units + 3;
    if (what & ZONE_C)
        x->m.c_own = guard_matrix(rows, units, x->m.ldc_own, 1);
    x->m.lddropped = units + 4;
    if (what & DROP)
        x->m.dropped = guard_blank(rows, units, x->m.lddropped);
    c->masking = &x->m;
    x->t = (srnn_tile){.rows = rows, .units = units, .gate_stride = units + 1};
    x->t.ldprod = gates * x->t.gate_stride;
    x->t.prod = guard_matrix(rows, x->t.ldprod - 1, x->t.ldprod, 1);
}

/* Array a of the cell, or NULL, without the gaps between its rows. */
static void keep(const masked_data *x, int a, float *to)
{
    for (size_t r = 0; x->d.array[a] && r < x->rows; r++)
        memcpy(to + r * x->d.n[a], x->d.array[a] + r * x->d.ld[a],
               x->d.n[a] * sizeof *to);
}

static size_t differing(const masked_data *x, int a, const float *want)
{
    size_t count = 0;

    for (size_t r = 0; x->d.array[a] && r < x->rows; r++)
        count += bits_differing(x->d.array[a] + r * x->d.ld[a],
                                want + r * x->d.n[a], x->d.n[a]);
    return count;
}

static float at(const float *x, size_t ld, size_t r, size_t u)
{
    return x[r * ld + u];
}

/* ---- forward ------------------------------------------------------------- */

/* What h and c must be, from what the own function left of them. */
static void expect_forward(const masked_data *x, float *h, float *c)
{
    const srnn_cell *k = &x->d.cell;

    for (size_t r = 0; r < x->rows; r++)
        for (size_t u = 0; u < x->units; u++) {
            const size_t i = r * x->units + u;

            if (x->m.zone_h)
                h[i] = zone(at(x->m.zone_h, x->m.ldzone, r, u),
                            at(k->h_prev, k->ldh_prev, r, u), h[i]);
            if (x->m.zone_c)
                c[i] = zone(at(x->m.zone_c, x->m.ldzone, r, u),
                            at(k->c_prev, k->ldc_prev, r, u), c[i]);
        }
}

static void check_dropped(const masked_data *x, const float *h)
{
    for (size_t r = 0; x->m.drop && r < x->rows; r++)
        for (size_t u = 0; u < x->units; u++)
            CHECK(at(x->m.dropped, x->m.lddropped, r, u) ==
                  h[r * x->units + u] * at(x->m.drop, x->m.lddrop, r, u));
}

static void forward_case(int own, size_t rows, size_t units, int options,
                         int what)
{
    static float h[MOST], c[MOST], gate[4 * MOST];
    masked_data x;

    set_up(&x, own, rows, units, options, what);
    x.m.own(&x.d.cell, &x.t);
    keep(&x, A_H, h);
    keep(&x, A_C, c);
    keep(&x, A_GATE, gate);
    cell_restore(&x.d);
    expect_forward(&x, h, c);
    rung->masked[SRNN_MASKED_FORWARD](&x.d.cell, &x.t);
    CHECK_SAYS(!differing(&x, A_H, h) && !differing(&x, A_C, c) &&
                   !differing(&x, A_GATE, gate),
               "%s, %zu rows, %zu units, masks %d: h %zu, c %zu differ",
               cell_kinds[own].name, rows, units, what,
               differing(&x, A_H, h), differing(&x, A_C, c));
    check_dropped(&x, h);
    guard_check();
}

static const size_t sizes[][2] = {{1, 1},  {3, 17},  {8, 64},
                                  {9, 65}, {19, 31}, {11, 140}};

static void forward(const srnn_kernels *k)
{
    static const int own[] = {SRNN_TILE_RNN_TANH, SRNN_TILE_LSTM,
                              SRNN_TILE_GRU_AFTER, SRNN_TILE_GRU_BEFORE_N};

    rung = k;
    for (size_t i = 0; i < COUNT(own); i++)
        for (int what = 0; what < MASKINGS; what++)
            for (size_t s = 0; s < COUNT(sizes); s++)
                if (!(what & ZONE_C) || cell_kinds[own[i]].c) {
                    forward_case(own[i], sizes[s][0], sizes[s][1], 0, what);
                    forward_case(own[i], sizes[s][0], sizes[s][1],
                                 CELL_NO_GATE | CELL_C_IN_PLACE, what);
                }
}

/* ---- backward ------------------------------------------------------------ */

/* Runs the own function on what it must take, and leaves what must come out in
 * its arrays. */
static void expect_backward(masked_data *x)
{
    static float prod[MOST], past_h[MOST], past_c[MOST];
    srnn_cell own = x->d.cell;
    srnn_tile t = x->t;

    for (size_t r = 0; r < x->rows; r++)
        for (size_t u = 0; u < x->units; u++) {
            const size_t i = r * x->units + u;
            float d = at(t.prod, t.ldprod, r, u), m;

            if (x->m.drop && !x->m.last)
                d = muladd(d, at(x->m.drop, x->m.lddrop, r, u),
                           at(own.dh, own.lddh, r, u));
            if (own.dy)
                d += at(own.dy, own.lddy, r, u);
            m = x->m.zone_h ? at(x->m.zone_h, x->m.ldzone, r, u) : 0;
            past_h[i] = m * d;
            prod[i] = (1 - m) * d;
            if (x->m.zone_c) {
                m = at(x->m.zone_c, x->m.ldzone, r, u);
                past_c[i] = m * at(own.dc, own.lddc, r, u);
                own.dc[r * own.lddc + u] *= 1 - m;
            }
        }
    own.dy = NULL;
    if (x->m.zone_c) {
        own.c = x->m.c_own;
        own.ldc = x->m.ldc_own;
    }
    t.prod = prod;
    t.ldprod = x->units;
    x->m.own(&own, &t);
    for (size_t r = 0; r < x->rows; r++)
        for (size_t u = 0; u < x->units; u++) {
            const size_t i = r * x->units + u;
            float *dh = &own.dh[r * own.lddh + u];

            if (x->m.zone_h || x->m.drop)
                *dh = past_h[i] + (x->m.adds ? *dh : 0);
            if (x->m.zone_c)
                own.dc[r * own.lddc + u] += past_c[i];
        }
}

static void backward_case(int own, size_t rows, size_t units, int options,
                          int what, int last)
{
    static float gate[4 * MOST], dh[MOST], dc[MOST];
    masked_data x;

    set_up(&x, own, rows, units, options, what);
    x.m.adds = cell_kinds[own].dh;
    x.m.last = last;
    expect_backward(&x);
    keep(&x, A_GATE, gate);
    keep(&x, A_DH, dh);
    keep(&x, A_DC, dc);
    cell_restore(&x.d);
    rung->masked[SRNN_MASKED_BACKWARD](&x.d.cell, &x.t);
    CHECK_SAYS(!differing(&x, A_GATE, gate) && !differing(&x, A_DH, dh) &&
                   !differing(&x, A_DC, dc),
               "%s, %zu rows, %zu units, masks %d: gates %zu, dh %zu, dc %zu "
               "differ",
               cell_kinds[own].name, rows, units, what,
               differing(&x, A_GATE, gate), differing(&x, A_DH, dh),
               differing(&x, A_DC, dc));
    guard_check();
}

static void backward(const srnn_kernels *k)
{
    static const int own[] = {SRNN_TILE_RNN_TANH_BWD, SRNN_TILE_LSTM_BWD,
                              SRNN_TILE_GRU_AFTER_BWD,
                              SRNN_TILE_GRU_BEFORE_N_BWD};

    rung = k;
    for (size_t i = 0; i < COUNT(own); i++)
        for (int what = 0; what < MASKINGS; what++)
            for (size_t s = 0; s < COUNT(sizes); s++)
                if (!(what & ZONE_C) || cell_kinds[own[i]].dc) {
                    backward_case(own[i], sizes[s][0], sizes[s][1], 0, what,
                                  0);
                    backward_case(own[i], sizes[s][0], sizes[s][1],
                                  CELL_NO_DY, what, 0);
                    backward_case(own[i], sizes[s][0], sizes[s][1], 0, what,
                                  1);
                }
}

/* ---- what only dropout needs --------------------------------------------- */

static void state(const srnn_kernels *k)
{
    static float dh[MOST];

    rung = k;
    for (size_t s = 0; s < COUNT(sizes); s++) {
        masked_data x;

        set_up(&x, SRNN_TILE_LSTM_BWD, sizes[s][0], sizes[s][1], 0, DROP);
        for (size_t r = 0; r < x.rows; r++)
            for (size_t u = 0; u < x.units; u++)
                dh[r * x.units + u] =
                    muladd(at(x.t.prod, x.t.ldprod, r, u),
                           at(x.m.drop, x.m.lddrop, r, u),
                           at(x.d.cell.dh, x.d.cell.lddh, r, u));
        k->masked[SRNN_MASKED_STATE](&x.d.cell, &x.t);
        CHECK(!differing(&x, A_DH, dh));
        guard_check();
    }
}

static void reset_case(size_t rows, size_t units, int options)
{
    static float work[2 * MOST], gate[4 * MOST];
    masked_data x;

    set_up(&x, SRNN_TILE_GRU_BEFORE_RZ, rows, units, options, DROP);
    x.m.own(&x.d.cell, &x.t);
    keep(&x, A_WORK, work);
    keep(&x, A_GATE, gate);
    for (size_t r = 0; r < rows; r++)
        for (size_t u = 0; u < units; u++) {
            float *w = &work[r * 2 * units + units + u];

            *w *= at(x.m.drop, x.m.lddrop, r, u);
            gate[r * 4 * units + 3 * units + u] = *w;
        }
    cell_restore(&x.d);
    rung->masked[SRNN_MASKED_RESET](&x.d.cell, &x.t);
    CHECK(!differing(&x, A_WORK, work));
    if (!(options & CELL_NO_GATE))
        CHECK(!differing(&x, A_GATE, gate));
    guard_check();
}

static void reset_bwd_case(size_t rows, size_t units)
{
    static float prod[MOST], gate[4 * MOST], dh[MOST];
    masked_data x;
    srnn_tile t;

    set_up(&x, SRNN_TILE_GRU_BEFORE_RZ_BWD, rows, units, 0, DROP);
    for (size_t r = 0; r < rows; r++)
        for (size_t u = 0; u < units; u++)
            prod[r * units + u] = at(x.t.prod, x.t.ldprod, r, u) *
                                  at(x.m.drop, x.m.lddrop, r, u);
    t = x.t;
    t.prod = prod;
    t.ldprod = units;
    x.m.own(&x.d.cell, &t);
    keep(&x, A_GATE, gate);
    keep(&x, A_DH, dh);
    cell_restore(&x.d);
    rung->masked[SRNN_MASKED_RESET_BWD](&x.d.cell, &x.t);
    CHECK(!differing(&x, A_GATE, gate) && !differing(&x, A_DH, dh));
    guard_check();
}

static void reset(const srnn_kernels *k)
{
    rung = k;
    for (size_t s = 0; s < COUNT(sizes); s++) {
        reset_case(sizes[s][0], sizes[s][1], 0);
        reset_case(sizes[s][0], sizes[s][1], CELL_NO_GATE);
        reset_bwd_case(sizes[s][0], sizes[s][1]);
    }
}

/* ---- exactly the state before, exactly the plain cell ------------------- */

static void exact_masks(const srnn_kernels *k)
{
    static float ones[MOST], zeros[MOST], h[MOST], c[MOST];
    masked_data x;

    rung = k;
    for (size_t i = 0; i < MOST; i++)
        ones[i] = 1;
    set_up(&x, SRNN_TILE_LSTM, 5, 33, 0, ZONE_H | ZONE_C);
    x.m.own(&x.d.cell, &x.t);
    keep(&x, A_H, h);
    keep(&x, A_C, c);
    x.m.zone_h = x.m.zone_c = zeros;
    k->masked[SRNN_MASKED_FORWARD](&x.d.cell, &x.t);
    CHECK(!differing(&x, A_H, h) && !differing(&x, A_C, c));
    x.m.zone_h = x.m.zone_c = ones;
    k->masked[SRNN_MASKED_FORWARD](&x.d.cell, &x.t);
    CHECK(differing(&x, A_H, h) > 100 && differing(&x, A_C, c) > 100);
    for (size_t r = 0; r < 5; r++) {
        CHECK(!bits_differing(x.d.cell.h + r * x.d.cell.ldh,
                              x.d.cell.h_prev + r * x.d.cell.ldh_prev, 33));
        CHECK(!bits_differing(x.d.cell.c + r * x.d.cell.ldc,
                              x.d.cell.c_prev + r * x.d.cell.ldc_prev, 33));
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"masked/forward", forward, NULL}, {"masked/backward", backward, NULL},
        {"masked/state", state, NULL},     {"masked/reset", reset, NULL},
        {"masked/exact", exact_masks, NULL}, {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
