/* What the machine can do at most with AVX2. */
#include "vec_avx2.h"

#include "body_limits.h"

const srnn_limits *srnn_limits_avx2(void)
{
    static const srnn_limits limits = {"avx2", fma_loop, load_loop, 14};

    return &limits;
}
