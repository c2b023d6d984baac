/* The NEON rung. */
#include <simdrnn/kernels.h>

#include "vec_neon.h"

#include "bodies.h"

void srnn_rung_neon(srnn_kernels *k)
{
    lay_over(k, "neon");
}
