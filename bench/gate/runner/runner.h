/* The runner: two builds of one row in one process, over the same memory, in
 * turns of less than a millisecond. It knows nothing of what it runs, and
 * nothing of statistics: it prints what it measured. */
#ifndef GATE_RUNNER_H
#define GATE_RUNNER_H

#include "../module.h"

#include <stdint.h>

#define WHY 320 /* bytes of a reason */

/* The two builds. */
enum { A, B, SIDES };

/* ---- numbers (random.c) ------------------------------------------- */

/* The next of a stream (SplitMix64: Steele, Lea, Flood 2014). */
uint64_t random_next(uint64_t *state);
/* Evenly of 0 to n - 1, n small beside 2^64. */
size_t random_below(uint64_t *state, size_t n);

/* ---- loading (load.c) --------------------------------------------- */

/* The module of a shared object, whose symbols no other one sees. NULL and the
 * reason: it cannot be loaded, or has another version. It stays loaded. */
const gate_module *load_module(const char *path, char *why);
/* Whether two paths lead to one file, which would be loaded once. */
int load_same_file(const char *a, const char *b);
/* Whether two functions are one, or of one shared object. */
int load_same_code(const void *a, const void *b);
/* Of a row that was opened. */
void load_close(gate_row *row);

/* ---- buffers (buffers.c) ------------------------------------------ */

/* Memory of one row for both builds, all zeros. */
typedef struct buffers {
    void *memory;
    size_t bytes;
    size_t wanted[GATE_BUFFERS];   /* by either build at most */
    void *at[SIDES][GATE_BUFFERS]; /* shared ones are the same; NULL: none */
} buffers;

/* For rows of both builds, or with b NULL for one. `place` shifts all of them
 * by so many cache lines, up to those of a large page. */
int buffers_open(buffers *m, const gate_row *a, const gate_row *b,
                 size_t place, char *why);
/* All zeros again. */
void buffers_clear(const buffers *m);
/* What was A's own is B's, and all zeros again. */
void buffers_exchange(buffers *m);
void buffers_close(buffers *m);

/* Cache lines of a large page: as many places there are. */
#define PLACES ((size_t)(2 << 20) / 64)

/* ---- timing (time.c) ---------------------------------------------- */

typedef struct plan {
    size_t pairs;
    double seconds; /* of a sample, where one run is not longer */
    double plant;   /* the share by which B is made slower */
} plan;

/* Of one row. The arrays have room for all pairs, `first` for a 0 too. */
typedef struct result {
    size_t runs;   /* in a sample, of either build */
    int warm;      /* one more before it, not timed */
    size_t links;  /* planted behind the runs of B */
    size_t pairs;  /* so far */
    size_t stolen; /* pairs taken again, or kept though the core was away */
    double *time[SIDES]; /* nanoseconds of one run, of each pair */
    char *first;         /* which came first: 'a' or 'b', of each pair */
} result;

/* Of two rows that are set up: what a sample of either will be, no pairs yet.
 * `first` runs first. */
void time_prepare(const gate_row row[SIDES], int first, const plan *p,
                  result *r);
/* So many pairs more. */
void time_pairs(const gate_row row[SIDES], int first, size_t pairs,
                uint64_t *random, result *r);

/* ---- options (options.c) ------------------------------------------ */

typedef struct options {
    plan plan;
    uint64_t seed;
    int check; /* look at the results first */
} options;

/* 0, or 2 after saying why. The words behind the options, at least two modules
 * and a row, begin at argv[optind]. */
int options_read(options *o, int argc, char **argv);

/* ---- printing (print.c): JSON, one line a call -------------------- */

/* The names of a row: that of A, and of B, which may be the same. */
typedef struct names {
    const char *name, *other;
} names;

void print_start(const plan *p, uint64_t seed, int cpu);
void print_result(const names *n, const result *r);
void print_error(const names *n, const char *why);
void print_row(const char *name);
void print_end(size_t rows);

/* ---- jobs ---------------------------------------------------------------- */

/* Each returns the exit code of the program, and has said on stderr why. */
int pairs_job(int argc, char **argv); /* pairs.c */
int count_job(int argc, char **argv); /* main.c */
int list_job(int argc, char **argv);
int refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
