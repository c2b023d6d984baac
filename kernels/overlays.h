/* Providers that lay their functions over a table. They are asked for by name,
 * belong to the bench and the tests, and stand outside the bit promises. */
#ifndef SRNN_OVERLAYS_H
#define SRNN_OVERLAYS_H

#include <simdrnn/kernels.h>

/* SLEEF over exp, log, sigmoid and tanh of an avx2, avx512 or neon table: its
 * 1.0 ULP forms. Other tables stay as they are. */
void srnn_overlay_sleef(srnn_kernels *k);

/* libxsmm over packing, product, step and gemm_tn of an x86-64 table. Weights
 * packed before must be packed again. */
void srnn_overlay_xsmm(srnn_kernels *k);

#endif
