/* A call of srnn_force, from zero states. */
#include "forced.h"
#include "net_case.h"

#include <string.h>

void forced_open(forced *f, const srnn_kernels *k)
{
    seq2seq_open(&f->q, k);
    f->s = seq2seq_session(&f->q, SEQ_B, 2, 1);
    f->from = (srnn_decoder_session){f->s, f->q.logits, f->in, SEQ_INPUTS};
    f->c = srnn_force_default();
    seq2seq_inputs(&f->q, 0, f->in);
}

void forced_close(forced *f)
{
    srnn_session_close(f->s);
    seq2seq_close(&f->q);
}

srnn_status forced_make_in(forced *f, const size_t *length, int32_t *tokens)
{
    srnn_session_reset(f->s);
    must(srnn_session_axis(f->s, f->q.source, SEQ_S, f->q.source_length,
                           SEQ_B));
    must(srnn_session_lengths(f->s, length));
    return srnn_force(&f->from, &f->c, SEQ_T, tokens, f->work);
}

srnn_status forced_make(forced *f, const size_t *length)
{
    memset(f->tokens, 0x55, sizeof f->tokens);
    seq2seq_inputs(&f->q, 0, f->in);
    return forced_make_in(f, length, f->tokens[0]);
}

size_t forced_differing(const forced *f)
{
    size_t n = 0;

    for (size_t t = 0; t < SEQ_T; t++)
        for (size_t b = 0; b < SEQ_B; b++)
            n += f->tokens[t][b] !=
                 (t < f->q.length[b] ? f->q.given[t][b] : 0);
    return n;
}
