/* Sequences out of nets: sampling and generation.
 *
 * Neither knows the structure of a net. They read rows of logits, and
 * where they need the next row they ask an srnn_decoder, which is a session at
 * two of its nodes or two functions of the caller's.
 *
 * Numbers: a function of the logits and of the arguments alone, the same bits
 * on every vector rung. Nothing is allocated. */
#ifndef SIMDRNN_GENERATE_H
#define SIMDRNN_GENERATE_H

#include <simdrnn/simdrnn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a symbol from a row of logits -------------------------------------- */

/* p = softmax(logits / temperature) over the top_k largest logits (Fan et al.
 * 2018); of these the fewest, likeliest first, whose p together are top_p of
 * the whole or more, one at least (the nucleus of Holtzman et al. 2020). Of
 * equal ones the lower symbol is first. */
typedef struct srnn_sample_config {
    double temperature; /* 0: the largest logit */
    size_t top_k;       /* 0, or n and more: all */
    double top_p;       /* 0 to 1; 1: all */
} srnn_sample_config;

/* temperature 1, all, 1. */
SRNN_API srnn_sample_config srnn_sample_default(void);

/* Draws by inversion: the first symbol j that is left with u sum < p_0 + ... +
 * p_j, sums in double, 0 <= u < 1. A logit of -infinity is never drawn. work
 * holds 2 n reals; its first n may be the logits. p is within the
 * bound of kernels.h's softmax and D u more, u = 2^-24, D the largest distance
 * of logits that are left / temperature. -1 with a message for other arguments,
 * or if a logit is NaN or +infinity or all are -infinity. */
SRNN_API int32_t srnn_sample(const srnn_net *net, size_t n,
                             const srnn_real *logits,
                             const srnn_sample_config *config, double u,
                             srnn_real *work);

/* ---- decoders ----------------------------------------------------------- */

/* What gives logits for tokens, step by step, and remembers the past: B rows,
 * each a sequence. */
typedef struct srnn_decoder {
    size_t rows;       /* B */
    size_t vocabulary; /* logits in a row */
    /* Feeds tokens [B], writes logits [B][vocabulary] of what comes next. */
    srnn_status (*step)(void *data, const int32_t *tokens, srnn_real *logits);
    /* Gives row `to` the past of row `from`. Only beam search calls it. */
    srnn_status (*copy)(void *data, size_t from, size_t to);
    void *data;
} srnn_decoder;

/* A session as a decoder: from its present states, a step of the session for
 * each token. in lists the inputs that the logits need: in[0] takes the
 * tokens, whatever it holds; the others are read again in every step. */
typedef struct srnn_decoder_session {
    srnn_session *session;
    srnn_node logits;
    srnn_array *in;
    size_t ins;
} srnn_decoder_session;

/* Fills *decoder; *from must live as long. Its vocabulary is that of the
 * logits, and every one of them must be a token of in[0]. */
SRNN_API srnn_status srnn_decoder_over(srnn_decoder *decoder,
                                       const srnn_decoder_session *from);

typedef struct srnn_generate_config {
    srnn_sample_config sample;
    int32_t end; /* the token that ends a sequence; -1: none does */
    /* The u of a draw are the 53 high bits of words 0 and 1 of Philox, key =
     * seed, counter = (step, sequence, 0, 2): a sequence is the same beside
     * any others, and in any parts. */
    uint64_t seed;
    uint32_t step;            /* of the first draw */
    const uint32_t *sequence; /* [B]; NULL: 0 .. B - 1 */
} srnn_generate_config;

/* Default sampling, no end, seed 1, step 0. */
SRNN_API srnn_generate_config srnn_generate_default(void);

/* Feeds start [B], then what it draws, until every row has drawn the end or
 * has `steps` tokens. tokens [steps][B] are those drawn; past a row's end all
 * are the end. lengths [B], if not NULL: the tokens of each row, the end among
 * them. work: (B + 2) vocabulary reals. */
SRNN_API srnn_status srnn_generate(const srnn_net *net,
                                   const srnn_decoder *decoder,
                                   const srnn_generate_config *config,
                                   const int32_t *start, size_t steps,
                                   int32_t *tokens, size_t *lengths,
                                   srnn_real *work);

#ifdef __cplusplus
}
#endif

#endif
