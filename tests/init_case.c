/* Nets to be initialised, and what their values must be. */
#include "init_case.h"

#include "check.h"
#include "net_case.h"

#include <math.h>
#include <string.h>

/* ---- nets ---------------------------------------------------------------- */

srnn_net *init_net(const srnn_kernels *k, srnn_cell_kind cell, size_t in,
                   size_t hidden, int z_takes_new)
{
    const srnn_recurrent_config c = {.cell = cell,
                                     .hidden = hidden,
                                     .layers = 2,
                                     .z_takes_new = z_takes_new};
    srnn_net *net;
    srnn_node s, e, r;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_tokens(net, "s", 7, &s));
    must(srnn_net_embedding(net, "e", s, in, &e));
    must(srnn_net_recurrent(net, "r", e, &c, &r));
    must(srnn_net_linear(net, "l", r, 5, NULL));
    return net;
}

srnn_tensor init_param(const srnn_net *net, const char *name)
{
    srnn_tensor p;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &p));
        if (!strcmp(p.name, name))
            return p;
    }
    must(srnn_net_param(net, srnn_net_params(net), &p)); /* ends */
    return p;
}

float *init_all(const srnn_net *net, size_t *n)
{
    float *all, *at;
    srnn_tensor p;

    *n = 0;
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &p));
        *n += p.count;
    }
    at = all = case_take(*n * sizeof *all);
    for (size_t i = 0; i < srnn_net_params(net); i++, at += p.count) {
        must(srnn_net_param(net, i, &p));
        memcpy(at, p.data, p.count * sizeof *at);
    }
    return all;
}

srnn_init init_matrices(srnn_init_kind kind)
{
    srnn_init c = srnn_init_default();

    c.weights = c.recurrent = kind;
    return c;
}

/* ---- values -------------------------------------------------------------- */

void init_moments(const float *x, size_t n, double v, double kurtosis,
                  const char *what)
{
    const double count = (double)n;
    double sum = 0, squares = 0;

    for (size_t j = 0; j < n; j++) {
        sum += x[j];
        squares += (double)x[j] * x[j];
    }
    CHECK_SAYS(fabs(sum / count) < 5 * sqrt(v / count), "%s: mean %g", what,
               sum / count);
    CHECK_SAYS(fabs(squares / count / v - 1) < 5 * sqrt((kurtosis - 1) / count),
               "%s: variance %g of %g", what, squares / count, v);
}

void init_range(const float *x, size_t n, double bound, const char *what)
{
    double least = INFINITY, most = -INFINITY;

    for (size_t j = 0; j < n; j++) {
        least = x[j] < least ? x[j] : least;
        most = x[j] > most ? x[j] : most;
    }
    bound *= 1 + 2 * U;
    CHECK_SAYS(least >= -bound && most <= bound, "%s: %g to %g, bound %g",
               what, least, most, bound);
    bound *= 1 - 20 / (double)n;
    CHECK_SAYS(least < -bound && most > bound, "%s: only %g to %g", what,
               least, most);
}

void init_all_are(const float *x, size_t n, float want, const char *what)
{
    for (size_t j = 0; j < n; j++)
        CHECK_SAYS(x[j] == want, "%s: [%zu] is %g, not %g", what, j, x[j],
                   want);
}

void init_diagonal(const srnn_net *net, const char *name, size_t gates,
                   float gain)
{
    const srnn_tensor p = init_param(net, name);
    const size_t rows = p.shape[0] / gates;

    for (size_t i = 0; i < p.count; i++) {
        const size_t row = i / p.shape[1] % rows, column = i % p.shape[1];

        CHECK_SAYS(p.data[i] == (row == column ? gain : 0),
                   "%s: row %zu column %zu is %g", name, i / p.shape[1],
                   column, p.data[i]);
    }
}
