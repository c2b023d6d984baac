/* What the labels are worth: against a list of proper names, and what a word
 * alone tells. */
#include "names_text.h"
#include "program.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char proper[] =
    "gzip -dcf /usr/share/dict/propernames.gz 2>/dev/null";
static const char webster[] = "/usr/share/dict/web2";

/* Of each spelling: its labels, and one place where it stands. */
typedef struct kind {
    long names, commons;
    const names_word *word;
    int trained;        /* the training text has it */
    int small, capital; /* how Webster's list writes it */
} kind;

/* Over the training text alone, or over all. */
static kind *count_kinds(const names_text *t, int all)
{
    kind *k = allocate(t->kinds, sizeof *k);

    memset(k, 0, t->kinds * sizeof *k);
    for (size_t i = 0; i < t->sentences; i++)
        for (size_t j = 0; j < t->sentence[i].words; j++) {
            const names_word *w = &t->word[t->sentence[i].begin + j];

            k[w->kind].word = w;
            k[w->kind].trained |= !t->sentence[i].held_out;
            if (all || !t->sentence[i].held_out) {
                k[w->kind].names += w->label == NAMES_NAME;
                k[w->kind].commons += w->label == NAMES_COMMON;
            }
        }
    return k;
}

void names_baseline(const names_text *text, unsigned char *said)
{
    kind *k = count_kinds(text, 0);

    for (size_t i = 0; i < text->words; i++)
        said[i] = k[text->word[i].kind].names > k[text->word[i].kind].commons;
    free(k);
}

score_labels names_score(const names_text *text, const unsigned char *said,
                         int unseen)
{
    kind *k = count_kinds(text, 0);
    score_labels sum = {0, 0, 0, 0};

    for (size_t i = 0; i < text->sentences; i++)
        for (size_t j = 0;
             text->sentence[i].held_out && j < text->sentence[i].words; j++) {
            size_t at = text->sentence[i].begin + j;
            const names_word *w = &text->word[at];

            if (w->label != NAMES_UNKNOWN &&
                !(unseen && k[w->kind].trained))
                score_label(&sum, said[at], w->label == NAMES_NAME);
        }
    free(k);
    return sum;
}

/* ---- against the list --------------------------------------------------- */

/* The kind spelt so, kinds lying in the order of their spelling; or NULL. */
static kind *find(const names_text *t, kind *k, const char *name,
                  size_t length)
{
    size_t low = 0, high = t->kinds;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const names_word *w = k[middle].word;
        size_t n = w->length < length ? w->length : length;
        int order = memcmp(t->letters + w->begin, name, n);

        if (!order)
            order = (w->length > length) - (w->length < length);
        if (!order)
            return &k[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* The next line's spelling among the kinds; *line moves on, NULL at the end.
 * *capital says whether it began with one. */
static kind *next(const names_text *t, kind *k, char **line, int *capital)
{
    char *name = *line;
    size_t n = strcspn(name, "\n");

    *capital = isupper((unsigned char)*name);
    *line = name[n] ? name + n + 1 : NULL;
    for (size_t i = 0; i < n; i++)
        name[i] = (char)tolower((unsigned char)name[i]);
    return find(t, k, name, n);
}

static double percent(size_t part, size_t whole)
{
    return whole ? 100. * (double)part / (double)whole : 0;
}

/* Spellings that Webster's list has in one form alone, with a capital or
 * without: how many does the text mostly label so? */
static void compare_webster(const names_text *t, kind *k, char *words)
{
    size_t here[2] = {0, 0}, agree[2] = {0, 0};
    int capital;

    while (words && *words) {
        kind *found = next(t, k, &words, &capital);

        if (found)
            *(capital ? &found->capital : &found->small) = 1;
    }
    for (size_t i = 0; i < t->kinds; i++)
        if (k[i].capital != k[i].small && k[i].names != k[i].commons) {
            here[k[i].capital]++;
            agree[k[i].capital] +=
                k[i].capital == (k[i].names > k[i].commons);
        }
    printf("labels: Webster's list has %zu of the spellings only with a "
           "capital, %.1f %% are\n  labelled names; %zu only without, "
           "%.1f %% are labelled none\n", here[1], percent(agree[1], here[1]),
           here[0], percent(agree[0], here[0]));
}

/* Many given names are also words, of which the text has nothing else. */
static void compare_proper(const names_text *t, kind *k, char *names)
{
    size_t listed = 0, here = 0, agree = 0, words = 0, unused = 0;
    int capital;

    while (names && *names) {
        const kind *found = next(t, k, &names, &capital);

        listed++;
        if (!found || found->names == found->commons) {
            unused++;
            continue;
        }
        here += !found->small;
        agree += !found->small && found->names > found->commons;
        words += found->small;
    }
    printf("labels: miscfiles lists %zu proper names, %zu stand in the text; "
           "%zu of those are\n  common words too, of the other %zu are %zu "
           "(%.1f %%) labelled names\n", listed, listed - unused, words, here,
           agree, percent(agree, here));
}

void names_describe(const names_text *text)
{
    size_t label[3] = {0, 0, 0}, sure = 0, held = 0, length;
    kind *k = count_kinds(text, 1);
    char *names = (char *)read_command(proper, &length);

    for (size_t i = 0; i < text->words; i++) {
        label[1 + text->word[i].label]++;
        sure += text->word[i].sure;
    }
    for (size_t i = 0; i < text->sentences; i++)
        held += text->sentence[i].held_out ? text->sentence[i].words : 0;
    printf("text: %zu chapters, %zu sentences, %zu words of %zu spellings "
           "(%016llx)\n", text->chapters, text->sentences, text->words,
           text->kinds, (unsigned long long)text->hash);
    printf("labels: %zu names, %zu others, %zu unknown; %.1f %% by their own "
           "place\n", label[2], label[1], label[0],
           percent(sure, text->words));
    if (names) {
        char *words = (char *)read_file(webster, &length);

        compare_webster(text, k, words);
        compare_proper(text, k, names);
        free(words);
    } else {
        printf("labels: not checked, miscfiles is not installed\n");
    }
    printf("held out: %zu words, those of one chapter in ten\n", held);
    free(names);
    free(k);
}
