/* Runs of the encoder-decoder, for the promises of attention. */
#include "attend_run.h"

#include "net_case.h"

#include <string.h>

static void lengths_from(const attend_case *c, size_t t0, size_t now,
                         size_t *left)
{
    for (size_t b = 0; b < c->batch; b++) {
        left[b] = c->length[b] > t0 ? c->length[b] - t0 : 0;
        left[b] = left[b] < now ? left[b] : now;
    }
}

static void give_source(srnn_session *s, const srnn_net *net,
                        const attend_case *c)
{
    must(srnn_session_axis(s, (srnn_axis)attend_axis(net), c->source,
                           c->source_length, c->batch));
}

static void run_steps(srnn_session *s, const srnn_net *net,
                      const attend_data *d, const way *w, result *r)
{
    const size_t weights = d->c.steps * d->c.batch * r->columns[0];
    size_t left[ATTEND_BATCH], t0, now;
    srnn_array in[3], out[2];

    for (t0 = 0; t0 < d->c.steps; t0 += now) {
        const int with_source = t0 == 0 && !w->apart;
        const size_t row = t0 * d->c.batch;

        now = w->cut < d->c.steps - t0 ? w->cut : d->c.steps - t0;
        attend_inputs(d, net, t0, in);
        out[0] = (srnn_array){.node = srnn_net_find(net, "att"),
                              .data = r->x + row * r->columns[0]};
        out[1] = (srnn_array){.node = srnn_net_find(net, "weights"),
                              .data = r->x + weights + row * r->columns[1]};
        lengths_from(&d->c, t0, now, left);
        must(srnn_session_lengths(s, left));
        if (with_source)
            give_source(s, net, &d->c);
        must(srnn_session_forward(s, now, with_source ? in : in + 1,
                                  with_source ? 2 : 1, out, 2));
    }
}

static void give_states(srnn_session *s, const attend_data *d)
{
    srnn_tensor state;

    must(srnn_session_state(s, 0, &state));
    memcpy(state.data, d->state, d->states * sizeof *d->state);
}

static void run_negated(srnn_session *s, const srnn_net *net,
                        const attend_data *d, const way *w, result *r)
{
    const size_t n = d->c.source * d->c.batch * d->c.in;

    for (size_t i = 0; i < n; i++)
        d->source[i] = -d->source[i];
    run_steps(s, net, d, w, r);
    for (size_t i = 0; i < n; i++)
        d->source[i] = -d->source[i];
    srnn_session_reset(s);
    give_states(s, d);
}

void attend_run(const srnn_kernels *k, const attend_data *d, way w, result *r)
{
    srnn_net *net = attend_net(k, &d->c);
    srnn_session *s = attend_session(net, &d->c, w.room, w.threads);
    srnn_node_info info;
    srnn_array in[3];

    for (int i = 0; i < 2; i++) {
        must(srnn_net_node(net,
                           srnn_net_find(net, i ? "weights" : "att"), &info));
        r->columns[i] = info.features;
    }
    give_states(s, d);
    if (w.again)
        run_negated(s, net, d, &w, r);
    if (w.apart) {
        attend_inputs(d, net, 0, in);
        give_source(s, net, &d->c);
        must(srnn_session_forward(s, 0, in, 1, NULL, 0));
    }
    run_steps(s, net, d, &w, r);
    srnn_session_close(s);
    srnn_net_close(net);
}

static void take(slopes *g, const srnn_tensor *t)
{
    memcpy(g->x + g->n, t->data, t->count * sizeof *g->x);
    g->n += t->count;
}

void attend_backward(const srnn_kernels *k, const attend_data *d,
                     size_t threads, slopes *g)
{
    srnn_net *net = attend_net(k, &d->c);
    srnn_trainer *t = attend_trainer(net, &d->c, threads);
    srnn_array in[3];
    srnn_tensor a;

    g->n = 0;
    attend_ready(t, d);
    attend_inputs(d, net, 0, in);
    must(srnn_trainer_backward(t, d->c.steps, in, 3, NULL));
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_trainer_gradient(t, i, &a));
        take(g, &a);
    }
    g->params = g->n;
    must(srnn_trainer_state_gradient(t, 0, &a));
    take(g, &a);
    must(srnn_trainer_input_gradient(t, in[1].node, &a));
    take(g, &a);
    if (d->c.form != ATTEND_SELF) {
        must(srnn_trainer_input_gradient(t, in[0].node, &a));
        take(g, &a);
    }
    srnn_trainer_close(t);
    srnn_net_close(net);
}
