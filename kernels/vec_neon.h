/* The vector vocabulary over Advanced SIMD (armv8-a): four f32 lanes.
 * vec_f64.h describes each operation. */
#ifndef SRNN_VEC_H
#define SRNN_VEC_H

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__aarch64__)
#error "vec_neon.h needs AArch64"
#endif

#define VEC_LANES 4
#define VEC_ROWS_4 6 /* 6 x 4 accumulators, 4 weights, 1 broadcast of 32 */
#define VEC_ROWS_3 8
#define VEC_ROWS_2 8
#define VEC_ROWS_1 8
#define VEC_DOT_ROWS 2 /* 2 x 2 x 4 accumulators, 2 + 1 operands of 32 */
#define VEC_DOT_COLUMNS 2

typedef float32x4_t vr;
typedef int32x4_t vi;
typedef uint32x4_t vm;

static inline vm v_head(size_t n)
{
    static const uint32_t lane[4] = {0, 1, 2, 3};
    return vcltq_u32(vld1q_u32(lane), vdupq_n_u32(n < 4 ? (uint32_t)n : 4));
}

static inline vr v_load(const float *p) { return vld1q_f32(p); }
static inline void v_store(float *p, vr a) { vst1q_f32(p, a); }
static inline vr v_load_n(const float *p, size_t n)
{
    vr a = vdupq_n_f32(0);

    if (n >= 4)
        return v_load(p);
    if (n > 0)
        a = vld1q_lane_f32(p, a, 0);
    if (n > 1)
        a = vld1q_lane_f32(p + 1, a, 1);
    if (n > 2)
        a = vld1q_lane_f32(p + 2, a, 2);
    return a;
}
static inline void v_store_n(float *p, vr a, size_t n)
{
    if (n >= 4) {
        v_store(p, a);
        return;
    }
    if (n > 0)
        vst1q_lane_f32(p, a, 0);
    if (n > 1)
        vst1q_lane_f32(p + 1, a, 1);
    if (n > 2)
        vst1q_lane_f32(p + 2, a, 2);
}
static inline vr v_once(vr a) { return a; } /* no FMA reads memory */
static inline vr v_set1(float a) { return vdupq_n_f32(a); }
static inline vr v_zero(void) { return vdupq_n_f32(0); }

static inline vr v_add(vr a, vr b) { return vaddq_f32(a, b); }
static inline vr v_sub(vr a, vr b) { return vsubq_f32(a, b); }
static inline vr v_mul(vr a, vr b) { return vmulq_f32(a, b); }
static inline vr v_div(vr a, vr b) { return vdivq_f32(a, b); }
static inline vr v_sqrt(vr a) { return vsqrtq_f32(a); }
static inline vr v_fma(vr a, vr b, vr c) { return vfmaq_f32(c, a, b); }
static inline vr v_fnma(vr a, vr b, vr c) { return vfmsq_f32(c, a, b); }

static inline vm v_lt(vr a, vr b) { return vcltq_f32(a, b); }
static inline vm v_nan(vr a) { return vmvnq_u32(vceqq_f32(a, a)); }
static inline vr v_select(vm m, vr a, vr b) { return vbslq_f32(m, a, b); }
static inline vr v_min(vr a, vr b) { return v_select(v_lt(a, b), a, b); }
static inline vr v_max(vr a, vr b) { return v_select(v_lt(b, a), a, b); }

static inline vi v_bits(vr a) { return vreinterpretq_s32_f32(a); }
static inline vr v_from_bits(vi a) { return vreinterpretq_f32_s32(a); }
static inline vr v_from_int(vi a) { return vcvtq_f32_s32(a); }
static inline vi vi_set1(int a) { return vdupq_n_s32(a); }
static inline vi vi_add(vi a, vi b) { return vaddq_s32(a, b); }
static inline vi vi_sub(vi a, vi b) { return vsubq_s32(a, b); }
static inline vi vi_and(vi a, vi b) { return vandq_s32(a, b); }
static inline vi vi_or(vi a, vi b) { return vorrq_s32(a, b); }
static inline vi vi_xor(vi a, vi b) { return veorq_s32(a, b); }
#define vi_shl(a, n) vshlq_n_s32(a, n)
#define vi_sra(a, n) vshrq_n_s32(a, n)
static inline vm vi_lt(vi a, vi b) { return vcltq_s32(a, b); }

static inline vr v_halves(vr a, vr b)
{
    return vaddq_f32(vcombine_f32(vget_low_f32(a), vget_low_f32(b)),
                     vcombine_f32(vget_high_f32(a), vget_high_f32(b)));
}
static inline vr v_trees(const vr *x)
{
    return vpaddq_f32(v_halves(x[0], x[1]), v_halves(x[2], x[3]));
}
static inline vi vi_lanes(void)
{
    static const int32_t lane[4] = {0, 1, 2, 3};
    return vld1q_s32(lane);
}
static inline vi vi_mul_even(vi a, vi b)
{
    return vreinterpretq_s32_u64(
        vmull_u32(vmovn_u64(vreinterpretq_u64_s32(a)),
                  vmovn_u64(vreinterpretq_u64_s32(b))));
}
static inline vi vi_odd(vi a)
{
    return vreinterpretq_s32_u64(vshrq_n_u64(vreinterpretq_u64_s32(a), 32));
}
static inline vi vi_pair(vi a, vi b) { return vtrn1q_s32(a, b); }

static inline void v_prefetch(const void *p) { __builtin_prefetch(p); }

/* FPCR bit 24, FZ: flush to zero, inputs too. */
static inline uint64_t v_mode(void)
{
    uint64_t m;

    __asm__ volatile("mrs %0, fpcr" : "=r"(m));
    return m;
}
static inline void v_set_mode(uint64_t m)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(m));
}
#define VEC_FLUSH_BITS (1u << 24)

#endif
