/* The row of an LSTM: the plain one, or what its variant makes of it. Each
 * matrix that a variant adds is one phase more, forward and backward. */
#include "cells.h"

#include "../kernels/error.h"

#include <math.h>

/* Slots and rows of weights of the gates that there are, in the order i f g o;
 * peepholes alike, without g. */
typedef struct gates {
    int i, f, o;
    size_t all;
} gates;

static gates gates_of(unsigned flags)
{
    gates g = {!(flags & SRNN_LSTM_NO_INPUT_GATE),
               !(flags & (SRNN_LSTM_NO_FORGET_GATE | SRNN_LSTM_COUPLED)),
               !(flags & SRNN_LSTM_NO_OUTPUT_GATE), 0};

    g.all = (size_t)(g.i + g.f + 1 + g.o);
    return g;
}

size_t srnn_lstm_forget_gate(const srnn_recurrent_config *c)
{
    const gates g = gates_of(c->lstm);

    return c->cell != SRNN_LSTM || !g.f ? SIZE_MAX : (size_t)g.i;
}

/* ---- phases ------------------------------------------------------------ */

static void add_phase(cell_row *row, phase forward, phase backward)
{
    row->forward[row->phases] = forward;
    row->backward[row->phases++] = backward;
}

static void add_part(cell_row *row, gate_part part)
{
    row->part[row->parts++] = part;
}

/* G with i, f, o of the step before, to memory. */
static void add_full_recurrence(cell_row *row)
{
    const phase forward = {.form = MEMORY, .weight = W_GH, .gates = 3,
                           .of = {{.from = PREV_G}}};
    const phase backward = {.form = MEMORY, .weight = W_GH, .gates = 3,
                            .of = {{SLOTS, 0, 2}, {SLOTS, 3, 1}}, .after = 1};
    const gate_part i_f = {.weight = W_GH, .gates = 2, .of = {SLOTS, 0, 2},
                           .by = {.from = PREV_G}};
    const gate_part o = {.weight = W_GH, .gate = 2, .gates = 1,
                         .of = {SLOTS, 3, 1}, .by = {.from = PREV_G}};

    row->has_g = 1;
    add_phase(row, forward, backward);
    add_part(row, i_f);
    add_part(row, o);
}

/* R with h, then, where h is a projection, W_p with m. Backward begins with R
 * too: the gradient of h comes from the step after. */
static void add_main(cell_row *row, int projected)
{
    const phase r = {.tile = SRNN_TILE_LSTM_ANY, .weight = W_HH,
                     .gates = row->gates, .of = {{.from = PREV_H}}, .bias = 1};
    const phase p = {.tile = SRNN_TILE_PROJECT, .weight = W_HR, .gates = 1,
                     .of = {{.from = CELLS}}};
    const phase dr = {.tile = projected ? SRNN_TILE_PROJECT_BWD
                                        : SRNN_TILE_LSTM_ANY_BWD,
                      .weight = W_HH, .gates = row->gates,
                      .of = {{SLOTS, 0, row->gates}}, .after = 1};
    const phase dp = {.tile = SRNN_TILE_LSTM_ANY_BWD, .weight = W_HR,
                      .gates = 1, .of = {{.from = PROJECTED}}};
    const gate_part of_r = {.weight = W_HH, .gates = row->gates,
                            .of = {SLOTS, 0, row->gates},
                            .by = {.from = PREV_H}, .bias = 1};
    const gate_part of_p = {.weight = W_HR, .gates = 1,
                            .of = {.from = PROJECTED}, .by = {.from = CELLS}};

    add_phase(row, r, dr);
    add_part(row, of_r);
    if (projected) {
        row->has_m = 1;
        add_phase(row, p, dp);
        add_part(row, of_p);
    }
}

static void add_peephole(cell_row *row, size_t slot, enum source c)
{
    const gate_part p = {.weight = PEEPHOLE, .gate = row->peepholes++,
                         .gates = 1, .of = {SLOTS, slot, 1},
                         .by = {.from = c}};

    add_part(row, p);
}

static int is_plain(const srnn_recurrent_config *c)
{
    return !c->lstm && !c->projection && c->cell_clip == 0 &&
           !srnn_cell_varies(c);
}

void srnn_lstm_row(const srnn_recurrent_config *c, cell_row *row)
{
    const gates g = gates_of(c->lstm);

    if (is_plain(c))
        return;
    row->gates = g.all;
    row->slots = srnn_cell_variant(c).slopes ? 2 * g.all : g.all;
    row->phases = row->parts = 0;
    if (c->lstm & SRNN_LSTM_FULL_RECURRENCE)
        add_full_recurrence(row);
    add_main(row, c->projection > 0);
    if (!(c->lstm & SRNN_LSTM_PEEPHOLES))
        return;
    if (g.i)
        add_peephole(row, 0, PREV_C);
    if (g.f)
        add_peephole(row, (size_t)g.i, PREV_C);
    if (g.o)
        add_peephole(row, g.all - 1, NOW_C);
}

/* ---- what is refused --------------------------------------------------- */

static srnn_status check_flags(const char *name, unsigned flags)
{
    const unsigned no_i = SRNN_LSTM_NO_INPUT_GATE;
    const unsigned no_f = SRNN_LSTM_NO_FORGET_GATE;
    const unsigned no_o = SRNN_LSTM_NO_OUTPUT_GATE;
    const unsigned coupled = SRNN_LSTM_COUPLED;
    const struct {
        unsigned these, any;
        const char *why;
    } never[] = {
        {coupled, no_i, "COUPLED needs the input gate"},
        {coupled, no_f, "COUPLED makes f of i, NO_FORGET_GATE has none"},
        {SRNN_LSTM_FULL_RECURRENCE, no_i | no_f | no_o | coupled,
         "FULL_RECURRENCE needs all three gates"},
    };
    const unsigned all = 2 * SRNN_LSTM_FULL_RECURRENCE - 1;
    const gates g = gates_of(flags);
    size_t i;

    if (flags & ~all)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': lstm is %#x, has bits "
                         "beyond %#x", name, flags, all);
    for (i = 0; i < sizeof never / sizeof *never; i++)
        if (flags & never[i].these && flags & never[i].any)
            return srnn_fail(SRNN_EINVAL, "node '%.60s': lstm is %#x: %s",
                             name, flags, never[i].why);
    if (flags & SRNN_LSTM_PEEPHOLES && g.all == 1)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': lstm is %#x: PEEPHOLES "
                         "needs a gate", name, flags);
    return SRNN_OK;
}

static srnn_status check_clip(const char *name, const char *what, double clip)
{
    const srnn_real c = (srnn_real)clip;

    if (clip == 0 || (clip > 0 && isnormal(c)))
        return SRNN_OK;
    return srnn_fail(SRNN_EINVAL, "node '%.60s': %s is %g, must be 0 or a "
                     "positive normal number", name, what, clip);
}

/* What only an LSTM can have. */
static srnn_status check_other(const char *name,
                               const srnn_recurrent_config *c)
{
    const char *what = c->lstm               ? "lstm"
                       : c->projection       ? "projection"
                       : c->cell_clip != 0   ? "cell_clip"
                       : c->projection_clip != 0 ? "projection_clip"
                       : c->forget_bias != 0 ? "forget_bias"
                                             : NULL;

    if (!what)
        return SRNN_OK;
    return srnn_fail(SRNN_EINVAL, "node '%.60s': %s is set, %s has none", name,
                     what, srnn_cell_name(c->cell));
}

/* Norms know the plain LSTM alone. */
static srnn_status check_beside(const char *name,
                                const srnn_recurrent_config *c)
{
    if (c->norm && !is_plain(c))
        return srnn_fail(SRNN_EINVAL, "node '%.60s': a norm is not to be had "
                         "beside lstm %#x, projection %zu, clips or "
                         "activations", name, c->lstm, c->projection);
    return SRNN_OK;
}

srnn_status srnn_lstm_check(const char *name, const srnn_recurrent_config *c)
{
    srnn_status status;

    if (c->cell != SRNN_LSTM)
        return check_other(name, c);
    status = check_flags(name, c->lstm);
    if (!status)
        status = check_clip(name, "cell_clip", c->cell_clip);
    if (!status)
        status = check_clip(name, "projection_clip", c->projection_clip);
    if (status)
        return status;
    status = check_beside(name, c);
    if (status)
        return status;
    if (c->projection > INT32_MAX / 4)
        return srnn_fail(SRNN_ESHAPE, "node '%.60s': projection is %zu, must "
                         "be 0 (none) to %d", name, c->projection,
                         INT32_MAX / 4);
    if (c->projection_clip != 0 && !c->projection)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': projection_clip is %g, "
                         "projection 0", name, c->projection_clip);
    if (!isfinite(c->forget_bias))
        return srnn_fail(SRNN_EINVAL, "node '%.60s': forget_bias is %g, must "
                         "be finite", name, c->forget_bias);
    if (c->forget_bias != 0 && srnn_lstm_forget_gate(c) == SIZE_MAX)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': forget_bias is %g, lstm "
                         "%#x has no forget gate", name, c->forget_bias,
                         c->lstm);
    return SRNN_OK;
}
