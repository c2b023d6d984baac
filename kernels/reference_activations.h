/* The activations, and their slopes, as a textbook writes them, for
 * reference.c. */

/* Subnormal numbers are zeros of their sign. */
static float flush(float x)
{
    return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x;
}

static float exp_of(float x)
{
    return flush(expf(flush(x)));
}

static float log_of(float x)
{
    return logf(flush(x));
}

static float sigmoid_of(float x)
{
    x = flush(x);
    return x < 0 ? flush(expf(x) / (1 + expf(x))) : 1 / (1 + expf(-x));
}

static float tanh_of(float x)
{
    return tanhf(flush(x));
}

static float relu_of(float x)
{
    x = flush(x);
    return x < 0 ? 0 : x;
}

static void exp_array(size_t n, const float *x, float *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = exp_of(x[j]);
}

static void log_array(size_t n, const float *x, float *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = log_of(x[j]);
}

static void sigmoid_array(size_t n, const float *x, float *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = sigmoid_of(x[j]);
}

static void tanh_array(size_t n, const float *x, float *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = tanh_of(x[j]);
}

static void relu_array(size_t n, const float *x, float *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = relu_of(x[j]);
}

/* ---- any, by name ------------------------------------------------------- */

static float softsign_of(float x)
{
    return isinf(x) ? copysignf(1, x) : x / (1 + fabsf(x));
}

static float softplus_of(float x)
{
    return relu_of(x) + log1pf(exp_of(-fabsf(x)));
}

static float unit_of(float x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static float act_of(const srnn_activation *f, float x)
{
    const float a = f->a, b = f->b;

    x = flush(x);
    switch (f->kind) {
    case SRNN_ACT_RELU:
        return relu_of(x);
    case SRNN_ACT_TANH:
        return tanh_of(x);
    case SRNN_ACT_SIGMOID:
        return sigmoid_of(x);
    case SRNN_ACT_AFFINE:
        return flush(a * x + b);
    case SRNN_ACT_LEAKY_RELU:
        return flush(x < 0 ? a * x : x);
    case SRNN_ACT_THRESHOLDED_RELU:
        return x > a || isnan(x) ? x : 0;
    case SRNN_ACT_SCALED_TANH:
        return flush(a * tanh_of(b * x));
    case SRNN_ACT_HARD_SIGMOID:
        return unit_of(flush(a * x + b));
    case SRNN_ACT_ELU:
        return flush(x < 0 ? a * expm1f(x) : x);
    case SRNN_ACT_SOFTSIGN:
        return flush(softsign_of(x));
    case SRNN_ACT_SOFTPLUS:
        return flush(softplus_of(x));
    default: /* IDENTITY */
        return x;
    }
}

static float slope_of(const srnn_activation *f, float y)
{
    const float a = f->a, b = f->b;

    if (isnan(y))
        return y;
    switch (f->kind) {
    case SRNN_ACT_RELU:
    case SRNN_ACT_THRESHOLDED_RELU:
        return y > 0 ? 1 : 0;
    case SRNN_ACT_TANH:
        return 1 - y * y;
    case SRNN_ACT_SIGMOID:
        return y * (1 - y);
    case SRNN_ACT_AFFINE:
        return a;
    case SRNN_ACT_LEAKY_RELU:
        return y > 0 ? 1 : a;
    case SRNN_ACT_SCALED_TANH:
        return a == 0 ? 0 : a * (b * (1 - y / a * (y / a)));
    case SRNN_ACT_HARD_SIGMOID:
        return y > 0 && y < 1 ? a : 0;
    case SRNN_ACT_ELU:
        return y > 0 ? 1 : y + a;
    case SRNN_ACT_SOFTSIGN:
        return (1 - fabsf(y)) * (1 - fabsf(y));
    case SRNN_ACT_SOFTPLUS:
        return -expm1f(-y);
    default: /* IDENTITY */
        return 1;
    }
}

static void activate(const srnn_activation *f, size_t n, const float *x,
                     float *y)
{
    if (f->kind == SRNN_ACT_OWN)
        f->own(f->data, n, x, y, NULL);
    else
        for (size_t j = 0; j < n; j++)
            y[j] = act_of(f, x[j]);
}

static void activate_slope(const srnn_activation *f, size_t n, const float *y,
                           float *s)
{
    for (size_t j = 0; j < n; j++)
        s[j] = slope_of(f, y[j]);
}
