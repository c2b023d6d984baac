/* The vector vocabulary over AVX2 and FMA: eight f32 lanes.
 * vec_f64.h describes each operation. */
#ifndef SRNN_VEC_H
#define SRNN_VEC_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__AVX2__) || !defined(__FMA__) || defined(__AVX512F__)
#error "vec_avx2.h needs -mavx2 -mfma and no AVX-512"
#endif

#define VEC_LANES 8
#define VEC_ROWS_4 3 /* 3 x 4 accumulators, 3 broadcasts, 1 weight of 16 */
#define VEC_ROWS_3 4
#define VEC_ROWS_2 6
#define VEC_ROWS_1 8
#define VEC_DOT_ROWS 2 /* 2 x 2 x 2 accumulators, 2 + 1 operands of 16 */
#define VEC_DOT_COLUMNS 2

typedef __m256 vr;
typedef __m256i vi;
typedef __m256 vm;

static inline __m256i v_head_bits(size_t n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < 8 ? (int)n : 8), lane);
}
static inline vm v_head(size_t n)
{
    return _mm256_castsi256_ps(v_head_bits(n));
}

static inline vr v_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void v_store(float *p, vr a) { _mm256_storeu_ps(p, a); }
static inline vr v_load_n(const float *p, size_t n)
{
    return n >= 8 ? v_load(p) : _mm256_maskload_ps(p, v_head_bits(n));
}
static inline void v_store_n(float *p, vr a, size_t n)
{
    if (n >= 8)
        v_store(p, a);
    else
        _mm256_maskstore_ps(p, v_head_bits(n), a);
}
static inline vr v_once(vr a)
{
    __asm__("" : "+x"(a));
    return a;
}
static inline vr v_set1(float a) { return _mm256_set1_ps(a); }
static inline vr v_zero(void) { return _mm256_setzero_ps(); }

static inline vr v_add(vr a, vr b) { return _mm256_add_ps(a, b); }
static inline vr v_sub(vr a, vr b) { return _mm256_sub_ps(a, b); }
static inline vr v_mul(vr a, vr b) { return _mm256_mul_ps(a, b); }
static inline vr v_div(vr a, vr b) { return _mm256_div_ps(a, b); }
static inline vr v_sqrt(vr a) { return _mm256_sqrt_ps(a); }
static inline vr v_fma(vr a, vr b, vr c) { return _mm256_fmadd_ps(a, b, c); }
static inline vr v_fnma(vr a, vr b, vr c) { return _mm256_fnmadd_ps(a, b, c); }
static inline vr v_min(vr a, vr b) { return _mm256_min_ps(a, b); }
static inline vr v_max(vr a, vr b) { return _mm256_max_ps(a, b); }

static inline vm v_lt(vr a, vr b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
static inline vm v_nan(vr a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
static inline vr v_select(vm m, vr a, vr b)
{
    return _mm256_blendv_ps(b, a, m);
}

static inline vi v_bits(vr a) { return _mm256_castps_si256(a); }
static inline vr v_from_bits(vi a) { return _mm256_castsi256_ps(a); }
static inline vr v_from_int(vi a) { return _mm256_cvtepi32_ps(a); }
static inline vi vi_set1(int a) { return _mm256_set1_epi32(a); }
static inline vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
static inline vi vi_sub(vi a, vi b) { return _mm256_sub_epi32(a, b); }
static inline vi vi_and(vi a, vi b) { return _mm256_and_si256(a, b); }
static inline vi vi_or(vi a, vi b) { return _mm256_or_si256(a, b); }
static inline vi vi_xor(vi a, vi b) { return _mm256_xor_si256(a, b); }
#define vi_shl(a, n) _mm256_slli_epi32(a, n)
#define vi_sra(a, n) _mm256_srai_epi32(a, n)
static inline vm vi_lt(vi a, vi b)
{
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(b, a));
}

/* Two vectors of sums become one of half as long ones. The last two steps stay
 * within 128 bits: taking x[l], x[l + 4] together puts the sums in order. */
static inline vr v_trees(const vr *x)
{
    vr y[4];
    int i;

    for (i = 0; i < 4; i++)
        y[i] = _mm256_add_ps(_mm256_permute2f128_ps(x[i], x[i + 4], 0x20),
                             _mm256_permute2f128_ps(x[i], x[i + 4], 0x31));
    for (i = 0; i < 2; i++) {
        const vr a = y[2 * i], b = y[2 * i + 1];

        y[i] = _mm256_add_ps(_mm256_shuffle_ps(a, b, 0x44),
                             _mm256_shuffle_ps(a, b, 0xee));
    }
    return _mm256_add_ps(_mm256_shuffle_ps(y[0], y[1], 0x88),
                         _mm256_shuffle_ps(y[0], y[1], 0xdd));
}
static inline vi vi_lanes(void)
{
    return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
}
static inline vi vi_mul_even(vi a, vi b) { return _mm256_mul_epu32(a, b); }
static inline vi vi_odd(vi a) { return _mm256_srli_epi64(a, 32); }
static inline vi vi_pair(vi a, vi b)
{
    return _mm256_blend_epi32(a, _mm256_slli_epi64(b, 32), 0xaa);
}

static inline void v_prefetch(const void *p)
{
    _mm_prefetch((const char *)p, _MM_HINT_T0);
}

/* MXCSR bits 15 and 6: flush to zero, denormals are zero. */
static inline uint64_t v_mode(void) { return _mm_getcsr(); }
static inline void v_set_mode(uint64_t m) { _mm_setcsr((unsigned)m); }
#define VEC_FLUSH_BITS 0x8040u

#endif
