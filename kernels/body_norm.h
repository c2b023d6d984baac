/* Normalisation y = gain (x - mean) / sqrt(var + eps) + bias and its gradient:
 * of rows (layer norm: sums within a row, by chains and tree as in softmax)
 * and of columns (batch norm: each column's sums are chains over the rows). */

/* Adds v to a chain where the lane exists. */
INLINE vr chain_add(vr sum, vr v, size_t left)
{
    return v_select(v_head(left), v_add(sum, v), sum);
}

INLINE vr chain_fma(vr a, vr b, vr sum, size_t left)
{
    return v_select(v_head(left), v_fma(a, b, sum), sum);
}

#define FOR_CHAINS(n, i, j, left) \
    for (size_t j0 = 0; j0 < (n); j0 += CHAINS) \
        for (size_t i = 0, j = j0, left; \
             i < CHAIN_VECTORS && (left = j < (n) ? (n) - j : 0) > 0; \
             i++, j += VEC_LANES)

/* ---- rows --------------------------------------------------------------- */

static srnn_real row_mean(size_t n, const srnn_real *x)
{
    vr sum[CHAIN_VECTORS];
    size_t c;

    for (c = 0; c < CHAIN_VECTORS; c++)
        sum[c] = v_zero();
    FOR_CHAINS(n, i, j, left)
        sum[i] = chain_add(sum[i], v_load_n(x + j, left), left);
    return chains_total(sum) / (srnn_real)n;
}

static srnn_real row_variance(size_t n, const srnn_real *x, srnn_real mean)
{
    const vr m = v_set1(mean);
    vr sum[CHAIN_VECTORS];
    size_t c;

    for (c = 0; c < CHAIN_VECTORS; c++)
        sum[c] = v_zero();
    FOR_CHAINS(n, i, j, left)
    {
        vr d = v_sub(v_load_n(x + j, left), m);

        sum[i] = chain_fma(d, d, sum[i], left);
    }
    return chains_total(sum) / (srnn_real)n;
}

/* 1 / sqrt(var + eps) */
INLINE vr norm_rstd(vr var, srnn_real eps)
{
    return v_div(v_set1(1), v_sqrt(v_add(var, v_set1(eps))));
}

static void norm_rows(const srnn_norm *p)
{
    for (size_t r = 0; p->n > 0 && r < p->rows; r++) {
        const srnn_real *x = p->x + r * p->ldx;
        const srnn_real mean = row_mean(p->n, x);
        const vr m = v_set1(mean);
        const vr s = norm_rstd(v_set1(row_variance(p->n, x, mean)), p->eps);

        for (size_t j = 0, left = p->n; j < p->n;
             j += VEC_LANES, left = p->n - j) {
            vr hat = v_mul(v_sub(v_load_n(x + j, left), m), s);

            if (p->hat)
                v_store_n(p->hat + r * p->ldhat + j, hat, left);
            v_store_n(p->y + r * p->ldy + j,
                      v_fma(v_load_n(p->gain + j, left), hat,
                            v_load_n(p->bias + j, left)),
                      left);
        }
        if (p->rstd)
            v_store_n(p->rstd + r * p->ldrstd, s, 1);
    }
}

/* The means of e = d gain and of e hat. */
static void row_means(const srnn_norm *p, const srnn_real *d,
                      const srnn_real *hat, srnn_real *mean,
                      srnn_real *mean_hat)
{
    vr sum[CHAIN_VECTORS], with[CHAIN_VECTORS];
    size_t c;

    for (c = 0; c < CHAIN_VECTORS; c++)
        sum[c] = with[c] = v_zero();
    FOR_CHAINS(p->n, i, j, left)
    {
        vr e = v_mul(v_load_n(d + j, left), v_load_n(p->gain + j, left));

        sum[i] = chain_add(sum[i], e, left);
        with[i] = chain_fma(e, v_load_n(hat + j, left), with[i], left);
    }
    *mean = chains_total(sum) / (srnn_real)p->n;
    *mean_hat = chains_total(with) / (srnn_real)p->n;
}

static void norm_rows_bwd(const srnn_norm *p)
{
    for (size_t r = 0; p->n > 0 && r < p->rows; r++) {
        const srnn_real *d = p->x + r * p->ldx;
        const srnn_real *hat = p->hat + r * p->ldhat;
        const vr s = v_set1(p->rstd[r * p->ldrstd]);
        srnn_real mean, mean_hat;

        row_means(p, d, hat, &mean, &mean_hat);
        for (size_t j = 0, left = p->n; j < p->n;
             j += VEC_LANES, left = p->n - j) {
            vr e = v_mul(v_load_n(d + j, left), v_load_n(p->gain + j, left));

            e = v_fnma(v_load_n(hat + j, left), v_set1(mean_hat),
                       v_sub(e, v_set1(mean)));
            v_store_n(p->y + r * p->ldy + j, v_mul(s, e), left);
        }
    }
}

/* ---- columns ------------------------------------------------------------ */

#define NORM_VECTORS 4 /* columns per pass: chains enough to hide an addition */

INLINE size_t norm_row(const srnn_norm *p, size_t i)
{
    return p->order ? p->order[i] : i;
}

/* Mean and variance of columns [j, j + width). */
static void column_moments(const srnn_norm *p, size_t j, size_t width)
{
    const vr rows = v_set1((srnn_real)p->rows);
    vr mean[NORM_VECTORS], var[NORM_VECTORS];
    size_t i, c, at;

    for (c = 0; c < NORM_VECTORS; c++)
        mean[c] = var[c] = v_zero();
    for (i = 0; i < p->rows; i++) {
        const srnn_real *x = p->x + norm_row(p, i) * p->ldx + j;

        for (c = 0, at = 0; at < width; c++, at += VEC_LANES)
            mean[c] = v_add(mean[c], v_load_n(x + at, width - at));
    }
    for (c = 0; c < NORM_VECTORS; c++)
        mean[c] = v_div(mean[c], rows);
    for (i = 0; i < p->rows; i++) {
        const srnn_real *x = p->x + norm_row(p, i) * p->ldx + j;

        for (c = 0, at = 0; at < width; c++, at += VEC_LANES) {
            vr d = v_sub(v_load_n(x + at, width - at), mean[c]);

            var[c] = v_fma(d, d, var[c]);
        }
    }
    for (c = 0, at = 0; at < width; c++, at += VEC_LANES) {
        v_store_n(p->mean + j + at, mean[c], width - at);
        v_store_n(p->var + j + at, v_div(var[c], rows), width - at);
    }
}

static void column_write(const srnn_norm *p, size_t j, size_t left)
{
    const vr mean = v_load_n(p->mean + j, left);
    const vr s = norm_rstd(v_load_n(p->var + j, left), p->eps);
    const vr gain = v_load_n(p->gain + j, left);
    const vr bias = v_load_n(p->bias + j, left);

    for (size_t i = 0; i < p->rows; i++) {
        const size_t r = norm_row(p, i);
        vr x = v_load_n(p->x + r * p->ldx + j, left);
        vr hat = v_mul(v_sub(x, mean), s);

        if (p->hat)
            v_store_n(p->hat + r * p->ldhat + j, hat, left);
        v_store_n(p->y + r * p->ldy + j, v_fma(gain, hat, bias), left);
    }
    if (p->rstd)
        v_store_n(p->rstd + j, s, left);
}

static void norm_columns(const srnn_norm *p)
{
    const size_t block = NORM_VECTORS * VEC_LANES;
    size_t j;

    for (j = 0; p->rows && !p->given && j < p->n; j += block)
        column_moments(p, j, min_size(p->n - j, block));
    for (j = 0; p->rows && j < p->n; j += VEC_LANES)
        column_write(p, j, p->n - j);
}

static void norm_columns_bwd(const srnn_norm *p)
{
    const vr rows = v_set1((srnn_real)p->rows);

    for (size_t j = 0; j < p->n; j += VEC_LANES) {
        const size_t left = p->n - j;
        const vr s = v_mul(v_load_n(p->gain + j, left),
                           v_load_n(p->rstd + j, left));
        vr mean = v_zero(), mean_hat = v_zero();

        for (size_t i = 0; !p->given && i < p->rows; i++) {
            const size_t r = norm_row(p, i);
            const vr d = v_load_n(p->x + r * p->ldx + j, left);

            mean = v_add(mean, d);
            mean_hat = v_fma(d, v_load_n(p->hat + r * p->ldhat + j, left),
                             mean_hat);
        }
        mean = p->given ? mean : v_div(mean, rows);
        mean_hat = p->given ? mean_hat : v_div(mean_hat, rows);
        for (size_t i = 0; i < p->rows; i++) {
            const size_t r = norm_row(p, i);
            vr d = v_sub(v_load_n(p->x + r * p->ldx + j, left), mean);

            if (!p->given)
                d = v_fnma(v_load_n(p->hat + r * p->ldhat + j, left),
                           mean_hat, d);
            v_store_n(p->y + r * p->ldy + j, v_mul(s, d), left);
        }
    }
}

/* ---- running averages --------------------------------------------------- */

static void average(size_t n, srnn_real rate, const srnn_real *x,
                    const srnn_real *y, srnn_real *d)
{
    for (size_t j = 0, left = n; j < n; j += VEC_LANES, left = n - j) {
        vr far = v_load_n(d + j, left);
        vr gap = v_sub(v_load_n(x + j, left), v_load_n(y + j, left));

        v_store_n(d + j, v_fma(v_set1(rate), v_sub(gap, far), far), left);
    }
}
