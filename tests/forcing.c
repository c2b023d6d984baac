/* Scheduled sampling: at rate 1 the tokens are the given ones, at 0 those that
 * the net generates; between, each token is the given one or what the net says
 * after the tokens before it, as the coin of generate.h decides. */
#include "check.h"
#include "forced.h"
#include "net_case.h"

#include <math.h>
#include <string.h>

enum { B = SEQ_B, V = SEQ_V, T = SEQ_T };

/* ---- the ends ------------------------------------------------------------ */

static void given(const srnn_kernels *k)
{
    int32_t rows[B][T];
    forced f;

    forced_open(&f, k);
    must(forced_make(&f, f.q.length));
    CHECK(forced_differing(&f) == 0);
    CHECK(f.in[0].node == f.q.x && f.in[0].tokens == f.tokens[0]);
    CHECK(f.in[0].row_stride == 0 && f.in[0].step_stride == 0);

    for (size_t i = 0; i < T * B; i++) /* the given ones lie row by row */
        rows[i % B][i / B] = f.q.given[i / B][i % B];
    seq2seq_inputs(&f.q, 0, f.in);
    f.in[0] = (srnn_array){.node = f.q.x, .tokens = rows[0],
                           .row_stride = T, .step_stride = 1};
    memset(f.tokens, 0x55, sizeof f.tokens);
    must(forced_make_in(&f, f.q.length, f.tokens[0]));
    CHECK(forced_differing(&f) == 0);

    f.c.rate = 0.9; /* the control */
    must(forced_make(&f, f.q.length));
    CHECK(forced_differing(&f) > 0);
    forced_close(&f);
}

/* As srnn_generate, whose features are those of one step. */
static void free_running(const srnn_kernels *k)
{
    srnn_generate_config g = srnn_generate_default();
    int32_t drawn[T][B];
    srnn_decoder d;
    forced f;

    forced_open(&f, k);
    for (size_t t = 1; t < T; t++)
        memcpy(f.q.z_data[t], f.q.z_data[0], sizeof *f.q.z_data);
    f.c.rate = g.sample.temperature = f.c.sample.temperature = 0;
    must(forced_make(&f, NULL));
    seq2seq_read(&f.q, f.s, B, 0, 0);
    f.from.ins = 2;
    must(srnn_decoder_over(&d, &f.from));
    must(srnn_generate(f.q.net, &d, &g, f.q.given[0], T, drawn[0], NULL,
                       f.work));
    CHECK(!memcmp(f.tokens[0], f.q.given[0], sizeof *f.tokens));
    CHECK(!memcmp(f.tokens[1], drawn[0], (T - 1) * sizeof *drawn));
    f.from.ins = SEQ_INPUTS;
    f.c.sample.temperature = 1; /* the control */
    must(forced_make(&f, NULL));
    CHECK(memcmp(f.tokens[1], drawn[0], (T - 1) * sizeof *drawn));
    forced_close(&f);
}

/* ---- between ------------------------------------------------------------- */

static double unit(uint32_t high, uint32_t low)
{
    return ldexp((double)(high >> 5), -27) + ldexp((double)(low >> 6), -53);
}

/* What generate.h says of a token after these logits. */
static int32_t expected(const forced *f, size_t t, size_t b, uint64_t id,
                        const float *logits)
{
    const uint64_t key = srnn_mask_key(f->c.seed, f->c.update,
                                       (uint32_t)f->q.x, 0);
    const uint32_t counter[4] = {0, (uint32_t)t, (uint32_t)id,
                                 (uint32_t)(id >> 32)};
    float work[2 * V];
    uint32_t w[4];

    srnn_philox(key, counter, w);
    if (t == 0 || unit(w[0], w[1]) < f->c.rate)
        return f->q.given[t][b];
    return srnn_sample(f->q.net, V, logits, &f->c.sample, unit(w[2], w[3]),
                       work);
}

/* Every row's net alone is stepped by hand over the tokens that came out. */
static void check_mixed(const forced *f)
{
    for (size_t b = 0; b < B; b++) {
        const uint64_t id = f->c.sequence ? f->c.sequence[b] : b;
        const size_t n = f->q.length[b];
        float x[T][V];

        seq2seq_by_hand(&f->q, b, n, &f->tokens[0][b], B, 0, x);
        for (size_t t = 0; t < T; t++) {
            const int32_t want =
                t < n ? expected(f, t, b, id, x[t ? t - 1 : 0]) : 0;

            CHECK_SAYS(f->tokens[t][b] == want, "step %zu, row %zu: %d, not %d",
                       t, b, f->tokens[t][b], want);
        }
    }
}

static void mixed(const srnn_kernels *k)
{
    static const uint64_t id[B] = {7, (uint64_t)1 << 40, 2, 1, 99};
    size_t own = 0;
    forced f;

    forced_open(&f, k);
    f.c.sequence = id;
    f.c.seed = 5;
    for (int i = 0; i < 4; i++) {
        f.c.rate = 0.2 + 0.2 * i;
        f.c.update = (uint64_t)i << 33;
        f.c.sample.temperature = i % 2 ? 0 : 0.7;
        f.c.sample.top_k = i == 2 ? 3 : 0;
        must(forced_make(&f, f.q.length));
        check_mixed(&f);
        own += forced_differing(&f);
    }
    CHECK(own > 3 * B); /* or nothing was drawn */
    forced_close(&f);
}

/* Over the given tokens themselves. */
static void in_place(const srnn_kernels *k)
{
    int32_t want[T][B];
    forced f;

    forced_open(&f, k);
    f.c.rate = 0.3;
    must(forced_make(&f, f.q.length));
    CHECK(forced_differing(&f) > 0);
    memcpy(want, f.tokens, sizeof want);
    seq2seq_inputs(&f.q, 0, f.in);
    must(forced_make_in(&f, f.q.length, f.q.given[0]));
    CHECK(!memcmp(want, f.q.given, sizeof want));
    forced_close(&f);
}

/* The net never says 4, and all given tokens are 4, but the first of each row:
 * of n independent tokens k are 4. |k / n - rate| > e has a probability below
 * 2 exp(-2 n e^2) (Hoeffding 1963), 1e-9 at the e here. */
static void fraction(const srnn_kernels *k)
{
    enum { UPDATES = 100 };
    srnn_tensor p;
    forced f;

    forced_open(&f, k);
    for (size_t i = 0; i < srnn_net_params(f.q.net); i++) {
        must(srnn_net_param(f.q.net, i, &p));
        if (!strcmp(p.name, "out.bias"))
            p.data[4] = -1e30f;
    }
    must(srnn_net_pack(f.q.net));
    for (size_t i = B; i < T * B; i++)
        f.q.given[i / B][i % B] = 4;
    for (int i = 0; i < 3; i++) {
        const double n = UPDATES * (T - 1) * B;
        const double e = sqrt(log(2e9) / 2 / n);
        size_t fours = 0;

        f.c.rate = 0.1 + 0.4 * i;
        for (f.c.update = 0; f.c.update < UPDATES; f.c.update++) {
            must(forced_make(&f, NULL));
            for (size_t j = B; j < T * B; j++)
                fours += f.tokens[j / B][j % B] == 4;
        }
        check_note("rate %g: %g of %g, bound %.3g", f.c.rate,
                   (double)fours / n, n, e);
        CHECK(fabs((double)fours / n - f.c.rate) < e);
        CHECK(fabs((double)fours / n - f.c.rate - .1) > e); /* the control */
    }
    forced_close(&f);
}

/* ---- beside a trainer ---------------------------------------------------- */

static srnn_trainer *trainer(const forced *f)
{
    srnn_trainer_config c = srnn_trainer_default();
    srnn_trainer *t;

    c.batch = B;
    c.steps = T;
    c.axis_steps[f->q.source] = SEQ_S;
    c.lr = 0.1;
    must(srnn_trainer_open(&t, f->q.net, &c));
    return t;
}

/* One update on what was forced. Before it both have the same states. */
static void update(forced *f, srnn_trainer *t)
{
    double loss, before;

    must(srnn_trainer_lengths(t, f->q.length));
    must(srnn_trainer_axis(t, f->q.source, SEQ_S, f->q.source_length, B));
    must(srnn_trainer_update(t, T, f->in, SEQ_INPUTS, &loss));
    for (size_t i = 0; i < srnn_session_states(f->s); i++) {
        srnn_tensor mine, theirs;

        must(srnn_session_state(f->s, i, &mine));
        must(srnn_trainer_state(t, i, &theirs));
        CHECK(!memcmp(mine.data, theirs.data, mine.count * sizeof(float)));
    }
    before = loss;
    srnn_trainer_reset(t);
    must(srnn_trainer_lengths(t, f->q.length));
    must(srnn_trainer_axis(t, f->q.source, SEQ_S, f->q.source_length, B));
    must(srnn_trainer_loss(t, T, f->in, SEQ_INPUTS, &loss, NULL));
    CHECK(loss > before || loss < before); /* the weights have moved */
    srnn_trainer_reset(t);
}

/* The tokens of each update are those of its weights. */
static void trained(const srnn_kernels *k)
{
    int32_t last[T][B] = {{0}};
    srnn_trainer *t;
    forced f;

    forced_open(&f, k);
    t = trainer(&f);
    f.c.rate = 0.5;
    for (int i = 0; i < 3; i++) {
        must(forced_make(&f, f.q.length));
        check_mixed(&f);
        CHECK(memcmp(last, f.tokens, sizeof last));
        memcpy(last, f.tokens, sizeof last);
        update(&f, t);
    }
    srnn_trainer_close(t);
    forced_close(&f);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"forcing/given", given, NULL},
        {"forcing/free-running", free_running, NULL},
        {"forcing/mixed", mixed, NULL},
        {"forcing/in-place", in_place, NULL},
        {"forcing/fraction", fraction, NULL},
        {"forcing/trained", trained, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
