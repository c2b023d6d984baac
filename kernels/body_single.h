/* A whole step of a layer for one row: input part, recurrent part and cell
 * without a way through memory. The weights lie as one stream, panel by panel
 * of VEC_LANES units: a row of b_ih, rows of W, a row of b_hh, rows of R, a row
 * being a vector for each gate. */

/* Panels in flight: as many chains as hide the latency of an FMA. */
#define SINGLE_PANELS 4

static size_t single_size(size_t gates, size_t units, size_t in)
{
    return (units + VEC_LANES - 1) / VEC_LANES * VEC_LANES * gates *
           (in + units + 2);
}

/* One row of the stream: element (gate, unit) of a vector or a column. */
static srnn_real *single_row(size_t gates, size_t units, size_t u,
                             const srnn_real *w, size_t stride, srnn_real *to)
{
    size_t g, l;

    for (g = 0; g < gates; g++)
        for (l = 0; l < VEC_LANES; l++)
            *to++ = u + l < units ? w[(g * units + u + l) * stride] : 0;
    return to;
}

static void single_pack(size_t gates, size_t units, size_t in,
                        const srnn_real *w_ih, const srnn_real *w_hh,
                        const srnn_real *b_ih, const srnn_real *b_hh,
                        srnn_real *to)
{
    size_t u, k;

    for (u = 0; u < units; u += VEC_LANES) {
        to = single_row(gates, units, u, b_ih, 1, to);
        for (k = 0; k < in; k++)
            to = single_row(gates, units, u, w_ih + k, in, to);
        to = single_row(gates, units, u, b_hh, 1, to);
        for (k = 0; k < units; k++)
            to = single_row(gates, units, u, w_hh + k, units, to);
    }
}

/* Chains of P panels of G gates over k of a, which begin at the stream's
 * row. */
INLINE void single_chains(const size_t P, const size_t G, const srnn_real *w,
                          size_t panel, const srnn_real *a, size_t k,
                          vr (*acc)[COLUMNS])
{
    size_t i, g, j;

    UNROLL for (i = 0; i < P; i++)
        UNROLL for (g = 0; g < G; g++)
            acc[i][g] = v_load(w + i * panel + g * VEC_LANES);
    UNROLL_4 for (j = 0; j < k; j++) {
        const vr x = v_set1(a[j]);

        w += G * VEC_LANES;
        UNROLL for (i = 0; i < P; i++)
            UNROLL for (g = 0; g < G; g++)
                acc[i][g] = v_fma(v_load(w + i * panel + g * VEC_LANES), x,
                                  acc[i][g]);
    }
}

/* h of a panel from both parts of its pre-activations. */
typedef vr single_cell(const srnn_single *s, size_t u, const vr *x,
                       const vr *p);

INLINE void single_panels(const size_t P, const size_t G,
                          const srnn_single *s, size_t u, single_cell *cell)
{
    const size_t panel = G * VEC_LANES * (s->in + s->units + 2);
    const srnn_real *w = s->packed + u / VEC_LANES * panel;
    vr x[SINGLE_PANELS][COLUMNS], p[SINGLE_PANELS][COLUMNS];
    size_t i;

    single_chains(P, G, w, panel, s->x, s->in, x);
    single_chains(P, G, w + G * VEC_LANES * (s->in + 1), panel, s->h, s->units,
                  p);
    UNROLL for (i = 0; i < P; i++)
        v_store(s->y + u + i * VEC_LANES,
                cell(s, u + i * VEC_LANES, x[i], p[i]));
}

/* As many panels at a time as there still are from unit u on; returns where the
 * next begins. */
INLINE size_t single_walk(const size_t P, const size_t G,
                          const srnn_single *s, size_t u, single_cell *cell)
{
    for (; u < s->units && s->units - u > (P - 1) * VEC_LANES;
         u += P * VEC_LANES)
        single_panels(P, G, s, u, cell);
    return u;
}

/* Every panel reads h, so that it is written last. */
INLINE void single_end(const srnn_single *s)
{
    size_t u;

    for (u = 0; u < s->units; u += VEC_LANES)
        v_store(s->h + u, v_load(s->y + u));
}

INLINE vr single_tanh_cell(const srnn_single *s, size_t u, const vr *x,
                           const vr *p)
{
    (void)s, (void)u;
    return v_tanh(v_add(x[0], p[0]));
}

INLINE vr single_relu_cell(const srnn_single *s, size_t u, const vr *x,
                           const vr *p)
{
    (void)s, (void)u;
    return v_relu(v_add(x[0], p[0]));
}

INLINE vr single_lstm_cell(const srnn_single *s, size_t u, const vr *x,
                           const vr *p)
{
    const vr i = v_sigmoid(v_add(x[0], p[0]));
    const vr f = v_sigmoid(v_add(x[1], p[1]));
    const vr g = v_tanh(v_add(x[2], p[2]));
    const vr o = v_sigmoid(v_add(x[3], p[3]));
    const vr c = v_fma(f, v_load(s->c + u), v_mul(i, g));

    v_store(s->c + u, c);
    return v_mul(o, v_tanh(c));
}

INLINE vr single_gru_cell(const srnn_single *s, size_t u, const vr *x,
                          const vr *p)
{
    const vr r = v_sigmoid(v_add(x[0], p[0]));
    const vr z = v_sigmoid(v_add(x[1], p[1]));
    const vr c = v_tanh(v_fma(r, p[2], x[2]));

    return v_fma(z, v_sub(v_load(s->h + u), c), c);
}

INLINE void single_rnn(const srnn_single *s, single_cell *cell)
{
    const size_t u = single_walk(4, 1, s, 0, cell);

    single_walk(1, 1, s, single_walk(2, 1, s, u, cell), cell);
    single_end(s);
}

static void single_rnn_tanh(const srnn_single *s)
{
    single_rnn(s, single_tanh_cell);
}

static void single_rnn_relu(const srnn_single *s)
{
    single_rnn(s, single_relu_cell);
}

static void single_lstm(const srnn_single *s)
{
    single_walk(1, 4, s, single_walk(2, 4, s, 0, single_lstm_cell),
                single_lstm_cell);
    single_end(s);
}

static void single_gru(const srnn_single *s)
{
    single_walk(1, 3, s, single_walk(2, 3, s, 0, single_gru_cell),
                single_gru_cell);
    single_end(s);
}
