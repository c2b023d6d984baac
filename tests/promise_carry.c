/* What is carried over a cut: the loss of a session, whose sum in double goes
 * on from pass to pass, and the states of truncated training, whose second
 * pass is that of a fresh trainer begun with them. */
#include "record.h"

#include "numbers.h"

#include <string.h>

/* ---- losses -------------------------------------------------------------- */

/* Logits of many sizes: their losses do not add up exactly in double. */
static void spread_logits(srnn_net *net)
{
    srnn_tensor w;

    must(srnn_net_param(net, srnn_net_params(net) - 2, &w));
    CHECK(!strcmp(w.name, "out.weight"));
    for (size_t i = 0; i < w.count; i++)
        w.data[i] *= real_of((127u + 24 * (uint32_t)(i / w.shape[1])) << 23);
    must(srnn_net_pack(net));
}

static double loss_cut(srnn_net *net, const net_data *d, size_t steps)
{
    srnn_session *s = case_session(net, &d->c, steps, 1);
    srnn_array in[2];
    double loss;

    case_inputs(d, net, in);
    case_session_states(s, d);
    must(srnn_session_loss(s, d->c.steps, in, 2, &loss, NULL));
    srnn_session_close(s);
    return loss;
}

/* The same losses, added in groups of so many steps. */
static double loss_grouped(srnn_net *net, const net_data *d, size_t group)
{
    srnn_session *s = case_session(net, &d->c, 1, 1);
    double sum = 0, group_sum = 0, loss;
    srnn_array in[2];

    case_inputs(d, net, in);
    case_session_states(s, d);
    for (size_t t = 0; t < d->c.steps; t++) {
        must(srnn_session_loss(s, 1, in, 2, &loss, NULL));
        group_sum += loss;
        in[0].data += d->c.in;
        in[1].tokens++;
        if ((t + 1) % group == 0) {
            sum += group_sum;
            group_sum = 0;
        }
    }
    srnn_session_close(s);
    return (sum + group_sum) / (double)d->c.steps;
}

static void losses(const srnn_kernels *k)
{
    const net_case c = {.cell = SRNN_RNN_TANH, .layers = 1, .steps = 200,
                        .batch = 1, .in = 3, .hidden = 5, .classes = 6};
    static const size_t steps[] = {1, 2, 3, 7, 199, 1000};
    srnn_net *net = case_net(k, &c);
    net_data d;
    double whole;
    size_t n = 0;

    case_data(&d, &c);
    for (size_t t = 0; t < c.steps; t++)
        d.target[t] = (int32_t)data_below(c.classes);
    spread_logits(net);
    whole = loss_cut(net, &d, c.steps);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        CHECK_SAYS(loss_cut(net, &d, steps[i]) == whole,
                   "the loss changes in passes of %zu steps", steps[i]);
    CHECK(loss_grouped(net, &d, 1) == whole);
    for (size_t g = 2; g < 10; g++)
        n += loss_grouped(net, &d, g) != whole;
    check_note("losses added in groups of 2 to 9: %zu of 8 sums change", n);
    CHECK(n > 0);
    case_free(&d);
    srnn_net_close(net);
}

/* ---- truncated training -------------------------------------------------- */

static srnn_array from_step(srnn_array a, size_t rows, size_t columns)
{
    a.data = a.data ? a.data + rows * columns : NULL;
    a.tokens = a.tokens ? a.tokens + rows : NULL;
    return a;
}

static void backward_over(srnn_trainer *t, const net_data *d, size_t from,
                          size_t to)
{
    const size_t rows = from * d->c.batch;
    srnn_array in[2];

    case_inputs(d, srnn_trainer_net(t), in);
    in[0] = from_step(in[0], rows, d->c.in);
    in[1] = from_step(in[1], rows, 1);
    must(srnn_trainer_backward(t, to - from, in, 2, NULL));
}

/* The states of a session after the first `steps` steps, as data. */
static void states_after(srnn_net *net, net_data *d, size_t steps)
{
    srnn_session *s = case_session(net, &d->c, 2, 1);
    srnn_real *to = d->state;
    srnn_array in[2];
    srnn_tensor h;

    case_inputs(d, net, in);
    case_session_states(s, d);
    must(srnn_session_forward(s, steps, in, 1, NULL, 0));
    for (size_t i = 0; i < srnn_session_states(s); i++, to += h.count) {
        must(srnn_session_state(s, i, &h));
        memcpy(to, h.data, h.count * sizeof *to);
    }
    srnn_session_close(s);
}

static void truncated_case(const srnn_kernels *k, const net_case *c)
{
    const size_t cut = c->steps / 2;
    record carried = {0}, fresh = {0};
    srnn_net *net = case_net(k, c);
    srnn_trainer *t;
    const char *where;
    net_data d;

    case_data(&d, c);
    t = case_trainer(net, c, 1);
    case_trainer_states(t, &d);
    backward_over(t, &d, 0, cut);
    backward_over(t, &d, cut, c->steps);
    record_gradients(&carried, t);
    srnn_trainer_close(t);

    states_after(net, &d, cut);
    t = case_trainer(net, c, 2);
    case_trainer_states(t, &d);
    backward_over(t, &d, cut, c->steps);
    record_gradients(&fresh, t);
    CHECK_SAYS(!record_differing(&carried, &fresh, &where),
               "%s: the second pass differs in %s", case_name(c), where);
    record_free(&fresh);
    case_trainer_states(t, &d); /* control: the first steps again */
    backward_over(t, &d, 0, c->steps - cut);
    record_gradients(&fresh, t);
    CHECK(record_differing(&carried, &fresh, &where));
    record_free(&fresh);
    record_free(&carried);
    srnn_trainer_close(t);
    srnn_net_close(net);
    case_free(&d);
}

static void truncated(const srnn_kernels *k)
{
    net_case c;

    for (size_t i = CASE_CELLS; i < 2 * CASE_CELLS && record_shape(i, &c); i++)
        truncated_case(k, &c);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"carry/losses", losses, NULL},
        {"carry/truncated", truncated, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
