/* Philox words turned into uniform and normal reals, and into masks.
 *
 * The words are integers; what follows is exact scaling (uniform), our own log,
 * sine and cosine (normal) or a choice of two values (masks), so a stream has
 * the same bits on every vector rung. */

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

/* ---- masks -------------------------------------------------------------- */

#define MASK_BLOCKS 16 /* Philox blocks that 64 elements take */

#ifdef VEC_LIBM
static void mask(const srnn_mask *m, uint64_t step, uint64_t sequence,
                 size_t n, srnn_real *y)
{
    uint32_t w[4];
    size_t j, l, i;

    for (j = 0; j < n; j += 4 * MASK_BLOCKS)
        for (l = 0; l < MASK_BLOCKS; l++) {
            uint32_t counter[4] = {(uint32_t)(j / 4 + l), (uint32_t)step,
                                   (uint32_t)sequence,
                                   (uint32_t)(sequence >> 32)};

            srnn_philox(m->key, counter, w);
            for (i = 0; i < 4 && j + i * MASK_BLOCKS + l < n; i++)
                y[j + i * MASK_BLOCKS + l] =
                    w[i] < m->threshold ? m->below : m->above;
        }
}
#else
/* Each lane's counter c[0..3] becomes its block: srnn_philox over lanes. Words
 * lie in even lanes, those of the odd lanes in a second set; what a product
 * leaves in the odd lanes is never read. */
INLINE void philox_lanes(uint64_t key, vi c[4])
{
    const vi m0 = vi_set1((int)0xD2511F53u), m1 = vi_set1((int)0xCD9E8D57u);
    const vi w0 = vi_set1((int)0x9E3779B9u), w1 = vi_set1((int)0xBB67AE85u);
    vi k0 = vi_set1((int)(uint32_t)key);
    vi k1 = vi_set1((int)(uint32_t)(key >> 32));
    vi x[2][4];
    int i, half, round;

    UNROLL
    for (i = 0; i < 4; i++) {
        x[0][i] = c[i];
        x[1][i] = vi_odd(c[i]);
    }
    UNROLL
    for (round = 0; round < 10; round++) {
        UNROLL
        for (half = 0; half < 2; half++) {
            const vi a = vi_mul_even(x[half][0], m0);
            const vi b = vi_mul_even(x[half][2], m1);

            x[half][0] = vi_xor(vi_xor(vi_odd(b), x[half][1]), k0);
            x[half][2] = vi_xor(vi_xor(vi_odd(a), x[half][3]), k1);
            x[half][1] = b;
            x[half][3] = a;
        }
        k0 = vi_add(k0, w0);
        k1 = vi_add(k1, w1);
    }
    UNROLL
    for (i = 0; i < 4; i++)
        c[i] = vi_pair(x[0][i], x[1][i]);
}

static void mask(const srnn_mask *m, uint64_t step, uint64_t sequence,
                 size_t n, srnn_real *y)
{
    /* Signed compares order unsigned words once the top bit is turned. */
    const vi top = vi_set1(INT32_MIN);
    const vi threshold = vi_xor(vi_set1((int)m->threshold), top);
    const vr below = v_set1(m->below), above = v_set1(m->above);
    size_t j, l, i, at;

    for (j = 0; j < n; j += 4 * MASK_BLOCKS)
        for (l = 0; l < MASK_BLOCKS && j + l < n; l += VEC_LANES) {
            vi c[4] = {vi_add(vi_set1((int)(j / 4 + l)), vi_lanes()),
                       vi_set1((int)(uint32_t)step),
                       vi_set1((int)(uint32_t)sequence),
                       vi_set1((int)(uint32_t)(sequence >> 32))};

            philox_lanes(m->key, c);
            for (i = 0; i < 4; i++) {
                at = j + i * MASK_BLOCKS + l;
                if (at < n)
                    v_store_n(y + at,
                              v_select(vi_lt(vi_xor(c[i], top), threshold),
                                       below, above),
                              n - at);
            }
        }
}
#endif
