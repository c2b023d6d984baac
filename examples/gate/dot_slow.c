/* sum x[j] y[j] in one sum: each addition waits for the one before it. */
#include <stddef.h>

float dot(size_t n, const float *x, const float *y);

float dot(size_t n, const float *x, const float *y)
{
    float s = 0;

    for (size_t j = 0; j < n; j++)
        s += x[j] * y[j];
    return s;
}
