/* Sequences out of nets: sampling, generation, beam search, how likely a given
 * sequence is, and inputs for training that are in part the net's own.
 *
 * None of these knows the structure of a net. They read rows of logits, and
 * where they need the next row they ask an srnn_decoder, which is a session at
 * two of its nodes or two functions of the caller's.
 *
 * Numbers: a function of the logits and of the arguments alone, the same bits
 * on every vector rung. Nothing is allocated but by srnn_beam_open. */
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
 * tokens, whatever it holds; the others are read again in every step. What an
 * encoder reads is not listed, but given in a call of 0 steps before; for a
 * beam, the same in every row. */
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

/* ---- beam search -------------------------------------------------------- */

/* score = log-probability / norm(length), the end counted:
 *   SRNN_NORM_WU      ((5 + length) / 6)^alpha    (Wu et al. 2016, section 7)
 *   SRNN_NORM_POWER   length^alpha                (alpha 1: the mean) */
typedef enum srnn_length_norm {
    SRNN_NORM_WU,
    SRNN_NORM_POWER
} srnn_length_norm;

typedef struct srnn_beam_config {
    size_t beam;       /* hypotheses side by side: the decoder's rows */
    size_t vocabulary; /* the decoder's */
    size_t length;     /* the most tokens, the end among them */
    size_t results;    /* the best that are kept */
    int32_t end;       /* -1: none */
    srnn_length_norm norm;
    double alpha; /* 0 or more; 0: the score is the log-probability */
    void *memory; /* srnn_beam_size bytes, 64-byte aligned; NULL: malloc */
} srnn_beam_config;

/* beam 4, length 100, one result, no end, Wu's norm, alpha 0.6, malloc; the
 * vocabulary must be set. */
SRNN_API srnn_beam_config srnn_beam_default(void);

typedef struct srnn_beam srnn_beam;

/* Bytes that it takes from memory; 0 with a message for an invalid
 * configuration. */
SRNN_API size_t srnn_beam_size(const srnn_beam_config *config);
/* Takes a copy of the net's kernels, nothing else of it. */
SRNN_API srnn_status srnn_beam_open(srnn_beam **beam, const srnn_net *net,
                                    const srnn_beam_config *config);
/* NULL is allowed. */
SRNN_API void srnn_beam_close(srnn_beam *beam);

/* Searches from the past of the decoder's row 0, to which `start` is fed.
 *
 * Each step ranks the continuations of all hypotheses by log-probability, of
 * equal ones the better hypothesis and then the lower token first. One by the
 * end is kept as a result if it is among the first `beam`; the first `beam` of
 * the others go on, and at `length` are kept as results that have not ended.
 * The search is over when even certain tokens up to `length` would not lift
 * the best that goes on above the last result, or none goes on; so beam 1
 * with one result and alpha 0 is the greedy choice. All rows are stepped in
 * every step; those without a hypothesis are fed what they were before.
 *
 * Log-probabilities are sums in double, from the left, of log p_j = (x_j - m)
 * - log sum_i exp(x_i - m), m the largest of the row; the first in double, the
 * second by softmax_xent: each within (2 D + n / 16 + 4 log n + 8) u absolute
 * of the log softmax of the row's reals, and never above 0. D: the largest
 * m - x_i. Logits as for srnn_sample. After an error there are no results,
 * and the decoder's rows hold any past. */
SRNN_API srnn_status srnn_beam_search(srnn_beam *beam,
                                      const srnn_decoder *decoder,
                                      int32_t start);

typedef struct srnn_hypothesis {
    const int32_t *tokens; /* until the next search */
    size_t length;
    double log_probability;
    double score;
    int ended; /* the last token is the end */
} srnn_hypothesis;

/* The results of the last search, the best score first. */
SRNN_API size_t srnn_beam_results(const srnn_beam *beam);
SRNN_API srnn_status srnn_beam_result(const srnn_beam *beam, size_t i,
                                      srnn_hypothesis *hypothesis);

/* ---- the likelihood of given sequences ---------------------------------- */

/* each[t][b] = log softmax(logits)[target] of the cross-entropy node `loss`,
 * over `steps` from the carried states, in nats: the loss of that step alone,
 * negated, with the bound of softmax_xent; 0 where there is no step (a target
 * of -1, or past the row's length). The same is added to total[b], if total is
 * not NULL, in double and step by step, so that sequences may come in parts.
 * each is dense, [steps][B]. */
SRNN_API srnn_status srnn_session_likelihood(srnn_session *session,
                                             srnn_node loss, size_t steps,
                                             const srnn_array *in, size_t ins,
                                             srnn_real *each, double *total);

/* ---- teacher forcing, free running, and between -------------------------- */

/* The inputs x_0 .. x_(T-1) of a training call in which a net reads partly what
 * it says itself (scheduled sampling, Bengio et al. 2015): x_t is the given
 * token with probability `rate`, else a draw from the logits after
 * x_0 .. x_(t-1). 1: teacher forcing; 0: free running (argmax with temperature
 * 0). The first token of a sequence is the given one. The rate may follow the
 * update: srnn_schedule_at of a linear schedule without warmup falls from 1 to
 * `last`. */
typedef struct srnn_force_config {
    double rate; /* 0 to 1 */
    srnn_sample_config sample;
    /* At step t of sequence s the words of the Philox block with key =
     * srnn_mask_key(seed, update, node of in[0], 0) and counter = (0, t mod
     * 2^32, s mod 2^32, s / 2^32) decide: the token is given where the 53 high
     * bits of words 0 and 1 are below the rate, else those of words 2 and 3
     * are the u of the draw. So a sequence is the same beside any others and
     * in any cut. */
    uint64_t seed, update;
    const uint64_t *sequence; /* [B]; NULL: 0 .. B - 1 */
    uint64_t first_step; /* of the call; above 0 it goes on from one before */
} srnn_force_config;

/* rate 1, default sampling, seed 1, update 0, step 0. */
SRNN_API srnn_force_config srnn_force_default(void);

/* Writes tokens [steps][B], for the training call that follows: `from` lists
 * inputs as that call does, the given tokens in in[0], on SRNN_TIME; targets
 * may be among them and are not read. What lies on other axes is read once, or
 * stands from a call before. in[0] gives `tokens` afterwards, so that `in` may
 * go to srnn_trainer_update as it is; no gradient passes through a draw.
 *
 *     srnn_session_reset(session), srnn_trainer_reset(trainer);
 *     config.update = srnn_trainer_updates(trainer);
 *     config.rate = srnn_schedule_at(&falling, config.update);
 *     srnn_force(&from, &config, steps, tokens, work);
 *     srnn_trainer_update(trainer, steps, in, ins, &loss);
 *
 * The session is one of the trainer's net: it has the weights of the last
 * update, and runs between updates, never beside one. Its states are carried;
 * reset, or carried on, where the trainer's are, they are the trainer's, bit
 * for bit. But a session has no masks, and of batch norm the averages.
 * srnn_session_lengths and _axis are set for this call as for the trainer's;
 * past a row's end tokens are 0. What needs all steps at once is refused.
 *
 * tokens may be the given ones where these lie dense, and nothing else that is
 * read. work: (B + 2) vocabulary reals, which keep the last logits: a call with
 * first_step above 0 takes them as the one before left them. Logits as for
 * srnn_sample; after an error from them states are those of some step. */
SRNN_API srnn_status srnn_force(const srnn_decoder_session *from,
                                const srnn_force_config *config, size_t steps,
                                int32_t *tokens, srnn_real *work);

#ifdef __cplusplus
}
#endif

#endif
