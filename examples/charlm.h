/* The parts of the character model: options, text, sampling. */
#ifndef CHARLM_H
#define CHARLM_H

#include "meter.h"
#include "program.h"

#include <simdrnn/io.h>

#include <signal.h>

/* The signal that asked to stop, else 0. */
extern volatile sig_atomic_t stopped;

/* ---- options ------------------------------------------------------------ */

typedef struct options {
    srnn_cell_kind cell;
    size_t hidden, layers, embedding;
    size_t batch, steps, threads;
    uint64_t updates, seed;
    double lr, clip;
    const char *text; /* NULL: the King James Bible */
    const char *save, *resume, *load, *isa; /* NULL: not given */
    size_t sample, top_k;
    double temperature, top_p;
} options;

/* With --resume, what is not given is as in the file. */
options options_read(int argc, char **argv);

/* ---- text --------------------------------------------------------------- */

typedef struct text {
    unsigned char symbol[256]; /* the bytes that occur, sorted */
    size_t symbols;
    int32_t *token; /* the text as numbers of symbols */
    size_t length;
    uint64_t hash;
} text;

/* Reads a file, or for NULL what the command `bible` writes. */
text text_read(const char *path);
/* The symbols as a line that a checkpoint can carry, and back. */
void text_describe_symbols(const text *t, char note[SRNN_NOTE_SIZE]);
text text_parse_symbols(const char *note);

/* ---- sampling ----------------------------------------------------------- */

/* Writes so many characters that the net makes up, fewer if stopped. */
void sample(const srnn_net *net, const text *t, const options *o);

#endif
