/* The sunspot series of R's datasets, cut by time: what is known, what is to
 * be forecast, and how well it was. */
#ifndef SUNSPOTS_SERIES_H
#define SUNSPOTS_SERIES_H

#include "autoregressive.h"

#include <simdrnn/simdrnn.h>

#include <stddef.h>

/* Values x at times begin + t / frequency, in years. What is learnt from are
 * z = (sqrt(x) - mean) / deviation, of the values before `split`: the root
 * makes the spread of a count the same at any height. */
typedef struct sunspots {
    double *x, *z;
    size_t length, split;
    double begin, frequency; /* a year's values: 12 or 1 */
    double mean, deviation;
    uint64_t hash; /* of the text it was read from */
} sunspots;

/* R's series of that name ("sunspots": 1749-1983, monthly; "sunspot.year":
 * 1700-1988), read by Rscript. R's, because python3-statsmodels has apt fetch
 * twice as much and has no monthly series. Values from the year `split` on are
 * to be forecast, those from the year `until` on are left out. */
sunspots sunspots_read(const char *name, double split, double until);
/* "begin frequency value value ...", as above. */
sunspots sunspots_parse(const char *text, double split, double until);
void sunspots_free(sunspots *s);

/* A value from its z: what would be below 0 is 0. */
double sunspots_value(const sunspots *s, double z);
double sunspots_time(const sunspots *s, size_t t);

/* B = count windows, window i of the `steps` values before time end[i], and
 * the `ahead` values from there on: past [steps][B], future [B][ahead]. Of a
 * future that is not wanted, NULL. */
void sunspots_windows(const sunspots *s, const size_t *end, size_t count,
                      size_t steps, size_t ahead, srnn_real *past,
                      srnn_real *future);

/* What an autoregression of z expects from each end on: [B][ahead]. */
void sunspots_expect(const sunspots *s, const ar_model *m, const size_t *end,
                     size_t count, size_t ahead, srnn_real *expected);

/* ---- forecasts ---------------------------------------------------------- */

/* From each origin o = 0 .. origins - 1, knowing all values before split + o:
 * value[o * ahead + h] is of time split + o + h. So all horizons are judged
 * over as many origins. */
typedef struct forecasts {
    const char *by;
    size_t origins, ahead;
    double *value;
} forecasts;

forecasts forecasts_open(const sunspots *s, const char *by, size_t ahead);
void forecasts_close(forecasts *f);

/* The last value known stays. */
void forecasts_persist(forecasts *f, const sunspots *s);
/* An autoregression fitted before split, its order of 0 .. most by AIC; of the
 * values, or of their z. Returns it. */
ar_model forecasts_regress(forecasts *f, const sunspots *s, size_t most,
                           int of_z);

/* Over all origins: root of the mean square error and mean absolute error at
 * horizon h, in sunspots. */
double forecasts_rmse(const forecasts *f, const sunspots *s, size_t h);
double forecasts_mae(const forecasts *f, const sunspots *s, size_t h);
/* A table of both errors, a row for each of the forecasts, on standard
 * output; horizons 1, 2, 3, 6, 12, ... and their mean. */
void forecasts_print(const forecasts *f, size_t count, const sunspots *s);

#endif
