/* The frame: rungs x cases, counting failures. */
#include "check.h"

#include "numbers.h"
#include "oracle.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 5

static struct {
    char path[64];
    size_t cases, failed_cases, failures;
} run;

void check_failed(const char *file, int line, const char *format, ...)
{
    va_list args;

    if (run.failures++ >= SHOWN)
        return;
    printf("%s:%d: %s: ", file, line, run.path);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void check_note(const char *format, ...)
{
    va_list args;

    printf("  %-28s ", run.path);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

static double ratio_of(double got, double want, double bound)
{
    if (isnan(want))
        return isnan(got) ? 0 : INFINITY;
    if (got == want)
        return 0;
    if (isnan(got) || isinf(want))
        return INFINITY;
    return fabs(got - want) / bound;
}

void worst_see(worst *w, double got, double want, double bound,
               const char *where, size_t row, size_t column)
{
    double ratio = ratio_of(got, want, bound);

    if (w->seen++ && ratio <= w->ratio)
        return;
    w->ratio = ratio;
    w->got = got;
    w->want = want;
    w->bound = bound;
    snprintf(w->where, sizeof w->where, "%s [%zu][%zu]", where, row, column);
}

void worst_end(const worst *w, const char *what)
{
    check_note("%s: largest |diff|/bound %.3f of %zu, at %s", what, w->ratio,
               w->seen, w->where);
    CHECK_SAYS(w->seen > 0, "%s: nothing was compared", what);
    CHECK_SAYS(w->ratio <= 1, "%s at %s: got %.9g, want %.9g +- %.3g", what,
               w->where, w->got, w->want, w->bound);
}

static int wanted(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++)
        if (strstr(run.path, argv[i]))
            return 1;
    return argc <= 1;
}

static void run_case(int argc, char **argv, const check_case *c,
                     const srnn_kernels *k)
{
    snprintf(run.path, sizeof run.path, "%s/%s", k ? k->name : "-", c->name);
    if (!wanted(argc, argv))
        return;
    run.failures = 0;
    run.cases++;
    data_seed(1);
    if (k) {
        oracle_for(k);
        c->on_rung(k);
    } else {
        c->alone();
    }
    guard_check();
    if (run.failures)
        run.failed_cases++;
    printf("%s %s", run.failures ? "FAILED" : "ok    ", run.path);
    if (run.failures)
        printf(" (%zu checks)", run.failures);
    putchar('\n');
    fflush(stdout);
}

int check_main(int argc, char **argv, const check_case *cases)
{
    const check_case *c;
    const char *name;
    size_t i;

    for (c = cases; c->name; c++)
        if (c->alone)
            run_case(argc, argv, c, NULL);
    for (i = 0; (name = srnn_kernels_rung(i)); i++) {
        srnn_kernels k;

        if (srnn_kernels_get(&k, name)) {
            printf("FAILED %s: %s\n", name, srnn_error_message());
            return 1;
        }
        for (c = cases; c->name; c++)
            if (c->on_rung)
                run_case(argc, argv, c, &k);
    }
    printf("%zu cases, %zu failed\n", run.cases, run.failed_cases);
    return run.failed_cases || !run.cases;
}
