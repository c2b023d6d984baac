/* What a call is given: the axes' steps and lengths, the caller's arrays, and
 * which nodes they are enough for. */
#include "bind.h"

#include <string.h>

/* ---- steps and lengths --------------------------------------------------- */

srnn_status srnn_session_lengths(srnn_session *s, const size_t *lengths)
{
    axis_run *x;

    if (!s)
        return srnn_fail(SRNN_EINVAL, "session is NULL");
    s->repeats = 0;
    x = &s->axis[SRNN_TIME];
    x->counted = lengths ? s->batch : 0;
    if (lengths)
        memcpy(x->given, lengths, s->batch * sizeof *lengths);
    return SRNN_OK;
}

srnn_status srnn_session_axis(srnn_session *s, srnn_axis a, size_t steps,
                              const size_t *lengths, size_t count)
{
    axis_run *x;

    if (!s || (!lengths && count))
        return srnn_fail(SRNN_EINVAL, "%s is NULL", s ? "lengths" : "session");
    if (a <= SRNN_TIME || (size_t)a >= s->net->axes)
        return srnn_fail(SRNN_EINVAL, "axis is %d, must be %d to %zu", a,
                         SRNN_TIME + 1, s->net->axes - 1);
    x = &s->axis[a];
    if (steps > x->steps)
        return srnn_fail(SRNN_ESHAPE,
                         "axis '%s': steps is %zu, the session was opened for "
                         "%zu",
                         s->net->axis[a].name, steps, x->steps);
    if (count > x->batch)
        return srnn_fail(SRNN_ESHAPE,
                         "axis '%s': %zu lengths, the session was opened for "
                         "%zu sequences",
                         s->net->axis[a].name, count, x->batch);
    s->repeats = 0;
    x->now = steps;
    x->counted = count;
    if (count)
        memcpy(x->given, lengths, count * sizeof *lengths);
    return SRNN_OK;
}

/* The lengths as given, but none where the parent has no row. */
static void under_parent(axis_run *x, const axis_run *over)
{
    const size_t wide = over->extent.batch;
    size_t q;

    x->ragged = x->counted || over->ragged;
    for (q = 0; x->ragged && q < x->extent.batch; q++)
        x->length[q] = over->ragged && q / wide >= over->length[q % wide] ? 0
                       : x->counted ? x->given[q]
                                    : x->now;
}

static srnn_status bind_axis(srnn_session *s, size_t a)
{
    const axis_run *over = &s->axis[s->net->axis[a].parent];
    const char *name = s->net->axis[a].name;
    axis_run *x = &s->axis[a];
    const size_t batch = over->now * over->extent.batch;
    size_t i;

    if (batch > x->batch)
        return srnn_fail(SRNN_ESHAPE,
                         "axis '%s': %zu sequences, the session was opened "
                         "for %zu",
                         name, batch, x->batch);
    if (x->counted && x->counted != batch)
        return srnn_fail(SRNN_ESHAPE,
                         "axis '%s': %zu lengths for %zu sequences", name,
                         x->counted, batch);
    for (i = 0; i < x->counted; i++)
        if (x->given[i] > x->now)
            return srnn_fail(SRNN_ESHAPE,
                             "axis '%s': length of row %zu is %zu, steps are "
                             "%zu",
                             name, i, x->given[i], x->now);
    x->extent.batch = batch;
    under_parent(x, over);
    return SRNN_OK;
}

/* SRNN_BATCH and SRNN_TIME are in every call, others if they or an axis below
 * them have inputs. */
static srnn_status bind_axes(srnn_session *s, size_t steps,
                             const srnn_array *in, size_t ins)
{
    const size_t axes = s->net->axes;
    srnn_status status = SRNN_OK;
    size_t i;
    srnn_axis a;

    for (i = 0; i < axes; i++)
        s->axis[i].active = i <= SRNN_TIME;
    for (i = 0; axes > SRNN_TIME + 1 && i < ins; i++)
        for (a = s->net->node[in[i].node]->axis; a > SRNN_TIME;
             a = s->net->axis[a].parent)
            s->axis[a].active = 1;
    s->axis[SRNN_TIME].now = steps;
    for (i = SRNN_TIME; i < axes && !status; i++)
        if (s->axis[i].active)
            status = bind_axis(s, i);
    return status;
}

/* ---- the caller's arrays ------------------------------------------------- */

static size_t columns(const node *n)
{
    return n->is_tokens ? 1 : n->features;
}

size_t srnn_row_stride(const node *n, const srnn_array *x)
{
    return x->row_stride ? x->row_stride : columns(n);
}

size_t srnn_step_stride(const srnn_session *s, const node *n,
                        const srnn_array *x)
{
    return x->step_stride
               ? x->step_stride
               : s->axis[n->axis].extent.batch * srnn_row_stride(n, x);
}

/* Targets may be -1, no step; what an embedding looks up may not. */
static int least_token(const srnn_net *net, srnn_node id)
{
    size_t i;

    for (i = 0; i < net->nodes; i++)
        if (net->node[i]->kind == &srnn_kind_embedding &&
            net->node[i]->input[0] == id)
            return 0;
    return -1;
}

static srnn_status check_tokens(const srnn_session *s, const srnn_array *x)
{
    const node *n = s->net->node[x->node];
    const int least = least_token(s->net, n->id);
    const axis_run *on = &s->axis[n->axis];
    size_t t, b;

    for (t = 0; t < on->now; t++)
        for (b = 0; b < on->extent.batch; b++) {
            int32_t token;

            if (on->ragged && t >= on->length[b])
                continue;
            token = x->tokens[t * srnn_step_stride(s, n, x) +
                              b * srnn_row_stride(n, x)];
            if (token < least || token >= (int64_t)n->features)
                return srnn_fail(SRNN_EINVAL,
                                 "tokens '%s': %d at step %zu, row %zu, must "
                                 "be %d to %zu",
                                 n->name, token, t, b, least,
                                 n->features - 1);
        }
    return SRNN_OK;
}

srnn_status srnn_array_check(const srnn_session *s, const srnn_array *x,
                             const char *what)
{
    const node *n;

    if (x->node < 0 || (size_t)x->node >= s->net->nodes)
        return srnn_fail(SRNN_EINVAL, "%s: node %d is not one of the net's "
                         "%zu", what, x->node, s->net->nodes);
    n = s->net->node[x->node];
    if (n->is_tokens ? !x->tokens : !x->data)
        return srnn_fail(SRNN_EINVAL, "%s '%s': %s is NULL", what, n->name,
                         n->is_tokens ? "tokens" : "data");
    if (srnn_row_stride(n, x) < columns(n))
        return srnn_fail(SRNN_ESHAPE,
                         "%s '%s': row_stride %zu for %zu features", what,
                         n->name, x->row_stride, columns(n));
    return SRNN_OK;
}

static srnn_status check_inputs(const srnn_session *s, const srnn_array *in,
                                size_t ins)
{
    srnn_status status = SRNN_OK;
    size_t i;

    for (i = 0; i < ins && !status; i++) {
        status = srnn_array_check(s, &in[i], "input");
        if (!status && s->net->node[in[i].node]->kind != &srnn_kind_input &&
            !s->net->node[in[i].node]->is_tokens)
            status = srnn_fail(SRNN_EINVAL, "node '%s' is not an input",
                               s->net->node[in[i].node]->name);
    }
    return status;
}

/* ---- what they are enough for -------------------------------------------- */

/* What an axis kept is gone when the axis is run again. */
static int goes(const srnn_session *s, const node *n)
{
    return n->axis != SRNN_BATCH && s->axis[n->axis].active;
}

static int stands(const srnn_session *s, srnn_node id)
{
    return s->run[id].ready || (s->run[id].kept && !s->training &&
                                !goes(s, s->net->node[id]));
}

/* A node runs if all its inputs stand and one of them is new in this call. */
static void mark_node(srnn_session *s, const node *n)
{
    run *r = &s->run[n->id];
    int all = 1, any = 0, news = 0;
    size_t j;

    if (n->inputs == 0)
        return;
    for (j = 0; j < n->inputs; j++) {
        const run *x = &s->run[n->input[j]];

        all &= x->ready || stands(s, n->input[j]);
        any |= x->ready;
        news |= x->news;
    }
    r->ready = all & any;
    r->news = r->ready & news;
}

static void mark_ready(srnn_session *s, const srnn_array *in, size_t ins)
{
    size_t i;

    for (i = 0; i < s->net->nodes; i++) {
        const node *n = s->net->node[i];
        run *r = &s->run[i];

        r->ready = n->kind == &srnn_kind_parameter && s->axis[n->axis].active;
        r->news = 0;
    }
    for (i = 0; i < ins; i++)
        s->run[in[i].node].ready = s->run[in[i].node].news = 1;
    for (i = 0; i < s->net->nodes; i++)
        mark_node(s, s->net->node[i]);
    s->bound = 1;
}

srnn_status srnn_session_bind(srnn_session *s, size_t steps,
                              const srnn_array *in, size_t ins)
{
    srnn_status status;
    size_t i;

    if (!s || (!in && ins))
        return srnn_fail(SRNN_EINVAL, "%s is NULL", s ? "in" : "session");
    s->repeats = 0;
    status = check_inputs(s, in, ins);
    if (!status)
        status = bind_axes(s, steps, in, ins);
    for (i = 0; i < ins && !status; i++)
        if (s->net->node[in[i].node]->is_tokens)
            status = check_tokens(s, &in[i]);
    if (!status)
        mark_ready(s, in, ins);
    return status;
}

void srnn_session_begin(srnn_session *s)
{
    size_t i;

    for (i = 0; s->bound && i < s->net->nodes; i++) {
        run *r = &s->run[i];

        r->fresh |= r->news;
        r->kept &= !goes(s, s->net->node[i]);
    }
    s->bound = 0;
}

void srnn_session_end(srnn_session *s)
{
    const int no_steps = s->axis[SRNN_TIME].now == 0;
    size_t i;

    for (i = 0; i < s->net->nodes; i++) {
        run *r = &s->run[i];

        r->kept |= r->ready & (s->net->node[i]->axis != SRNN_TIME);
        r->fresh &= no_steps;
    }
    for (i = SRNN_TIME; i < s->net->axes; i++)
        if (s->axis[i].active)
            s->axis[i].counted = 0;
    if (s->axis[SRNN_TIME].now)
        s->begun = 1;
}

/* The input that a node lacks. */
static const char *missing_input(const srnn_session *s, srnn_node id)
{
    const node *n = s->net->node[id];
    size_t j;

    while (n->inputs) {
        for (j = 0; j + 1 < n->inputs && stands(s, n->input[j]); j++)
            ;
        n = s->net->node[n->input[j]];
    }
    return n->name;
}

srnn_status srnn_session_need(const srnn_session *s, srnn_node id)
{
    if (stands(s, id))
        return SRNN_OK;
    return srnn_fail(SRNN_EINVAL, "'%s' needs input '%s', which is not given",
                     s->net->node[id]->name, missing_input(s, id));
}

srnn_status srnn_session_need_losses(const srnn_session *s)
{
    srnn_status status = SRNN_OK;
    size_t i;

    for (i = 0; i < s->net->nodes && !status; i++)
        if (s->net->node[i]->kind->is_loss)
            status = srnn_session_need(s, (srnn_node)i);
    return status;
}

/* ---- ranges -------------------------------------------------------------- */

static int on_time(const srnn_net *net, const node *n)
{
    size_t j;

    for (j = 0; j < n->inputs; j++)
        if (net->node[n->input[j]]->axis == SRNN_TIME)
            return 1;
    return 0;
}

srnn_status srnn_session_cut(const srnn_session *s, size_t steps)
{
    const srnn_net *net = s->net;
    size_t i;

    if (steps <= s->steps)
        return SRNN_OK;
    for (i = 0; i < net->nodes; i++)
        if (s->run[i].ready && net->node[i]->whole &&
            on_time(net, net->node[i]))
            return srnn_fail(SRNN_ESHAPE,
                             "'%s' needs all %zu steps at once, the session "
                             "was opened for %zu",
                             net->node[i]->name, steps, s->steps);
    return SRNN_OK;
}
