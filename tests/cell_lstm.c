/* The LSTM's variants forward, against the paper's equations in double with
 * derived bounds (oracle_lstm.h): outputs of all steps and last states, hidden
 * sizes from 1 to 129, one input, one step and more. An oracle with two rows of
 * the recurrent weights exchanged is refused. Refusals of configurations. */
#include "check.h"
#include "net_oracle.h"
#include "numbers.h"
#include "oracle_lstm.h"
#include "refuse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the oracle ---------------------------------------------------------- */

/* One layer; parameters NULL where the variant has none. */
typedef struct lstm_net {
    const net_case *c;
    srnn_variant v;
    lstm_gates g;
    const float *w_ih, *w_hh, *b_ih, *b_hh, *w_hr, *w_gh, *peephole;
    int flawed; /* rows 2 and 3 of R change places */
} lstm_net;

/* One row of a batch: what is carried, and what a step leaves. */
typedef struct lstm_row {
    est x[80], h[140], c[140], g[3 * 140], m[140], next_g[3 * 140];
} lstm_row;

static const float *param(const srnn_net *net, const char *name)
{
    srnn_tensor p;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &p));
        if (!strcmp(p.name, name))
            return p.data;
    }
    return NULL;
}

static lstm_net lstm_of(const srnn_net *net, const net_case *c)
{
    const srnn_recurrent_config r = case_config(c);
    lstm_net l = {.c = c,
                  .v = {.clip = (float)r.clip,
                        .lstm = r.lstm,
                        .cell_clip = (float)r.cell_clip,
                        .projection_clip = (float)r.projection_clip},
                  .g = lstm_gates_of(r.lstm),
                  .w_ih = param(net, "rnn.weight_ih_l0"),
                  .w_hh = param(net, "rnn.weight_hh_l0"),
                  .b_ih = param(net, "rnn.bias_ih_l0"),
                  .b_hh = param(net, "rnn.bias_hh_l0"),
                  .w_hr = param(net, "rnn.weight_hr_l0"),
                  .w_gh = param(net, "rnn.weight_gh_l0"),
                  .peephole = param(net, "rnn.peephole_l0")};

    memcpy(l.v.act, r.activation, sizeof l.v.act);
    CHECK(!l.w_hr == !c->projection);
    CHECK(!l.w_gh == !(c->lstm & SRNN_LSTM_FULL_RECURRENCE));
    CHECK(!l.peephole == !(c->lstm & SRNN_LSTM_PEEPHOLES));
    return l;
}

/* start + sum of w x. */
static est chain(float start, size_t k, const float *w, const est *x)
{
    est weight[3 * 140];

    for (size_t i = 0; i < k; i++)
        weight[i] = exact(w[i]);
    return est_chain(exact(start), k, weight, 1, x, 1);
}

static void unit(const lstm_net *l, lstm_row *r, size_t u)
{
    const size_t h = l->c->hidden, in = l->c->in, out = case_outputs(l->c);
    lstm_unit n = {.v = &l->v, .c_prev = r->c[u]};

    for (int j = 0; j < GATES; j++) {
        const size_t m = l->g.slot[j] * h + u;
        const size_t at = l->flawed && m / 2 == 1 ? 5 - m : m;

        if (!l->g.there[j])
            continue;
        n.x[j] = chain(l->b_ih[m], in, l->w_ih + m * in, r->x);
        n.p[j] = chain(l->b_hh[m], out, l->w_hh + at * out, r->h);
        if (j == GATE_G)
            continue;
        if (l->w_gh)
            n.q[j] = chain(0, 3 * h,
                           l->w_gh + (lstm_three(j) * h + u) * 3 * h, r->g);
        if (l->peephole)
            n.peephole[j] = exact(l->peephole[l->g.peephole[j] * h + u]);
    }
    oracle_lstm(&n);
    r->m[u] = n.m;
    r->c[u] = n.c;
    for (int j = 0; j < GATES; j++)
        if (j != GATE_G)
            r->next_g[lstm_three(j) * h + u] = n.y[j];
}

static void step(const lstm_net *l, lstm_row *r)
{
    const size_t h = l->c->hidden;

    for (size_t u = 0; u < h; u++)
        unit(l, r, u);
    memcpy(r->g, r->next_g, sizeof r->g);
    for (size_t u = 0; u < case_outputs(l->c); u++)
        r->h[u] = l->w_hr ? oracle_clip(chain(0, h, l->w_hr + u * h, r->m),
                                        l->v.projection_clip)
                          : r->m[u];
}

/* ---- comparing ----------------------------------------------------------- */

static void see(worst *seen, const float *got, const est *want, size_t n,
                const char *what)
{
    for (size_t i = 0; i < n; i++)
        worst_see(seen, got[i], want[i].v, want[i].e, what, i, 0);
}

static void exacts(est *to, const float *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = exact(from[i]);
}

/* Row b: from the initial states through all steps. */
static void compare_row(const lstm_net *l, const net_data *d, const float *y,
                        srnn_session *s, size_t b, worst *seen)
{
    const net_case *c = l->c;
    const size_t out = case_outputs(c);
    static lstm_row r;
    est *states[3] = {r.h, r.c, r.g};
    srnn_tensor state;

    for (size_t i = 0; i < d->states; i++) {
        const size_t n = case_state_width(c, i);

        exacts(states[i],
               d->state + case_states_before(c, i) * c->batch + b * n, n);
    }
    for (size_t t = 0; t < c->steps; t++) {
        exacts(r.x, d->x + (t * c->batch + b) * c->in, c->in);
        step(l, &r);
        see(seen, y + (t * c->batch + b) * out, r.h, out, case_name(c));
    }
    for (size_t i = 0; i < d->states; i++) {
        must(srnn_session_state(s, i, &state));
        see(seen, state.data + b * state.shape[1], states[i], state.shape[1],
            state.name);
    }
}

static void compare(const srnn_kernels *k, const net_case *c, int flawed,
                    worst *seen)
{
    srnn_net *net = case_net(k, c);
    lstm_net l = lstm_of(net, c);
    float *y = case_take(c->steps * c->batch * case_outputs(c) * sizeof *y);
    srnn_session *s = case_session(net, c, 1 + c->hidden % 2, 1);
    const srnn_array to = {.node = srnn_net_find(net, "rnn"), .data = y};
    srnn_array in[2];
    net_data d;

    l.flawed = flawed;
    case_data(&d, c);
    case_inputs(&d, net, in);
    case_session_states(s, &d);
    must(srnn_session_forward(s, c->steps, in, 1, &to, 1));
    for (size_t b = 0; b < c->batch; b++)
        compare_row(&l, &d, y, s, b, seen);
    srnn_session_close(s);
    srnn_net_close(net);
    case_free(&d);
    free(y);
}

/* Every variant at a few sizes, every size in some variant. */
static void forward(const srnn_kernels *k)
{
    worst seen = {0};
    size_t variants = 0;
    net_case c = {.hidden = 5};

    while (case_lstm(&c, variants))
        variants++;
    for (size_t i = 0; i < 3 * variants; i++) {
        c = (net_case){.layers = 1, .steps = 1 + i % 3, .batch = 1 + i % 2,
                       .in = i % 4 ? 1 + i % 7 : 1,
                       .hidden = 1 + i * 7 % 129, .classes = 2};
        case_lstm(&c, i % variants);
        compare(k, &c, 0, &seen);
    }
    worst_end(&seen, "forward");
}

static void flaws(const srnn_kernels *k)
{
    net_case c = {.layers = 1, .steps = 2, .batch = 2, .in = 3, .hidden = 9,
                  .classes = 2};

    for (size_t i = 0; case_lstm(&c, i); i++) {
        worst seen = {0};

        compare(k, &c, 1, &seen);
        CHECK_SAYS(seen.ratio > 1, "%s: exchanged rows passed", case_name(&c));
    }
}

/* ---- refusals ------------------------------------------------------------ */

typedef struct refusal {
    srnn_recurrent_config config;
    srnn_status status;
    const char *words[4];
} refusal;

#define LSTM(...) {.cell = SRNN_LSTM, .hidden = 3, .layers = 1, __VA_ARGS__}
#define OTHER(...) {.cell = SRNN_GRU, .hidden = 3, .layers = 1, __VA_ARGS__}
#define FLAG(name) SRNN_LSTM_##name

static const refusal refusals[] = {
    {LSTM(.lstm = 64), SRNN_EINVAL, {"lstm", "0x40", "0x3f"}},
    {LSTM(.lstm = FLAG(COUPLED) | FLAG(NO_INPUT_GATE)), SRNN_EINVAL,
     {"0x9", "COUPLED", "input gate"}},
    {LSTM(.lstm = FLAG(COUPLED) | FLAG(NO_FORGET_GATE)), SRNN_EINVAL,
     {"0xa", "COUPLED", "NO_FORGET_GATE"}},
    {LSTM(.lstm = FLAG(FULL_RECURRENCE) | FLAG(NO_INPUT_GATE)), SRNN_EINVAL,
     {"0x21", "FULL_RECURRENCE", "three gates"}},
    {LSTM(.lstm = FLAG(FULL_RECURRENCE) | FLAG(NO_FORGET_GATE)), SRNN_EINVAL,
     {"0x22", "FULL_RECURRENCE"}},
    {LSTM(.lstm = FLAG(FULL_RECURRENCE) | FLAG(NO_OUTPUT_GATE)), SRNN_EINVAL,
     {"0x24", "FULL_RECURRENCE"}},
    {LSTM(.lstm = FLAG(FULL_RECURRENCE) | FLAG(COUPLED)), SRNN_EINVAL,
     {"0x28", "FULL_RECURRENCE"}},
    {LSTM(.lstm = FLAG(PEEPHOLES) | 7), SRNN_EINVAL,
     {"0x17", "PEEPHOLES", "gate"}},
    {LSTM(.projection = INT32_MAX), SRNN_ESHAPE,
     {"projection", "2147483647", "536870911"}},
    {LSTM(.cell_clip = -1), SRNN_EINVAL, {"cell_clip", "-1"}},
    {LSTM(.cell_clip = NAN), SRNN_EINVAL, {"cell_clip", "nan"}},
    {LSTM(.cell_clip = 1e-50), SRNN_EINVAL, {"cell_clip", "1e-50"}},
    {LSTM(.cell_clip = 1e50), SRNN_EINVAL, {"cell_clip", "1e+50"}},
    {LSTM(.projection = 2, .projection_clip = -2), SRNN_EINVAL,
     {"projection_clip", "-2"}},
    {LSTM(.projection_clip = 2), SRNN_EINVAL,
     {"projection_clip is 2", "projection 0"}},
    {LSTM(.forget_bias = INFINITY), SRNN_EINVAL, {"forget_bias", "inf"}},
    {LSTM(.forget_bias = 1, .lstm = FLAG(COUPLED)), SRNN_EINVAL,
     {"forget_bias is 1", "0x8", "no forget gate"}},
    {LSTM(.forget_bias = 1, .lstm = FLAG(NO_FORGET_GATE)), SRNN_EINVAL,
     {"forget_bias is 1", "0x2"}},
    {LSTM(.norm = SRNN_NORM_LAYER, .norm_eps = 1e-5, .lstm = 16), SRNN_EINVAL,
     {"norm", "beside", "0x10"}},
    {LSTM(.norm = SRNN_NORM_LAYER, .norm_eps = 1e-5, .projection = 2),
     SRNN_EINVAL, {"norm", "projection 2"}},
    {OTHER(.lstm = 1), SRNN_EINVAL, {"lstm is set", "gru"}},
    {OTHER(.projection = 1), SRNN_EINVAL, {"projection is set", "gru"}},
    {OTHER(.cell_clip = 1), SRNN_EINVAL, {"cell_clip is set", "gru"}},
    {OTHER(.projection_clip = 1), SRNN_EINVAL,
     {"projection_clip is set", "gru"}},
    {OTHER(.forget_bias = 1), SRNN_EINVAL, {"forget_bias is set", "gru"}},
};

static void refuse(const srnn_kernels *k)
{
    srnn_node x, id = 77;
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", 2, &x));
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const refusal *r = &refusals[i];

        refused(srnn_net_recurrent(net, "rnn", x, &r->config, &id), r->status,
                r->words[0], __FILE__, (int)i, r->words);
        CHECK(strstr(srnn_error_message(), "'rnn'"));
        CHECK(srnn_net_nodes(net) == 1 && srnn_net_params(net) == 0);
    }
    CHECK(id == 77);
    srnn_net_close(net);
}

/* ---- the forget bias ----------------------------------------------------- */

/* bias_ih with and without, of the same seed: f's part alone has it. */
static void forget_bias(const srnn_kernels *k)
{
    enum { H = 5 };
    const unsigned flags[] = {0, FLAG(NO_INPUT_GATE), FLAG(PEEPHOLES)};

    for (size_t i = 0; i < 3; i++) {
        const size_t f = lstm_gates_of(flags[i]).slot[GATE_F];
        const size_t all = lstm_gates_of(flags[i]).all;
        float with[4 * H] = {0}, without[4 * H] = {0};

        for (int bias = 0; bias < 2; bias++) {
            const net_case c = {.cell = SRNN_LSTM, .layers = 2, .in = 2,
                                .hidden = H, .classes = 2, .lstm = flags[i],
                                .forget_bias = bias};
            srnn_net *net = case_net(k, &c);

            must(srnn_net_init(net, 5));
            memcpy(bias ? with : without, param(net, "rnn.bias_ih_l1"),
                   all * H * sizeof *with);
            srnn_net_close(net);
        }
        for (size_t m = 0; m < all * H; m++)
            CHECK(with[m] == without[m] + (m / H == f ? 1 : 0));
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"lstm/flaws", flaws, NULL},
        {"lstm/forward", forward, NULL},
        {"lstm/refusals", refuse, NULL},
        {"lstm/forget-bias", forget_bias, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
