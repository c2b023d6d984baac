/* sum x[j] y[j]: a kernel of another project, gated. This file is all that one
 * writes for the gate; dot.c and dot_slow.c are two states of the kernel. From
 * the root of simdrnn:
 *
 *   for k in dot dot_slow; do
 *     mkdir -p build/$k
 *     for f in bench/gate/rows examples/gate/module examples/gate/$k; do
 *       cc -O2 -fPIC -falign-functions=64 -falign-loops=64 -Ibench/gate \
 *         -c $f.c -o build/$k/${f##*\/}.o
 *     done
 *   done
 *   ./run compare --objects build/dot build/dot_slow
 *
 * says how much slower the second is, and exits with 1. */
#include "rows.h"

#include <stdio.h>

enum { N = 4096 };
float dot(size_t n, const float *x, const float *y);
static float result;

static int setup(gate_row *row, void *const buffer[], char *why, size_t size)
{
    float *x = row->state = buffer[0]; /* y lies behind it */

    for (int j = 0; j < 2 * N; j++)
        x[j] = (float)(j % 7);
    (void)why, (void)size;
    return 0;
}

static void run(void *x)
{
    result = dot(N, x, (float *)x + N);
}

static int check(gate_row *row, char *why, size_t size)
{
    const float *x = row->state;
    float right = 0; /* exact in any order: small whole numbers */

    run(row->state);
    for (int j = 0; j < N; j++)
        right += x[j] * x[j + N];
    snprintf(why, size, "dot says %g, not %g", (double)result, (double)right);
    return result == right ? 0 : -1;
}

const gate_named gate_rows[] = {{"dot/N4096", {
    .bytes = {2 * N * sizeof(float)}, .setup = setup, .run = run,
    .check = check, .code = (const void *)(size_t)dot}}, {0}};
