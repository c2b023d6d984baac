/* Characters as symbols, and pairs as the arrays that a net takes. */
#include "program.h"
#include "translate_text.h"

#include <stdlib.h>
#include <string.h>

enum { CHARACTERS = 0x110000, REPLACEMENT = 0xfffd };

/* A character in fewer pairs than this is rare. */
static const size_t COMMON = 8;

/* ---- UTF-8 -------------------------------------------------------------- */

/* The character at *s, which moves on; bytes that are none are U+FFFD. */
static uint32_t next(const char **s)
{
    unsigned char first = (unsigned char)*(*s)++;
    int more = first < 0x80 ? 0 : first < 0xc0 ? 4 : first < 0xe0 ? 1
               : first < 0xf0 ? 2 : first < 0xf8 ? 3 : 4;
    uint32_t c = more ? first & (0x3fu >> more) : first;

    if (more == 4)
        return REPLACEMENT;
    for (; more; more--, (*s)++) {
        if ((**s & 0xc0) != 0x80)
            return REPLACEMENT;
        c = c << 6 | (**s & 0x3f);
    }
    return c < CHARACTERS ? c : REPLACEMENT;
}

static size_t put(uint32_t c, char *text)
{
    size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

    for (size_t i = more; i; i--, c >>= 6)
        text[i] = (char)(0x80 | (c & 0x3f));
    text[0] = (char)(more ? (0xff00u >> (more + 1) & 0xff) | c : c);
    return more + 1;
}

size_t pairs_characters(const char *text)
{
    size_t n = 0;

    for (; *text; n++)
        next(&text);
    return n;
}

/* ---- symbols ------------------------------------------------------------ */

/* In how many pairs each character occurs. */
static size_t *count_characters(const pairs *p)
{
    size_t *count = allocate(CHARACTERS, sizeof *count);
    size_t *last = allocate(CHARACTERS, sizeof *last); /* a pair, from 1 */

    memset(count, 0, CHARACTERS * sizeof *count);
    memset(last, 0, CHARACTERS * sizeof *last);
    for (size_t i = 0; i < p->count; i++)
        for (int side = 0; side < 2; side++)
            for (const char *s = p->pair[i].text[side]; *s;) {
                uint32_t c = next(&s);

                count[c] += last[c] != i + 1;
                last[c] = i + 1;
            }
    free(last);
    return count;
}

static int has_rare(const pair *one, const size_t *count)
{
    for (int side = 0; side < 2; side++)
        for (const char *s = one->text[side]; *s;) {
            uint32_t c = next(&s);

            if (count[c] < COMMON || c == REPLACEMENT)
                return 1;
        }
    return 0;
}

static void drop_rare(pairs *p, const size_t *count)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->count; i++)
        if (has_rare(&p->pair[i], count))
            p->rare++;
        else
            p->pair[kept++] = p->pair[i];
    p->count = kept;
}

void pairs_number(pairs *p)
{
    size_t *count = count_characters(p), all = 0;
    int32_t *at;

    drop_rare(p, count);
    p->symbols = TRANSLATE_FIRST;
    p->character = allocate(CHARACTERS, sizeof *p->character);
    for (uint32_t c = 0; c < CHARACTERS; c++)
        if (count[c] >= COMMON && c != REPLACEMENT) {
            p->character[p->symbols - TRANSLATE_FIRST] = c;
            count[c] = p->symbols++;
        }
    for (size_t i = 0; i < p->count; i++)
        for (int side = 0; side < 2; side++)
            all += strlen(p->pair[i].text[side]);
    p->numbers = at = allocate(all, sizeof *at);
    for (size_t i = 0; i < p->count; i++)
        for (int side = 0; side < 2; side++) {
            pair *one = &p->pair[i];

            one->symbol[side] = at;
            for (const char *s = one->text[side]; *s;)
                *at++ = (int32_t)count[next(&s)];
            one->length[side] = (size_t)(at - one->symbol[side]);
        }
    free(count);
}

void pairs_spell(const pairs *p, const int32_t *symbol, size_t count,
                 char *text, size_t room)
{
    for (size_t i = 0; i < count && symbol[i] != TRANSLATE_END; i++) {
        uint32_t c = REPLACEMENT;
        char bytes[4];
        size_t n;

        if (symbol[i] >= TRANSLATE_FIRST && (size_t)symbol[i] < p->symbols)
            c = p->character[symbol[i] - TRANSLATE_FIRST];
        n = put(c, bytes);
        if (n >= room)
            break;
        memcpy(text, bytes, n);
        text += n;
        room -= n;
    }
    *text = 0;
}

/* ---- batches ------------------------------------------------------------ */

pair_batch pair_batch_open(size_t count, size_t longest)
{
    pair_batch b = {.count = count};
    size_t all = count * (longest + 1);

    b.source = allocate(all, sizeof *b.source);
    b.input = allocate(all, sizeof *b.input);
    b.target = allocate(all, sizeof *b.target);
    b.source_length = allocate(count, sizeof *b.source_length);
    b.target_length = allocate(count, sizeof *b.target_length);
    return b;
}

void pair_batch_close(pair_batch *b)
{
    free(b->source);
    free(b->input);
    free(b->target);
    free(b->source_length);
    free(b->target_length);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

void pair_batch_fill(pair_batch *b, const pairs *p, const size_t *which)
{
    size_t n = b->count;

    b->source_steps = b->target_steps = 0;
    for (size_t i = 0; i < n; i++) {
        const pair *one = &p->pair[which[i]];

        b->source_length[i] = one->length[0];
        b->target_length[i] = one->length[1] + 1;
        b->source_steps = larger(b->source_steps, b->source_length[i]);
        b->target_steps = larger(b->target_steps, b->target_length[i]);
    }
    for (size_t i = 0; i < n; i++) {
        const pair *one = &p->pair[which[i]];
        size_t length = one->length[1];

        for (size_t t = 0; t < b->source_steps; t++)
            b->source[t * n + i] = t < one->length[0] ? one->symbol[0][t] : 0;
        for (size_t t = 0; t < b->target_steps; t++) {
            b->input[t * n + i] = !t ? TRANSLATE_BEGIN
                                  : t <= length ? one->symbol[1][t - 1] : 0;
            b->target[t * n + i] = t < length ? one->symbol[1][t]
                                   : t == length ? TRANSLATE_END : -1;
        }
    }
}
