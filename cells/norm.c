/* A normalised cell in time: y = gain (x - mean) / sqrt(var + eps) + bias of
 * W x, R h and c.
 *
 * Layer norm works on whole rows, which the crew shares out after each product;
 * batch norm on whole columns, so that each worker goes on with its own units.
 * The elementwise functions are those of the plain cells: their product has
 * gone through the norm, and b_ih and b_hh are the norm's biases. */
#include "norm.h"

/* The part of a step that is one worker's: rows of the step, units. */
typedef struct share {
    size_t row, rows;
    size_t from, to;
} share;

/* Forward what is normalised and where it goes, backward a gradient and that
 * before the norm: row 0 of step t, gate g at slot[g] units (NULL: g). */
typedef struct field {
    const srnn_real *x;
    size_t ldx;
    const size_t *slot;
    srnn_real *y;
    size_t ldy;
} field;

static int of_layer(const timeline *l)
{
    return l->row->norm.kind == SRNN_NORM_LAYER;
}

static size_t gates_of(const timeline *l, enum norm_part part)
{
    return part == NORM_C ? 1 : l->row->gates;
}

static srnn_real *slot_at(const timeline *l, size_t t, size_t slot)
{
    return l->r->gate + l->e->first[t] * l->gate_ld + slot * l->hidden;
}

/* Columns [from, from + n) of a part, the kernel's operands not yet set. */
static srnn_norm norm_of(const timeline *l, enum norm_part part, size_t from,
                         size_t n)
{
    static const enum layer_param gain[] = {N_IH, N_HH, N_C};
    static const enum layer_param from_param[] = {B_IH, B_HH, N_C_BIAS};
    const srnn_real *bias = part == NORM_H && l->y->full
                                ? l->y->full
                                : l->y->param[from_param[part]].data;

    return (srnn_norm){.n = n,
                       .gain = l->y->param[gain[part]].data + from,
                       .bias = bias + from,
                       .eps = (srnn_real)l->config->norm_eps};
}

/* ---- layer norm: rows ---------------------------------------------------- */

/* One group of gates of the share's rows; `first` is the row of row 0. */
static srnn_norm group_of(const timeline *l, enum norm_part part, size_t i,
                          size_t first, const share *s, const field *f)
{
    const norm_row *w = &l->row->norm;
    const size_t stats = 2 * w->groups + 1, h = l->hidden;
    const size_t gate = part == NORM_C ? 0 : w->first[i];
    const size_t gates = part == NORM_C ? 1 : w->first[i + 1] - gate;
    srnn_norm p = norm_of(l, part, gate * h, gates * h);

    p.rows = s->rows;
    p.x = f->x + s->row * f->ldx + (f->slot ? f->slot[gate] : gate) * h;
    p.ldx = f->ldx;
    p.y = f->y + s->row * f->ldy + gate * h;
    p.ldy = f->ldy;
    if (l->r->gate) {
        p.hat = l->r->gate + (first + s->row) * l->gate_ld +
                (w->hat[part] + gate) * h;
        p.ldhat = l->gate_ld;
        p.rstd = l->r->norm.rstd + (first + s->row) * stats +
                 (size_t)part * w->groups + i;
        p.ldrstd = stats;
    }
    return p;
}

static void rows(const timeline *l, enum norm_part part, size_t first,
                 const share *s, const field *f, int back)
{
    const size_t groups = part == NORM_C ? 1 : l->row->norm.groups;
    size_t i;

    for (i = 0; i < groups; i++) {
        const srnn_norm p = group_of(l, part, i, first, s, f);

        (back ? l->k->norm_rows_bwd : l->k->norm_rows)(&p);
    }
}

/* ---- batch norm: columns ------------------------------------------------- */

/* The step of its sequence that row i is at in step t of the pass, at most the
 * last that has statistics of its own. */
static size_t time_of(const timeline *l, size_t i, size_t t)
{
    const size_t last = l->config->norm_steps - 1;
    const srnn_real at = l->r->norm.start[l->e->order[i]] + (srnn_real)t;

    if (at < (srnn_real)last)
        return at > 0 ? (size_t)at : 0;
    return last;
}

static size_t average_at(const timeline *l, enum norm_part part, size_t time,
                         size_t column)
{
    return time * gates_of(l, part) * l->hidden + column;
}

static void take_averages(const timeline *l, enum norm_part part, size_t time,
                          size_t column, srnn_norm *p)
{
    const size_t at = average_at(l, part, time, column);

    p->given = 1;
    p->mean = (srnn_real *)l->y->param[M_IH + 2 * (int)part].data + at;
    p->var = (srnn_real *)l->y->param[M_IH + 2 * (int)part + 1].data + at;
}

/* Where step t of the pass keeps mean, variance and rstd of a column. */
static srnn_real *moment_at(const timeline *l, enum norm_part part, size_t t,
                            int which, size_t column)
{
    const size_t gates = l->row->gates, all = 2 * gates + (size_t)l->row->has_c;

    return l->r->norm.moment + (3 * t + (size_t)which) * all * l->hidden +
           (size_t)part * gates * l->hidden + column;
}

/* A step with one row has no variance: the averages stand in for it. */
static void train_columns(const timeline *l, enum norm_part part, size_t t,
                          size_t column, srnn_norm *p)
{
    p->rows = extent_active(l->e, t);
    p->order = l->r->norm.order + l->e->rows - l->e->first[t + 1];
    p->hat = slot_at(l, t, l->row->norm.hat[part]) + column;
    p->ldhat = l->gate_ld;
    p->mean = moment_at(l, part, t, 0, column);
    p->var = moment_at(l, part, t, 1, column);
    p->rstd = moment_at(l, part, t, 2, column);
    if (p->rows == 1)
        take_averages(l, part, time_of(l, 0, t), column, p);
}

/* Rows that are at the same step of their sequences go together. */
static void infer_columns(const timeline *l, enum norm_part part, size_t t,
                          size_t column, srnn_norm *p)
{
    const size_t all = extent_active(l->e, t);
    size_t i, j, time;

    for (i = 0; i < all; i = j) {
        time = time_of(l, i, t);
        for (j = i + 1; j < all && time_of(l, j, t) == time; j++)
            continue;
        take_averages(l, part, time, column, p);
        p->rows = j - i;
        l->k->norm_columns(p);
        p->x += p->rows * p->ldx;
        p->y += p->rows * p->ldy;
    }
}

static void columns(const timeline *l, enum norm_part part, size_t t,
                    const share *s, const field *f, int back)
{
    const size_t h = l->hidden;
    size_t gate;

    for (gate = 0; s->from < s->to && gate < gates_of(l, part); gate++) {
        const size_t column = gate * h + s->from;
        srnn_norm p = norm_of(l, part, column, s->to - s->from);

        p.x = f->x + (f->slot ? f->slot[gate] : gate) * h + s->from;
        p.ldx = f->ldx;
        p.y = f->y + column;
        p.ldy = f->ldy;
        if (!l->r->gate) {
            infer_columns(l, part, t, column, &p);
            continue;
        }
        train_columns(l, part, t, column, &p);
        (back ? l->k->norm_columns_bwd : l->k->norm_columns)(&p);
    }
}

/* ---- a step -------------------------------------------------------------- */

static void normalise(const timeline *l, enum norm_part part, size_t t,
                      const share *s, const field *f, int back)
{
    if (of_layer(l))
        rows(l, part, l->e->first[t], s, f, back);
    else
        columns(l, part, t, s, f, back);
}

/* After a product of units [from, to): whole rows of it wait for the others. */
static share share_of(const timeline *l, size_t t, size_t from, size_t to)
{
    share s = {0, extent_active(l->e, t), from, to};
    size_t end;

    if (!of_layer(l))
        return s;
    srnn_pool_barrier(l->p->crew);
    srnn_crew_span(l->p->crew, s.rows, 1, &s.row, &end);
    s.rows = end - s.row;
    s.from = 0;
    s.to = l->hidden;
    return s;
}

static void call(const timeline *l, enum srnn_tile_kind tile,
                 const srnn_cell *c, const srnn_real *prod, size_t ld,
                 const share *s)
{
    srnn_call_tile(l->k->tile[tile], c, prod, ld, s->row, s->rows, s->from,
                   s->to);
}

void srnn_norm_forward(const timeline *l, const srnn_cell *c, size_t t)
{
    const phase *f = &l->row->forward[0];
    const srnn_panels *w = &l->y->forward[0];
    const size_t ld = f->gates * l->hidden;
    srnn_real *prod = l->r->product[0];
    const srnn_rows h = {{c->h_prev}, {c->ldh_prev}, {w->k}};
    srnn_real *y = c->work ? c->work + l->hidden : NULL;
    size_t from, to;
    share s;

    srnn_crew_span(l->p->crew, w->units, l->k->panel_units(w->gates), &from,
                   &to);
    l->k->product(w, extent_active(l->e, t), &h, SRNN_START_ZERO, NULL, prod,
                  ld, from, to);
    s = share_of(l, t, from, to);
    normalise(l, NORM_H, t, &s, &(field){prod, ld, NULL, prod, ld}, 0);
    call(l, f->tile, c, prod, ld, &s);
    if (!l->row->has_c)
        return;
    normalise(l, NORM_C, t, &s, &(field){c->c, c->ldc, NULL, y, c->ldwork}, 0);
    call(l, SRNN_TILE_LSTM_H, c, y, c->ldwork, &s);
}

/* ---- the input part ------------------------------------------------------ */

/* Of steps [t0, t1) at once: layer norm knows no steps. */
void srnn_norm_input(const timeline *l, srnn_real *pre, size_t t0, size_t t1)
{
    const size_t *first = l->e->first, ld = l->gate_ld;
    share s = {0};
    size_t t;

    if (of_layer(l)) {
        srnn_crew_span(l->p->crew, first[t1] - first[t0], 1, &s.row, &s.rows);
        s.rows -= s.row;
        rows(l, NORM_X, first[t0], &s, &(field){pre, ld, NULL, pre, ld}, 0);
    } else {
        srnn_crew_span(l->p->crew, l->hidden, l->k->panel_units(1), &s.from,
                       &s.to);
        for (t = t0; t < t1; t++) {
            srnn_real *at = pre + (first[t] - first[t0]) * ld;

            columns(l, NORM_X, t, &s, &(field){at, ld, NULL, at, ld}, 0);
        }
    }
    srnn_pool_barrier(l->p->crew);
}

/* ---- gradients of the parameters ----------------------------------------- */

/* Columns [from, from + n) of a parameter: a chain over the rows of step t of
 * slot d times slot hat; without hat, of slot d alone. Step by step it is that
 * over all rows, while they are still in a cache. */
static void gradient(const timeline *l, size_t t, enum layer_param of,
                     size_t column, size_t from, size_t n, size_t d,
                     const size_t *hat)
{
    const size_t skip = l->e->rows - l->e->first[t + 1];
    const srnn_links step = {extent_active(l->e, t), l->e->links.a + skip,
                             l->e->links.b + skip};
    srnn_real *to = l->p->s->gradient[l->y->param[of].number] + column + from;
    const srnn_real *a = l->r->gate + d * l->hidden + from;

    if (hat)
        l->k->diagonal_grad(n, &step, a, l->gate_ld,
                            l->r->gate + *hat * l->hidden + from, l->gate_ld,
                            to);
    else
        l->k->bias_grad(n, &step, a, l->gate_ld, to);
}

static void gains(const timeline *l, size_t t, size_t from, size_t n)
{
    const norm_row *w = &l->row->norm;
    size_t g, hat;

    for (g = 0; n && g < l->row->gates; g++) {
        hat = w->hat[NORM_X] + g;
        gradient(l, t, N_IH, g * l->hidden, from, n, g, &hat);
        gradient(l, t, B_IH, g * l->hidden, from, n, g, NULL);
        hat = w->hat[NORM_H] + g;
        gradient(l, t, N_HH, g * l->hidden, from, n, w->d[g], &hat);
        if (g < l->y->biases)
            gradient(l, t, B_HH, g * l->hidden, from, n, w->d[g], NULL);
    }
    if (n && l->row->has_c) {
        gradient(l, t, N_C, 0, from, n, w->work + 1, &w->hat[NORM_C]);
        gradient(l, t, N_C_BIAS, 0, from, n, w->work + 1, NULL);
    }
}

/* How far one step's moments move the averages. */
static void average(const timeline *l, enum norm_part part, size_t t,
                    size_t from, size_t n)
{
    const size_t time = time_of(l, 0, t);
    size_t g;
    int which;

    for (g = 0; g < gates_of(l, part); g++)
        for (which = 0; which < 2; which++) {
            const size_t column = g * l->hidden + from;
            const size_t at = average_at(l, part, time, column);
            const int of = M_IH + 2 * (int)part + which;

            l->k->average(n, (srnn_real)l->config->norm_momentum,
                          moment_at(l, part, t, which, column),
                          l->y->param[of].data + at,
                          l->p->s->gradient[l->y->param[of].number] + at);
        }
}

static void averages(const timeline *l, size_t t, size_t from, size_t n)
{
    size_t part;

    for (part = 0; n && part < NORM_C + (size_t)l->row->has_c; part++)
        if (extent_active(l->e, t) > 1)
            average(l, (enum norm_part)part, t, from, n);
}

/* ---- a step back --------------------------------------------------------- */

/* Layer norm's workers hand each other rows for columns, and back. */
static void exchange(const timeline *l)
{
    if (of_layer(l))
        srnn_pool_barrier(l->p->crew);
}

void srnn_norm_backward(const timeline *l, const srnn_cell *c, size_t t)
{
    const norm_row *w = &l->row->norm;
    const size_t ld = l->gate_ld;
    const field h = {slot_at(l, t, 0), ld, w->d,
                     slot_at(l, t, w->hat[NORM_H]), ld};
    const field x = {h.x, ld, NULL, slot_at(l, t, w->hat[NORM_X]), ld};
    size_t from, to;
    share s;

    srnn_crew_span(l->p->crew, l->hidden, l->k->panel_units(1), &from, &to);
    s = share_of(l, t, from, to);
    if (l->row->has_c) {
        const field cell = {c->work + l->hidden, c->ldwork, NULL, c->work,
                            c->ldwork};

        normalise(l, NORM_C, t, &s, &cell, 1);
        call(l, SRNN_TILE_LSTM_C_BWD, c, c->work, c->ldwork, &s);
        exchange(l);
    }
    gains(l, t, from, to - from);
    if (!of_layer(l))
        averages(l, t, from, to - from);
    exchange(l);
    normalise(l, NORM_H, t, &s, &h, 1);
    normalise(l, NORM_X, t, &s, &x, 1);
}
