/* An encoder-decoder with attention and its data, sources and targets of many
 * lengths: tokens "from" on axis "source" -> "encoder", both directions, whose
 * last states are the first of "decoder", which reads tokens "x" and reals "z";
 * its outputs beside what "attention" sees of the encoder's -> "out" -> "loss"
 * with targets "y". */
#ifndef SRNN_TESTS_SEQ2SEQ_H
#define SRNN_TESTS_SEQ2SEQ_H

#include <simdrnn/generate.h>

enum { SEQ_B = 5, SEQ_S = 6, SEQ_T = 9, SEQ_V = 5, SEQ_Z = 2, SEQ_H = 9 };

typedef struct seq2seq {
    srnn_net *net;
    srnn_axis source;
    srnn_node from, x, z, y, logits, loss;
    int32_t from_data[SEQ_S][SEQ_B], given[SEQ_T][SEQ_B], target[SEQ_T][SEQ_B];
    float z_data[SEQ_T][SEQ_B][SEQ_Z];
    size_t source_length[SEQ_B], length[SEQ_B];
} seq2seq;

/* Parameters as case_fill_params', but logits far enough apart that the
 * largest one changes from step to step. */
void seq2seq_open(seq2seq *q, const srnn_kernels *k);
void seq2seq_close(seq2seq *q);

srnn_session *seq2seq_session(const seq2seq *q, size_t batch, size_t steps,
                              size_t threads);

/* Inputs from row b on, in the arrays of all rows: "x" (given), "z", "from",
 * "y". The first two are the decoder's. */
enum { SEQ_X, SEQ_FEATURES, SEQ_FROM, SEQ_TARGET, SEQ_INPUTS };
void seq2seq_inputs(const seq2seq *q, size_t b, srnn_array in[SEQ_INPUTS]);

/* Resets the session; its rows read the sources of rows b, b + 1, ...; all of
 * them that of row b if `same`. */
void seq2seq_read(const seq2seq *q, srnn_session *s, size_t batch, size_t b,
                  int same);

/* The logits that row b's net alone gives after each of `steps` tokens,
 * `stride` apart, fed to it one by one. first: "z" stays that of step 0. */
void seq2seq_by_hand(const seq2seq *q, size_t b, size_t steps,
                     const int32_t *tokens, size_t stride, int first,
                     float logits[][SEQ_V]);

#endif
