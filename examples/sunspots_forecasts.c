/* Forecasts from every origin of the years held back: what needs no net, and
 * the errors of any. */
#include "program.h"
#include "sunspots_series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

forecasts forecasts_open(const sunspots *s, const char *by, size_t ahead)
{
    forecasts f = {.by = by, .ahead = ahead};

    if (!ahead || ahead > s->length - s->split)
        die("%zu values ahead of %zu that are held back", ahead,
            s->length - s->split);
    f.origins = s->length - s->split - ahead + 1;
    f.value = allocate(f.origins * ahead, sizeof *f.value);
    return f;
}

void forecasts_close(forecasts *f)
{
    free(f->value);
}

void forecasts_persist(forecasts *f, const sunspots *s)
{
    for (size_t i = 0; i < f->origins * f->ahead; i++)
        f->value[i] = s->x[s->split + i / f->ahead - 1];
}

ar_model forecasts_regress(forecasts *f, const sunspots *s, size_t most,
                           int of_z)
{
    const double *known = of_z ? s->z : s->x;
    ar_model m = ar_choose(known, s->split, most);

    for (size_t o = 0; o < f->origins; o++) {
        double *y = f->value + o * f->ahead;

        ar_forecast(&m, known, s->split + o, f->ahead, y);
        for (size_t h = 0; h < f->ahead; h++)
            y[h] = of_z ? sunspots_value(s, y[h]) : fmax(y[h], 0);
    }
    return m;
}

/* ---- errors ------------------------------------------------------------- */

static double error_at(const forecasts *f, const sunspots *s, size_t o,
                       size_t h)
{
    return f->value[o * f->ahead + h] - s->x[s->split + o + h];
}

double forecasts_rmse(const forecasts *f, const sunspots *s, size_t h)
{
    double sum = 0;

    for (size_t o = 0; o < f->origins; o++)
        sum += error_at(f, s, o, h) * error_at(f, s, o, h);
    return sqrt(sum / (double)f->origins);
}

double forecasts_mae(const forecasts *f, const sunspots *s, size_t h)
{
    double sum = 0;

    for (size_t o = 0; o < f->origins; o++)
        sum += fabs(error_at(f, s, o, h));
    return sum / (double)f->origins;
}

typedef double measure(const forecasts *f, const sunspots *s, size_t h);

/* The horizon after h that the table shows: 1, 2, 3, 6, 12, ... */
static size_t further(size_t h)
{
    return h < 3 ? h + 1 : 2 * h;
}

static void print_row(const forecasts *f, const sunspots *s, measure *error)
{
    double mean = 0;

    printf("  %-20s", f->by);
    for (size_t h = 1; h <= f->ahead; h = further(h))
        printf(" %7.2f", error(f, s, h - 1));
    for (size_t h = 0; h < f->ahead; h++)
        mean += error(f, s, h) / (double)f->ahead;
    printf(" %7.2f\n", mean);
}

void forecasts_print(const forecasts *f, size_t count, const sunspots *s)
{
    static const char *const title[2] = {"root mean square error",
                                         "mean absolute error"};
    static measure *const error[2] = {forecasts_rmse, forecasts_mae};

    for (int i = 0; i < 2; i++) {
        printf("%s over %zu origins, in sunspots\n  %-20s", title[i],
               f->origins, s->frequency > 1 ? "months ahead" : "years ahead");
        for (size_t h = 1; h <= f->ahead; h = further(h))
            printf(" %7zu", h);
        printf("    mean\n");
        for (size_t j = 0; j < count; j++)
            print_row(&f[j], s, error[i]);
    }
}
