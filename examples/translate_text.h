/* Pairs of messages, English and another language, as people have translated
 * them for the programs that are installed. */
#ifndef TRANSLATE_TEXT_H
#define TRANSLATE_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum { TRANSLATE_END, TRANSLATE_BEGIN, TRANSLATE_FIRST }; /* symbols */

typedef struct pair {
    char *text[2];     /* English and the other one, UTF-8, in `room` */
    int32_t *symbol[2]; /* their characters as symbols */
    size_t length[2];
    int held_out;
} pair;

typedef struct pairs {
    pair *pair; /* in the order of the English texts' bytes */
    size_t count, held_out;
    uint32_t *character; /* of symbol TRANSLATE_FIRST + i, rising */
    size_t symbols;      /* in all, the two that are no character included */
    size_t catalogs, messages; /* read; the rest was left out as: */
    size_t twice, long_ones, odd, same, rare;
    uint64_t hash; /* of the pairs that are left */
    char *room;       /* of the texts */
    int32_t *numbers; /* of the symbols */
} pairs;

/* Reads the catalogs of the programs' messages in that language ("de") whose
 * names fit the pattern of a shell ("*", "iso_*"), by gettext's msgunfmt, and
 * keeps what pairs_parse does. */
pairs pairs_read(const char *language, const char *pattern, size_t longest,
                 uint64_t seed);

/* From PO text, one catalog after another, in UTF-8, malloc'ed: it is
 * overwritten, and freed with the pairs. Of two messages with one
 * English text the first is taken. Left out are plurals, untranslated ones, and
 *   long_ones  those of more than `longest` characters on a side,
 *   odd        those that are more than words: with formats, markup, paths,
 *              options, line ends, blanks outside or twice, or no letter,
 *   same       those that read alike in both languages,
 *   rare       those with a character that occurs in less than 8 of the pairs.
 * A pair is held out by its English text and the seed alone, one in ten. */
pairs pairs_parse(char *po, size_t longest, uint64_t seed);
void pairs_free(pairs *p);
void pairs_describe(const pairs *p);

/* How many characters UTF-8 text has. */
size_t pairs_characters(const char *text);
/* Drops pairs with a rare character and numbers the characters of the rest;
 * pairs_parse does it. */
void pairs_number(pairs *p);

/* Symbols up to an end as text, at most room - 1 bytes of it. */
void pairs_spell(const pairs *p, const int32_t *symbol, size_t count,
                 char *text, size_t room);

/* B = count pairs side by side:
 *   source  [source_steps][B]  the English text, 0 past its end
 *   input   [target_steps][B]  BEGIN and the translation
 *   target  [target_steps][B]  the translation and END, -1 past it
 * with their lengths [B]; target and input have the same. */
typedef struct pair_batch {
    size_t count, source_steps, target_steps;
    int32_t *source, *input, *target;
    size_t *source_length, *target_length;
} pair_batch;

pair_batch pair_batch_open(size_t count, size_t longest);
void pair_batch_close(pair_batch *b);
void pair_batch_fill(pair_batch *b, const pairs *p, const size_t *which);

#endif
