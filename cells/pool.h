/* A fixed crew of threads, and the barrier at which those meet that run a
 * function together. The caller is worker 0; the others sleep between calls. */
#ifndef SRNN_POOL_H
#define SRNN_POOL_H

#include <simdrnn/base.h>

typedef struct pool pool;

/* What each worker is handed: which of how many it is. */
typedef struct crew {
    pool *pool;
    size_t worker, workers;
} crew;

typedef void crew_fn(const crew *c, void *arg);

/* Processors that this process may run on, at least 1. */
size_t srnn_processors(void);

/* Starts workers - 1 threads; one worker needs no pool and gives NULL. */
srnn_status srnn_pool_open(pool **p, size_t workers);
void srnn_pool_close(pool *p);

/* fn(crew, arg) on the first `workers` of the pool, at least the caller;
 * returns when all have. The others are left asleep. */
void srnn_pool_run(pool *p, size_t workers, crew_fn *fn, void *arg);

/* How many of them to take now: one, if others of late did not come to work.
 * A core that is given to somebody else leaves its worker behind, and all who
 * wait for it: after two runs that took longer than the caller alone would
 * have, it runs alone for a time that makes the loss small. */
size_t srnn_pool_now(const pool *p, size_t workers);

/* Waits until every worker of the crew is here; what each wrote before, all
 * see after. */
void srnn_pool_barrier(const crew *c);

/* The part of `n` items in granules that falls to a worker. */
void srnn_crew_span(const crew *c, size_t n, size_t granule, size_t *from,
               size_t *to);

#endif
