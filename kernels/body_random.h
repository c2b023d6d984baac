/* Philox words turned into uniform and normal reals.
 *
 * The words are integers, made by portable code; what follows is exact scaling
 * (uniform) or our own log, sine and cosine (normal), so a stream has the same
 * bits on every vector rung. */

#define RANDOM_BLOCK 128 /* elements made at a time, a multiple of 4 */

/* Words [first, first + n) of the stream; first is a multiple of 4. */
static void words(const srnn_stream *s, size_t first, size_t n, uint32_t *to)
{
    for (size_t j = 0; j < n; j += 4) {
        uint32_t counter[4] = {(uint32_t)((first + j) / 4), s->id[0],
                               s->id[1], s->id[2]};

        srnn_philox(s->seed, counter, to + j);
    }
}

static const srnn_real two_to_minus_24 = (srnn_real)0x1p-24;

static void uniform(const srnn_stream *s, size_t n, srnn_real *y)
{
    uint32_t w[RANDOM_BLOCK];
    size_t i, j;

    for (j = 0; j < n; j += RANDOM_BLOCK) {
        const size_t count = min_size(n - j, RANDOM_BLOCK);

        words(s, j, count, w);
        for (i = 0; i < count; i++)
            y[j + i] = (srnn_real)(w[i] >> 8) * two_to_minus_24;
    }
}

#ifdef VEC_LIBM
INLINE void v_sincos_turn(vr v, vr *sine, vr *cosine)
{
    *sine = sin(6.283185307179586 * v);
    *cosine = cos(6.283185307179586 * v);
}
#else
/* Sine and cosine of 2 pi v, v in [0, 1): v is taken to the nearest quarter
 * (exactly), the rest, at most pi / 4, goes through the Taylor polynomials of
 * degree 9 and 10: their first omitted terms are below 2^-29. */
INLINE void v_sincos_turn(vr v, vr *sine, vr *cosine)
{
    const vr magic = v_set1(0x1.8p23f);
    vr t = v_fma(v, v_set1(4), magic);
    vi quarter = v_bits(t);
    vr y = v_mul(v_fnma(v_set1(0.25f), v_sub(t, magic), v),
                 v_set1(0x1.921fb6p+2f));
    vr y2 = v_mul(y, y);
    vr s = v_set1(0x1.71de3ap-19f), c = v_set1(-0x1.27e4fcp-22f);
    vi zero = vi_set1(0), one = vi_set1(1), two = vi_set1(2);
    vm odd = vi_lt(zero, vi_and(quarter, one));
    vi sine_sign, cosine_sign;

    s = v_fma(s, y2, v_set1(-0x1.a01a02p-13f));
    s = v_fma(s, y2, v_set1(0x1.111112p-7f));
    s = v_fma(s, y2, v_set1(-0x1.555556p-3f));
    s = v_fma(v_mul(s, y2), y, y);
    c = v_fma(c, y2, v_set1(0x1.a01a02p-16f));
    c = v_fma(c, y2, v_set1(-0x1.6c16c2p-10f));
    c = v_fma(c, y2, v_set1(0x1.555556p-5f));
    c = v_fma(c, y2, v_set1(-0.5f));
    c = v_fma(c, y2, v_set1(1));
    sine_sign = vi_shl(vi_and(quarter, two), 30);
    cosine_sign = vi_shl(vi_and(vi_add(quarter, one), two), 30);
    *sine = v_from_bits(vi_xor(v_bits(v_select(odd, c, s)), sine_sign));
    *cosine = v_from_bits(vi_xor(v_bits(v_select(odd, s, c)), cosine_sign));
}
#endif

/* count is even: pairs of words become pairs of normals. */
static void box_muller(size_t count, const uint32_t *w, srnn_real *y)
{
    srnn_real u[RANDOM_BLOCK / 2], v[RANDOM_BLOCK / 2];
    const size_t pairs = count / 2;
    size_t i;

    for (i = 0; i < pairs; i++) {
        u[i] = (srnn_real)((w[2 * i] >> 8) + 1) * two_to_minus_24;
        v[i] = (srnn_real)(w[2 * i + 1] >> 8) * two_to_minus_24;
    }
    for (i = 0; i < pairs; i += VEC_LANES) {
        vr radius = v_sqrt(v_mul(v_set1(-2), v_log(v_load_n(u + i,
                                                            pairs - i))));
        vr sine, cosine;

        v_sincos_turn(v_load_n(v + i, pairs - i), &sine, &cosine);
        v_store_n(u + i, v_mul(radius, cosine), pairs - i);
        v_store_n(v + i, v_mul(radius, sine), pairs - i);
    }
    for (i = 0; i < pairs; i++) {
        y[2 * i] = u[i];
        y[2 * i + 1] = v[i];
    }
}

static void normal(const srnn_stream *s, size_t n, srnn_real *y)
{
    srnn_real last[2];
    uint32_t w[RANDOM_BLOCK];

    for (size_t j = 0; j < n; j += RANDOM_BLOCK) {
        const size_t count = min_size(n - j, RANDOM_BLOCK);

        words(s, j, count, w);
        box_muller(count / 2 * 2, w, y + j);
        if (count % 2) {
            box_muller(2, w + count - 1, last);
            y[n - 1] = last[0];
        }
    }
}
