/* sum x[j] y[j] in eight sums, n a multiple of 8: additions that do not wait
 * for one another. */
#include <stddef.h>

float dot(size_t n, const float *x, const float *y);

float dot(size_t n, const float *x, const float *y)
{
    float s[8] = {0};

    for (size_t j = 0; j < n; j += 8)
        for (size_t i = 0; i < 8; i++)
            s[i] += x[j + i] * y[j + i];
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}
