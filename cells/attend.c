/* Running attention. Forward, each worker has some queries, whichever sequences
 * they belong to. Backward, after the scores' gradients, it has some columns of
 * everything: there every sum is a chain of its own, over the keys rising for a
 * query, over the queries' steps falling for a key. */
#include "attention.h"

#include <string.h>

/* Everything that one sequence's attention looks at; q and k are what is
 * compared, projected where the score says so, v the values. */
typedef struct scene {
    const pass *p;
    const node *n;
    run *r;
    attention_run *m;
    const srnn_kernels *kernel;
    const extent *queries, *keys;
    srnn_picked q, k, v;
    size_t width;
    srnn_real scale;
} scene;

static const run *input_of(const scene *c, size_t j)
{
    return &c->p->s->run[c->n->input[j]];
}

static const node *node_of(const scene *c, size_t j)
{
    return c->p->s->net->node[c->n->input[j]];
}

static const srnn_real *param_of(const scene *c, size_t i)
{
    return c->p->s->net->param[c->n->first_param + i]->data;
}

static scene scene_of(const pass *p, const node *n, run *r)
{
    scene c = {.p = p,
               .n = n,
               .r = r,
               .m = r->attention,
               .kernel = &p->s->net->k,
               .width = srnn_attention_width(p->s->net, n),
               .scale = (srnn_real)n->attention.scale};

    c.queries = srnn_extent_of(p, node_of(&c, QUERIES));
    c.keys = srnn_extent_of(p, node_of(&c, KEYS));
    c.q.x = c.m->q ? c.m->q : input_of(&c, QUERIES)->y;
    c.q.ld = c.m->q ? c.width : input_of(&c, QUERIES)->ldy;
    c.k.x = c.m->k ? c.m->k : input_of(&c, KEYS)->y;
    c.k.ld = c.m->k ? c.width : input_of(&c, KEYS)->ldy;
    c.v.x = input_of(&c, VALUES)->y;
    c.v.ld = input_of(&c, VALUES)->ldy;
    return c;
}

/* Turns to sequence b, to `count` of its queries from `first` on. */
static void turn(scene *c, size_t b, size_t first, size_t count)
{
    c->q.row = c->m->query + b * c->m->query_room + first;
    c->q.count = count;
    c->k.row = c->v.row = c->m->key + b * c->m->key_room;
    c->k.count = c->v.count = c->m->keys[b];
}

/* ---- lists --------------------------------------------------------------- */

/* The rows of the caller's sequence b, the first step's first or last. */
static size_t rows_of(const extent *e, size_t b, int falling, uint32_t *row)
{
    const size_t i = e->rank[b];
    size_t n = 0, t;

    while (i < extent_active(e, n))
        n++;
    for (t = 0; t < n; t++)
        row[falling ? n - 1 - t : t] = (uint32_t)(e->first[t] + i);
    return n;
}

static void make_lists(const scene *c)
{
    attention_run *m = c->m;
    size_t b, from, to;

    srnn_crew_span(c->p->crew, c->queries->batch, 1, &from, &to);
    for (b = from; b < to; b++) {
        m->queries[b] =
            rows_of(c->queries, b, 1, m->query + b * m->query_room);
        m->keys[b] = rows_of(c->keys, b, 0, m->key + b * m->key_room);
    }
}

/* Calls each for this worker's share of the queries. */
static void share(scene *c, void each(const scene *c))
{
    size_t b, at = 0, from, to;

    srnn_crew_span(c->p->crew, c->queries->rows, 1, &from, &to);
    for (b = 0; b < c->queries->batch; at += c->m->queries[b++]) {
        const size_t end = at + c->m->queries[b];
        const size_t first = from > at ? from : at;
        const size_t last = to < end ? to : end;

        if (first >= last)
            continue;
        turn(c, b, first - at, last - first);
        each(c);
    }
}

/* ---- forward ------------------------------------------------------------- */

static void project(const scene *c, const extent *e, size_t j,
                    const srnn_real *bias, srnn_real *to)
{
    const run *x = input_of(c, j);
    const srnn_panels *w = &c->n->panels[j];
    const srnn_rows rows = {{x->y}, {x->ldy}, {w->k}};
    size_t first, last;

    srnn_crew_span(c->p->crew, w->units, c->kernel->panel_units(1), &first,
                   &last);
    c->kernel->product(w, e->rows, &rows,
                       bias ? SRNN_START_BIAS : SRNN_START_ZERO, bias, to,
                       w->units, first, last);
}

static void attend(const scene *c)
{
    const srnn_kernels *k = c->kernel;
    const size_t ld = c->m->key_room;
    srnn_real *w = c->m->w;
    size_t i;

    if (c->n->attention.score == SRNN_SCORE_ADDITIVE)
        k->pair_tanh(c->width, &c->q, &c->k, param_of(c, 3), c->scale, w, ld);
    else
        k->pair_dot(c->width, &c->q, &c->k, c->scale, w, ld);
    for (i = 0; i < c->q.count; i++)
        k->softmax(1, c->k.count, w + c->q.row[i] * ld, ld,
                   w + c->q.row[i] * ld, ld);
    k->mix(c->n->features, w, ld, &c->v, SRNN_START_ZERO, c->r->own,
           c->n->features, c->q.row, c->q.count);
}

/* Projected keys stand until the keys are made again. */
void srnn_attention_forward(const pass *p, const node *n, run *r)
{
    scene c = scene_of(p, n, r);
    const size_t made = input_of(&c, KEYS)->made;

    make_lists(&c);
    if (c.m->q)
        project(&c, c.queries, QUERIES,
                n->attention.score == SRNN_SCORE_ADDITIVE ? param_of(&c, 2)
                                                          : NULL,
                c.m->q);
    if (c.m->k && c.m->projected != made)
        project(&c, c.keys, KEYS, NULL, c.m->k);
    srnn_pool_barrier(p->crew);
    share(&c, attend);
    if (p->crew->worker == 0)
        c.m->projected = made;
    srnn_pool_barrier(p->crew);
}

void srnn_attention_weights(const pass *p, const node *n, run *r)
{
    const node *of = p->s->net->node[n->input[0]];
    const attention_run *m = p->s->run[of->id].attention;
    const extent *e = srnn_extent_of(p, n);
    size_t b, i, s, from, to;

    srnn_crew_span(p->crew, e->batch, 1, &from, &to);
    for (b = from; b < to; b++)
        for (i = 0; i < m->queries[b]; i++) {
            const size_t row = m->query[b * m->query_room + i];

            for (s = 0; s < n->features; s++)
                r->own[row * n->features + s] =
                    s < m->keys[b] ? m->w[row * m->key_room + s] : 0;
        }
    srnn_pool_barrier(p->crew);
}

/* ---- backward ------------------------------------------------------------ */

/* de: first the weights' gradients, then those of what the scale multiplies. */
static void score_gradients(const scene *c)
{
    const size_t ld = c->m->key_room;
    const srnn_picked dy = {c->r->dy, c->n->features, c->q.count, c->q.row};
    size_t i;

    c->kernel->pair_dot(c->n->features, &dy, &c->v, 1, c->m->de, ld);
    for (i = 0; i < c->q.count; i++) {
        srnn_real *de = c->m->de + c->q.row[i] * ld;

        c->kernel->softmax_bwd(1, c->k.count, c->m->w + c->q.row[i] * ld, ld,
                               de, ld, c->scale, de, ld);
    }
}

/* Columns [from, to) of the additive score's projected rows: queries in the
 * order of a gradient's chain, so that v's runs through all of them. */
static void additive_columns(scene *c, size_t from, size_t to)
{
    const extent *e = c->queries;
    const size_t width = c->width;
    srnn_real *dv = c->p->s->gradient[c->n->first_param + 3];
    size_t t, b, i;

    for (i = 0; i < c->keys->rows; i++)
        memset(c->m->dk + i * width + from, 0, (to - from) * sizeof *dv);
    for (t = e->steps; t-- > 0;)
        for (b = 0; b < e->batch; b++) {
            const size_t row = e->first[t] + e->rank[b];

            if (e->rank[b] >= extent_active(e, t))
                continue;
            turn(c, b, 0, 0);
            c->k.x = c->m->k + from;
            c->kernel->pair_tanh_bwd(
                to - from, c->m->q + row * width + from, &c->k,
                param_of(c, 3) + from, c->m->de + row * c->m->key_room,
                c->m->dq + row * width + from, c->m->dk + from, width,
                dv + from);
        }
}

/* Of all sequences, columns [from, to) of dq = sum over keys of de k. */
static void query_columns(scene *c, srnn_start start, srnn_real *dq, size_t n,
                          size_t from, size_t to)
{
    size_t b;

    for (b = 0; b < c->queries->batch; b++) {
        turn(c, b, 0, c->m->queries[b]);
        c->k.x += from;
        c->kernel->mix(to - from, c->m->de, c->m->key_room, &c->k, start,
                       dq + from, n, c->q.row, c->q.count);
        c->k.x -= from;
    }
}

/* Of all sequences, columns [from, to) of dx = sum over queries of coef y: of
 * the keys or of the values. */
static void key_columns(scene *c, const srnn_real *coef, const srnn_real *y,
                        size_t ld, srnn_start start, srnn_real *dx, size_t n,
                        size_t from, size_t to)
{
    size_t b;

    for (b = 0; b < c->queries->batch; b++) {
        turn(c, b, 0, c->m->queries[b]);
        c->q.x = y + from;
        c->q.ld = ld;
        c->kernel->mix_bwd(to - from, coef, c->m->key_room, &c->q, start,
                           dx + from, n, c->k.row, c->k.count);
    }
}

static srnn_start start_of(const scene *c, size_t j)
{
    return c->r->adds[j] ? SRNN_START_VALUE : SRNN_START_ZERO;
}

static void span_of(const scene *c, size_t n, size_t *from, size_t *to)
{
    srnn_crew_span(c->p->crew, n, c->kernel->panel_units(1), from, to);
}

/* The gradient of input j, through its projection. */
static void unproject(const scene *c, size_t j, const extent *e,
                      const srnn_real *d)
{
    const run *x = input_of(c, j);
    const srnn_panels *w = &c->n->panels[j + 2];
    const srnn_rows rows = {{d}, {w->k}, {w->k}};
    size_t from, to;

    if (!x->wants_gradient)
        return;
    span_of(c, w->units, &from, &to);
    c->kernel->product(w, e->rows, &rows, start_of(c, j), NULL, x->dy,
                       w->units, from, to);
}

static void weight_gradient(const scene *c, size_t j, const extent *e,
                            const srnn_real *d)
{
    const srnn_session *s = c->p->s;
    const run *x = input_of(c, j);
    const size_t in = c->n->panels[j].k, out = c->n->panels[j].units;
    srnn_real *g = s->gradient[c->n->first_param + j];
    srnn_real *work = s->tn_work[c->p->crew->worker];
    size_t from, to;

    if (c->n->attention.score == SRNN_SCORE_GENERAL) {
        srnn_crew_span(c->p->crew, in, 1, &from, &to);
        c->kernel->gemm_tn(to - from, out, &e->links, x->y + from, x->ldy, d,
                           out, g + from * out, out, work);
        return;
    }
    srnn_crew_span(c->p->crew, out, 1, &from, &to);
    c->kernel->gemm_tn(to - from, in, &e->links, d + from, out, x->y, x->ldy,
                       g + from * in, in, work);
}

/* Gradients of what was compared; those of projected rows, then the weights'
 * and the queries'. */
static void query_gradients(scene *c)
{
    const srnn_score_kind score = c->n->attention.score;
    const run *x = input_of(c, QUERIES);
    size_t from, to;

    span_of(c, c->width, &from, &to);
    if (score == SRNN_SCORE_ADDITIVE)
        additive_columns(c, from, to);
    else if (score == SRNN_SCORE_GENERAL)
        query_columns(c, SRNN_START_ZERO, c->m->dq, c->width, from, to);
    else if (x->wants_gradient)
        query_columns(c, start_of(c, QUERIES), x->dy, c->width, from, to);
    if (score == SRNN_SCORE_DOT)
        return;
    srnn_pool_barrier(c->p->crew);
    unproject(c, QUERIES, c->queries, c->m->dq);
    weight_gradient(c, QUERIES, c->queries, c->m->dq);
}

static void key_gradients(scene *c)
{
    const run *k = input_of(c, KEYS), *v = input_of(c, VALUES);
    const size_t n = c->n->features;
    size_t from, to;

    if (c->m->k) {
        unproject(c, KEYS, c->keys, c->m->dk);
        weight_gradient(c, KEYS, c->keys, c->m->dk);
        srnn_crew_span(c->p->crew, c->width, 1, &from, &to);
        c->kernel->bias_grad(to - from, &c->queries->links, c->m->dq + from,
                             c->width,
                             c->p->s->gradient[c->n->first_param + 2] + from);
    } else if (k->wants_gradient) {
        span_of(c, c->width, &from, &to);
        key_columns(c, c->m->de, c->m->q ? c->m->q : input_of(c, QUERIES)->y,
                    c->m->q ? c->width : input_of(c, QUERIES)->ldy,
                    start_of(c, KEYS), k->dy, c->width, from, to);
    }
    if (!v->wants_gradient)
        return;
    span_of(c, n, &from, &to);
    key_columns(c, c->m->w, c->r->dy, n, start_of(c, VALUES), v->dy, n, from,
                to);
}

/* Inputs that are one node have one width, so the columns that a worker adds to
 * are those that it wrote, and no barrier stands between. */
void srnn_attention_backward(const pass *p, const node *n, run *r)
{
    scene c = scene_of(p, n, r);

    share(&c, score_gradients);
    srnn_pool_barrier(p->crew);
    query_gradients(&c);
    key_gradients(&c);
    srnn_pool_barrier(p->crew);
}
