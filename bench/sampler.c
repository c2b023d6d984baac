/* The sampler. A sample is short, so that the clock stays what it was beside
 * it; contenders take turns, so that what drifts drifts for all. */
#define _POSIX_C_SOURCE 200809L
#include "sampler.h"

#include <stdlib.h>
#include <time.h>

#define WARM_SECONDS 4e-3
#define TRIES 4
#define OURS 0.97 /* of the time the core must have been */

plan plan_default(void)
{
    return (plan){7, 2e-3};
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double median_of(size_t n, double *x)
{
    qsort(x, n, sizeof *x, ascending);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

static double time_runs(problem *p, size_t runs)
{
    void (*const run)(problem *) = p->kind->run;
    const double start = limits_now();

    for (size_t i = 0; i < runs; i++)
        run(p);
    return limits_now() - start;
}

static double core_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct timing {
    double wall, core; /* seconds of one run */
} timing;

static timing time_sample(const contender *c)
{
    const double core = core_seconds();
    const double wall = time_runs(c->problem, c->runs) / (double)c->runs;

    return (timing){wall, (core_seconds() - core) / (double)c->runs};
}

/* Finds how many runs make a sample, by this thread's time: whoever else gets
 * the core does not count. */
static void count_runs(contender *c, const plan *p)
{
    const double warm = p->seconds < WARM_SECONDS ? p->seconds : WARM_SECONDS;
    double core;

    c->runs = 1;
    time_sample(c); /* with cold caches */
    while ((core = time_sample(c).core) * (double)c->runs < warm)
        c->runs *= 2;
    c->runs = (size_t)(p->seconds / core);
    if (!c->runs)
        c->runs = 1;
    c->warm = core < 2 * p->seconds;
}

int sampler_prepare(contender *c, const plan *p)
{
    if (problem_check(c->problem))
        return -1;
    c->rounds = c->repeats = 0;
    count_runs(c, p);
    return 0;
}

/* Whoever came before has left its data in the caches: if runs are short, one
 * brings ours back. The bandwidth comes last, since it drives ours out. */
void sampler_take(contender *c, sample *s)
{
    const srnn_limits *l = c->limits;
    timing t = {0};

    *s = (sample){0};
    for (int i = 0; i < TRIES && t.core <= OURS * t.wall; i++) {
        if (l) {
            s->limit.hz = limits_clock();
            s->limit.flops = limits_flops(l);
        }
        if (c->warm)
            time_runs(c->problem, 1);
        t = time_sample(c);
        c->repeats += i > 0;
    }
    s->seconds = t.core > OURS * t.wall ? t.wall : t.core;
    if (l)
        s->limit.bandwidth = limits_bandwidth(
            l, limits_level_of(c->problem->work.set));
}

static void sum_up(contender *c)
{
    double seconds[SAMPLER_ROUNDS], share[SAMPLER_ROUNDS];

    for (size_t r = 0; r < c->rounds; r++) {
        const sample *s = &c->sample[r];

        seconds[r] = s->seconds;
        share[r] = c->limits ? limits_seconds(c->limits, &c->problem->work,
                                              &s->limit) /
                                   s->seconds
                             : 0;
    }
    c->median = median_of(c->rounds, seconds);
    c->least = seconds[0];
    c->of_limit = median_of(c->rounds, share);
}

int sampler_run(contender *c, size_t n, const plan *p, size_t *failed)
{
    const size_t rounds =
        p->rounds < SAMPLER_ROUNDS ? p->rounds : SAMPLER_ROUNDS;

    for (*failed = 0; *failed < n; ++*failed)
        if (sampler_prepare(&c[*failed], p))
            return -1;
    for (size_t r = 0; r < rounds; r++)
        for (size_t i = 0; i < n; i++) {
            contender *turn = &c[(i + r) % n];

            sampler_take(turn, &turn->sample[turn->rounds++]);
        }
    for (size_t i = 0; i < n; i++)
        sum_up(&c[i]);
    return 0;
}
