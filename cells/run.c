/* Runs of a session: the caller's arrays checked and bound, the pass over the
 * nodes, outputs copied back. */
#include "node.h"

#include <string.h>

/* ---- the caller's arrays --------------------------------------------------- */

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
            int32_t token = x->tokens[t * step_stride(s, n, x) +
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

srnn_status srnn_session_bind(srnn_session *s, size_t steps,
                              const srnn_array *in, size_t ins)
{
    size_t i;

    if (!s || (!in && ins))
        return srnn_fail(SRNN_EINVAL, "%s is NULL", s ? "in" : "session");
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

static void copy_rows(const srnn_session *s, size_t steps, size_t n,
                      const srnn_real *from, size_t from_row,
                      size_t from_step, srnn_real *to, size_t to_row,
                      size_t to_step)
{
    size_t t, b;

    for (t = 0; t < steps; t++)
        for (b = 0; b < s->batch; b++)
            memcpy(to + t * to_step + b * to_row,
                   from + t * from_step + b * from_row, n * sizeof *to);
}

void srnn_session_point(srnn_session *s, size_t t0, size_t steps,
                        const srnn_array *in, size_t ins)
{
    size_t i, t, b;

    for (i = 0; i < ins; i++) {
        const node *n = s->net->node[in[i].node];
        const size_t row = row_stride(n, &in[i]);
        const size_t step = step_stride(s, n, &in[i]);
        const int even = step == s->batch * row;
        run *r = &s->run[n->id];

        if (n->is_tokens && even && row == 1) {
            r->tokens = in[i].tokens + t0 * step;
        } else if (n->is_tokens) {
            r->tokens = r->own_tokens;
            for (t = 0; t < steps; t++)
                for (b = 0; b < s->batch; b++)
                    r->own_tokens[t * s->batch + b] =
                        in[i].tokens[(t0 + t) * step + b * row];
        } else if (even) {
            r->y = in[i].data + t0 * step;
            r->ldy = row;
        } else {
            copy_rows(s, steps, n->features, in[i].data + t0 * step, row, step,
                      r->own, n->features, s->batch * n->features);
            r->y = r->own;
            r->ldy = n->features;
        }
    }
}

/* ---- the pass ------------------------------------------------------------- */

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

void srnn_session_pass(srnn_session *s, size_t steps, int want_loss,
                       int backward)
{
    pass p = {.s = s,
              .steps = steps,
              .want_loss = want_loss,
              .backward = backward,
              .loss_sum = &s->loss_sum,
              .loss_count = &s->loss_count};

    pool_run(s->pool, pass_on_crew, &p);
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
        srnn_session_pass(s, now, 0, 0);
        for (i = 0; i < outs; i++) {
            const node *n = s->net->node[out[i].node];
            const run *r = &s->run[n->id];

            copy_rows(s, now, n->features, r->y, r->ldy, s->batch * r->ldy,
                      out[i].data + t0 * step_stride(s, n, &out[i]),
                      row_stride(n, &out[i]), step_stride(s, n, &out[i]));
        }
    }
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
        srnn_session_pass(s, now, 1, 0);
    }
    if (loss)
        *loss = s->loss_count ? s->loss_sum / (double)s->loss_count : 0;
    if (count)
        *count = s->loss_count;
    return SRNN_OK;
}
