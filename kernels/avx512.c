/* The AVX-512 rung. */
#include <simdrnn/kernels.h>

#include "vec_avx512.h"

#include "bodies.h"

void srnn_rung_avx512(srnn_kernels *k)
{
    lay_over(k, "avx512");
}
