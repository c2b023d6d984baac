/* Nets to be initialised, and what their values must be. */
#ifndef SRNN_TESTS_INIT_CASE_H
#define SRNN_TESTS_INIT_CASE_H

#include <simdrnn/simdrnn.h>

#define U 0x1p-24

/* "s" tokens -> "e" embedding -> "r" recurrent, two layers -> "l" linear. */
srnn_net *init_net(const srnn_kernels *k, srnn_cell_kind cell, size_t in,
                   size_t hidden, int z_takes_new);
srnn_tensor init_param(const srnn_net *net, const char *name);
/* All parameters one after another, to be freed. */
float *init_all(const srnn_net *net, size_t *n);
/* Weights and recurrent matrices of that kind, else the default. */
srnn_init init_matrices(srnn_init_kind kind);

/* Mean 0 and variance v of n draws: the mean is within five standard errors,
 * 5 sqrt(v / n), the variance within 5 sqrt((kurtosis - 1) / n) v, where the
 * kurtosis is 3 of a normal and 9/5 of a uniform distribution. */
void init_moments(const float *x, size_t n, double v, double kurtosis,
                  const char *what);
/* Within [-bound, bound), one rounding allowed, and close to both ends: that
 * none of n draws lies in the last 20/n of a side has probability e^-10. */
void init_range(const float *x, size_t n, double bound, const char *what);
void init_all_are(const float *x, size_t n, float want, const char *what);
/* gain on the diagonal of each gate's block, else 0. */
void init_diagonal(const srnn_net *net, const char *name, size_t gates,
                   float gain);

#endif
