/* The scalars of an Adam update, in double and rounded once. */
#include <simdrnn/kernels.h>

#include <math.h>

/* x^n by repeated squaring: the same bits wherever doubles are IEEE. */
static double power(double x, uint64_t n)
{
    double y = 1;

    for (; n; n >>= 1, x *= x)
        if (n & 1)
            y *= x;
    return y;
}

srnn_adam srnn_adam_at(double lr, double beta1, double beta2, double eps,
                       double decay, uint64_t step)
{
    return (srnn_adam){
        .shrink = (srnn_real)(1 - lr * decay),
        .beta2 = (srnn_real)beta2,
        .one_minus_beta1 = (srnn_real)(1 - beta1),
        .one_minus_beta2 = (srnn_real)(1 - beta2),
        .rate = (srnn_real)(lr / (1 - power(beta1, step))),
        .root = (srnn_real)sqrt(1 - power(beta2, step)),
        .eps = (srnn_real)eps,
    };
}
