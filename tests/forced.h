/* An encoder-decoder, its session, and what one call of srnn_force makes. */
#ifndef SRNN_TESTS_FORCED_H
#define SRNN_TESTS_FORCED_H

#include "seq2seq.h"

typedef struct forced {
    seq2seq q;
    srnn_session *s;
    srnn_array in[SEQ_INPUTS];
    srnn_decoder_session from;
    srnn_force_config c;
    int32_t tokens[SEQ_T][SEQ_B];
    float work[(SEQ_B + 2) * SEQ_V];
} forced;

void forced_open(forced *f, const srnn_kernels *k);
void forced_close(forced *f);

/* All steps of these lengths (NULL: all), source and decoder in one call, from
 * zero states. */
srnn_status forced_make(forced *f, const size_t *length);
/* The same, written to `tokens`, with the inputs as they are. */
srnn_status forced_make_in(forced *f, const size_t *length, int32_t *tokens);

/* Tokens that are not the given ones, or past the ends not 0. */
size_t forced_differing(const forced *f);

#endif
