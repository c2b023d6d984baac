/* x -> (embedding) -> recurrent -> (last) -> linear -> loss with y. */
#include "tasks.h"

const task_shape task_shapes[TASKS] = {
    [TASK_ADDING] = {"adding", 2, 1, 0, 1, 0},
    [TASK_ORDER] = {"order", 8, 4, 1, 1, 1},
    [TASK_REBER] = {"reber", 7, 7, 1, 0, 1},
    [TASK_COPYING] = {"copying", 10, 8, 1, 0, 1},
};

static srnn_status add_input(srnn_net *net, const task_shape *s, srnn_node *x)
{
    srnn_status status;

    if (!s->symbols)
        return srnn_net_input(net, "x", s->inputs, x);
    status = srnn_net_tokens(net, "x", s->inputs, x);
    return status ? status
                  : srnn_net_embedding(net, "in", *x, s->inputs, x);
}

static srnn_status add_loss(srnn_net *net, const task_shape *s, srnn_node x)
{
    const srnn_axis axis = s->at_end ? SRNN_BATCH : SRNN_TIME;
    srnn_status status;
    srnn_node y, loss;

    status = s->classes
                 ? srnn_net_tokens_on(net, axis, "y", s->answers, &y)
                 : srnn_net_input_on(net, axis, "y", s->answers, &y);
    if (status)
        return status;
    return s->classes ? srnn_net_cross_entropy(net, "loss", x, y, &loss)
                      : srnn_net_squared_error(net, "loss", x, y, &loss);
}

srnn_status task_build(srnn_net *net, const task_shape *s,
                       const srnn_recurrent_config *cell)
{
    srnn_node x;
    srnn_status status = add_input(net, s, &x);

    if (!status)
        status = srnn_net_recurrent(net, "rnn", x, cell, &x);
    if (!status && s->at_end)
        status = srnn_net_last(net, "last", x, &x);
    if (!status)
        status = srnn_net_linear(net, "out", x, s->answers, &x);
    return status ? status : add_loss(net, s, x);
}
