/* The list of what is measured. Tests check the same list at small sizes. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "problem.h"

typedef struct row_entry {
    char name[PROBLEM_NAME]; /* of a problem, without its variant */
    int brief;               /* also measured when not all rows are */
    int peers;               /* measured when peers are asked for */
} row_entry;

/* The i-th row; 0 past the end. */
int row_at(size_t i, row_entry *r);

/* The name of the row's problem for a variant that applies to it, else 0.
 * Baselines run at most ten steps, on rows of batch 1 and of B16 H256, on one
 * thread: their rate does not depend on the number of steps. */
int row_problem(const char *row, const char *variant, char name[PROBLEM_NAME]);

#endif
