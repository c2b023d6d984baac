/* Loops that the compiler turns into calls of libmvec, as it does for whoever
 * compiles their own so: mvec_loops.c alone has the flags for it. */
#ifndef BENCH_MVEC_LOOPS_H
#define BENCH_MVEC_LOOPS_H

#include <stddef.h>

/* x and y do not overlap. */
void mvec_exp(size_t n, const float *x, float *y);
void mvec_log(size_t n, const float *x, float *y);
void mvec_sigmoid(size_t n, const float *x, float *y);
void mvec_tanh(size_t n, const float *x, float *y);

#endif
