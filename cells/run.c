/* Runs of a session: the pass over the nodes, in calls cut to the session's
 * steps, outputs copied back. */
#include "bind.h"
#include "worth.h"

/* ---- the pass ---------------------------------------------------------- */

/* Arrays whose rows lie evenly and all exist are read where they are, on the
 * axis whose outputs no later call looks at. */
static void point_node(srnn_session *s, size_t t0, const srnn_array *x)
{
    const node *n = s->net->node[x->node];
    const extent *e = &s->axis[n->axis].extent;
    const size_t row = srnn_row_stride(n, x), step = srnn_step_stride(s, n, x);
    const int stay =
        n->axis == SRNN_TIME && e->even && step == e->batch * row;
    run *r = &s->run[n->id];

    if (n->axis != SRNN_TIME && t0 > 0)
        return;
    if (n->axis != SRNN_TIME)
        t0 = 0;
    if (n->is_tokens) {
        r->tokens = x->tokens + t0 * step;
        if (stay && row == 1)
            return;
        srnn_extent_pack_tokens(e, r->tokens, row, step, r->own_tokens);
        r->tokens = r->own_tokens;
        return;
    }
    r->y = x->data + t0 * step;
    r->ldy = row;
    if (stay)
        return;
    srnn_extent_pack(e, n->features, r->y, row, step, r->own);
    r->y = r->own;
    r->ldy = n->features;
}

/* Makes steps [t0, t0 + steps) the extent of SRNN_TIME, and at first all steps
 * those of the others, and points the input nodes at their rows of the caller's
 * arrays. */
static void point(srnn_session *s, size_t t0, size_t steps, int link,
                  const srnn_array *in, size_t ins)
{
    size_t i;

    for (i = SRNN_TIME; i < s->net->axes; i++) {
        axis_run *x = &s->axis[i];

        if (!x->active || (i > SRNN_TIME && t0 > 0))
            continue;
        srnn_extent_set(&x->extent, x->ragged ? x->length : NULL,
                        i == SRNN_TIME ? t0 : 0,
                        i == SRNN_TIME ? steps : x->now);
        if (link)
            srnn_extent_link(&x->extent);
    }
    for (i = 0; i < ins; i++)
        point_node(s, t0, &in[i]);
}

int srnn_pass_runs(const pass *p, size_t i)
{
    return p->s->run[i].ready &&
           (p->first || p->s->net->node[i]->axis == SRNN_TIME);
}

/* A worker's part of the pass's steps of an output on SRNN_TIME; others are
 * whole, and of the first pass. */
static void write_output(const pass *p, const srnn_array *out)
{
    const srnn_session *s = p->s;
    const node *n = s->net->node[out->node];
    const axis_run *x = &s->axis[n->axis];
    const size_t step = srnn_step_stride(s, n, out);
    const int in_time = n->axis == SRNN_TIME;
    const run *r = &s->run[n->id];
    size_t from, to;

    if (!in_time && p->leg->t0 > 0)
        return;
    srnn_crew_span(p->crew, in_time ? p->leg->steps : x->now, 1, &from, &to);
    srnn_extent_unpack(&x->extent, from, to, n->features, r->y, r->ldy,
                       out->data + (in_time ? p->leg->t0 * step : 0),
                       srnn_row_stride(n, out), step);
}

static void pass_on_crew(const crew *c, void *arg)
{
    const pass *asked = arg;
    const pass p = {asked->s, c, asked->first, asked->leg};
    const srnn_net *net = p.s->net;
    const uint64_t mode = net->k.flush();
    size_t i;

    for (i = 0; i < net->nodes; i++)
        if (srnn_pass_runs(&p, i) && net->node[i]->kind->forward)
            net->node[i]->kind->forward(&p, net->node[i], &p.s->run[i]);
    for (i = net->nodes; p.leg->backward && i-- > 0;)
        if (p.s->run[i].leads && srnn_pass_runs(&p, i) &&
            net->node[i]->kind->backward)
            net->node[i]->kind->backward(&p, net->node[i], &p.s->run[i]);
    for (i = 0; i < p.leg->outs; i++)
        write_output(&p, &p.leg->out[i]);
    net->k.restore(mode);
}

static void count_makings(const pass *p, run *r)
{
    size_t i;

    for (i = 0; i < p->s->net->nodes; i++)
        r[i].made += (size_t)srnn_pass_runs(p, i);
}

void srnn_pass_run(const pass *p)
{
    count_makings(p, p->s->run);
    srnn_pool_run(p->s->pool, srnn_pool_now(p->s->pool, p->s->worth),
                  pass_on_crew, (void *)p);
}

void srnn_losses_begin(srnn_session *s)
{
    size_t i;

    for (i = 0; i < s->net->nodes; i++) {
        s->run[i].loss_sum = 0;
        s->run[i].loss_count = 0;
    }
}

void srnn_session_pass(srnn_session *s, const leg *l, const srnn_array *in,
                       size_t ins)
{
    const pass p = {.s = s, .first = l->t0 == 0, .leg = l};

    if (l->want_loss && l->t0 == 0 && !l->again)
        srnn_losses_begin(s);
    srnn_session_begin(s);
    s->names.step = s->names.first + l->t0;
    point(s, l->t0, l->steps, l->want_loss || l->backward, in, ins);
    s->worth = srnn_worth_pass(&p, s->useful);
    srnn_pass_run(&p);
}

int srnn_pass_begins(const pass *p, const node *n, const run *initial)
{
    if (n->axis != SRNN_TIME)
        return 1;
    return initial && p->first && (initial->fresh || !p->s->begun);
}

/* ---- calls -------------------------------------------------------------- */

static srnn_status check_outputs(const srnn_session *s, const srnn_array *out,
                                 size_t outs)
{
    srnn_status status = SRNN_OK;
    size_t i;

    if (!out && outs)
        return srnn_fail(SRNN_EINVAL, "out is NULL");
    for (i = 0; i < outs && !status; i++) {
        const node *n;

        status = srnn_array_check(s, &out[i], "output");
        n = status ? NULL : s->net->node[out[i].node];
        if (!status && n->is_tokens)
            status = srnn_fail(SRNN_EINVAL, "output '%s' has no reals",
                               n->name);
        if (!status && n->kind->is_loss)
            status = srnn_fail(SRNN_EINVAL, "output '%s' is a loss: call "
                               "srnn_session_loss",
                               n->name);
        if (!status)
            status = srnn_session_need(s, n->id);
    }
    return status;
}

/* The passes of a bound call: at least one, for what lies on other axes. */
static void run_call(srnn_session *s, size_t steps, const srnn_array *in,
                     size_t ins, const srnn_array *out, size_t outs,
                     int want_loss)
{
    size_t t0 = 0;

    do {
        const size_t now = steps - t0 < s->steps ? steps - t0 : s->steps;
        const leg l = {.t0 = t0,
                       .steps = now,
                       .want_loss = want_loss,
                       .out = out,
                       .outs = outs};

        srnn_session_pass(s, &l, in, ins);
        t0 += now;
    } while (t0 < steps);
    srnn_session_end(s);
}

srnn_status srnn_session_forward(srnn_session *s, size_t steps,
                                 const srnn_array *in, size_t ins,
                                 const srnn_array *out, size_t outs)
{
    srnn_status status = srnn_session_bind(s, steps, in, ins);

    if (!status)
        status = check_outputs(s, out, outs);
    if (!status)
        status = srnn_session_cut(s, steps);
    if (!status)
        run_call(s, steps, in, ins, out, outs, 0);
    return status;
}

srnn_status srnn_session_loss(srnn_session *s, size_t steps,
                              const srnn_array *in, size_t ins, double *loss,
                              size_t *count)
{
    srnn_status status = srnn_session_bind(s, steps, in, ins);
    size_t counted;
    double total;

    if (!status && s->net->losses == 0)
        status = srnn_fail(SRNN_ESTATE, "the net has no loss");
    if (!status)
        status = srnn_session_need_losses(s);
    if (!status)
        status = srnn_session_cut(s, steps);
    if (status)
        return status;
    run_call(s, steps, in, ins, NULL, 0, 1);
    total = srnn_loss_total(s, &counted);
    if (loss)
        *loss = total;
    if (count)
        *count = counted;
    return SRNN_OK;
}

srnn_status srnn_session_loss_of(const srnn_session *s, srnn_node id,
                                 double *loss, size_t *count)
{
    if (!s)
        return srnn_fail(SRNN_EINVAL, "session is NULL");
    if (id < 0 || (size_t)id >= s->net->nodes ||
        !s->net->node[id]->kind->is_loss)
        return srnn_fail(SRNN_EINVAL, "node %d is no loss of the net", id);
    if (loss)
        *loss = srnn_loss_mean(s, id);
    if (count)
        *count = s->run[id].loss_count;
    return SRNN_OK;
}
