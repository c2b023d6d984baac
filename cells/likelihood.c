/* log p(sequence) = sum over steps of log softmax(x)[target]: the losses of
 * the single rows, given back to the rows and steps they belong to. */
#include "bind.h"

#include <simdrnn/generate.h>

static srnn_status check(const srnn_session *s, srnn_node loss,
                         const srnn_real *each)
{
    const srnn_net *net = s->net;

    if (!each)
        return srnn_fail(SRNN_EINVAL, "each is NULL");
    if (loss < 0 || (size_t)loss >= net->nodes)
        return srnn_fail(SRNN_EINVAL,
                         "loss: node %d is not one of the net's %zu", loss,
                         net->nodes);
    if (net->node[loss]->kind != &srnn_kind_cross_entropy)
        return srnn_fail(SRNN_EINVAL, "loss: node '%s' is no cross-entropy",
                         net->node[loss]->name);
    if (net->node[loss]->axis != SRNN_TIME)
        return srnn_fail(SRNN_ESHAPE, "loss: node '%s' lies on axis '%s'",
                         net->node[loss]->name,
                         net->axis[net->node[loss]->axis].name);
    return srnn_session_need(s, loss);
}

static void add(const srnn_session *s, size_t steps, srnn_real *each,
                double *total)
{
    size_t t, b;

    for (t = 0; t < steps; t++)
        for (b = 0; b < s->batch; b++, each++) {
            *each = 0 - *each; /* and no -0 where there is no step */
            if (total)
                total[b] += (double)*each;
        }
}

srnn_status srnn_session_likelihood(srnn_session *s, srnn_node loss,
                                    size_t steps, const srnn_array *in,
                                    size_t ins, srnn_real *each, double *total)
{
    srnn_status status = srnn_session_bind(s, steps, in, ins);
    size_t t0;

    if (!status)
        status = check(s, loss, each);
    if (!status)
        status = srnn_session_cut(s, steps);
    if (status)
        return status;
    for (t0 = 0; t0 < steps; t0 += s->steps) {
        const size_t now = steps - t0 < s->steps ? steps - t0 : s->steps;
        const leg l = {.t0 = t0, .steps = now, .want_loss = 1};
        srnn_real *to = each + t0 * s->batch;

        srnn_session_pass(s, &l, in, ins);
        srnn_extent_unpack(&s->axis[SRNN_TIME].extent, 0, now, 1,
                           s->run[loss].own, 1, to, 1, s->batch);
        add(s, now, to, total);
    }
    srnn_session_end(s);
    return SRNN_OK;
}
