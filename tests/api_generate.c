/* Generation: each token is the draw that generate.h says, from the logits of
 * what was drawn before; rows end each by itself; a row is the same beside any
 * others and in any parts; a session is a decoder. */
#include "check.h"
#include "net_case.h"
#include "numbers.h"
#include "refuse.h"
#include "tree.h"

#include <math.h>
#include <string.h>

enum { B = 5, V = 4, T = 12 };

static srnn_net *net_on(const srnn_kernels *k)
{
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    return net;
}

/* ---- the draws ---------------------------------------------------------- */

static double u_of(uint64_t seed, uint32_t step, uint32_t sequence)
{
    const uint32_t counter[4] = {step, sequence, 0, 2};
    uint32_t word[4];

    srnn_philox(seed, counter, word);
    return ldexp((double)(word[0] >> 5), -27) +
           ldexp((double)(word[1] >> 6), -53);
}

/* Row b of a tree, token by token; returns its length. */
static size_t by_hand(const srnn_net *net, const tree *t,
                      const srnn_generate_config *c, size_t b, int32_t start,
                      int32_t *tokens)
{
    uint64_t history = tree_after(t, 0, start);
    float x[V], work[2 * V];

    for (size_t i = 0; i < T; i++) {
        tree_logits(t, history, x);
        tokens[i] = srnn_sample(net, V, x, &c->sample,
                                u_of(c->seed, (uint32_t)i, (uint32_t)b), work);
        history = tree_after(t, history, tokens[i]);
        if (tokens[i] == c->end)
            return i + 1;
    }
    return T;
}

static void draws(const srnn_kernels *k)
{
    const int32_t start[B] = {0, 1, 2, 3, 3};
    srnn_net *net = net_on(k);
    size_t ended = 0, apart = 0;

    for (int end = -1; end < 2; end++) {
        srnn_generate_config c = srnn_generate_default();
        int32_t tokens[T][B], want[T];
        float work[(B + 2) * V];
        size_t lengths[B];
        tree t;

        c.end = end;
        c.seed = 77;
        c.sample.top_k = 3;
        tree_plant(&t, B, V, NULL, 4);
        must(srnn_generate(net, &t.decoder, &c, start, T, tokens[0], lengths,
                           work));
        for (size_t b = 0; b < B; b++) {
            const size_t n = by_hand(net, &t, &c, b, start[b], want);

            CHECK_SAYS(lengths[b] == n, "row %zu: %zu tokens, not %zu", b,
                       lengths[b], n);
            for (size_t i = 0; i < T; i++)
                CHECK_SAYS(tokens[i][b] == (i < n ? want[i] : end),
                           "row %zu: token %zu is %d", b, i, tokens[i][b]);
            ended += n < T;
            apart += b > 0 && n != lengths[0];
        }
        if (end < 0)
            CHECK(t.steps == T);
    }
    CHECK(ended > 3 && apart > 3); /* or the rows tell nothing of ends */
    srnn_net_close(net);
}

/* After `end`, 1, nothing but the end can come: the second step is not made. */
static void sure(uint64_t history, size_t n, float *x)
{
    (void)history;
    for (size_t j = 0; j < n; j++)
        x[j] = j == 1 ? 0 : -INFINITY;
}

static void stops(const srnn_kernels *k)
{
    srnn_generate_config c = srnn_generate_default();
    const int32_t start[2] = {1, 0}; /* that it begins with the end is no end */
    srnn_net *net = net_on(k);
    int32_t tokens[3][2];
    float work[4 * V];
    size_t lengths[2];
    tree t;

    tree_plant(&t, 2, V, sure, 0);
    c.end = 1;
    must(srnn_generate(net, &t.decoder, &c, start, 3, tokens[0], lengths,
                       work));
    CHECK(t.steps == 1 && lengths[0] == 1 && lengths[1] == 1);
    for (size_t i = 0; i < 3; i++)
        CHECK(tokens[i][0] == 1 && tokens[i][1] == 1);
    must(srnn_generate(net, &t.decoder, &c, start, 0, tokens[0], lengths,
                       work));
    CHECK(t.steps == 1 && lengths[0] == 0 && lengths[1] == 0);
    must(srnn_generate(net, &t.decoder, &c, start, 2, tokens[0], NULL, work));
    srnn_net_close(net);
}

/* ---- alone and in parts ------------------------------------------------- */

static void alone(const srnn_kernels *k)
{
    const int32_t start[B] = {0, 1, 2, 3, 3};
    const uint32_t id[B] = {9, 8, 7, 1u << 31, 5};
    srnn_generate_config c = srnn_generate_default();
    srnn_net *net = net_on(k);
    int32_t all[T][B], one[T], again[T][B];
    float work[(B + 2) * V];
    tree t;

    tree_plant(&t, B, V, NULL, 6);
    c.sequence = id;
    must(srnn_generate(net, &t.decoder, &c, start, T, all[0], NULL, work));
    for (size_t b = 0; b < B; b++) {
        tree_plant(&t, 1, V, NULL, 6);
        c.sequence = &id[b];
        must(srnn_generate(net, &t.decoder, &c, &start[b], T, one, NULL,
                           work));
        for (size_t i = 0; i < T; i++)
            CHECK(one[i] == all[i][b]);
    }

    c.sequence = id;
    tree_plant(&t, B, V, NULL, 6);
    must(srnn_generate(net, &t.decoder, &c, start, 5, again[0], NULL, work));
    c.step = 5;
    must(srnn_generate(net, &t.decoder, &c, again[4], T - 5, again[5], NULL,
                       work));
    CHECK(!memcmp(all, again, sizeof all));

    c.step = 0; /* the controls: another seed, another step */
    c.seed++;
    tree_plant(&t, B, V, NULL, 6);
    must(srnn_generate(net, &t.decoder, &c, start, T, again[0], NULL, work));
    CHECK(memcmp(all, again, sizeof all));
    c.seed--;
    c.step = 1;
    tree_plant(&t, B, V, NULL, 6);
    must(srnn_generate(net, &t.decoder, &c, start, T, again[0], NULL, work));
    CHECK(memcmp(all, again, sizeof all));
    srnn_net_close(net);
}

/* ---- a session ---------------------------------------------------------- */

static const net_case shape = {.cell = SRNN_LSTM, .layers = 2, .steps = T,
                               .batch = B, .in = 3, .hidden = 9, .classes = V,
                               .tokens = 1};

/* What it has drawn, given to the net in one go, gives the logits that each
 * token was drawn from. */
static void session(const srnn_kernels *k)
{
    srnn_generate_config c = srnn_generate_default();
    srnn_net *net = (data_seed(3), case_net(k, &shape));
    srnn_session *s = case_session(net, &shape, 1, 1);
    int32_t tokens[T + 1][B] = {{0, 1, 2, 3, 0}};
    float logits[T][B][V], work[(B + 2) * V];
    srnn_array in = {.node = srnn_net_find(net, "x")};
    const srnn_array out = {.node = srnn_net_find(net, "out"),
                            .data = logits[0][0]};
    const srnn_decoder_session from = {s, out.node, &in, 1};
    srnn_decoder decoder;

    must(srnn_decoder_over(&decoder, &from));
    CHECK(decoder.rows == B && decoder.vocabulary == V);
    must(srnn_generate(net, &decoder, &c, tokens[0], T, tokens[1], NULL,
                       work));
    srnn_session_reset(s);
    in.tokens = tokens[0];
    must(srnn_session_forward(s, T, &in, 1, &out, 1));
    for (size_t t = 0; t < T; t++)
        for (size_t b = 0; b < B; b++)
            CHECK(tokens[t + 1][b] ==
                  srnn_sample(net, V, logits[t][b], &c.sample,
                              u_of(1, (uint32_t)t, (uint32_t)b), work));
    srnn_session_close(s);
    srnn_net_close(net);
}

/* ---- refusals ----------------------------------------------------------- */

static void over(const srnn_kernels *k)
{
    srnn_net *net = case_net(k, &shape);
    srnn_session *s = case_session(net, &shape, 1, 1);
    const srnn_node x = srnn_net_find(net, "x"), y = srnn_net_find(net, "out"),
                    rnn = srnn_net_find(net, "rnn");
    srnn_array in = {.node = x};
    srnn_decoder_session from = {s, y, &in, 1};
    srnn_decoder d;

    REFUSED(SRNN_EINVAL, srnn_decoder_over(NULL, &from), "decoder");
    REFUSED(SRNN_EINVAL, srnn_decoder_over(&d, NULL), "from");
    from.session = NULL;
    REFUSED(SRNN_EINVAL, srnn_decoder_over(&d, &from), "session");
    from = (srnn_decoder_session){s, y, NULL, 1};
    REFUSED(SRNN_EINVAL, srnn_decoder_over(&d, &from), "in is NULL");
    from = (srnn_decoder_session){s, y, &in, 0};
    REFUSED(SRNN_EINVAL, srnn_decoder_over(&d, &from), "ins is 0");
    from = (srnn_decoder_session){s, 99, &in, 1};
    REFUSED(SRNN_EINVAL, srnn_decoder_over(&d, &from), "logits", "99");
    from = (srnn_decoder_session){s, x, &in, 1};
    REFUSED(SRNN_EINVAL, srnn_decoder_over(&d, &from), "'x'", "reals");
    from.logits = rnn;
    REFUSED(SRNN_ESHAPE, srnn_decoder_over(&d, &from), "'rnn'", "9 logits",
            "4 tokens");
    in.node = -1;
    REFUSED(SRNN_EINVAL, srnn_decoder_over(&d, &from), "in[0]", "-1");
    in.node = rnn;
    REFUSED(SRNN_EINVAL, srnn_decoder_over(&d, &from), "'rnn' must be tokens");
    srnn_session_close(s);
    srnn_net_close(net);
}

static void refusals(const srnn_kernels *k)
{
    srnn_generate_config c = srnn_generate_default();
    const int32_t start[2] = {0};
    srnn_net *net = net_on(k);
    int32_t tokens[3][2];
    float work[4 * V];
    srnn_decoder d;
    tree t;

    CHECK(c.end == -1 && c.seed == 1 && c.step == 0 && !c.sequence);
    tree_plant(&t, 2, V, NULL, 0);
    d = t.decoder;
#define GENERATE(net, d, c, start, tokens, work) \
    srnn_generate(net, d, c, start, 3, tokens, NULL, work)
    REFUSED(SRNN_EINVAL, GENERATE(NULL, &d, &c, start, tokens[0], work),
            "net is NULL");
    REFUSED(SRNN_EINVAL, GENERATE(net, NULL, &c, start, tokens[0], work),
            "decoder is NULL");
    REFUSED(SRNN_EINVAL, GENERATE(net, &d, NULL, start, tokens[0], work),
            "config is NULL");
    REFUSED(SRNN_EINVAL, GENERATE(net, &d, &c, NULL, tokens[0], work),
            "start is NULL");
    REFUSED(SRNN_EINVAL, GENERATE(net, &d, &c, start, NULL, work),
            "tokens is NULL");
    REFUSED(SRNN_EINVAL, GENERATE(net, &d, &c, start, tokens[0], NULL),
            "work is NULL");
    d.rows = 0;
    REFUSED(SRNN_EINVAL, GENERATE(net, &d, &c, start, tokens[0], work),
            "rows 0", "vocabulary 4");
    d = t.decoder;
    d.vocabulary = 0;
    REFUSED(SRNN_EINVAL, GENERATE(net, &d, &c, start, tokens[0], work),
            "vocabulary 0");
    d = t.decoder;
    d.step = NULL;
    REFUSED(SRNN_EINVAL, GENERATE(net, &d, &c, start, tokens[0], work),
            "step is NULL");
    d = t.decoder;
    c.end = 4;
    REFUSED(SRNN_EINVAL, GENERATE(net, &d, &c, start, tokens[0], work),
            "end is 4", "-1 to 3");
    c.end = -2;
    REFUSED(SRNN_EINVAL, GENERATE(net, &d, &c, start, tokens[0], work),
            "end is -2");
    c = srnn_generate_default();
    c.sample.top_p = 2;
    REFUSED(SRNN_EINVAL, GENERATE(net, &d, &c, start, tokens[0], work),
            "top_p is 2");
    CHECK(t.steps == 0);
    c = srnn_generate_default();
    t.fails_at = 2;
    REFUSED(SRNN_ESTATE, GENERATE(net, &d, &c, start, tokens[0], work),
            "felled");
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"generate/draws", draws, NULL},
        {"generate/stops", stops, NULL},
        {"generate/alone", alone, NULL},
        {"generate/session", session, NULL},
        {"generate/over", over, NULL},
        {"generate/refusals", refusals, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
