/* Who can run a problem: tables of kernels by name. */
#ifndef BENCH_VARIANTS_H
#define BENCH_VARIANTS_H

#include <simdrnn/kernels.h>

/* "reference" (plain C, no vectors), "autovec" (the same, by the compiler's
 * own vectorisation), a rung of the ladder, "sleef" or "libxsmm" (a provider
 * over the highest rung). 0, or a status with its message. */
srnn_status variant_table(const char *name, srnn_kernels *table);

/* The i-th variant that this machine and build have, slowest first; NULL past
 * the end. */
const char *variant_at(size_t i);

/* It is a baseline of the ratios; it is a provider's. */
int variant_is_baseline(const char *name);
int variant_is_overlay(const char *name);

/* The rung whose limits bound a variant: its own, else the highest. */
const char *variant_rung(const char *name);

#endif
