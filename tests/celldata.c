/* Setting up a step of any cell, and comparing what it left. */
#include "celldata.h"

#include "numbers.h"
#include "phi.h"

#include <string.h>

#define SLOT(a, s) CELL_SLOT(a, s)
#define GATES(list) ((uint64_t)(list) << (CELL_SLOTS * A_GATE))

const cell_kind cell_kinds[SRNN_TILE_COUNT] = {
    [SRNN_TILE_RNN_TANH] = {"rnn_tanh", 1, 1, 1, .h = 1,
                            .writes = GATES(1) | SLOT(A_H, 0)},
    [SRNN_TILE_RNN_RELU] = {"rnn_relu", 1, 1, 1, .h = 1,
                            .writes = GATES(1) | SLOT(A_H, 0)},
    [SRNN_TILE_LSTM] = {"lstm", 4, 4, 4, .h = 1, .c = 1,
                        .writes =
                            GATES(15) | SLOT(A_H, 0) | SLOT(A_C, 0)},
    [SRNN_TILE_GRU_AFTER] = {"gru_after", 3, 3, 4, .h_prev = 1, .h = 1,
                             .writes = GATES(15) | SLOT(A_H, 0)},
    [SRNN_TILE_GRU_BEFORE_RZ] = {"gru_before_rz", 2, 3, 4, .h_prev = 1,
                                 .work = 1,
                                 .writes = GATES(1 | 2 | 8) |
                                           SLOT(A_WORK, 0) | SLOT(A_WORK, 1)},
    [SRNN_TILE_GRU_BEFORE_N] = {"gru_before_n", 1, 3, 4, .h_prev = 1, .h = 1,
                                .work = 1, .writes = GATES(4) | SLOT(A_H, 0)},
    [SRNN_TILE_RNN_TANH_BWD] = {"rnn_tanh_bwd", 1, 0, 1, .backward = 1,
                                .dy = 1, .writes = GATES(1)},
    [SRNN_TILE_RNN_RELU_BWD] = {"rnn_relu_bwd", 1, 0, 1, .backward = 1,
                                .dy = 1, .writes = GATES(1)},
    [SRNN_TILE_LSTM_BWD] = {"lstm_bwd", 1, 0, 4, .backward = 1, .c = 1,
                            .dy = 1, .dc = 1,
                            .writes = GATES(15) | SLOT(A_DC, 0)},
    [SRNN_TILE_GRU_AFTER_BWD] = {"gru_after_bwd", 1, 0, 4, .backward = 1,
                                 .h_prev = 1, .dy = 1, .dh = 1,
                                 .writes = GATES(15) | SLOT(A_DH, 0)},
    [SRNN_TILE_GRU_BEFORE_N_BWD] = {"gru_before_n_bwd", 1, 0, 4,
                                    .backward = 1, .h_prev = 1, .dy = 1,
                                    .dh = 1,
                                    .writes = GATES(2 | 4) | SLOT(A_DH, 0)},
    [SRNN_TILE_GRU_BEFORE_RZ_BWD] = {"gru_before_rz_bwd", 1, 0, 4,
                                     .backward = 1, .h_prev = 1, .dh = 1,
                                     .writes = GATES(1) | SLOT(A_DH, 0)},
    [SRNN_TILE_RNN_ANY] = {"rnn_any", 1, 1, 1, .h = 1, .any = 1, .acts = 1,
                           .writes = GATES(1) | SLOT(A_H, 0)},
    [SRNN_TILE_RNN_ANY_BWD] = {"rnn_any_bwd", 1, 0, 1, .backward = 1, .dy = 1,
                               .any = 1, .acts = 1, .writes = GATES(1)},
    [SRNN_TILE_GRU_AFTER_ANY] = {"gru_after_any", 3, 3, 4, .h_prev = 1, .h = 1,
                                 .any = 4, .acts = 7,
                                 .writes = GATES(15) | SLOT(A_H, 0)},
    [SRNN_TILE_GRU_BEFORE_RZ_ANY] = {"gru_before_rz_any", 2, 3, 4,
                                     .h_prev = 1, .work = 1, .any = 4,
                                     .acts = 3,
                                     .writes = GATES(1 | 2 | 8) |
                                               SLOT(A_WORK, 0) |
                                               SLOT(A_WORK, 1)},
    [SRNN_TILE_GRU_BEFORE_N_ANY] = {"gru_before_n_any", 1, 3, 4, .h_prev = 1,
                                    .h = 1, .work = 1, .any = 4, .acts = 4,
                                    .writes = GATES(4) | SLOT(A_H, 0)},
    [SRNN_TILE_GRU_AFTER_ANY_BWD] = {"gru_after_any_bwd", 1, 0, 4,
                                     .backward = 1, .h_prev = 1, .dy = 1,
                                     .dh = 1, .any = 4, .acts = 7,
                                     .writes = GATES(15) | SLOT(A_DH, 0)},
    [SRNN_TILE_GRU_BEFORE_N_ANY_BWD] = {"gru_before_n_any_bwd", 1, 0, 4,
                                        .backward = 1, .h_prev = 1, .dy = 1,
                                        .dh = 1, .any = 4, .acts = 7,
                                        .writes =
                                            GATES(2 | 4) | SLOT(A_DH, 0)},
    [SRNN_TILE_GRU_BEFORE_RZ_ANY_BWD] = {"gru_before_rz_any_bwd", 1, 0, 4,
                                         .backward = 1, .h_prev = 1, .dh = 1,
                                         .any = 4, .acts = 7,
                                         .writes = GATES(1) | SLOT(A_DH, 0)},
    [SRNN_TILE_LSTM_C] = {"lstm_c", 4, 4, 4, .c = 1, .work = 1,
                          .writes = GATES(15) | SLOT(A_C, 0) |
                                    SLOT(A_WORK, 0)},
    [SRNN_TILE_LSTM_H] = {"lstm_h", 1, 1, 1, .h = 1, .work = 1,
                          .writes = SLOT(A_H, 0) | SLOT(A_WORK, 1)},
    [SRNN_TILE_LSTM_H_BWD] = {"lstm_h_bwd", 1, 0, 4, .backward = 1, .dy = 1,
                              .work = 1,
                              .writes = GATES(8) | SLOT(A_WORK, 1)},
    [SRNN_TILE_LSTM_C_BWD] = {"lstm_c_bwd", 1, 0, 4, .backward = 1, .c = 1,
                              .dc = 1, .writes = GATES(7) | SLOT(A_DC, 0)},
};

/* ---- variants ------------------------------------------------------------ */

static const srnn_activation *act_of(const cell_data *d, size_t g)
{
    return &d->variant.act[cell_kinds[d->tile].any == 4 && g == 2];
}

static void vary(cell_data *d, const cell_kind *kind)
{
    d->gate_slots = kind->gate_slots;
    d->writes = kind->writes;
    if (!kind->any)
        return;
    for (size_t i = 0; i < 3; i++)
        d->variant.act[i] = phis[data_below(PHIS)].act;
    d->variant.clip = data_below(2) ? 0.8f : 0;
    d->cell.variant = &d->variant;
    for (size_t g = 0; g < kind->gate_slots; g++)
        if (act_of(d, g)->kind == SRNN_ACT_OWN && kind->acts & 1u << g) {
            d->gate_slots = kind->any + (kind->any == 4 ? 3 : 1);
            if (!kind->backward)
                d->writes |= SLOT(A_GATE, kind->any + g);
        }
}

/* Activated gates: what phi gives of numbers within the clip. */
static void activate_any(cell_data *d, const cell_kind *kind)
{
    const float most = d->variant.clip > 0 ? 0.99f * d->variant.clip : 2;

    for (size_t r = 0; r < d->rows; r++)
        for (size_t g = 0; g < kind->any; g++)
            for (size_t u = 0; kind->acts & 1u << g && u < d->units; u++) {
                float *y =
                    d->array[A_GATE] + r * d->ld[A_GATE] + g * d->units + u;

                *y = (float)e_act(act_of(d, g), exact(most * *y)).v;
            }
}

/* ---- setting up ---------------------------------------------------------- */

/* Array a: `slots` x units columns and an odd gap; random or poison. */
static float *take(cell_data *d, int a, size_t slots, int random)
{
    size_t n = slots * d->units;

    d->n[a] = n;
    d->ld[a] = n + 3 + 2 * (size_t)a;
    return d->array[a] = random ? guard_matrix(d->rows, n, d->ld[a], 1)
                                : guard_blank(d->rows, n, d->ld[a]);
}

/* Activated gates: sigma's in (0, 1), the others in (-1, 1). */
static void activate(cell_data *d, const cell_kind *kind)
{
    int lstm = d->tile == SRNN_TILE_LSTM_BWD;

    for (size_t r = 0; kind->gate_slots == 4 && r < d->rows; r++)
        for (size_t s = 0; s < 4; s++)
            if (lstm ? s != 2 : s < 2)
                for (size_t u = 0; u < d->units; u++) {
                    float *g = d->array[A_GATE] + r * d->ld[A_GATE] +
                               s * d->units + u;

                    *g = 0.5f * *g + 0.5f;
                }
}

static void fill_gates(cell_data *d, const cell_kind *kind, int options)
{
    srnn_cell *c = &d->cell;

    if (kind->backward) {
        c->gate = take(d, A_GATE, d->gate_slots, 1);
        if (kind->any)
            activate_any(d, kind);
        else
            activate(d, kind);
    } else if (options & CELL_GATE_IS_X) {
        size_t n = d->gate_slots * d->units;

        d->x = d->x_before = take(d, A_GATE, d->gate_slots, 0);
        for (size_t r = 0; r < d->rows; r++)
            data_fill(d->x + r * d->ld[A_GATE], n, 2);
        c->x = c->gate = d->x;
        c->ldx = d->ld[A_GATE];
    } else {
        size_t n = kind->x_slots * d->units;

        c->ldx = n + 1;
        c->x = d->x = d->x_before = guard_matrix(d->rows, n, c->ldx, 2);
        if (!(options & CELL_NO_GATE))
            c->gate = take(d, A_GATE, d->gate_slots, 0);
    }
    c->ldgate = d->ld[A_GATE];
}

static void fill_states(cell_data *d, const cell_kind *kind, int options)
{
    srnn_cell *c = &d->cell;
    const size_t n = d->units, ld = n + 1;
    const int in_place = options & CELL_C_IN_PLACE && !kind->backward;

    c->ldh_prev = ld;
    c->ldc_prev = c->lddy = n + 2;
    if (kind->h_prev)
        c->h_prev = guard_matrix(d->rows, n, ld, 1);
    if (kind->h)
        c->h = take(d, A_H, 1, 0);
    if (kind->c)
        c->c = take(d, A_C, 1, kind->backward || in_place);
    if (kind->c && in_place)
        c->ldc_prev = d->ld[A_C];
    if (kind->c)
        c->c_prev = in_place ? c->c
                             : guard_matrix(d->rows, n, c->ldc_prev, 1);
    if (kind->work)
        c->work = take(d, A_WORK, 2,
                       d->tile == SRNN_TILE_GRU_BEFORE_N ||
                           d->tile == SRNN_TILE_GRU_BEFORE_N_ANY ||
                           d->tile == SRNN_TILE_LSTM_H || kind->backward);
    if (kind->dy && !(options & CELL_NO_DY))
        c->dy = guard_matrix(d->rows, n, c->lddy, 1);
    if (kind->backward)
        c->dh = take(d, A_DH, 1, 1);
    if (kind->dc)
        c->dc = take(d, A_DC, 1, 1);
    c->ldh = d->ld[A_H];
    c->ldc = d->ld[A_C];
    c->ldwork = d->ld[A_WORK];
    c->lddh = d->ld[A_DH];
    c->lddc = d->ld[A_DC];
}

static size_t length(const cell_data *d, int a)
{
    return d->rows ? (d->rows - 1) * d->ld[a] + d->n[a] : 0;
}

void cell_fill(cell_data *d, int tile, size_t rows, size_t units, int options)
{
    const cell_kind *kind = &cell_kinds[tile];

    memset(d, 0, sizeof *d);
    d->tile = tile;
    d->rows = rows;
    d->units = units;
    d->cell.units = units;
    d->cell.z_takes_new = !!(options & CELL_Z_NEW);
    vary(d, kind);
    fill_gates(d, kind, options);
    fill_states(d, kind, options);
    for (int a = 0; a < ARRAYS; a++)
        if (d->array[a]) {
            d->before[a] = guard_reals(length(d, a));
            memcpy(d->before[a], d->array[a], length(d, a) * sizeof(float));
        }
    if (d->x == d->array[A_GATE] && d->x)
        d->x_before = d->before[A_GATE];
}

void cell_restore(cell_data *d)
{
    for (int a = 0; a < ARRAYS; a++)
        if (d->array[a])
            memcpy(d->array[a], d->before[a], length(d, a) * sizeof(float));
}

/* ---- comparing ----------------------------------------------------------- */

static est was(const cell_data *d, int a, size_t r, size_t slot, size_t u)
{
    size_t at = r * d->ld[a] + slot * d->units + u;

    return exact(d->before[a] && slot * d->units + u < d->n[a]
                     ? d->before[a][at]
                     : 0);
}

unit_state cell_unit(const cell_data *d, size_t r, size_t u)
{
    const srnn_cell *c = &d->cell;
    const cell_kind *kind = &cell_kinds[d->tile];
    unit_state s;

    memset(&s, 0, sizeof s);
    s.has_dy = c->dy != NULL;
    s.z_takes_new = c->z_takes_new;
    s.variant = c->variant;
    for (size_t g = 0; g < kind->x_slots; g++)
        s.x[g] = exact(d->x_before[r * c->ldx + g * d->units + u]);
    for (size_t g = 0; kind->backward && g < d->gate_slots; g++)
        s.gate[g] = was(d, A_GATE, r, g, u);
    if (c->h_prev)
        s.h_prev = exact(c->h_prev[r * c->ldh_prev + u]);
    if (c->c_prev)
        s.c_prev = c->c_prev == c->c ? was(d, A_C, r, 0, u)
                                     : exact(c->c_prev[r * c->ldc_prev + u]);
    if (kind->backward)
        s.c = was(d, A_C, r, 0, u);
    s.work[0] = was(d, A_WORK, r, 0, u);
    s.work[1] = was(d, A_WORK, r, 1, u);
    if (c->dy)
        s.dy = exact(c->dy[r * c->lddy + u]);
    s.dh = was(d, A_DH, r, 0, u);
    s.dc = was(d, A_DC, r, 0, u);
    return s;
}

static est result(const unit_state *s, int a, size_t slot)
{
    switch (a) {
    case A_GATE:
        return s->gate[slot];
    case A_H:
        return s->h;
    case A_C:
        return s->c;
    case A_WORK:
        return s->work[slot];
    case A_DH:
        return s->dh;
    default:
        return s->dc;
    }
}

/* Element (r, column) of array a: is it a result, and of which unit? */
static int is_result(const cell_data *d, int a, size_t column, size_t unit0,
                     size_t unit1)
{
    size_t slot = column / d->units, u = column % d->units;

    return column < d->n[a] && u >= unit0 && u < unit1 &&
           d->writes & SLOT(a, slot);
}

static void rest_unchanged(const cell_data *d, int a, size_t row0, size_t row1,
                           size_t unit0, size_t unit1)
{
    for (size_t i = 0; i < length(d, a); i++) {
        size_t r = i / d->ld[a], column = i % d->ld[a];

        if (r >= row0 && r < row1 && is_result(d, a, column, unit0, unit1))
            continue;
        CHECK_SAYS(bits_of(d->array[a][i]) == bits_of(d->before[a][i]),
                   "%s: array %d [%zu][%zu] changed",
                   cell_kinds[d->tile].name, a, r, column);
    }
}

void cell_compare(const cell_data *d, size_t row0, size_t row1, size_t unit0,
                  size_t unit1, cell_prod *prod, const void *of,
                  double perturb, worst *seen)
{
    const cell_kind *kind = &cell_kinds[d->tile];

    for (size_t r = row0; r < row1; r++)
        for (size_t u = unit0; u < unit1; u++) {
            unit_state s = cell_unit(d, r, u);

            for (size_t g = 0; g < kind->gates; g++)
                s.p[g] = prod(of, r, g, u);
            oracle_unit(d->tile, &s);
            for (int a = 0; a < ARRAYS; a++)
                for (size_t slot = 0; d->array[a] && slot < CELL_SLOTS;
                     slot++) {
                    size_t column = slot * d->units + u;
                    est want;

                    if (!is_result(d, a, column, unit0, unit1))
                        continue;
                    want = result(&s, a, slot);
                    worst_see(seen, d->array[a][r * d->ld[a] + column],
                              want.v + perturb * want.e, want.e, kind->name,
                              r, column);
                }
        }
    for (int a = 0; a < ARRAYS; a++)
        if (d->array[a])
            rest_unchanged(d, a, row0, row1, unit0, unit1);
}
