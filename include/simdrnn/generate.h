/* Sequences out of nets: sampling.
 *
 * Nothing here knows the structure of a net; what is read are rows of logits.
 *
 * Numbers: a function of the logits and of the arguments alone, the same bits
 * on every vector rung. */
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

#ifdef __cplusplus
}
#endif

#endif
