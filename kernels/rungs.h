/* What each rung's file gives to dispatch.c. */
#ifndef SRNN_RUNGS_H
#define SRNN_RUNGS_H

#include <simdrnn/kernels.h>

/* The scalar rung fills the whole table, the others lay their functions over
 * the rung below. */
void srnn_rung_scalar(srnn_kernels *k);
void srnn_rung_avx2(srnn_kernels *k);
void srnn_rung_avx512(srnn_kernels *k);
void srnn_rung_neon(srnn_kernels *k);
void srnn_rung_f64(srnn_kernels *k);

#endif
