/* What this machine can do at most, measured beside what it did: its clock,
 * the FMA peak of a rung, and the load bandwidth of each level of memory. */
#ifndef BENCH_LIMITS_H
#define BENCH_LIMITS_H

#include "work.h"

#include "kernels/limits.h"

/* A level of memory, nearest first; the last has no capacity. */
typedef struct level {
    char name[8];
    size_t bytes; /* it holds for one core; DRAM: 0 */
} level;

/* Limits of one moment. */
typedef struct moment {
    double hz;        /* of a chain of integer additions, one cycle each */
    double flops;     /* per second, fused multiply-adds in registers, of all
                         the threads that share the work */
    double bandwidth; /* bytes per second loaded from one level by one core */
} moment;

/* Seconds since some moment. */
double limits_now(void);

/* The loops of a rung, NULL for one without. */
const srnn_limits *limits_of(const char *rung);

size_t limits_levels(void);
const level *limits_level(size_t i);
/* The nearest level that holds so many bytes. */
size_t limits_level_of(double bytes);

/* Each takes about 0.1 ms, but for L3 and DRAM; limits_bandwidth leaves the
 * caches full of its own data. */
double limits_clock(void);
double limits_flops(const srnn_limits *limits);
/* The same of that many threads together, all in one moment: their FLOP over
 * the time from the first one's start to the last one's end. 0 if they could
 * not be started. */
double limits_flops_of(const srnn_limits *limits, size_t threads);
double limits_bandwidth(const srnn_limits *limits, size_t level);

/* The level that holds what each thread of the work reads again every step: a
 * share of the set. */
size_t limits_level_for(const work *w);

/* The least seconds that the work takes: the larger of its arithmetic,
 *   flop / peak + activations / threads / 16 * activation_cycles / clock,
 * and its traffic, bytes / threads / bandwidth of the level for it: every
 * thread at best does its share, and loads no slower for the others. */
double limits_seconds(const srnn_limits *limits, const work *w,
                      const moment *m);

/* Gives the buffer back that bandwidths are measured on. */
void limits_close(void);

#endif
