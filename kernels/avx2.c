/* The AVX2 and FMA rung. */
#include <simdrnn/kernels.h>

#include "vec_avx2.h"

#include "bodies.h"

void srnn_rung_avx2(srnn_kernels *k)
{
    lay_over(k, "avx2");
}
