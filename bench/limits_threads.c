/* The FMA peak of several threads: on each the same loop, all at once. They
 * meet before every try, spinning, since to be woken takes longer than a loop
 * may start late. */
#define _POSIX_C_SOURCE 200809L
#include "limits.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#define TRIES 3
#define ROUNDS 12000 /* some 100 us, beside which a late start is little */

typedef struct team {
    const srnn_limits *limits;
    size_t threads;
    atomic_size_t here; /* arrivals, of all tries */
    atomic_int broken;  /* some could not be started: all leave */
} team;

typedef struct member {
    team *team;
    pthread_t thread;
    double flop, start[TRIES], end[TRIES];
} member;

/* 0, or -1 if the team is broken. */
static int meet(team *t, size_t try)
{
    atomic_fetch_add(&t->here, 1);
    while (atomic_load(&t->here) < (try + 1) * t->threads) {
        if (atomic_load(&t->broken))
            return -1;
        sched_yield();
    }
    return 0;
}

static void *take_part(void *me)
{
    member *m = me;

    for (size_t i = 0; i < TRIES && !meet(m->team, i); i++) {
        m->start[i] = limits_now();
        m->flop = m->team->limits->fma(ROUNDS);
        m->end[i] = limits_now();
    }
    return NULL;
}

static double rate(const member *m, size_t n, size_t try)
{
    double first = m[0].start[try], last = m[0].end[try], flop = 0;

    for (size_t i = 0; i < n; i++) {
        flop += m[i].flop;
        first = m[i].start[try] < first ? m[i].start[try] : first;
        last = m[i].end[try] > last ? m[i].end[try] : last;
    }
    return flop / (last - first);
}

/* The caller is member 0. */
static double best_of(team *t, member *m)
{
    double best = 0;
    size_t started;

    for (size_t i = 0; i < t->threads; i++)
        m[i].team = t;
    for (started = 1; started < t->threads; started++)
        if (pthread_create(&m[started].thread, NULL, take_part, &m[started]))
            break;
    atomic_store(&t->broken, started < t->threads);
    take_part(&m[0]);
    for (size_t i = 1; i < started; i++)
        pthread_join(m[i].thread, NULL);
    for (size_t i = 0; i < TRIES && started == t->threads; i++)
        best = rate(m, started, i) > best ? rate(m, started, i) : best;
    return best;
}

double limits_flops_of(const srnn_limits *limits, size_t threads)
{
    team t = {.limits = limits, .threads = threads};
    member *m;
    double best;

    if (threads <= 1)
        return limits_flops(limits);
    m = calloc(threads, sizeof *m);
    best = m ? best_of(&t, m) : 0;
    free(m);
    return best;
}
