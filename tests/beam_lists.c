/* Beam search against lists of whole sequences: all there are where the beam is
 * wide enough for all, and what its rules keep where it is not. */
#include "check.h"
#include "net_case.h"
#include "oracle.h"
#include "tree.h"

#include <math.h>
#include <string.h>

enum { LENGTH = 5, LISTED = 1024 };

static srnn_beam *beam_on(const srnn_kernels *k, const srnn_beam_config *c)
{
    srnn_net *net;
    srnn_beam *beam;

    must(srnn_net_open_on(&net, k));
    must(srnn_beam_open(&beam, net, c));
    srnn_net_close(net);
    return beam;
}

/* ---- sequences --------------------------------------------------------- */

typedef struct listed {
    int32_t token[LENGTH];
    size_t length;
    uint64_t history;
    double sum, bound, score;
    int ended;
} listed;

typedef struct list {
    listed at[LISTED];
    size_t count;
} list;

static double norm_of(const srnn_beam_config *c, size_t length)
{
    return pow(c->norm == SRNN_NORM_WU ? (5 + (double)length) / 6
                                       : (double)length,
               c->alpha);
}

/* The bound of one step: see generate.h; logits are within +-3. */
static double step_bound(size_t n)
{
    return (2 * 6 + (double)n / 16 + 4 * log((double)n) + 8) * U;
}

static listed follow(const tree *t, const srnn_beam_config *c, listed s,
                     int32_t token)
{
    float x[TREE_VOCABULARY];

    tree_logits(t, s.history, x);
    s.sum -= nats(c->vocabulary, x, token);
    s.bound += step_bound(c->vocabulary);
    s.token[s.length++] = token;
    s.history = tree_after(t, s.history, token);
    s.ended = token == c->end;
    s.score = s.sum / norm_of(c, s.length);
    return s;
}

static void put(list *l, listed s)
{
    size_t i = l->count++;

    for (; i > 0 && l->at[i - 1].score < s.score; i--)
        l->at[i] = l->at[i - 1];
    l->at[i] = s;
}

static void everything(list *l, const tree *t, const srnn_beam_config *c,
                       listed s)
{
    for (size_t j = 0; j < c->vocabulary; j++) {
        const listed next = follow(t, c, s, (int32_t)j);

        if (next.ended || next.length == c->length)
            put(l, next);
        else
            everything(l, t, c, next);
    }
}

/* The rules of generate.h, without an early end. */
static void plain_beam(list *found, const tree *t, const srnn_beam_config *c,
                       listed start)
{
    static list live, next;

    live = (list){{start}, 1};
    for (size_t step = 1; step <= c->length; step++) {
        size_t i, on = 0;

        next.count = 0;
        for (i = 0; i < live.count; i++)
            for (size_t j = 0; j < c->vocabulary; j++)
                put(&next, follow(t, c, live.at[i], (int32_t)j));
        for (i = 0; i < next.count; i++) {
            if (next.at[i].ended && i < c->beam)
                put(found, next.at[i]);
            if (!next.at[i].ended && on < c->beam)
                live.at[on++] = next.at[i];
        }
        live.count = on;
    }
    for (size_t i = 0; i < live.count; i++)
        put(found, live.at[i]);
}

static void compare(const srnn_beam *beam, const list *l, size_t results,
                    worst *sum)
{
    CHECK_SAYS(srnn_beam_results(beam) ==
                   (l->count < results ? l->count : results),
               "%zu results of %zu", srnn_beam_results(beam), l->count);
    for (size_t i = 0; i < srnn_beam_results(beam); i++) {
        const listed *want = &l->at[i];
        srnn_hypothesis h;

        must(srnn_beam_result(beam, i, &h));
        CHECK_SAYS(h.length == want->length && h.ended == want->ended &&
                       !memcmp(h.tokens, want->token,
                               h.length * sizeof *h.tokens),
                   "result %zu is another", i);
        worst_see(sum, h.log_probability, want->sum, want->bound, "sum", i, 0);
    }
}

static listed begin(const tree *t, int32_t start)
{
    return (listed){.history = tree_after(t, 0, start)};
}

/* Wide enough for all that can go on, 2^3 before the last token of 4, the beam
 * finds every sequence, and their p are 1 in all: within the largest bound of
 * a sum, as a relative error of p. */
static void exhaustive(const srnn_kernels *k)
{
    srnn_beam_config c = {.beam = 81, .vocabulary = 3, .length = 4,
                          .results = 100, .end = 2, .alpha = .7};
    srnn_beam *beam = beam_on(k, &c);
    worst sum = {0}, one = {0};
    static list l;
    tree t;

    for (uint64_t seed = 0; seed < 5; seed++) {
        double p = 0;

        tree_plant(&t, c.beam, c.vocabulary, NULL, seed);
        l.count = 0;
        everything(&l, &t, &c, begin(&t, 1));
        CHECK(l.count == 31);
        must(srnn_beam_search(beam, &t.decoder, 1));
        compare(beam, &l, c.results, &sum);
        for (size_t i = 0; i < srnn_beam_results(beam); i++) {
            srnn_hypothesis h;

            must(srnn_beam_result(beam, i, &h));
            p += exp(h.log_probability);
        }
        worst_see(&one, p, 1, expm1(4 * step_bound(3)), "sum of p", 0, 0);
    }
    worst_end(&sum, "log-probability");
    worst_end(&one, "sum of p");
    srnn_beam_close(beam);
}

/* Narrow beams: not the best of all at times, but what their rules say. */
static void narrow(const srnn_kernels *k)
{
    static list all, l;
    worst sum = {0};
    size_t missed = 0, early = 0, copies = 0;

    for (uint64_t seed = 0; seed < 60; seed++) {
        srnn_beam_config c = {.beam = 1 + seed % 5,
                              .vocabulary = 2 + seed % 3, .length = 5,
                              .results = 1 + seed % 4,
                              .end = seed % 7 ? (int32_t)(seed % 2) : -1,
                              .norm = seed % 2 ? SRNN_NORM_WU
                                               : SRNN_NORM_POWER,
                              .alpha = (double)(seed % 6) / 5};
        srnn_beam *beam = beam_on(k, &c);
        tree t;

        tree_plant(&t, c.beam, c.vocabulary, NULL, 100 + seed);
        all.count = l.count = 0;
        everything(&all, &t, &c, begin(&t, 0));
        plain_beam(&l, &t, &c, begin(&t, 0));
        must(srnn_beam_search(beam, &t.decoder, 0));
        compare(beam, &l, c.results, &sum);
        missed += l.at[0].score < all.at[0].score;
        early += t.steps < c.length;
        copies += t.copies;
        srnn_beam_close(beam);
    }
    worst_end(&sum, "log-probability");
    check_note("the best of all was missed %zu times of 60, %zu searches ended "
               "early", missed, early);
    CHECK(missed > 0 && missed < 55 && early > 5 && early < 55 && copies > 60);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"beam/exhaustive", exhaustive, NULL},
        {"beam/narrow", narrow, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
