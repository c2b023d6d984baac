/* What NULL chooses: the rung given as argument, or the one SRNN_ISA forces,
 * or the highest; a false name is an error. Then the rung must run. */
#include "rungs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 67 }; /* full vectors and a tail on every rung */

static int fail(const char *what)
{
    printf("FAILED: %s\n", what);
    return 1;
}

/* Every rung within 2 ulp of libm, 2^-22 relative to be safe for both. */
static int run(const srnn_kernels *k)
{
    float x[N], y[N];

    for (int i = 0; i < N; i++)
        x[i] = (float)(i - N / 2) / 8;
    k->tanh(N, x, y);
    for (int i = 0; i < N; i++)
        if (fabs(y[i] - tanh(x[i])) > 0x1p-22 * fabs(tanh(x[i])))
            return fail("tanh is not tanh");
    return 0;
}

int main(int argc, char **argv)
{
    const char *forced = getenv("SRNN_ISA");
    const char *expected = argc > 1 ? argv[1]
                           : forced ? forced
                                    : rung_highest();
    srnn_status status;
    srnn_kernels k, named;

    status = srnn_kernels_get(&k, NULL);
    printf("%s\n", srnn_kernels_why());
    if (forced && !rung_available(forced)) {
        printf("%s\n", srnn_error_message());
        if (status != SRNN_EISA || !strstr(srnn_error_message(), forced))
            return fail("a false SRNN_ISA was not refused by name");
        return 0;
    }
    if (status || strcmp(k.name, expected))
        return fail("another rung was expected");
    if (srnn_kernels_get(&named, expected) || memcmp(&k, &named, sizeof k))
        return fail("asked for by name, the rung is another");
    if (srnn_kernels_get(&named, "mmx") != SRNN_EISA)
        return fail("a false name was not refused");
    return run(&k);
}
