/* Normalised cells through the interface: examples worked by hand from the
 * papers' formulas, running averages, steps counted over calls, refusals.
 *
 * By hand: numbers that lie +-d about their mean have hat = +-1 where eps is
 * 1e-12, for d^2 + eps rounds to d^2. sigma(.5) = .622459331, sigma(-.5) =
 * .377540669, sigma(1) = .731058579, sigma(-1) = .268941421, tanh(1) =
 * .761594156, tanh(.5) = .462117157. The bound is that of kernel_hand.c: an
 * activation costs 5 U, another operation U, values are at most 1.5; here at
 * most two activations and twelve operations follow one another: 32 U, and 1e-9
 * for the digits. */
#include "check.h"
#include "net_case.h"
#include "numbers.h"
#include "oracle.h"
#include "refuse.h"

#include <string.h>

/* ---- a net of two units on one input ------------------------------------- */

typedef struct tiny {
    srnn_net *net;
    srnn_session *session;
} tiny;

static void set(const tiny *n, const char *name, const float *x, size_t count)
{
    srnn_tensor p;

    for (size_t i = 0; i < srnn_net_params(n->net); i++) {
        must(srnn_net_param(n->net, i, &p));
        if (strcmp(p.name, name))
            continue;
        CHECK_SAYS(p.count == count, "%s has %zu values, not %zu", name,
                   p.count, count);
        memcpy(p.data, x, p.count * sizeof *x);
        return;
    }
    CHECK_SAYS(0, "no parameter %s", name);
}

#define SET(n, name, ...) \
    set(n, "rnn." name "_l0", (const float[]){__VA_ARGS__}, \
        sizeof((const float[]){__VA_ARGS__}) / sizeof(float))

static tiny open_tiny(const srnn_kernels *k, srnn_cell_kind cell,
                      srnn_norm_kind norm)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    srnn_session_config s = srnn_session_default();
    srnn_node x;
    tiny n;

    c.cell = cell;
    c.hidden = 2;
    c.norm = norm;
    c.norm_steps = 1;
    c.norm_eps = 1e-12;
    must(srnn_net_open_on(&n.net, k));
    must(srnn_net_input(n.net, "x", 1, &x));
    must(srnn_net_recurrent(n.net, "rnn", x, &c, NULL));
    must(srnn_session_open(&n.session, n.net, &s));
    return n;
}

/* One step of x = 1 from h (and c); expects h, and closes. */
static void expect(tiny *n, const float *h, const float *c, double want0,
                   double want1, const char *what)
{
    const double bound = 32 * U + 1e-9, want[2] = {want0, want1};
    const float x = 1;
    worst seen = {0}, swapped = {0};
    srnn_tensor t;
    float y[2];

    must(srnn_net_pack(n->net));
    must(srnn_session_state(n->session, 0, &t));
    memcpy(t.data, h, 2 * sizeof *h);
    if (c) {
        must(srnn_session_state(n->session, 1, &t));
        memcpy(t.data, c, 2 * sizeof *c);
    }
    must(srnn_session_step(n->session, &x, y));
    for (size_t u = 0; u < 2; u++) {
        worst_see(&seen, y[u], want[u], bound, what, 0, u);
        worst_see(&swapped, y[u], want[1 - u], bound, what, 0, u);
    }
    worst_end(&seen, what);
    CHECK(swapped.ratio > 1);
    srnn_session_close(n->session);
    srnn_net_close(n->net);
}

static const float h_prev[2] = {.5f, -.5f}, c_prev[2] = {1, -.5f};

/* W x = (1, 3), R h = (.5, 2.5): both hats (-1, 1). Unit 0: -.5 + .25 - 1 +
 * .25 = -1; unit 1: .25 + 0 + .5 + .25 = 1. */
static void set_rnn(const tiny *n)
{
    SET(n, "weight_ih", 1, 3);
    SET(n, "weight_hh", 1, 0, 0, -5);
    SET(n, "norm_ih_weight", .5f, .25f);
    SET(n, "bias_ih", .25f, 0);
    SET(n, "norm_hh_weight", 1, .5f);
    SET(n, "bias_hh", .25f, .25f);
}

static void rnn(const srnn_kernels *k)
{
    tiny n = open_tiny(k, SRNN_RNN_TANH, SRNN_NORM_LAYER);

    set_rnn(&n);
    expect(&n, h_prev, NULL, -0.761594156, 0.761594156, "RNN, layer norm");
    n = open_tiny(k, SRNN_RNN_TANH, SRNN_NORM_BATCH);
    set_rnn(&n);
    SET(&n, "norm_ih_mean", 2, 2);
    SET(&n, "norm_ih_var", 1, 1);
    SET(&n, "norm_hh_mean", 1.5f, 1.5f);
    SET(&n, "norm_hh_var", 1, 1);
    expect(&n, h_prev, NULL, -0.761594156, 0.761594156, "RNN, batch norm");
}

/* W x = 5 +- 2 and R h = 1 +- 2 in turns; the sums i = (.5, -.5), f = (1, 0),
 * g = (1, -1), o = (0, 1) are those of kernel_hand.c, and so is c. */
static void set_lstm(const tiny *n)
{
    SET(n, "weight_ih", 7, 3, 7, 3, 7, 3, 7, 3);
    SET(n, "weight_hh", 6, 0, 6, 0, -2, 0, -2, 0, 6, 0, 6, 0, -2, 0, -2, 0);
    SET(n, "norm_ih_weight", .25f, .5f, 1, .5f, .5f, 1, .5f, .25f);
    SET(n, "bias_ih", 0, .25f, .5f, .25f, .25f, 0, .25f, .75f);
    SET(n, "norm_hh_weight", .5f, .25f, .5f, .25f, .25f, .5f, .5f, .5f);
    SET(n, "bias_hh", -.25f, -.5f, 0, .5f, 0, -.5f, -.25f, 1);
}

static void lstm(const srnn_kernels *k)
{
    tiny n = open_tiny(k, SRNN_LSTM, SRNN_NORM_LAYER);

    /* c = (1.205119968, -.537532767) has the hat (1, -1): tanh of .5 + .5 and
     * of -1 + .5; h = .5 x .761594156, .731058579 x -.462117157. */
    set_lstm(&n);
    SET(&n, "norm_c_weight", .5f, 1);
    SET(&n, "norm_c_bias", .5f, .5f);
    expect(&n, h_prev, c_prev, 0.380797078, -0.337834712, "LSTM, layer norm");
    /* Mean 0 and variance 1 leave c as it is: h of kernel_hand.c. */
    n = open_tiny(k, SRNN_LSTM, SRNN_NORM_BATCH);
    set_lstm(&n);
    SET(&n, "norm_ih_mean", 5, 5, 5, 5, 5, 5, 5, 5);
    SET(&n, "norm_ih_var", 4, 4, 4, 4, 4, 4, 4, 4);
    SET(&n, "norm_hh_mean", 1, 1, 1, 1, 1, 1, 1, 1);
    SET(&n, "norm_hh_var", 4, 4, 4, 4, 4, 4, 4, 4);
    SET(&n, "norm_c_weight", 1, 1);
    SET(&n, "norm_c_mean", 0, 0);
    SET(&n, "norm_c_var", 1, 1);
    expect(&n, h_prev, c_prev, 0.417604824, -0.359036095, "LSTM, batch norm");
}

/* r and z: W x = (7, 3, 7, 3), R h = (3, -1, -1, 3); n: W x = (1, 3), R h =
 * (2.5, .5). The sums r = (.5, -1), z = (0, 1), n = (1, -.5) and (.5, -1) are
 * those of kernel_hand.c, and so is h. */
static void gru(const srnn_kernels *k)
{
    tiny n = open_tiny(k, SRNN_GRU, SRNN_NORM_LAYER);

    SET(&n, "weight_ih", 7, 3, 7, 3, 1, 3);
    SET(&n, "weight_hh", 6, 0, -2, 0, -2, 0, 6, 0, 5, 0, 1, 0);
    SET(&n, "norm_ih_weight", .5f, .5f, .5f, .5f, .5f, .25f);
    SET(&n, "bias_ih", .25f, 0, 0, .5f, 1.5f, -.75f);
    SET(&n, "norm_hh_weight", .25f, .5f, .5f, .75f, .25f, .5f);
    SET(&n, "bias_hh", -.5f, 0, 0, .25f, .25f, -.5f);
    expect(&n, h_prev, NULL, 0.682293111, -0.539349756, "GRU, layer norm");
}

/* ---- running averages ---------------------------------------------------- */

/* One unit, two sequences of two steps, momentum 1/4, averages for one step:
 * both steps move the same. Column 0: x = (1, 3): mean 2, variance 1; then
 * (5, 1): mean 3, variance 4. From mean 0 and variance 1, step 1 first:
 *   mean  .75, then .75 + (2 - .75) / 4 = 1.0625
 *   var   1 + .75, then 1.75 + (1 - 1.75) / 4 = 1.5625     all exact */
static const float steps[4] = {1, 3, 5, 1};
static const int32_t targets[4] = {0, 1, 1, 0};

static srnn_net *average_net(const srnn_kernels *k, size_t norm_steps)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    srnn_node x, out, y;
    srnn_tensor w;
    srnn_net *net;

    c.cell = SRNN_RNN_TANH;
    c.hidden = 1;
    c.norm = SRNN_NORM_BATCH;
    c.norm_steps = norm_steps;
    c.norm_momentum = 0.25;
    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", 1, &x));
    must(srnn_net_recurrent(net, "rnn", x, &c, &x));
    must(srnn_net_linear(net, "out", x, 2, &out));
    must(srnn_net_tokens(net, "y", 2, &y));
    must(srnn_net_cross_entropy(net, "loss", out, y, NULL));
    must(srnn_net_init(net, 1));
    must(srnn_net_param(net, 0, &w));
    w.data[0] = 1;
    must(srnn_net_pack(net));
    return net;
}

static float average(srnn_net *net, const char *name, size_t i)
{
    srnn_tensor p;

    for (size_t j = 0; j < srnn_net_params(net); j++) {
        must(srnn_net_param(net, j, &p));
        if (!strcmp(p.name, name)) {
            CHECK(p.average);
            return p.data[i];
        }
        CHECK(p.average ==
              (strstr(p.name, "_mean_") || strstr(p.name, "_var_")));
    }
    CHECK_SAYS(0, "no %s", name);
    return 0;
}

typedef struct two_steps {
    srnn_net *net;
    srnn_trainer *t;
    srnn_array in[2];
} two_steps;

static two_steps open_two(const srnn_kernels *k, size_t norm_steps)
{
    srnn_trainer_config config = srnn_trainer_default();
    two_steps x = {.net = average_net(k, norm_steps)};

    config.batch = config.steps = 2;
    config.clip_value = config.clip_norm = 1e-3;
    config.decay = 0.5;
    must(srnn_trainer_open(&x.t, x.net, &config));
    x.in[0] = (srnn_array){.node = srnn_net_find(x.net, "x"),
                           .data = (float *)steps};
    x.in[1] = (srnn_array){.node = srnn_net_find(x.net, "y"),
                           .tokens = targets};
    return x;
}

static void close_two(two_steps *x)
{
    srnn_trainer_close(x->t);
    srnn_net_close(x->net);
}

#define MEAN "rnn.norm_ih_mean_l0"
#define VAR "rnn.norm_ih_var_l0"

/* Once an update, however often a pass has run; neither decay nor clipping
 * reaches them. */
static void averages(const srnn_kernels *k)
{
    two_steps x = open_two(k, 1);
    double loss;

    CHECK(average(x.net, MEAN, 0) == 0 && average(x.net, VAR, 0) == 1);
    for (int i = 0; i < 3; i++) {
        must(srnn_trainer_loss(x.t, 2, x.in, 2, &loss, NULL));
        must(srnn_trainer_backward(x.t, 2, x.in, 2, &loss));
        CHECK(average(x.net, MEAN, 0) == 0 && average(x.net, VAR, 0) == 1);
    }
    must(srnn_trainer_apply(x.t));
    CHECK(average(x.net, MEAN, 0) == 1.0625f);
    CHECK(average(x.net, VAR, 0) == 1.5625f);
    close_two(&x);
}

/* With averages for each step, one row at the last one moves nothing; steps go
 * on being counted from update to update. */
static void separate(const srnn_kernels *k)
{
    const size_t lengths[2] = {2, 1};
    two_steps x = open_two(k, 4);
    srnn_tensor count;

    must(srnn_trainer_lengths(x.t, lengths));
    must(srnn_trainer_update(x.t, 2, x.in, 2, NULL));
    CHECK(average(x.net, MEAN, 0) == 0.5f && average(x.net, VAR, 0) == 1);
    CHECK(average(x.net, MEAN, 1) == 0 && average(x.net, VAR, 1) == 1);
    must(srnn_trainer_state(x.t, 1, &count));
    CHECK(!strcmp(count.name, "rnn.step_l0") && count.count == 2);
    CHECK(count.data[0] == 2 && count.data[1] == 1);
    count.data[1] = 2;
    must(srnn_net_param(x.net, 0, &count));
    count.data[0] = 1;
    must(srnn_net_pack(x.net));
    must(srnn_trainer_update(x.t, 2, x.in, 2, NULL));
    CHECK(average(x.net, MEAN, 0) == 0.5f && average(x.net, MEAN, 1) == 0);
    CHECK(average(x.net, MEAN, 2) == 0.5f && average(x.net, MEAN, 3) == 0.75f);
    must(srnn_trainer_state(x.t, 1, &count));
    CHECK(count.data[0] == 4 && count.data[1] == 4);
    srnn_trainer_reset(x.t);
    CHECK(count.data[0] == 0 && count.data[1] == 0);
    close_two(&x);
}

/* Gains, biases and averages as they begin. */
static void beginnings(const srnn_kernels *k)
{
    for (int batch = 0; batch < 2; batch++) {
        tiny n = open_tiny(k, SRNN_LSTM,
                           batch ? SRNN_NORM_BATCH : SRNN_NORM_LAYER);
        srnn_tensor p;

        must(srnn_net_init(n.net, 5));
        for (size_t i = 2; i < srnn_net_params(n.net); i++) {
            must(srnn_net_param(n.net, i, &p));
            for (size_t j = 0; j < p.count; j++) {
                const int forgets = batch && j / 2 == 1 &&
                                    !strcmp(p.name, "rnn.bias_ih_l0");
                const float gain = batch ? 0.1f : 1;
                const float want = strstr(p.name, "_weight_") ? gain
                                   : strstr(p.name, "_var_") || forgets ? 1
                                                                        : 0;

                CHECK_SAYS(p.data[j] == want, "%s[%zu] is %g, not %g", p.name,
                           j, p.data[j], want);
            }
        }
        srnn_session_close(n.session);
        srnn_net_close(n.net);
    }
}

/* ---- calls --------------------------------------------------------------- */

/* Sequences of their own lengths over two calls, in a batch and each alone:
 * each has its own count, so each meets its own averages. */
static void over_calls(const srnn_kernels *k)
{
    enum { BATCH = 3, STEPS = 3, H = 5 };
    static const size_t lengths[2][BATCH] = {{3, 1, 2}, {2, 3, 3}};
    net_case c = {.layers = 2, .steps = STEPS, .batch = BATCH, .in = 3,
                  .hidden = H, .classes = 2};
    float many[2][STEPS][BATCH][H], one[STEPS][H];
    size_t shared = 0;

    for (size_t i = 5; i < CASE_NORMS; i++) {
        net_data d[2];
        srnn_session *s;
        srnn_net *net;
        srnn_array out;

        case_norm(&c, i);
        c.norm_steps = 4;
        net = case_net(k, &c);
        out = (srnn_array){.node = srnn_net_find(net, "rnn")};
        s = case_session(net, &c, STEPS, 1);
        for (size_t call = 0; call < 2; call++) {
            srnn_array in[2];

            case_data(&d[call], &c);
            case_inputs(&d[call], net, in);
            out.data = &many[call][0][0][0];
            must(srnn_session_lengths(s, lengths[call]));
            must(srnn_session_forward(s, STEPS, in, 1, &out, 1));
        }
        srnn_session_close(s);
        for (size_t b = 0; b < BATCH; b++) {
            net_case single = c;

            single.batch = 1;
            s = case_session(net, &single, STEPS, 1);
            for (size_t call = 0; call < 2; call++) {
                srnn_array in[2];

                case_inputs(&d[call], net, in);
                in[0].data += b * c.in;
                in[0].step_stride = BATCH * c.in;
                out.data = &one[0][0];
                must(srnn_session_forward(s, lengths[call][b], in, 1, &out,
                                          1));
                for (size_t t = 0; t < lengths[call][b]; t++)
                    CHECK(!memcmp(one[t], many[call][t][b], sizeof one[t]));
                if (call && b == 0)
                    shared += !memcmp(one[0], many[0][0][0], sizeof one[0]);
            }
            srnn_session_close(s);
        }
        case_free(&d[0]);
        case_free(&d[1]);
        srnn_net_close(net);
    }
    CHECK(shared == 0);
}

/* ---- directions ---------------------------------------------------------- */

/* A reverse node is a forward one over the sequence turned round: its first
 * averages are those of the last step. */
static void reverse(const srnn_kernels *k)
{
    enum { STEPS = 3, H = 5, IN = 2 };
    const srnn_norm_kind norms[] = {SRNN_NORM_LAYER, SRNN_NORM_BATCH};

    for (size_t i = 0; i < 2; i++) {
        float x[STEPS][IN], turned[STEPS][IN], y[2][STEPS][H];
        srnn_net *net[2];

        data_fill(x[0], STEPS * IN, 1);
        for (size_t t = 0; t < STEPS; t++)
            memcpy(turned[t], x[STEPS - 1 - t], sizeof x[t]);
        for (size_t r = 0; r < 2; r++) {
            srnn_recurrent_config c = srnn_recurrent_default();
            srnn_session_config config = srnn_session_default();
            srnn_array in = {.node = 0, .data = r ? turned[0] : x[0]};
            srnn_array out = {.node = 1, .data = y[r][0]};
            srnn_session *s;

            c.hidden = H;
            c.norm = norms[i];
            c.norm_steps = 2;
            c.direction = r ? SRNN_FORWARD : SRNN_REVERSE;
            must(srnn_net_open_on(&net[r], k));
            must(srnn_net_input(net[r], "x", IN, NULL));
            must(srnn_net_recurrent(net[r], "rnn", 0, &c, NULL));
            data_seed(7);
            case_fill_params(net[r]);
            must(srnn_session_open(&s, net[r], &config));
            must(srnn_session_forward(s, STEPS, &in, 1, &out, 1));
            srnn_session_close(s);
            srnn_net_close(net[r]);
        }
        for (size_t t = 0; t < STEPS; t++)
            CHECK(!memcmp(y[0][t], y[1][STEPS - 1 - t], sizeof y[0][t]));
        CHECK(memcmp(y[0][0], y[0][1], sizeof y[0][0]));
    }
}

/* ---- refusals ------------------------------------------------------------ */

#define NO(...) \
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(net, "a", x, &c, &id), "'a'", \
            __VA_ARGS__)

static srnn_recurrent_config usual(srnn_cell_kind cell, srnn_norm_kind norm)
{
    srnn_recurrent_config c = srnn_recurrent_default();

    c.cell = cell;
    c.hidden = 3;
    c.norm = norm;
    c.norm_steps = 2;
    return c;
}

static void refusals(const srnn_kernels *k)
{
    srnn_recurrent_config c = usual(SRNN_GRU_BEFORE, SRNN_NORM_LAYER);
    srnn_node x, id = 77;
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", 2, &x));
    NO("layer norm", "gru_before");
    c.norm = SRNN_NORM_BATCH;
    NO("batch norm", "gru_before");
    c.cell = SRNN_GRU;
    NO("batch norm", "gru");
    c = usual(SRNN_LSTM, SRNN_NORM_KINDS);
    NO("norm", "3");
    c = usual(SRNN_LSTM, SRNN_NORM_LAYER);
    c.norm_eps = 0;
    NO("norm_eps", "0");
    c.norm_eps = 2;
    NO("norm_eps", "2");
    c = usual(SRNN_LSTM, SRNN_NORM_LAYER);
    c.clip = 1;
    NO("normalised lstm", "clip");
    c.clip = 0;
    c.activation[1].kind = SRNN_ACT_RELU;
    NO("normalised lstm", "activations");
    c = usual(SRNN_LSTM, SRNN_NORM_LAYER);
    c.zoneout_h = 0.5;
    NO("zoneout_h", "norm");
    c.zoneout_h = 0;
    c.zoneout_c = 0.5;
    NO("zoneout_c", "norm");
    c.zoneout_c = 0;
    c.dropout_hidden = 0.5;
    NO("dropout_hidden", "norm");
    c = usual(SRNN_LSTM, SRNN_NORM_BATCH);
    c.norm_steps = 0;
    NO("norm_steps", "0");
    c.norm_steps = (1u << 24) + 1;
    NO("norm_steps", "16777217");
    c.norm_steps = 1;
    c.norm_momentum = 0;
    NO("norm_momentum", "0");
    c.norm_momentum = 1.5;
    NO("norm_momentum", "1.5");
    CHECK(id == 77 && srnn_net_nodes(net) == 1 && srnn_net_params(net) == 0);
    srnn_net_close(net);
}

static void one_row(const srnn_kernels *k)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_net *net = average_net(k, 1);
    srnn_trainer *t;

    REFUSED(SRNN_ESHAPE, srnn_trainer_open(&t, net, &config), "batch is 1",
            "'rnn'", "2");
    CHECK(srnn_trainer_size(net, &config) == 0);
    config.batch = 2;
    must(srnn_trainer_open(&t, net, &config));
    srnn_trainer_close(t);
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"norm/hand-rnn", rnn, NULL},
        {"norm/hand-lstm", lstm, NULL},
        {"norm/hand-gru", gru, NULL},
        {"norm/averages", averages, NULL},
        {"norm/separate", separate, NULL},
        {"norm/beginnings", beginnings, NULL},
        {"norm/over-calls", over_calls, NULL},
        {"norm/reverse", reverse, NULL},
        {"norm/refusals", refusals, NULL},
        {"norm/one-row", one_row, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
