/* Questions to the ladder of rungs. */
#ifndef SRNN_TESTS_RUNGS_H
#define SRNN_TESTS_RUNGS_H

#include <simdrnn/kernels.h>

/* The name of the highest rung of this CPU. */
const char *rung_highest(void);
int rung_is_highest(const srnn_kernels *k);
/* Whether this CPU has a rung of that name. */
int rung_available(const char *name);
/* Vector rungs share their bits; the scalar one has its own. */
int rung_is_vector(const srnn_kernels *k);

#endif
