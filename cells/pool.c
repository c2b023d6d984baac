/* The pool: a generation counter that workers spin on for a bounded time and
 * then sleep on. A step of a net lasts microseconds, a sleep and its wake-up
 * tens of them, so spinning comes first. */
#include "pool.h"

#include "../kernels/error.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SPINS 4000

/* A gate that opens when its count of arrivals is complete. */
typedef struct meeting {
    atomic_uint arrived;
    atomic_uint generation;
    atomic_uint needed;
    pthread_mutex_t lock;
    pthread_cond_t opened;
} meeting;

struct pool {
    meeting start, end, inside;
    size_t workers;
    crew_fn *fn; /* NULL ends the threads */
    void *arg;
    pthread_t *thread;
    crew *seat;
};

static void meeting_init(meeting *m, size_t needed)
{
    atomic_init(&m->arrived, 0);
    atomic_init(&m->generation, 0);
    atomic_init(&m->needed, (unsigned)needed);
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->opened, NULL);
}

static void meeting_destroy(meeting *m)
{
    pthread_mutex_destroy(&m->lock);
    pthread_cond_destroy(&m->opened);
}

static void meet(meeting *m)
{
    unsigned seen = atomic_load_explicit(&m->generation, memory_order_acquire);
    int i;

    if (atomic_fetch_add_explicit(&m->arrived, 1, memory_order_acq_rel) + 1 ==
        atomic_load_explicit(&m->needed, memory_order_relaxed)) {
        atomic_store_explicit(&m->arrived, 0, memory_order_relaxed);
        pthread_mutex_lock(&m->lock);
        atomic_store_explicit(&m->generation, seen + 1, memory_order_release);
        pthread_cond_broadcast(&m->opened);
        pthread_mutex_unlock(&m->lock);
        return;
    }
    for (i = 0; i < SPINS; i++)
        if (atomic_load_explicit(&m->generation, memory_order_acquire) != seen)
            return;
    pthread_mutex_lock(&m->lock);
    while (atomic_load_explicit(&m->generation, memory_order_acquire) == seen)
        pthread_cond_wait(&m->opened, &m->lock);
    pthread_mutex_unlock(&m->lock);
}

static void *work(void *arg)
{
    const crew *c = arg;
    pool *p = c->pool;

    for (;;) {
        meet(&p->start);
        if (!p->fn)
            return NULL;
        p->fn(c, p->arg);
        meet(&p->end);
    }
}

static void pool_free(pool *p)
{
    meeting_destroy(&p->start);
    meeting_destroy(&p->end);
    meeting_destroy(&p->inside);
    free(p->thread);
    free(p->seat);
    free(p);
}

/* Ends the threads 1 .. started, which all wait at the start. */
static void dismiss(pool *p, size_t started)
{
    size_t i;

    atomic_store(&p->start.needed, (unsigned)started);
    p->fn = NULL;
    meet(&p->start);
    for (i = 1; i < started; i++)
        pthread_join(p->thread[i], NULL);
}

srnn_status srnn_pool_open(pool **out, size_t workers)
{
    pool *p;
    size_t i;
    int error;

    *out = NULL;
    if (workers == 1)
        return SRNN_OK;
    p = calloc(1, sizeof *p);
    if (!p)
        return srnn_fail(SRNN_ENOMEM, "threads: no memory for %zu", workers);
    meeting_init(&p->start, workers);
    meeting_init(&p->end, workers);
    meeting_init(&p->inside, workers);
    p->workers = workers;
    p->thread = calloc(workers, sizeof *p->thread);
    p->seat = calloc(workers, sizeof *p->seat);
    if (!p->thread || !p->seat) {
        pool_free(p);
        return srnn_fail(SRNN_ENOMEM, "threads: no memory for %zu", workers);
    }
    for (i = 0; i < workers; i++)
        p->seat[i] = (crew){p, i, workers};
    for (i = 1; i < workers; i++) {
        error = pthread_create(&p->thread[i], NULL, work, &p->seat[i]);
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

void srnn_pool_run(pool *p, crew_fn *fn, void *arg)
{
    if (!p) {
        const crew alone = {NULL, 0, 1};

        fn(&alone, arg);
        return;
    }
    p->fn = fn;
    p->arg = arg;
    meet(&p->start);
    fn(&p->seat[0], arg);
    meet(&p->end);
}

void srnn_pool_barrier(const crew *c)
{
    if (c->workers > 1)
        meet(&c->pool->inside);
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
