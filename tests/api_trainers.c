/* Every refusal of the calls of trainers: the right status, a message that
 * names the argument and the numbers, and no parameter, gradient, moment or
 * state changed. */
#include "record.h"
#include "refuse.h"

#include <math.h>

enum { T = 3, B = 2, I = 3, H = 5, C = 4 };

static net_case case_of(int tokens)
{
    return (net_case){.cell = SRNN_LSTM, .layers = 1, .steps = T, .batch = B,
                      .in = I, .hidden = H, .classes = C, .tokens = tokens};
}

/* ---- opening ------------------------------------------------------------- */

static void numbers(srnn_net *net)
{
    static const double bad[] = {-1, NAN, INFINITY};
    static const struct {
        const char *name;
        size_t at;
    } number[] = {
#define NUMBER(member) {#member, offsetof(srnn_trainer_config, member)}
        NUMBER(lr),         NUMBER(momentum),  NUMBER(beta1), NUMBER(beta2),
        NUMBER(eps),        NUMBER(decay),     NUMBER(clip_value),
        NUMBER(clip_norm),  NUMBER(schedule.last),
#undef NUMBER
    };
    srnn_trainer *t = NULL;

    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        for (size_t j = 0; j < 3; j++) {
            srnn_trainer_config c = srnn_trainer_default();

            memcpy((char *)&c + number[i].at, &bad[j], sizeof bad[j]);
            REFUSED(SRNN_EINVAL, srnn_trainer_open(&t, net, &c),
                    number[i].name);
        }
    CHECK(t == NULL);
}

static void opening(const srnn_kernels *k)
{
    const srnn_trainer_config good = srnn_trainer_default();
    const net_case nc = case_of(0);
    srnn_net *net = case_net(k, &nc), *plain;
    srnn_trainer_config c = good;
    srnn_trainer *t = NULL;

    CHECK(good.batch == 1 && good.steps == 32 && good.threads == 1);
    CHECK(good.optimiser == SRNN_ADAM && good.lr == 1e-3 && good.eps == 1e-8);
    REFUSED(SRNN_EINVAL, srnn_trainer_open(NULL, net, &c), "trainer");
    REFUSED(SRNN_EINVAL, srnn_trainer_open(&t, NULL, &c), "net");
    REFUSED(SRNN_EINVAL, srnn_trainer_open(&t, net, NULL), "config");
    numbers(net);
    c.beta2 = 1;
    REFUSED(SRNN_EINVAL, srnn_trainer_open(&t, net, &c), "beta2", "1");
    c = good;
    c.optimiser = (srnn_optimiser)9;
    REFUSED(SRNN_EINVAL, srnn_trainer_open(&t, net, &c), "optimiser", "9");
    c = good;
    c.schedule.kind = (srnn_schedule_kind)4;
    REFUSED(SRNN_EINVAL, srnn_trainer_open(&t, net, &c), "schedule.kind", "4");
    c.schedule.kind = SRNN_COSINE;
    REFUSED(SRNN_EINVAL, srnn_trainer_open(&t, net, &c), "schedule.span", "0");
    c = good;
    c.batch = (size_t)1 << 31;
    REFUSED(SRNN_ESHAPE, srnn_trainer_open(&t, net, &c), "batch", "2147483648");
    c = good;
    c.steps = 0;
    REFUSED(SRNN_ESHAPE, srnn_trainer_open(&t, net, &c), "steps", "0");
    c = good;
    c.threads = 0;
    REFUSED(SRNN_EINVAL, srnn_trainer_open(&t, net, &c), "threads", "0");
    must(srnn_net_open_on(&plain, k));
    must(srnn_net_input(plain, "x", 3, NULL));
    REFUSED(SRNN_ESTATE, srnn_trainer_open(&t, plain, &good), "loss");
    CHECK(t == NULL);
    srnn_net_close(plain);
    must(srnn_net_input(net, "not-in-use", 3, NULL));
    srnn_net_close(net);
    srnn_trainer_close(NULL);
}

/* ---- a trainer with its data --------------------------------------------- */

typedef struct rig {
    srnn_net *net;
    srnn_trainer *t;
    net_data d;
    srnn_array in[2];
    record before;
} rig;

static void rig_keep(const rig *r, record *to)
{
    record_update(to, r->t);
    record_gradients(to, r->t);
    record_double(to, "updates", (double)srnn_trainer_updates(r->t));
}

static void rig_open(rig *r, const srnn_kernels *k, int tokens)
{
    const net_case c = case_of(tokens);

    *r = (rig){0};
    r->net = case_net(k, &c);
    case_data(&r->d, &c);
    r->t = case_trainer(r->net, &c, 1);
    case_inputs(&r->d, r->net, r->in);
    must(srnn_trainer_update(r->t, T, r->in, 2, NULL));
    rig_keep(r, &r->before);
}

static size_t rig_changes(const rig *r)
{
    const char *where;
    record now = {0};
    size_t n;

    rig_keep(r, &now);
    n = record_differing(&r->before, &now, &where);
    record_free(&now);
    return n;
}

static void rig_close(rig *r)
{
    CHECK(rig_changes(r) == 0);
    must(srnn_trainer_update(r->t, T, r->in, 2, NULL));
    CHECK(rig_changes(r) > 0); /* the control */
    record_free(&r->before);
    srnn_trainer_close(r->t);
    srnn_net_close(r->net);
    case_free(&r->d);
}

/* ---- passes -------------------------------------------------------------- */

static void passes(const srnn_kernels *k)
{
    srnn_status (*const run[])(srnn_trainer *, size_t, const srnn_array *,
                               size_t, double *) = {srnn_trainer_backward,
                                                    srnn_trainer_update};
    double loss;
    rig r;

    rig_open(&r, k, 1);
    for (size_t i = 0; i < 2; i++) {
        REFUSED(SRNN_EINVAL, run[i](NULL, T, r.in, 2, &loss), "trainer");
        REFUSED(SRNN_EINVAL, run[i](r.t, T, NULL, 2, &loss), "in ");
        REFUSED(SRNN_ESHAPE, run[i](r.t, 0, r.in, 2, &loss), "steps", "0",
                "3");
        REFUSED(SRNN_ESHAPE, run[i](r.t, T + 1, r.in, 2, &loss), "steps", "4",
                "3");
        REFUSED(SRNN_ESHAPE, run[i](r.t, SIZE_MAX, r.in, 2, &loss), "steps");
        REFUSED(SRNN_EINVAL, run[i](r.t, T, r.in, 1, &loss), "'loss'", "'y'");
        REFUSED(SRNN_EINVAL, run[i](r.t, T, r.in + 1, 1, &loss), "'x'");
        r.d.token[B + 1] = C;
        REFUSED(SRNN_EINVAL, run[i](r.t, T, r.in, 2, &loss), "'x'",
                "4 at step 1", "row 1");
        r.d.token[B + 1] = 0;
    }
    REFUSED(SRNN_EINVAL, srnn_trainer_loss(NULL, T, r.in, 2, &loss, NULL),
            "trainer");
    REFUSED(SRNN_EINVAL, srnn_trainer_loss(r.t, T, r.in, 1, &loss, NULL),
            "'y'");
    REFUSED(SRNN_EINVAL, srnn_trainer_apply(NULL), "trainer");
    must(srnn_trainer_loss(r.t, 0, r.in, 2, &loss, NULL));
    CHECK(loss == 0);
    rig_close(&r);
}

/* ---- what it holds ------------------------------------------------------- */

static void holdings(const srnn_kernels *k)
{
    srnn_node x, rnn;
    srnn_tensor g;
    size_t n;
    rig r;

    rig_open(&r, k, 0);
    n = srnn_net_params(r.net);
    x = srnn_net_find(r.net, "x");
    rnn = srnn_net_find(r.net, "rnn");
    REFUSED(SRNN_EINVAL, srnn_trainer_gradient(NULL, 0, &g), "trainer");
    REFUSED(SRNN_EINVAL, srnn_trainer_gradient(r.t, 0, NULL), "tensor");
    REFUSED(SRNN_EINVAL, srnn_trainer_gradient(r.t, n, &g), "6 of 6");
    CHECK(n == 6 && srnn_trainer_moments(r.t) == 2);
    REFUSED(SRNN_EINVAL, srnn_trainer_moment(r.t, 2, 0, &g), "moment 2 of 2");
    REFUSED(SRNN_EINVAL, srnn_trainer_moment(r.t, 0, n, &g), "6 of 6");
    REFUSED(SRNN_EINVAL, srnn_trainer_moment(NULL, 0, 0, &g), "trainer");
    REFUSED(SRNN_EINVAL, srnn_trainer_moment(r.t, 0, 0, NULL), "tensor");
    REFUSED(SRNN_EINVAL, srnn_trainer_state(NULL, 0, &g), "trainer");
    REFUSED(SRNN_EINVAL, srnn_trainer_state(r.t, 2, &g), "2 of 2");
    REFUSED(SRNN_EINVAL, srnn_trainer_state_gradient(r.t, 2, &g), "2 of 2");
    REFUSED(SRNN_EINVAL, srnn_trainer_state_gradient(r.t, 0, NULL), "state");
    REFUSED(SRNN_EINVAL, srnn_trainer_input_gradient(NULL, x, &g), "trainer");
    REFUSED(SRNN_EINVAL, srnn_trainer_input_gradient(r.t, x, NULL),
            "gradient");
    REFUSED(SRNN_EINVAL, srnn_trainer_input_gradient(r.t, rnn, &g), "node 1");
    REFUSED(SRNN_EINVAL, srnn_trainer_input_gradient(r.t, -1, &g), "-1");
    REFUSED(SRNN_EINVAL, srnn_trainer_input_gradient(r.t, 99, &g), "99");
    CHECK(srnn_trainer_net(r.t) == r.net && srnn_trainer_net(NULL) == NULL);
    CHECK(srnn_trainer_settings(r.t).batch == B);
    CHECK(srnn_trainer_updates(NULL) == 0 && srnn_trainer_states(NULL) == 0);
    CHECK(srnn_trainer_moments(NULL) == 0 && srnn_trainer_norm(NULL) == 0);
    srnn_trainer_set_updates(NULL, 3);
    srnn_trainer_reset(NULL);
    rig_close(&r);
}

/* A trainer that was not asked for gradients of inputs; SGD with and without
 * a moment. */
static void not_asked(const srnn_kernels *k)
{
    const net_case c = case_of(0);
    srnn_trainer_config config = srnn_trainer_default();
    srnn_net *net = case_net(k, &c);
    srnn_trainer *t;
    srnn_tensor g;

    config.optimiser = SRNN_SGD;
    must(srnn_trainer_open(&t, net, &config));
    REFUSED(SRNN_ESTATE,
            srnn_trainer_input_gradient(t, srnn_net_find(net, "x"), &g), "'x'",
            "input_gradients");
    REFUSED(SRNN_EINVAL, srnn_trainer_moment(t, 0, 0, &g), "0 of 0");
    REFUSED(SRNN_ESTATE, srnn_net_input(net, "a", 1, NULL), "'a'", "1 open");
    srnn_trainer_close(t);
    config.momentum = 0.9;
    must(srnn_trainer_open(&t, net, &config));
    REFUSED(SRNN_EINVAL, srnn_trainer_moment(t, 1, 0, &g), "1 of 1");
    srnn_trainer_close(t);
    must(srnn_net_input(net, "a", 1, NULL));
    srnn_net_close(net);
}

/* A loss straight on an input, no parameter anywhere: looking at the loss
 * leaves the gradient of the last backward pass. */
static void logits_given(const srnn_kernels *k)
{
    srnn_trainer_config config = srnn_trainer_default();
    const float z[2][2] = {{1, -1}, {3, 5}};
    const int32_t target[1] = {0};
    srnn_node in, targets, loss;
    srnn_array a[2];
    srnn_tensor g;
    srnn_trainer *t;
    srnn_net *net;
    float kept[2];
    double nats;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "z", 2, &in));
    must(srnn_net_tokens(net, "y", 2, &targets));
    must(srnn_net_cross_entropy(net, "loss", in, targets, &loss));
    config.input_gradients = 1;
    must(srnn_trainer_open(&t, net, &config));
    a[0] = (srnn_array){.node = in, .data = (float *)z[0]};
    a[1] = (srnn_array){.node = targets, .tokens = target};
    must(srnn_trainer_update(t, 1, a, 2, &nats));
    must(srnn_trainer_input_gradient(t, in, &g));
    CHECK(g.data[0] < 0 && g.data[1] > 0);
    memcpy(kept, g.data, sizeof kept);
    a[0].data = (float *)z[1];
    must(srnn_trainer_loss(t, 1, a, 2, &nats, NULL));
    CHECK(!memcmp(kept, g.data, sizeof kept));
    srnn_trainer_close(t);
    srnn_net_close(net);
}

/* The size asked beforehand: two moments more take two more copies of the
 * parameters, each begun on a cache line; threads and steps cost something. */
static void sizes(const srnn_kernels *k)
{
    const net_case nc = case_of(0);
    srnn_net *net = case_net(k, &nc);
    srnn_trainer_config adam = srnn_trainer_default(), sgd = adam, c = adam;
    size_t params = 0;
    srnn_tensor p;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &p));
        params += (p.count * sizeof(float) + 63) / 64 * 64;
    }
    sgd.optimiser = SRNN_SGD;
    CHECK(srnn_trainer_size(net, &adam) ==
          srnn_trainer_size(net, &sgd) + 2 * params);
    sgd.momentum = 0.5;
    CHECK(srnn_trainer_size(net, &adam) ==
          srnn_trainer_size(net, &sgd) + params);
    c.steps++;
    CHECK(srnn_trainer_size(net, &c) > srnn_trainer_size(net, &adam));
    CHECK(srnn_trainer_size(NULL, &c) == 0);
    CHECK(srnn_trainer_size(net, NULL) == 0);
    c.batch = (size_t)1 << 31;
    CHECK(srnn_trainer_size(net, &c) == 0);
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"api/opening", opening, NULL},
        {"api/passes", passes, NULL},
        {"api/holdings", holdings, NULL},
        {"api/not-asked", not_asked, NULL},
        {"api/sizes", sizes, NULL},
        {"api/logits-given", logits_given, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
