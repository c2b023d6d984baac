/* What the machine can do at most with AVX-512. */
#include "vec_avx512.h"

#include "body_limits.h"

const srnn_limits *srnn_limits_avx512(void)
{
    static const srnn_limits limits = {"avx512", fma_loop, load_loop, 11};

    return &limits;
}
