/* What a result was measured on: enough to know when two may be compared, and
 * nothing that names a host or a path. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include "limits.h"

#define MACHINE_RUNGS 4
#define MACHINE_LEVELS 4

typedef struct machine {
    char fingerprint[64]; /* a file name: cpu, family and model */
    char cpu[80];
    char family[8], model[8];
    char features[160];
    char compiler[64];
    const char *flags;
    const char *neon; /* what is said of NEON where it does not run, or NULL */
    char commit[48]; /* of the working tree, "-dirty" if changed */
    char library[32];
    size_t rungs, levels;
    const char *rung[MACHINE_RUNGS];
    double hz, flops[MACHINE_RUNGS];
    double bandwidth[MACHINE_LEVELS]; /* by the highest rung's loads */
} machine;

/* Asks the system, and measures the limits, about 0.3 s. */
void machine_describe(machine *m);

#endif
