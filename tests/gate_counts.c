/* 2 TURNS instructions and a few, for gate_counts.py, and a row that cannot be
 * opened. */
#include "bench/gate/module.h"

#include <stdio.h>
#include <string.h>

static int setup(gate_row *row, void *const buffer[GATE_BUFFERS], char *why,
                 size_t size)
{
    (void)row, (void)buffer, (void)why, (void)size;
    return 0;
}

static void run(void *state)
{
    long turns = TURNS;

    (void)state;
    __asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(turns) : : "cc");
}

static void run_twice(void *state)
{
    run(state);
    run(state);
}

static void close_row(gate_row *row)
{
    (void)row;
}

static const char *name(size_t i)
{
    static const char *const names[] = {"once", "twice", NULL};

    return names[i];
}

static int open_row(const char *row_name, gate_row *row, char *why, size_t size)
{
    const int twice = !strcmp(row_name, "twice");

    if (!twice && strcmp(row_name, "once")) {
        snprintf(why, size, "there is no %s", row_name);
        return -1;
    }
    row->setup = setup;
    row->run = twice ? run_twice : run;
    row->close = close_row;
    return 0;
}

__attribute__((visibility("default"))) const gate_module *gate_module_get(void)
{
    static const gate_module module = {GATE_VERSION, name, open_row};

    return &module;
}
