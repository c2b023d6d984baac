/* Attention of one sequence: e_is = q_i . k_s or v . tanh(q_i + k_s), and
 * y_i = sum_s c_is x_s, each over rows picked by number.
 *
 * A score is a sum within a row, so its chains lie in lanes: as many pairs of a
 * query and a key run at once as there are lanes, and one transposing step
 * takes the trees of all of them. In a mix of rows a lane is a column: there
 * the rows of the result share what is loaded of x. */

#define DOT_MOST 16 /* pairs in registers */

/* Adds the vectors of 16 chains up to one: i and i + 8, ... while they are
 * more than a vector. */
INLINE vr chains_fold(vr *sum)
{
    size_t i, half;

    UNROLL for (half = CHAIN_VECTORS / 2; half > 0; half /= 2)
        UNROLL for (i = 0; i < half; i++)
            sum[i] = v_add(sum[i], sum[i + half]);
    return sum[0];
}

/* The pointers of `count` rows from `first` on; behind the last row it stands
 * again, and what it gives is not kept. */
INLINE void rows_picked(const srnn_picked *p, size_t first, size_t count,
                        const srnn_real **row)
{
    size_t i;

    for (i = 0; i < count; i++)
        row[i] = p->x + p->row[min_size(first + i, p->count - 1)] * p->ld;
}

/* sum[i * B + c]: the folded chains of a[i] . b[c], i < A, c < B. */
INLINE void dot_tile(const size_t A, const size_t B, size_t n,
                     const srnn_real *const *a, const srnn_real *const *b,
                     vr *sum)
{
    vr acc[DOT_MOST][CHAIN_VECTORS];
    size_t i, c, v, j;

    UNROLL for (i = 0; i < A * B; i++)
        UNROLL for (v = 0; v < CHAIN_VECTORS; v++)
            acc[i][v] = v_zero();
    for (j = 0; j + CHAINS <= n; j += CHAINS)
        UNROLL for (v = 0; v < CHAIN_VECTORS; v++) {
            vr x[DOT_MOST];

            UNROLL for (i = 0; i < A; i++)
                x[i] = v_load(a[i] + j + v * VEC_LANES);
            UNROLL for (c = 0; c < B; c++) {
                const vr y = v_load(b[c] + j + v * VEC_LANES);

                UNROLL for (i = 0; i < A; i++)
                    acc[i * B + c][v] = v_fma(x[i], y, acc[i * B + c][v]);
            }
        }
    UNROLL for (v = 0; v < CHAIN_VECTORS; v++) {
        const size_t at = j + v * VEC_LANES;

        if (at < n)
            UNROLL for (i = 0; i < A * B; i++)
                acc[i][v] = v_select(
                    v_head(n - at),
                    v_fma(v_load_n(a[i / B] + at, n - at),
                          v_load_n(b[i % B] + at, n - at), acc[i][v]),
                    acc[i][v]);
    }
    UNROLL for (i = 0; i < A * B; i++)
        sum[i] = chains_fold(acc[i]);
}

#define DOT_PAIRS (VEC_DOT_ROWS * VEC_DOT_COLUMNS)
/* Keys against one query: more rows at a time, a multiple of 4 KiB apart as the
 * steps of a batch often are, would push each other out of an L1 cache. */
#define DOT_LINE (DOT_PAIRS > 8 ? 8 : DOT_PAIRS)

/* Functions of their own, as those of the micro-kernel and for its reason. */
static NOINLINE void dot_square(size_t n, const srnn_real *const *a,
                                const srnn_real *const *b, vr *sum)
{
    dot_tile(VEC_DOT_ROWS, VEC_DOT_COLUMNS, n, a, b, sum);
}

static NOINLINE void dot_line(size_t n, const srnn_real *const *a,
                              const srnn_real *const *b, vr *sum)
{
    dot_tile(1, DOT_LINE, n, a, b, sum);
}

/* As many pairs as lanes: A rows of q from i0 on, the rest rows of k from s0
 * on, in tiles of DOT_PAIRS or DOT_LINE. */
INLINE void dot_block(const size_t A, size_t n, const srnn_picked *q,
                      size_t i0, const srnn_picked *k, size_t s0,
                      srnn_real scale, srnn_real *e, size_t lde)
{
    const size_t B = VEC_LANES / A;
    const size_t tile = A == 1 ? DOT_LINE : VEC_DOT_COLUMNS;
    const srnn_real *a[VEC_LANES], *b[VEC_LANES];
    srnn_real out[VEC_LANES];
    vr sum[VEC_LANES], part[VEC_LANES];
    size_t i, c, c0;

    rows_picked(q, i0, A, a);
    rows_picked(k, s0, B, b);
    for (c0 = 0; c0 < B; c0 += tile) {
        (A == 1 ? dot_line : dot_square)(n, a, b + c0, part);
        UNROLL for (i = 0; i < A; i++)
            UNROLL for (c = 0; c < tile; c++)
                sum[i * B + c0 + c] = part[i * tile + c];
    }
    v_store(out, v_mul(v_set1(scale), v_trees(sum)));
    for (i = 0; i < A; i++)
        for (c = 0; c < B && s0 + c < k->count; c++)
            e[q->row[i0 + i] * lde + s0 + c] = out[i * B + c];
}

static void pair_dot(size_t n, const srnn_picked *q, const srnn_picked *k,
                     srnn_real scale, srnn_real *e, size_t lde)
{
    size_t i, s;

    for (i = 0; i + VEC_DOT_ROWS <= q->count; i += VEC_DOT_ROWS)
        for (s = 0; s < k->count; s += VEC_LANES / VEC_DOT_ROWS)
            dot_block(VEC_DOT_ROWS, n, q, i, k, s, scale, e, lde);
    for (; i < q->count; i++)
        for (s = 0; s < k->count; s += VEC_LANES)
            dot_block(1, n, q, i, k, s, scale, e, lde);
}

static srnn_real row_dot(size_t n, const srnn_real *a, const srnn_real *b)
{
    srnn_real out[VEC_LANES];
    vr sum[VEC_LANES];
    size_t i;

    for (i = 1; i < VEC_LANES; i++)
        sum[i] = v_zero();
    dot_tile(1, 1, n, &a, &b, sum);
    v_store(out, v_trees(sum));
    return out[0];
}

/* The folded chains of v . tanh(a + b). */
INLINE vr tanh_chains(size_t n, const srnn_real *a, const srnn_real *b,
                      const srnn_real *w)
{
    vr acc[CHAIN_VECTORS];
    size_t v, j;

    UNROLL for (v = 0; v < CHAIN_VECTORS; v++)
        acc[v] = v_zero();
    for (j = 0; j + CHAINS <= n; j += CHAINS)
        UNROLL for (v = 0; v < CHAIN_VECTORS; v++) {
            const size_t at = j + v * VEC_LANES;

            acc[v] = v_fma(v_load(w + at),
                           v_tanh(v_add(v_load(a + at), v_load(b + at))),
                           acc[v]);
        }
    UNROLL for (v = 0; v < CHAIN_VECTORS; v++) {
        const size_t at = j + v * VEC_LANES;

        if (at < n)
            acc[v] = v_select(
                v_head(n - at),
                v_fma(v_load_n(w + at, n - at),
                      v_tanh(v_add(v_load_n(a + at, n - at),
                                   v_load_n(b + at, n - at))),
                      acc[v]),
                acc[v]);
    }
    return chains_fold(acc);
}

static void pair_tanh(size_t n, const srnn_picked *q, const srnn_picked *k,
                      const srnn_real *v, srnn_real scale, srnn_real *e,
                      size_t lde)
{
    const srnn_real *b[VEC_LANES];
    vr sum[VEC_LANES];
    size_t i, s, c;

    for (i = 0; i < q->count; i++)
        for (s = 0; s < k->count; s += VEC_LANES) {
            const size_t left = min_size(k->count - s, VEC_LANES);

            rows_picked(k, s, left, b);
            for (c = 0; c < VEC_LANES; c++)
                sum[c] = c < left
                             ? tanh_chains(n, q->x + q->row[i] * q->ld, b[c],
                                           v)
                             : v_zero();
            v_store_n(e + q->row[i] * lde + s,
                      v_mul(v_set1(scale), v_trees(sum)), left);
        }
}

static void softmax_bwd(size_t rows, size_t n, const srnn_real *y, size_t ldy,
                        const srnn_real *dy, size_t lddy, srnn_real scale,
                        srnn_real *dx, size_t lddx)
{
    const vr by = v_set1(scale);
    size_t r, j;

    for (r = 0; r < rows; r++, y += ldy, dy += lddy, dx += lddx) {
        const vr sum = v_set1(row_dot(n, y, dy));

        for (j = 0; j < n; j += VEC_LANES) {
            const vr d = v_sub(v_load_n(dy + j, n - j), sum);

            v_store_n(dx + j, v_mul(by, v_mul(v_load_n(y + j, n - j), d)),
                      n - j);
        }
    }
}

/* ---- rows mixed with coefficients ---------------------------------------- */

/* What one call computes; `back`: coefficients of a column, not of a row. */
typedef struct mixture {
    size_t n;
    const srnn_real *c;
    size_t ldc;
    const srnn_picked *x;
    srnn_start start;
    srnn_real *y;
    size_t ldy;
    const uint32_t *row;
    size_t rows;
} mixture;

/* R rows from i0 on x C vectors of columns from j on; not whole: one vector, of
 * which the first lanes are there. The fewer of rows and columns are held, as
 * in the micro-kernel. */
INLINE void mix_tile(const size_t R, const size_t C, const int back,
                     const int whole, const mixture *m, size_t i0, size_t j)
{
    const size_t last = whole ? VEC_LANES : m->n - j;
    vr acc[VEC_ROWS_MAX][2 * COLUMNS];
    const srnn_real *coef[VEC_ROWS_MAX];
    size_t i, c, s;

    UNROLL for (i = 0; i < R; i++) {
        const srnn_real *y = m->y + m->row[i0 + i] * m->ldy + j;

        coef[i] = m->c + (back ? i0 + i : m->row[i0 + i] * m->ldc);
        UNROLL for (c = 0; c < C; c++)
            acc[i][c] = m->start != SRNN_START_VALUE ? v_zero()
                        : whole ? v_load(y + c * VEC_LANES)
                                : v_load_n(y + c * VEC_LANES, last);
    }
    for (s = 0; s < m->x->count; s++) {
        const size_t row = m->x->row[s], at = back ? row * m->ldc : s;
        const srnn_real *x = m->x->x + row * m->x->ld + j;
        vr held[2 * COLUMNS];

        UNROLL for (c = 0; R >= C && c < C; c++)
            held[c] = whole ? v_load(x + c * VEC_LANES) : v_load_n(x, last);
        UNROLL for (i = 0; R >= C && i < R; i++) {
            const vr w = v_set1(coef[i][at]);

            UNROLL for (c = 0; c < C; c++)
                acc[i][c] = v_fma(w, held[c], acc[i][c]);
        }
        UNROLL for (i = 0; R < C && i < R; i++)
            held[i] = v_set1(coef[i][at]);
        UNROLL for (c = 0; R < C && c < C; c++) {
            const vr k = v_load(x + c * VEC_LANES);

            UNROLL for (i = 0; i < R; i++)
                acc[i][c] = v_fma(held[i], k, acc[i][c]);
        }
    }
    UNROLL for (i = 0; i < R; i++)
        UNROLL for (c = 0; c < C; c++)
            v_store_n(m->y + m->row[i0 + i] * m->ldy + j + c * VEC_LANES,
                      acc[i][c], last);
}

/* R rows, all columns: C vectors at a time, then one by one. */
INLINE void mix_rows(const size_t R, const size_t C, const int back,
                     const mixture *m, size_t i0)
{
    size_t j = 0;

    for (; j + C * VEC_LANES <= m->n; j += C * VEC_LANES)
        mix_tile(R, C, back, 1, m, i0, j);
    for (; j + VEC_LANES <= m->n; j += VEC_LANES)
        mix_tile(R, 1, back, 1, m, i0, j);
    if (j < m->n)
        mix_tile(R, 1, back, 0, m, i0, j);
}

/* A row alone takes twice the columns, to have enough chains in flight. */
INLINE void mix_all(const int back, const mixture *m)
{
    size_t i = 0;

    for (; i + VEC_ROWS_4 <= m->rows; i += VEC_ROWS_4)
        mix_rows(VEC_ROWS_4, COLUMNS, back, m, i);
    for (; i < m->rows; i++)
        mix_rows(1, 2 * COLUMNS, back, m, i);
}

static void mix(size_t n, const srnn_real *c, size_t ldc,
                const srnn_picked *x, srnn_start start, srnn_real *y,
                size_t ldy, const uint32_t *row, size_t rows)
{
    const mixture m = {n, c, ldc, x, start, y, ldy, row, rows};

    mix_all(0, &m);
}

static void mix_bwd(size_t n, const srnn_real *c, size_t ldc,
                    const srnn_picked *x, srnn_start start, srnn_real *y,
                    size_t ldy, const uint32_t *row, size_t rows)
{
    const mixture m = {n, c, ldc, x, start, y, ldy, row, rows};

    mix_all(1, &m);
}

static void pair_tanh_bwd(size_t n, const srnn_real *q, const srnn_picked *k,
                          const srnn_real *v, const srnn_real *de,
                          srnn_real *dq, srnn_real *dk, size_t lddk,
                          srnn_real *dv)
{
    const vr one = v_set1(1);
    size_t j, s;

    for (j = 0; j < n; j += VEC_LANES) {
        const size_t left = n - j;
        const vr a = v_load_n(q + j, left), w = v_load_n(v + j, left);
        vr sum = v_zero(), sum_v = v_load_n(dv + j, left);

        for (s = 0; s < k->count; s++) {
            const vr d = v_set1(de[s]), g = v_mul(d, w);
            srnn_real *to = dk + k->row[s] * lddk + j;
            const vr t = v_tanh(v_add(
                a, v_load_n(k->x + k->row[s] * k->ld + j, left)));
            const vr slope = v_fnma(t, t, one);

            sum = v_fma(g, slope, sum);
            sum_v = v_fma(d, t, sum_v);
            v_store_n(to, v_fma(g, slope, v_load_n(to, left)), left);
        }
        v_store_n(dq + j, sum, left);
        v_store_n(dv + j, sum_v, left);
    }
}
