/* The elementwise function of each cell as a textbook writes it, for
 * reference.c. Rows and units are counted from the whole arrays here. */

#define FOR_TILE(t, r, u) \
    for (size_t r = t->row; r < t->row + t->rows; r++) \
        for (size_t u = t->unit; u < t->unit + t->units; u++)

static float prod_at(const srnn_tile *t, size_t r, size_t g, size_t u)
{
    return t->prod[(r - t->row) * t->ldprod + g * t->gate_stride + u -
                   t->unit];
}

static float x_at(const srnn_cell *k, size_t r, size_t g, size_t u)
{
    return k->x[r * k->ldx + g * k->units + u];
}

static float *gate_at(const srnn_cell *k, size_t r, size_t g, size_t u)
{
    return &k->gate[r * k->ldgate + g * k->units + u];
}

static float dh_at(const srnn_cell *k, const srnn_tile *t, size_t r, size_t u)
{
    float p = prod_at(t, r, 0, u);

    return k->dy ? k->dy[r * k->lddy + u] + p : p;
}

static void rnn_tanh(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
    {
        float h = tanh_of(x_at(k, r, 0, u) + prod_at(t, r, 0, u));

        if (k->gate)
            *gate_at(k, r, 0, u) = h;
        k->h[r * k->ldh + u] = h;
    }
}

static void rnn_relu(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
    {
        float h = relu_of(x_at(k, r, 0, u) + prod_at(t, r, 0, u));

        if (k->gate)
            *gate_at(k, r, 0, u) = h;
        k->h[r * k->ldh + u] = h;
    }
}

static void rnn_tanh_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
    {
        float *h = gate_at(k, r, 0, u);

        *h = dh_at(k, t, r, u) * (1 - *h * *h);
    }
}

static void rnn_relu_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
    {
        float *h = gate_at(k, r, 0, u);

        *h = *h > 0 ? dh_at(k, t, r, u) : 0;
    }
}

static void lstm(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
    {
        float i = sigmoid_of(x_at(k, r, 0, u) + prod_at(t, r, 0, u));
        float f = sigmoid_of(x_at(k, r, 1, u) + prod_at(t, r, 1, u));
        float g = tanh_of(x_at(k, r, 2, u) + prod_at(t, r, 2, u));
        float o = sigmoid_of(x_at(k, r, 3, u) + prod_at(t, r, 3, u));
        float c = f * k->c_prev[r * k->ldc_prev + u] + i * g;

        if (k->gate) {
            *gate_at(k, r, 0, u) = i;
            *gate_at(k, r, 1, u) = f;
            *gate_at(k, r, 2, u) = g;
            *gate_at(k, r, 3, u) = o;
        }
        k->c[r * k->ldc + u] = c;
        k->h[r * k->ldh + u] = o * tanh_of(c);
    }
}

static void lstm_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
    {
        float *i = gate_at(k, r, 0, u), *f = gate_at(k, r, 1, u);
        float *g = gate_at(k, r, 2, u), *o = gate_at(k, r, 3, u);
        float y = tanh_of(k->c[r * k->ldc + u]);
        float c_prev = k->c_prev[r * k->ldc_prev + u];
        float d = dh_at(k, t, r, u);
        float dc = k->dc[r * k->lddc + u] + d * *o * (1 - y * y);
        float di = dc * *g * *i * (1 - *i);
        float dg = dc * *i * (1 - *g * *g);

        k->dc[r * k->lddc + u] = dc * *f;
        *f = dc * c_prev * *f * (1 - *f);
        *o = d * y * *o * (1 - *o);
        *i = di;
        *g = dg;
    }
}

static float *work_at(const srnn_cell *k, size_t r, size_t slot, size_t u)
{
    return &k->work[r * k->ldwork + slot * k->units + u];
}

static void lstm_c(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
    {
        float i = sigmoid_of(x_at(k, r, 0, u) + prod_at(t, r, 0, u));
        float f = sigmoid_of(x_at(k, r, 1, u) + prod_at(t, r, 1, u));
        float g = tanh_of(x_at(k, r, 2, u) + prod_at(t, r, 2, u));
        float o = sigmoid_of(x_at(k, r, 3, u) + prod_at(t, r, 3, u));

        if (k->gate) {
            *gate_at(k, r, 0, u) = i;
            *gate_at(k, r, 1, u) = f;
            *gate_at(k, r, 2, u) = g;
            *gate_at(k, r, 3, u) = o;
        }
        k->c[r * k->ldc + u] = f * k->c_prev[r * k->ldc_prev + u] + i * g;
        *work_at(k, r, 0, u) = o;
    }
}

static void lstm_h(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
    {
        float y = tanh_of(prod_at(t, r, 0, u));

        k->h[r * k->ldh + u] = *work_at(k, r, 0, u) * y;
        *work_at(k, r, 1, u) = y;
    }
}

static void lstm_h_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
    {
        float *o = gate_at(k, r, 3, u), y = *work_at(k, r, 1, u);
        float d = dh_at(k, t, r, u);

        *work_at(k, r, 1, u) = d * *o * (1 - y * y);
        *o = d * y * *o * (1 - *o);
    }
}

static void lstm_c_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
    {
        float *i = gate_at(k, r, 0, u), *f = gate_at(k, r, 1, u);
        float *g = gate_at(k, r, 2, u);
        float c_prev = k->c_prev[r * k->ldc_prev + u];
        float dc = k->dc[r * k->lddc + u] + prod_at(t, r, 0, u);
        float di = dc * *g * *i * (1 - *i);
        float dg = dc * *i * (1 - *g * *g);

        k->dc[r * k->lddc + u] = dc * *f;
        *f = dc * c_prev * *f * (1 - *f);
        *i = di;
        *g = dg;
    }
}
