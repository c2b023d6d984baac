/* The sampler's rounds: slow ones are taken again. Problems of several threads:
 * their names, their limits, and their speed over one. */
#include "bench/measure.h"
#include "check.h"

#include <stdatomic.h>
#include <string.h>

static const plan brief = {3, 1e-5};

/* ---- slow rounds --------------------------------------------------------- */

/* Loads at 100 bytes a second, but for the looks from..to at 5. */
typedef struct burst {
    size_t looks, from, to;
} burst;

static double look(void *of)
{
    burst *b = of;
    const size_t now = b->looks++;

    return now >= b->from && now < b->to ? 5 : 100;
}

static void watched(size_t from, size_t to, size_t repeats, size_t kept)
{
    burst b = {0, from, to};
    watch w = {.bandwidth = look, .of = &b};
    contender c[2] = {{0}, {0}};
    problem p;
    size_t failed;

    CHECK(!problem_open(&p, "tanh/f32/N64/scalar", NULL));
    CHECK(!problem_alloc(&p));
    c[0].problem = c[1].problem = &p;
    CHECK_SAYS(!sampler_run_watched(c, 2, &brief, &w, &failed), "%s",
               p.message);
    CHECK_SAYS(w.repeats == repeats && w.kept == kept,
               "slow from %zu to %zu: %zu repeats, %zu kept, not %zu, %zu",
               from, to, w.repeats, w.kept, repeats, kept);
    for (size_t r = 0; r < brief.rounds && !kept; r++)
        CHECK(c[0].sample[r].near == 100 && c[1].sample[r].near == 100);
    CHECK(c[0].rounds == brief.rounds && c[0].median > 0);
    problem_close(&p);
}

/* A round of two looks three times: before, between and after. */
static void slow_rounds(void)
{
    watched(0, 0, 0, 0);
    watched(4, 5, 1, 0);     /* within the second round */
    watched(2, 4, 2, 0);     /* the end of one, the start of the next */
    watched(0, 3, 1, 0);     /* before the best is known */
    watched(3, 11, 3, 0);    /* still there when they are repeated */
    watched(3, 1000, 8, 2);  /* it stays: four times each */
}

/* ---- threads ------------------------------------------------------------- */

static atomic_int inside, most;
static atomic_size_t calls;

/* Waits for another thread to be here too, but not for ever. */
static double meeting_loop(size_t n)
{
    const int now = atomic_fetch_add(&inside, 1) + 1;
    const double start = limits_now();

    atomic_fetch_add(&calls, 1);
    if (now > atomic_load(&most))
        atomic_store(&most, now);
    while (atomic_load(&most) < 2 && limits_now() - start < 1)
        ;
    atomic_fetch_sub(&inside, 1);
    return (double)n;
}

static void two_loops(void)
{
    const srnn_limits fake = {.rung = "none", .fma = meeting_loop};

    CHECK(limits_flops_of(&fake, 2) > 0);
    CHECK_SAYS(atomic_load(&most) == 2, "%d at once", atomic_load(&most));
    CHECK(atomic_load(&calls) % 2 == 0 && atomic_load(&calls) > 0);
}

/* flop / peak + activations / threads / 16 * cycles / clock, or the traffic. */
static void shared_limits(void)
{
    const srnn_limits l = {.activation_cycles = 10};
    const moment m = {.hz = 5, .flops = 50, .bandwidth = 4};
    work w = {.flop = 100, .activations = 32, .bytes = 8};

    CHECK(limits_seconds(&l, &w, &m) == 2 + 4);
    w.threads = 2;
    CHECK(limits_seconds(&l, &w, &m) == 2 + 2);
    w.bytes = 40;
    CHECK(limits_seconds(&l, &w, &m) == 5);
    w.set = 1.5 * (double)limits_level(0)->bytes;
    CHECK(limits_level_for(&w) == 0);
    w.threads = 0;
    CHECK(limits_level_for(&w) == 1 || limits_levels() == 1);
}

static void names(void)
{
    static const char *const row[] = {"lstm/train/f32/T5B3I7H37P2/scalar",
                                      "gru/step/f32/B3I7H37P12/scalar",
                                      "rnn/forward/f32/T5B3I7H37/scalar"};
    static const char *const false_ones[] = {
        "rnn/forward/f32/T5B3I7H37P1/scalar",
        "rnn/forward/f32/T5B3I7H37P0/scalar",
        "rnn/forward/f32/T5B3I7H37P/scalar",
        "rnn/forward/f32/T5B3I7P2H37/scalar", "tanh/f32/N16P2/scalar"};
    static const size_t threads[] = {2, 12, 1};
    char again[PROBLEM_NAME];
    problem p;

    for (size_t i = 0; i < 3; i++) {
        CHECK_SAYS(!problem_parse(&p, row[i]), "%s", p.message);
        CHECK(p.size[SIZE_P] == threads[i]);
        problem_name(&p, again);
        CHECK_SAYS(!strcmp(row[i], again), "%s became %s", row[i], again);
    }
    for (size_t i = 0; i < sizeof false_ones / sizeof *false_ones; i++)
        CHECK_SAYS(problem_parse(&p, false_ones[i]), "%s", false_ones[i]);
}

static void two_threads(void)
{
    static const char row[] = "lstm/train/f32/T5B3I7H37P2";
    const measuring with = {.plan = brief};
    const measured *ours;
    measured_row m;
    char why[300] = "";

    CHECK_SAYS(!measure_row(row, &with, &m, why, sizeof why), "%s", why);
    CHECK(!measured_find(&m, "reference"));
    ours = measured_ours(&m);
    if (!ours) /* a machine of no rung but the scalar one */
        return;
    CHECK(ours->work.threads == 2 && ours->speedup > 0);
    CHECK(!limits_of(ours->variant) || ours->fma_speedup > 0);
    CHECK(m.alones > 0 && m.alone[0].work.threads == 1);
    CHECK_SAYS(!strncmp(m.alone[0].name, "lstm/train/f32/T5B3I7H37/", 25), "%s",
               m.alone[0].name);
    check_note("%s: %.2f times one thread", row, ours->speedup);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"slow rounds are taken again", NULL, slow_rounds},
        {"two loops run at once", NULL, two_loops},
        {"limits of threads by hand", NULL, shared_limits},
        {"names with threads", NULL, names},
        {"two threads beside one", NULL, two_threads},
        {NULL, NULL, NULL},
    };
    const int code = check_main(argc, argv, cases);

    limits_close();
    return code;
}
