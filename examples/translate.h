/* The parts of the translator: its net, its training, what it says. */
#ifndef TRANSLATE_H
#define TRANSLATE_H

#include "model.h"
#include "translate_text.h"

#include <simdrnn/simdrnn.h>

typedef struct options {
    const char *language, *catalogs, *picture, *save, *load, *isa;
    size_t longest, embedding, hidden, batch, beam, shown, threads;
    uint64_t updates, seed;
    double lr, alpha, dropout;
    int plain, attention; /* the nets to train: without it, with it */
} options;

typedef struct translator {
    char name[MODEL_ROOM]; /* "no attention" */
    srnn_net *net;
    int attention;
} translator;

/* Builds and trains it; keep: and writes it to the file o->save. */
translator translate_train(const options *o, const pairs *p, int attention,
                           int keep);
/* From the file o->load. */
translator translate_take(const options *o, const pairs *p);

/* Each held-out pair's translation: by the likeliest symbol of each step, all
 * pairs side by side, or by beam search, one pair after another. said[i] is of
 * the i-th pair held out, malloc'ed as one at said[0]; which[i] its number. */
char **translate_greedy(const options *o, const pairs *p,
                        const translator *t, const size_t *which);
char **translate_beam(const options *o, const pairs *p, const translator *t,
                      const size_t *which);

/* Draws over which characters of the English text the net looked at for each
 * of the reference's; pair number i. */
void translate_draw(const options *o, const pairs *p, const translator *t,
                    size_t i);

#endif
