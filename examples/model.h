/* What an example has learnt, in a file: the net, what it is, and which data
 * it was kept from, so that it is not judged by what it has learnt. */
#ifndef MODEL_H
#define MODEL_H

#include <simdrnn/simdrnn.h>

#include <stddef.h>
#include <stdint.h>

/* Ends the program, before it has trained for long, where no file can be made
 * at path. */
void model_try(const char *path);

/* Writes the trainer's net, a name that says what it is ("both directions"),
 * and a number that tells data, and what of them was held out, from others. */
void model_keep(const srnn_trainer *trainer, const char *what, uint64_t data,
                const char *path);

/* What a net must have for the program to use it: a node on that axis with so
 * many features. The last one's name is NULL. */
typedef struct model_part {
    const char *node, *axis;
    size_t features;
} model_part;

enum { MODEL_ROOM = 64 };

/* Opens a net that model_keep wrote in the same program for the same data, and
 * says what it is; ends the program where it is another. */
srnn_net *model_take(const char *path, const char *isa, uint64_t data,
                     const model_part *parts, char what[MODEL_ROOM]);

#endif
