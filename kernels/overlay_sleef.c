/* SLEEF (https://sleef.org) for the activations over arrays. Compiled once per
 * rung over its vocabulary, and once without any for the entry. */
#include "overlays.h"

void srnn_overlay_sleef_avx2(srnn_kernels *k);
void srnn_overlay_sleef_avx512(srnn_kernels *k);
void srnn_overlay_sleef_neon(srnn_kernels *k);

#if defined(SRNN_OVERLAY_AVX512)
#include "vec_avx512.h"
#define ENTRY srnn_overlay_sleef_avx512
#define SLEEF(f) Sleef_##f##f16_u10avx512f
#elif defined(SRNN_OVERLAY_AVX2)
#include "vec_avx2.h"
#define ENTRY srnn_overlay_sleef_avx2
#define SLEEF(f) Sleef_##f##f8_u10avx2
#elif defined(SRNN_OVERLAY_NEON)
#include "vec_neon.h"
#define ENTRY srnn_overlay_sleef_neon
#define SLEEF(f) Sleef_##f##f4_u10advsimd
#endif

#ifdef ENTRY

#include <sleef.h>

#define OVER_ARRAY(name, expression) \
    static void name(size_t n, const float *x, float *y) \
    { \
        for (size_t j = 0; j < n; j += VEC_LANES) { \
            vr v = v_load_n(x + j, n - j); \
            v_store_n(y + j, expression, n - j); \
        } \
    }

OVER_ARRAY(exp_array, SLEEF(exp)(v))
OVER_ARRAY(log_array, SLEEF(log)(v))
OVER_ARRAY(tanh_array, SLEEF(tanh)(v))
OVER_ARRAY(sigmoid_array,
           v_div(v_set1(1),
                 v_add(v_set1(1), SLEEF(exp)(v_sub(v_zero(), v)))))

void ENTRY(srnn_kernels *k)
{
    k->exp = exp_array;
    k->log = log_array;
    k->tanh = tanh_array;
    k->sigmoid = sigmoid_array;
}

#else

#include <string.h>

void srnn_overlay_sleef(srnn_kernels *k)
{
#if defined(__x86_64__)
    if (!strcmp(k->name, "avx2"))
        srnn_overlay_sleef_avx2(k);
    if (!strcmp(k->name, "avx512"))
        srnn_overlay_sleef_avx512(k);
#elif defined(__aarch64__)
    if (!strcmp(k->name, "neon"))
        srnn_overlay_sleef_neon(k);
#endif
}

#endif
