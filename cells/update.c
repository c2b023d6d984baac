/* The update: clipping by value and by global norm, then SGD or Adam, then
 * packing, each parameter by one worker. */
#include "trainer.h"
#include "worth.h"

#include <math.h>

/* What each worker needs for its share of an update. */
typedef struct update {
    srnn_trainer *t;
    srnn_sgd sgd;
    srnn_adam adam;
} update;

/* Clips, and finds the global norm: each parameter's square by one worker,
 * the total in their order. Averages have no part in it. */
static void clip(const update *u, const crew *c)
{
    srnn_trainer *t = u->t;
    const srnn_net *net = t->net;
    const srnn_kernels *k = &net->k;
    const double limit = t->config.clip_norm;
    double sum = 0, factor;
    size_t i;

    for (i = c->worker; i < net->params; i += c->workers) {
        if (net->param[i]->is_average)
            continue;
        if (t->config.clip_value > 0)
            k->clip(net->param[i]->count, (srnn_real)t->config.clip_value,
                    t->gradient[i]);
        t->squares[i] = k->sum_squares(net->param[i]->count, t->gradient[i]);
    }
    srnn_pool_barrier(c);
    for (i = 0; i < net->params; i++)
        sum += t->squares[i];
    if (c->worker == 0)
        t->norm = sqrt(sum);
    factor = limit / (sqrt(sum) + 1e-6);
    for (i = c->worker; limit > 0 && factor < 1 && i < net->params;
         i += c->workers)
        if (!net->param[i]->is_average)
            k->scale(net->param[i]->count, (srnn_real)factor, t->gradient[i]);
}

static void move_param(const update *u, size_t i)
{
    static const srnn_sgd add = {.lr = -1};
    const srnn_trainer *t = u->t;
    const srnn_kernels *k = &t->net->k;
    const param *p = t->net->param[i];

    if (p->is_average)
        k->sgd(p->count, &add, t->gradient[i], NULL, p->data);
    else if (t->config.optimiser == SRNN_ADAM)
        k->adam(p->count, &u->adam, t->gradient[i], t->moment[0][i],
                t->moment[1][i], p->data);
    else
        k->sgd(p->count, &u->sgd, t->gradient[i], t->moment[0][i], p->data);
}

static void update_on_crew(const crew *c, void *arg)
{
    const update *u = arg;
    srnn_trainer *t = u->t;
    const srnn_net *net = t->net;
    const srnn_kernels *k = &net->k;
    const uint64_t mode = k->flush();
    size_t i;

    clip(u, c);
    for (i = c->worker; i < net->params; i += c->workers)
        move_param(u, i);
    srnn_pool_barrier(c);
    for (i = c->worker; i < net->nodes; i += c->workers)
        if (net->node[i]->kind->pack)
            net->node[i]->kind->pack(net, net->node[i]);
    k->restore(mode);
}

srnn_status srnn_trainer_apply(srnn_trainer *t)
{
    const srnn_trainer_config *c;
    const srnn_session *s;
    update u;
    double lr;

    if (!t)
        return srnn_fail(SRNN_EINVAL, "trainer is NULL");
    c = &t->config;
    s = t->session;
    lr = c->lr * srnn_schedule_at(&c->schedule, t->updates);
    u = (update){.t = t,
                 .sgd = {(srnn_real)lr, (srnn_real)c->momentum,
                         (srnn_real)c->decay, t->updates == 0}};
    u.adam = srnn_adam_at(lr, c->beta1, c->beta2, c->eps, c->decay,
                          t->updates + 1);
    t->net->singles_packed = 0;
    srnn_pool_run(s->pool,
                  srnn_pool_now(s->pool, srnn_worth_update(t->net, s->useful)),
                  update_on_crew, &u);
    t->updates++;
    return SRNN_OK;
}
