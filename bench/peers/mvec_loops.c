/* y = f(x), f as in C. */
#include "mvec_loops.h"

#include <math.h>

#define LOOP(name, f) \
    void name(size_t n, const float *restrict x, float *restrict y) \
    { \
        for (size_t i = 0; i < n; i++) \
            y[i] = f; \
    }

LOOP(mvec_exp, expf(x[i]))
LOOP(mvec_log, logf(x[i]))
LOOP(mvec_sigmoid, 1 / (1 + expf(-x[i])))
LOOP(mvec_tanh, tanhf(x[i]))
