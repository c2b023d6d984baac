/* Beam search: by hand where greed is wrong, where the norm decides and where
 * all is equal; what it refuses, what a decoder's error leaves, and its memory.
 * Against lists of whole sequences: beam_lists.c. */
#include "check.h"
#include "net_case.h"
#include "numbers.h"
#include "refuse.h"
#include "tree.h"

#include <math.h>
#include <string.h>

enum { LENGTH = 6 };

static srnn_net *net_on(const srnn_kernels *k)
{
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    return net;
}

static srnn_beam *beam_on(const srnn_kernels *k, const srnn_beam_config *c)
{
    srnn_net *net = net_on(k);
    srnn_beam *beam;

    must(srnn_beam_open(&beam, net, c));
    srnn_net_close(net);
    return beam;
}

/* ---- by hand ------------------------------------------------------------ */

/* p after a history, digits in base 4: start 0 is digit 1, end 0 as well. */
static void greed(uint64_t history, size_t n, float *x)
{
    static const double p[3][3] = {
        {.1, .5, .4},    /* at first */
        {.4, .35, .25},  /* after 1: no good end */
        {.9, .05, .05}}; /* after 2 */
    const size_t row = history == 1 ? 0 : history == 6 ? 1 : 2;

    for (size_t j = 0; j < n; j++)
        x[j] = (float)log(p[row][j]);
}

/* After two steps: 1 0 (.3), 1 1 (.27), 2 0 (.228): of these a beam of 2 keeps
 * the first as a result and not the third, which comes after the best two. */
static void crowd(uint64_t history, size_t n, float *x)
{
    static const double p[4][3] = {
        {.02, .6, .38}, {.5, .45, .05}, {.6, .2, .2}, {.4, .3, .3}};
    const size_t row = history == 1   ? 0
                       : history == 6 ? 1
                       : history == 7 ? 2
                                      : 3;

    for (size_t j = 0; j < n; j++)
        x[j] = (float)log(p[row][j]);
}

/* End at once: p 1/2. Or 1 1 1 end: p 2/5 in all, which is its first step. */
static void patience(uint64_t history, size_t n, float *x)
{
    for (size_t j = 0; j < n; j++)
        x[j] = -INFINITY;
    if (history == 1) {
        x[0] = logf(.5f);
        x[1] = logf(.4f);
        x[2] = logf(.1f);
    } else {
        x[history == ((1 * 4 + 2) * 4 + 2) * 4 + 2 ? 0 : 1] = 0;
    }
}

/* A result must be these tokens, as digits, with this log-probability to
 * within 1e-5: `terms` steps of (2 D + n / 16 + 4 log n + 8) u < 1.2e-6 each,
 * D < 4, and a log rounded to float, below 2.4e-7. */
static void expect(const srnn_beam *beam, size_t i, const char *tokens,
                   double p, double norm)
{
    srnn_hypothesis h;
    char got[LENGTH + 1] = "";

    must(srnn_beam_result(beam, i, &h));
    for (size_t t = 0; t < h.length; t++)
        got[t] = (char)('0' + h.tokens[t]);
    CHECK_SAYS(!strcmp(got, tokens), "%s, not %s", got, tokens);
    CHECK_SAYS(fabs(h.log_probability - log(p)) < 1e-5, "%.9g, not %.9g",
               h.log_probability, log(p));
    CHECK_SAYS(fabs(h.score - log(p) / norm) < 1e-5, "%.9g, not %.9g",
               h.score, log(p) / norm);
    CHECK(h.ended == (h.tokens[h.length - 1] == 0));
}

static void by_hand(const srnn_kernels *k)
{
    srnn_beam_config c = {.beam = 1, .vocabulary = 3, .length = 5,
                          .results = 1, .end = 0};
    srnn_beam *beam;
    tree t;

    tree_plant(&t, 1, 3, greed, 0);
    beam = beam_on(k, &c);
    must(srnn_beam_search(beam, &t.decoder, 0));
    CHECK(srnn_beam_results(beam) == 1);
    expect(beam, 0, "10", .5 * .4, 1); /* greedy */
    srnn_beam_close(beam);

    c.beam = 2;
    c.results = 3;
    tree_plant(&t, 2, 3, greed, 0);
    beam = beam_on(k, &c);
    must(srnn_beam_search(beam, &t.decoder, 0));
    CHECK(srnn_beam_results(beam) == 3);
    expect(beam, 0, "20", .4 * .9, 1);
    /* 1 0 is the second of the step, 1 1 0 the first of the next. */
    expect(beam, 1, "10", .5 * .4, 1);
    expect(beam, 2, "110", .5 * .35 * .9, 1);
    srnn_beam_close(beam);

    c.results = 2;
    tree_plant(&t, 2, 3, crowd, 0);
    beam = beam_on(k, &c);
    must(srnn_beam_search(beam, &t.decoder, 0));
    expect(beam, 0, "10", .6 * .5, 1);
    expect(beam, 1, "110", .6 * .45 * .4, 1);
    CHECK_SAYS(t.steps == 3, "%zu steps", t.steps);
    srnn_beam_close(beam);
}

static void norms(const srnn_kernels *k)
{
    static const struct {
        srnn_length_norm norm;
        double alpha, of_4;
        int patient;
    } to[] = {
        {SRNN_NORM_WU, 0, 1, 0},
        {SRNN_NORM_WU, .6, 1.27546, 0}, /* 1.5^.6 */
        {SRNN_NORM_WU, .8, 1.38317, 1},
        {SRNN_NORM_WU, 1, 1.5, 1},
        {SRNN_NORM_POWER, 0, 1, 0},
        {SRNN_NORM_POWER, .2, 1.31951, 0},
        {SRNN_NORM_POWER, .6, 2.29740, 1},
        {SRNN_NORM_POWER, 1, 4, 1},
    };

    for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
        srnn_beam_config c = srnn_beam_default();
        srnn_beam *beam;
        tree t;

        c.beam = 2;
        c.vocabulary = 3;
        c.length = 5;
        c.end = 0;
        c.norm = to[i].norm;
        c.alpha = to[i].alpha;
        tree_plant(&t, 2, 3, patience, 0);
        beam = beam_on(k, &c);
        must(srnn_beam_search(beam, &t.decoder, 0));
        if (to[i].patient)
            expect(beam, 0, "1110", .4, to[i].of_4);
        else
            expect(beam, 0, "0", .5, 1);
        /* No step is made once no hypothesis can win. */
        if (to[i].alpha <= 0)
            CHECK_SAYS(t.steps == 1, "%zu steps", t.steps);
        srnn_beam_close(beam);
    }
}

/* ---- ties, errors, memory ----------------------------------------------- */

static void even(uint64_t history, size_t n, float *x)
{
    (void)history;
    memset(x, 0, n * sizeof *x);
}

static void blocked(uint64_t history, size_t n, float *x)
{
    even(history, n, x);
    if (history > 4)
        x[1] = NAN;
}

/* Equal scores: the better hypothesis, the lower token, the earlier result. */
static void ties(const srnn_kernels *k)
{
    srnn_beam_config c = {.beam = 3, .vocabulary = 3, .length = 3,
                          .results = 4, .end = -1};
    srnn_beam *beam = beam_on(k, &c);
    tree t;

    tree_plant(&t, 3, 3, even, 0);
    must(srnn_beam_search(beam, &t.decoder, 1));
    CHECK(srnn_beam_results(beam) == 3);
    for (size_t i = 0; i < 3; i++) {
        srnn_hypothesis h;

        must(srnn_beam_result(beam, i, &h));
        CHECK(h.length == 3 && !h.ended && h.tokens[0] == 0 &&
              h.tokens[1] == 0 && h.tokens[2] == (int32_t)i);
    }
    srnn_beam_close(beam);
}

static void errors(const srnn_kernels *k)
{
    srnn_beam_config c = {.beam = 3, .vocabulary = 3, .length = 4,
                          .results = 2, .end = 0};
    srnn_beam *beam = beam_on(k, &c);
    srnn_hypothesis h;
    tree t;

    tree_plant(&t, 3, 3, NULL, 1);
    must(srnn_beam_search(beam, &t.decoder, 1));
    CHECK(srnn_beam_results(beam) == 2);
    REFUSED(SRNN_EINVAL, srnn_beam_result(NULL, 0, &h), "beam");
    REFUSED(SRNN_EINVAL, srnn_beam_result(beam, 0, NULL), "hypothesis");
    REFUSED(SRNN_EINVAL, srnn_beam_result(beam, 2, &h), "result 2 of 2");

    REFUSED(SRNN_EINVAL, srnn_beam_search(NULL, &t.decoder, 1), "beam");
    REFUSED(SRNN_EINVAL, srnn_beam_search(beam, NULL, 1), "decoder");
    REFUSED(SRNN_EINVAL, srnn_beam_search(beam, &t.decoder, -1), "start",
            "-1");
    t.decoder.rows = 2;
    REFUSED(SRNN_ESHAPE, srnn_beam_search(beam, &t.decoder, 1), "2 rows",
            "3 of 3");
    t.decoder.rows = 3;
    t.decoder.vocabulary = 4;
    REFUSED(SRNN_ESHAPE, srnn_beam_search(beam, &t.decoder, 1), "4 logits");
    t.decoder.copy = NULL;
    REFUSED(SRNN_EINVAL, srnn_beam_search(beam, &t.decoder, 1), "copy");
    t.decoder.step = NULL;
    REFUSED(SRNN_EINVAL, srnn_beam_search(beam, &t.decoder, 1), "step");
    CHECK(srnn_beam_results(beam) == 2); /* of the last search */

    tree_plant(&t, 3, 3, NULL, 1);
    t.fails_at = 2;
    REFUSED(SRNN_ESTATE, srnn_beam_search(beam, &t.decoder, 1), "felled");
    CHECK(srnn_beam_results(beam) == 0 && srnn_beam_results(NULL) == 0);
    tree_plant(&t, 3, 3, blocked, 1);
    REFUSED(SRNN_EINVAL, srnn_beam_search(beam, &t.decoder, 1), "logit 1",
            "nan");
    srnn_beam_close(beam);
    srnn_beam_close(NULL);
}

#define BOTH(want, ...) \
    do { \
        REFUSED(want, srnn_beam_open(&beam, net, &c), __VA_ARGS__); \
        CHECK(srnn_beam_size(&c) == 0 && beam == NULL); \
    } while (0)

static void refusals(const srnn_kernels *k)
{
    const srnn_beam_config good = {.beam = 2, .vocabulary = 3, .length = 4,
                                   .results = 5, .end = -1};
    _Alignas(64) static char memory[128];
    srnn_beam_config c = srnn_beam_default();
    srnn_net *net = net_on(k);
    srnn_beam *beam = NULL;

    CHECK(c.beam == 4 && c.length == 100 && c.results == 1 && c.end == -1 &&
          c.norm == SRNN_NORM_WU && !c.memory);
    BOTH(SRNN_ESHAPE, "vocabulary", "0");
    c = good;
    REFUSED(SRNN_EINVAL, srnn_beam_open(NULL, net, &c), "beam");
    REFUSED(SRNN_EINVAL, srnn_beam_open(&beam, NULL, &c), "net");
    REFUSED(SRNN_EINVAL, srnn_beam_open(&beam, net, NULL), "config");
    CHECK(srnn_beam_size(NULL) == 0);
    c.beam = 0;
    BOTH(SRNN_ESHAPE, "beam is 0");
    c.beam = (size_t)1 << 30;
    BOTH(SRNN_ESHAPE, "beam", "1073741824", "1073741823");
    c = good;
    c.vocabulary = (size_t)1 << 30;
    BOTH(SRNN_ESHAPE, "vocabulary", "1073741824", "1073741823");
    c = good;
    c.length = 0;
    BOTH(SRNN_ESHAPE, "length is 0");
    c.length = (size_t)1 << 30;
    BOTH(SRNN_ESHAPE, "length", "1073741824", "1073741823");
    c = good;
    c.results = 0;
    BOTH(SRNN_ESHAPE, "results is 0");
    c.results = (size_t)1 << 29;
    BOTH(SRNN_ESHAPE, "results", "536870912", "536870911");
    c = good;
    c.end = 3;
    BOTH(SRNN_EINVAL, "end is 3", "-1 to 2");
    c.end = -2;
    BOTH(SRNN_EINVAL, "end is -2");
    c = good;
    c.norm = (srnn_length_norm)2;
    BOTH(SRNN_EINVAL, "norm 2");
    c = good;
    c.alpha = -1;
    BOTH(SRNN_EINVAL, "alpha is -1");
    c.alpha = NAN;
    BOTH(SRNN_EINVAL, "alpha is nan");
    c.alpha = INFINITY;
    BOTH(SRNN_EINVAL, "alpha is inf");
    c = good;
    c.memory = memory + 8;
    BOTH(SRNN_EINVAL, "memory", "8 bytes", "64");
    srnn_net_close(net);
}

static void given_memory(const srnn_kernels *k)
{
    for (int side = 0; side < 2; side++) {
        srnn_beam_config c = {.beam = 3, .vocabulary = 4, .length = 5,
                              .results = 7, .end = 0};
        srnn_beam *beam, *mine;
        tree t;

        guard_begin(side);
        beam = beam_on(k, &c);
        CHECK(srnn_beam_size(&c) > 0 && srnn_beam_size(&c) % 64 == 0);
        c.memory = guard_reals(srnn_beam_size(&c) / sizeof(float));
        mine = beam_on(k, &c);
        tree_plant(&t, 3, 4, NULL, 9);
        must(srnn_beam_search(beam, &t.decoder, 1));
        tree_plant(&t, 3, 4, NULL, 9);
        must(srnn_beam_search(mine, &t.decoder, 1));
        CHECK(srnn_beam_results(beam) == 7 && srnn_beam_results(mine) == 7);
        for (size_t i = 0; i < 7; i++) {
            srnn_hypothesis a, b;

            must(srnn_beam_result(beam, i, &a));
            must(srnn_beam_result(mine, i, &b));
            CHECK(a.length == b.length && !(a.score < b.score) &&
                  !(a.score > b.score) &&
                  !memcmp(a.tokens, b.tokens, a.length * sizeof *a.tokens));
        }
        guard_check();
        srnn_beam_close(mine);
        srnn_beam_close(beam);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"beam/by-hand", by_hand, NULL},
        {"beam/norms", norms, NULL},
        {"beam/ties", ties, NULL},
        {"beam/errors", errors, NULL},
        {"beam/refusals", refusals, NULL},
        {"beam/given-memory", given_memory, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
