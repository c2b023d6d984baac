/* Every kernel as a textbook writes it: plain loops and libm, nothing shared
 * with the vector bodies. It is the scalar rung, what the vector rungs are
 * checked against in the bench, and, compiled again with the compiler's own
 * vectorisation, what they are compared with. */
#include "rungs.h"

#include <math.h>
#include <string.h>

#ifndef SRNN_RUNG_NAME
#define SRNN_RUNG_NAME scalar
#endif
#define GLUE(a, b) a##b
#define RUNG_FUNCTION(name) GLUE(srnn_rung_, name)
#define TEXT(name) #name
#define RUNG_TEXT(name) TEXT(name)

#define TILE_UNITS 16

/* ---- activations -------------------------------------------------------- */

#include "reference_activations.h"

/* ---- rows --------------------------------------------------------------- */

static float row_max(size_t n, const float *x)
{
    float most = x[0];

    for (size_t j = 1; j < n; j++)
        if (most < x[j] || isnan(x[j]))
            most = x[j];
    return most;
}

static void softmax(size_t rows, size_t n, const float *x, size_t ldx,
                    float *y, size_t ldy)
{
    for (size_t r = 0; n > 0 && r < rows; r++, x += ldx, y += ldy) {
        float most = row_max(n, x), sum = 0;

        for (size_t j = 0; j < n; j++) {
            y[j] = exp_of(x[j] - most);
            sum += y[j];
        }
        for (size_t j = 0; j < n; j++)
            y[j] /= sum;
    }
}

#include "reference_losses.h"

static double sum_squares(size_t n, const float *x)
{
    double sum = 0;

    for (size_t j = 0; j < n; j++)
        sum += (double)x[j] * x[j];
    return sum;
}

/* ---- products ----------------------------------------------------------- */

static size_t panels_size(size_t gates, size_t units, size_t k)
{
    return gates * units * k;
}

static size_t panel_units(size_t gates)
{
    (void)gates;
    return TILE_UNITS;
}

static void pack(const srnn_panels *p, const float *w, size_t row, size_t col)
{
    for (size_t m = 0; m < p->gates * p->units; m++)
        for (size_t k = 0; k < p->k; k++)
            p->data[m * p->k + k] = w[m * row + k * col];
}

/* Row r of a against row m of w. */
static float dot(const srnn_panels *w, size_t m, const srnn_rows *a, size_t r,
                 float sum)
{
    const float *v = w->data + m * w->k;

    for (int s = 0; s < 2; s++) {
        for (size_t k = 0; k < a->k[s]; k++)
            sum += v[k] * a->a[s][r * a->lda[s] + k];
        v += a->k[s];
    }
    return sum;
}

static void product(const srnn_panels *w, size_t rows, const srnn_rows *a,
                    srnn_start start, const float *bias, float *c, size_t ldc,
                    size_t unit0, size_t unit1)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t g = 0; g < w->gates; g++)
            for (size_t u = unit0; u < unit1; u++) {
                size_t m = g * w->units + u;
                float first = start == SRNN_START_BIAS ? bias[m]
                              : start == SRNN_START_VALUE ? c[r * ldc + m]
                                                          : 0;

                c[r * ldc + m] = dot(w, m, a, r, first);
            }
}

static void step(const srnn_panels *w, size_t rows, const srnn_rows *a,
                 srnn_start start, const float *bias, srnn_tile_fn *fn,
                 const srnn_cell *cell, size_t unit0, size_t unit1, int flip)
{
    float prod[4 * TILE_UNITS];

    (void)flip;
    for (size_t u0 = unit0; u0 < unit1; u0 += TILE_UNITS)
        for (size_t r = 0; r < rows; r++) {
            size_t units = unit1 - u0 < TILE_UNITS ? unit1 - u0 : TILE_UNITS;
            srnn_tile t = {r, 1, u0, units, prod, 4 * TILE_UNITS, TILE_UNITS};

            for (size_t g = 0; g < w->gates; g++)
                for (size_t u = 0; u < units; u++) {
                    size_t m = g * w->units + u0 + u;
                    float first =
                        start == SRNN_START_BIAS ? bias[m]
                        : start == SRNN_START_VALUE
                            ? cell->dh[r * cell->lddh + m]
                            : 0;

                    prod[g * TILE_UNITS + u] = dot(w, m, a, r, first);
                }
            fn(cell, &t);
        }
}

static size_t gemm_tn_work(size_t m, size_t n)
{
    (void)m;
    (void)n;
    return 0;
}

static void gemm_tn(size_t m, size_t n, const srnn_links *links,
                    const float *a, size_t lda, const float *b, size_t ldb,
                    float *c, size_t ldc, float *work)
{
    (void)work;
    for (size_t s = 0; s < links->count; s++) {
        const float *ar = a + links->a[s] * lda;
        const float *br = b + links->b[s] * ldb;

        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++)
                c[i * ldc + j] += ar[i] * br[j];
    }
}

static void bias_grad(size_t m, const srnn_links *links, const float *a,
                      size_t lda, float *d)
{
    for (size_t s = 0; s < links->count; s++)
        for (size_t i = 0; i < m; i++)
            d[i] += a[links->a[s] * lda + i];
}

static void diagonal_grad(size_t m, const srnn_links *links, const float *a,
                          size_t lda, const float *b, size_t ldb, float *d)
{
    for (size_t s = 0; s < links->count; s++)
        for (size_t i = 0; i < m; i++)
            d[i] += a[links->a[s] * lda + i] * b[links->b[s] * ldb + i];
}

/* ---- cells -------------------------------------------------------------- */

#include "reference_cells.h"
#include "reference_norm.h"
#include "reference_masked.h"

#include "reference_any.h"
#include "reference_gru.h"
#include "reference_lstm.h"

/* ---- attention ---------------------------------------------------------- */

#include "reference_attention.h"

/* ---- vectors ------------------------------------------------------------ */

static void scale(size_t n, float a, float *x)
{
    for (size_t j = 0; j < n; j++)
        x[j] *= a;
}

static void multiply(size_t n, const float *a, const float *b, float *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = a[j] * b[j];
}

static void multiply_add(size_t n, const float *a, const float *b, float *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] += a[j] * b[j];
}

static void clip(size_t n, float limit, float *x)
{
    for (size_t j = 0; j < n; j++)
        x[j] = x[j] > limit ? limit : x[j] < -limit ? -limit : x[j];
}

static void sgd(size_t n, const srnn_sgd *s, const float *g, float *m,
                float *p)
{
    for (size_t j = 0; j < n; j++) {
        float d = g[j] + s->decay * p[j];

        if (s->momentum != 0)
            d = m[j] = s->first ? d : s->momentum * m[j] + d;
        p[j] -= s->lr * d;
    }
}

static void adam(size_t n, const srnn_adam *s, const float *g, float *m,
                 float *v, float *p)
{
    for (size_t j = 0; j < n; j++) {
        m[j] += s->one_minus_beta1 * (g[j] - m[j]);
        v[j] = s->beta2 * v[j] + s->one_minus_beta2 * g[j] * g[j];
        p[j] = p[j] * s->shrink -
               s->rate * (m[j] / (sqrtf(v[j]) / s->root + s->eps));
    }
}

static void gather(size_t rows, size_t dim, const int32_t *id,
                   const float *table, float *y, size_t ldy)
{
    for (size_t r = 0; r < rows; r++)
        memcpy(y + r * ldy, table + (size_t)id[r] * dim, dim * sizeof *y);
}

static void scatter_add(size_t dim, const srnn_links *links, const int32_t *id,
                        const float *dy, size_t lddy, float *dtable)
{
    for (size_t s = 0; s < links->count; s++) {
        const size_t r = links->a[s];

        for (size_t j = 0; j < dim; j++)
            dtable[(size_t)id[r] * dim + j] += dy[r * lddy + j];
    }
}

/* ---- random numbers ----------------------------------------------------- */

#include "reference_random.h"

static uint64_t flush_nothing(void)
{
    return 0;
}

static void restore_nothing(uint64_t mode)
{
    (void)mode;
}

void RUNG_FUNCTION(SRNN_RUNG_NAME)(srnn_kernels *k)
{
    *k = (srnn_kernels){
        .name = RUNG_TEXT(SRNN_RUNG_NAME),
        .lanes = 1,
        .exp = exp_array,
        .log = log_array,
        .sigmoid = sigmoid_array,
        .tanh = tanh_array,
        .relu = relu_array,
        .activate = activate,
        .activate_slope = activate_slope,
        .softmax = softmax,
        .softmax_xent = softmax_xent,
        .sigmoid_xent = sigmoid_xent,
        .squared_error = squared_error,
        .panels_size = panels_size,
        .pack = pack,
        .product = product,
        .panel_units = panel_units,
        .step = step,
        .tile = {[SRNN_TILE_RNN_TANH] = rnn_tanh,
                 [SRNN_TILE_RNN_RELU] = rnn_relu,
                 [SRNN_TILE_LSTM] = lstm,
                 [SRNN_TILE_GRU_AFTER] = gru_after,
                 [SRNN_TILE_GRU_BEFORE_RZ] = gru_before_rz,
                 [SRNN_TILE_GRU_BEFORE_N] = gru_before_n,
                 [SRNN_TILE_RNN_TANH_BWD] = rnn_tanh_bwd,
                 [SRNN_TILE_RNN_RELU_BWD] = rnn_relu_bwd,
                 [SRNN_TILE_LSTM_BWD] = lstm_bwd,
                 [SRNN_TILE_GRU_AFTER_BWD] = gru_after_bwd,
                 [SRNN_TILE_GRU_BEFORE_N_BWD] = gru_before_n_bwd,
                 [SRNN_TILE_GRU_BEFORE_RZ_BWD] = gru_before_rz_bwd,
                 [SRNN_TILE_RNN_ANY] = rnn_any,
                 [SRNN_TILE_RNN_ANY_BWD] = rnn_any_bwd,
                 [SRNN_TILE_GRU_AFTER_ANY] = gru_after_any,
                 [SRNN_TILE_GRU_BEFORE_RZ_ANY] = gru_before_rz_any,
                 [SRNN_TILE_GRU_BEFORE_N_ANY] = gru_before_n_any,
                 [SRNN_TILE_GRU_AFTER_ANY_BWD] = gru_after_any_bwd,
                 [SRNN_TILE_GRU_BEFORE_N_ANY_BWD] = gru_before_n_any_bwd,
                 [SRNN_TILE_GRU_BEFORE_RZ_ANY_BWD] = gru_before_rz_any_bwd,
                 [SRNN_TILE_LSTM_ANY] = lstm_any,
                 [SRNN_TILE_PROJECT] = project,
                 [SRNN_TILE_LSTM_ANY_BWD] = lstm_any_bwd,
                 [SRNN_TILE_PROJECT_BWD] = project_bwd,
                 [SRNN_TILE_LSTM_C] = lstm_c,
                 [SRNN_TILE_LSTM_H] = lstm_h,
                 [SRNN_TILE_LSTM_H_BWD] = lstm_h_bwd,
                 [SRNN_TILE_LSTM_C_BWD] = lstm_c_bwd},
        .masked = {[SRNN_MASKED_FORWARD] = masked,
                   [SRNN_MASKED_BACKWARD] = masked_bwd,
                   [SRNN_MASKED_STATE] = masked_state,
                   [SRNN_MASKED_RESET] = masked_reset,
                   [SRNN_MASKED_RESET_BWD] = masked_reset_bwd},
        .gemm_tn = gemm_tn,
        .gemm_tn_work = gemm_tn_work,
        .bias_grad = bias_grad,
        .diagonal_grad = diagonal_grad,
        .pair_dot = pair_dot,
        .pair_tanh = pair_tanh,
        .softmax_bwd = softmax_bwd,
        .mix = mix,
        .mix_bwd = mix_bwd,
        .pair_tanh_bwd = pair_tanh_bwd,
        .norm_rows = norm_rows,
        .norm_rows_bwd = norm_rows_bwd,
        .norm_columns = norm_columns,
        .norm_columns_bwd = norm_columns_bwd,
        .average = average,
        .sum_squares = sum_squares,
        .scale = scale,
        .multiply = multiply,
        .multiply_add = multiply_add,
        .clip = clip,
        .sgd = sgd,
        .adam = adam,
        .add_rows = add_rows,
        .axpy_rows = axpy_rows,
        .divide_rows = divide_rows,
        .gather = gather,
        .scatter_add = scatter_add,
        .uniform = uniform,
        .normal = normal,
        .mask = mask,
        .flush = flush_nothing,
        .restore = restore_nothing,
    };
}
