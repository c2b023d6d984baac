/* Layer and batch norm as a textbook writes them, for reference.c. */

static void norm_rows(const srnn_norm *p)
{
    for (size_t r = 0; p->n > 0 && r < p->rows; r++) {
        const float *x = p->x + r * p->ldx;
        float mean = 0, var = 0, s;

        for (size_t j = 0; j < p->n; j++)
            mean += x[j];
        mean /= (float)p->n;
        for (size_t j = 0; j < p->n; j++)
            var += (x[j] - mean) * (x[j] - mean);
        s = 1 / sqrtf(var / (float)p->n + p->eps);
        for (size_t j = 0; j < p->n; j++) {
            float hat = (x[j] - mean) * s;

            if (p->hat)
                p->hat[r * p->ldhat + j] = hat;
            p->y[r * p->ldy + j] = p->gain[j] * hat + p->bias[j];
        }
        if (p->rstd)
            p->rstd[r * p->ldrstd] = s;
    }
}

static void norm_rows_bwd(const srnn_norm *p)
{
    for (size_t r = 0; p->n > 0 && r < p->rows; r++) {
        const float *d = p->x + r * p->ldx, *hat = p->hat + r * p->ldhat;
        float mean = 0, mean_hat = 0;

        for (size_t j = 0; j < p->n; j++) {
            mean += d[j] * p->gain[j];
            mean_hat += d[j] * p->gain[j] * hat[j];
        }
        mean /= (float)p->n;
        mean_hat /= (float)p->n;
        for (size_t j = 0; j < p->n; j++)
            p->y[r * p->ldy + j] =
                p->rstd[r * p->ldrstd] *
                (d[j] * p->gain[j] - mean - hat[j] * mean_hat);
    }
}

static size_t norm_row(const srnn_norm *p, size_t i)
{
    return p->order ? p->order[i] : i;
}

static void column_moments(const srnn_norm *p, size_t j)
{
    float mean = 0, var = 0;

    for (size_t i = 0; i < p->rows; i++)
        mean += p->x[norm_row(p, i) * p->ldx + j];
    mean /= (float)p->rows;
    for (size_t i = 0; i < p->rows; i++) {
        float d = p->x[norm_row(p, i) * p->ldx + j] - mean;

        var += d * d;
    }
    p->mean[j] = mean;
    p->var[j] = var / (float)p->rows;
}

static void norm_columns(const srnn_norm *p)
{
    for (size_t j = 0; p->rows && j < p->n; j++) {
        float s;

        if (!p->given)
            column_moments(p, j);
        s = 1 / sqrtf(p->var[j] + p->eps);
        for (size_t i = 0; i < p->rows; i++) {
            const size_t r = norm_row(p, i);
            float hat = (p->x[r * p->ldx + j] - p->mean[j]) * s;

            if (p->hat)
                p->hat[r * p->ldhat + j] = hat;
            p->y[r * p->ldy + j] = p->gain[j] * hat + p->bias[j];
        }
        if (p->rstd)
            p->rstd[j] = s;
    }
}

static void norm_columns_bwd(const srnn_norm *p)
{
    for (size_t j = 0; p->rows && j < p->n; j++) {
        float mean = 0, mean_hat = 0;

        for (size_t i = 0; !p->given && i < p->rows; i++) {
            const size_t r = norm_row(p, i);

            mean += p->x[r * p->ldx + j];
            mean_hat += p->x[r * p->ldx + j] * p->hat[r * p->ldhat + j];
        }
        mean /= (float)p->rows;
        mean_hat /= (float)p->rows;
        for (size_t i = 0; i < p->rows; i++) {
            const size_t r = norm_row(p, i);
            float d = p->x[r * p->ldx + j] - mean;

            if (!p->given)
                d -= p->hat[r * p->ldhat + j] * mean_hat;
            p->y[r * p->ldy + j] = p->gain[j] * p->rstd[j] * d;
        }
    }
}

static void average(size_t n, float rate, const float *x, const float *y,
                    float *d)
{
    for (size_t j = 0; j < n; j++)
        d[j] += rate * (x[j] - y[j] - d[j]);
}
