/* The distance of a block of results from the correctly rounded ones, with
 * SLEEF's double functions (1 ULP of double) as oracle: sweep_lanes.h compiled
 * for two widths. */
#ifndef SRNN_TESTS_SWEEP_H
#define SRNN_TESTS_SWEEP_H

#include <stddef.h>
#include <stdint.h>

enum {
    SWEEP_EXP,
    SWEEP_LOG,
    SWEEP_SIGMOID,
    SWEEP_TANH,
    SWEEP_ELU, /* a = 1 */
    SWEEP_SOFTPLUS,
    SWEEPS
};

/* The inputs x, subnormals already zero, and the results y: the largest
 * normal_distance() between y and f(x). n is a multiple of 64. */
typedef uint32_t sweep_block(int f, size_t n, const float *x, const float *y);

sweep_block sweep_avx2, sweep_avx512;

#endif
