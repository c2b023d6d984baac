/* Messages of catalogs in PO form: read, unescaped, cleaned, as symbols. */
#include "check.h"
#include "examples/po.h"
#include "examples/program.h"
#include "examples/translate_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char program[] = "test_example_pairs";

/* A copy that may be overwritten. */
static char *copy(const char *text)
{
    char *room = allocate(strlen(text), 1);

    return memcpy(room, text, strlen(text) + 1);
}

static void see(char **at, const char *id, const char *translation, int plural)
{
    po_message m;

    if (!po_next(at, &m)) {
        CHECK_SAYS(0, "no message where '%s' is", id);
        return;
    }
    CHECK_SAYS(!strcmp(m.id, id), "'%s' is not '%s'", m.id, id);
    if (!translation)
        CHECK(!m.translation);
    else
        CHECK_SAYS(m.translation && !strcmp(m.translation, translation),
                   "'%s' is not '%s'", m.translation, translation);
    CHECK(m.plural == plural);
}

static void po(void)
{
    static const char text[] =
        "# head\n"
        "msgid \"\"\n"
        "msgstr \"\"\n"
        "\"Language: de\\n\"\n"
        "\"X: 1\\n\"\n"
        "\n"
        "#, fuzzy\n"
        "msgctxt \"menu\"\n"
        "msgid \"One \"\n"
        "\"two \\\"three\\\"\"\n"
        "msgstr \"Eins\\tzwei\\\\n \\303\\2741\"\n"
        "\n"
        "msgid \"%d file\"\n"
        "msgid_plural \"%d files\"\n"
        "msgstr[0] \"eine Datei\"\n"
        "msgstr[1] \"Dateien\"\n"
        "msgid \"close\"\n"
        "msgstr \"zu\"\n"
        "msgctxt \"other\"\n"
        "msgid \"close\"\n"
        "msgstr \"nahe\\";
    char *room = copy(text), *at = room;
    po_message m;

    see(&at, "", "Language: de\nX: 1\n", 0);
    see(&at, "One two \"three\"", "Eins\tzwei\\n \303\2741", 0);
    see(&at, "%d file", NULL, 1);
    see(&at, "close", "zu", 0);
    see(&at, "close", "nahe\\", 0);
    CHECK(!po_next(&at, &m) && !m.id);
    free(room);
}

/* Eight pairs with each of the characters that are kept, then one of each kind
 * that is not. */
static char *catalog(void)
{
    static const char *const rest[][2] = {
        {"abc", "again"},               /* twice */
        {"abcabcabcabc", "cba"},        /* long */
        {"cba", "abcabcabcabc"},
        {"a %s", "b"},                  /* odd */
        {"a", "b\\n"},
        {" a", "b"},
        {"a  b", "b"},
        {"3", "4"},
        {"cab", "cab"},                 /* same */
        {"aab", "\303\251"},            /* rare */
        {"b", ""},                      /* not translated */
    };
    char *text = allocate(4096, 1), *at = text;

    at += sprintf(at, "msgid \"\"\nmsgstr \"Language: de\\n\"\n\n"
                  "msgid \"abc\"\nmsgstr \"b\303\274c\"\n\n");
    for (int i = 0; i < 7; i++)
        at += sprintf(at, "msgid \"abc%.*s\"\nmsgstr \"cab\303\274\"\n\n",
                      i + 1, "cccccccc");
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        at += sprintf(at, "msgid \"%s\"\nmsgstr \"%s\"\n\n", rest[i][0],
                      rest[i][1]);
    return text;
}

static void cleaned(void)
{
    static const int32_t want[3] = {3, 5, 4}; /* a b c u-umlaut from 2 on */
    pairs p = pairs_parse(catalog(), 10, 1);
    char text[8];

    CHECK(p.catalogs == 1 && p.messages == 19);
    CHECK(p.twice == 1 && p.long_ones == 2 && p.odd == 5);
    CHECK(p.same == 1 && p.rare == 1);
    CHECK(p.count == 8 && p.symbols == 6 && p.character[3] == 0xfc);
    CHECK(!strcmp(p.pair[0].text[1], "b\303\274c"));
    CHECK(p.pair[0].length[0] == 3 && p.pair[0].length[1] == 3);
    CHECK(!memcmp(p.pair[0].symbol[1], want, sizeof want));
    pairs_spell(&p, want, 3, text, sizeof text);
    CHECK(!strcmp(text, "b\303\274c"));
    pairs_spell(&p, want, 3, text, 3); /* no room for half a character */
    CHECK(!strcmp(text, "b"));
    pairs_spell(&p, (const int32_t[]){4, 0, 4}, 3, text, sizeof text);
    CHECK(!strcmp(text, "c"));
    pairs_free(&p);
}

/* U+7F, U+80, U+7FF, U+800, U+FFFF and U+10FFFF, the ends of each length. */
static void utf8(void)
{
    static const char ends[] = "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"
                               "\xf4\x8f\xbf\xbf";
    uint32_t character[6] = {0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10ffff};
    int32_t symbol[6] = {2, 3, 4, 5, 6, 7};
    pairs p = {.character = character, .symbols = 8};
    char text[32];

    CHECK(pairs_characters(ends) == 6);
    pairs_spell(&p, symbol, 6, text, sizeof text);
    CHECK(!strcmp(text, ends));
    CHECK(pairs_characters("a\xc3") == 2 && pairs_characters("\x80") == 1);
}

static void batch(void)
{
    static const size_t which[2] = {1, 0};
    static const int32_t source[8] = {2, 2, 3, 3, 4, 4, 4, 0};
    static const int32_t input[10] = {1, 1, 4, 3, 2, 5, 3, 4, 5, 0};
    static const int32_t target[10] = {4, 3, 2, 5, 3, 4, 5, 0, 0, -1};
    pairs p = pairs_parse(catalog(), 10, 1);
    pair_batch b = pair_batch_open(2, 10);

    pair_batch_fill(&b, &p, which);
    CHECK(b.source_steps == 4 && b.target_steps == 5);
    CHECK(b.source_length[0] == 4 && b.source_length[1] == 3);
    CHECK(b.target_length[0] == 5 && b.target_length[1] == 4);
    CHECK(!memcmp(b.source, source, sizeof source));
    CHECK(!memcmp(b.input, input, sizeof input));
    CHECK(!memcmp(b.target, target, sizeof target));
    pair_batch_close(&b);
    pairs_free(&p);
}

/* Which side a pair is on is its English text's: other pairs beside it, or
 * another order, change nothing; another seed does. Of 1000 pairs 100 +- 9.5
 * are expected; 47 away is less than one seed in a million. */
static void split(void)
{
    size_t differ = 0;
    pairs p[3];

    for (int i = 0; i < 3; i++) {
        char *text = allocate(2000, 64), *at = text;

        *text = 0;
        for (int j = 0; j < 1000; j++) {
            int k = i == 1 ? 999 - j : j;

            at += sprintf(at, "msgid \"a %d\"\nmsgstr \"b %d\"\n\n", k, k);
        }
        if (i == 1) /* and more beside them */
            for (int j = 0; j < 1000; j++)
                at += sprintf(at, "msgid \"c %d\"\nmsgstr \"b\"\n\n", j);
        p[i] = pairs_parse(text, 10, i == 2 ? 2 : 1);
        CHECK(p[i].count == (i == 1 ? 2000 : 1000));
    }
    for (size_t j = 0; j < 1000; j++) {
        CHECK(!strcmp(p[0].pair[j].text[0], p[1].pair[j].text[0]));
        CHECK(p[0].pair[j].held_out == p[1].pair[j].held_out);
        differ += p[0].pair[j].held_out != p[2].pair[j].held_out;
    }
    CHECK(p[0].held_out > 53 && p[0].held_out < 147);
    CHECK(differ > 0);
    for (int i = 0; i < 3; i++)
        pairs_free(&p[i]);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"po", NULL, po},
        {"cleaned", NULL, cleaned},
        {"utf8", NULL, utf8},
        {"batch", NULL, batch},
        {"split", NULL, split},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
