/* The vector vocabulary with one f64 lane, and what each operation means.
 *
 * It compiles the bodies that ship into the test-only library, so gradient
 * checks run the shipped sources in double precision. The activations come
 * from libm there (VEC_LIBM), so no integer operations are needed.
 *
 *   vr, vi, vm       a vector of reals; of integers; a lane mask
 *   VEC_ROWS_c       rows of the micro-kernel over a panel of c columns
 *   v_head(n)        mask of the first n lanes, all of them from VEC_LANES up
 *   v_once(a)        a, loaded once: no use of it reads memory again
 *   v_load_n         the first n lanes, the rest 0; touches no byte beyond
 *   v_store_n        writes the first n lanes; touches no byte beyond
 *   v_fma(a,b,c)     a * b + c, rounded once;   v_fnma: c - a * b
 *   v_min(a,b)       a < b ? a : b, so b where a NaN takes part or both are
 *                    zero;   v_max: b < a ? a : b, likewise
 *   v_lt             ordered compare: false where a NaN takes part
 *   v_select(m,a,b)  m ? a : b, lane by lane; bits pass through untouched
 *   v_bits ... vi_*  the same lanes as 32-bit integers, wrapping
 *   v_trees(x)       lane l: the sum of the lanes of x[l], l < VEC_LANES, taken
 *                    pairwise: i and i + VEC_LANES / 2, then a quarter, to 1
 *   VEC_DOT_ROWS, VEC_DOT_COLUMNS
 *                    pairs of rows whose chains stay in registers
 *   vi_lanes()       0, 1, 2, ...
 *   vi_mul_even      products of the even lanes, unsigned: the low half of each
 *                    in the even lane, the high half in the odd one after it
 *   vi_odd(a)        the odd lanes, each moved to the even one before it
 *   vi_pair(a,b)     even lanes: those of a; odd lanes: the even ones of b
 *   v_prefetch       a hint to bring the line into L1
 *   v_mode, v_set_mode, VEC_FLUSH_BITS
 *                    the thread's floating-point mode; the bits in it that
 *                    make subnormal numbers zero */
#ifndef SRNN_VEC_H
#define SRNN_VEC_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#define VEC_LANES 1
#define VEC_LIBM 1
#define VEC_ROWS_4 2
#define VEC_ROWS_3 2
#define VEC_ROWS_2 2
#define VEC_ROWS_1 2
#define VEC_DOT_ROWS 1
#define VEC_DOT_COLUMNS 1

typedef double vr;
typedef int vm;

static inline vm v_head(size_t n) { return n > 0; }
static inline vr v_load(const double *p) { return *p; }
static inline void v_store(double *p, vr a) { *p = a; }
static inline vr v_load_n(const double *p, size_t n) { return n ? *p : 0; }
static inline void v_store_n(double *p, vr a, size_t n)
{
    if (n)
        *p = a;
}
static inline vr v_once(vr a) { return a; }
static inline vr v_set1(double a) { return a; }
static inline vr v_zero(void) { return 0; }

static inline vr v_add(vr a, vr b) { return a + b; }
static inline vr v_sub(vr a, vr b) { return a - b; }
static inline vr v_mul(vr a, vr b) { return a * b; }
static inline vr v_div(vr a, vr b) { return a / b; }
static inline vr v_sqrt(vr a) { return sqrt(a); }
static inline vr v_fma(vr a, vr b, vr c) { return fma(a, b, c); }
static inline vr v_fnma(vr a, vr b, vr c) { return fma(-a, b, c); }

static inline vm v_lt(vr a, vr b) { return a < b; }
static inline vm v_nan(vr a) { return a != a; }
static inline vr v_select(vm m, vr a, vr b) { return m ? a : b; }
static inline vr v_min(vr a, vr b) { return a < b ? a : b; }
static inline vr v_max(vr a, vr b) { return b < a ? a : b; }

static inline vr v_trees(const vr *x) { return x[0]; }

static inline void v_prefetch(const void *p) { (void)p; }

static inline uint64_t v_mode(void) { return 0; }
static inline void v_set_mode(uint64_t m) { (void)m; }
#define VEC_FLUSH_BITS 0u

#endif
