/* Sampling: which symbols are left is known by hand and by a sort; what is
 * drawn of them has the frequencies of softmax(logits / temperature); u runs
 * through the inverse distribution; bad arguments are refused. */
#include "check.h"
#include "net_case.h"
#include "numbers.h"

#include <simdrnn/generate.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 5, MOST = 40, DRAWS = 2000, AT_RANDOM = 10000 };

static const float five[N] = {0.5f, -1, 2, 2, 0};

static srnn_sample_config with(double temperature, size_t k, double p)
{
    return (srnn_sample_config){temperature, k, p};
}

/* ---- the oracle: a sort ------------------------------------------------- */

static const float *sorted_by;

static int falling(const void *a, const void *b)
{
    const size_t i = *(const size_t *)a, j = *(const size_t *)b;

    if (sorted_by[i] > sorted_by[j] || sorted_by[i] < sorted_by[j])
        return sorted_by[i] > sorted_by[j] ? -1 : 1;
    return i < j ? -1 : 1;
}

/* The distribution of what is left, in double. *near: how close the sum came
 * to top_p where the set was closed or left open. */
static void expected(size_t n, const float *x, const srnn_sample_config *c,
                     double *p, double *near)
{
    const size_t k = c->top_k && c->top_k < n ? c->top_k : n;
    size_t order[MOST], i;
    double all = 0, sum = 0;

    for (i = 0; i < n; i++)
        order[i] = i;
    sorted_by = x;
    qsort(order, n, sizeof *order, falling);
    memset(p, 0, n * sizeof *p);
    for (i = 0; i < k; i++)
        all += exp(x[order[i]] / c->temperature);
    *near = 1;
    for (i = 0; i < k && (i == 0 || sum < c->top_p); i++) {
        p[order[i]] = exp(x[order[i]] / c->temperature) / all;
        sum += p[order[i]];
        if (c->top_p < 1 && fabs(sum - c->top_p) < *near)
            *near = fabs(sum - c->top_p);
    }
    for (i = 0; i < n; i++)
        p[i] /= sum;
}

/* ---- frequencies -------------------------------------------------------- */

static void count(const srnn_net *net, size_t n, const float *x,
                  const srnn_sample_config *c, size_t *counts)
{
    float work[2 * MOST];
    int32_t last = 0;

    memset(counts, 0, n * sizeof *counts);
    for (size_t i = 0; i < DRAWS; i++) {
        const double u = ((double)i + 0.5) / DRAWS;
        const int32_t s = srnn_sample(net, n, x, c, u, work);

        CHECK(s >= last && (size_t)s < n); /* u rises, and so do symbols */
        if (s < 0)
            return;
        last = s;
        counts[s]++;
    }
}

/* With u = (i + 1/2) / DRAWS, DRAWS p_j draws give symbol j, within one; the
 * rounding of each of its two edges, of a sum of p and so within (3 D + n / 16
 * + 12) u < 4e-6, moves one draw at the most. The counts of what is not left
 * are exactly 0. */
static double farthest(const srnn_net *net, size_t n, const float *x,
                       const srnn_sample_config *c, const double *p)
{
    size_t counts[MOST], j;
    double most = 0;

    count(net, n, x, c, counts);
    for (j = 0; j < n; j++) {
        const double gap = fabs((double)counts[j] - DRAWS * p[j]);

        if (!(p[j] > 0))
            CHECK_SAYS(counts[j] == 0, "symbol %zu is not left", j);
        most = gap > most ? gap : most;
    }
    return most;
}

static void frequencies(const srnn_kernels *kernels)
{
    const srnn_sample_config how[] = {
        with(0.25, 0, 1), with(1, 0, 1),   with(3, 0, 1),  with(1, 3, 1),
        with(3, 4, 1),    with(1, 9, 1),   with(1, 0, .7), with(3, 0, .9),
        with(2, 3, .8),   with(1e-9, 0, 1), with(1e30, 0, 1)};
    const srnn_sample_config other = with(1.05, 0, 1);
    double p[N], near, gap;
    srnn_net *net;
    size_t i;

    must(srnn_net_open_on(&net, kernels));
    for (i = 0; i < sizeof how / sizeof *how; i++) {
        srnn_sample_config c = how[i];

        /* exp() leaves double there: what it tends to */
        c.temperature = c.temperature < 1e-3 ? 1e-2 : c.temperature;
        expected(N, five, &c, p, &near);
        gap = farthest(net, N, five, &how[i], p);
        check_note("temperature %g, top_k %zu, top_p %g: at most %.2f draws "
                   "off, bound 3",
                   how[i].temperature, how[i].top_k, how[i].top_p, gap);
        CHECK(gap <= 3);
    }
    expected(N, five, &how[1], p, &near);
    CHECK(farthest(net, N, five, &other, p) > 3); /* the control */
    srnn_net_close(net);
}

/* A binomial count of N draws is within t of N p but for a probability of
 * 2 exp(-t^2 / (2 N p (1 - p) + 2 t / 3)) (Bernstein); that is 2e-9 with
 * t^2 = L (2 v + 2 t / 3), L = ln 1e9, v = N p (1 - p). */
static double bernstein(double n, double p)
{
    const double log_1e9 = 20.7232658369464;

    return log_1e9 / 3 +
           sqrt(log_1e9 * log_1e9 / 9 + 2 * log_1e9 * n * p * (1 - p));
}

static void at_random(const srnn_kernels *kernels)
{
    const srnn_sample_config c = with(0.9, 4, 0.95);
    size_t counts[N] = {0}, i;
    double p[N], near;
    float work[2 * N];
    srnn_net *net;

    must(srnn_net_open_on(&net, kernels));
    expected(N, five, &c, p, &near);
    data_seed(5);
    for (i = 0; i < AT_RANDOM; i++)
        counts[srnn_sample(net, N, five, &c, data_word() * 0x1p-32, work)]++;
    for (i = 0; i < N; i++) {
        const double gap = fabs((double)counts[i] - AT_RANDOM * p[i]);

        check_note("symbol %zu: %zu draws of %.1f, bound %.1f off", i,
                   counts[i], AT_RANDOM * p[i], bernstein(AT_RANDOM, p[i]));
        CHECK(p[i] > 0 ? gap <= bernstein(AT_RANDOM, p[i]) : counts[i] == 0);
    }
    /* The control: symbol 3 is no ninth rarer than it is. */
    CHECK(fabs((double)counts[3] - AT_RANDOM * p[3] * 8 / 9) >
          bernstein(AT_RANDOM, p[3] * 8 / 9));
    srnn_net_close(net);
}

/* ---- what is left ------------------------------------------------------- */

static void left(const srnn_net *net, size_t n, const float *x, size_t k,
                 double p, unsigned want)
{
    const srnn_sample_config c = with(1, k, p);
    size_t counts[MOST], j;
    unsigned got = 0;

    count(net, n, x, &c, counts);
    for (j = 0; j < n; j++)
        got |= (unsigned)(counts[j] > 0) << j;
    CHECK_SAYS(got == want, "top_k %zu, top_p %g of %zu: %x is left, not %x",
               k, p, n, got, want);
}

/* Sets as bits, symbol 0 the lowest. */
static void by_hand(const srnn_kernels *kernels)
{
    const float p[N] = {.1f, .4f, .2f, .2f, .1f}, even[8] = {0};
    float x[N], masked[4] = {-INFINITY, 1, -INFINITY, 1};
    srnn_net *net;

    for (size_t j = 0; j < N; j++)
        x[j] = logf(p[j]);
    must(srnn_net_open_on(&net, kernels));
    left(net, N, x, 1, 1, 2);
    left(net, N, x, 2, 1, 2 + 4); /* of equals the first */
    left(net, N, x, 3, 1, 2 + 4 + 8);
    left(net, N, x, 4, 1, 1 + 2 + 4 + 8);
    left(net, N, x, 5, 1, 31);
    left(net, N, x, 6, 1, 31);
    left(net, N, x, SIZE_MAX, 1, 31);
    left(net, N, x, 0, 1, 31);
    left(net, N, x, 0, 0, 2);
    left(net, N, x, 0, 1e-300, 2);
    left(net, N, x, 0, .39, 2);
    left(net, N, x, 0, .41, 2 + 4);
    left(net, N, x, 0, .61, 2 + 4 + 8);
    left(net, N, x, 0, .81, 1 + 2 + 4 + 8);
    left(net, N, x, 0, .91, 31);
    left(net, N, x, 3, .49, 2); /* of three: 1/2, 1/4, 1/4 */
    left(net, N, x, 3, .51, 2 + 4);
    left(net, N, x, 3, .74, 2 + 4);
    left(net, N, x, 3, .76, 2 + 4 + 8);
    left(net, 4, even, 0, .5, 3); /* quarters are exact: .5 is reached */
    left(net, 4, even, 0, .500001, 7);
    left(net, 4, even, 0, .75, 7);
    left(net, 8, even, 3, 1, 7);
    left(net, 4, masked, 0, 1, 2 + 8);
    left(net, 4, masked, 3, 1, 2 + 8);
    left(net, 4, masked, 3, .5, 2);
    left(net, 1, x, 1, .5, 1);
    srnn_net_close(net);
}

/* Many equals: logits are multiples of 1/2 in [0, 2], so that no p is below
 * e^-2 / 40, 6 draws. A top_p that a sum comes closer to than its
 * rounding of (3 D + n / 16 + 12) u < 2e-6 is not tried. */
static void by_sort(const srnn_kernels *kernels)
{
    srnn_net *net;
    size_t tried = 0;

    must(srnn_net_open_on(&net, kernels));
    data_seed(11);
    for (int i = 0; i < 40; i++) {
        const size_t n = 1 + data_below(MOST);
        const srnn_sample_config c =
            with(1, data_below(n + 2), data_below(1000) * 1e-3);
        double p[MOST], near;
        float x[MOST];

        for (size_t j = 0; j < n; j++)
            x[j] = (float)data_below(5) / 2;
        expected(n, x, &c, p, &near);
        if (near < 2e-6)
            continue;
        tried++;
        CHECK_SAYS(farthest(net, n, x, &c, p) <= 3, "%zu logits, top_k %zu, "
                   "top_p %g", n, c.top_k, c.top_p);
    }
    CHECK(tried > 30);
    srnn_net_close(net);
}

/* ---- edges and refusals ------------------------------------------------- */

static void edges(const srnn_kernels *kernels)
{
    const srnn_sample_config c = srnn_sample_default(), cold = with(0, 0, 1);
    float work[2 * N];
    srnn_net *net;

    must(srnn_net_open_on(&net, kernels));
    CHECK(c.temperature == 1 && c.top_k == 0 && c.top_p == 1);
    CHECK(srnn_sample(net, N, five, &cold, 0.999, work) == 2);
    CHECK(srnn_sample(net, N, five, &c, 0, work) == 0);
    CHECK(srnn_sample(net, N, five, &c, 1 - 0x1p-53, work) == 4);
    CHECK(srnn_sample(net, 1, five, &c, 0.5, work) == 0);
    memcpy(work, five, sizeof five);
    CHECK(srnn_sample(net, N, work, &c, 0.99999, work) == 4);
    srnn_net_close(net);
}

static void refusals(const srnn_kernels *kernels)
{
    const srnn_sample_config c = srnn_sample_default();
    float work[2 * N], bad[3] = {0, NAN, INFINITY};
    srnn_sample_config d = c;
    srnn_net *net;

#define REFUSES(message, ...) \
    do { \
        CHECK(srnn_sample(__VA_ARGS__) == -1); \
        CHECK_SAYS(!strcmp(srnn_error_message(), message), "%s", \
                   srnn_error_message()); \
    } while (0)

    must(srnn_net_open_on(&net, kernels));
    REFUSES("net is NULL", NULL, N, five, &c, 0, work);
    REFUSES("n is 0", net, 0, five, &c, 0, work);
    REFUSES("n is above 2^31 - 1", net, (size_t)1 << 31, five, &c, 0, work);
    REFUSES("logits is NULL", net, N, NULL, &c, 0, work);
    REFUSES("config is NULL", net, N, five, NULL, 0, work);
    REFUSES("work is NULL", net, N, five, &c, 0, NULL);
    REFUSES("u is 1, must be 0 or more and below 1", net, N, five, &c, 1,
            work);
    REFUSES("u is -0.5, must be 0 or more and below 1", net, N, five, &c, -.5,
            work);
    REFUSES("u is nan, must be 0 or more and below 1", net, N, five, &c,
            (double)NAN, work);
    d.temperature = -1;
    REFUSES("temperature is -1, must be finite and not below 0", net, N, five,
            &d, 0, work);
    d.temperature = INFINITY;
    REFUSES("temperature is inf, must be finite and not below 0", net, N,
            five, &d, 0, work);
    d = c;
    d.top_p = 1.5;
    REFUSES("top_p is 1.5, must be 0 to 1", net, N, five, &d, 0, work);
    d.top_p = NAN;
    REFUSES("top_p is nan, must be 0 to 1", net, N, five, &d, 0, work);
    REFUSES("logit 1 of 3 is nan", net, 3, bad, &c, 0, work);
    bad[1] = 0;
    REFUSES("logit 2 of 3 is inf", net, 3, bad, &c, 0, work);
    bad[0] = bad[1] = bad[2] = -INFINITY;
    REFUSES("all 3 logits are -inf", net, 3, bad, &c, 0, work);
    d = with(0, 0, 1);
    REFUSES("all 3 logits are -inf", net, 3, bad, &d, 0, work);
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"sample/frequencies", frequencies, NULL},
        {"sample/at-random", at_random, NULL},
        {"sample/by-hand", by_hand, NULL},
        {"sample/by-sort", by_sort, NULL},
        {"sample/edges", edges, NULL},
        {"sample/refusals", refusals, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
