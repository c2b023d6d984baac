/* BLEU and chrF are functions of one thing: of the n-grams of each order, how
 * many both sides have. Tokens are numbers; equal tokens are equal numbers. */
#include "score.h"
#include "program.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- tokens ------------------------------------------------------------- */

/* FNV-1a: two different words of a corpus have the same number with a
 * probability of less than (words)^2 2^-64. */
static uint64_t hash(const char *bytes, size_t length)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return h;
}

/* The text's tokens, at most one for a byte; returns how many. */
static size_t split(const char *text, int words, uint64_t *token)
{
    size_t n = 0, length;

    while (*(text += strspn(text, " \t\n"))) {
        if (words)
            length = strcspn(text, " \t\n");
        else
            for (length = 1; (text[length] & 0xc0) == 0x80; length++)
                continue; /* bytes that go on with a character */
        token[n++] = hash(text, length);
        text += length;
    }
    return n;
}

/* ---- n-grams ------------------------------------------------------------ */

/* How often the n-gram at `gram` begins among the first `ends` places. */
static size_t occurs(const uint64_t *gram, size_t n, const uint64_t *in,
                     size_t ends)
{
    size_t found = 0;

    for (size_t i = 0; i < ends; i++)
        found += in[i] == gram[0] &&
                 !memcmp(in + i, gram, n * sizeof *gram);
    return found;
}

/* The k-th n-gram of a kind matches if the reference has k of that kind. */
static void count(score_grams *g, const uint64_t *c, size_t cs,
                  const uint64_t *r, size_t rs)
{
    for (size_t n = 1; n <= SCORE_ORDERS; n++) {
        size_t ours = cs < n ? 0 : cs - n + 1;
        size_t theirs = rs < n ? 0 : rs - n + 1;

        g->candidate[n - 1] += ours;
        g->reference[n - 1] += theirs;
        for (size_t i = 0; i < ours; i++)
            g->match[n - 1] +=
                occurs(c + i, n, c, i + 1) <= occurs(c + i, n, r, theirs);
    }
}

static void add(score_grams *g, const char *candidate, const char *reference,
                int words)
{
    uint64_t *c = allocate(strlen(candidate), sizeof *c);
    uint64_t *r = allocate(strlen(reference), sizeof *r);

    count(g, c, split(candidate, words, c), r, split(reference, words, r));
    free(c);
    free(r);
}

void score_words(score_grams *grams, const char *candidate,
                 const char *reference)
{
    add(grams, candidate, reference, 1);
}

void score_characters(score_grams *grams, const char *candidate,
                      const char *reference)
{
    add(grams, candidate, reference, 0);
}

double score_bleu(const score_grams *grams)
{
    double c = (double)grams->candidate[0], r = (double)grams->reference[0];
    double sum = 0;

    for (int n = 0; n < 4; n++) {
        if (!grams->match[n])
            return 0;
        sum += log((double)grams->match[n] / (double)grams->candidate[n]);
    }
    return exp(sum / 4 + (c > r ? 0 : 1 - r / c));
}

double score_chrf(const score_grams *grams)
{
    const double beta2 = 4;
    double precision = 0, recall = 0;
    int orders = 0;

    for (int n = 0; n < SCORE_ORDERS; n++) {
        if (!grams->candidate[n] || !grams->reference[n])
            continue;
        precision += (double)grams->match[n] / (double)grams->candidate[n];
        recall += (double)grams->match[n] / (double)grams->reference[n];
        orders++;
    }
    if (!(precision > 0))
        return 0;
    precision /= orders;
    recall /= orders;
    return (1 + beta2) * precision * recall / (beta2 * precision + recall);
}

/* ---- labels ------------------------------------------------------------- */

void score_label(score_labels *labels, int said, int is)
{
    uint64_t *cell = said ? (is ? &labels->hit : &labels->extra)
                          : (is ? &labels->missed : &labels->other);

    ++*cell;
}

static double share(uint64_t part, uint64_t rest)
{
    return part ? (double)part / (double)(part + rest) : 0;
}

double score_precision(const score_labels *labels)
{
    return share(labels->hit, labels->extra);
}

double score_recall(const score_labels *labels)
{
    return share(labels->hit, labels->missed);
}

double score_f1(const score_labels *labels)
{
    return share(2 * labels->hit, labels->extra + labels->missed);
}
