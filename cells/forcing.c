/* Scheduled sampling: x_t is the given token with probability `rate`, else the
 * model's own after x_0 .. x_(t-1). A call's inputs are made so, step by step;
 * the training that follows takes them as data. */
#include "bind.h"
#include "decode.h"

#include <string.h>

typedef struct forcing {
    srnn_session *s;
    const srnn_force_config *c;
    srnn_node logits;
    srnn_array given;
    uint64_t key;
    int32_t *tokens;
    srnn_real *last, *work; /* logits of each row's last step; of a draw */
} forcing;

/* ---- checks -------------------------------------------------------------- */

static srnn_status on_time(const srnn_net *net, const char *what, srnn_node id)
{
    const node *n = net->node[id];

    if (n->axis == SRNN_TIME)
        return SRNN_OK;
    return srnn_fail(SRNN_ESHAPE, "%s '%s' lies on axis '%s', not on '%s'",
                     what, n->name, net->axis[n->axis].name,
                     net->axis[SRNN_TIME].name);
}

static int reads_time(const srnn_net *net, const node *n)
{
    size_t j;

    for (j = 0; j < n->inputs; j++)
        if (net->node[n->input[j]]->axis == SRNN_TIME)
            return 1;
    return 0;
}

/* An error that names what of a bound call needs more than one step. */
static srnn_status step_by_step(const srnn_session *s, size_t steps)
{
    const srnn_net *net = s->net;
    size_t i;

    for (i = 0; i < net->nodes; i++)
        if (steps > 1 && s->run[i].ready && net->node[i]->whole &&
            reads_time(net, net->node[i]))
            return srnn_fail(SRNN_ESHAPE,
                             "'%s' needs all %zu steps at once, but inputs are "
                             "made one by one",
                             net->node[i]->name, steps);
    for (i = SRNN_TIME + 1; i < net->axes; i++)
        if (steps > 1 && s->axis[i].active && net->axis[i].parent == SRNN_TIME)
            return srnn_fail(SRNN_ESHAPE,
                             "axis '%s' lies under %zu steps, but inputs are "
                             "made one by one",
                             net->axis[i].name, steps);
    return SRNN_OK;
}

static srnn_status check(const srnn_decoder_session *from,
                         const srnn_force_config *c, size_t steps,
                         const int32_t *tokens, const srnn_real *work,
                         srnn_decoder *decoder)
{
    srnn_status status = srnn_decoder_over(decoder, from);

    if (!status && (!c || !tokens || !work))
        status = srnn_fail(SRNN_EINVAL, "%s is NULL",
                           !c        ? "config"
                           : !tokens ? "tokens"
                                     : "work");
    if (!status && steps == 0)
        status = srnn_fail(SRNN_EINVAL, "steps is 0");
    if (!status && !(c->rate >= 0 && c->rate <= 1))
        status = srnn_fail(SRNN_EINVAL, "rate is %g, must be 0 to 1", c->rate);
    if (!status)
        status = srnn_sample_check(&c->sample);
    if (!status)
        status = on_time(from->session->net, "in[0]", from->in[0].node);
    if (!status)
        status = on_time(from->session->net, "logits", from->logits);
    return status;
}

/* ---- steps --------------------------------------------------------------- */

/* The input of a row at step t of the call, -1 with a message for logits that
 * give none. */
static int32_t choose(const forcing *f, size_t t, size_t b, int32_t given)
{
    const uint64_t step = f->c->first_step + t;
    const uint64_t id = f->c->sequence ? f->c->sequence[b] : b;
    const uint32_t counter[4] = {0, (uint32_t)step, (uint32_t)id,
                                 (uint32_t)(id >> 32)};
    const srnn_net *net = f->s->net;
    const size_t n = net->node[f->logits]->features;
    uint32_t word[4];

    if (step == 0)
        return given;
    srnn_philox(f->key, counter, word);
    if (srnn_unit(word) < f->c->rate)
        return given;
    return srnn_sample(net, n, f->last + b * n, &f->c->sample,
                       srnn_unit(word + 2), f->work);
}

static srnn_status choose_all(const forcing *f, size_t t)
{
    const axis_run *x = &f->s->axis[SRNN_TIME];
    const node *n = f->s->net->node[f->given.node];
    const int32_t *given =
        f->given.tokens + t * srnn_step_stride(f->s, n, &f->given);
    const size_t row = srnn_row_stride(n, &f->given);
    int32_t *to = f->tokens + t * f->s->batch;
    size_t b;

    for (b = 0; b < f->s->batch; b++) {
        const int there = !x->ragged || t < x->length[b];

        to[b] = there ? choose(f, t, b, given[b * row]) : 0;
        if (to[b] < 0)
            return SRNN_EINVAL;
    }
    return SRNN_OK;
}

/* Rows that have ended keep what they had. */
static void keep_logits(const forcing *f)
{
    const extent *e = &f->s->axis[SRNN_TIME].extent;
    const size_t n = f->s->net->node[f->logits]->features;
    const run *r = &f->s->run[f->logits];
    size_t i;

    for (i = 0; i < extent_active(e, 0); i++)
        memcpy(f->last + e->order[i] * n, r->y + i * r->ldy,
               n * sizeof *f->last);
}

static srnn_status make(const forcing *f, size_t steps, const srnn_array *in,
                        size_t ins)
{
    srnn_status status = SRNN_OK;
    size_t t;

    for (t = 0; t < steps && !status; t++) {
        const leg l = {.t0 = t, .steps = 1};

        status = choose_all(f, t);
        if (status)
            break;
        srnn_session_pass(f->s, &l, in, ins);
        keep_logits(f);
    }
    srnn_session_end(f->s);
    return status;
}

/* ---- the call ------------------------------------------------------------ */

srnn_force_config srnn_force_default(void)
{
    return (srnn_force_config){.rate = 1, .sample = srnn_sample_default(),
                               .seed = 1};
}

srnn_status srnn_force(const srnn_decoder_session *from,
                       const srnn_force_config *c, size_t steps,
                       int32_t *tokens, srnn_real *work)
{
    srnn_decoder d;
    srnn_status status = check(from, c, steps, tokens, work, &d);
    forcing f;

    if (!status)
        status = srnn_session_bind(from->session, steps, from->in, from->ins);
    if (!status)
        status = srnn_session_need(from->session, from->logits);
    if (!status)
        status = step_by_step(from->session, steps);
    if (status)
        return status;
    f = (forcing){.s = from->session, .c = c, .logits = from->logits,
                  .given = from->in[0], .tokens = tokens, .work = work,
                  .last = work + 2 * d.vocabulary,
                  .key = srnn_mask_key(c->seed, c->update,
                                       (uint32_t)from->in[0].node, 0)};
    from->in[0] = (srnn_array){.node = f.given.node, .tokens = tokens};
    status = make(&f, steps, from->in, from->ins);
    if (status)
        from->in[0] = f.given;
    return status;
}
