/* The bench with a wrong tanh on every variant but the reference: linked in
 * front of variants.c by --wrap=variant_table. tests/bench_front.sh shows that
 * no front end gives a figure of it. */
#include "bench/variants.h"

#include <math.h>
#include <string.h>

srnn_status __real_variant_table(const char *name, srnn_kernels *table);
srnn_status __wrap_variant_table(const char *name, srnn_kernels *table);

/* One of the last elements is off by a thousandth. */
static void wrong_tanh(size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = tanhf(x[i]);
    y[n - 1] *= 1.001f;
}

srnn_status __wrap_variant_table(const char *name, srnn_kernels *table)
{
    const srnn_status status = __real_variant_table(name, table);

    if (!status && strcmp(name, "reference"))
        table->tanh = wrong_tanh;
    return status;
}
