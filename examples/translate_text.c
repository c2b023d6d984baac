/* Pairs from catalogs: read, cleaned, each English text once, split. */
#define _POSIX_C_SOURCE 200809L

#include "po.h"
#include "program.h"
#include "translate_text.h"

#include <simdrnn/io.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double HELD_OUT = 0.1;
enum { SPLIT_STREAM = 2 };

/* ---- cleaning ----------------------------------------------------------- */

static int is_letter(const char *s)
{
    return (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s & 0x80;
}

/* Not a message in words alone. */
static int is_odd(const char *s)
{
    int letters = 0;

    if (*s == ' ' || strpbrk(s, "%<>&_${}=@#*|/`~^[]\\\"") ||
        strstr(s, "  ") || strstr(s, "--"))
        return 1;
    for (; *s; s++) {
        if ((unsigned char)*s < ' ' || *s == 0x7f || (*s == ' ' && !s[1]))
            return 1;
        letters += is_letter(s);
    }
    return !letters;
}

static int by_english(const void *left, const void *right)
{
    const pair *a = left, *b = right;
    int order = strcmp(a->text[0], b->text[0]);

    if (order) /* the place in the text tells the first */
        return order;
    return (a->text[0] > b->text[0]) - (a->text[0] < b->text[0]);
}

static int is_kept(pairs *p, const pair *one, size_t longest)
{
    size_t english = pairs_characters(one->text[0]);
    size_t other = pairs_characters(one->text[1]);

    if (english > longest || other > longest)
        p->long_ones++;
    else if (is_odd(one->text[0]) || is_odd(one->text[1]))
        p->odd++;
    else if (!strcmp(one->text[0], one->text[1]))
        p->same++;
    else
        return 1;
    return 0;
}

/* All messages that have a translation, then each English text once, then
 * those that are kept. */
static void collect(pairs *p, char *po, size_t longest)
{
    size_t room = 1024, kept = 0;
    po_message m;

    p->pair = allocate(room, sizeof *p->pair);
    while (po_next(&po, &m)) {
        p->catalogs += !*m.id; /* a catalog's head has no English text */
        p->messages += *m.id != 0;
        if (!*m.id || m.plural || !m.translation || !*m.translation)
            continue;
        if (p->count == room)
            p->pair = reallocate(p->pair, room *= 2, sizeof *p->pair);
        p->pair[p->count++] = (pair){.text = {m.id, m.translation}};
    }
    qsort(p->pair, p->count, sizeof *p->pair, by_english);
    for (size_t i = 0; i < p->count; i++)
        if (i && !strcmp(p->pair[i].text[0], p->pair[i - 1].text[0]))
            p->twice++;
        else if (is_kept(p, &p->pair[i], longest))
            memmove(&p->pair[kept++], &p->pair[i], sizeof *p->pair);
    p->count = kept;
}

/* ---- all together ------------------------------------------------------- */

static void finish(pairs *p, uint64_t seed)
{
    for (size_t i = 0; i < p->count; i++) {
        pair *one = &p->pair[i];
        uint64_t part[3] = {
            srnn_hash(one->text[0], strlen(one->text[0])),
            srnn_hash(one->text[1], strlen(one->text[1])), p->hash};

        one->held_out = uniform(seed, SPLIT_STREAM, part[0]) < HELD_OUT;
        p->held_out += (size_t)one->held_out;
        p->hash = srnn_hash(part, sizeof part);
    }
}

pairs pairs_parse(char *po, size_t longest, uint64_t seed)
{
    pairs p = {.room = po};

    collect(&p, po, longest);
    pairs_number(&p);
    finish(&p, seed);
    return p;
}

void pairs_free(pairs *p)
{
    free(p->pair);
    free(p->character);
    free(p->numbers);
    free(p->room);
}

static int is_plain(const char *s, const char *others)
{
    for (; *s; s++)
        if (!(*s >= 'a' && *s <= 'z') && !(*s >= 'A' && *s <= 'Z') &&
            !(*s >= '0' && *s <= '9') && !strchr(others, *s))
            return 0;
    return 1;
}

pairs pairs_read(const char *language, const char *pattern, size_t longest,
                 uint64_t seed)
{
    char command[512];
    unsigned char *po;
    size_t length;

    if (!*language || strlen(language) > 32 || !is_plain(language, "_@"))
        die("--language %s: a name such as de or pt_BR is expected", language);
    if (!*pattern || strlen(pattern) > 64 || !is_plain(pattern, "_.*?+-"))
        die("--catalogs %s: a pattern such as iso_* is expected", pattern);
    snprintf(command, sizeof command,
             "export LC_ALL=C; for f in /usr/share/locale/%s/LC_MESSAGES/%s.mo;"
             " do msgunfmt --no-wrap \"$f\" | msgconv --no-wrap -t UTF-8; "
             "done 2>/dev/null; true", language, pattern);
    po = read_command(command, &length);
    if (!po)
        die("no messages in '%s' in /usr/share/locale: install gettext and "
            "iso-codes, and see that dpkg is not told to leave translations "
            "out", language);
    return pairs_parse((char *)po, longest, seed);
}

void pairs_describe(const pairs *p)
{
    printf("pairs: %zu messages in %zu catalogs; %zu twice, %zu long, %zu not "
           "in words,\n  %zu alike, %zu with a rare character left out\n",
           p->messages, p->catalogs, p->twice, p->long_ones, p->odd, p->same,
           p->rare);
    printf("pairs: %zu left, of %zu characters (%016llx); %zu held out\n",
           p->count, p->symbols - TRANSLATE_FIRST,
           (unsigned long long)p->hash, p->held_out);
}
