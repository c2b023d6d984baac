/* A projection by the unit matrix is none: with and without it, under every
 * mask and in every direction, sessions and trainers give the same bits. */
#include "check.h"
#include "masks_case.h"
#include "numbers.h"
#include "record.h"
#include "rungs.h"

#include <stdio.h>
#include <string.h>

enum { H = 19 };

static net_case shape(unsigned flags, size_t projection)
{
    return (net_case){.cell = SRNN_LSTM, .layers = 2, .steps = 5, .batch = 4,
                      .in = 5, .hidden = H, .classes = 3, .lstm = flags,
                      .projection = projection};
}

/* Every parameter as the plain net has it; those that it has not, the unit
 * matrix times `scale`. */
static void copy_params(const srnn_net *from, srnn_net *to, float scale)
{
    srnn_tensor x, y;

    for (size_t i = 0, j = 0; i < srnn_net_params(to); i++) {
        must(srnn_net_param(to, i, &y));
        if (!strstr(y.name, ".weight_hr")) {
            must(srnn_net_param(from, j++, &x));
            CHECK(!strcmp(x.name, y.name));
            memcpy(y.data, x.data, x.count * sizeof *x.data);
            continue;
        }
        for (size_t u = 0; u < y.count; u++)
            y.data[u] = u / H == u % H ? scale : 0;
    }
    must(srnn_net_pack(to));
}

/* What is not of the projection's own. */
static void keep(record *r, const srnn_tensor *x, const char *what)
{
    char name[96];

    snprintf(name, sizeof name, "%s%s", what, x->name);
    if (!strstr(x->name, ".weight_hr"))
        record_add(r, name, x->data, x->count, 0);
}

static void infer(record *r, srnn_net *net, const net_data *d)
{
    float y[5 * 4 * 2 * H];
    srnn_session *s = case_session(net, &d->c, d->c.steps, 1);
    const srnn_node rnn = srnn_net_find(net, "rnn");
    const srnn_array out = {.node = rnn, .data = y};
    srnn_node_info info;
    srnn_array in[2];
    srnn_tensor x;

    must(srnn_net_node(net, rnn, &info));
    case_inputs(d, net, in);
    case_session_states(s, d);
    must(srnn_session_forward(s, d->c.steps, in, 1, &out, 1));
    record_add(r, "y", y, d->c.steps * d->c.batch * info.features, 0);
    for (size_t i = 0; i < srnn_session_states(s); i++) {
        must(srnn_session_state(s, i, &x));
        keep(r, &x, "state ");
    }
    srnn_session_close(s);
}

static void train(record *r, srnn_net *net, const net_data *d)
{
    srnn_trainer *t = masks_trainer(net, &d->c, 1);
    srnn_array in[2];
    srnn_tensor x;

    case_inputs(d, net, in);
    case_trainer_states(t, d);
    must(srnn_trainer_sequences(t, d->id, 3));
    must(srnn_trainer_backward(t, d->c.steps, in, 2, NULL));
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_trainer_gradient(t, i, &x));
        keep(r, &x, "d ");
    }
    for (size_t i = 0; i < srnn_trainer_states(t); i++) {
        must(srnn_trainer_state_gradient(t, i, &x));
        keep(r, &x, "d state ");
    }
    srnn_trainer_close(t);
}

static size_t differing(const srnn_kernels *k, unsigned flags,
                        const masks_case *m, float scale, const char **where)
{
    const net_case c = shape(flags, 0), p = shape(flags, H);
    srnn_net *plain = masks_net(k, &c, m), *projected = masks_net(k, &p, m);
    record a = {0}, b = {0};
    net_data d;
    size_t n;

    copy_params(plain, projected, scale);
    masks_data(&d, &c, m);
    infer(&a, plain, &d);
    train(&a, plain, &d);
    d.c = p;
    infer(&b, projected, &d);
    train(&b, projected, &d);
    n = record_differing(&a, &b, where);
    record_free(&a);
    record_free(&b);
    masks_free(&d);
    srnn_net_close(plain);
    srnn_net_close(projected);
    return n;
}

static void unit(const srnn_kernels *k)
{
    static const unsigned flags[] = {
        SRNN_LSTM_PEEPHOLES | SRNN_LSTM_COUPLED,
        SRNN_LSTM_PEEPHOLES | SRNN_LSTM_FULL_RECURRENCE,
        SRNN_LSTM_NO_OUTPUT_GATE};

    for (size_t i = 0; i < 3 && rung_is_vector(k); i++)
        for (const masks_case *m = masks_cases; m->name; m++) {
            const net_case c = shape(flags[i], 0);
            const char *where;

            if (!masks_fit(m, &c))
                continue;
            CHECK_SAYS(!differing(k, flags[i], m, 1, &where), "%x %s: %s",
                       flags[i], m->name, where);
            CHECK(differing(k, flags[i], m, 0.999f, &where) > 0);
        }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"projected/unit", unit, NULL},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
