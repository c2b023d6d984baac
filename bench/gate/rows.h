/* A module whose rows are a table, for rows that the compiler knows: define
 * gate_rows, and compile rows.c beside it. Others fill in a gate_module
 * themselves, as module.c does. */
#ifndef GATE_ROWS_H
#define GATE_ROWS_H

#include "module.h"

typedef struct gate_named {
    const char *name; /* NULL: the end */
    gate_row row;     /* what open gives */
} gate_named;

extern const gate_named gate_rows[];

#endif
