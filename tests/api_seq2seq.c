/* Generation, beam search and likelihood over an encoder-decoder with
 * attention: the encoder reads once, the decoder goes on by itself with two
 * inputs. Against each row's net alone, stepped by hand. */
#include "check.h"
#include "net_case.h"
#include "seq2seq.h"
#include "tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { B = SEQ_B, V = SEQ_V, T = SEQ_T };

static const double U = 0x1p-24;

/* Of a log-probability: in the beam (generate.h) the rest is 4 log n, of the
 * loss (kernels.h) 3 log n + |loss|. */
static double bound_of(const float *x, double rest)
{
    double d = 0;

    for (size_t i = 0; i < V * V; i++)
        if ((double)x[i / V] - (double)x[i % V] > d)
            d = (double)x[i / V] - (double)x[i % V];
    return (2 * d + V / 16. + rest + 8) * U;
}

/* ---- generation ---------------------------------------------------------- */

static double u_of(uint32_t step, uint32_t sequence)
{
    const uint32_t counter[4] = {step, sequence, 0, 2};
    uint32_t word[4];

    srnn_philox(1, counter, word);
    return ldexp((double)(word[0] >> 5), -27) +
           ldexp((double)(word[1] >> 6), -53);
}

static void generate(const seq2seq *q, const srnn_generate_config *c,
                     size_t threads, int32_t tokens[T + 1][B], float *work)
{
    srnn_session *s = seq2seq_session(q, B, 1, threads);
    srnn_array in[SEQ_INPUTS];
    const srnn_decoder_session from = {s, q->logits, in, 2};
    srnn_decoder decoder;

    seq2seq_inputs(q, 0, in);
    memcpy(tokens[0], q->given[0], sizeof *tokens);
    seq2seq_read(q, s, B, 0, 0);
    must(srnn_decoder_over(&decoder, &from));
    must(srnn_generate(q->net, &decoder, c, tokens[0], T, tokens[1], NULL,
                       work));
    srnn_session_close(s);
}

/* How many tokens are not what the nets alone say; other: row b's source and
 * features are those of the next. */
static size_t differing(const seq2seq *q, const srnn_generate_config *c,
                        int32_t tokens[T + 1][B], int other)
{
    size_t n = 0;

    for (size_t b = 0; b < B; b++) {
        float logits[T][V], work[2 * V];

        seq2seq_by_hand(q, other ? (b + 1) % B : b, T, &tokens[0][b], B, 1,
                        logits);
        for (size_t t = 0; t < T; t++)
            n += tokens[t + 1][b] !=
                 srnn_sample(q->net, V, logits[t], &c->sample,
                             u_of((uint32_t)t, (uint32_t)b), work);
    }
    return n;
}

static size_t kinds(int32_t tokens[T + 1][B])
{
    unsigned seen = 0;

    for (size_t i = 0; i < T * B; i++)
        seen |= 1u << tokens[1 + i / B][i % B];
    return (size_t)__builtin_popcount(seen);
}

static void generation(const srnn_kernels *k)
{
    srnn_generate_config c = srnn_generate_default();
    int32_t tokens[T + 1][B];
    float work[(B + 2) * V];
    seq2seq q;

    seq2seq_open(&q, k);
    for (int greedy = 0; greedy < 2; greedy++)
        for (size_t threads = 1; threads < 4; threads++) {
            c.sample.temperature = greedy ? 0 : 1;
            generate(&q, &c, threads, tokens, work);
            CHECK_SAYS(differing(&q, &c, tokens, 0) == 0, "%zu tokens differ",
                       differing(&q, &c, tokens, 0));
            CHECK(differing(&q, &c, tokens, 1) > 0); /* the control */
            CHECK_SAYS(kinds(tokens) > 2, "%zu kinds", kinds(tokens));
        }
    seq2seq_close(&q);
}

/* ---- beam search --------------------------------------------------------- */

enum { LENGTH = 3, ALL = V * V * V };

/* The log-probability of tokens after `start` in row b's net alone. */
static double by_hand(const seq2seq *q, size_t b, int32_t start,
                      const int32_t *tokens, double *bound)
{
    int32_t fed[LENGTH + 1] = {start};
    float logits[LENGTH][V];
    double sum = 0;

    memcpy(fed + 1, tokens, LENGTH * sizeof *tokens);
    seq2seq_by_hand(q, b, LENGTH, fed, 1, 1, logits);
    *bound = 0;
    for (size_t t = 0; t < LENGTH; t++) {
        sum -= nats(V, logits[t], tokens[t]);
        *bound += bound_of(logits[t], 4 * log(V));
    }
    return sum;
}

static void search(const seq2seq *q, srnn_beam *beam, size_t rows, size_t b,
                   int32_t start)
{
    srnn_session *s = seq2seq_session(q, rows, 1, 2);
    float *z = case_take(rows * SEQ_Z * sizeof *z);
    srnn_array in[2] = {{.node = q->x}, {.node = q->z, .data = z}};
    const srnn_decoder_session from = {s, q->logits, in, 2};
    srnn_decoder decoder;

    for (size_t i = 0; i < rows; i++)
        memcpy(z + i * SEQ_Z, q->z_data[0][b], SEQ_Z * sizeof *z);
    seq2seq_read(q, s, rows, b, 1);
    must(srnn_decoder_over(&decoder, &from));
    must(srnn_beam_search(beam, &decoder, start));
    srnn_session_close(s);
    free(z);
}

/* Wide enough for all: every sequence is found once, the likeliest first, each
 * as likely as it is. The control is the source of another row. */
static void beam_of_all(const srnn_kernels *k)
{
    const srnn_beam_config c = {.beam = ALL, .vocabulary = V,
                                .length = LENGTH, .results = ALL, .end = -1};
    worst w = {0}, wrong = {0};
    size_t found[ALL] = {0};
    srnn_beam *beam;
    double e;
    seq2seq q;

    seq2seq_open(&q, k);
    must(srnn_beam_open(&beam, q.net, &c));
    search(&q, beam, ALL, 3, 2);
    CHECK(srnn_beam_results(beam) == ALL);
    for (size_t i = 0; i < srnn_beam_results(beam); i++) {
        srnn_hypothesis h;
        double p;

        must(srnn_beam_result(beam, i, &h));
        CHECK(found[(h.tokens[0] * V + h.tokens[1]) * V + h.tokens[2]]++ == 0);
        p = by_hand(&q, 3, 2, h.tokens, &e);
        worst_see(&w, h.log_probability, p, e, "sum", i, 0);
        p = by_hand(&q, 4, 2, h.tokens, &e);
        worst_see(&wrong, h.log_probability, p, e, "wrong", i, 0);
    }
    worst_end(&w, "of the beam");
    CHECK(wrong.ratio > 1000);
    srnn_beam_close(beam);
    seq2seq_close(&q);
}

/* A beam of one is the greedy choice; the results of three are as likely as
 * they are. */
static void narrow(const srnn_kernels *k)
{
    srnn_beam_config c = {.beam = 1, .vocabulary = V, .length = LENGTH,
                          .results = 1, .end = -1};
    srnn_generate_config g = srnn_generate_default();
    int32_t tokens[T + 1][B];
    float work[(B + 2) * V];
    worst w = {0};
    srnn_hypothesis h;
    srnn_beam *beam;
    seq2seq q;

    seq2seq_open(&q, k);
    g.sample.temperature = 0;
    generate(&q, &g, 1, tokens, work);
    for (size_t b = 0; b < B; b++) {
        double p, e;

        c.beam = c.results = 1;
        must(srnn_beam_open(&beam, q.net, &c));
        search(&q, beam, 1, b, tokens[0][b]);
        must(srnn_beam_result(beam, 0, &h));
        for (size_t t = 0; t < LENGTH; t++)
            CHECK(h.tokens[t] == tokens[t + 1][b]);
        srnn_beam_close(beam);

        c.beam = c.results = 3;
        must(srnn_beam_open(&beam, q.net, &c));
        search(&q, beam, 3, b, tokens[0][b]);
        for (size_t i = 0; i < 3; i++) {
            must(srnn_beam_result(beam, i, &h));
            p = by_hand(&q, b, tokens[0][b], h.tokens, &e);
            worst_see(&w, h.log_probability, p, e, "sum", b, i);
        }
        srnn_beam_close(beam);
    }
    worst_end(&w, "of the beam");
    seq2seq_close(&q);
}

/* ---- likelihood ---------------------------------------------------------- */

/* Of the targets. The control is the target beside it. */
static void likelihood(const srnn_kernels *k)
{
    float each[T][B], x[T][V];
    srnn_array in[SEQ_INPUTS];
    worst w = {0}, wrong = {0};
    srnn_session *s;
    seq2seq q;

    seq2seq_open(&q, k);
    s = seq2seq_session(&q, B, 4, 2);
    seq2seq_inputs(&q, 0, in);
    must(srnn_session_axis(s, q.source, SEQ_S, q.source_length, B));
    must(srnn_session_lengths(s, q.length));
    must(srnn_session_likelihood(s, q.loss, T, in, SEQ_INPUTS, each[0], NULL));
    for (size_t b = 0; b < B; b++) {
        seq2seq_by_hand(&q, b, q.length[b], &q.given[0][b], B, 0, x);
        for (size_t t = 0; t < T; t++) {
            const int there = t < q.length[b];
            const int32_t y = q.target[t][b];
            const double p = there ? -nats(V, x[t], y) : 0;
            const double e =
                there ? bound_of(x[t], 3 * log(V) + fabs(p)) : 0;

            worst_see(&w, each[t][b], p, e, "step", t, b);
            if (there)
                worst_see(&wrong, each[t][b], -nats(V, x[t], (y + 1) % V), e,
                          "wrong", t, b);
        }
    }
    worst_end(&w, "step");
    CHECK(wrong.ratio > 1000);
    srnn_session_close(s);
    seq2seq_close(&q);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"seq2seq/generation", generation, NULL},
        {"seq2seq/beam-of-all", beam_of_all, NULL},
        {"seq2seq/narrow", narrow, NULL},
        {"seq2seq/likelihood", likelihood, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
