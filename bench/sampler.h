/* The sampler: times problems that compete, in short samples and in turns, and
 * measures the limits beside each sample. It knows nothing of what it times
 * but how to run it, and nothing of statistics but the median. */
#ifndef BENCH_SAMPLER_H
#define BENCH_SAMPLER_H

#include "limits.h"
#include "problem.h"

#define SAMPLER_ROUNDS 64 /* at most */

typedef struct sample {
    double seconds; /* of one run */
    moment limit;   /* beside it */
} sample;

/* One that takes turns with others: another variant, a peer, another build. */
typedef struct contender {
    problem *problem;          /* set up; the caller's */
    const srnn_limits *limits; /* NULL: none are measured */
    size_t runs;               /* in a sample */
    int warm;                  /* one more before it, not timed */
    size_t rounds, repeats; /* samples taken; those taken again */
    sample sample[SAMPLER_ROUNDS];
    double median, least; /* seconds of one run */
    double of_limit;      /* median over rounds of limit / seconds */
} contender;

typedef struct plan {
    size_t rounds;  /* odd numbers make a median */
    double seconds; /* of a sample, where one run is not longer */
} plan;

/* 7 rounds of 2 ms. */
plan plan_default(void);

/* Checks every contender against the reference, then warms it up and counts
 * the runs of a sample. 0, or -1 and the reason in its problem's message: it
 * must not be timed. */
int sampler_prepare(contender *c, const plan *p);

/* Takes one sample; again, a few times at most, if meanwhile the core was given
 * to somebody else. If it always was, the time of this thread counts. */
void sampler_take(contender *c, sample *s);

/* Prepares all, then takes `rounds` samples of each in turns, and sums up.
 * -1: the first contender that failed is *failed, and nothing was timed. */
int sampler_run(contender *c, size_t n, const plan *p, size_t *failed);

/* Median of n numbers, which are put in order. */
double median_of(size_t n, double *x);

#endif
