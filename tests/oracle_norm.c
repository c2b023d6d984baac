/* Normalisation in the double oracle, from Ba, Kiros & Hinton 2016 and Ioffe &
 * Szegedy 2015. */
#include "oracle_norm.h"

#include <math.h>

static size_t roundings(size_t n, int of_row)
{
    return of_row && oracle.fused ? (n + 15) / 16 + 4 : n + !oracle.fused;
}

est e_mean(const est *term, size_t n, int of_row)
{
    est sum = {0, 0};
    double size = 0;

    for (size_t i = 0; i < n; i++) {
        sum.v += term[i].v;
        sum.e += term[i].e;
        size += fabs(term[i].v) + term[i].e;
    }
    sum.e += (double)roundings(n, of_row) * U * (1 + 0x1p-16) * size;
    return e_div(sum, exact((double)n));
}

est e_normalise_by(const est *x, size_t n, double eps, est mean, est var,
                   est *hat)
{
    const est s = e_div(exact(1), e_sqrt(e_add(var, exact(eps))));

    for (size_t i = 0; i < n; i++)
        hat[i] = e_mul(e_sub(x[i], mean), s);
    return s;
}

est e_normalise(const est *x, size_t n, double eps, int of_row, est *hat,
                est *mean, est *var)
{
    static est term[NORM_MOST];

    *mean = e_mean(x, n, of_row);
    for (size_t i = 0; i < n; i++) {
        const est d = e_sub(x[i], *mean);

        term[i] = (est){d.v * d.v, 2 * fabs(d.v) * d.e + d.e * d.e};
    }
    *var = e_mean(term, n, of_row);
    return e_normalise_by(x, n, eps, *mean, *var, hat);
}

void e_normalise_back(const est *e, const est *hat, est scale, size_t n,
                      int of_row, est *dx)
{
    static est term[NORM_MOST];
    const est mean = e_mean(e, n, of_row);
    est mean_hat;

    for (size_t i = 0; i < n; i++)
        term[i] = (est){e[i].v * hat[i].v, e[i].e * fabs(hat[i].v)};
    mean_hat = e_mean(term, n, of_row);
    for (size_t i = 0; i < n; i++) {
        const est minus = {-hat[i].v, hat[i].e};

        dx[i] = e_mul(scale, e_fma(minus, mean_hat, e_sub(e[i], mean)));
    }
}
