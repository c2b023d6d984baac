/* Is this word a name? The King James text in lower case, a label for each
 * word from the capitals that were there, and batches of sentences. */
#ifndef NAMES_TEXT_H
#define NAMES_TEXT_H

#include "score.h"

enum {
    NAMES_SYMBOLS = 28,      /* a .. z, apostrophe, hyphen: 0 .. 27 */
    NAMES_MOST_CHARACTERS = 24, /* of a word; longer ones are cut */
    NAMES_MOST_WORDS = 64    /* of a sentence; longer ones are cut in pieces */
};

#define NAMES_NOTHING ((size_t)-1)
enum { NAMES_UNKNOWN = -1, NAMES_COMMON, NAMES_NAME };

typedef struct names_word {
    size_t begin, length; /* in letters */
    size_t kind;          /* number of its spelling */
    int32_t label;
    int sure; /* labelled where it stands, not by how it is mostly written */
} names_word;

typedef struct names_sentence {
    size_t begin, words; /* in word */
    size_t chapter;
    int held_out;
} names_sentence;

typedef struct names_text {
    char *letters; /* all words one after another, in lower case */
    names_word *word;
    names_sentence *sentence;
    size_t words, sentences, chapters, kinds;
    uint64_t hash; /* of the text as it was read */
} names_text;

/* Labels, where a word begins with a capital:
 *   inside a sentence, no stop before it: a name (God and LORD too, and Father
 *   or Son where they are written so), but for "I" and the exclamation "O";
 *   first in a sentence, a verse or, after any stop, perhaps in a speech: as
 *   the spelling is mostly written elsewhere, unknown if it is nowhere else;
 *   two words or more all in capitals, an inscription: unknown.
 * Other words are common. One chapter in ten is held out, by the seed. Takes
 * the form that bible.h states. */
names_text names_parse(const unsigned char *bytes, size_t length,
                       uint64_t seed);
void names_free(names_text *text);

/* What is in the text, and how many of the proper names that Debian's
 * miscfiles lists and the text has are labelled so, on standard output. */
void names_describe(const names_text *text);

/* said[i] for every word: by its spelling alone, a name if it mostly is one in
 * the training text; ties and spellings that it does not have are none. */
void names_baseline(const names_text *text, unsigned char *said);
/* Adds up said[] over the labelled words that are held out, or only those of
 * them whose spelling the training text does not have. */
score_labels names_score(const names_text *text, const unsigned char *said,
                         int unseen);

/* Sentences side by side, B = sentences: word w of sentence b is row
 * w * B + b of the characters' sequences. All are room for the largest. */
typedef struct names_batch {
    size_t sentences;       /* B */
    size_t words;           /* of the longest sentence */
    size_t characters;      /* of the longest word */
    int32_t *character;     /* [characters][words * B] */
    size_t *word_length;    /* [words * B], 0 past a sentence's end */
    size_t *sentence_length; /* [B] */
    int32_t *target;        /* [words][B], NAMES_UNKNOWN past the end */
} names_batch;

names_batch names_batch_open(size_t sentences);
void names_batch_close(names_batch *batch);
/* Fills it with these sentences, as many as it was opened for; NAMES_NOTHING is
 * one of no words. */
void names_batch_fill(names_batch *batch, const names_text *text,
                      const size_t *which);

#endif
