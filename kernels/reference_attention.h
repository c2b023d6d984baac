/* Attention as a textbook writes it; part of reference.c. */

static const float *picked(const srnn_picked *p, size_t i)
{
    return p->x + p->row[i] * p->ld;
}

static void pair_dot(size_t n, const srnn_picked *q, const srnn_picked *k,
                     float scale, float *e, size_t lde)
{
    for (size_t i = 0; i < q->count; i++)
        for (size_t s = 0; s < k->count; s++) {
            float sum = 0;

            for (size_t j = 0; j < n; j++)
                sum += picked(q, i)[j] * picked(k, s)[j];
            e[q->row[i] * lde + s] = scale * sum;
        }
}

static void pair_tanh(size_t n, const srnn_picked *q, const srnn_picked *k,
                      const float *v, float scale, float *e, size_t lde)
{
    for (size_t i = 0; i < q->count; i++)
        for (size_t s = 0; s < k->count; s++) {
            float sum = 0;

            for (size_t j = 0; j < n; j++)
                sum += v[j] * tanh_of(picked(q, i)[j] + picked(k, s)[j]);
            e[q->row[i] * lde + s] = scale * sum;
        }
}

static void softmax_bwd(size_t rows, size_t n, const float *y, size_t ldy,
                        const float *dy, size_t lddy, float scale, float *dx,
                        size_t lddx)
{
    for (size_t r = 0; r < rows; r++) {
        float sum = 0;

        for (size_t j = 0; j < n; j++)
            sum += y[r * ldy + j] * dy[r * lddy + j];
        for (size_t j = 0; j < n; j++)
            dx[r * lddx + j] =
                scale * (y[r * ldy + j] * (dy[r * lddy + j] - sum));
    }
}

static void mix(size_t n, const float *c, size_t ldc, const srnn_picked *x,
                srnn_start start, float *y, size_t ldy, const uint32_t *row,
                size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < n; j++) {
            float *to = y + row[i] * ldy + j;
            float sum = start == SRNN_START_VALUE ? *to : 0;

            for (size_t s = 0; s < x->count; s++)
                sum += c[row[i] * ldc + s] * picked(x, s)[j];
            *to = sum;
        }
}

static void mix_bwd(size_t n, const float *c, size_t ldc,
                    const srnn_picked *x, srnn_start start, float *y,
                    size_t ldy, const uint32_t *row, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < n; j++) {
            float *to = y + row[i] * ldy + j;
            float sum = start == SRNN_START_VALUE ? *to : 0;

            for (size_t t = 0; t < x->count; t++)
                sum += c[x->row[t] * ldc + i] * picked(x, t)[j];
            *to = sum;
        }
}

static void pair_tanh_bwd(size_t n, const float *q, const srnn_picked *k,
                          const float *v, const float *de, float *dq,
                          float *dk, size_t lddk, float *dv)
{
    memset(dq, 0, n * sizeof *dq);
    for (size_t s = 0; s < k->count; s++)
        for (size_t j = 0; j < n; j++) {
            float t = tanh_of(q[j] + picked(k, s)[j]);
            float d = de[s] * v[j] * (1 - t * t);

            dq[j] += d;
            dk[k->row[s] * lddk + j] += d;
            dv[j] += de[s] * t;
        }
}
