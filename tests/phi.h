/* Activations for tests: each kind, with parameters, and a caller's own. */
#ifndef SRNN_TESTS_PHI_H
#define SRNN_TESTS_PHI_H

#include <simdrnn/kernels.h>

typedef struct phi {
    const char *name;
    srnn_activation act;
} phi;

/* The last one is OWN: phi_own(). */
enum { PHIS = 16 };
extern const phi phis[PHIS];

/* y = x / (1 + x^2), slope (1 - x^2) / (1 + x^2)^2; data must be &phi_data. */
void phi_own(void *data, size_t n, const srnn_real *x, srnn_real *y,
             srnn_real *slope);
extern int phi_data;

#endif
