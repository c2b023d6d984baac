/* The vector vocabulary over AVX-512 (F, BW, DQ, VL): sixteen f32 lanes.
 * vec_f64.h describes each operation. */
#ifndef SRNN_VEC_H
#define SRNN_VEC_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || \
    !defined(__AVX512DQ__) || !defined(__AVX512VL__)
#error "vec_avx512.h needs -mavx512f -mavx512bw -mavx512dq -mavx512vl"
#endif

#define VEC_LANES 16
#define VEC_ROWS_4 6 /* 6 x 4 accumulators, 4 weights, 1 broadcast of 32 */
#define VEC_ROWS_3 8
#define VEC_ROWS_2 8
#define VEC_ROWS_1 8
#define VEC_DOT_ROWS 4 /* 4 x 4 accumulators, 4 + 1 operands of 32 */
#define VEC_DOT_COLUMNS 4

typedef __m512 vr;
typedef __m512i vi;
typedef __mmask16 vm;

static inline vm v_head(size_t n)
{
    return n >= 16 ? (vm)0xffff : (vm)((1u << n) - 1u);
}

static inline vr v_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void v_store(float *p, vr a) { _mm512_storeu_ps(p, a); }
static inline vr v_load_n(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps(v_head(n), p);
}
static inline void v_store_n(float *p, vr a, size_t n)
{
    _mm512_mask_storeu_ps(p, v_head(n), a);
}
static inline vr v_once(vr a)
{
    __asm__("" : "+v"(a));
    return a;
}
static inline vr v_set1(float a) { return _mm512_set1_ps(a); }
static inline vr v_zero(void) { return _mm512_setzero_ps(); }

static inline vr v_add(vr a, vr b) { return _mm512_add_ps(a, b); }
static inline vr v_sub(vr a, vr b) { return _mm512_sub_ps(a, b); }
static inline vr v_mul(vr a, vr b) { return _mm512_mul_ps(a, b); }
static inline vr v_div(vr a, vr b) { return _mm512_div_ps(a, b); }
static inline vr v_sqrt(vr a) { return _mm512_sqrt_ps(a); }
static inline vr v_fma(vr a, vr b, vr c) { return _mm512_fmadd_ps(a, b, c); }
static inline vr v_fnma(vr a, vr b, vr c) { return _mm512_fnmadd_ps(a, b, c); }
static inline vr v_min(vr a, vr b) { return _mm512_min_ps(a, b); }
static inline vr v_max(vr a, vr b) { return _mm512_max_ps(a, b); }

static inline vm v_lt(vr a, vr b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
static inline vm v_nan(vr a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
static inline vr v_select(vm m, vr a, vr b)
{
    return _mm512_mask_blend_ps(m, b, a);
}

static inline vi v_bits(vr a) { return _mm512_castps_si512(a); }
static inline vr v_from_bits(vi a) { return _mm512_castsi512_ps(a); }
static inline vr v_from_int(vi a) { return _mm512_cvtepi32_ps(a); }
static inline vi vi_set1(int a) { return _mm512_set1_epi32(a); }
static inline vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
static inline vi vi_sub(vi a, vi b) { return _mm512_sub_epi32(a, b); }
static inline vi vi_and(vi a, vi b) { return _mm512_and_si512(a, b); }
static inline vi vi_or(vi a, vi b) { return _mm512_or_si512(a, b); }
static inline vi vi_xor(vi a, vi b) { return _mm512_xor_si512(a, b); }
#define vi_shl(a, n) _mm512_slli_epi32(a, n)
#define vi_sra(a, n) _mm512_srai_epi32(a, n)
static inline vm vi_lt(vi a, vi b) { return _mm512_cmplt_epi32_mask(a, b); }

/* Two vectors of sums become one of half as long ones. The last two steps stay
 * within 128 bits and leave a 4 x 4 transpose, which taking x in the order of
 * that transpose undoes. */
static inline vr v_trees(const vr *x)
{
    vr y[16];
    int i;

    for (i = 0; i < 8; i++) {
        const vr a = x[i % 2 * 8 + i / 2], b = x[i % 2 * 8 + 4 + i / 2];

        y[i] = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44),
                             _mm512_shuffle_f32x4(a, b, 0xee));
    }
    for (i = 0; i < 4; i++) {
        const vr a = y[2 * i], b = y[2 * i + 1];

        y[i] = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88),
                             _mm512_shuffle_f32x4(a, b, 0xdd));
    }
    for (i = 0; i < 2; i++) {
        const vr a = y[2 * i], b = y[2 * i + 1];

        y[i] = _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x44),
                             _mm512_shuffle_ps(a, b, 0xee));
    }
    return _mm512_add_ps(_mm512_shuffle_ps(y[0], y[1], 0x88),
                         _mm512_shuffle_ps(y[0], y[1], 0xdd));
}
static inline vi vi_lanes(void)
{
    return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
                             15);
}
static inline vi vi_mul_even(vi a, vi b) { return _mm512_mul_epu32(a, b); }
static inline vi vi_odd(vi a) { return _mm512_srli_epi64(a, 32); }
static inline vi vi_pair(vi a, vi b)
{
    return _mm512_mask_blend_epi32(0xaaaa, a, _mm512_slli_epi64(b, 32));
}

static inline void v_prefetch(const void *p) { _mm_prefetch(p, _MM_HINT_T0); }

/* MXCSR bits 15 and 6: flush to zero, denormals are zero. */
static inline uint64_t v_mode(void) { return _mm_getcsr(); }
static inline void v_set_mode(uint64_t m) { _mm_setcsr((unsigned)m); }
#define VEC_FLUSH_BITS 0x8040u

#endif
