#include "rows.h"

#include <stdio.h>
#include <string.h>

static const char *rows_name(size_t i)
{
    return gate_rows[i].name;
}

static int rows_open(const char *name, gate_row *row, char *why, size_t size)
{
    for (const gate_named *n = gate_rows; n->name; n++)
        if (!strcmp(n->name, name)) {
            *row = n->row;
            return 0;
        }
    snprintf(why, size, "there is no row %s", name);
    return -1;
}

__attribute__((visibility("default"))) const gate_module *gate_module_get(void)
{
    static const gate_module module = {GATE_VERSION, rows_name, rows_open};

    return &module;
}
