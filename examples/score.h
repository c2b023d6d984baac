/* How good answers are: translations by BLEU and chrF, yes-or-no labels by
 * precision, recall and F1. Counts are added up over all pairs of a corpus,
 * and a score is a function of the counts. */
#ifndef SCORE_H
#define SCORE_H

#include <stddef.h>
#include <stdint.h>

enum { SCORE_ORDERS = 6 };

/* Counts over n-grams of order n in element n - 1. A match is an n-gram of the
 * candidate that the reference has too, each of the reference's once. */
typedef struct score_grams {
    uint64_t match[SCORE_ORDERS];
    uint64_t candidate[SCORE_ORDERS], reference[SCORE_ORDERS];
} score_grams;

/* Adds a candidate and its one reference, UTF-8. Tokens are what lies between
 * blanks (words), or all characters but blanks (characters). Time is that of
 * the product of the two lengths: for sentences, not for books. */
void score_words(score_grams *grams, const char *candidate,
                 const char *reference);
void score_characters(score_grams *grams, const char *candidate,
                      const char *reference);

/* BLEU-4 = B exp(1/4 sum of log p_n, n = 1..4), p_n = matches / n-grams of the
 * candidates; B = 1 if c > r, else exp(1 - r / c), c and r the tokens of all
 * candidates and all references. In [0, 1]; not smoothed: 0 where a p_n is 0
 * or nothing was counted. Papineni et al., "BLEU", 2002. */
double score_bleu(const score_grams *grams);

/* chrF = (1 + b^2) P R / (b^2 P + R), b = 2, from counts of characters: P is
 * the mean over n = 1..6 of matches / n-grams of the candidates, R that of
 * matches / n-grams of the references; orders that either side has no n-gram
 * of are left out of the means. In [0, 1], 0 where nothing matches. Popovic,
 * "chrF: character n-gram F-score", 2015. */
double score_chrf(const score_grams *grams);

/* Labels that are 1 or 0. */
typedef struct score_labels {
    uint64_t hit;    /* said 1, is 1 */
    uint64_t extra;  /* said 1, is 0 */
    uint64_t missed; /* said 0, is 1 */
    uint64_t other;  /* said 0, is 0 */
} score_labels;

void score_label(score_labels *labels, int said, int is);
/* hit / (hit + extra), hit / (hit + missed), and their harmonic mean; 0 where
 * there is no hit. */
double score_precision(const score_labels *labels);
double score_recall(const score_labels *labels);
double score_f1(const score_labels *labels);

#endif
