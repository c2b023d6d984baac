/* What the machine can do at most with NEON. */
#include "vec_neon.h"

#include "body_limits.h"

const srnn_limits *srnn_limits_neon(void)
{
    static const srnn_limits limits = {"neon", fma_loop, load_loop, 28};

    return &limits;
}
