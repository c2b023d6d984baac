/* The sampler: times problems that compete, in short samples and in turns, and
 * measures the limits beside each sample. It knows nothing of what it times
 * but how to run it, and nothing of statistics but the median. */
#ifndef BENCH_SAMPLER_H
#define BENCH_SAMPLER_H

#include "limits.h"
#include "peers/peer.h"

#define SAMPLER_ROUNDS 64 /* at most */

typedef struct sample {
    double seconds; /* of one run */
    moment limit;   /* beside it */
    double near;    /* watched: the least bandwidth of just before and after */
} sample;

/* One that takes turns with others: another variant, a peer, another build. */
typedef struct contender {
    problem *problem;          /* set up; the caller's */
    const peer *peer;          /* NULL, or runs it in the problem's place, */
    peer_state *state;         /* of whose results it has been compared */
    const srnn_limits *limits; /* NULL: none are measured */
    size_t runs;               /* in a sample */
    int warm;                  /* one more before it, not timed */
    size_t rounds, repeats; /* samples taken; those taken again */
    sample sample[SAMPLER_ROUNDS];
    double median, least; /* seconds of one run */
    double of_limit;      /* median over rounds of limit / seconds */
    int failed;           /* the peer could not run */
} contender;

typedef struct plan {
    size_t rounds;  /* odd numbers make a median */
    double seconds; /* of a sample, where one run is not longer */
} plan;

/* 7 rounds of 2 ms. */
plan plan_default(void);

/* Loads from the nearest cache, beside every sample. On some virtual machines
 * they turn slower by an order for a moment, while arithmetic does not; a round
 * with such a moment compares nothing. Slow is less than half of the best seen:
 * the clock alone moves the bandwidth by a quarter, a burst by far more. */
typedef struct watch {
    double (*bandwidth)(void *of); /* at this moment */
    void *of;
    double best;          /* ever seen; may begin with one that is known */
    size_t repeats, kept; /* rounds taken again; slow ones that stayed */
} watch;

#define WATCH_SLOW 0.5

/* Checks the contender against the reference, unless it is a peer, then warms
 * it up and counts the runs of a sample. 0, or -1 and the reason in its
 * problem's message: it must not be timed. */
int sampler_prepare(contender *c, const plan *p);

/* Takes one sample; again, a few times at most, if meanwhile the core was given
 * to somebody else. If it always was, the time of this thread counts. */
void sampler_take(contender *c, sample *s);

/* Prepares all, then takes `rounds` samples of each in turns, and sums up.
 * -1: the first contender that failed is *failed, and nothing was timed. */
int sampler_run(contender *c, size_t n, const plan *p, size_t *failed);

/* The same; then takes every slow round again, each a few times at most. watch:
 * NULL, or counts on from what it holds. */
int sampler_run_watched(contender *c, size_t n, const plan *p, watch *watch,
                        size_t *failed);

/* Median of n numbers, which are put in order. */
double median_of(size_t n, double *x);

#endif
