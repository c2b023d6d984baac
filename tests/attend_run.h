/* Runs of the encoder-decoder with attention, in several ways, and what they
 * give. */
#ifndef SRNN_TESTS_ATTEND_RUN_H
#define SRNN_TESTS_ATTEND_RUN_H

#include "attend_case.h"

enum { ATTEND_MOST = 1 << 15, ATTEND_BATCH = 6 /* the most */ };

/* What a run gives: contexts, then weights, [T][B][columns] each. */
typedef struct result {
    size_t columns[2];
    float x[ATTEND_MOST];
} result;

typedef struct way {
    size_t threads;
    size_t room; /* the session's steps */
    size_t cut;  /* steps of a call */
    int apart;   /* the source in a call of its own */
    int again;   /* after a run over another source in the same session */
} way;

/* Lengths are those of the case. */
void attend_run(const srnn_kernels *k, const attend_data *d, way w, result *r);

/* Gradients of the parameters, then of the state, of x, and of the source. */
typedef struct slopes {
    size_t params, n;
    float x[ATTEND_MOST];
} slopes;

void attend_backward(const srnn_kernels *k, const attend_data *d,
                     size_t threads, slopes *g);

#endif
