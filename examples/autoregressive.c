/* Least squares: the normal equations, solved by Cholesky's factors. Series of
 * unit variance and orders of some dozens keep their condition far below what
 * double takes. */
#include "autoregressive.h"
#include "program.h"

#include <math.h>
#include <string.h>

enum { MOST = 1 + AR_MOST };

typedef struct equations { /* A a = b, A symmetric: its lower half */
    double A[MOST][MOST], b[MOST];
} equations;

/* Row t of the regression: 1, x(t-1), ..., x(t-order). */
static double regressor(const double *x, size_t t, size_t i)
{
    return i ? x[t - i] : 1;
}

static void accumulate(equations *e, const double *x, size_t n, size_t first,
                       size_t order)
{
    memset(e, 0, sizeof *e);
    for (size_t t = first; t < n; t++)
        for (size_t i = 0; i <= order; i++) {
            for (size_t j = 0; j <= i; j++)
                e->A[i][j] += regressor(x, t, i) * regressor(x, t, j);
            e->b[i] += regressor(x, t, i) * x[t];
        }
}

/* A = L L', L in place of A; a pivot that cancels to the rounding of its terms
 * is no pivot. */
static int factor(equations *e, size_t size)
{
    for (size_t j = 0; j < size; j++) {
        double whole = e->A[j][j], pivot = whole;

        for (size_t k = 0; k < j; k++)
            pivot -= e->A[j][k] * e->A[j][k];
        if (!(pivot > whole * (double)size * 0x1p-50))
            return 0;
        e->A[j][j] = sqrt(pivot);
        for (size_t i = j + 1; i < size; i++) {
            for (size_t k = 0; k < j; k++)
                e->A[i][j] -= e->A[i][k] * e->A[j][k];
            e->A[i][j] /= e->A[j][j];
        }
    }
    return 1;
}

static void solve(const equations *e, size_t size, double *a)
{
    for (size_t i = 0; i < size; i++) {
        a[i] = e->b[i];
        for (size_t k = 0; k < i; k++)
            a[i] -= e->A[i][k] * a[k];
        a[i] /= e->A[i][i];
    }
    for (size_t i = size; i-- > 0;) {
        for (size_t k = i + 1; k < size; k++)
            a[i] -= e->A[k][i] * a[k];
        a[i] /= e->A[i][i];
    }
}

static double predict(const ar_model *m, const double *x, size_t t)
{
    double y = 0;

    for (size_t i = 0; i <= m->order; i++)
        y += m->a[i] * regressor(x, t, i);
    return y;
}

int ar_fit(ar_model *fit, const double *x, size_t n, size_t first,
           size_t order)
{
    static equations e;
    ar_model m = {.order = order};
    double squares = 0;

    if (order > AR_MOST || first < order || first >= n)
        return 0;
    accumulate(&e, x, n, first, order);
    if (!factor(&e, order + 1))
        return 0;
    solve(&e, order + 1, m.a);
    for (size_t t = first; t < n; t++) {
        double error = x[t] - predict(&m, x, t);

        squares += error * error;
    }
    m.variance = squares / (double)(n - first);
    m.aic = (double)(n - first) * log(m.variance) + 2. * (double)(order + 1);
    *fit = m;
    return 1;
}

ar_model ar_choose(const double *x, size_t n, size_t most)
{
    ar_model best = {.aic = INFINITY}, m;

    for (size_t order = 0; order <= most; order++)
        if (ar_fit(&m, x, n, most, order) && m.aic < best.aic)
            best = m;
    if (!(best.aic < INFINITY))
        die("no autoregression of order 0 to %zu fits %zu values", most, n);
    return best;
}

void ar_forecast(const ar_model *m, const double *x, size_t n, size_t steps,
                 double *y)
{
    double past[AR_MOST + 1]; /* the values before, and the next */

    memcpy(past, x + n - m->order, m->order * sizeof *past);
    for (size_t i = 0; i < steps; i++) {
        y[i] = past[m->order] = predict(m, past, m->order);
        memmove(past, past + 1, m->order * sizeof *past);
    }
}
