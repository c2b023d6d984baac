/* What the program is told. */
#ifndef NAMES_H
#define NAMES_H

#include <stddef.h>
#include <stdint.h>

typedef struct options {
    int forward, both; /* the nets to train */
    size_t spelling, reading, embedding, batch, threads;
    uint64_t updates, seed;
    double lr, dropout;
    const char *text, *save, *load, *isa;
} options;

/* Ends the program where they cannot be read, or are asked for. */
options names_options(int argc, char **argv);

#endif
