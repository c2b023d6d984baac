/* Every refusal of the calls of sessions: the right status, a message that
 * names the argument and the numbers, and neither states nor outputs changed.
 * No steps at all are no error, and change nothing either. */
#include "net_case.h"
#include "refuse.h"

#include <string.h>

enum { T = 3, B = 2, I = 3, H = 5, C = 4 };

/* ---- opening ------------------------------------------------------------- */

#define BOTH(want, config, ...) \
    do { \
        REFUSED(want, srnn_session_open(&s, net, &(config)), __VA_ARGS__); \
        CHECK(srnn_session_size(net, &(config)) == 0); \
        CHECK(s == NULL); \
    } while (0)

static void opening(const srnn_kernels *k)
{
    const net_case c = {.cell = SRNN_LSTM, .layers = 1, .steps = T, .batch = B,
                        .in = I, .hidden = H, .classes = C};
    const srnn_session_config good = srnn_session_default();
    _Alignas(64) static char memory[128];
    srnn_session_config bad = good;
    srnn_session *s = NULL;
    srnn_net *net = case_net(k, &c), *empty;

    CHECK(good.batch == 1 && good.steps == 16 && good.threads == 1);
    REFUSED(SRNN_EINVAL, srnn_session_open(NULL, net, &good), "session");
    REFUSED(SRNN_EINVAL, srnn_session_open(&s, NULL, &good), "net");
    REFUSED(SRNN_EINVAL, srnn_session_open(&s, net, NULL), "config");
    CHECK(srnn_session_size(NULL, &good) == 0);
    CHECK(srnn_session_size(net, NULL) == 0);
    bad.batch = (size_t)1 << 31;
    BOTH(SRNN_ESHAPE, bad, "batch", "2147483648", "2147483647");
    bad.batch = 3;
    bad.steps = 0;
    BOTH(SRNN_ESHAPE, bad, "steps", "0");
    bad.steps = 1 << 30;
    BOTH(SRNN_ESHAPE, bad, "steps", "1073741824", "batch 3");
    bad = good;
    bad.threads = 0;
    BOTH(SRNN_EINVAL, bad, "threads", "0");
    bad.threads = 1025;
    BOTH(SRNN_EINVAL, bad, "threads", "1025", "1024");
    bad = good;
    bad.memory = memory + 4;
    BOTH(SRNN_EINVAL, bad, "memory", "4 bytes", "64");
    must(srnn_net_open_on(&empty, k));
    REFUSED(SRNN_EINVAL, srnn_session_open(&s, empty, &good), "nodes");
    CHECK(s == NULL);
    srnn_net_close(empty);
    srnn_net_close(net);
    srnn_session_close(NULL);
}

/* Sizes that no machine has are refused, not wrapped around. */
static void absurd(const srnn_kernels *k)
{
    const srnn_session_config c = {.batch = (size_t)INT32_MAX, .steps = 1,
                                   .threads = 1};
    char name[8] = "x0";
    srnn_session *s = NULL;
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    for (; name[1] < '5'; name[1]++) {
        must(srnn_net_input(net, name, (size_t)INT32_MAX, NULL));
        CHECK(srnn_session_size(net, &c) >= (size_t)1 << 61);
        REFUSED(SRNN_ENOMEM, srnn_session_open(&s, net, &c), "session");
    }
    CHECK(s == NULL);
    srnn_net_close(net);
}

/* ---- a session with its data --------------------------------------------- */

typedef struct rig {
    srnn_net *net;
    srnn_session *s;
    net_data d;
    srnn_array in[2], out;
    float y[T * B * H], states[2 * B * H];
} rig;

static void get_states(const rig *r, float *to)
{
    srnn_tensor t;

    for (size_t i = 0; i < srnn_session_states(r->s); i++, to += t.count) {
        must(srnn_session_state(r->s, i, &t));
        memcpy(to, t.data, t.count * sizeof *to);
    }
}

static void rig_open(rig *r, const srnn_kernels *k, int tokens)
{
    const net_case c = {.cell = SRNN_LSTM, .layers = 1, .steps = T, .batch = B,
                        .in = I, .hidden = H, .classes = C, .tokens = tokens};

    r->net = case_net(k, &c);
    case_data(&r->d, &c);
    r->s = case_session(r->net, &c, 2, 1);
    case_session_states(r->s, &r->d);
    case_inputs(&r->d, r->net, r->in);
    r->out = (srnn_array){.node = srnn_net_find(r->net, "rnn"), .data = r->y};
    for (size_t i = 0; i < T * B * H; i++)
        r->y[i] = 7;
    get_states(r, r->states);
}

/* States and outputs are what they were. */
static void rig_unchanged(const rig *r)
{
    float now[2 * B * H];

    get_states(r, now);
    CHECK(!memcmp(now, r->states, sizeof now));
    for (size_t i = 0; i < T * B * H; i++)
        CHECK(r->y[i] == 7);
}

static void rig_close(rig *r)
{
    rig_unchanged(r);
    srnn_session_close(r->s);
    srnn_net_close(r->net);
    case_free(&r->d);
}

static srnn_status forward(rig *r, srnn_array in, srnn_array out)
{
    return srnn_session_forward(r->s, T, &in, 1, &out, 1);
}

/* ---- arrays -------------------------------------------------------------- */

static void arrays(const srnn_kernels *k)
{
    srnn_array in, out;
    rig r;

    rig_open(&r, k, 0);
    REFUSED(SRNN_EINVAL, srnn_session_forward(NULL, T, r.in, 1, &r.out, 1),
            "session");
    REFUSED(SRNN_EINVAL, srnn_session_forward(r.s, T, NULL, 1, &r.out, 1),
            "in ");
    REFUSED(SRNN_EINVAL, srnn_session_forward(r.s, T, r.in, 1, NULL, 1),
            "out");
    REFUSED(SRNN_EINVAL, srnn_session_forward(r.s, T, NULL, 0, &r.out, 1),
            "'rnn'", "'x'");
    in = r.in[0];
    in.node = -1;
    REFUSED(SRNN_EINVAL, forward(&r, in, r.out), "input", "-1", "5");
    in.node = 5;
    REFUSED(SRNN_EINVAL, forward(&r, in, r.out), "input", "5");
    in.node = srnn_net_find(r.net, "rnn");
    REFUSED(SRNN_EINVAL, forward(&r, in, r.out), "'rnn'");
    in = r.in[0];
    in.data = NULL;
    REFUSED(SRNN_EINVAL, forward(&r, in, r.out), "'x'", "data");
    in = r.in[0];
    in.row_stride = I - 1;
    REFUSED(SRNN_ESHAPE, forward(&r, in, r.out), "'x'", "row_stride", "2",
            "3");
    out = r.out;
    out.node = 99;
    REFUSED(SRNN_EINVAL, forward(&r, r.in[0], out), "output", "99");
    out = r.out;
    out.data = NULL;
    REFUSED(SRNN_EINVAL, forward(&r, r.in[0], out), "'rnn'", "data");
    out = r.out;
    out.row_stride = 1;
    REFUSED(SRNN_ESHAPE, forward(&r, r.in[0], out), "'rnn'", "1", "5");
    out = r.in[1];
    REFUSED(SRNN_EINVAL, forward(&r, r.in[0], out), "'y'");
    out = r.out;
    out.node = srnn_net_find(r.net, "loss");
    REFUSED(SRNN_EINVAL, forward(&r, r.in[0], out), "'loss'",
            "srnn_session_loss");
    rig_close(&r);
}

static void tokens(const srnn_kernels *k)
{
    srnn_array in;
    rig r;

    rig_open(&r, k, 1);
    in = r.in[0];
    in.tokens = NULL;
    REFUSED(SRNN_EINVAL, forward(&r, in, r.out), "'x'", "tokens");
    r.d.token[2 * B + 1] = C;
    REFUSED(SRNN_EINVAL, forward(&r, r.in[0], r.out), "'x'", "4 at step 2",
            "row 1", "0 to 3");
    r.d.token[2 * B + 1] = -1;
    REFUSED(SRNN_EINVAL, forward(&r, r.in[0], r.out), "-1 at step 2");
    r.d.token[2 * B + 1] = INT32_MIN;
    REFUSED(SRNN_EINVAL, forward(&r, r.in[0], r.out), "-2147483648");
    r.d.token[2 * B + 1] = 0;
    r.d.target[B] = -2;
    REFUSED(SRNN_EINVAL, srnn_session_loss(r.s, T, r.in, 2, NULL, NULL), "'y'",
            "-2 at step 1", "row 0", "-1 to 3");
    r.d.target[B] = C;
    REFUSED(SRNN_EINVAL, srnn_session_loss(r.s, T, r.in, 2, NULL, NULL),
            "4 at step 1");
    REFUSED(SRNN_EINVAL, srnn_session_loss(NULL, T, r.in, 2, NULL, NULL),
            "session");
    REFUSED(SRNN_EINVAL, srnn_session_loss(r.s, T, NULL, 2, NULL, NULL), "in");
    REFUSED(SRNN_EINVAL, srnn_session_loss(r.s, T, r.in, 1, NULL, NULL),
            "'loss'", "'y'");
    r.d.target[B] = 0;
    REFUSED(SRNN_EINVAL, srnn_session_loss(r.s, T, r.in + 1, 1, NULL, NULL),
            "'loss'", "'x'");
    rig_close(&r);
}

/* ---- step, states, no steps ---------------------------------------------- */

static void steps(const srnn_kernels *k)
{
    const srnn_session_config config = srnn_session_default();
    float x[8] = {0}, y[8] = {0};
    srnn_session *s;
    srnn_net *net;
    srnn_node a, t;
    rig r;

    rig_open(&r, k, 0);
    REFUSED(SRNN_EINVAL, srnn_session_step(NULL, x, y), "session");
    REFUSED(SRNN_EINVAL, srnn_session_step(r.s, NULL, y), "x");
    REFUSED(SRNN_EINVAL, srnn_session_step(r.s, x, NULL), "y");
    rig_close(&r);
    rig_open(&r, k, 1);
    REFUSED(SRNN_EINVAL, srnn_session_step(r.s, x, y), "0 real inputs");
    rig_close(&r);

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "a", 2, &a));
    must(srnn_net_tokens(net, "t", 3, &t));
    must(srnn_net_embedding(net, "e", t, 2, NULL));
    must(srnn_session_open(&s, net, &config));
    REFUSED(SRNN_EINVAL, srnn_session_step(s, x, y), "'e'", "'t'");
    REFUSED(SRNN_ESTATE, srnn_session_loss(s, 1, NULL, 0, NULL, NULL), "loss");
    srnn_session_close(s);
    must(srnn_net_input(net, "b", 2, NULL));
    must(srnn_session_open(&s, net, &config));
    REFUSED(SRNN_EINVAL, srnn_session_step(s, x, y), "2 real inputs");
    srnn_session_close(s);
    srnn_net_close(net);
}

static void states(const srnn_kernels *k)
{
    srnn_tensor t;
    rig r;

    rig_open(&r, k, 0);
    CHECK(srnn_session_states(r.s) == 2 && srnn_session_states(NULL) == 0);
    REFUSED(SRNN_EINVAL, srnn_session_state(NULL, 0, &t), "session");
    REFUSED(SRNN_EINVAL, srnn_session_state(r.s, 0, NULL), "state");
    REFUSED(SRNN_EINVAL, srnn_session_state(r.s, 2, &t), "2 of 2");
    must(srnn_session_state(r.s, 1, &t));
    CHECK(!strcmp(t.name, "rnn.c_l0") && t.rank == 2 && t.count == B * H);
    CHECK(t.shape[0] == B && t.shape[1] == H);
    srnn_session_reset(NULL);
    rig_close(&r);
}

static void no_steps(const srnn_kernels *k)
{
    double loss = 3;
    size_t count = 3;
    rig r;

    rig_open(&r, k, 0);
    must(srnn_session_forward(r.s, 0, r.in, 1, &r.out, 1));
    must(srnn_session_loss(r.s, 0, r.in, 2, &loss, &count));
    CHECK(loss == 0 && count == 0);
    rig_close(&r);
    rig_open(&r, k, 0); /* the control: one step changes both */
    must(srnn_session_forward(r.s, 1, r.in, 1, &r.out, 1));
    CHECK(r.y[0] != 7);
    get_states(&r, r.y);
    CHECK(memcmp(r.y, r.states, sizeof r.states));
    srnn_session_close(r.s);
    srnn_net_close(r.net);
    case_free(&r.d);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"api/opening", opening, NULL}, {"api/absurd", absurd, NULL},
        {"api/arrays", arrays, NULL},   {"api/tokens", tokens, NULL},
        {"api/steps", steps, NULL},     {"api/states", states, NULL},
        {"api/no-steps", no_steps, NULL}, {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
