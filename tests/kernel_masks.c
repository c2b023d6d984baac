/* Masks: every element against the Philox word that its definition names (and
 * Random123's where it is installed), how often an element is dropped, and that
 * no part of a mask's name is lost on the way. */
#include "check.h"
#include "numbers.h"

#include <math.h>
#include <string.h>

#ifdef SRNN_HAVE_RANDOM123
#include <Random123/philox.h>
#endif

static const uint64_t steps[] = {0, 1, 77, 0xffffffffu, 0x100000002u};
static const uint64_t sequences[] = {0, 5, 0x80000000u, (uint64_t)9 << 32 | 3};

/* ---- the definition ----------------------------------------------------- */

static void counter_of(uint64_t step, uint64_t sequence, size_t j,
                       uint32_t counter[4])
{
    counter[0] = (uint32_t)(j / 64 * 16 + j % 16);
    counter[1] = (uint32_t)step;
    counter[2] = (uint32_t)sequence;
    counter[3] = (uint32_t)(sequence >> 32);
}

static float element(const srnn_mask *m, uint64_t step, uint64_t sequence,
                     size_t j)
{
    uint32_t counter[4], out[4];

    counter_of(step, sequence, j, counter);
    srnn_philox(m->key, counter, out);
    return out[j / 16 % 4] < m->threshold ? m->below : m->above;
}

static void check_mask(const srnn_kernels *k, const srnn_mask *m,
                       uint64_t step, uint64_t sequence, size_t n)
{
    float *y;

    guard_begin((int)(n & 1));
    y = guard_reals(n);
    k->mask(m, step, sequence, n, y);
    for (size_t j = 0; j < n; j++)
        CHECK_SAYS(y[j] == element(m, step, sequence, j),
                   "step %llu, sequence %llu, element %zu of %zu: %g",
                   (unsigned long long)step, (unsigned long long)sequence, j,
                   n, (double)y[j]);
    guard_check();
}

static void elements(const srnn_kernels *k)
{
    const uint64_t key = srnn_mask_key(0x0123456789abcdefu, 3, 4, 5);
    const srnn_mask family[] = {srnn_mask_dropout(key, 0.5),
                                srnn_mask_dropout(key, 0.1),
                                srnn_mask_zoneout(key, 0.7),
                                srnn_mask_dropout(key, 0)};

    for (size_t n = 0; n < 300; n += n < 140 ? 1 : 29)
        for (size_t i = 0; i < 4; i++)
            check_mask(k, &family[i], steps[n % 5], sequences[n % 4], n);
    for (size_t i = 0; i < 20; i++)
        check_mask(k, &family[i % 3], steps[i % 5], sequences[i / 5], 70);
}

static void random123(const srnn_kernels *k)
{
#ifdef SRNN_HAVE_RANDOM123
    enum { N = 200 };
    const srnn_mask m = srnn_mask_zoneout(srnn_mask_key(99, 1, 2, 3), 0.25);
    const philox4x32_key_t key = {{(uint32_t)m.key, (uint32_t)(m.key >> 32)}};
    float *y;

    guard_begin(0);
    y = guard_reals(N);
    for (size_t i = 0; i < 20; i++) {
        k->mask(&m, steps[i % 5], sequences[i / 5], N, y);
        for (size_t j = 0; j < N; j++) {
            philox4x32_ctr_t c;

            counter_of(steps[i % 5], sequences[i / 5], j, c.v);
            CHECK((y[j] == 1) == (philox4x32(c, key).v[j / 16 % 4] >> 30 == 0));
        }
    }
#else
    (void)k;
    check_note("built without Random123");
#endif
}

/* ---- thresholds ---------------------------------------------------------- */

static void thresholds(void)
{
    static const struct {
        double p;
        uint32_t threshold;
    } known[] = {
        {0, 0},           {0.5, 0x80000000u},       {0.25, 0x40000000u},
        {0x1p-33, 1},     {0x1p-34, 0},             {0.75, 0xc0000000u},
        {0x1p-32, 1},     {1 - 0x1p-53, UINT32_MAX}, {1 - 0x1p-32, UINT32_MAX},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const srnn_mask d = srnn_mask_dropout(1, known[i].p);
        const srnn_mask z = srnn_mask_zoneout(1, known[i].p);

        CHECK_SAYS(d.threshold == known[i].threshold, "%.17g: %08x",
                   known[i].p, (unsigned)d.threshold);
        CHECK(z.threshold == d.threshold && z.key == 1 && d.key == 1);
        CHECK(z.below == 1 && z.above == 0 && d.below == 0);
        CHECK(d.above == (float)(1 / (1 - known[i].p)));
    }
}

/* ---- how often ----------------------------------------------------------- */

enum { WIDTH = 1000, ROWS = 200 };
#define DRAWS (WIDTH * (double)ROWS)

/* Six standard deviations of a count of DRAWS with probability p: one right
 * stream in 5e8 is outside. */
static double spread(double p)
{
    return 6 * sqrt(DRAWS * p * (1 - p));
}

static double dropped(const srnn_kernels *k, double p)
{
    const srnn_mask m = srnn_mask_dropout(srnn_mask_key(42, 0, 0, 0), p);
    double count = 0;
    float *y;

    guard_begin(0);
    y = guard_reals(WIDTH);
    for (uint64_t r = 0; r < ROWS; r++) {
        k->mask(&m, r % 20, r / 20, WIDTH, y);
        for (size_t j = 0; j < WIDTH; j++)
            count += y[j] == 0;
    }
    return count;
}

static void frequencies(const srnn_kernels *k)
{
    static const double p[] = {0.01, 0.1, 0.3, 0.5, 0.9};
    worst seen = {0};

    for (size_t i = 0; i < sizeof p / sizeof *p; i++)
        worst_see(&seen, dropped(k, p[i]), DRAWS * p[i], spread(p[i]),
                  "dropped", i, 0);
    worst_end(&seen, "dropped");
    CHECK(fabs(dropped(k, 0.31) - DRAWS * 0.3) > spread(0.3));
    CHECK(dropped(k, 0) == 0);
}

/* The mean of a mask is 1: each draw has the variance p / (1 - p). */
static void expectation(const srnn_kernels *k)
{
    static const double p[] = {0.1, 0.5, 0.9};
    worst seen = {0};

    for (size_t i = 0; i < sizeof p / sizeof *p; i++)
        worst_see(&seen, (DRAWS - dropped(k, p[i])) / (1 - p[i]) / DRAWS, 1,
                  6 * sqrt(p[i] / (1 - p[i]) / DRAWS), "mean", i, 0);
    worst_end(&seen, "mean");
}

/* ---- every part of the name counts --------------------------------------- */

typedef struct name {
    uint64_t seed, update;
    uint32_t node, purpose;
    uint64_t step, sequence;
} name;

static double agreeing(const srnn_kernels *k, const name *a, const name *b)
{
    double same = 0;
    float *x, *y;

    guard_begin(0);
    x = guard_reals(WIDTH);
    y = guard_reals(WIDTH);
    for (uint64_t r = 0; r < ROWS; r++) {
        srnn_mask m = srnn_mask_zoneout(
            srnn_mask_key(a->seed, a->update, a->node, a->purpose), 0.5);

        k->mask(&m, a->step + 1000 * r, a->sequence, WIDTH, x);
        m.key = srnn_mask_key(b->seed, b->update, b->node, b->purpose);
        k->mask(&m, b->step + 1000 * r, b->sequence, WIDTH, y);
        for (size_t j = 0; j < WIDTH; j++)
            same += x[j] == y[j];
    }
    return same;
}

/* Masks of different names agree in half of their elements. */
static void names(const srnn_kernels *k)
{
    const uint64_t high = (uint64_t)1 << 32;
    const name a = {1, 1, 1, 1, 1, 1};
    const name other[] = {
        {2, 1, 1, 1, 1, 1},        {1 + high, 1, 1, 1, 1, 1},
        {1, 2, 1, 1, 1, 1},        {1, 1 + high, 1, 1, 1, 1},
        {1, 1, 2, 1, 1, 1},        {1, 1, 1, 2, 1, 1},
        {1, 1, 1, 1, 2, 1},        {1, 1, 1, 1, 1, 2},
        {1, 1, 1, 1, 1, 1 + high}, {1, 2, 1, 0, 1, 1},
    };
    worst seen = {0};

    CHECK(agreeing(k, &a, &a) == DRAWS);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        worst_see(&seen, agreeing(k, &a, &other[i]), DRAWS / 2, spread(0.5),
                  "agreeing", i, 0);
    worst_end(&seen, "agreeing");
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"mask/thresholds", NULL, thresholds},
        {"mask/elements", elements, NULL},
        {"mask/random123", random123, NULL},
        {"mask/frequencies", frequencies, NULL},
        {"mask/expectation", expectation, NULL},
        {"mask/names", names, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
