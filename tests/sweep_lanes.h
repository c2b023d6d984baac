/* sweep_block() over vectors of LANES doubles; the includer defines LANES,
 * SWEEP (the name) and EXP, LOG, TANH,
 * EXPM1, LOG1P (SLEEF's). */
#include "sweep.h"

#include <sleef.h>
#include <string.h>

typedef double wide __attribute__((vector_size(8 * LANES)));
typedef float narrow __attribute__((vector_size(4 * LANES)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));

typedef int64_t places __attribute__((vector_size(8 * LANES)));

static wide choose(places first, wide a, wide b)
{
    return (wide)((first & (places)a) | (~first & (places)b));
}

static wide oracle_of(int f, wide x)
{
    switch (f) {
    case SWEEP_EXP:
        return EXP(x);
    case SWEEP_LOG:
        return LOG(x);
    case SWEEP_SIGMOID:
        return 1 / (1 + EXP(-x));
    case SWEEP_ELU:
        return choose(x < 0, EXPM1(x), x);
    case SWEEP_SOFTPLUS: /* each form where it is accurate */
        return choose(x > 0, x + LOG1P(EXP(-x)), LOG1P(EXP(x)));
    default:
        return TANH(x);
    }
}

/* Where a number lies on the line without subnormals; a NaN at its end. */
static integers place(narrow v)
{
    integers b, magnitude, negative, nan;

    memcpy(&b, &v, sizeof b);
    magnitude = b & 0x7fffffff;
    nan = magnitude > 0x7f800000;
    negative = b < 0;
    magnitude -= 0x007fffff;
    magnitude &= magnitude > 0;
    magnitude = (magnitude & ~negative) | ((-magnitude - 1) & negative);
    return (magnitude & ~nan) | (0x7fffffff & nan);
}

/* Far apart, the difference wraps: as unsigned it is right all the same. */
uint32_t SWEEP(int f, size_t n, const float *x, const float *y)
{
    typedef uint32_t counts __attribute__((vector_size(4 * LANES)));
    counts most = {0};
    uint32_t largest = 0;

    for (size_t i = 0; i < n; i += LANES) {
        narrow a, b;
        integers p, q, above;
        counts d;

        memcpy(&a, x + i, sizeof a);
        memcpy(&b, y + i, sizeof b);
        a = __builtin_convertvector(
            oracle_of(f, __builtin_convertvector(a, wide)), narrow);
        p = place(a);
        q = place(b);
        above = p > q;
        d = ((counts)p - (counts)q) & (counts)above;
        d |= ((counts)q - (counts)p) & ~(counts)above;
        most = (d & (counts)(d > most)) | (most & ~(counts)(d > most));
    }
    for (size_t l = 0; l < LANES; l++)
        largest = most[l] > largest ? most[l] : largest;
    return largest;
}
