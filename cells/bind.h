/* What run.c needs of a bound call. */
#ifndef SRNN_BIND_H
#define SRNN_BIND_H

#include "node.h"

/* An error that names the array unless it fits its node. */
srnn_status srnn_array_check(const srnn_session *s, const srnn_array *x,
                             const char *what);
/* Its strides, the defaults filled in. */
size_t srnn_row_stride(const node *n, const srnn_array *x);
size_t srnn_step_stride(const srnn_session *s, const node *n,
                        const srnn_array *x);
/* An error that names what cannot be cut if a bound call of so many steps would
 * be. */
srnn_status srnn_session_cut(const srnn_session *s, size_t steps);

#endif
