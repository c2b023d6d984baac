/* What a norm adds to a recurrent node: which combinations there are, slots of
 * what is kept, parameters, memory of a run, steps counted. */
#include "norm.h"

#include <stdio.h>
#include <string.h>

/* ---- what there is ------------------------------------------------------- */

#define MOST_NORM_STEPS ((size_t)1 << 24) /* steps are counted in reals */

static srnn_status check_batch(const char *name,
                               const srnn_recurrent_config *c)
{
    if (c->cell == SRNN_GRU)
        return srnn_fail(SRNN_EINVAL,
                         "node '%.60s': batch norm has no cell 'gru'", name);
    if (c->norm_steps == 0 || c->norm_steps > MOST_NORM_STEPS)
        return srnn_fail(SRNN_EINVAL,
                         "node '%.60s': norm_steps is %zu, must be 1 to %zu",
                         name, c->norm_steps, MOST_NORM_STEPS);
    if (!(c->norm_momentum > 0 && c->norm_momentum <= 1))
        return srnn_fail(SRNN_EINVAL,
                         "node '%.60s': norm_momentum is %g, must be above 0, "
                         "at most 1", name, c->norm_momentum);
    return SRNN_OK;
}

srnn_status srnn_norm_check(const char *name, const srnn_recurrent_config *c)
{
    if (c->norm == SRNN_NORM_NONE)
        return SRNN_OK;
    if ((unsigned)c->norm >= SRNN_NORM_KINDS)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': norm %d of %d", name,
                         (int)c->norm, SRNN_NORM_KINDS);
    if (c->cell == SRNN_GRU_BEFORE)
        return srnn_fail(SRNN_EINVAL,
                         "node '%.60s': %s norm has no cell 'gru_before'",
                         name, c->norm == SRNN_NORM_LAYER ? "layer" : "batch");
    if (c->cell == SRNN_LSTM && srnn_cell_varies(c))
        return srnn_fail(SRNN_EINVAL,
                         "node '%.60s': a normalised lstm has no other "
                         "activations and no clip", name);
    if (c->dropout_hidden > 0 || c->zoneout_h > 0 || c->zoneout_c > 0)
        return srnn_fail(SRNN_EINVAL,
                         "node '%.60s': %s is not to be had beside a norm",
                         name, c->dropout_hidden > 0 ? "dropout_hidden"
                               : c->zoneout_h > 0    ? "zoneout_h"
                                                     : "zoneout_c");
    if (!(c->norm_eps > 0 && c->norm_eps <= 1))
        return srnn_fail(SRNN_EINVAL,
                         "node '%.60s': norm_eps is %g, must be above 0, at "
                         "most 1", name, c->norm_eps);
    return c->norm == SRNN_NORM_BATCH ? check_batch(name, c) : SRNN_OK;
}

/* ---- slots --------------------------------------------------------------- */

/* The slots of the plain cell, then o and y and the hat of c, and the hats of
 * W x and R h. Only a GRU's n has a recurrent part with a
 * gradient of its own, q, and gates of their own group: r and z. */
cell_row srnn_norm_row(cell_row row, const srnn_recurrent_config *config)
{
    const size_t gates = row.gates, gru = config->cell == SRNN_GRU;
    norm_row w = {.kind = config->norm, .groups = 1 + gru};
    size_t g, slot = row.slots;

    w.first[1] = gru ? 2 : gates;
    w.first[w.groups] = gates;
    for (g = 0; g < gates; g++)
        w.d[g] = g + (gru && g == 2);
    if (row.has_c) {
        w.work = slot;
        w.hat[NORM_C] = slot + 2;
        slot += 3;
        row.has_work = 1;
        row.forward[0].tile = SRNN_TILE_LSTM_C;
        row.backward[0].tile = SRNN_TILE_LSTM_H_BWD;
    }
    w.hat[NORM_X] = slot;
    w.hat[NORM_H] = slot + gates;
    row.slots = slot + 2 * gates;
    row.x_slot = w.hat[NORM_X];
    row.norm = w;
    row.forward[0].form = NORMED;
    row.forward[0].bias = 0;
    row.backward[0].of[0] = (stretch){SLOTS, w.hat[NORM_H], gates};
    row.backward[0].of[1] = (stretch){.from = NOTHING};
    row.parts = 1;
    row.part[0] = (gate_part){.weight = W_HH,
                              .gates = gates,
                              .of = {SLOTS, w.hat[NORM_H], gates},
                              .by = {.from = PREV_H}};
    return row;
}

/* ---- parameters ---------------------------------------------------------- */

static srnn_status add(srnn_net *net, node *n, size_t l, enum layer_param p,
                       const char *what, size_t rows, size_t columns,
                       double value)
{
    layer *y = &n->layer[l];
    char name[48];
    srnn_status status;
    param *x;

    snprintf(name, sizeof name, "norm_%s_l%zu%s", what, l / srnn_directions(n),
             srnn_is_reverse(n, l) ? "_reverse" : "");
    status = srnn_param_add(net, n, name, rows, columns, 0);
    if (status)
        return status;
    x = net->param[net->params - 1];
    x->is_constant = 1;
    x->value = value;
    x->is_average = p >= M_IH;
    y->param[p].number = net->params - 1;
    y->param[p].data = x->data;
    y->param[p].units = rows;
    y->param[p].columns = columns;
    return SRNN_OK;
}

/* The biases of a norm begin at 0; where batch norm makes the gates small, that
 * of the forget gate at 1. */
static void begin_biases(srnn_net *net, const node *n, size_t l)
{
    const layer *y = &n->layer[l];
    param *ih = net->param[y->param[B_IH].number];
    param *hh = net->param[y->param[B_HH].number];

    ih->is_constant = hh->is_constant = 1;
    ih->value = hh->value = 0;
    if (n->row.has_c && n->recurrent.norm == SRNN_NORM_BATCH) {
        ih->ones_from = n->recurrent.hidden;
        ih->ones_to = 2 * n->recurrent.hidden;
    }
}

static srnn_status add_averages(srnn_net *net, node *n, size_t l)
{
    static const char *const names[] = {"ih_mean", "ih_var", "hh_mean",
                                        "hh_var", "c_mean", "c_var"};
    const size_t hidden = n->recurrent.hidden, steps = n->recurrent.norm_steps;
    const int count = n->row.has_c ? 6 : 4;
    srnn_status status = SRNN_OK;
    int i;

    for (i = 0; i < count && !status; i++)
        status = add(net, n, l, (enum layer_param)(M_IH + i), names[i], steps,
                     i < 4 ? n->row.gates * hidden : hidden, i % 2);
    return status;
}

srnn_status srnn_norm_params(srnn_net *net, node *n, size_t l)
{
    const size_t hidden = n->recurrent.hidden, wide = n->row.gates * hidden;
    const double gain = n->recurrent.norm == SRNN_NORM_BATCH ? 0.1 : 1;
    srnn_status status;

    begin_biases(net, n, l);
    status = add(net, n, l, N_IH, "ih_weight", wide, 0, gain);
    if (!status)
        status = add(net, n, l, N_HH, "hh_weight", wide, 0, gain);
    if (!status && n->row.has_c)
        status = add(net, n, l, N_C, "c_weight", hidden, 0, gain);
    if (!status && n->row.has_c)
        status = add(net, n, l, N_C_BIAS, "c_bias", hidden, 0, 0);
    if (!status && n->recurrent.norm == SRNN_NORM_BATCH)
        status = add_averages(net, n, l);
    return status;
}

/* ---- runs ---------------------------------------------------------------- */

void srnn_norm_carve(const srnn_session *s, const node *n, layer_run *y,
                     arena *a)
{
    const axis_run *x = &s->axis[n->axis];
    const cell_row *row = &n->row;
    const size_t hidden = n->recurrent.hidden;
    const size_t parts = 2 * row->gates + (size_t)row->has_c;
    norm_run *r = &y->norm;

    y->product[0] = srnn_arena_reals(a, x->batch * row->gates * hidden);
    if (s->training && row->norm.kind == SRNN_NORM_LAYER) {
        r->rstd = srnn_arena_reals(a, srnn_rows_of(s, n) *
                                          (2 * row->norm.groups + 1));
    } else if (s->training) {
        r->moment = srnn_arena_reals(a, x->steps * 3 * parts * hidden);
        r->order = srnn_arena_take(a, srnn_rows_of(s, n) * sizeof *r->order);
    }
    if (row->norm.kind == SRNN_NORM_LAYER)
        return;
    r->count = srnn_arena_reals(a, x->batch);
    r->start = srnn_arena_reals(a, x->batch);
    if (s->training)
        r->d_count = srnn_arena_reals(a, x->batch);
}

/* ---- steps counted ------------------------------------------------------- */

void srnn_norm_restart(const pass *p, const node *n, layer_run *y)
{
    if (p->crew->worker == 0 && y->norm.count)
        memset(y->norm.count, 0,
               srnn_extent_of(p, n)->batch * sizeof *y->norm.count);
}

void srnn_norm_begin(const timeline *l)
{
    const norm_run *x = &l->r->norm;
    const extent *e = l->e;
    size_t t, i;

    if (l->p->crew->worker != 0 || !x->count)
        return;
    memcpy(x->start, x->count, e->batch * sizeof *x->count);
    for (t = 0; x->order && t < e->steps; t++)
        for (i = e->rows - e->first[t + 1]; i < e->rows - e->first[t]; i++)
            x->order[i] = e->row[i] - (uint32_t)e->first[t];
}

void srnn_norm_end(const timeline *l)
{
    const norm_run *x = &l->r->norm;
    const extent *e = l->e;
    const srnn_real most = (srnn_real)l->config->norm_steps;
    size_t t, i;

    for (t = 0; l->p->crew->worker == 0 && x->count && t < e->steps; t++)
        for (i = extent_active(e, t + 1); i < extent_active(e, t); i++) {
            const size_t b = e->order[i];
            const srnn_real now = x->start[b] + (srnn_real)(t + 1);

            x->count[b] = now < most ? now : most;
        }
}
