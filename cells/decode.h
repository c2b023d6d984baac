/* What sampling and beam search ask of a row of logits. */
#ifndef SRNN_DECODE_H
#define SRNN_DECODE_H

#include <simdrnn/generate.h>

/* The largest, the first of equals. An error unless it is finite and no logit
 * is NaN. */
srnn_status srnn_row_largest(size_t n, const srnn_real *logits, size_t *at);

/* 0 to below 1, from the 53 high bits of two words. */
static inline double srnn_unit(const uint32_t word[2])
{
    return ((word[0] >> 5) * 0x1p26 + (word[1] >> 6)) * 0x1p-53;
}

srnn_status srnn_sample_check(const srnn_sample_config *config);

#endif
