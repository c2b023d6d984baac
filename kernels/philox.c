/* Philox4x32-10: a keyed bijection of a 128-bit counter (Salmon, Moraes, Dror,
 * Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011). */
#include <simdrnn/kernels.h>

void srnn_philox(uint64_t seed, const uint32_t counter[4], uint32_t out[4])
{
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    uint32_t c0 = counter[0], c1 = counter[1];
    uint32_t c2 = counter[2], c3 = counter[3];
    int round;

    for (round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * c0;
        uint64_t b = (uint64_t)0xCD9E8D57u * c2;

        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)b;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint64_t srnn_mask_key(uint64_t seed, uint64_t update, uint32_t node,
                       uint32_t purpose)
{
    const uint32_t counter[4] = {(uint32_t)update, (uint32_t)(update >> 32),
                                 node, purpose};
    uint32_t out[4];

    srnn_philox(seed, counter, out);
    return out[0] | (uint64_t)out[1] << 32;
}

static uint32_t threshold(double p)
{
    const double t = p * 0x1p32 + 0.5;

    return t < 0x1p32 ? (uint32_t)t : UINT32_MAX;
}

srnn_mask srnn_mask_dropout(uint64_t key, double p)
{
    return (srnn_mask){key, threshold(p), 0, (srnn_real)(1 / (1 - p))};
}

srnn_mask srnn_mask_zoneout(uint64_t key, double p)
{
    return (srnn_mask){key, threshold(p), 1, 0};
}
