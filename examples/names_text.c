/* Words and labels of the King James text: a capital inside a sentence marks a
 * name, a capital anywhere else is judged by those. */
#include "names_text.h"
#include "program.h"

#include <simdrnn/io.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* One chapter in ten, in a stream of random numbers of its own. */
static const double HELD_OUT = 0.1;
enum { SPLIT_STREAM = 2 };

typedef struct reader {
    names_text *text;
    const unsigned char *at;
    int start;  /* the next word may have a capital for its place alone */
    int shouts; /* the word before was all in capitals */
} reader;

/* ---- words and sentences ------------------------------------------------ */

static size_t word_length(const unsigned char *s)
{
    size_t n = 0;

    while (isalpha(s[n]) ||
           (n && (s[n] == '\'' || s[n] == '-') && isalpha(s[n + 1])))
        n++;
    return n;
}

/* The last sentence grows by a word; a full one goes on in another. */
static void grow(names_text *t)
{
    names_sentence *s = &t->sentence[t->sentences - 1];

    if (s->words == NAMES_MOST_WORDS) {
        s[1] = (names_sentence){.begin = t->words, .chapter = s->chapter,
                                .held_out = s->held_out};
        t->sentences++;
        s++;
    }
    s->words++;
    t->words++;
}

static void end_sentence(reader *r)
{
    names_text *t = r->text;
    names_sentence *s = &t->sentence[t->sentences - 1];

    r->start = 1;
    r->shouts = 0;
    if (!s->words)
        return;
    s[1] = (names_sentence){.begin = t->words, .chapter = s->chapter,
                            .held_out = s->held_out};
    t->sentences++;
}

static int is_inscription(reader *r, const unsigned char *s, size_t n)
{
    int capitals = n > 1;
    names_word *before = r->text->word + r->text->words - 1;

    for (size_t i = 0; i < n; i++)
        capitals &= !islower(s[i]);
    if (capitals && r->shouts) {
        before->label = NAMES_UNKNOWN;
        before->sure = 1;
    }
    if (!capitals) {
        r->shouts = 0;
        return 0;
    }
    return r->shouts++ > 0;
}

/* A word's label where its place tells; else unknown and not sure. */
static void read_word(reader *r, size_t n)
{
    names_text *t = r->text;
    const unsigned char *s = r->at;
    names_word *w = &t->word[t->words];
    size_t begin = t->words ? w[-1].begin + w[-1].length : 0;

    *w = (names_word){.begin = begin, .label = NAMES_COMMON, .sure = 1};
    w->length = n < NAMES_MOST_CHARACTERS ? n : NAMES_MOST_CHARACTERS;
    for (size_t i = 0; i < w->length; i++)
        t->letters[begin + i] = (char)tolower(s[i]);
    if (is_inscription(r, s, n)) {
        w->label = NAMES_UNKNOWN;
    } else if (isupper(*s) && !(n == 1 && (*s == 'I' || *s == 'O'))) {
        w->label = r->start ? NAMES_UNKNOWN : NAMES_NAME;
        w->sure = !r->start;
    }
    r->start = 0;
    r->at += n;
    grow(t);
}

/* A line that follows an empty one and begins without a blank. */
static void begin_chapter(reader *r, uint64_t seed)
{
    names_text *t = r->text;
    names_sentence *s;

    end_sentence(r);
    s = &t->sentence[t->sentences - 1];
    s->chapter = t->chapters;
    s->held_out = uniform(seed, SPLIT_STREAM, t->chapters) < HELD_OUT;
    t->chapters++;
    r->at += strcspn((const char *)r->at, "\n");
}

static void read_text(reader *r, uint64_t seed)
{
    int empty = 1; /* the line before was */

    while (*r->at) {
        size_t n = word_length(r->at);

        if (empty && *r->at != ' ' && *r->at != '\n') {
            begin_chapter(r, seed);
            empty = 0;
        } else if (n) {
            read_word(r, n);
        } else {
            if (strchr(".?!", *r->at))
                end_sentence(r);
            else if (!isspace(*r->at)) /* other stops, a verse's number */
                r->start = 1;
            empty = *r->at == '\n' && (empty || r->at[1] == '\n');
            r->at++;
        }
    }
    end_sentence(r);
    r->text->sentences--; /* the empty one behind the last */
}

/* ---- spellings ---------------------------------------------------------- */

static const names_text *sorting; /* qsort gives its comparison no context */

static int by_spelling(const void *left, const void *right)
{
    const names_word *a = &sorting->word[*(const size_t *)left];
    const names_word *b = &sorting->word[*(const size_t *)right];
    size_t n = a->length < b->length ? a->length : b->length;
    int order = memcmp(sorting->letters + a->begin,
                       sorting->letters + b->begin, n);

    return order ? order : (a->length > b->length) - (a->length < b->length);
}

/* Numbers the spellings in their order in a dictionary. */
static void number_kinds(names_text *t)
{
    size_t *order = allocate(t->words, sizeof *order);

    for (size_t i = 0; i < t->words; i++)
        order[i] = i;
    sorting = t;
    qsort(order, t->words, sizeof *order, by_spelling);
    for (size_t i = 0; i < t->words; i++) {
        t->kinds += !i || by_spelling(&order[i - 1], &order[i]);
        t->word[order[i]].kind = t->kinds - 1;
    }
    free(order);
}

/* What a place leaves open is as most of the sure ones of that spelling. */
static void settle(names_text *t)
{
    long *lead = allocate(t->kinds, sizeof *lead);

    memset(lead, 0, t->kinds * sizeof *lead);
    for (size_t i = 0; i < t->words; i++)
        if (t->word[i].label != NAMES_UNKNOWN)
            lead[t->word[i].kind] +=
                t->word[i].label == NAMES_NAME ? 1 : -1;
    for (size_t i = 0; i < t->words; i++)
        if (!t->word[i].sure && lead[t->word[i].kind])
            t->word[i].label =
                lead[t->word[i].kind] > 0 ? NAMES_NAME : NAMES_COMMON;
    free(lead);
}

names_text names_parse(const unsigned char *bytes, size_t length,
                       uint64_t seed)
{
    names_text t = {.sentences = 1, .hash = srnn_hash(bytes, length)};
    reader r = {.text = &t, .at = bytes, .start = 1};

    t.letters = allocate(length, 1);
    t.word = allocate(length / 2 + 1, sizeof *t.word);
    t.sentence = allocate(length / 2 + 2, sizeof *t.sentence);
    t.sentence[0] = (names_sentence){.begin = 0};
    read_text(&r, seed);
    t.word = reallocate(t.word, t.words, sizeof *t.word);
    t.sentence = reallocate(t.sentence, t.sentences, sizeof *t.sentence);
    number_kinds(&t);
    settle(&t);
    return t;
}

void names_free(names_text *text)
{
    free(text->letters);
    free(text->word);
    free(text->sentence);
}
