/* x(t) = c + a_1 x(t-1) + ... + a_p x(t-p) + noise: the linear forecast that a
 * net has to be better than. */
#ifndef AUTOREGRESSIVE_H
#define AUTOREGRESSIVE_H

#include <stddef.h>

enum { AR_MOST = 64 };

typedef struct ar_model {
    size_t order;
    double a[1 + AR_MOST]; /* c, a_1 .. a_order */
    double variance;       /* of the noise: mean square of the residuals */
    double aic;
} ar_model;

/* Least squares by the normal equations over x[first .. n - 1], each from the
 * `order` values before it; first >= order, order <= AR_MOST. Where the
 * equations have no one solution, *fit is not set and the result is 0. */
int ar_fit(ar_model *fit, const double *x, size_t n, size_t first,
           size_t order);

/* The order 0 .. most with the least AIC = N log(variance) + 2 (order + 1),
 * all fitted to the same N = n - most values (Akaike 1974). Ends the program
 * where no order can be fitted. */
ar_model ar_choose(const double *x, size_t n, size_t most);

/* y[0 .. steps - 1], each from the order's values before it: those of x, then
 * those of y. n >= order. */
void ar_forecast(const ar_model *m, const double *x, size_t n, size_t steps,
                 double *y);

#endif
