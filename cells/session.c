/* Sessions: one block of memory for everything that a run keeps, carved at
 * open, and the states in it. run.c runs them. */
#include "layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_ROWS 128
/* A session of this size or more is not counted further: none can be had. */
#define MOST_BYTES (SIZE_MAX / 4 / ALIGNMENT * ALIGNMENT)

/* ---- memory ------------------------------------------------------------ */

void *srnn_arena_take(arena *a, size_t bytes)
{
    void *p = a->base ? a->base + a->used : NULL;

    if (bytes > MOST_BYTES - a->used)
        a->used = MOST_BYTES;
    else
        a->used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return p;
}

srnn_real *srnn_arena_reals(arena *a, size_t n)
{
    return srnn_arena_take(a, n < MOST_BYTES / sizeof(srnn_real)
                                  ? n * sizeof(srnn_real)
                                  : MOST_BYTES);
}

void srnn_output_carve(const srnn_session *s, const node *n, run *r,
                       arena *a)
{
    const size_t reals = srnn_rows_of(s, n) * n->features;

    r->own = srnn_arena_reals(a, reals);
    r->y = r->own;
    r->ldy = n->features;
    if (s->training)
        r->dy = srnn_arena_reals(a, reals);
}

/* ---- axes --------------------------------------------------------------- */

static size_t block_rows(size_t batch, size_t most)
{
    const size_t steps = batch && batch < BLOCK_ROWS ? BLOCK_ROWS / batch : 1;

    return batch * (steps < most ? steps : most);
}

/* Rows are counted in 32 bits. */
static size_t most_steps(size_t batch)
{
    return batch ? INT32_MAX / batch : INT32_MAX;
}

/* The room of every axis. */
static srnn_status size_axes(srnn_session *s, const run_config *c)
{
    const srnn_net *net = s->net;
    size_t i;

    s->axis[SRNN_BATCH] = (axis_run){.batch = c->batch, .steps = 1,
                                     .now = 1, .block = c->batch};
    for (i = SRNN_TIME; i < net->axes; i++) {
        const axis_run *over = &s->axis[net->axis[i].parent];
        const size_t batch = over->batch * over->steps;
        const size_t steps = c->steps[i] ? c->steps[i] : c->steps[SRNN_TIME];

        if (steps == 0 || steps > most_steps(batch))
            return srnn_fail(SRNN_ESHAPE,
                             "steps is %zu on axis '%s', must be 1 to %zu at "
                             "%zu sequences",
                             steps, net->axis[i].name, most_steps(batch),
                             batch);
        s->axis[i] = (axis_run){.batch = batch, .steps = steps,
                                .block = block_rows(batch, steps)};
    }
    return SRNN_OK;
}

static void carve_axis(axis_run *x, arena *a)
{
    extent *e = &x->extent;
    const size_t rows = x->steps * x->batch;

    e->batch = x->batch;
    e->first = srnn_arena_take(a, (x->steps + 2) * sizeof *e->first);
    e->order = srnn_arena_take(a, x->batch * sizeof *e->order);
    e->rank = srnn_arena_take(a, x->batch * sizeof *e->rank);
    e->row = srnn_arena_take(a, rows * sizeof *e->row);
    e->before = srnn_arena_take(a, rows * sizeof *e->before);
    x->given = srnn_arena_take(a, x->batch * sizeof *x->given);
    x->length = srnn_arena_take(a, x->batch * sizeof *x->length);
}

/* ---- layout -------------------------------------------------------------- */

static size_t most_layers(const srnn_net *net)
{
    size_t i, n = 0;

    for (i = 0; i < net->nodes; i++)
        n += 2 * net->node[i]->recurrent.layers;
    return n;
}

static size_t most_tn_work(const srnn_net *net)
{
    size_t i, most = 0;

    for (i = 0; i < net->params; i++) {
        const param *p = net->param[i];
        size_t n = net->k.gemm_tn_work(p->shape[0], p->shape[1]);

        if (p->rank == 2 && n > most)
            most = n;
    }
    return most;
}

size_t srnn_states_reals(const srnn_session *s)
{
    const srnn_net *net = s->net;
    size_t i, width = 0;

    for (i = 0; i < net->nodes; i++)
        if (net->node[i]->layer && net->node[i]->axis == SRNN_TIME)
            width += srnn_listed_width(net->node[i]);
    return s->batch * width;
}

/* Lays the session out over the arena: twice the same calls, first to count,
 * then to carve. */
static void carve(srnn_session *s, size_t kept, arena *a)
{
    const srnn_net *net = s->net;
    run none = {0};
    size_t i;

    s->run = srnn_arena_take(a, net->nodes * sizeof *s->run);
    s->state = srnn_arena_take(a, most_layers(net) * (CARRIES + 1) *
                                       sizeof *s->state);
    s->chain = srnn_arena_take(a, most_layers(net) * sizeof *s->chain);
    for (i = 0; i < net->axes; i++)
        carve_axis(&s->axis[i], a);
    if (s->training)
        s->tn_work = srnn_arena_take(a, s->workers * sizeof *s->tn_work);
    if (s->training)
        s->names.sequence =
            srnn_arena_take(a, s->batch * sizeof *s->names.sequence);
    for (i = 0; s->training && i < s->workers; i++) {
        srnn_real *work = srnn_arena_reals(a, most_tn_work(net));

        if (a->base)
            s->tn_work[i] = work;
    }
    s->kept = srnn_arena_reals(a, kept * srnn_states_reals(s));
    for (i = 0; i < net->nodes; i++) {
        const node *n = net->node[i];
        run *r = a->base ? &s->run[i] : &none;

        r->adds = srnn_arena_take(a, n->inputs * sizeof *r->adds);
        n->kind->carve(s, n, r, a);
        if (a->base && n->axis == SRNN_TIME && n->kind->states)
            n->kind->states(s, n, r);
    }
}

void srnn_state_add(srnn_session *s, const node *n, const char *what,
                    size_t l, int reverse, size_t width, srnn_real *data,
                    srnn_real *gradient)
{
    state_entry *x = &s->state[s->states++];

    snprintf(x->name, sizeof x->name, "%s.%s_l%zu%s", n->name, what, l,
             reverse ? "_reverse" : "");
    x->width = width;
    x->data = data;
    x->gradient = gradient;
}

/* ---- what leads to a loss ----------------------------------------------- */

/* From the losses back: which outputs need a gradient, and which backward call
 * is the first to write it (the one of the last node that reads it). */
static void mark_inputs(srnn_session *s, const node *n, int of_inputs)
{
    run *r = &s->run[n->id];
    size_t j;

    for (j = 0; j < n->inputs; j++) {
        const node *x = s->net->node[n->input[j]];
        run *xr = &s->run[x->id];

        if (j < 32 && n->cut >> j & 1)
            continue;
        xr->leads = 1;
        if (x->is_tokens || n->kind == &srnn_kind_state ||
            (x->kind == &srnn_kind_input && !of_inputs))
            continue;
        r->adds[j] = xr->wants_gradient;
        xr->wants_gradient = 1;
    }
}

static void mark_gradients(srnn_session *s, int of_inputs)
{
    const srnn_net *net = s->net;
    size_t i;

    for (i = net->nodes; i-- > 0;) {
        s->run[i].leads |= net->node[i]->kind->is_loss;
        if (s->run[i].leads)
            mark_inputs(s, net->node[i], of_inputs);
    }
}

/* ---- open and close ---------------------------------------------------- */

static srnn_status check_config(const srnn_net *net, const run_config *c)
{
    size_t i;

    if (!net)
        return srnn_fail(SRNN_EINVAL, "net is NULL");
    if (net->nodes == 0)
        return srnn_fail(SRNN_EINVAL, "the net has no nodes");
    if (c->batch > INT32_MAX)
        return srnn_fail(SRNN_ESHAPE, "batch is %zu, must be at most %d",
                         c->batch, INT32_MAX);
    if (c->steps[SRNN_TIME] == 0 ||
        c->steps[SRNN_TIME] > most_steps(c->batch))
        return srnn_fail(SRNN_ESHAPE,
                         "steps is %zu, must be 1 to %zu at batch %zu",
                         c->steps[SRNN_TIME], most_steps(c->batch), c->batch);
    for (i = 0; c->training && c->batch == 1 && i < net->nodes; i++)
        if (net->node[i]->recurrent.norm == SRNN_NORM_BATCH &&
            net->axis[net->node[i]->axis].parent == SRNN_BATCH)
            return srnn_fail(SRNN_ESHAPE,
                             "batch is 1, batch norm in node '%s' trains on 2 "
                             "or more", net->node[i]->name);
    if (c->threads == 0 || c->threads > 1024)
        return srnn_fail(SRNN_EINVAL, "threads is %zu, must be 1 to 1024",
                         c->threads);
    if ((uintptr_t)c->memory % ALIGNMENT)
        return srnn_fail(SRNN_EINVAL,
                         "memory is %zu bytes off %d-byte alignment",
                         (size_t)((uintptr_t)c->memory % ALIGNMENT),
                         ALIGNMENT);
    return SRNN_OK;
}

/* What a single step reads and writes. */
static void find_ends(srnn_session *s)
{
    size_t i;

    s->first = s->last = -1;
    for (i = 0; i < s->net->nodes; i++) {
        const node *n = s->net->node[i];

        if (n->kind == &srnn_kind_input) {
            s->first = n->id;
            s->inputs++;
        }
        if (!n->is_tokens && !n->kind->is_loss && n->axis == SRNN_TIME)
            s->last = n->id;
    }
}

static srnn_status begin(srnn_session *s, const srnn_net *net,
                         const run_config *c)
{
    *s = (srnn_session){.net = net,
                        .batch = c->batch,
                        .steps = c->steps[SRNN_TIME],
                        .workers = c->threads,
                        .useful = c->threads,
                        .training = c->training,
                        .longest = c->longest,
                        .gradient = c->gradient};
    return size_axes(s, c);
}

size_t srnn_session_bytes(const srnn_net *net, const run_config *c)
{
    srnn_session s;
    arena a = {0};

    if (check_config(net, c) || begin(&s, net, c))
        return 0;
    srnn_arena_take(&a, sizeof s);
    carve(&s, c->kept, &a);
    return a.used;
}

srnn_status srnn_session_make(srnn_session **session, const srnn_net *net,
                              const run_config *c)
{
    srnn_status status = check_config(net, c);
    size_t bytes = status ? 0 : srnn_session_bytes(net, c);
    arena a = {c->memory, 0};
    srnn_session *s;

    if (!status && bytes == 0)
        return SRNN_ESHAPE;
    if (status)
        return status;
    if (!a.base)
        a.base = aligned_alloc(ALIGNMENT, bytes);
    if (!a.base)
        return srnn_fail(SRNN_ENOMEM, "session: no memory for %zu bytes",
                         bytes);
    memset(a.base, 0, bytes);
    s = srnn_arena_take(&a, sizeof *s);
    begin(s, net, c);
    find_ends(s);
    s->allocated = c->memory ? NULL : a.base;
    carve(s, c->kept, &a);
    srnn_extent_set(&s->axis[SRNN_BATCH].extent, NULL, 0, 1);
    srnn_extent_link(&s->axis[SRNN_BATCH].extent);
    if (c->training)
        mark_gradients(s, c->input_gradients);
    if (s->useful > srnn_processors())
        s->useful = srnn_processors();
    status = srnn_pool_open(&s->pool, s->workers);
    if (status) {
        free(s->allocated);
        return status;
    }
    atomic_fetch_add(&((srnn_net *)net)->users, 1);
    *session = s;
    return SRNN_OK;
}

srnn_session_config srnn_session_default(void)
{
    return (srnn_session_config){.batch = 1, .steps = 16, .threads = 1};
}

void srnn_run_steps(run_config *c, size_t steps,
                    const size_t axis_steps[SRNN_AXES])
{
    memcpy(c->steps, axis_steps, sizeof c->steps);
    c->steps[SRNN_TIME] = steps;
}

static run_config plain_run(const srnn_session_config *c)
{
    run_config r = {.batch = c->batch,
                    .threads = c->threads,
                    .memory = c->memory};

    srnn_run_steps(&r, c->steps, c->axis_steps);
    return r;
}

size_t srnn_session_size(const srnn_net *net,
                         const srnn_session_config *config)
{
    run_config c;

    if (!config) {
        srnn_fail(SRNN_EINVAL, "config is NULL");
        return 0;
    }
    c = plain_run(config);
    return srnn_session_bytes(net, &c);
}

srnn_status srnn_session_open(srnn_session **session, const srnn_net *net,
                              const srnn_session_config *config)
{
    run_config c;

    if (!session || !config)
        return srnn_fail(SRNN_EINVAL, "%s is NULL",
                         session ? "config" : "session");
    c = plain_run(config);
    return srnn_session_make(session, net, &c);
}

void srnn_session_close(srnn_session *session)
{
    if (!session)
        return;
    srnn_pool_close(session->pool);
    atomic_fetch_sub(&((srnn_net *)session->net)->users, 1);
    free(session->allocated);
}

/* ---- states ------------------------------------------------------------ */

size_t srnn_session_states(const srnn_session *session)
{
    return session ? session->states : 0;
}

srnn_status srnn_session_state_at(const srnn_session *s, size_t i,
                                  int gradient, srnn_tensor *out)
{
    const state_entry *x;

    if (!s || !out)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", s ? "state" : "session");
    if (i >= s->states)
        return srnn_fail(SRNN_EINVAL, "state %zu of %zu", i, s->states);
    x = &s->state[i];
    *out = (srnn_tensor){x->name,
                         2,
                         {s->batch, x->width},
                         s->batch * x->width,
                         gradient ? x->gradient : x->data,
                         0};
    return SRNN_OK;
}

srnn_status srnn_session_state(const srnn_session *session, size_t i,
                               srnn_tensor *out)
{
    return srnn_session_state_at(session, i, 0, out);
}

void srnn_session_reset(srnn_session *session)
{
    size_t i;

    for (i = 0; session && i < session->states; i++)
        memset(session->state[i].data, 0,
               session->batch * session->state[i].width * sizeof(srnn_real));
    if (session)
        session->begun = session->repeats = 0;
}
