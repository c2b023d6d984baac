/* The autoregression and the forecasts' errors on hand-worked series. */
#include "check.h"
#include "examples/autoregressive.h"
#include "examples/program.h"
#include "examples/sunspots_series.h"

#include <math.h>
#include <string.h>

const char program[] = "test_example_series";

/* The small systems below have whole numbers up to 10^4 in their equations and
 * conditions below 10^5: what is left of double is better than this. */
static const double CLOSE = 1e-8;

static void near(const char *what, double got, double want)
{
    worst w = {0};

    worst_see(&w, got, want, CLOSE, what, 0, 0);
    worst_end(&w, what);
}

/* Pairs (0, 1), (1, 1), (1, 2): slope (1/3) / (2/3), line through the means
 * 2/3 and 4/3, residuals 0, -1/2, 1/2. */
static void least_squares(void)
{
    static const double x[4] = {0, 1, 1, 2};
    double y[3];
    ar_model m;

    CHECK(ar_fit(&m, x, 4, 1, 1));
    near("constant", m.a[0], 1);
    near("slope", m.a[1], 0.5);
    near("variance", m.variance, 1 / 6.);
    near("AIC", m.aic, 3 * log(1 / 6.) + 4);
    ar_forecast(&m, x, 3, 3, y);
    near("1 step from 1", y[0], 1.5);
    near("2 steps", y[1], 1.75);
    near("3 steps", y[2], 1.875);
    CHECK(ar_fit(&m, x, 4, 1, 0));
    near("order 0 is the mean", m.a[0], 4 / 3.);
}

/* x(t) = 1 + 2 x(t-1) - 3 x(t-2) without noise is found and goes on. */
static void exact(void)
{
    double x[14] = {1, -2}, y[4];
    ar_model m;

    for (int t = 2; t < 14; t++)
        x[t] = 1 + 2 * x[t - 1] - 3 * x[t - 2];
    CHECK(ar_fit(&m, x, 10, 2, 2));
    near("c", m.a[0], 1);
    near("a_1", m.a[1], 2);
    near("a_2", m.a[2], -3);
    ar_forecast(&m, x, 10, 4, y);
    for (int i = 0; i < 4; i++)
        near("forecast", y[i] / x[10 + i], 1);
}

/* Powers of two: x(t-1) and x(t-2) say the same, so order 2 has no answer. */
static void singular(void)
{
    double x[12];
    ar_model m = {.order = 7};

    for (int t = 0; t < 12; t++)
        x[t] = 1 << t;
    CHECK(!ar_fit(&m, x, 12, 2, 2) && m.order == 7);
    CHECK(!ar_fit(&m, x, 12, 1, 2) && !ar_fit(&m, x, 12, 12, 2));
    CHECK(ar_fit(&m, x, 12, 1, 1));
    near("a_1", m.a[1], 2);
}

/* The order chosen has the least AIC of all, over the same values. */
static void choice(void)
{
    double x[500] = {0, 0};
    ar_model best, m;

    for (size_t t = 2; t < 500; t++)
        x[t] = 1.5 * x[t - 1] - 0.9 * x[t - 2] + uniform(1, 1, t) - 0.5;
    best = ar_choose(x, 500, 10);
    CHECK(best.order >= 2);
    for (size_t order = 0; order <= 10; order++) {
        CHECK(ar_fit(&m, x, 500, 10, order));
        CHECK(order == best.order ? m.aic == best.aic : m.aic > best.aic);
    }
    check_note("order %zu, a_1 %.3f, a_2 %.3f", best.order, best.a[1],
               best.a[2]);
}

/* Half-yearly, 2000.0 .. 2012.5; roots 1 and 3 by turns until 2008. */
static const char text[] =
    "2000 2 1 9 1 9 1 9 1 9 1 9 1 9 1 9 1 9 4 16 4 16 25 0 1 1 1 36\n";

static void standard(void)
{
    static const size_t end[2] = {16, 18};
    srnn_real past[6], future[4], expected[4];
    sunspots s = sunspots_parse(text, 2008, 9999);

    CHECK(s.length == 26 && s.split == 16 && s.x[25] == 36);
    near("mean", s.mean, 2);
    near("deviation", s.deviation, 1);
    near("z", s.z[17], 2);
    near("value", sunspots_value(&s, 2), 16);
    near("no value is below 0", sunspots_value(&s, -3), 0);
    near("time", sunspots_time(&s, 17), 2008.5);
    sunspots_free(&s);
    s = sunspots_parse(text, 2008, 2012.5); /* the last is left out */
    CHECK(s.length == 25 && s.split == 16 && s.x[24] == 1);
    sunspots_windows(&s, end, 2, 3, 2, past, future);
    sunspots_expect(&s, &(ar_model){.order = 1, .a = {1, -1}}, end, 2, 2,
                    expected);
    {
        static const srnn_real in[6] = {1, 1, -1, 0, 1, 2},
                               out[4] = {0, 2, 0, 2}, line[4] = {0, 1, -1, 2};

        CHECK(!memcmp(past, in, sizeof in));
        CHECK(!memcmp(future, out, sizeof out));
        CHECK(!memcmp(expected, line, sizeof line));
    }
    sunspots_free(&s);
}

/* From 9 origins: 1 ahead the values change by 5 12 12 12 9 25 1 0 0, 2 ahead
 * by 7 0 0 21 16 24 1 0 and then 35. */
static void errors(void)
{
    sunspots s = sunspots_parse(text, 2008, 9999);
    forecasts f = forecasts_open(&s, "persistence", 2);

    forecasts_persist(&f, &s);
    CHECK(f.origins == 9 && f.value[0] == 9 && f.value[2] == 4);
    near("rmse 1", forecasts_rmse(&f, &s, 0), sqrt(1164 / 9.));
    near("mae 1", forecasts_mae(&f, &s, 0), 76 / 9.);
    near("rmse 2", forecasts_rmse(&f, &s, 1), sqrt(2548 / 9.));
    near("mae 2", forecasts_mae(&f, &s, 1), 104 / 9.);
    forecasts_close(&f);
    sunspots_free(&s);
}

/* 1 and 9 by turns is an autoregression of order 1: 10 - x(t-1). */
static void regress(void)
{
    sunspots s = sunspots_parse(text, 2008, 9999);
    forecasts f = forecasts_open(&s, "autoregression", 2);

    CHECK(forecasts_regress(&f, &s, 1, 0).order == 1);
    near("from 9", f.value[0], 1);
    near("from 9, 2 ahead", f.value[1], 9);
    near("from 16, not below 0", f.value[4], 0);
    CHECK(forecasts_regress(&f, &s, 1, 1).order == 1);
    near("from root 2", f.value[2], 4);
    forecasts_close(&f);
    sunspots_free(&s);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"least_squares", NULL, least_squares},
        {"exact", NULL, exact},
        {"singular", NULL, singular},
        {"choice", NULL, choice},
        {"standard", NULL, standard},
        {"errors", NULL, errors},
        {"regress", NULL, regress},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
