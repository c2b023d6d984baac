/* What a shared object exports to be gated: its rows by name, each a function
 * of fixed work to time. Two builds of it are loaded into one process and run
 * in turns over the same memory (runner/); so a row keeps no state beside its
 * own, and prints nothing. */
#ifndef GATE_MODULE_H
#define GATE_MODULE_H

#include <stddef.h>

#define GATE_VERSION 1
#define GATE_BUFFERS 4

/* Functions that return int give 0, or -1 with the reason in `why`, of `size`
 * bytes. */
typedef struct gate_row gate_row;
struct gate_row {
    void *state;                /* the module's own */
    size_t bytes[GATE_BUFFERS]; /* wanted, 0: none; each begins a cache line */
    /* Bit i: buffer i holds what only this build can read, such as packed
     * weights. All others are one memory for both builds, which is faster to
     * compare: where data lies moves a time by more than a regression does. */
    unsigned own;
    /* Some function that is timed, not of a library that both builds load: if
     * it is the same in both, they would be one build timed twice. */
    const void *code;

    /* Over buffers that stay and are zeros, or what the other build left there:
     * fills what run reads, with the same numbers in every build. */
    int (*setup)(gate_row *row, void *const buffer[GATE_BUFFERS], char *why,
                 size_t size);
    /* In one thread, the same work every time; 1 us to 0.5 ms suit best. */
    void (*run)(void *state);
    /* Just set up: runs, and looks whether the result is right. NULL: there is
     * nothing to look at. */
    int (*check)(gate_row *row, char *why, size_t size);
    void (*close)(gate_row *row); /* NULL: there is nothing to close */
};

typedef struct gate_module {
    unsigned version; /* GATE_VERSION */
    /* The rows to compare, without blanks or '=' in their names, NULL past the
     * last one; open may know more. */
    const char *(*name)(size_t i);
    /* Fills the row, which is all zeros, and reserves what setup will need. */
    int (*open)(const char *name, gate_row *row, char *why, size_t size);
} gate_module;

/* The one symbol that a module exports, with default visibility. */
const gate_module *gate_module_get(void);

#endif
