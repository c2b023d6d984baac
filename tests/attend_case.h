/* A small encoder-decoder with attention, and its data, in the library's real
 * type: "source" (axis "source") -> "enc", "x" -> "dec" -> "att" over "enc" ->
 * linear "out" -> cross-entropy "loss" with targets "y". */
#ifndef SRNN_TESTS_ATTEND_CASE_H
#define SRNN_TESTS_ATTEND_CASE_H

#include <simdrnn/simdrnn.h>

/* Values: the keys; a linear node "val" of their own. Twice: "att" is asked
 * again by "att2". Self: queries, keys and values are "dec". */
typedef enum attend_form {
    ATTEND_PLAIN,
    ATTEND_VALUES,
    ATTEND_TWICE,
    ATTEND_SELF,
    ATTEND_FORMS
} attend_form;

typedef struct attend_case {
    srnn_score_kind score;
    attend_form form;
    size_t batch, source, steps, in, hidden, width, classes;
    const size_t *source_length, *length; /* [batch]; NULL: all */
} attend_case;

typedef struct attend_data {
    attend_case c;
    srnn_real *source, *x, *state; /* [S][B][in], [T][B][in], [B][hidden] */
    int32_t *target;               /* [T][B] */
    size_t states;
} attend_data;

const char *attend_name(const attend_case *c);
srnn_net *attend_net(const srnn_kernels *k, const attend_case *c);
void attend_fill(attend_data *d, const attend_case *c);
void attend_free(attend_data *d);
/* Sequence b by itself, a copy. */
void attend_one(attend_data *one, const attend_data *d, size_t b,
                size_t lengths[2]);

/* Steps [t0, ...) of the inputs: source, x, y. */
void attend_inputs(const attend_data *d, const srnn_net *net, size_t t0,
                   srnn_array in[3]);
size_t attend_axis(const srnn_net *net);
srnn_trainer *attend_trainer(srnn_net *net, const attend_case *c,
                             size_t threads);
srnn_session *attend_session(srnn_net *net, const attend_case *c, size_t steps,
                             size_t threads);
/* States, lengths and the source's steps of the next call. */
void attend_ready(srnn_trainer *t, const attend_data *d);

#endif
