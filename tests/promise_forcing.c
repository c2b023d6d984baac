/* Scheduled sampling: the same tokens on every vector rung, for any number of
 * threads, of a sequence beside any others, and in any cut of it into calls.
 *   promise_forcing        prints a line "seq2seq hash"
 *   promise_forcing FILE   and compares it with the line of FILE
 * So rungs of different machines meet in promise_forcing_hashes.txt, which the
 * first form writes. */
#include "check.h"
#include "net_case.h"
#include "numbers.h"
#include "rungs.h"
#include "seq2seq.h"

#include <stdio.h>
#include <string.h>

enum { B = SEQ_B, T = SEQ_T, V = SEQ_V, UPDATES = 4 };
enum { STATES = 2 * B * SEQ_H }; /* h and c */

/* All that comes out: the tokens of some updates, and the states after each. */
typedef struct outcome {
    int32_t tokens[UPDATES][T][B];
    float state[UPDATES][STATES];
} outcome;

static const uint64_t ids[B] = {3, 1, (uint64_t)5 << 32, 4, 0};

static srnn_force_config config_of(size_t update)
{
    srnn_force_config c = srnn_force_default();

    c.rate = 0.25 * (double)update;
    c.sample.temperature = 0.8;
    c.sample.top_p = 0.9;
    c.update = update;
    c.sequence = ids;
    return c;
}

static void states(srnn_session *s, float *to)
{
    srnn_tensor x;

    for (size_t i = 0; i < srnn_session_states(s); i++, to += x.count) {
        must(srnn_session_state(s, i, &x));
        memcpy(to, x.data, x.count * sizeof *to);
    }
}

/* In calls of at most `cut` steps. */
static void run_cut(const seq2seq *q, srnn_session *s, srnn_force_config c,
                    size_t cut, int32_t tokens[T][B])
{
    float work[(B + 2) * V];
    srnn_array in[SEQ_INPUTS];
    const srnn_decoder_session from = {s, q->logits, in, 2};

    seq2seq_read(q, s, B, 0, 0);
    for (size_t t = 0; t < T; t += cut) {
        const size_t now = T - t < cut ? T - t : cut;
        size_t length[B];

        for (size_t b = 0; b < B; b++) {
            const size_t left = q->length[b] > t ? q->length[b] - t : 0;

            length[b] = left < now ? left : now;
        }
        seq2seq_inputs(q, 0, in);
        in[SEQ_X].tokens += t * B;
        in[SEQ_FEATURES].data += t * B * SEQ_Z;
        must(srnn_session_lengths(s, length));
        c.first_step = t;
        must(srnn_force(&from, &c, now, tokens[t], work));
    }
}

static void run(outcome *o, const srnn_kernels *k, size_t threads, size_t cut,
                int spoiled)
{
    srnn_session *s;
    srnn_tensor p;
    seq2seq q;

    seq2seq_open(&q, k);
    if (spoiled) { /* the last bits of one weight of the decoder */
        for (size_t i = 0; i < srnn_net_params(q.net); i++) {
            must(srnn_net_param(q.net, i, &p));
            if (!strcmp(p.name, "decoder.weight_ih_l0"))
                p.data[3] = real_of(bits_of(p.data[3]) ^ 7u);
        }
        must(srnn_net_pack(q.net));
    }
    s = seq2seq_session(&q, B, 1 + threads % 2, threads);
    memset(o, 0, sizeof *o);
    for (size_t u = 0; u < UPDATES; u++) {
        run_cut(&q, s, config_of(u), cut, o->tokens[u]);
        states(s, o->state[u]);
    }
    srnn_session_close(s);
    seq2seq_close(&q);
}

/* ---- rungs of other machines -------------------------------------------- */

static const char *recorded;

static uint64_t hash_of(const outcome *o)
{
    float token[UPDATES * T * B];

    for (size_t i = 0; i < UPDATES * T * B; i++)
        token[i] = (float)o->tokens[i / (T * B)][i / B % T][i % B];
    return hash_reals(hash_reals(hash_begin(), token, 1, UPDATES * T * B, 0),
                      o->state[0], 1, UPDATES * STATES, 0);
}

static void hashes(const srnn_kernels *k)
{
    FILE *f = recorded ? fopen(recorded, "r") : NULL;
    unsigned long long want = 0;
    uint64_t hash;
    outcome o;

    CHECK_SAYS(f || !recorded, "%s cannot be read", recorded);
    if (rung_is_vector(k)) {
        run(&o, k, 1, T, 0);
        hash = hash_of(&o);
        o.tokens[UPDATES - 1][T - 1][0] ^= 1; /* the control */
        CHECK(hash_of(&o) != hash);
        if (!recorded)
            printf("seq2seq %016llx\n", (unsigned long long)hash);
        if (f)
            CHECK_SAYS(fscanf(f, "seq2seq %llx", &want) == 1 && want == hash,
                       "%016llx, but the file has %016llx",
                       (unsigned long long)hash, want);
    }
    if (f)
        fclose(f);
}

/* ---- rungs of this one, threads, cuts ------------------------------------ */

/* The reference: the highest rung, one thread, one call. */
static void rungs(const srnn_kernels *k)
{
    outcome want, got;
    srnn_kernels top;

    if (!rung_is_vector(k))
        return;
    must(srnn_kernels_get(&top, rung_highest()));
    run(&want, &top, 1, T, 0);
    run(&got, &top, 1, T, 1); /* the control */
    CHECK(memcmp(want.state, got.state, sizeof want.state));
    for (size_t threads = 1; threads < 4; threads++)
        for (size_t cut = 1; cut <= T; cut++) {
            run(&got, k, threads, cut, 0);
            CHECK_SAYS(!memcmp(&want, &got, sizeof want),
                       "%zu threads, calls of %zu steps: another outcome",
                       threads, cut);
        }
}

/* ---- rows ---------------------------------------------------------------- */

/* Each row of the batch, by a session of one row. The control: under another
 * identity it draws others. */
static void alone(const srnn_kernels *k)
{
    size_t changed = 0;
    srnn_session *all, *one;
    seq2seq q;

    seq2seq_open(&q, k);
    all = seq2seq_session(&q, B, 2, 1);
    one = seq2seq_session(&q, 1, 1, 2);
    for (size_t i = 0; i < UPDATES * B * 2; i++) {
        const size_t b = i / 2 % B;
        const uint64_t id = ids[b] + (i % 2 ? 0 : 1000);
        srnn_force_config c = config_of(i / 2 / B);
        int32_t tokens[T][B], row[T];
        float work[3 * V];
        srnn_array in[SEQ_INPUTS];
        const srnn_decoder_session from = {one, q.logits, in, 2};
        size_t differ = 0;

        run_cut(&q, all, c, T, tokens);
        c.sequence = &id;
        seq2seq_inputs(&q, b, in);
        seq2seq_read(&q, one, 1, b, 0);
        must(srnn_force(&from, &c, q.length[b], row, work));
        for (size_t t = 0; t < q.length[b]; t++)
            differ += row[t] != tokens[t][b];
        if (i % 2)
            CHECK_SAYS(differ == 0, "row %zu: %zu tokens differ", b, differ);
        changed += i % 2 ? 0 : differ;
    }
    CHECK(changed > B);
    srnn_session_close(all);
    srnn_session_close(one);
    seq2seq_close(&q);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"forcing/hashes", hashes, NULL},
        {"forcing/rungs", rungs, NULL},
        {"forcing/alone", alone, NULL},
        {NULL, NULL, NULL},
    };

    recorded = argc > 1 ? argv[1] : NULL;
    return check_main(1, argv, cases);
}
