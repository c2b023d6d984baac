/* Loops over arrays: scaling, products, clipping, optimisers, embedding rows,
 * rows added and divided. Each element is by itself: no order is at stake. */

static void scale(size_t n, srnn_real a, srnn_real *x)
{
    for (size_t j = 0; j < n; j += VEC_LANES)
        v_store_n(x + j, v_mul(v_set1(a), v_load_n(x + j, n - j)), n - j);
}

static void multiply(size_t n, const srnn_real *a, const srnn_real *b,
                     srnn_real *y)
{
    for (size_t j = 0; j < n; j += VEC_LANES)
        v_store_n(y + j, v_mul(v_load_n(a + j, n - j), v_load_n(b + j, n - j)),
                  n - j);
}

static void multiply_add(size_t n, const srnn_real *a, const srnn_real *b,
                         srnn_real *y)
{
    for (size_t j = 0; j < n; j += VEC_LANES)
        v_store_n(y + j,
                  v_fma(v_load_n(a + j, n - j), v_load_n(b + j, n - j),
                        v_load_n(y + j, n - j)),
                  n - j);
}

static void clip(size_t n, srnn_real limit, srnn_real *x)
{
    const vr high = v_set1(limit), low = v_set1(-limit);

    for (size_t j = 0; j < n; j += VEC_LANES) {
        vr v = v_load_n(x + j, n - j);

        v = v_select(v_lt(high, v), high, v);
        v = v_select(v_lt(v, low), low, v);
        v_store_n(x + j, v, n - j);
    }
}

static void sgd(size_t n, const srnn_sgd *s, const srnn_real *g, srnn_real *m,
                srnn_real *p)
{
    const vr lr = v_set1(s->lr), decay = v_set1(s->decay);
    const vr momentum = v_set1(s->momentum);

    for (size_t j = 0; j < n; j += VEC_LANES) {
        vr pj = v_load_n(p + j, n - j);
        vr mj = v_fma(decay, pj, v_load_n(g + j, n - j));

        if (s->momentum != 0) {
            if (!s->first)
                mj = v_fma(momentum, v_load_n(m + j, n - j), mj);
            v_store_n(m + j, mj, n - j);
        }
        v_store_n(p + j, v_fnma(lr, mj, pj), n - j);
    }
}

static void adam(size_t n, const srnn_adam *s, const srnn_real *g,
                 srnn_real *m, srnn_real *v, srnn_real *p)
{
    const vr shrink = v_set1(s->shrink), eps = v_set1(s->eps);
    const vr rate = v_set1(s->rate), root = v_set1(s->root);
    const vr beta2 = v_set1(s->beta2);
    const vr new1 = v_set1(s->one_minus_beta1);
    const vr new2 = v_set1(s->one_minus_beta2);

    for (size_t j = 0; j < n; j += VEC_LANES) {
        vr gj = v_load_n(g + j, n - j);
        vr mj = v_load_n(m + j, n - j);
        vr vj = v_load_n(v + j, n - j);
        vr pj = v_mul(v_load_n(p + j, n - j), shrink);

        mj = v_fma(new1, v_sub(gj, mj), mj);
        vj = v_fma(v_mul(new2, gj), gj, v_mul(beta2, vj));
        pj = v_fnma(rate, v_div(mj, v_add(v_div(v_sqrt(vj), root), eps)), pj);
        v_store_n(m + j, mj, n - j);
        v_store_n(v + j, vj, n - j);
        v_store_n(p + j, pj, n - j);
    }
}

static void gather(size_t rows, size_t dim, const int32_t *id,
                   const srnn_real *table, srnn_real *y, size_t ldy)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < dim; j += VEC_LANES)
            v_store_n(y + r * ldy + j,
                      v_load_n(table + (size_t)id[r] * dim + j, dim - j),
                      dim - j);
}

static void add_rows(size_t rows, size_t n, const srnn_real *x, size_t ldx,
                     srnn_real *y, size_t ldy)
{
    for (size_t r = 0; r < rows; r++, x += ldx, y += ldy)
        for (size_t j = 0; j < n; j += VEC_LANES)
            v_store_n(y + j,
                      v_add(v_load_n(y + j, n - j), v_load_n(x + j, n - j)),
                      n - j);
}

static void axpy_rows(size_t rows, size_t n, srnn_real a, const srnn_real *x,
                      size_t ldx, srnn_real *y, size_t ldy)
{
    for (size_t r = 0; r < rows; r++, x += ldx, y += ldy)
        for (size_t j = 0; j < n; j += VEC_LANES)
            v_store_n(y + j,
                      v_fma(v_set1(a), v_load_n(x + j, n - j),
                            v_load_n(y + j, n - j)),
                      n - j);
}

static void divide_rows(size_t rows, size_t n, const srnn_real *by,
                        const srnn_real *x, size_t ldx, srnn_real *y,
                        size_t ldy)
{
    for (size_t r = 0; r < rows; r++, x += ldx, y += ldy)
        for (size_t j = 0; j < n; j += VEC_LANES)
            v_store_n(y + j,
                      by[r] == 0 ? v_zero()
                                 : v_div(v_load_n(x + j, n - j), v_set1(by[r])),
                      n - j);
}
