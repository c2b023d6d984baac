/* Philox against the published answers (and Random123 where it is installed),
 * uniform numbers exactly, normal ones within the bound of their formula. */
#include "check.h"
#include "numbers.h"
#include "oracle.h"

#include <math.h>
#include <string.h>

#ifdef SRNN_HAVE_RANDOM123
#include <Random123/philox.h>
#endif

/* kat_vectors of Random123, philox4x32 with 10 rounds. */
static void known_answers(void)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } known[] = {
        {{0, 0, 0, 0},
         {0, 0},
         {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint64_t seed = known[i].key[0] | (uint64_t)known[i].key[1] << 32;
        uint32_t out[4];

        srnn_philox(seed, known[i].counter, out);
        CHECK_SAYS(!memcmp(out, known[i].out, sizeof out),
                   "answer %zu: %08x %08x %08x %08x", i, out[0], out[1],
                   out[2], out[3]);
    }
}

static void random123(void)
{
#ifdef SRNN_HAVE_RANDOM123
    for (int i = 0; i < 100000; i++) {
        philox4x32_ctr_t c, want;
        philox4x32_key_t key;
        uint32_t counter[4], out[4];

        for (int j = 0; j < 4; j++)
            c.v[j] = counter[j] = data_word();
        key.v[0] = data_word();
        key.v[1] = data_word();
        want = philox4x32(c, key);
        srnn_philox(key.v[0] | (uint64_t)key.v[1] << 32, counter, out);
        CHECK(!memcmp(out, want.v, sizeof out));
    }
    check_note("100000 blocks equal Random123's");
#else
    check_note("built without Random123: known answers only");
#endif
}

static uint32_t word_of(const srnn_stream *s, size_t j)
{
    uint32_t counter[4] = {(uint32_t)(j / 4), s->id[0], s->id[1], s->id[2]};
    uint32_t out[4];

    srnn_philox(s->seed, counter, out);
    return out[j % 4];
}

static const srnn_stream stream = {0x0123456789abcdefu, {7, 0x80000001u, 3}};

static void uniform(const srnn_kernels *k)
{
    for (size_t n = 0; n < 300; n += n < 40 ? 1 : 29) {
        float *y;

        guard_begin((int)(n & 1));
        y = guard_reals(n);
        k->uniform(&stream, n, y);
        for (size_t j = 0; j < n; j++) {
            CHECK((double)y[j] == (word_of(&stream, j) >> 8) * 0x1p-24);
            CHECK(y[j] >= 0 && y[j] < 1);
        }
    }
}

static void normal_case(const srnn_kernels *k, const srnn_stream *s, size_t n,
                        double wrong, worst *seen)
{
    float *y;

    guard_begin((int)(n & 1));
    y = guard_reals(n);
    k->normal(s, n, y);
    for (size_t j = 0; j < n; j++) {
        est want = oracle_normal(s, j);

        worst_see(seen, y[j], want.v + wrong * want.e, want.e, "n", n, j);
    }
}

static void normal(const srnn_kernels *k)
{
    worst seen = {0}, wrong = {0};

    for (size_t n = 0; n < 300; n += n < 40 ? 1 : 29)
        normal_case(k, &stream, n, 0, &seen);
    for (uint32_t i = 0; i < 8; i++) {
        srnn_stream s = {i, {i, i * i, 1}};

        normal_case(k, &s, 5000, 0, &seen);
    }
    worst_end(&seen, "normal");
    normal_case(k, &stream, 64, 2, &wrong);
    CHECK(wrong.ratio > 1);
}

/* Mean 0 and variance 1 within five standard errors: 5 / sqrt N and
 * 5 sqrt(2 / N). A wrong scale or a lost sign would show. */
static void moments(const srnn_kernels *k)
{
    enum { N = 20000 };
    float *y;
    double sum = 0, squares = 0;

    guard_begin(0);
    y = guard_reals(N);
    k->normal(&stream, N, y);
    for (size_t j = 0; j < N; j++) {
        sum += y[j];
        squares += (double)y[j] * y[j];
    }
    check_note("mean %.4f, variance %.4f", sum / N, squares / N);
    CHECK(fabs(sum / N) < 5 / sqrt(N));
    CHECK(fabs(squares / N - 1) < 5 * sqrt(2.0 / N));
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"philox/known-answers", NULL, known_answers},
        {"philox/random123", NULL, random123},
        {"uniform", uniform, NULL},
        {"normal", normal, NULL},
        {"normal/moments", moments, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
