/* sum x[j] y[j]: a kernel of another project, gated. This file is all that the
 * gate asks for; dot.c and dot_slow.c are two states of the kernel. From the
 * root of simdrnn:
 *
 *   for k in dot dot_slow; do mkdir -p build/$k; for f in module $k; do
 *   cc -O2 -fPIC -falign-functions=64 -falign-loops=64 -Ibench/gate \
 *     -c examples/gate/$f.c -o build/$k/$f.o; done; done
 *   ./run compare --objects build/dot build/dot_slow
 *
 * says how much slower the second is, and exits with 1. */
#include "module.h"

#include <stdio.h>
#include <string.h>

#define ROW "dot/N4096"
enum { N = 4096 };

float dot(size_t n, const float *x, const float *y);

static float result;

static int setup(gate_row *row, void *const buffer[], char *why, size_t size)
{
    float *x = row->state = buffer[0]; /* y lies behind it */

    (void)why, (void)size;
    for (int j = 0; j < 2 * N; j++)
        x[j] = (float)(j % 7);
    return 0;
}

static void run(void *x)
{
    result = dot(N, x, (float *)x + N);
}

/* Exact in any order: small whole numbers. */
static int check(gate_row *row, char *why, size_t size)
{
    const float *x = row->state;
    float right = 0;

    run(row->state);
    for (int j = 0; j < N; j++)
        right += x[j] * x[j + N];
    snprintf(why, size, "dot says %g, not %g", (double)result, (double)right);
    return result == right ? 0 : -1;
}

static const char *name(size_t i)
{
    return i ? NULL : ROW;
}

static int open_row(const char *wanted, gate_row *row, char *why, size_t size)
{
    *row = (gate_row){.bytes = {2 * N * sizeof(float)}, .setup = setup,
                      .code = (const void *)(size_t)dot, .run = run,
                      .check = check};
    snprintf(why, size, "there is no row %s", wanted);
    return strcmp(wanted, ROW) ? -1 : 0;
}

const gate_module *gate_module_get(void)
{
    static const gate_module module = {GATE_VERSION, name, open_row};

    return &module;
}
