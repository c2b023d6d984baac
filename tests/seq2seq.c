/* An encoder-decoder with attention, its data, and the net stepped by hand. */
#include "seq2seq.h"
#include "net_case.h"
#include "numbers.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 4 }; /* of embeddings */

/* ---- the net ------------------------------------------------------------- */

static srnn_node encoder(seq2seq *q, srnn_node *states)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    srnn_node x;

    c.cell = SRNN_GRU;
    c.hidden = SEQ_H;
    c.direction = SRNN_BOTH_SUM;
    must(srnn_net_axis(q->net, "source", SRNN_BATCH, &q->source));
    must(srnn_net_tokens_on(q->net, q->source, "from", SEQ_V, &q->from));
    must(srnn_net_embedding(q->net, "e_from", q->from, WIDTH, &x));
    must(srnn_net_recurrent(q->net, "encoder", x, &c, &x));
    must(srnn_net_state(q->net, "last", x, states));
    return x;
}

static srnn_node decoder(seq2seq *q, srnn_node keys, srnn_node initial)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    srnn_attention_config look = srnn_attention_default();
    srnn_node in[2], out[2];

    c.hidden = SEQ_H; /* an LSTM's h and c: as many as two directions' h */
    c.initial = 1;
    c.initial_state = initial;
    look.score = SRNN_SCORE_GENERAL;
    must(srnn_net_tokens(q->net, "x", SEQ_V, &q->x));
    must(srnn_net_embedding(q->net, "e_x", q->x, WIDTH, &in[0]));
    must(srnn_net_input(q->net, "z", SEQ_Z, &q->z));
    in[1] = q->z;
    must(srnn_net_concat(q->net, "both", in, 2, &in[0]));
    must(srnn_net_recurrent(q->net, "decoder", in[0], &c, &out[0]));
    must(srnn_net_attention(q->net, "attention", out[0], keys, keys, &look,
                            &out[1]));
    must(srnn_net_concat(q->net, "seen", out, 2, &out[0]));
    return out[0];
}

/* Logits of a few units: an argmax of its own at most steps. */
static void spread(srnn_net *net)
{
    srnn_tensor p;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &p));
        for (size_t j = 0; !strcmp(p.name, "out.weight") && j < p.count; j++)
            p.data[j] *= 8;
        for (size_t j = 0; !strcmp(p.name, "e_x.weight") && j < p.count; j++)
            p.data[j] *= 8;
    }
    must(srnn_net_pack(net));
}

static void fill(seq2seq *q)
{
    for (size_t b = 0; b < SEQ_B; b++) {
        q->source_length[b] = 1 + (3 * b + 4) % SEQ_S;
        q->length[b] = SEQ_T - b % 3 * 2 - (b == 2) * 2;
        for (size_t t = 0; t < SEQ_S; t++)
            q->from_data[t][b] = (int32_t)data_below(SEQ_V);
        for (size_t t = 0; t < SEQ_T; t++) {
            q->given[t][b] = (int32_t)data_below(SEQ_V);
            q->target[t][b] = (int32_t)data_below(SEQ_V);
            data_fill(q->z_data[t][b], SEQ_Z, 1);
        }
    }
}

void seq2seq_open(seq2seq *q, const srnn_kernels *k)
{
    srnn_node keys, states, x;

    memset(q, 0, sizeof *q);
    data_seed(21);
    must(srnn_net_open_on(&q->net, k));
    keys = encoder(q, &states);
    x = decoder(q, keys, states);
    must(srnn_net_linear(q->net, "out", x, SEQ_V, &q->logits));
    must(srnn_net_tokens(q->net, "y", SEQ_V, &q->y));
    must(srnn_net_cross_entropy(q->net, "loss", q->logits, q->y, &q->loss));
    case_fill_params(q->net);
    spread(q->net);
    fill(q);
}

void seq2seq_close(seq2seq *q)
{
    srnn_net_close(q->net);
}

/* ---- calls --------------------------------------------------------------- */

srnn_session *seq2seq_session(const seq2seq *q, size_t batch, size_t steps,
                              size_t threads)
{
    srnn_session_config c = srnn_session_default();
    srnn_session *s;

    c.batch = batch;
    c.steps = steps;
    c.axis_steps[q->source] = SEQ_S;
    c.threads = threads;
    must(srnn_session_open(&s, q->net, &c));
    return s;
}

void seq2seq_inputs(const seq2seq *q, size_t b, srnn_array in[SEQ_INPUTS])
{
    const srnn_array one = {.row_stride = 1, .step_stride = SEQ_B};
    size_t i;

    for (i = 0; i < SEQ_INPUTS; i++)
        in[i] = one;
    in[SEQ_X].node = q->x;
    in[SEQ_X].tokens = &q->given[0][b];
    in[SEQ_FEATURES] = (srnn_array){.node = q->z,
                                    .data = (float *)q->z_data[0][b],
                                    .row_stride = SEQ_Z,
                                    .step_stride = SEQ_B * SEQ_Z};
    in[SEQ_FROM].node = q->from;
    in[SEQ_FROM].tokens = &q->from_data[0][b];
    in[SEQ_TARGET].node = q->y;
    in[SEQ_TARGET].tokens = &q->target[0][b];
}

void seq2seq_read(const seq2seq *q, srnn_session *s, size_t batch, size_t b,
                  int same)
{
    int32_t *tokens = case_take(SEQ_S * batch * sizeof *tokens);
    size_t *length = case_take(batch * sizeof *length);
    const srnn_array in = {.node = q->from, .tokens = tokens};

    for (size_t i = 0; i < batch; i++) {
        const size_t row = same ? b : b + i;

        length[i] = q->source_length[row];
        for (size_t t = 0; t < SEQ_S; t++)
            tokens[t * batch + i] = q->from_data[t][row];
    }
    srnn_session_reset(s);
    must(srnn_session_axis(s, q->source, SEQ_S, length, batch));
    must(srnn_session_forward(s, 0, &in, 1, NULL, 0));
    free(tokens);
    free(length);
}

void seq2seq_by_hand(const seq2seq *q, size_t b, size_t steps,
                     const int32_t *tokens, size_t stride, int first,
                     float logits[][SEQ_V])
{
    srnn_session *s = seq2seq_session(q, 1, 1, 1);
    srnn_array in[SEQ_INPUTS], out = {.node = q->logits};

    seq2seq_read(q, s, 1, b, 0);
    seq2seq_inputs(q, b, in);
    for (size_t t = 0; t < steps; t++) {
        in[SEQ_X].tokens = tokens + t * stride;
        in[SEQ_FEATURES].data = (float *)q->z_data[first ? 0 : t][b];
        out.data = logits[t];
        must(srnn_session_forward(s, 1, in, 2, &out, 1));
    }
    srnn_session_close(s);
}
