/* Sentences as the arrays that a net of two time axes takes: characters along
 * one, words along the other. */
#include "names_text.h"
#include "program.h"

#include <stdlib.h>
#include <string.h>

names_batch names_batch_open(size_t sentences)
{
    size_t words = sentences * NAMES_MOST_WORDS;
    names_batch b = {.sentences = sentences};

    b.character = allocate(words * NAMES_MOST_CHARACTERS,
                           sizeof *b.character);
    b.word_length = allocate(words, sizeof *b.word_length);
    b.sentence_length = allocate(sentences, sizeof *b.sentence_length);
    b.target = allocate(words, sizeof *b.target);
    return b;
}

void names_batch_close(names_batch *batch)
{
    free(batch->character);
    free(batch->word_length);
    free(batch->sentence_length);
    free(batch->target);
}

static int32_t symbol(char letter)
{
    return letter == '\'' ? 26 : letter == '-' ? 27 : letter - 'a';
}

static void measure(names_batch *b, const names_text *t, const size_t *which)
{
    b->words = b->characters = 0;
    for (size_t i = 0; i < b->sentences; i++) {
        const names_sentence *s;

        b->sentence_length[i] = 0;
        if (which[i] == NAMES_NOTHING)
            continue;
        s = &t->sentence[which[i]];
        b->sentence_length[i] = s->words;
        if (s->words > b->words)
            b->words = s->words;
        for (size_t j = 0; j < s->words; j++)
            if (t->word[s->begin + j].length > b->characters)
                b->characters = t->word[s->begin + j].length;
    }
}

void names_batch_fill(names_batch *batch, const names_text *text,
                      const size_t *which)
{
    names_batch *b = batch;
    size_t rows;

    measure(b, text, which);
    rows = b->words * b->sentences;
    memset(b->character, 0, b->characters * rows * sizeof *b->character);
    memset(b->word_length, 0, rows * sizeof *b->word_length);
    for (size_t row = 0; row < rows; row++)
        b->target[row] = NAMES_UNKNOWN;
    for (size_t i = 0; i < b->sentences; i++)
        for (size_t j = 0; j < b->sentence_length[i]; j++) {
            const names_word *w =
                &text->word[text->sentence[which[i]].begin + j];
            size_t row = j * b->sentences + i;

            b->word_length[row] = w->length;
            b->target[row] = w->label;
            for (size_t k = 0; k < w->length; k++)
                b->character[k * rows + row] =
                    symbol(text->letters[w->begin + k]);
        }
}
