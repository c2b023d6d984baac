/* The loops whose speed is a limit of the machine, one set per rung. The bench
 * times them; the library has no use for them. */
#ifndef SRNN_LIMITS_H
#define SRNN_LIMITS_H

#include <stddef.h>

typedef struct srnn_limits {
    const char *rung;
    /* n rounds of independent fused multiply-adds, all in registers; returns
     * the floating-point operations that were done. */
    double (*fma)(size_t n);
    /* Reads n floats once, n a multiple of 512. */
    void (*load)(size_t n, const float *x);
    /* Cycles of the least that sixteen sigmoids or tanhs take. A stated figure,
     * not a measured one: about what a polynomial of that accuracy costs. */
    double activation_cycles;
} srnn_limits;

/* Each is there where its rung is. */
const srnn_limits *srnn_limits_avx2(void);
const srnn_limits *srnn_limits_avx512(void);
const srnn_limits *srnn_limits_neon(void);

#endif
