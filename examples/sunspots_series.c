/* Reading a series, its standard form, and windows of it. */
#include "sunspots_series.h"
#include "program.h"

#include <simdrnn/io.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 8 }; /* values to learn from, and to forecast */

static double next_number(const char **at)
{
    char *end;
    double x = strtod(*at, &end);

    if (end == *at || !isfinite(x))
        die("the series goes on with '%.20s', which is no number", *at);
    *at = end + strspn(end, " \t\n");
    return x;
}

static void standardise(sunspots *s)
{
    double squares = 0;

    for (size_t t = 0; t < s->split; t++)
        s->mean += sqrt(s->x[t]) / (double)s->split;
    for (size_t t = 0; t < s->split; t++)
        squares += (sqrt(s->x[t]) - s->mean) * (sqrt(s->x[t]) - s->mean);
    s->deviation = sqrt(squares / (double)s->split);
    if (!(s->deviation > 0))
        die("the series before its split is constant");
    s->z = allocate(s->length, sizeof *s->z);
    for (size_t t = 0; t < s->length; t++)
        s->z[t] = (sqrt(s->x[t]) - s->mean) / s->deviation;
}

/* A month's time is rounded. */
static int is_before(const sunspots *s, size_t t, double year)
{
    return sunspots_time(s, t) < year - 1e-6;
}

sunspots sunspots_parse(const char *text, double split, double until)
{
    sunspots s = {.hash = srnn_hash(text, strlen(text))};

    s.x = allocate(strlen(text), sizeof *s.x);
    s.begin = next_number(&text);
    s.frequency = next_number(&text);
    while (*text && is_before(&s, s.length, until)) {
        s.x[s.length] = next_number(&text);
        if (s.x[s.length] < 0)
            die("value %zu of the series is below 0", s.length);
        s.split += is_before(&s, s.length, split);
        s.length++;
    }
    if (s.split < LEAST || s.length - s.split < LEAST)
        die("%zu values before the year %g, %zu from there on: %d of each "
            "are needed", s.split, split, s.length - s.split, LEAST);
    standardise(&s);
    return s;
}

sunspots sunspots_read(const char *name, double split, double until)
{
    char command[256];
    unsigned char *text;
    sunspots s;
    size_t length;

    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz.")])
        die("'%s' is no name of a series", name);
    snprintf(command, sizeof command,
             "Rscript --vanilla -e 'x <- datasets::%.100s; "
             "cat(tsp(x)[1], frequency(x), x)' 2>/dev/null", name);
    text = read_command(command, &length);
    if (!text)
        die("no series '%s': install r-base-core, which has sunspots, "
            "sunspot.month and sunspot.year", name);
    s = sunspots_parse((char *)text, split, until);
    free(text);
    return s;
}

void sunspots_free(sunspots *s)
{
    free(s->x);
    free(s->z);
}

double sunspots_value(const sunspots *s, double z)
{
    double root = z * s->deviation + s->mean;

    return root > 0 ? root * root : 0;
}

double sunspots_time(const sunspots *s, size_t t)
{
    return s->begin + (double)t / s->frequency;
}

void sunspots_windows(const sunspots *s, const size_t *end, size_t count,
                      size_t steps, size_t ahead, srnn_real *past,
                      srnn_real *future)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t t = 0; t < steps; t++)
            past[t * count + i] = (srnn_real)s->z[end[i] - steps + t];
        for (size_t h = 0; future && h < ahead; h++)
            future[i * ahead + h] = (srnn_real)s->z[end[i] + h];
    }
}

void sunspots_expect(const sunspots *s, const ar_model *m, const size_t *end,
                     size_t count, size_t ahead, srnn_real *expected)
{
    double *y = allocate(ahead, sizeof *y);

    for (size_t i = 0; i < count; i++) {
        ar_forecast(m, s->z, end[i], ahead, y);
        for (size_t h = 0; h < ahead; h++)
            expected[i * ahead + h] = (srnn_real)y[h];
    }
    free(y);
}
