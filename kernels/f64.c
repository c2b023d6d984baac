/* The one-lane double rung, for tests only. */
#include <simdrnn/kernels.h>

#include "vec_f64.h"

#include "bodies.h"

void srnn_rung_f64(srnn_kernels *k)
{
    lay_over(k, "f64");
}
