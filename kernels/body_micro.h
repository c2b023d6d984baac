/* The micro-kernel: rows x columns vectors of chains over k, in registers.
 *
 * out[r][c] = init[r][c] + sum over k of w[k][c] a[r][k], each lane one chain
 * of fused multiply-adds over k rising; no chain is ever split, whatever the
 * width of the rung. */

#define VEC_ROWS_MAX 8

/* What one call of the micro-kernel computes: rows x columns vectors. Column c
 * of row r starts at init[r * ldinit + from[c]] (NULL: at 0) and is left at
 * out[r * ldout + to[c]]. */
typedef struct micro {
    const srnn_real *w[2]; /* a panel; for one row two of them */
    const srnn_real *a[2];
    size_t lda[2];
    size_t k[2];
    const srnn_real *init;
    size_t ldinit;
    size_t from[2 * COLUMNS];
    srnn_real *out;
    size_t ldout;
    size_t to[2 * COLUMNS];
} micro;

/* One k of a panel. Of the rows' broadcasts and the columns' weights the fewer
 * stay in registers, so that accumulators, they and one more fit: 3 x 4 of 16
 * registers, 6 x 4 or 8 x 3 of 32. */
INLINE void micro_rows_held(const size_t R, const size_t C, const srnn_real *w,
                            const srnn_real *const *a, size_t k,
                            vr (*acc)[COLUMNS])
{
    vr x[VEC_ROWS_MAX];
    size_t i, c;

    UNROLL for (i = 0; i < R; i++)
        x[i] = v_set1(a[i][k]);
    UNROLL for (c = 0; c < C; c++) {
        const vr load = v_load(w + c * VEC_LANES);
        const vr y = R > 1 ? v_once(load) : load;

        UNROLL for (i = 0; i < R; i++)
            acc[i][c] = v_fma(y, x[i], acc[i][c]);
    }
}

INLINE void micro_columns_held(const size_t R, const size_t C,
                               const srnn_real *w, const srnn_real *const *a,
                               size_t k, vr (*acc)[COLUMNS])
{
    vr y[COLUMNS];
    size_t i, c;

    UNROLL for (c = 0; c < C; c++)
        y[c] = v_load(w + c * VEC_LANES);
    UNROLL for (i = 0; i < R; i++) {
        vr x;

        if (i > 0 && i == R / 2)
            LOADS_STAY;
        x = v_set1(a[i][k]);
        UNROLL for (c = 0; c < C; c++)
            acc[i][c] = v_fma(y[c], x, acc[i][c]);
    }
}

/* P panels x R rows x C columns, all constants after inlining. `packed` means
 * that a lies k-major in tiles of R rows. Offsets of panel 1 follow at C. */
INLINE void micro_run(const size_t P, const size_t R, const size_t C,
                      const int packed, const micro *m)
{
    vr acc[2 * VEC_ROWS_MAX][COLUMNS];
    size_t i, c, s, k;

    UNROLL for (i = 0; i < P * R; i++)
        UNROLL for (c = 0; c < C; c++)
            acc[i][c] = m->init ? v_load(m->init + i % R * m->ldinit +
                                         m->from[i / R * C + c])
                                : v_zero();
    {
        const srnn_real *w[2] = {m->w[0], m->w[1]};

        for (s = 0; s < 2; s++) {
            const srnn_real *a[VEC_ROWS_MAX];
            const size_t n = m->k[s];

            if (n == 0) /* and no pointer */
                continue;
            UNROLL for (i = 0; i < R; i++)
                a[i] = m->a[s] + (packed ? i : i * m->lda[s]);
            for (k = 0; k < n; k++) {
                if (R < C)
                    UNROLL for (i = 0; i < P; i++)
                        micro_rows_held(R, C, w[i], a, packed ? k * R : k,
                                        &acc[i * R]);
                else
                    micro_columns_held(R, C, w[0], a, packed ? k * R : k,
                                       acc);
                UNROLL for (i = 0; i < P; i++)
                    w[i] += C * VEC_LANES;
            }
        }
    }
    UNROLL for (i = 0; i < P * R; i++)
        UNROLL for (c = 0; c < C; c++)
            v_store(m->out + i % R * m->ldout + m->to[i / R * C + c],
                    acc[i][c]);
}

static size_t rows_at_most(size_t columns)
{
    static const size_t rows[] = {VEC_ROWS_1, VEC_ROWS_2, VEC_ROWS_3,
                                  VEC_ROWS_4};

    return rows[columns - 1];
}

/* Dead cases vanish: columns, most and packed are constants. */
INLINE void micro_rows(size_t rows, const size_t columns, const size_t most,
                       const int packed, const micro *m)
{
    switch (rows) {
    case 1:
        micro_run(1, 1, columns, packed, m);
        break;
    case 2:
        if (most >= 2)
            micro_run(1, 2, columns, packed, m);
        break;
    case 3:
        if (most >= 3)
            micro_run(1, 3, columns, packed, m);
        break;
    case 4:
        if (most >= 4)
            micro_run(1, 4, columns, packed, m);
        break;
    case 5:
        if (most >= 5)
            micro_run(1, 5, columns, packed, m);
        break;
    case 6:
        if (most >= 6)
            micro_run(1, 6, columns, packed, m);
        break;
    case 7:
        if (most >= 7)
            micro_run(1, 7, columns, packed, m);
        break;
    case 8:
        if (most >= 8)
            micro_run(1, 8, columns, packed, m);
        break;
    }
}

INLINE void micro_columns(size_t rows, size_t columns, const int packed,
                          const micro *m)
{
    switch (columns) {
    case 1:
        micro_rows(rows, 1, VEC_ROWS_1, packed, m);
        break;
    case 2:
        micro_rows(rows, 2, VEC_ROWS_2, packed, m);
        break;
    case 3:
        micro_rows(rows, 3, VEC_ROWS_3, packed, m);
        break;
    case 4:
        micro_rows(rows, 4, VEC_ROWS_4, packed, m);
        break;
    }
}

/* Functions of their own: inlined, the caller's values take registers that the
 * accumulators need. */
static NOINLINE void micro_plain(size_t rows, size_t columns, const micro *m)
{
    micro_columns(rows, columns, 0, m);
}

static NOINLINE void micro_packed(size_t rows, size_t columns, const micro *m)
{
    micro_columns(rows, columns, 1, m);
}

/* One row of four columns has too few chains in flight to hide the latency of
 * an FMA, fewer columns all the more: two panels at once have enough. */
static NOINLINE void micro_pair(size_t columns, const micro *m)
{
    switch (columns) {
    case 3:
        micro_run(2, 1, 3, 0, m);
        break;
    case 4:
        micro_run(2, 1, 4, 0, m);
        break;
    }
}
