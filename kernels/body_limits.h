/* The limits of a rung, over its vocabulary: fused multiply-adds that wait for
 * nothing but the unit that does them, and loads that feed nothing. */

#include "compiler.h"
#include "limits.h"

#define CHAINS (VEC_ROWS_4 * 4) /* the micro-kernel's accumulators */
#define LOADS 8

static _Thread_local volatile float sink; /* several may run at once */

/* Chains start apart and end in the sum, or a compiler would merge or drop
 * them. They tend to 2. */
static double fma_loop(size_t n)
{
    const vr half = v_set1(0.5f), one = v_set1(1);
    vr acc[CHAINS];
    float out[VEC_LANES];
    size_t i, c;

    UNROLL for (c = 0; c < CHAINS; c++)
        acc[c] = v_set1((float)c);
    for (i = 0; i < n; i++)
        UNROLL for (c = 0; c < CHAINS; c++)
            acc[c] = v_fma(acc[c], half, one);
    UNROLL for (c = 1; c < CHAINS; c++)
        acc[0] = v_add(acc[0], acc[c]);
    v_store(out, acc[0]);
    sink = out[0];
    return 2.0 * CHAINS * VEC_LANES * (double)n;
}

static void load_loop(size_t n, const float *x)
{
    vi acc[LOADS];
    float out[VEC_LANES];
    size_t j, c;

    UNROLL for (c = 0; c < LOADS; c++)
        acc[c] = vi_set1(0);
    for (j = 0; j < n; j += LOADS * VEC_LANES)
        UNROLL for (c = 0; c < LOADS; c++)
            acc[c] = vi_or(acc[c], v_bits(v_load(x + j + c * VEC_LANES)));
    UNROLL for (c = 1; c < LOADS; c++)
        acc[0] = vi_or(acc[0], acc[c]);
    v_store(out, v_from_bits(acc[0]));
    sink = out[0];
}
