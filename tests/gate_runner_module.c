/* Rows that behave, and rows that misbehave, for tests/gate_runner.py. They
 * tell on stderr what the runner did with them: "a setup shared 0 7f...". */
#include "bench/gate/module.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef VERSION
#define VERSION GATE_VERSION
#endif

/* Each row's own: wanted[i] bytes, those of build b twice as many. */
typedef struct known {
    const char *name;
    size_t wanted[GATE_BUFFERS];
    unsigned own;
} known;

static const known rows[] = {
    {"plain", {4096}, 0},      {"second", {4096}, 0},
    {"third", {4096}, 0},      {"fourth", {4096}, 0},
    {"mixed", {1000, 70000, 0, 3 << 20}, 1 << 1 | 1 << 3},
    {"wrong", {64}, 0},        {"fails", {64}, 0},
    {"system", {64}, 0}, /* its code is the C library's */
    {"left", {64}, 0},   /* b leaves out to write its result */
    {"silent", {64}, 0}, /* does not say what its code is */
#ifdef ODD
    {ODD, {64}, 0},
#endif
};

typedef struct state {
    const known *known;
    unsigned *data;
    size_t runs;
} state;

static const char *name(size_t i)
{
    return i < sizeof rows / sizeof *rows ? rows[i].name : NULL;
}

/* Some microseconds, that a compiler cannot leave out. */
static void run(void *of)
{
    state *s = of;

    if (!s->runs++)
        fprintf(stderr, "%s run %s\n", LABEL, s->known->name);
    for (size_t i = 0; i < 16; i++)
        for (size_t j = 0; j < 256 && s->known->wanted[0] > 1000; j++)
            ((volatile unsigned *)s->data)[j] += (unsigned)j;
}

static int is_zero(const unsigned char *x, size_t bytes)
{
    size_t i = 0;

    while (i < bytes && !x[i])
        i++;
    return i == bytes;
}

static int setup(gate_row *row, void *const buffer[GATE_BUFFERS], char *why,
                 size_t size)
{
    state *s = row->state;

    s->data = buffer[0];
    for (size_t i = 0; i < GATE_BUFFERS; i++) {
        fprintf(stderr, "%s setup %s %zu %" PRIxPTR " %d\n", LABEL,
                s->known->name, i, (uintptr_t)buffer[i],
                is_zero(buffer[i], row->bytes[i]));
        if (row->bytes[i] && strcmp(s->known->name, "left"))
            memset(buffer[i], LABEL[0], row->bytes[i]);
    }
    snprintf(why, size, "a \"quoted\" \\ reason\nof two lines");
    return strcmp(s->known->name, "fails") ? 0 : -1;
}

static int check(gate_row *row, char *why, size_t size)
{
    const state *s = row->state;

    if (!strcmp(s->known->name, "left")) {
        if (LABEL[0] == 'a')
            *s->data = 4;
        snprintf(why, size, "%u is not four", *s->data);
        return *s->data == 4 ? 0 : -1;
    }
    snprintf(why, size, "three is not four");
    return strcmp(s->known->name, "wrong") || LABEL[0] != 'b' ? 0 : -1;
}

static void close_row(gate_row *row)
{
    state *s = row->state;

    fprintf(stderr, "%s close %s %zu\n", LABEL, s->known->name, s->runs);
    free(s);
}

static int open_row(const char *wanted, gate_row *row, char *why, size_t size)
{
    const known *k = rows;
    state *s;

    while (k < rows + sizeof rows / sizeof *rows && strcmp(k->name, wanted))
        k++;
    snprintf(why, size, "there is no row %s", wanted);
    if (k == rows + sizeof rows / sizeof *rows ||
        (LABEL[0] == 'b' && !strcmp(wanted, "fourth")) ||
        !(s = calloc(1, sizeof *s)))
        return -1;
    s->known = k;
    *row = (gate_row){s, {0}, k->own, (const void *)(uintptr_t)run,
                      setup, run, check, close_row};
    if (!strcmp(wanted, "system"))
        row->code = (const void *)(uintptr_t)qsort;
    if (!strcmp(wanted, "silent"))
        row->code = NULL;
    if (LABEL[0] == 'b')
        row->own &= 1 << 3; /* what one of them calls its own is */
    for (size_t i = 0; i < GATE_BUFFERS; i++)
        row->bytes[i] = k->wanted[i] * (LABEL[0] == 'b' ? 2 : 1);
    return 0;
}

__attribute__((visibility("default"))) const gate_module *gate_module_get(void)
{
    static const gate_module module = {VERSION, name, open_row};

    fprintf(stderr, "%s load\n", LABEL);
    return &module;
}
