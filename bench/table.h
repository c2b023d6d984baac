/* Results as a table that a person reads at a glance, and as JSON. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include "machine.h"
#include "measure.h"
#include "peers/peers.h"

#include <stdio.h>

typedef enum table_style {
    TABLE_PLAIN,
    TABLE_BOLD,
    TABLE_MARKDOWN
} table_style;

/* Rows down, variants across; the best in bold, and what the shares mean.
 * peers, of this and the next: NULL if none were asked for. */
void table_write(FILE *f, table_style style, const machine *m,
                 const found_peers *peers, const measured_row *rows, size_t n);

/* Everything: counters, samples, the limits beside each. */
void json_write(FILE *f, const machine *m, const found_peers *peers,
                const measured_row *rows, size_t n);

#endif
