/* Data for tests: reproducible reals with full mantissas, buffers between
 * guard pages, distances in units in the last place, hashes of bits. */
#ifndef SRNN_TESTS_NUMBERS_H
#define SRNN_TESTS_NUMBERS_H

#include <simdrnn/kernels.h>

#include <stddef.h>
#include <stdint.h>

/* ---- random data, all from one Philox stream --------------------------- */

void data_seed(uint64_t seed);
uint32_t data_word(void);
/* 0 .. n-1 */
size_t data_below(size_t n);
/* Uniform in [-1, 1) with all 24 bits of the mantissa random. */
float data_real(void);
void data_fill(float *x, size_t n, float scale);
/* Integers in [-most, most]. */
void data_integers(float *x, size_t n, int most);

/* ---- buffers between guard pages --------------------------------------- */

/* Begins a case: all buffers are free again. side 0: data begins where a
 * forbidden page ends; 1: data ends where one begins. The far side is watched
 * by canaries, which guard_check() looks at. With SRNN_TEST_GAP set, 32 bytes
 * of canaries come between an end and its page: qemu 7.2 lets a masked load of
 * AVX2 touch the lanes that are masked out, which a CPU does not. */
void guard_begin(int side);
void guard_check(void);
size_t guard_errors(void); /* canaries that are no more */
/* n reals of poison (a NaN of a special pattern). */
float *guard_reals(size_t n);
/* rows x ld reals, the first n of each row random, the others poison; the
 * last row ends after its n: no real lies behind it. */
float *guard_matrix(size_t rows, size_t n, size_t ld, float scale);
/* The same with only poison, for outputs. */
float *guard_blank(size_t rows, size_t n, size_t ld);
int32_t *guard_ints(size_t n);

#define POISON 0x7fa5a5a5u

/* No poison within the n of each row, and nothing but poison between n and
 * ld. Returns the number of violations. */
size_t poison_errors(const float *x, size_t rows, size_t n, size_t ld);

/* ---- bits --------------------------------------------------------------- */

uint32_t bits_of(float x);
float real_of(uint32_t bits);
/* Steps from one float to the other; -0 and +0 are one step apart. NaN to NaN
 * is 0, NaN to number is UINT32_MAX. */
uint32_t ulp_distance(float a, float b);
/* The same on a line without subnormals: 0 and 2^-126 are neighbours, and the
 * two zeros are one step apart. */
uint32_t normal_distance(float a, float b);
/* FNV-1a, 64 bits, over the bits of the rows; NaNs count as one NaN. */
uint64_t hash_begin(void);
uint64_t hash_reals(uint64_t h, const float *x, size_t rows, size_t n,
                    size_t ld);
/* How many of n reals differ in bits (two NaNs do not). */
size_t bits_differing(const float *a, const float *b, size_t n);

/* ---- the floating-point mode -------------------------------------------- */

/* Turns flush-to-zero (and, on x86, denormals-are-zero) on or off for the
 * calling thread. */
void flush_mode(int on);

/* The links of a batch without gaps: steps falling, rows rising. Valid until
 * the next call. */
const srnn_links *even_links(size_t steps, size_t batch);

#endif
