/* Masks from the counter-based generator: each row is a function of seed,
 * update, node, purpose, step and sequence, so that it is the same wherever the
 * row lies and whoever makes it. */
#include "trainer.h"

srnn_status srnn_rate_check(const char *name, const char *what, double rate)
{
    if (rate >= 0 && rate < 1)
        return SRNN_OK;
    return srnn_fail(SRNN_EINVAL,
                     "node '%.60s': %s is %g, must be 0 to below 1",
                     name ? name : "", what, rate);
}

static uint64_t key_of(const pass *p, const node *n, uint32_t purpose)
{
    const mask_names *x = &p->s->names;

    return srnn_mask_key(x->seed, x->update, (uint32_t)n->id, purpose);
}

/* The name of sequence q of an axis: the caller's, or that of the row it lies
 * under, a function of that row's sequence and step. */
static uint64_t sequence_of(const pass *p, srnn_axis a, size_t q)
{
    const srnn_axis over = p->s->net->axis[a].parent;
    const mask_names *x = &p->s->names;
    const size_t wide = a ? p->s->axis[over].extent.batch : 0;

    if (a == SRNN_BATCH || over == SRNN_BATCH)
        return x->sequence[q];
    return srnn_mask_key(sequence_of(p, over, q % wide),
                         (over == SRNN_TIME ? x->step : 0) + q / wide,
                         (uint32_t)a, 0);
}

/* A worker's part of the masks of a node's rows; once: of its sequences. */
static void draw(const pass *p, const node *n, const srnn_mask *m, int once,
                 size_t columns, srnn_real *to)
{
    const extent *e = srnn_extent_of(p, n);
    const uint64_t step = n->axis == SRNN_TIME ? p->s->names.step : 0;
    size_t t, i, from, end;

    srnn_crew_span(p->crew, once ? e->batch : e->rows, 1, &from, &end);
    for (i = from; once && i < end; i++)
        p->s->net->k.mask(m, 0, sequence_of(p, n->axis, e->order[i]), columns,
                          to + i * columns);
    for (t = 0; !once && t < e->steps; t++)
        for (i = 0; i < extent_active(e, t); i++) {
            const size_t row = e->first[t] + i;

            if (row >= from && row < end)
                p->s->net->k.mask(m, step + t,
                                  sequence_of(p, n->axis, e->order[i]),
                                  columns, to + row * columns);
        }
}

/* ---- rows --------------------------------------------------------------- */

void srnn_drop_carve(const srnn_session *s, const node *n, dropping *x,
                     arena *a)
{
    const size_t reals = srnn_rows_of(s, n) * x->columns;

    if (!x->columns || !s->training)
        return;
    x->mask = srnn_arena_reals(
        a, x->once ? s->axis[n->axis].batch * x->columns : reals);
    x->y = srnn_arena_reals(a, reals);
}

typedef void row_fn(const srnn_kernels *k, size_t n, const srnn_real *x,
                    const srnn_real *mask, srnn_real *y);

static void multiply(const srnn_kernels *k, size_t n, const srnn_real *x,
                     const srnn_real *mask, srnn_real *y)
{
    k->multiply(n, x, mask, y);
}

static void multiply_add(const srnn_kernels *k, size_t n, const srnn_real *x,
                         const srnn_real *mask, srnn_real *y)
{
    k->multiply_add(n, x, mask, y);
}

/* A worker's part of the rows, each with its mask. */
static void each_row(const pass *p, const node *n, const dropping *d,
                     const srnn_real *x, size_t ldx, srnn_real *y, row_fn *fn)
{
    const extent *e = srnn_extent_of(p, n);
    size_t t, i, from, to;

    srnn_crew_span(p->crew, e->rows, 1, &from, &to);
    for (t = 0; t < e->steps; t++)
        for (i = 0; i < extent_active(e, t); i++) {
            const size_t row = e->first[t] + i;

            if (row >= from && row < to)
                fn(&p->s->net->k, d->columns, x + row * ldx,
                   d->mask + (d->once ? i : row) * d->columns,
                   y + row * d->columns);
        }
    srnn_pool_barrier(p->crew);
}

void srnn_drop_forward(const pass *p, const node *n, const dropping *d,
                       const srnn_real **rows, size_t *ld)
{
    srnn_mask m;

    if (!d->columns || !p->s->names.draw)
        return;
    m = srnn_mask_dropout(key_of(p, n, d->purpose), d->p);
    draw(p, n, &m, d->once, d->columns, d->mask);
    srnn_pool_barrier(p->crew);
    each_row(p, n, d, *rows, *ld, d->y, multiply);
    *rows = d->y;
    *ld = d->columns;
}

void srnn_drop_backward(const pass *p, const node *n, const dropping *d,
                        const srnn_real *dy, srnn_real *dx, int adds)
{
    each_row(p, n, d, dy, d->columns, dx, adds ? multiply_add : multiply);
}

/* ---- states of a layer --------------------------------------------------- */

static size_t h_width(const node *n)
{
    return n->recurrent.projection ? n->recurrent.projection
                                   : n->recurrent.hidden;
}

void srnn_layer_masks_carve(const srnn_session *s, const node *n,
                            layer_masks *m, arena *a)
{
    const double p[2] = {n->recurrent.zoneout_h, n->recurrent.zoneout_c};
    const size_t h = n->recurrent.hidden, out = h_width(n);
    const size_t batch = s->axis[n->axis].batch, rows = srnn_rows_of(s, n);
    size_t i, u;

    m->width[0] = out;
    m->width[1] = h;
    for (i = 0; i < 2; i++) {
        m->zones[i] = p[i] > 0;
        if (!m->zones[i])
            continue;
        m->rate[i] = srnn_arena_reals(a, m->width[i]);
        for (u = 0; a->base && u < m->width[i]; u++)
            m->rate[i][u] = (srnn_real)p[i];
        if (s->training)
            m->zone[i] = srnn_arena_reals(a, rows * m->width[i]);
    }
    if (m->zones[1])
        m->c_own = srnn_arena_reals(a, (s->training ? rows : batch) * h);
    m->drops = s->training && n->recurrent.dropout_hidden > 0;
    m->any = m->zones[0] || m->zones[1] || m->drops;
    if (m->drops) {
        m->drop = srnn_arena_reals(a, batch * out);
        m->dropped = srnn_arena_reals(a, (batch + rows) * out);
    }
}

void srnn_layer_masks_draw(const pass *p, const node *n, size_t l,
                           const layer_masks *m)
{
    const double rate[2] = {n->recurrent.zoneout_h, n->recurrent.zoneout_c};
    const uint32_t purpose = (uint32_t)l * MASK_USES;
    srnn_mask mask;
    uint32_t i;

    if (!p->s->names.draw)
        return;
    for (i = 0; i < 2; i++)
        if (m->zones[i]) {
            mask = srnn_mask_zoneout(key_of(p, n, purpose + MASK_ZONE_H + i),
                                     rate[i]);
            draw(p, n, &mask, 0, m->width[i], m->zone[i]);
        }
    if (m->drops) {
        mask = srnn_mask_dropout(key_of(p, n, purpose + MASK_HIDDEN),
                                 n->recurrent.dropout_hidden);
        draw(p, n, &mask, 1, m->width[0], m->drop);
    }
    srnn_pool_barrier(p->crew);
}

int srnn_layer_masking(const pass *p, const layer_masks *m, srnn_masking *to)
{
    const size_t out = m->width[0], h = m->width[1];
    const int draws = p->s->names.draw;

    *to = (srnn_masking){.zone_h = draws ? m->zone[0] : m->rate[0],
                         .zone_c = draws ? m->zone[1] : m->rate[1],
                         .ldzone = draws ? h : 0,
                         .drop = draws ? m->drop : NULL,
                         .lddrop = out,
                         .c_own = m->c_own,
                         .ldc_own = h,
                         .dropped = m->dropped,
                         .lddropped = out};
    return to->zone_h || to->zone_c || to->drop;
}

/* ---- names -------------------------------------------------------------- */

srnn_status srnn_trainer_sequences(srnn_trainer *t, const uint64_t *ids,
                                   uint64_t first_step)
{
    mask_names *x;
    size_t b;

    if (!t)
        return srnn_fail(SRNN_EINVAL, "trainer is NULL");
    x = &t->session->names;
    x->first = first_step;
    for (b = 0; b < t->session->batch; b++)
        x->sequence[b] = ids ? ids[b] : b;
    return SRNN_OK;
}

uint64_t srnn_trainer_step(const srnn_trainer *t)
{
    return t ? t->session->names.first : 0;
}
