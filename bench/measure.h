/* A row measured: all its variants in turns. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "rows.h"
#include "sampler.h"

#define MEASURE_VARIANTS 8

typedef struct measured {
    char name[PROBLEM_NAME]; /* of the problem that ran */
    char variant[24];
    work work;
    contender result;                 /* its problem is closed */
    double vs_reference, vs_autovec; /* speed over theirs; 0: not measured */
} measured;

typedef struct measured_row {
    char name[PROBLEM_NAME];
    const char *overlay;
    measured variant[MEASURE_VARIANTS];
    size_t variants;
} measured_row;

/* A named figure of one variant. */
typedef struct measured_counter {
    const char *name;
    double value;
} measured_counter;

#define MEASURE_COUNTERS 6

/* Measures a row. -1 with the reason: nothing of it may be shown. */
int measure_row(const char *row, const plan *p, measured_row *m, char *why,
                size_t size);

/* The same of those variants that take() takes. */
int measure_row_of(const char *row, int (*take)(const char *variant),
                   const plan *p, measured_row *m, char *why, size_t size);

const measured *measured_find(const measured_row *m, const char *variant);

/* gflops, gbs, ns_per_item of work that took so long. */
double work_gflops(const work *w, double seconds);
double work_gbs(const work *w, double seconds);
double work_ns(const work *w, double seconds);

/* Those that say something of the problem, and the ratios that were measured;
 * returns how many. */
size_t measured_counters(const measured *v, double seconds,
                         measured_counter c[MEASURE_COUNTERS]);

#endif
