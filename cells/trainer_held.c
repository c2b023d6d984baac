/* What a trainer holds: gradients, moments, states, counts; to look at, and to
 * set when a run is resumed. */
#include "trainer.h"

static srnn_status tensor_of(const srnn_trainer *t, size_t i,
                             srnn_real *const *data, srnn_tensor *out)
{
    srnn_status status;

    if (!t || !out)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", t ? "tensor" : "trainer");
    status = srnn_net_param(t->net, i, out);
    if (!status)
        out->data = data[i];
    return status;
}

srnn_status srnn_trainer_gradient(const srnn_trainer *t, size_t i,
                                  srnn_tensor *out)
{
    return tensor_of(t, i, t ? t->gradient : NULL, out);
}

size_t srnn_trainer_moments(const srnn_trainer *t)
{
    return t ? srnn_moments_of(&t->config) : 0;
}

srnn_status srnn_trainer_moment(const srnn_trainer *t, size_t which, size_t i,
                                srnn_tensor *out)
{
    if (t && which >= srnn_trainer_moments(t))
        return srnn_fail(SRNN_EINVAL, "moment %zu of %zu", which,
                         srnn_trainer_moments(t));
    return tensor_of(t, i, t ? t->moment[which] : NULL, out);
}

size_t srnn_trainer_states(const srnn_trainer *t)
{
    return t ? t->session->states : 0;
}

static srnn_status state_of(const srnn_trainer *t, size_t i, int gradient,
                            srnn_tensor *out)
{
    if (!t)
        return srnn_fail(SRNN_EINVAL, "trainer is NULL");
    return srnn_session_state_at(t->session, i, gradient, out);
}

srnn_status srnn_trainer_state(const srnn_trainer *t, size_t i,
                               srnn_tensor *out)
{
    return state_of(t, i, 0, out);
}

srnn_status srnn_trainer_state_gradient(const srnn_trainer *t, size_t i,
                                        srnn_tensor *out)
{
    return state_of(t, i, 1, out);
}

void srnn_trainer_reset(srnn_trainer *t)
{
    if (!t)
        return;
    srnn_session_reset(t->session);
    srnn_trainer_sequences(t, NULL, 0);
}

srnn_status srnn_trainer_input_gradient(const srnn_trainer *t, srnn_node id,
                                        srnn_tensor *out)
{
    const node *n;

    if (!t || !out)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", t ? "gradient" : "trainer");
    if (id < 0 || (size_t)id >= t->net->nodes ||
        t->net->node[id]->kind != &srnn_kind_input)
        return srnn_fail(SRNN_EINVAL, "node %d is not a real input", id);
    n = t->net->node[id];
    if (!t->session->run[id].wants_gradient)
        return srnn_fail(SRNN_ESTATE,
                         "'%s' has no gradient: input_gradients is %d, and it "
                         "must lead to the loss",
                         n->name, t->config.input_gradients);
    *out = (srnn_tensor){n->name,
                         2,
                         {t->rows[id], n->features},
                         t->rows[id] * n->features,
                         t->session->run[id].dx,
                         0};
    return SRNN_OK;
}

uint64_t srnn_trainer_updates(const srnn_trainer *t)
{
    return t ? t->updates : 0;
}

void srnn_trainer_set_updates(srnn_trainer *t, uint64_t updates)
{
    if (t)
        t->updates = updates;
}

int srnn_trainer_begun(const srnn_trainer *t)
{
    return t ? t->session->begun : 0;
}

void srnn_trainer_set_begun(srnn_trainer *t, int begun)
{
    if (t)
        t->session->begun = begun != 0;
}

double srnn_trainer_norm(const srnn_trainer *t)
{
    return t ? t->norm : 0;
}

srnn_net *srnn_trainer_net(const srnn_trainer *t)
{
    return t ? t->net : NULL;
}

srnn_trainer_config srnn_trainer_settings(const srnn_trainer *t)
{
    return t ? t->config : srnn_trainer_default();
}
