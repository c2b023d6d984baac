/* Back through time: all steps of a call at once; in segments, each run forward
 * a second time from the states it began with (Chen et al. 2016, one level); or
 * in windows that move on while the weights do (truncated BPTT). */
#include "through.h"

#include "layer.h"

#include <string.h>

/* ---- what can be cut ---------------------------------------------------- */

/* A net that is run in parts has its losses' paths on SRNN_TIME; what lies on
 * other axes leads to first states only. */
srnn_status srnn_through_check(const srnn_net *net, const char *how)
{
    size_t i, j;

    for (i = 0; i < net->nodes; i++) {
        const node *n = net->node[i];

        for (j = 0; j < n->inputs; j++) {
            const node *x = net->node[n->input[j]];

            if ((n->axis == SRNN_TIME) == (x->axis == SRNN_TIME) &&
                !(n->whole && n->axis == SRNN_TIME))
                continue;
            if (n->layer && j == 1 && !n->whole)
                continue;
            return srnn_fail(SRNN_ESHAPE,
                             "'%s' sees all steps of '%s' at once, %s sees a "
                             "part",
                             n->name, x->name, how);
        }
    }
    return SRNN_OK;
}

/* The gradient of a shared tensor takes all of one node, then all of the other:
 * segments would take them by turns. */
srnn_status srnn_segments_check(const srnn_net *net)
{
    srnn_status status = srnn_through_check(net, "a segment");
    size_t i;

    for (i = 0; i < net->nodes && !status; i++)
        if (net->node[i]->tied >= 0)
            status = srnn_fail(SRNN_EINVAL,
                               "'%s' shares the weight of '%s', which does "
                               "not combine with segments",
                               net->node[i]->name,
                               net->node[net->node[i]->tied]->name);
    return status;
}

/* Batch norm's averages would count the steps of a window again and again. */
static srnn_status check_windows(const srnn_net *net)
{
    srnn_status status = srnn_through_check(net, "truncated BPTT");
    size_t i;

    for (i = 0; i < net->nodes && !status; i++)
        if (net->node[i]->recurrent.norm == SRNN_NORM_BATCH)
            status = srnn_fail(SRNN_EINVAL,
                               "'%s': batch norm does not combine with "
                               "windows that overlap",
                               net->node[i]->name);
    return status;
}

/* ---- states kept --------------------------------------------------------- */

static void keep(const srnn_session *s, srnn_real *to)
{
    size_t i;

    for (i = 0; i < s->states; i++) {
        const size_t n = s->batch * s->state[i].width;

        memcpy(to, s->state[i].data, n * sizeof *to);
        to += n;
    }
}

static void restore(const srnn_session *s, const srnn_real *from)
{
    size_t i;

    for (i = 0; i < s->states; i++) {
        const size_t n = s->batch * s->state[i].width;

        memcpy(s->state[i].data, from, n * sizeof *from);
        from += n;
    }
}

/* Those after `steps` steps of the leg that has just run. */
static void keep_inside(const srnn_session *s, size_t steps, srnn_real *to)
{
    const srnn_net *net = s->net;
    size_t i;

    for (i = 0; i < net->nodes; i++)
        if (net->node[i]->layer && net->node[i]->axis == SRNN_TIME)
            to = srnn_stack_inside(s, net->node[i], &s->run[i], steps, to);
}

/* ---- one pass or segments ------------------------------------------------ */

/* Packed gradients of a leg go to the caller's places. */
static void unpack_input_gradients(srnn_trainer *t, const leg *l)
{
    const srnn_session *s = t->session;
    size_t i;

    for (i = 0; t->config.input_gradients && i < t->net->nodes; i++) {
        const node *n = t->net->node[i];
        const run *r = &s->run[i];
        const axis_run *x = &s->axis[n->axis];
        const int on_time = n->axis == SRNN_TIME;
        const size_t step = x->extent.batch * n->features;

        t->rows[i] = x->now * x->extent.batch;
        if (n->kind == &srnn_kind_input && r->wants_gradient &&
            (on_time || l->t0 == 0))
            srnn_extent_unpack(&x->extent, 0, on_time ? l->steps : x->now,
                               n->features, r->dy, n->features,
                               r->dx + (on_time ? l->t0 * step : 0),
                               n->features, step);
    }
}

static void run_leg(srnn_trainer *t, const leg *l, const srnn_array *in,
                    size_t ins)
{
    srnn_session_pass(t->session, l, in, ins);
    if (l->backward)
        unpack_input_gradients(t, l);
}

/* Forward over all segments, for the losses' counts and the states at their
 * ends; then from the last to the first, forward once more and back. */
static void run_segments(srnn_trainer *t, size_t steps, const srnn_array *in,
                         size_t ins)
{
    srnn_session *s = t->session;
    const size_t one = srnn_states_reals(s), n = s->steps;
    const size_t segments = (steps + n - 1) / n;
    size_t i;

    for (i = 0; i < segments; i++) {
        const leg l = {.t0 = i * n,
                       .steps = steps - i * n < n ? steps - i * n : n,
                       .want_loss = 1};

        keep(s, s->kept + i * one);
        run_leg(t, &l, in, ins);
    }
    keep(s, s->kept + segments * one);
    for (i = segments; i-- > 0;) {
        const leg l = {.t0 = i * n,
                       .steps = steps - i * n < n ? steps - i * n : n,
                       .want_loss = 1,
                       .backward = 1,
                       .again = 1,
                       .after = i + 1 < segments};

        restore(s, s->kept + i * one);
        run_leg(t, &l, in, ins);
    }
    restore(s, s->kept + segments * one);
}

static srnn_status ready(srnn_trainer *t, size_t steps, const srnn_array *in,
                         size_t ins)
{
    srnn_status status = srnn_session_bind(t->session, steps, in, ins);

    return status ? status : srnn_session_need_losses(t->session);
}

static void clear_gradients(srnn_trainer *t)
{
    memset(t->memory, 0, t->total * sizeof *t->memory);
}

static void begin_call(srnn_trainer *t)
{
    t->session->names.draw = 1;
    t->session->names.update = t->updates;
}

static void end_call(srnn_trainer *t, size_t steps)
{
    srnn_session *s = t->session;

    s->names.draw = 0;
    srnn_trainer_sequences(t, NULL, s->names.first + steps);
    srnn_session_end(s);
}

srnn_status srnn_trainer_backward(srnn_trainer *t, size_t steps,
                                  const srnn_array *in, size_t ins,
                                  double *loss)
{
    const leg all = {.steps = steps, .want_loss = 1, .backward = 1};
    srnn_status status;
    size_t count;

    if (!t)
        return srnn_fail(SRNN_EINVAL, "trainer is NULL");
    if (steps == 0 || steps > t->config.steps)
        return srnn_fail(SRNN_ESHAPE,
                         "steps is %zu, the trainer was opened for 1 to %zu",
                         steps, t->config.steps);
    status = ready(t, steps, in, ins);
    if (status)
        return status;
    clear_gradients(t);
    begin_call(t);
    if (steps > t->session->steps)
        run_segments(t, steps, in, ins);
    else
        run_leg(t, &all, in, ins);
    end_call(t, steps);
    if (loss)
        *loss = srnn_loss_total(t->session, &count);
    return SRNN_OK;
}

srnn_status srnn_trainer_update(srnn_trainer *t, size_t steps,
                                const srnn_array *in, size_t ins, double *loss)
{
    srnn_status status = srnn_trainer_backward(t, steps, in, ins, loss);

    return status ? status : srnn_trainer_apply(t);
}

/* ---- windows ------------------------------------------------------------- */

static srnn_status check_truncated(const srnn_trainer *t, size_t steps,
                                   size_t k1, size_t k2)
{
    if (!t)
        return srnn_fail(SRNN_EINVAL, "trainer is NULL");
    if (k1 == 0 || k2 < k1 || k2 % k1)
        return srnn_fail(SRNN_EINVAL,
                         "k2 is %zu, must be a multiple of k1, which is %zu",
                         k2, k1);
    if (k2 > t->session->steps)
        return srnn_fail(SRNN_ESHAPE, "k2 is %zu, the trainer keeps %zu steps",
                         k2, t->session->steps);
    if (steps == 0)
        return srnn_fail(SRNN_ESHAPE, "steps is 0");
    if (steps <= k1)
        return SRNN_OK;
    return k2 > k1 ? check_windows(t->net)
                   : srnn_through_check(t->net, "truncated BPTT");
}

/* What the windows' losses come to, loss by loss. */
static void sum_losses(srnn_trainer *t)
{
    size_t i;

    for (i = 0; i < t->net->nodes; i++) {
        t->loss_sum[i] += t->session->run[i].loss_sum;
        t->loss_count[i] += t->session->run[i].loss_count;
    }
}

static void set_losses(srnn_trainer *t)
{
    size_t i;

    for (i = 0; i < t->net->nodes; i++) {
        t->session->run[i].loss_sum = t->loss_sum[i];
        t->session->run[i].loss_count = t->loss_count[i];
        t->loss_sum[i] = 0;
        t->loss_count[i] = 0;
    }
}

/* The window that ends at `end` begins at `begin` and has the losses of the
 * steps from `loss` on; the next one begins at `next`. */
static srnn_status run_window(srnn_trainer *t, size_t begin, size_t loss,
                              size_t end, size_t next, const srnn_array *in,
                              size_t ins)
{
    srnn_session *s = t->session;
    const leg l = {.t0 = begin,
                   .steps = end - begin,
                   .want_loss = 1,
                   .backward = 1,
                   .skip = loss - begin};

    restore(s, s->kept);
    srnn_losses_begin(s);
    clear_gradients(t);
    begin_call(t);
    srnn_session_pass(s, &l, in, ins);
    sum_losses(t);
    if (next == end)
        keep(s, s->kept);
    else if (next > begin)
        keep_inside(s, next - begin, s->kept);
    return srnn_trainer_apply(t);
}

srnn_status srnn_trainer_truncated(srnn_trainer *t, size_t steps, size_t k1,
                                   size_t k2, const srnn_array *in, size_t ins,
                                   double *loss)
{
    srnn_status status = check_truncated(t, steps, k1, k2);
    size_t from, count;

    if (!status)
        status = ready(t, steps, in, ins);
    if (status)
        return status;
    keep(t->session, t->session->kept);
    for (from = 0; from < steps && !status; from += k1) {
        const size_t end = steps - from < k1 ? steps : from + k1;
        const size_t begin = from + k1 > k2 ? from + k1 - k2 : 0;
        const size_t next = end + k1 > k2 ? end + k1 - k2 : 0;

        status = run_window(t, begin, from, end, next < end ? next : end, in,
                            ins);
    }
    set_losses(t);
    end_call(t, steps);
    if (loss)
        *loss = srnn_loss_total(t->session, &count);
    return status;
}
