/* Losses of real targets: sigmoid cross-entropy and squared error, row by row.
 *
 * Every term of a loss is at least 0, so nothing cancels in the sums, which
 * take the chains and the tree of body_rows.h. An element whose target is NaN
 * is no term and has no gradient. */

/* max(x, 0) - x t + log(1 + e^-|x|) = |x| (x < 0 ? t : 1 - t) + log(...),
 * where no term is negative. */
static inline vr v_sigmoid_xent(vr x, vr t)
{
    const vm below = v_lt(x, v_zero());
    const vr minus = v_sub(v_zero(), x);
    const vr size = v_select(below, minus, x);
    const vr miss = v_select(below, t, v_sub(v_set1(1), t));

    return v_fma(size, miss, v_softplus(v_select(below, x, minus)));
}

/* One vector of a row: its terms, and the gradient before its scale. */
typedef struct loss_part {
    vr term, slope;
} loss_part;

static inline loss_part xent_part(vr x, vr t)
{
    const loss_part p = {v_sigmoid_xent(x, t), v_sub(v_sigmoid(x), t)};

    return p;
}

static inline loss_part square_part(vr x, vr t)
{
    const vr d = v_sub(x, t);
    const loss_part p = {v_mul(d, d), v_add(d, d)};

    return p;
}

INLINE srnn_real loss_row(size_t n, const srnn_real *x, const srnn_real *target,
                          srnn_real *dx, srnn_real scale,
                          loss_part part(vr, vr))
{
    vr sum[CHAIN_VECTORS];
    size_t i, j;

    for (i = 0; i < CHAIN_VECTORS; i++)
        sum[i] = v_zero();
    for (j = 0; j < n; j += CHAINS)
        for (i = 0; i < CHAIN_VECTORS && j + i * VEC_LANES < n; i++) {
            const size_t at = j + i * VEC_LANES;
            const vr t = v_load_n(target + at, n - at);
            const loss_part p = part(v_load_n(x + at, n - at), t);
            const vr more = v_select(v_nan(t), sum[i], v_add(sum[i], p.term));

            sum[i] = v_select(v_head(n - at), more, sum[i]);
            if (dx)
                v_store_n(dx + at,
                          v_select(v_nan(t), v_zero(),
                                   v_mul(v_set1(scale), p.slope)),
                          n - at);
        }
    return chains_total(sum);
}

static void sigmoid_xent(size_t rows, size_t n, const srnn_real *x, size_t ldx,
                         const srnn_real *target, size_t ldt, srnn_real *loss,
                         srnn_real *dx, size_t lddx, srnn_real scale)
{
    for (size_t r = 0; r < rows; r++, dx = dx ? dx + lddx : NULL)
        loss[r] = loss_row(n, x + r * ldx, target + r * ldt, dx, scale,
                           xent_part);
}

static void squared_error(size_t rows, size_t n, const srnn_real *x,
                          size_t ldx, const srnn_real *target, size_t ldt,
                          srnn_real *loss, srnn_real *dx, size_t lddx,
                          srnn_real scale)
{
    for (size_t r = 0; r < rows; r++, dx = dx ? dx + lddx : NULL)
        loss[r] = loss_row(n, x + r * ldx, target + r * ldt, dx, scale,
                           square_part);
}
