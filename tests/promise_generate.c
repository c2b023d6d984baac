/* Generation, beam search and likelihood on nets: the same bits on every
 * vector rung, for any number of threads, and of a sequence beside any others.
 *   promise_generate        prints a line "case hash" for each cell
 *   promise_generate FILE   and compares them with the lines of FILE
 * So rungs of different machines meet in promise_generate_hashes.txt, which
 * the first form writes. */
#include "check.h"
#include "net_case.h"
#include "numbers.h"
#include "rungs.h"
#include "tree.h"

#include <stdio.h>
#include <string.h>

enum { T = 10, B = 3, V = 7, RESULTS = 4, LENGTH = 8 };

static net_case shape_of(size_t cell)
{
    net_case c = {.layers = 2, .steps = T, .batch = B, .in = 5, .hidden = 33,
                  .classes = V, .tokens = 1};

    case_cell(&c, cell);
    return c;
}

/* Everything that comes out; found[i] is spelled up to its length. */
typedef struct outcome {
    int32_t drawn[T][B], found[RESULTS][LENGTH];
    double sum[RESULTS], score[RESULTS], total[B];
    float each[T][B];
} outcome;

static void draw(outcome *o, srnn_net *net, srnn_decoder *decoder)
{
    srnn_generate_config c = srnn_generate_default();
    const int32_t start[B] = {1, 2, 3};
    float work[(B + 2) * V];

    c.sample.top_k = 6;
    c.sample.top_p = .9;
    c.sample.temperature = .7;
    must(srnn_generate(net, decoder, &c, start, T, o->drawn[0], NULL, work));
}

static void search(outcome *o, srnn_net *net, srnn_decoder *decoder)
{
    srnn_beam_config c = srnn_beam_default();
    srnn_hypothesis h;
    srnn_beam *beam;

    c.beam = B;
    c.vocabulary = V;
    c.results = RESULTS;
    c.length = LENGTH;
    c.end = 0;
    must(srnn_beam_open(&beam, net, &c));
    must(srnn_beam_search(beam, decoder, 1));
    for (size_t i = 0; i < srnn_beam_results(beam); i++) {
        must(srnn_beam_result(beam, i, &h));
        memcpy(o->found[i], h.tokens, h.length * sizeof *h.tokens);
        o->sum[i] = h.log_probability;
        o->score[i] = h.score;
    }
    srnn_beam_close(beam);
}

static void score(outcome *o, const srnn_net *net, srnn_session *s)
{
    int32_t x[T][B] = {{1, 2, 3}};
    const srnn_array in[2] = {
        {.node = srnn_net_find(net, "x"), .tokens = x[0]},
        {.node = srnn_net_find(net, "y"), .tokens = o->drawn[0]}};

    memcpy(x[1], o->drawn, (T - 1) * sizeof *x);
    must(srnn_session_likelihood(s, srnn_net_find(net, "loss"), T, in, 2,
                                 o->each[0], o->total));
}

static void run(outcome *o, const srnn_kernels *k, size_t cell, size_t threads,
                int spoiled)
{
    const net_case c = shape_of(cell);
    srnn_net *net = (data_seed(50 + cell), case_net(k, &c));
    srnn_session *s = case_session(net, &c, 1 + threads % 2, threads);
    srnn_array in = {.node = srnn_net_find(net, "x")};
    const srnn_decoder_session from = {s, srnn_net_find(net, "out"), &in, 1};
    srnn_tensor p;
    srnn_decoder decoder;

    if (spoiled) { /* the last bits of one bias of the logits */
        must(srnn_net_param(net, srnn_net_params(net) - 1, &p));
        p.data[3] = real_of(bits_of(p.data[3]) ^ 7u);
        must(srnn_net_pack(net));
    }
    memset(o, 0, sizeof *o);
    must(srnn_decoder_over(&decoder, &from));
    draw(o, net, &decoder);
    srnn_session_reset(s);
    search(o, net, &decoder);
    srnn_session_reset(s);
    score(o, net, s);
    srnn_session_close(s);
    srnn_net_close(net);
}

/* ---- rungs of other machines -------------------------------------------- */

static const char *recorded;

/* Without the scores: their norm is libm's pow. */
static uint64_t hash_of(const outcome *o)
{
    union { double x; float half[2]; } sum[RESULTS + B];
    float token[T * B + RESULTS * LENGTH];
    uint64_t h = hash_begin();
    size_t i;

    for (i = 0; i < T * B; i++)
        token[i] = (float)o->drawn[i / B][i % B];
    for (i = 0; i < RESULTS * LENGTH; i++)
        token[T * B + i] = (float)o->found[i / LENGTH][i % LENGTH];
    for (i = 0; i < RESULTS + B; i++)
        sum[i].x = i < RESULTS ? o->sum[i] : o->total[i - RESULTS];
    h = hash_reals(h, token, 1, T * B + RESULTS * LENGTH, 0);
    for (i = 0; i < RESULTS + B; i++)
        h = hash_reals(h, sum[i].half, 1, 2, 0);
    return hash_reals(h, o->each[0], 1, T * B, 0);
}

static void hashes(const srnn_kernels *k)
{
    FILE *f = recorded ? fopen(recorded, "r") : NULL;

    CHECK_SAYS(f || !recorded, "%s cannot be read", recorded);
    for (size_t cell = 0; rung_is_vector(k) && cell < CASE_CELLS; cell++) {
        const net_case c = shape_of(cell);
        char name[96] = "";
        unsigned long long want = 0;
        uint64_t hash;
        outcome o;

        run(&o, k, cell, 1, 0);
        hash = hash_of(&o);
        o.drawn[T - 1][B - 1] ^= 1; /* the controls: a token, a last bit */
        CHECK(hash_of(&o) != hash);
        o.drawn[T - 1][B - 1] ^= 1;
        o.each[T - 1][B - 1] = real_of(bits_of(o.each[T - 1][B - 1]) ^ 1u);
        CHECK(hash_of(&o) != hash);
        if (!recorded)
            printf("%s %016llx\n", case_name(&c), (unsigned long long)hash);
        if (f)
            CHECK_SAYS(fscanf(f, "%95s %llx", name, &want) == 2 &&
                           !strcmp(name, case_name(&c)) && want == hash,
                       "%s %016llx, but the file has %s %016llx",
                       case_name(&c), (unsigned long long)hash, name, want);
    }
    if (f)
        fclose(f);
}

/* ---- rungs of this one, threads, rows ------------------------------------ */

/* The reference: the highest rung, one thread. */
static void rungs(const srnn_kernels *k)
{
    srnn_kernels top;

    if (!rung_is_vector(k))
        return;
    must(srnn_kernels_get(&top, rung_highest()));
    for (size_t cell = 0; cell < CASE_CELLS; cell++) {
        outcome want, got;

        run(&want, &top, cell, 1, 0);
        run(&got, &top, cell, 1, 1); /* the control */
        CHECK_SAYS(memcmp(want.total, got.total, sizeof want.total) &&
                       memcmp(want.sum, got.sum, sizeof want.sum),
                   "cell %zu: bits of a bias change nothing", cell);
        for (size_t threads = 1; threads < 4; threads++) {
            run(&got, k, cell, threads, 0);
            CHECK_SAYS(!memcmp(&want, &got, sizeof want),
                       "cell %zu: %zu threads: another outcome", cell,
                       threads);
        }
    }
}

/* Each row of the batch, by a session of one row. */
static void alone(const srnn_kernels *k)
{
    for (size_t cell = 0; cell < CASE_CELLS; cell++) {
        net_case c = shape_of(cell);
        srnn_generate_config g = srnn_generate_default();
        srnn_net *net = (data_seed(50 + cell), case_net(k, &c));
        srnn_array in = {.node = srnn_net_find(net, "x")};
        srnn_decoder_session from = {NULL, srnn_net_find(net, "out"), &in, 1};
        int32_t all[T][B], one[T];
        const int32_t start[B] = {1, 2, 3};
        float work[(B + 2) * V];
        srnn_decoder decoder;

        from.session = case_session(net, &c, 1, 1);
        must(srnn_decoder_over(&decoder, &from));
        must(srnn_generate(net, &decoder, &g, start, T, all[0], NULL, work));
        srnn_session_close(from.session);
        c.batch = 1;
        from.session = case_session(net, &c, 1, 2);
        must(srnn_decoder_over(&decoder, &from));
        for (uint32_t b = 0; b < B; b++) {
            g.sequence = &b;
            srnn_session_reset(from.session);
            must(srnn_generate(net, &decoder, &g, &start[b], T, one, NULL,
                               work));
            for (size_t t = 0; t < T; t++)
                CHECK(one[t] == all[t][b]);
        }
        srnn_session_close(from.session);
        srnn_net_close(net);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"generate/hashes", hashes, NULL},
        {"generate/rungs", rungs, NULL},
        {"generate/alone", alone, NULL},
        {NULL, NULL, NULL},
    };

    recorded = argc > 1 ? argv[1] : NULL;
    return check_main(1, argv, cases);
}
