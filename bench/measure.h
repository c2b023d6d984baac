/* A row measured: all its variants and peers in turns. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "rows.h"
#include "sampler.h"

#define MEASURE_VARIANTS 8
#define MEASURE_PEERS 6

typedef struct measured {
    char name[PROBLEM_NAME]; /* of the problem that ran */
    char variant[24];
    const peer *peer; /* NULL: a variant */
    work work;
    contender result;                /* its problem is closed */
    size_t compared, outputs;        /* a peer's results, and ours */
    double vs_reference, vs_autovec; /* speed over theirs; 0: not measured */
    /* A peer's: the speed of our best rung over it. That rung's: over the
     * fastest peer. 0: not measured. */
    double vs_peer;
    /* Several threads': the speed over one, and that of the FMA loop. */
    double speedup, fma_speedup;
} measured;

typedef struct measured_row {
    char name[PROBLEM_NAME];
    const char *overlay;
    measured variant[MEASURE_VARIANTS + MEASURE_PEERS]; /* peers last */
    size_t variants;
    /* Where threads share the work: our rungs on one thread. */
    measured alone[MEASURE_VARIANTS];
    size_t alones;
    size_t repeats, kept; /* rounds with slow loads: see watch */
    char skipped[200];    /* peers that have it and could not open it, why */
} measured_row;

/* What a row is measured with. */
typedef struct measuring {
    plan plan;
    int (*take)(const char *variant); /* NULL: every one is taken */
    const peer *const *peers;         /* up to a NULL; NULL: none */
    watch *watch;                     /* NULL: none */
} measuring;

/* A named figure of one variant. */
typedef struct measured_counter {
    const char *name;
    double value;
} measured_counter;

#define MEASURE_COUNTERS 9

/* Measures a row. A peer is first compared with our highest rung, once, over
 * the whole size. -1 with the reason: nothing of it may be shown. */
int measure_row(const char *row, const measuring *with, measured_row *m,
                char *why, size_t size);

const measured *measured_find(const measured_row *m, const char *variant);
/* The fastest of our own rungs; NULL if none was measured. */
const measured *measured_ours(const measured_row *m);

/* gflops, gbs, ns_per_item of work that took so long. */
double work_gflops(const work *w, double seconds);
double work_gbs(const work *w, double seconds);
double work_ns(const work *w, double seconds);

/* Work per second. */
double measured_rate(const measured *v);

/* Those that say something of the problem, and the ratios that were measured;
 * returns how many. */
size_t measured_counters(const measured *v, double seconds,
                         measured_counter c[MEASURE_COUNTERS]);

#endif
