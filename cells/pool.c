/* The pool: who waits spins for a bounded time, then sleeps. A step of a net
 * lasts microseconds, a sleep and its wake-up tens of them.
 *
 * Nobody takes a lock or calls the system unless somebody sleeps: a sleeper
 * counts itself, then looks once more; who it waits for writes, then looks for
 * sleepers. All four are sequentially consistent, so one of the two sees the
 * other. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "pool.h"

#include "../kernels/compiler.h"
#include "../kernels/error.h"

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE 64 /* bytes, a cache line */
/* Pauses before sleep, of 10 to 140 cycles each: some tens of microseconds, as
 * long as a sleep and its wake-up take. Whoever is waited for longer has lost
 * its core, and may find this one free. Where there are not cores enough, who
 * waits is in the way. */
#define SPINS 1500
#define SPINS_CROWDED 24
#define SPINS_UNTIMED 50 /* so few that reading the clock is not worth it */
/* What a run has lost the next ones make up for: the caller runs alone until
 * that is no more than this part of the time. */
#define LOSS (1.0 / 16)

/* Where threads wait for a number to change. */
typedef struct bell {
    alignas(LINE) atomic_size_t rung;
    atomic_size_t sleepers;
    pthread_mutex_t lock;
    pthread_cond_t heard;
} bell;

/* A worker's place; its bell calls it to work. */
typedef struct seat {
    bell call;
    crew crew;
    pthread_t thread;
} seat;

struct pool {
    alignas(LINE) atomic_size_t arrived; /* at the barrier */
    bell opened;                         /* when all have */
    size_t workers;
    int spins;
    double waited; /* by the caller in this run, in seconds */
    double debt;   /* seconds that the caller has to run alone */
    int trusted;   /* the last run on several workers lost nothing */
    crew_fn *fn; /* NULL ends the threads */
    void *arg;
    seat *seat;
};

size_t srnn_processors(void)
{
    long n;
#ifdef __linux__
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (size_t)CPU_COUNT(&set);
#endif
    n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (size_t)n : 1;
}

static void bell_init(bell *b)
{
    atomic_init(&b->rung, 0);
    atomic_init(&b->sleepers, 0);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->heard, NULL);
}

static void bell_destroy(bell *b)
{
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->heard);
}

/* Only one thread at a time rings a bell. An exchange, since emulators (qemu
 * 7.2 of AArch64) let a load pass the store before it. */
static void ring(bell *b, size_t seen)
{
    (void)atomic_exchange(&b->rung, seen + 1);
    if (atomic_load(&b->sleepers) == 0)
        return;
    pthread_mutex_lock(&b->lock);
    pthread_cond_broadcast(&b->heard);
    pthread_mutex_unlock(&b->lock);
}

static void sleep_until_rung(bell *b, size_t seen)
{
    pthread_mutex_lock(&b->lock);
    atomic_fetch_add(&b->sleepers, 1);
    while (atomic_load(&b->rung) == seen)
        pthread_cond_wait(&b->heard, &b->lock);
    atomic_fetch_sub(&b->sleepers, 1);
    pthread_mutex_unlock(&b->lock);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int heard(bell *b, size_t seen, int spins)
{
    for (; spins > 0; spins--) {
        if (atomic_load_explicit(&b->rung, memory_order_acquire) != seen)
            return 1;
        RELAX;
    }
    return 0;
}

/* Until the bell has been rung since it was seen; the seconds that took, if it
 * was long. */
static double listen(bell *b, size_t seen, int spins)
{
    double began;

    if (heard(b, seen, SPINS_UNTIMED))
        return 0;
    began = now();
    if (!heard(b, seen, spins))
        sleep_until_rung(b, seen);
    return now() - began;
}

static double meet(pool *p, size_t workers)
{
    const size_t seen =
        atomic_load_explicit(&p->opened.rung, memory_order_acquire);

    if (atomic_fetch_add_explicit(&p->arrived, 1, memory_order_acq_rel) + 1 <
        workers)
        return listen(&p->opened, seen, p->spins);
    atomic_store_explicit(&p->arrived, 0, memory_order_relaxed);
    ring(&p->opened, seen);
    return 0;
}

static void *work(void *arg)
{
    seat *me = arg;
    pool *p = me->crew.pool;
    size_t calls;

    for (calls = 0;; calls++) {
        listen(&me->call, calls, p->spins);
        if (!p->fn)
            return NULL;
        p->fn(&me->crew, p->arg);
        meet(p, me->crew.workers);
    }
}

/* Calls workers 1 .. workers - 1 to fn; NULL sends them home. */
static void call(pool *p, size_t workers, crew_fn *fn, void *arg)
{
    size_t i;

    p->fn = fn;
    p->arg = arg;
    for (i = 0; i < workers; i++) {
        seat *s = &p->seat[i];

        s->crew.workers = workers;
        if (i > 0)
            ring(&s->call, atomic_load_explicit(&s->call.rung,
                                                memory_order_relaxed));
    }
}

/* Ends the threads 1 .. started - 1. */
static void dismiss(pool *p, size_t started)
{
    size_t i;

    call(p, started, NULL, NULL);
    for (i = 1; i < started; i++)
        pthread_join(p->seat[i].thread, NULL);
}

static void pool_free(pool *p)
{
    size_t i;

    for (i = 0; i < p->workers; i++)
        bell_destroy(&p->seat[i].call);
    bell_destroy(&p->opened);
    free(p->seat);
    free(p);
}

static pool *pool_new(size_t workers)
{
    pool *p = aligned_alloc(LINE, sizeof *p);
    size_t i;

    if (!p)
        return NULL;
    p->seat = aligned_alloc(LINE, workers * sizeof *p->seat);
    if (!p->seat) {
        free(p);
        return NULL;
    }
    atomic_init(&p->arrived, 0);
    bell_init(&p->opened);
    p->workers = workers;
    p->waited = p->debt = 0;
    p->trusted = 1;
    p->spins = workers > srnn_processors() ? SPINS_CROWDED : SPINS;
    for (i = 0; i < workers; i++) {
        bell_init(&p->seat[i].call);
        p->seat[i].crew = (crew){p, i, workers};
    }
    return p;
}

srnn_status srnn_pool_open(pool **out, size_t workers)
{
    pool *p;
    size_t i;
    int error;

    *out = NULL;
    if (workers == 1)
        return SRNN_OK;
    p = pool_new(workers);
    if (!p)
        return srnn_fail(SRNN_ENOMEM, "threads: no memory for %zu", workers);
    for (i = 1; i < workers; i++) {
        error = pthread_create(&p->seat[i].thread, NULL, work, &p->seat[i]);
        if (error) {
            dismiss(p, i);
            pool_free(p);
            return srnn_fail(SRNN_ETHREAD, "threads: thread %zu of %zu: %s",
                             i + 1, workers, strerror(error));
        }
    }
    *out = p;
    return SRNN_OK;
}

void srnn_pool_close(pool *p)
{
    if (!p)
        return;
    dismiss(p, p->workers);
    pool_free(p);
}

static void run_alone(pool *p, crew_fn *fn, void *arg)
{
    const crew alone = {NULL, 0, 1};
    double began;

    if (!p || !(p->debt > 0)) {
        fn(&alone, arg);
        return;
    }
    began = now();
    fn(&alone, arg);
    p->debt -= now() - began;
}

/* The caller has done its part of the work in the time that it did not wait:
 * all of it would have taken it so much longer. One loss after gains is chance.
 */
static void settle(pool *p, size_t workers, double took)
{
    const double alone = (double)workers * (took - p->waited);

    p->debt = took > alone && !p->trusted ? (took - alone) / LOSS : 0;
    p->trusted = took <= alone;
}

void srnn_pool_run(pool *p, size_t workers, crew_fn *fn, void *arg)
{
    double began;

    if (!p || workers == 1) {
        run_alone(p, fn, arg);
        return;
    }
    began = now();
    p->waited = 0;
    call(p, workers, fn, arg);
    fn(&p->seat[0].crew, arg);
    p->waited += meet(p, workers);
    settle(p, workers, now() - began);
}

size_t srnn_pool_now(const pool *p, size_t workers)
{
    return p && p->debt > 0 ? 1 : workers;
}

void srnn_pool_barrier(const crew *c)
{
    double waited;

    if (c->workers == 1)
        return;
    waited = meet(c->pool, c->workers);
    if (c->worker == 0)
        c->pool->waited += waited;
}

void srnn_crew_span(const crew *c, size_t n, size_t granule, size_t *from,
               size_t *to)
{
    const size_t granules =
        c->workers > 1 ? (n + granule - 1) / granule : 0;

    *from = 0;
    *to = n;
    if (c->workers == 1)
        return;
    *from = granules * c->worker / c->workers * granule;
    *to = granules * (c->worker + 1) / c->workers * granule;
    if (*to > n)
        *to = n;
    if (*from > n)
        *from = n;
}
