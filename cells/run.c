/* Runs of a session: the caller's arrays checked and bound, the pass over the
 * nodes, outputs copied back. */
#include "node.h"

#include <string.h>

/* ---- the caller's arrays ----------------------------------------------- */

static size_t columns(const node *n)
{
    return n->is_tokens ? 1 : n->features;
}

static size_t row_stride(const node *n, const srnn_array *x)
{
    return x->row_stride ? x->row_stride : columns(n);
}

static size_t step_stride(const srnn_session *s, const node *n,
                          const srnn_array *x)
{
    return x->step_stride ? x->step_stride : s->batch * row_stride(n, x);
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

static srnn_status check_tokens(const srnn_session *s, const node *n,
                                const srnn_array *x, size_t steps)
{
    const int least = least_token(s->net, n->id);
    size_t t, b;

    for (t = 0; t < steps; t++)
        for (b = 0; b < s->batch; b++) {
            int32_t token;

            if (s->has_lengths && t >= s->lengths[b])
                continue;
            token = x->tokens[t * step_stride(s, n, x) +
                              b * row_stride(n, x)];
            if (token < least || token >= (int64_t)n->features)
                return srnn_fail(SRNN_EINVAL,
                                 "tokens '%s': %d at step %zu, row %zu, must "
                                 "be %d to %zu",
                                 n->name, token, t, b, least,
                                 n->features - 1);
        }
    return SRNN_OK;
}

static srnn_status check_array(const srnn_session *s, const srnn_array *x,
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
    if (row_stride(n, x) < columns(n))
        return srnn_fail(SRNN_ESHAPE,
                         "%s '%s': row_stride %zu for %zu features", what,
                         n->name, x->row_stride, columns(n));
    return SRNN_OK;
}

srnn_status srnn_session_lengths(srnn_session *s, const size_t *lengths)
{
    if (!s)
        return srnn_fail(SRNN_EINVAL, "session is NULL");
    s->has_lengths = lengths != NULL;
    if (lengths)
        memcpy(s->lengths, lengths, s->batch * sizeof *lengths);
    return SRNN_OK;
}

srnn_status srnn_session_bind(srnn_session *s, size_t steps,
                              const srnn_array *in, size_t ins)
{
    size_t i;

    if (!s || (!in && ins))
        return srnn_fail(SRNN_EINVAL, "%s is NULL", s ? "in" : "session");
    for (i = 0; s->has_lengths && i < s->batch; i++)
        if (s->lengths[i] > steps)
            return srnn_fail(SRNN_ESHAPE,
                             "length of row %zu is %zu, steps are %zu", i,
                             s->lengths[i], steps);
    for (i = 0; i < s->net->nodes; i++)
        s->run[i].ready = 0;
    for (i = 0; i < ins; i++) {
        srnn_status status = check_array(s, &in[i], "input");
        const node *n = status ? NULL : s->net->node[in[i].node];

        if (!status && n->kind != &srnn_kind_input && !n->is_tokens)
            status = srnn_fail(SRNN_EINVAL, "node '%s' is not an input",
                               n->name);
        if (!status && n->is_tokens)
            status = check_tokens(s, n, &in[i], steps);
        if (status)
            return status;
        s->run[in[i].node].ready = 1;
    }
    for (i = 0; i < s->net->nodes; i++) {
        const node *n = s->net->node[i];

        if (n->input[0] >= 0)
            s->run[i].ready = s->run[n->input[0]].ready &&
                              (n->input[1] < 0 || s->run[n->input[1]].ready);
    }
    return SRNN_OK;
}

/* The input that a node lacks. */
static const char *missing_input(const srnn_session *s, srnn_node id)
{
    while (s->net->node[id]->input[0] >= 0) {
        const node *n = s->net->node[id];

        id = s->run[n->input[0]].ready ? n->input[1] : n->input[0];
    }
    return s->net->node[id]->name;
}

srnn_status srnn_session_need(const srnn_session *s, srnn_node id)
{
    if (s->run[id].ready)
        return SRNN_OK;
    return srnn_fail(SRNN_EINVAL, "'%s' needs input '%s', which is not given",
                     s->net->node[id]->name, missing_input(s, id));
}

void srnn_session_unpack(const srnn_session *s, size_t steps, size_t n,
                         const srnn_real *from, size_t ld, srnn_real *to,
                         size_t row, size_t step)
{
    const extent *e = &s->extent;
    size_t t, b;

    for (t = 0; t < steps; t++)
        for (b = 0; b < s->batch; b++) {
            srnn_real *place = to + t * step + b * row;
            const size_t i = e->rank[b];

            if (i < extent_active(e, t))
                memcpy(place, from + (e->first[t] + i) * ld,
                       n * sizeof *place);
            else
                memset(place, 0, n * sizeof *place);
        }
}

static void pack_rows(const srnn_session *s, size_t n, const srnn_real *from,
                      size_t row, size_t step, srnn_real *to)
{
    const extent *e = &s->extent;
    size_t t, i;

    for (t = 0; t < e->steps; t++)
        for (i = 0; i < extent_active(e, t); i++, to += n)
            memcpy(to, from + t * step + e->order[i] * row, n * sizeof *to);
}

static void pack_tokens(const srnn_session *s, const int32_t *from, size_t row,
                        size_t step, int32_t *to)
{
    const extent *e = &s->extent;
    size_t t, i;

    for (t = 0; t < e->steps; t++)
        for (i = 0; i < extent_active(e, t); i++)
            *to++ = from[t * step + e->order[i] * row];
}

/* Arrays whose rows lie evenly and all exist are read where they are. */
static void point_node(srnn_session *s, size_t t0, const srnn_array *x)
{
    const node *n = s->net->node[x->node];
    const size_t row = row_stride(n, x), step = step_stride(s, n, x);
    const int even = s->extent.even && step == s->batch * row;
    run *r = &s->run[n->id];

    if (n->is_tokens) {
        r->tokens = x->tokens + t0 * step;
        if (even && row == 1)
            return;
        pack_tokens(s, r->tokens, row, step, r->own_tokens);
        r->tokens = r->own_tokens;
        return;
    }
    r->y = x->data + t0 * step;
    r->ldy = row;
    if (even)
        return;
    pack_rows(s, n->features, r->y, row, step, r->own);
    r->y = r->own;
    r->ldy = n->features;
}

void srnn_session_point(srnn_session *s, size_t t0, size_t steps,
                        const srnn_array *in, size_t ins)
{
    size_t i;

    srnn_extent_set(&s->extent, s->has_lengths ? s->lengths : NULL, t0, steps);
    for (i = 0; i < ins; i++)
        point_node(s, t0, &in[i]);
}

/* ---- the pass ---------------------------------------------------------- */

static void pass_on_crew(const crew *c, void *arg)
{
    pass p = *(const pass *)arg;
    const srnn_net *net = p.s->net;
    const uint64_t mode = net->k.flush();
    size_t i;

    p.crew = c;
    for (i = 0; i < net->nodes; i++)
        if (p.s->run[i].ready && net->node[i]->kind->forward)
            net->node[i]->kind->forward(&p, net->node[i], &p.s->run[i]);
    for (i = net->nodes; p.backward && i-- > 0;)
        if (p.s->run[i].leads && net->node[i]->kind->backward)
            net->node[i]->kind->backward(&p, net->node[i], &p.s->run[i]);
    net->k.restore(mode);
}

void srnn_session_pass(srnn_session *s, int want_loss, int backward)
{
    pass p = {.s = s,
              .extent = &s->extent,
              .want_loss = want_loss,
              .backward = backward,
              .loss_sum = &s->loss_sum,
              .loss_count = &s->loss_count};

    if (want_loss || backward)
        srnn_extent_link(&s->extent);
    srnn_pool_run(s->pool, pass_on_crew, &p);
}

srnn_status srnn_session_forward(srnn_session *s, size_t steps,
                                 const srnn_array *in, size_t ins,
                                 const srnn_array *out, size_t outs)
{
    srnn_status status = srnn_session_bind(s, steps, in, ins);
    size_t i, t0;

    if (!status && !out && outs)
        status = srnn_fail(SRNN_EINVAL, "out is NULL");
    for (i = 0; i < outs && !status; i++) {
        status = check_array(s, &out[i], "output");
        if (!status && s->net->node[out[i].node]->is_tokens)
            status = srnn_fail(SRNN_EINVAL, "output '%s' has no reals",
                               s->net->node[out[i].node]->name);
        if (!status && out[i].node == s->net->loss)
            status = srnn_fail(SRNN_EINVAL, "output '%s' is a loss: call "
                               "srnn_session_loss",
                               s->net->node[out[i].node]->name);
        if (!status)
            status = srnn_session_need(s, out[i].node);
    }
    if (status)
        return status;
    for (t0 = 0; t0 < steps; t0 += s->steps) {
        const size_t now = steps - t0 < s->steps ? steps - t0 : s->steps;

        srnn_session_point(s, t0, now, in, ins);
        srnn_session_pass(s, 0, 0);
        for (i = 0; i < outs; i++) {
            const node *n = s->net->node[out[i].node];
            const run *r = &s->run[n->id];

            srnn_session_unpack(s, now, n->features, r->y, r->ldy,
                                out[i].data + t0 * step_stride(s, n, &out[i]),
                                row_stride(n, &out[i]),
                                step_stride(s, n, &out[i]));
        }
    }
    s->has_lengths = 0;
    return SRNN_OK;
}

srnn_status srnn_session_step(srnn_session *s, const srnn_real *x,
                              srnn_real *y)
{
    srnn_array in = {.node = -1}, out = {.node = -1, .data = y};
    size_t i, inputs = 0;

    if (!s || !x || !y)
        return srnn_fail(SRNN_EINVAL, "%s is NULL",
                         s ? x ? "y" : "x" : "session");
    for (i = 0; i < s->net->nodes; i++) {
        const node *n = s->net->node[i];

        if (n->kind == &srnn_kind_input) {
            in = (srnn_array){.node = n->id, .data = (srnn_real *)x};
            inputs++;
        }
        if (!n->is_tokens && n->id != s->net->loss)
            out.node = n->id;
    }
    if (inputs != 1)
        return srnn_fail(SRNN_EINVAL,
                         "the net has %zu real inputs, step takes one", inputs);
    return srnn_session_forward(s, 1, &in, 1, &out, 1);
}

srnn_status srnn_session_loss(srnn_session *s, size_t steps,
                              const srnn_array *in, size_t ins, double *loss,
                              size_t *count)
{
    srnn_status status = srnn_session_bind(s, steps, in, ins);
    size_t t0;

    if (!status && s->net->loss < 0)
        status = srnn_fail(SRNN_ESTATE, "the net has no loss");
    if (!status)
        status = srnn_session_need(s, s->net->loss);
    if (status)
        return status;
    s->loss_sum = 0;
    s->loss_count = 0;
    for (t0 = 0; t0 < steps; t0 += s->steps) {
        const size_t now = steps - t0 < s->steps ? steps - t0 : s->steps;

        srnn_session_point(s, t0, now, in, ins);
        srnn_session_pass(s, 1, 0);
    }
    s->has_lengths = 0;
    if (loss)
        *loss = s->loss_count ? s->loss_sum / (double)s->loss_count : 0;
    if (count)
        *count = s->loss_count;
    return SRNN_OK;
}
