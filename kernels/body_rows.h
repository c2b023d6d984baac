/* Sums within a row: softmax, cross-entropy, the sum of squares.
 *
 * Element j goes to chain j mod 16, then one fixed tree; a chain that the last
 * elements do not reach is left alone, not given a zero. */

#define CHAINS 16
#define CHAIN_VECTORS (CHAINS / VEC_LANES)

static srnn_real chains_total(const vr *sum)
{
    srnn_real s[CHAINS];
    size_t i, half;

    for (i = 0; i < CHAIN_VECTORS; i++)
        v_store(s + i * VEC_LANES, sum[i]);
    for (half = CHAINS / 2; half > 0; half /= 2)
        for (i = 0; i < half; i++)
            s[i] += s[i + half];
    return s[0];
}

/* A NaN stays, once it is the maximum. */
static srnn_real row_max(size_t n, const srnn_real *x)
{
    srnn_real lane[VEC_LANES], most = x[0];
    vr m = v_set1(x[0]);
    size_t j;

    for (j = 0; j < n; j += VEC_LANES) {
        vr v = v_load_n(x + j, n - j);

        m = v_select(v_head(n - j),
                     v_select(v_lt(m, v), v, v_select(v_nan(v), v, m)), m);
    }
    v_store(lane, m);
    for (j = 0; j < VEC_LANES; j++)
        if (most < lane[j] || lane[j] != lane[j])
            most = lane[j];
    return most;
}

/* sum of exp(x - most); e, where not NULL, receives the terms (e == x
 * allowed). */
static srnn_real exp_sum(size_t n, const srnn_real *x, srnn_real most,
                         srnn_real *e)
{
    const vr m = v_set1(most);
    vr sum[CHAIN_VECTORS];
    size_t i, j;

    for (i = 0; i < CHAIN_VECTORS; i++)
        sum[i] = v_zero();
    for (j = 0; j < n; j += CHAINS)
        for (i = 0; i < CHAIN_VECTORS && j + i * VEC_LANES < n; i++) {
            size_t at = j + i * VEC_LANES;
            vr v = v_exp(v_sub(v_load_n(x + at, n - at), m));

            if (e)
                v_store_n(e + at, v, n - at);
            sum[i] = v_select(v_head(n - at), v_add(sum[i], v), sum[i]);
        }
    return chains_total(sum);
}

static void softmax(size_t rows, size_t n, const srnn_real *x, size_t ldx,
                    srnn_real *y, size_t ldy)
{
    size_t r, j;

    for (r = 0; n > 0 && r < rows; r++, x += ldx, y += ldy) {
        vr sum = v_set1(exp_sum(n, x, row_max(n, x), y));

        for (j = 0; j < n; j += VEC_LANES)
            v_store_n(y + j, v_div(v_load_n(y + j, n - j), sum), n - j);
    }
}

static void softmax_xent(size_t rows, size_t n, const srnn_real *x, size_t ldx,
                         const int32_t *target, srnn_real *loss, srnn_real *dx,
                         size_t lddx, srnn_real scale)
{
    size_t r, j;

    for (r = 0; r < rows; r++, x += ldx, dx = dx ? dx + lddx : NULL) {
        const int skip = target[r] < 0;
        const srnn_real most = row_max(n, x);
        const srnn_real hit = skip ? 0 : x[target[r]] - most;
        const srnn_real sum = exp_sum(n, x, most, dx);
        srnn_real p;

        log_array(1, &sum, &loss[r]);
        loss[r] = skip ? 0 : loss[r] - hit;
        if (!dx)
            continue;
        p = skip ? 0 : dx[target[r]] / sum;
        for (j = 0; j < n; j += VEC_LANES) {
            vr d = v_mul(v_set1(scale),
                         v_div(v_load_n(dx + j, n - j), v_set1(sum)));

            v_store_n(dx + j, skip ? v_zero() : d, n - j);
        }
        if (!skip)
            dx[target[r]] = scale * (p - 1);
    }
}

static double sum_squares(size_t n, const srnn_real *x)
{
    double s[CHAINS] = {0};
    size_t i, j, half;

    for (j = 0; j + CHAINS <= n; j += CHAINS)
        for (i = 0; i < CHAINS; i++)
            s[i] += (double)x[j + i] * x[j + i];
    for (i = 0; j + i < n; i++)
        s[i] += (double)x[j + i] * x[j + i];
    for (half = CHAINS / 2; half > 0; half /= 2)
        for (i = 0; i < half; i++)
            s[i] += s[i + half];
    return s[0];
}
