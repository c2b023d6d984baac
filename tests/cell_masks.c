/* What dropout and zoneout do to a net: examples worked by hand, and what holds
 * of every unit: an old state or a new one, a zero or a scaled value, the same
 * or another from step to step, nothing at all in a session. */
#include "check.h"
#include "masks_case.h"
#include "numbers.h"
#include "rungs.h"

#include <math.h>
#include <string.h>

#define U 0x1p-24

static srnn_tensor param(const srnn_net *net, const char *name)
{
    srnn_tensor p = {0};

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &p));
        if (!strcmp(p.name, name))
            return p;
    }
    CHECK_SAYS(0, "no parameter %s", name);
    return p;
}

/* ---- by hand ------------------------------------------------------------- */

/* An LSTM of one unit whose gates do not move: i = f = o = g = 1/2. Rates: h
 * 1/4, c 1/2. From h = 0.8, c = 1 (Krueger et al. 2017, the rates as masks):
 *   c~ = 1/2 + 1/4 = 0.75,           c = (1 + 0.75) / 2 = 0.875
 *   h~ = tanh(0.75) / 2 = 0.3175745, h = 0.8 / 4 + 3/4 h~ = 0.4381809
 *   c~ = 0.6875,                     c = 0.78125
 *   h~ = tanh(0.6875) / 2,           h = 0.4381809 / 4 + 3/4 h~
 * Some ten operations on numbers below 1, two activations of 2 ULP: 20 u. */
static void zoneout_by_hand(const srnn_kernels *k)
{
    const double h1 = 0.8 / 4 + 0.75 * tanh(0.75) / 2;
    const double want[2][2] = {{h1, 0.875},
                               {h1 / 4 + 0.75 * tanh(0.6875) / 2, 0.78125}};
    const net_case c = {.cell = SRNN_LSTM, .layers = 1, .steps = 1, .batch = 1,
                        .in = 1, .hidden = 1, .classes = 2};
    const masks_case m = {.zone_h = 0.25, .zone_c = 0.5};
    srnn_net *net = masks_net(k, &c, &m);
    srnn_session *s = case_session(net, &c, 1, 1);
    srnn_tensor h, cell;
    float x = 1, y[2];
    worst seen = {0};

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &h));
        memset(h.data, 0, h.count * sizeof *h.data);
    }
    param(net, "rnn.bias_ih_l0").data[2] = 0.54930614f; /* tanh of it: 1/2 */
    must(srnn_net_pack(net));
    must(srnn_session_state(s, 0, &h));
    must(srnn_session_state(s, 1, &cell));
    h.data[0] = 0.8f;
    cell.data[0] = 1;
    for (size_t t = 0; t < 2; t++) {
        must(srnn_session_step(s, &x, y));
        worst_see(&seen, h.data[0], want[t][0], 20 * U, "h", t, 0);
        worst_see(&seen, cell.data[0], want[t][1], 20 * U, "c", t, 0);
    }
    worst_end(&seen, "zoneout");
    srnn_session_close(s);
    srnn_net_close(net);
}

/* ---- units in training --------------------------------------------------- */

enum { H = 300, B = 3 };

static const net_case wide = {.cell = SRNN_LSTM, .layers = 1, .steps = 2,
                              .batch = B, .in = 2, .hidden = H, .classes = 2};

typedef struct subject {
    net_data d;
    srnn_net *net;
    srnn_trainer *t;
    srnn_array in[2];
} subject;

static void begin(subject *s, const srnn_kernels *k, const net_case *c,
                  const masks_case *m)
{
    data_seed(3);
    s->net = masks_net(k, c, m);
    masks_data(&s->d, c, m);
    s->t = masks_trainer(s->net, c, 1);
    case_trainer_states(s->t, &s->d);
    case_inputs(&s->d, s->net, s->in);
}

static void end(subject *s)
{
    srnn_trainer_close(s->t);
    srnn_net_close(s->net);
    masks_free(&s->d);
}

static void one_step(subject *s, uint64_t step)
{
    must(srnn_trainer_sequences(s->t, s->d.id, step));
    must(srnn_trainer_backward(s->t, 1, s->in, 2, NULL));
}

static const float *state(const subject *s, size_t i)
{
    srnn_tensor x;

    must(srnn_trainer_state(s->t, i, &x));
    return x.data;
}

/* Six standard deviations of a count of B H with probability p. */
static void check_count(size_t count, double p, const char *what)
{
    check_note("%zu of %d %s", count, B * H, what);
    CHECK(fabs((double)count - B * H * p) < 6 * sqrt(B * H * p * (1 - p)));
}

/* After a step each of h and c is the state before, or what the plain cell
 * makes of it: its first step knows no mask. */
static void zoneout_units(const srnn_kernels *k)
{
    static const masks_case none, zone = {.zone_h = 0.3, .zone_c = 0.6};
    const double rate[2] = {0.3, 0.6};
    size_t both = 0;
    subject a, b;

    begin(&a, k, &wide, &none);
    begin(&b, k, &wide, &zone);
    one_step(&a, 0);
    one_step(&b, 0);
    for (size_t i = 0; i < 2; i++) {
        const float *before = b.d.state + i * B * H;
        size_t kept = 0;

        for (size_t j = 0; j < B * H; j++) {
            const float got = state(&b, i)[j];

            CHECK(got == before[j] || got == state(&a, i)[j]);
            kept += got == before[j];
            both += i && got == before[j] && state(&b, 0)[j] == b.d.state[j];
        }
        check_count(kept, rate[i], i ? "of c kept" : "of h kept");
    }
    check_count(both, 0.3 * 0.6, "kept in both");
    end(&a);
    end(&b);
}

/* R = 1/2 on the diagonal alone: h = tanh(s h / 2), s the mask of h. In the
 * next step a unit that was dropped is dropped again, and only it. */
static void hidden_units(const srnn_kernels *k)
{
    static const masks_case m = {.hidden = 0.4};
    net_case c = wide;
    size_t zeros = 0;
    worst seen = {0};
    srnn_tensor p;
    subject s;

    c.cell = SRNN_RNN_TANH;
    begin(&s, k, &c, &m);
    for (size_t i = 0; i < srnn_net_params(s.net); i++) {
        must(srnn_net_param(s.net, i, &p));
        if (!strncmp(p.name, "rnn.", 4))
            memset(p.data, 0, p.count * sizeof *p.data);
    }
    for (size_t u = 0; u < H; u++)
        param(s.net, "rnn.weight_hh_l0").data[u * H + u] = 0.5f;
    must(srnn_net_pack(s.net));
    for (size_t t = 0; t < 2; t++) {
        static float before[B * H];

        memcpy(before, state(&s, 0), sizeof before);
        one_step(&s, t);
        for (size_t j = 0; j < B * H; j++) {
            const float got = state(&s, 0)[j];
            const double want = tanh(0.5 * before[j] / 0.6);

            CHECK_SAYS(t == 0 || (got == 0) == (before[j] == 0),
                       "unit %zu: %g after %g", j, (double)got,
                       (double)before[j]);
            if (t == 0)
                zeros += got == 0;
            if (got != 0) /* 3 roundings before tanh, whose slope is <= 1 */
                worst_see(&seen, got, want,
                          (3 * fabs(before[j]) + 4 * fabs(want)) * U, "h", t,
                          j);
        }
    }
    worst_end(&seen, "h under a mask");
    check_count(zeros, 0.4, "dropped");
    end(&s);
}

/* ---- nodes --------------------------------------------------------------- */

/* The gradient of what was dropped is 0, that of the rest is not: T B of F. */
static size_t dropped(const subject *s, size_t t, size_t j)
{
    srnn_tensor g;

    must(srnn_trainer_input_gradient(
        s->t, srnn_net_find(s->net, "x"), &g));
    return g.data[t * s->d.c.batch * s->d.c.in + j] == 0;
}

static void node_units(const srnn_kernels *k)
{
    net_case c = wide;
    masks_case m = {.node = 0.3};

    c.in = H;
    c.hidden = 4;
    for (m.once = 0; m.once < 2; m.once++) {
        size_t count = 0, changed = 0;
        subject s;

        begin(&s, k, &c, &m);
        must(srnn_trainer_sequences(s.t, s.d.id, 0));
        must(srnn_trainer_backward(s.t, 2, s.in, 2, NULL));
        for (size_t j = 0; j < B * H; j++) {
            count += dropped(&s, 0, j);
            changed += dropped(&s, 0, j) != dropped(&s, 1, j);
        }
        check_count(count, 0.3, "dropped");
        if (m.once)
            CHECK(changed == 0);
        else
            check_count(changed, 2 * 0.3 * 0.7, "changed");
        end(&s);
    }
}

/* ---- updates, seeds ----------------------------------------------------- */

static void names(const srnn_kernels *k)
{
    static const masks_case zone = {.zone_h = 0.5};
    static float first[B * H];
    subject a;
    size_t i, same = 0;

    begin(&a, k, &wide, &zone);
    one_step(&a, 0);
    memcpy(first, state(&a, 0), sizeof first);
    case_trainer_states(a.t, &a.d);
    one_step(&a, 0);
    CHECK(!bits_differing(first, state(&a, 0), B * H));
    srnn_trainer_set_updates(a.t, 1);
    case_trainer_states(a.t, &a.d);
    one_step(&a, 0);
    for (i = 0; i < B * H; i++)
        same += first[i] == state(&a, 0)[i];
    check_count(same, 0.5, "the same in the next update");
    srnn_trainer_close(a.t);
    a.t = case_trainer(a.net, &wide, 1); /* whose seed is 0 */
    case_trainer_states(a.t, &a.d);
    one_step(&a, 0);
    for (same = 0, i = 0; i < B * H; i++)
        same += first[i] == state(&a, 0)[i];
    check_count(same, 0.5, "the same with another seed");
    end(&a);
}

/* ---- sessions ------------------------------------------------------------ */

static void run(srnn_net *net, const net_data *d, size_t steps, size_t call,
                size_t threads, float *y)
{
    srnn_session *s = case_session(net, &d->c, steps, threads);
    srnn_array in[2], out = {.node = srnn_net_find(net, "out"), .data = y};

    case_inputs(d, net, in);
    case_session_states(s, d);
    for (size_t t = 0; t < d->c.steps; t += call) {
        must(srnn_session_forward(s, call, in, 1, &out, 1));
        in[0].data += call * d->c.batch * d->c.in;
        out.data += call * d->c.batch * d->c.classes;
    }
    srnn_session_close(s);
}

/* Dropout is nothing there; zoneout is not, and is the same for any cut and any
 * number of threads. A trainer's loss is a session's. */
static void sessions(const srnn_kernels *k)
{
    enum { Y = 4 * 3 * 3 };
    const net_case c = {.cell = SRNN_LSTM, .layers = 2, .steps = 4, .batch = 3,
                        .in = 5, .hidden = 37, .classes = 3};
    static const masks_case none;

    for (const masks_case *m = masks_cases; m->name; m++) {
        float plain[Y], y[Y], cut[Y], spread[Y];
        const int zones = m->zone_h > 0 || m->zone_c > 0;
        masks_case bare = none;
        double by_trainer, by_session;
        srnn_session *session;
        srnn_net *net;
        subject s;

        if (!masks_fit(m, &c))
            continue;
        bare.direction = m->direction;
        begin(&s, k, &c, m);
        data_seed(3);
        net = masks_net(k, &c, &bare);
        run(net, &s.d, 4, 4, 1, plain);
        run(s.net, &s.d, 4, 4, 1, y);
        run(s.net, &s.d, 4, 4, 3, spread);
        CHECK_SAYS(!!bits_differing(plain, y, Y) == zones, "%s in a session",
                   m->name);
        CHECK_SAYS(!bits_differing(spread, y, Y), "%s, threads", m->name);
        if (m->direction == SRNN_FORWARD) {
            run(s.net, &s.d, 1, 2, 1, cut);
            CHECK_SAYS(!bits_differing(cut, y, Y), "%s, cut", m->name);
        }
        session = case_session(s.net, &c, 4, 1);
        case_session_states(session, &s.d);
        must(srnn_session_loss(session, 4, s.in, 2, &by_session, NULL));
        must(srnn_trainer_loss(s.t, 4, s.in, 2, &by_trainer, NULL));
        CHECK_SAYS(by_trainer == by_session, "%s: loss %.17g, %.17g", m->name,
                   by_trainer, by_session);
        srnn_session_close(session);
        srnn_net_close(net);
        end(&s);
    }
}

/* ---- nothing dropped ---------------------------------------------------- */

/* x -> dropout -> rnn -> dropout -> out -> loss, of rates 0. */
static srnn_net *zero_net(const srnn_kernels *k, const net_case *c)
{
    const srnn_dropout_config zero = {.p = 0};
    srnn_recurrent_config r = srnn_recurrent_default();
    srnn_node node, y;
    srnn_net *net;

    r.cell = c->cell;
    r.hidden = c->hidden;
    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", c->in, &node));
    must(srnn_net_dropout(net, "before", node, &zero, &node));
    must(srnn_net_recurrent(net, "rnn", node, &r, &node));
    must(srnn_net_dropout(net, "after", node, &zero, &node));
    must(srnn_net_linear(net, "out", node, c->classes, &node));
    must(srnn_net_tokens(net, "y", c->classes, &y));
    must(srnn_net_cross_entropy(net, "loss", node, y, NULL));
    data_seed(3);
    case_fill_params(net);
    return net;
}

/* A node that drops nothing is no node: the same loss and gradients. */
static void rate_zero(const srnn_kernels *k)
{
    static const masks_case none;
    const net_case c = {.cell = SRNN_GRU, .layers = 1, .steps = 4, .batch = 3,
                        .in = 5, .hidden = 37, .classes = 3};
    srnn_net *net = zero_net(k, &c);
    srnn_trainer *t = masks_trainer(net, &c, 1);
    srnn_tensor a, b;
    double loss[2];
    subject s;

    begin(&s, k, &c, &none);
    must(srnn_trainer_backward(s.t, 4, s.in, 2, &loss[0]));
    case_trainer_states(t, &s.d);
    case_inputs(&s.d, net, s.in);
    must(srnn_trainer_backward(t, 4, s.in, 2, &loss[1]));
    CHECK(loss[0] == loss[1]);
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_trainer_gradient(s.t, i, &a));
        must(srnn_trainer_gradient(t, i, &b));
        CHECK(a.count == b.count && !bits_differing(a.data, b.data, a.count));
    }
    srnn_trainer_close(t);
    srnn_net_close(net);
    end(&s);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"masks/zoneout-by-hand", zoneout_by_hand, NULL},
        {"masks/zoneout", zoneout_units, NULL},
        {"masks/hidden", hidden_units, NULL},
        {"masks/node", node_units, NULL},
        {"masks/names", names, NULL},
        {"masks/sessions", sessions, NULL},
        {"masks/zero", rate_zero, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
