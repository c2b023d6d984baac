/* The samples: short and in pairs, so that the clock stays what it was within
 * a pair, and either build first in every other one, so that what drifts drifts
 * for both. */
#define _POSIX_C_SOURCE 200809L
#include "runner.h"

#include <stdlib.h>
#include <time.h>

#define TRIES 4
#define OURS 0.97     /* of the time the core must have been */
#define LINKS 65536   /* of the chain by itself: some 0.1 ms */
#define CALIBRATIONS 15

typedef struct timing {
    double wall, core;
} timing;

/* Two rows and how they are run. */
typedef struct match {
    const gate_row *row[SIDES];
    size_t runs;
    int warm;            /* one more before a sample, not timed */
    size_t links[SIDES]; /* of the chain behind the runs of a sample */
} match;

static double seconds_of(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Each product waits for the one before it: some cycles a link, whatever the
 * compiler knows. */
static void chain(size_t links)
{
    uint64_t x = 3;

    for (size_t i = 0; i < links; i++) {
        x *= x;
        __asm__ volatile("" : "+r"(x));
    }
}

static timing time_runs(const gate_row *row, size_t runs, size_t links)
{
    void (*const run)(void *) = row->run;
    void *const state = row->state;
    timing t = {seconds_of(CLOCK_MONOTONIC),
                seconds_of(CLOCK_THREAD_CPUTIME_ID)};

    for (size_t i = 0; i < runs; i++)
        run(state);
    if (links)
        chain(links);
    t.wall = seconds_of(CLOCK_MONOTONIC) - t.wall;
    t.core = seconds_of(CLOCK_THREAD_CPUTIME_ID) - t.core;
    return t;
}

/* ---- before the pairs ---------------------------------------------------- */

/* Of one run, by this thread's time, from enough of them. */
static double run_seconds(const gate_row *row, double seconds)
{
    size_t runs = 1;
    double core;

    time_runs(row, 1, 0); /* with cold caches */
    while ((core = time_runs(row, runs, 0).core) < seconds)
        runs *= 2;
    return core / (double)runs;
}

static void count_runs(match *m, int first, double seconds)
{
    double run = run_seconds(m->row[first], seconds);

    run = (run + run_seconds(m->row[!first], seconds)) / 2;

    m->runs = (size_t)(seconds / run);
    if (!m->runs)
        m->runs = 1;
    m->warm = run < 2 * seconds;
}

static timing take(const match *m, int side)
{
    if (m->warm)
        time_runs(m->row[side], 1, 0);
    return time_runs(m->row[side], m->runs, m->links[side]);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Links of the chain that take a share of a sample of B, as B runs beside A: by
 * medians of samples in turns, since the clock drifts. */
static size_t links_of(const match *m, double share)
{
    double part[CALIBRATIONS]; /* of a sample, that a link takes */

    for (size_t i = 0; i < CALIBRATIONS; i++) {
        const double link = time_runs(m->row[B], 0, LINKS).core / LINKS;

        take(m, A);
        part[i] = link / take(m, B).core;
    }
    qsort(part, CALIBRATIONS, sizeof *part, ascending);
    return (size_t)(share / part[CALIBRATIONS / 2] + 0.5);
}

/* ---- the pairs ----------------------------------------------------------- */

static int was_ours(const timing *t)
{
    return t->core > OURS * t->wall;
}

/* Both samples again, if meanwhile the core was given to somebody else; if it
 * always was, the time of this thread counts. */
static void take_pair(const match *m, int first, result *r, size_t pair)
{
    timing t[SIDES];

    for (int i = 0; i < TRIES; i++) {
        t[first] = take(m, first);
        t[!first] = take(m, !first);
        if (was_ours(&t[A]) && was_ours(&t[B]))
            break;
        r->stolen++;
    }
    r->first[pair] = first == A ? 'a' : 'b';
    for (int side = 0; side < SIDES; side++)
        r->time[side][pair] = (was_ours(&t[side]) ? t[side].wall
                                                  : t[side].core) *
                              1e9 / (double)m->runs;
}

void time_prepare(const gate_row row[SIDES], int first, const plan *p,
                  result *r)
{
    match m = {.row = {&row[A], &row[B]}};

    count_runs(&m, first, p->seconds);
    r->runs = m.runs;
    r->warm = m.warm;
    r->links = p->plant > 0 ? links_of(&m, p->plant) : 0;
    r->stolen = r->pairs = 0;
    r->first[0] = 0;
}

void time_pairs(const gate_row row[SIDES], int first, size_t pairs,
                uint64_t *random, result *r)
{
    const match m = {{&row[A], &row[B]}, r->runs, r->warm, {0, r->links}};

    time_runs(&row[first], m.runs, 0); /* with cold caches */
    time_runs(&row[!first], m.runs, 0);
    for (size_t i = 0; i < pairs; i++, r->pairs++) {
        first = i % 2 ? !first : (int)random_below(random, SIDES);
        take_pair(&m, first, r, r->pairs);
    }
    r->first[r->pairs] = 0;
}
