/* Google Benchmark for C: cases with callbacks and counters. */
#ifndef BENCH_GBENCH_H
#define BENCH_GBENCH_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GBENCH_COUNTERS 12

typedef struct gbench_counter {
    const char *name;
    double value;
} gbench_counter;

typedef struct gbench_case {
    const char *name;
    void *context;
    /* Called before the first run; returns NULL, or why this must not be
     * timed: then nothing more is, and gbench_main fails. */
    const char *(*prepare)(void *context);
    void (*run)(void *context);
    /* After runs that took so many seconds each. */
    size_t (*count)(void *context, double seconds,
                    gbench_counter counter[GBENCH_COUNTERS]);
} gbench_case;

/* Runs the cases that the --benchmark_ flags choose, as they say; the exit
 * code. `about` are pairs of a key and a value, ended by NULL. */
int gbench_main(int argc, char **argv, const gbench_case *cases, size_t n,
                const char *const *about);

#ifdef __cplusplus
}
#endif

#endif
