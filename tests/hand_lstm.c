/* One step of an LSTM of one cell in each of its variants, worked by hand from
 * Greff et al. 2017, equations of section 2 and of appendix A.
 *
 * x = 1, h = .5 (of a projection (.5, -.5)), c = 1. What each gate receives:
 *   i   .25 x + .5 h = .5      with its peephole  .5 c:  1
 *   f   .5 x + h     = 1       with its peephole -1 c:   0
 *   g   .25 x + 1.5 h = 1
 *   o   .5 x - h     = 0       with its peephole  1 c':  c'
 * sigma(.5) = .622459331, sigma(1) = .731058579, sigma(0) = .5, tanh(1) =
 * .761594156, tanh(.5) = .462117157.
 *
 * Bound: the numbers above are sums without an error. An activation costs 5 U
 * (2 ULP), another operation U: g 5 U, i g 11 U, c 17.5 U as in kernel_hand.c.
 * An o that looks at c adds two roundings and passes (17.5 + 2) / 4 U on: 10 U;
 * tanh(c) 22.5 U; with |o| <= .8, |tanh(c)| <= .9 their product, and its
 * product with a weight of magnitude 1 or less, 29 U. So 32 U, and 1e-9 for the
 * digits. */
#include "check.h"
#include "lstm_flags.h"
#include "net_case.h"
#include "oracle.h"

#include <string.h>

typedef struct example {
    const char *name;
    srnn_recurrent_config config;
    double c, h[2]; /* h[1]: of a projection */
} example;

#define ACT(name) {.kind = SRNN_ACT_##name}

static const example examples[] = {
    /* c = .731058579 + .622459331 x .761594156, h = .5 tanh(c) */
    {"plain (NP: no peepholes)", {.lstm = 0}, 1.205119968, {0.417604824}},
    /* c = .731058579 + .761594156 */
    {"NIG: no input gate", {.lstm = SRNN_LSTM_NO_INPUT_GATE}, 1.492652735,
     {0.451905845}},
    /* c = 1 + .474061389 */
    {"NFG: no forget gate", {.lstm = SRNN_LSTM_NO_FORGET_GATE}, 1.474061389,
     {0.450174691}},
    /* h = tanh(1.205119968) */
    {"NOG: no output gate", {.lstm = SRNN_LSTM_NO_OUTPUT_GATE}, 1.205119968,
     {0.835209649}},
    /* c = .731058579 + .622459331 x 1 */
    {"NIAF: no input activation", {.activation = {[1] = ACT(IDENTITY)}},
     1.353517910, {0.437440537}},
    /* h = .5 x 1.205119968 */
    {"NOAF: no output activation", {.activation = {[2] = ACT(IDENTITY)}},
     1.205119968, {0.602559984}},
    /* f = 1 - .622459331; c = .377540669 + .474061389 */
    {"CIFG: coupled", {.lstm = SRNN_LSTM_COUPLED}, 0.851602058,
     {0.345952748}},
    /* i = sigma(1), f = .5: c = .5 + .731058579 x .761594156;
     * o = sigma(1.056769941) = .742072793 */
    {"V: vanilla, with peepholes", {.lstm = SRNN_LSTM_PEEPHOLES}, 1.056769941,
     {0.582100058}},
    /* The gates before, (.5, .25, 1), give i -.5, f 1, o 0 (w_gh below): beside
     * their peepholes i = sigma(.5), f = sigma(1), so c is the plain one;
     * o = sigma(1.205119968) = .769434345 */
    {"FGR: full gate recurrence",
     {.lstm = SRNN_LSTM_PEEPHOLES | SRNN_LSTM_FULL_RECURRENCE}, 1.205119968,
     {0.642638989}},
    /* h = (.5, -1) .417604824 */
    {"projection", {.projection = 2}, 1.205119968,
     {0.208802412, -0.417604824}},
    {"projection with peepholes",
     {.projection = 2, .lstm = SRNN_LSTM_PEEPHOLES}, 1.056769941,
     {0.291050029, -0.582100058}},
    /* c = 1, h = .5 tanh(1) */
    {"clip of c", {.cell_clip = 1}, 1, {0.380797078}},
    {"clip of the projection", {.projection = 2, .projection_clip = 0.3},
     1.205119968, {0.208802412, -0.3}},
    /* i = f = sigma(.5), g = tanh(.5), o = .5: c = .622459331 (1 + .462117157)
     */
    {"clip of pre-activations", {.clip = 0.5}, 0.910108468, {0.360592156}},
};

enum { EXAMPLES = sizeof examples / sizeof *examples };

/* ---- the parameters ------------------------------------------------------ */

/* Of i f g o: W, R (of one output), peepholes; of a projection W_p. */
static const float w_ih[GATES] = {.25f, .5f, .25f, .5f};
static const float w_hh[GATES] = {.5f, 1, 1.5f, -1};
static const float peephole[GATES] = {.5f, -1, 0, 1};
static const float w_hr[2] = {.5f, -1};
/* i: 2 x .5 - 2 x .25 - 1 = -.5;  f: 4 x .25 = 1;  o: .5 - .5 = 0 */
static const float w_gh[9] = {2, -2, -1, 0, 4, 0, 1, 0, -.5f};
static const float g_before[3] = {.5f, .25f, 1};

static int is(const srnn_tensor *p, const char *what)
{
    return !strncmp(p->name + strlen("rnn."), what, strlen(what));
}

/* R of two outputs, (.5, -.5): the first column alone reads. */
static void set_param(const srnn_tensor *p, const lstm_gates *g)
{
    for (int j = 0; j < GATES; j++) {
        if (!g->there[j])
            continue;
        if (is(p, "weight_ih"))
            p->data[g->slot[j]] = w_ih[j];
        if (is(p, "weight_hh"))
            p->data[g->slot[j] * p->shape[1]] = w_hh[j];
        if (is(p, "peephole") && j != GATE_G)
            p->data[g->peephole[j]] = peephole[j];
    }
    if (is(p, "weight_hr"))
        memcpy(p->data, w_hr, sizeof w_hr);
    if (is(p, "weight_gh"))
        memcpy(p->data, w_gh, sizeof w_gh);
}

static srnn_net *net_of(const srnn_kernels *k, const example *e)
{
    srnn_recurrent_config config = e->config;
    const lstm_gates g = lstm_gates_of(config.lstm);
    srnn_node x, rnn;
    srnn_tensor p;
    srnn_net *net;

    config.cell = SRNN_LSTM;
    config.hidden = config.layers = 1;
    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", 1, &x));
    must(srnn_net_recurrent(net, "rnn", x, &config, &rnn));
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &p));
        set_param(&p, &g);
    }
    must(srnn_net_pack(net));
    return net;
}

/* ---- the step ------------------------------------------------------------ */

static void set_states(srnn_session *s)
{
    static const float h[2] = {.5f, -.5f}, c[1] = {1};
    srnn_tensor state;

    for (size_t i = 0; i < srnn_session_states(s); i++) {
        must(srnn_session_state(s, i, &state));
        memcpy(state.data,
               is(&state, "h")   ? h
               : is(&state, "c") ? c
                                 : g_before,
               state.count * sizeof *state.data);
    }
}

static void work_out(const srnn_kernels *k, const example *e,
                     const example *want, worst *seen)
{
    const double bound = 32 * U + 1e-9;
    const srnn_session_config config = srnn_session_default();
    const float x = 1;
    float h[2] = {0};
    srnn_net *net = net_of(k, e);
    srnn_session *s;
    srnn_tensor c;

    must(srnn_session_open(&s, net, &config));
    set_states(s);
    must(srnn_session_step(s, &x, h));
    must(srnn_session_state(s, 1, &c));
    worst_see(seen, c.data[0], want->c, bound, e->name, 0, 0);
    worst_see(seen, h[0], want->h[0], bound, e->name, 0, 1);
    if (e->config.projection)
        worst_see(seen, h[1], want->h[1], bound, e->name, 0, 2);
    srnn_session_close(s);
    srnn_net_close(net);
}

static void hand(const srnn_kernels *k)
{
    for (size_t i = 0; i < EXAMPLES; i++) {
        worst seen = {0}, other = {0};

        work_out(k, &examples[i], &examples[i], &seen);
        worst_end(&seen, examples[i].name);
        work_out(k, &examples[i], &examples[(i + 1) % EXAMPLES], &other);
        CHECK_SAYS(other.ratio > 1, "%s: another variant's answer passed",
                   examples[i].name);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"lstm/hand", hand, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
