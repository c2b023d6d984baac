/* Layer and batch norm over numbers with bounds. */
#ifndef SRNN_TESTS_ORACLE_NORM_H
#define SRNN_TESTS_ORACLE_NORM_H

#include "oracle.h"

enum { NORM_MOST = 520 };

/* The mean of n terms: along a row, chains and a tree; down a column, a chain.
 * The scalar rung's sums are plain in both, an fma a rounding more. */
est e_mean(const est *term, size_t n, int of_row);

/* hat of n numbers, their mean and variance; returns rstd. */
est e_normalise(const est *x, size_t n, double eps, int of_row, est *hat,
                est *mean, est *var);
/* The same with mean and variance given. */
est e_normalise_by(const est *x, size_t n, double eps, est mean, est var,
                   est *hat);

/* dx of n places: scale (e - mean(e) - hat mean(e hat)). */
void e_normalise_back(const est *e, const est *hat, est scale, size_t n,
                      int of_row, est *dx);

#endif
