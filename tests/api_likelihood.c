/* Likelihood: each step is log softmax(logits)[target] within softmax_xent's
 * bound; the p of all sequences of a length are 1 in all; the sum is the loss
 * times its count; the beam says the same of what it finds on a net. */
#include "check.h"
#include "net_case.h"
#include "numbers.h"
#include "oracle.h"
#include "refuse.h"
#include "tree.h"

#include <math.h>
#include <string.h>

enum { T = 4, V = 4, B = 256 /* V^T */ };

static const net_case shape = {.cell = SRNN_LSTM, .layers = 2, .steps = T,
                               .batch = B, .in = 3, .hidden = 9, .classes = V,
                               .tokens = 1};

/* Every sequence, one a row: targets the base-V digits of the row, inputs the
 * target before. */
typedef struct all {
    srnn_net *net;
    srnn_session *s;
    int32_t x[T][B], y[T][B];
    float logits[T][B][V], each[T][B];
    double total[B];
    srnn_array in[2];
    srnn_node loss;
} all;

static void open_all(all *a, const srnn_kernels *k)
{
    data_seed(21);
    a->net = case_net(k, &shape);
    a->s = case_session(a->net, &shape, T, 1);
    for (size_t t = 0; t < T; t++)
        for (size_t b = 0; b < B; b++) {
            a->y[t][b] = (int32_t)(b >> 2 * t) % V;
            a->x[t][b] = t ? a->y[t - 1][b] : 0;
        }
    a->in[0] = (srnn_array){.node = srnn_net_find(a->net, "x"),
                            .tokens = a->x[0]};
    a->in[1] = (srnn_array){.node = srnn_net_find(a->net, "y"),
                            .tokens = a->y[0]};
    a->loss = srnn_net_find(a->net, "loss");
}

static void run_all(all *a)
{
    const srnn_array out = {.node = srnn_net_find(a->net, "out"),
                            .data = a->logits[0][0]};

    srnn_session_reset(a->s);
    must(srnn_session_forward(a->s, T, a->in, 1, &out, 1));
    srnn_session_reset(a->s);
    memset(a->total, 0, sizeof a->total);
    must(srnn_session_likelihood(a->s, a->loss, T, a->in, 2, a->each[0],
                                 a->total));
}

static void close_all(all *a)
{
    srnn_session_close(a->s);
    srnn_net_close(a->net);
}

/* kernels.h: (2 D + n / 16 + 3 log n + |loss| + 8) u. */
static double bound(const float *x, double loss)
{
    float most = x[0], least = x[0];

    for (size_t j = 1; j < V; j++) {
        most = x[j] > most ? x[j] : most;
        least = x[j] < least ? x[j] : least;
    }
    return (2 * (double)(most - least) + V / 16. + 3 * log(V) + fabs(loss) +
            8) * U;
}

static double bound_of_row(const all *a, size_t b)
{
    double sum = 0;

    for (size_t t = 0; t < T; t++)
        sum += bound(a->logits[t][b], a->each[t][b]);
    return sum;
}

static void steps(const srnn_kernels *k)
{
    static all a;
    worst w = {0}, wrong = {0};

    open_all(&a, k);
    run_all(&a);
    for (size_t b = 0; b < B; b++) {
        double sum = 0;

        for (size_t t = 0; t < T; t++) {
            const double want = -nats(V, a.logits[t][b], a.y[t][b]);
            const double e = bound(a.logits[t][b], want);

            worst_see(&w, a.each[t][b], want, e, "step", t, b);
            worst_see(&wrong, a.each[t][b],
                      -nats(V, a.logits[t][b], (a.y[t][b] + 1) % V), e,
                      "wrong", t, b);
            sum += a.each[t][b];
        }
        CHECK(!(a.total[b] < sum) && !(a.total[b] > sum));
    }
    worst_end(&w, "step");
    CHECK(wrong.ratio > 1000); /* the control */
    close_all(&a);
}

static void sum_of_all(const srnn_kernels *k)
{
    static all a;
    worst w = {0};
    double p = 0, e = 0;

    open_all(&a, k);
    run_all(&a);
    for (size_t b = 0; b < B; b++) {
        p += exp(a.total[b]);
        e += exp(a.total[b]) * expm1(bound_of_row(&a, b));
    }
    worst_see(&w, p, 1, e, "p", 0, 0);
    worst_end(&w, "sum of p");

    for (size_t b = 0; b < B; b++) /* the control: one step left out */
        a.y[2][b] = -1;
    run_all(&a);
    for (p = 0, e = 0; e < B; e++)
        p += exp(a.total[(size_t)e]);
    CHECK_SAYS(fabs(p - V) < 1e-3, "%.9g", p);
    for (size_t b = 0; b < B; b++)
        CHECK(bits_of(a.each[2][b]) == 0);
    close_all(&a);
}

/* The same numbers, added in another order: n - 1 roundings of a sum each, and
 * one of the quotient. */
static void is_the_loss(const srnn_kernels *k)
{
    static all a;
    worst w = {0};
    double loss, sum = 0;
    size_t count;

    open_all(&a, k);
    a.y[1][5] = a.y[3][7] = -1;
    run_all(&a);
    srnn_session_reset(a.s);
    must(srnn_session_loss(a.s, T, a.in, 2, &loss, &count));
    for (size_t b = 0; b < B; b++)
        sum -= a.total[b];
    CHECK(count == T * B - 2);
    worst_see(&w, loss * (double)count, sum, 2 * T * B * 0x1p-53 * sum, "loss",
              0, 0);
    worst_end(&w, "loss");
    close_all(&a);
}

/* ---- lengths, cuts ------------------------------------------------------ */

static void lengths(const srnn_kernels *k)
{
    static all a;
    static float whole[T][B];
    static size_t length[B];

    open_all(&a, k);
    run_all(&a);
    memcpy(whole, a.each, sizeof whole);
    for (size_t b = 0; b < B; b++)
        length[b] = b % 7 % (T + 1);
    srnn_session_reset(a.s);
    memset(a.total, 0, sizeof a.total);
    must(srnn_session_lengths(a.s, length));
    must(srnn_session_likelihood(a.s, a.loss, T, a.in, 2, a.each[0],
                                 a.total));
    for (size_t b = 0; b < B; b++) {
        double sum = 0;

        for (size_t t = 0; t < T; t++) {
            CHECK(bits_of(a.each[t][b]) ==
                  (t < length[b] ? bits_of(whole[t][b]) : 0));
            sum += a.each[t][b];
        }
        CHECK(!(a.total[b] < sum) && !(a.total[b] > sum));
    }
    srnn_session_reset(a.s);
    must(srnn_session_likelihood(a.s, a.loss, T, a.in, 2, a.each[0], NULL));
    CHECK(!memcmp(whole, a.each, sizeof whole)); /* the lengths are used up */
    close_all(&a);
}

static void parts(const srnn_kernels *k)
{
    static all a;
    static float each[T][B];
    static double total[B];

    open_all(&a, k);
    run_all(&a);
    for (size_t steps = 1; steps < T; steps++) {
        srnn_session *s = case_session(a.net, &shape, steps, 1 + steps % 2);

        for (size_t cut = 0; cut <= T; cut++) {
            srnn_array in[2] = {a.in[0], a.in[1]};

            srnn_session_reset(s);
            memset(total, 0, sizeof total);
            must(srnn_session_likelihood(s, a.loss, cut, in, 2, each[0],
                                         total));
            in[0].tokens += cut * B;
            in[1].tokens += cut * B;
            must(srnn_session_likelihood(s, a.loss, T - cut, in, 2,
                                         each[0] + cut * B, total));
            CHECK(!memcmp(each, a.each, sizeof each));
            CHECK(!memcmp(total, a.total, sizeof total));
        }
        must(srnn_session_likelihood(s, a.loss, 1, a.in, 2, each[0], NULL));
        srnn_session_close(s);
    }
    close_all(&a);
}

/* ---- beam search on the net --------------------------------------------- */

/* Wide enough for all: every sequence is found, once, and as likely as it is.
 * So the states of the rows go where they belong. */
static void as_beam(const srnn_kernels *k)
{
    const srnn_beam_config c = {.beam = B, .vocabulary = V, .length = T,
                                .results = B, .end = -1};
    static all a;
    srnn_array in;
    srnn_decoder_session from;
    srnn_decoder decoder;
    srnn_session *s;
    srnn_beam *beam;
    size_t found[B] = {0};
    worst w = {0};

    open_all(&a, k);
    run_all(&a);
    s = case_session(a.net, &shape, 1, 2);
    in = (srnn_array){.node = a.in[0].node};
    from = (srnn_decoder_session){s, srnn_net_find(a.net, "out"), &in, 1};
    must(srnn_decoder_over(&decoder, &from));
    must(srnn_beam_open(&beam, a.net, &c));
    must(srnn_beam_search(beam, &decoder, 0));
    CHECK(srnn_beam_results(beam) == B);
    for (size_t i = 0; i < srnn_beam_results(beam); i++) {
        srnn_hypothesis h;
        size_t b = 0;

        must(srnn_beam_result(beam, i, &h));
        for (size_t t = 0; t < T; t++)
            b += (size_t)h.tokens[t] << 2 * t;
        CHECK(found[b]++ == 0);
        /* The bounds of generate.h and of kernels.h: |loss| is log V there. */
        worst_see(&w, h.log_probability, a.total[b],
                  2 * bound_of_row(&a, b) + T * log(V) * U, "beam", i, b);
    }
    worst_end(&w, "of the beam");
    srnn_beam_close(beam);
    srnn_session_close(s);
    close_all(&a);
}

/* ---- refusals ----------------------------------------------------------- */

static void refusals(const srnn_kernels *k)
{
    static all a;
    srnn_session *s;

    open_all(&a, k);
    s = a.s;
#define LIKELIHOOD(s, loss, in, ins, each) \
    srnn_session_likelihood(s, loss, T, in, ins, each, a.total)
    REFUSED(SRNN_EINVAL, LIKELIHOOD(NULL, a.loss, a.in, 2, a.each[0]),
            "session");
    REFUSED(SRNN_EINVAL, LIKELIHOOD(s, a.loss, NULL, 2, a.each[0]),
            "in is NULL");
    REFUSED(SRNN_EINVAL, LIKELIHOOD(s, a.loss, a.in, 2, NULL), "each");
    REFUSED(SRNN_EINVAL, LIKELIHOOD(s, a.loss, a.in, 1, a.each[0]), "'y'");
    REFUSED(SRNN_EINVAL, LIKELIHOOD(s, -1, a.in, 2, a.each[0]), "loss", "-1");
    REFUSED(SRNN_EINVAL, LIKELIHOOD(s, 99, a.in, 2, a.each[0]), "loss", "99");
    REFUSED(SRNN_EINVAL,
            LIKELIHOOD(s, a.in[0].node, a.in, 2, a.each[0]), "'x'",
            "cross-entropy");
    a.y[0][0] = V;
    REFUSED(SRNN_EINVAL, LIKELIHOOD(s, a.loss, a.in, 2, a.each[0]), "'y'",
            "4 at step 0");
    close_all(&a);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"likelihood/steps", steps, NULL},
        {"likelihood/sum-of-all", sum_of_all, NULL},
        {"likelihood/is-the-loss", is_the_loss, NULL},
        {"likelihood/lengths", lengths, NULL},
        {"likelihood/parts", parts, NULL},
        {"likelihood/as-beam", as_beam, NULL},
        {"likelihood/refusals", refusals, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
