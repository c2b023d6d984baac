/* Losses and their gradients, and rows added and divided, as a textbook writes
 * them. Included by reference.c. */

static void softmax_xent(size_t rows, size_t n, const float *x, size_t ldx,
                         const int32_t *target, float *loss, float *dx,
                         size_t lddx, float scale)
{
    for (size_t r = 0; r < rows; r++, x += ldx) {
        float most, hit, sum = 0;

        loss[r] = 0;
        if (target[r] < 0) {
            if (dx)
                memset(dx + r * lddx, 0, n * sizeof *dx);
            continue;
        }
        most = row_max(n, x);
        hit = x[target[r]] - most;
        for (size_t j = 0; j < n; j++)
            sum += exp_of(x[j] - most);
        loss[r] = log_of(sum) - hit;
        for (size_t j = 0; dx && j < n; j++) {
            float p = exp_of(x[j] - most) / sum;

            dx[r * lddx + j] = scale * (j == (size_t)target[r] ? p - 1 : p);
        }
    }
}

static void sigmoid_xent(size_t rows, size_t n, const float *x, size_t ldx,
                         const float *target, size_t ldt, float *loss,
                         float *dx, size_t lddx, float scale)
{
    for (size_t r = 0; r < rows; r++) {
        float sum = 0;

        for (size_t j = 0; j < n; j++) {
            const float v = x[r * ldx + j], t = target[r * ldt + j];

            if (!isnan(t))
                sum += (v > 0 ? v : 0) - v * t + log1pf(exp_of(-fabsf(v)));
            if (dx)
                dx[r * lddx + j] = isnan(t) ? 0 : scale * (sigmoid_of(v) - t);
        }
        loss[r] = sum;
    }
}

static void squared_error(size_t rows, size_t n, const float *x, size_t ldx,
                          const float *target, size_t ldt, float *loss,
                          float *dx, size_t lddx, float scale)
{
    for (size_t r = 0; r < rows; r++) {
        float sum = 0;

        for (size_t j = 0; j < n; j++) {
            const float t = target[r * ldt + j], d = x[r * ldx + j] - t;

            if (!isnan(t))
                sum += d * d;
            if (dx)
                dx[r * lddx + j] = isnan(t) ? 0 : scale * (2 * d);
        }
        loss[r] = sum;
    }
}

static void add_rows(size_t rows, size_t n, const float *x, size_t ldx,
                     float *y, size_t ldy)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < n; j++)
            y[r * ldy + j] += x[r * ldx + j];
}

static void axpy_rows(size_t rows, size_t n, float a, const float *x,
                      size_t ldx, float *y, size_t ldy)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < n; j++)
            y[r * ldy + j] += a * x[r * ldx + j];
}

static void divide_rows(size_t rows, size_t n, const float *by, const float *x,
                        size_t ldx, float *y, size_t ldy)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < n; j++)
            y[r * ldy + j] = by[r] == 0 ? 0 : x[r * ldx + j] / by[r];
}
