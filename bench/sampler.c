/* The sampler. A sample is short, so that the clock stays what it was beside
 * it; contenders take turns, so that what drifts drifts for all. */
#define _POSIX_C_SOURCE 200809L
#include "sampler.h"

#include <stdlib.h>
#include <time.h>

#define WARM_SECONDS 4e-3
#define TRIES 4
#define OURS 0.97 /* of the time the core must have been */
#define AGAIN 4   /* how often a slow round is repeated */
#define REST_NANOSECONDS 10000000

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

static void run_problem(const contender *c, size_t runs)
{
    void (*const run)(problem *) = c->problem->kind->run;

    for (size_t i = 0; i < runs; i++)
        run(c->problem);
}

static void run_peer(contender *c, size_t runs)
{
    for (size_t i = 0; i < runs && !c->failed; i++)
        c->failed = c->peer->run(c->state) != 0;
}

static double core_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Of all the runs together. */
static peer_timing time_runs(contender *c, size_t runs)
{
    peer_timing t = {limits_now(), core_seconds()};

    if (c->peer && c->peer->time) {
        c->failed |= c->peer->time(c->state, runs, &t) || !(t.wall > 0) ||
                     !(t.core > 0);
        return t;
    }
    if (c->peer)
        run_peer(c, runs);
    else
        run_problem(c, runs);
    t.wall = limits_now() - t.wall;
    t.core = core_seconds() - t.core;
    return t;
}

/* Of one run. What several threads do takes as long as the clock says. */
static peer_timing time_sample(contender *c)
{
    peer_timing t = time_runs(c, c->runs);

    t.wall /= (double)c->runs;
    t.core /= (double)c->runs;
    if (c->failed || (c->peer && c->problem->work.threads > 1))
        t.core = t.wall;
    return t;
}

/* Finds how many runs make a sample, by this thread's time: whoever else gets
 * the core does not count. */
static void count_runs(contender *c, const plan *p)
{
    const double warm = p->seconds < WARM_SECONDS ? p->seconds : WARM_SECONDS;
    double core;

    c->runs = 1;
    time_sample(c); /* with cold caches */
    while ((core = time_sample(c).core) * (double)c->runs < warm && !c->failed)
        c->runs *= 2;
    if (c->failed)
        return;
    c->runs = (size_t)(p->seconds / core);
    if (!c->runs)
        c->runs = 1;
    c->warm = core < 2 * p->seconds;
}

static int check_run(contender *c)
{
    char row[PROBLEM_NAME];

    if (!c->failed)
        return 0;
    problem_row(c->problem, row);
    return problem_fail(c->problem, "%s: %s could not run", row,
                        c->peer->name);
}

int sampler_prepare(contender *c, const plan *p)
{
    if (!c->peer && problem_check(c->problem))
        return -1;
    c->rounds = c->repeats = 0;
    count_runs(c, p);
    return check_run(c);
}

/* Threads that helped spin for a while, in case there is more to do. */
static void rest(void)
{
    const struct timespec t = {0, REST_NANOSECONDS};

    nanosleep(&t, NULL);
}

/* Whoever came before has left its data in the caches: if runs are short, one
 * brings ours back. The bandwidth comes last, since it drives ours out. */
void sampler_take(contender *c, sample *s)
{
    const work *w = &c->problem->work;
    const srnn_limits *l = c->limits;
    peer_timing t = {0};

    *s = (sample){0};
    for (int i = 0; i < TRIES && t.core <= OURS * t.wall; i++) {
        if (l) {
            s->limit.hz = limits_clock();
            s->limit.flops = limits_flops_of(l, (size_t)work_threads(w));
        }
        if (c->warm)
            time_runs(c, 1);
        t = time_sample(c);
        c->repeats += i > 0;
    }
    s->seconds =
        t.core > OURS * t.wall || w->threads > 1 ? t.wall : t.core;
    if (w->threads > 1)
        rest();
    if (l)
        s->limit.bandwidth = limits_bandwidth(l, limits_level_for(w));
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

/* ---- rounds -------------------------------------------------------------- */

static double look(watch *w)
{
    const double now = w ? w->bandwidth(w->of) : 0;

    if (w && now > w->best)
        w->best = now;
    return now;
}

static void take_round(contender *c, size_t n, size_t round, watch *w)
{
    double before = look(w);

    for (size_t i = 0; i < n; i++) {
        contender *turn = &c[(i + round) % n];
        sample *s = &turn->sample[round];
        double after;

        sampler_take(turn, s);
        after = look(w);
        s->near = before < after ? before : after;
        before = after;
    }
}

static int is_slow(const contender *c, size_t n, size_t round, const watch *w)
{
    for (size_t i = 0; i < n; i++)
        if (c[i].sample[round].near < WATCH_SLOW * w->best)
            return 1;
    return 0;
}

/* After all rounds, when the best is known. */
static void repeat_slow(contender *c, size_t n, size_t rounds, watch *w)
{
    for (size_t r = 0; r < rounds; r++) {
        int slow = is_slow(c, n, r, w);

        for (int i = 0; i < AGAIN && slow; i++) {
            take_round(c, n, r, w);
            w->repeats++;
            slow = is_slow(c, n, r, w);
        }
        w->kept += (size_t)slow;
    }
}

int sampler_run_watched(contender *c, size_t n, const plan *p, watch *w,
                        size_t *failed)
{
    const size_t rounds =
        p->rounds < SAMPLER_ROUNDS ? p->rounds : SAMPLER_ROUNDS;

    for (*failed = 0; *failed < n; ++*failed)
        if (sampler_prepare(&c[*failed], p))
            return -1;
    for (size_t r = 0; r < rounds; r++)
        take_round(c, n, r, w);
    if (w)
        repeat_slow(c, n, rounds, w);
    for (*failed = 0; *failed < n; ++*failed) {
        c[*failed].rounds = rounds;
        if (check_run(&c[*failed]))
            return -1;
        sum_up(&c[*failed]);
    }
    return 0;
}

int sampler_run(contender *c, size_t n, const plan *p, size_t *failed)
{
    return sampler_run_watched(c, n, p, NULL, failed);
}
