/* The front ends: what main.c chooses between. Both give the exit code. */
#ifndef BENCH_FRONTS_H
#define BENCH_FRONTS_H

#include "rows.h"
#include "sampler.h"

typedef struct options {
    const char *filter; /* a regular expression on names of rows; NULL: none */
    int full;           /* every row; a filter means so too */
    int peers;          /* with peers; without a filter, their rows */
    int record;         /* into results/; with peers, the others' rows too */
    const char *out;    /* the files' name without its end */
    const char *neon;   /* what is said of a rung of other machines, or NULL */
    plan plan;
} options;

/* Whether the options take this row: 1, 0. */
int options_take(const options *o, const row_entry *r);

/* Measures, with a progress bar, then writes the table and the files. */
int front_table(const options *o);

/* Google Benchmark, which takes all its own flags. */
int front_google(int argc, char **argv);

#endif
