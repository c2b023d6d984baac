/* Labels of words from their capitals, worked out by hand on a small text, and
 * the arrays that a batch of its sentences becomes. */
#include "check.h"
#include "examples/names_text.h"
#include "examples/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char program[] = "test_example_names";

static const char small_text[] =
    "\n"
    "Genesis 1\n"
    "\n"
    "  1 And Mark said unto the LORD, Mark the king's\n"
    "son, O Lord GOD. The lord of Mark\n"
    "  2 Mark; and I, even I, said, Amen? Why (Why) is the King\n"
    "\n"
    "2 Samuel 2\n"
    "\n"
    "  1 mark the writing, JESUS THE KING, A AM the Mark of Jesus' "
    "son-in-law\n";

/* Each word with its label: + a name, - none, ? unknown; and a ~ where it was
 * judged by other places. Sentences end in a full stop. */
static char *labels_of(const names_text *t)
{
    char *line = allocate(t->words, 2 * NAMES_MOST_CHARACTERS), *at = line;

    for (size_t i = 0; i < t->sentences; i++) {
        for (size_t j = 0; j < t->sentence[i].words; j++) {
            const names_word *w = &t->word[t->sentence[i].begin + j];

            at += sprintf(at, "%.*s%c%s ", (int)w->length,
                          t->letters + w->begin, "?-+"[1 + w->label],
                          w->sure ? "" : "~");
        }
        at[-1] = '.';
    }
    return line;
}

static names_text parse(const char *text)
{
    return names_parse((const unsigned char *)text, strlen(text), 1);
}

/* Mark is a name in three sure places and a word in one. */
static void labels(void)
{
    static const char want[] =
        "and-~ mark+ said- unto- the- lord+ mark+~ the- king's- son- o- "
        "lord+ god+.the-~ lord- of- mark+ mark+~ and- i- even- i- said- "
        "amen?~.why?~ why?~ is- the- king+.mark- the- writing- jesus? "
        "the? king? a?~ am+ the- mark+ of- jesus+ son-in-law-.";
    names_text t = parse(small_text);
    char *got = labels_of(&t);

    CHECK_SAYS(!strcmp(got, want), "got  %s\nwant %s", got, want);
    CHECK(t.chapters == 2 && t.sentences == 4);
    CHECK(t.sentence[2].chapter == 0 && t.sentence[3].chapter == 1);
    free(got);
    names_free(&t);
}

/* 150 words without a stop are 64, 64 and 22; words of 40 letters 24. */
static void cuts(void)
{
    char text[150 * 42 + 32] = "Genesis 1\n\n  1 ", *at = text + strlen(text);
    names_text t;

    for (int i = 0; i < 150; i++) {
        memset(at, 'a' + i % 2, 40);
        at[40] = ' ';
        at += 41;
    }
    *at = 0;
    t = parse(text);
    CHECK(t.words == 150 && t.sentences == 3 && t.kinds == 2);
    CHECK(t.sentence[0].words == 64 && t.sentence[1].words == 64);
    CHECK(t.sentence[2].words == 22 && t.sentence[2].begin == 128);
    CHECK(t.word[149].length == NAMES_MOST_CHARACTERS);
    names_free(&t);
}

static void batch(void)
{
    static const char text[] = "Genesis 1\n\n  1 ab c-d. x'y it Z.\n";
    static const size_t which[2] = {1, 0};
    names_text t = parse(text);
    names_batch b = names_batch_open(2);

    names_batch_fill(&b, &t, which);
    CHECK(b.words == 3 && b.characters == 3);
    CHECK(b.sentence_length[0] == 3 && b.sentence_length[1] == 2);
    /* rows: x'y ab it c-d z - */
    {
        static const size_t length[6] = {3, 2, 2, 3, 1, 0};
        static const int32_t character[18] = {23, 0, 8, 2, 25, 0, 26, 1, 19,
                                              27, 0, 0, 24, 0, 0, 3, 0, 0};
        static const int32_t target[6] = {0, 0, 0, 0, 1, -1};

        CHECK(!memcmp(b.word_length, length, sizeof length));
        CHECK(!memcmp(b.character, character, sizeof character));
        CHECK(!memcmp(b.target, target, sizeof target));
    }
    names_batch_close(&b);
    names_free(&t);
}

/* The split is the seed's, about a tenth of the chapters, and whole chapters.
 * Of 1000 chapters 100 +- 9.5 are expected: beyond 5 standard deviations lies
 * less than one seed in a million. */
static void split(void)
{
    char *text = allocate(1000, 64), *at = text;
    size_t held[2] = {0, 0}, same = 0;
    names_text t[2];

    for (int i = 0; i < 1000; i++)
        at += sprintf(at, "Genesis %d\n\n  1 one two. three\n\n", i);
    for (uint64_t i = 0; i < 2; i++)
        t[i] = names_parse((unsigned char *)text, strlen(text), i);
    CHECK(t[0].sentences == 2000 && t[0].chapters == 1000);
    for (size_t j = 0; j < 2000; j++) {
        size_t chapter = t[0].sentence[j].chapter;

        for (int i = 0; i < 2; i++)
            held[i] += (size_t)t[i].sentence[j].held_out;
        same += t[0].sentence[j].held_out == t[1].sentence[j].held_out;
        CHECK(t[0].sentence[j].held_out ==
              t[0].sentence[2 * chapter].held_out);
    }
    for (int i = 0; i < 2; i++) {
        CHECK(held[i] > 2 * 53 && held[i] < 2 * 147);
        names_free(&t[i]);
    }
    CHECK(same < 2000);
    free(text);
}

/* In the chapters to learn from, `po` is a name and `qu` none; where they are
 * held out, what they were there counts. */
static void baseline(void)
{
    char *text = allocate(200, 64), *at = text;
    uint64_t chapters = 0, names;
    unsigned char *said;
    score_labels got;
    names_text t;

    for (int i = 0; i < 200; i++)
        at += sprintf(at, "Genesis %d\n\n  1 so Po saw po and Po, qu\n\n", i);
    t = names_parse((unsigned char *)text, strlen(text), 1);
    said = allocate(t.words, 1);
    names_baseline(&t, said);
    got = names_score(&t, said, 0);
    for (size_t i = 0; i < t.sentences; i++)
        chapters += (uint64_t)t.sentence[i].held_out;
    names = 2 * chapters;
    CHECK(chapters > 0 && chapters < 200);
    CHECK(got.hit == names && got.extra == chapters && !got.missed);
    CHECK(got.other == 4 * chapters);
    got = names_score(&t, said, 1);
    CHECK(!got.hit && !got.extra && !got.missed && !got.other);
    free(said);
    names_free(&t);
    free(text);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"labels", NULL, labels},
        {"cuts", NULL, cuts},
        {"batch", NULL, batch},
        {"split", NULL, split},
        {"baseline", NULL, baseline},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
