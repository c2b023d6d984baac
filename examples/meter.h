/* How far the training is: one line that is rewritten on a terminal, a line
 * now and then elsewhere. */
#ifndef METER_H
#define METER_H

#include <stddef.h>
#include <stdint.h>

typedef struct meter {
    const char *thing; /* what a loss is the mean over: "character" */
    const char *unit;  /* of the loss as it is shown: "bits" */
    double scale;      /* from the loss to that unit */
    uint64_t first, last;     /* updates: done before, wanted in all */
    double begin, end, shown; /* seconds; end is 0 while it runs */
    double loss;              /* over some 50 updates */
    uint64_t seen;            /* updates since begin */
    double things;            /* in them */
} meter;

meter meter_start(uint64_t first, uint64_t last, const char *thing,
                  const char *unit, double scale);
/* Counts an update over so many things that had this loss, and shows it where
 * it is time. */
void meter_update(meter *m, size_t things, double loss);
double meter_rate(const meter *m); /* things a second */

#endif
