/* Philox words as uniform and normal reals and as masks, one by one, for
 * reference.c. */

static uint32_t word(const srnn_stream *s, size_t j)
{
    uint32_t counter[4] = {(uint32_t)(j / 4), s->id[0], s->id[1], s->id[2]};
    uint32_t out[4];

    srnn_philox(s->seed, counter, out);
    return out[j % 4];
}

static void uniform(const srnn_stream *s, size_t n, float *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = (float)(word(s, j) >> 8) * 0x1p-24f;
}

static void normal(const srnn_stream *s, size_t n, float *y)
{
    const float tau = 6.2831853f;

    for (size_t j = 0; j < n; j++) {
        float u = (float)((word(s, j & ~(size_t)1) >> 8) + 1) * 0x1p-24f;
        float v = (float)(word(s, j | 1) >> 8) * 0x1p-24f;

        y[j] = sqrtf(-2 * logf(u)) * (j % 2 ? sinf(tau * v) : cosf(tau * v));
    }
}

static void mask(const srnn_mask *m, uint64_t step, uint64_t sequence,
                 size_t n, float *y)
{
    for (size_t j = 0; j < n; j++) {
        uint32_t counter[4] = {(uint32_t)(j / 64 * 16 + j % 16),
                               (uint32_t)step, (uint32_t)sequence,
                               (uint32_t)(sequence >> 32)};
        uint32_t out[4];

        srnn_philox(m->key, counter, out);
        y[j] = out[j / 16 % 4] < m->threshold ? m->below : m->above;
    }
}
