/* Text as symbols: the bytes that occur in it, sorted and numbered. */
#define _POSIX_C_SOURCE 200809L

#include "charlm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char bible[] =
    "COLUMNS=80 bible 'Gen1:1-Rev22:21' </dev/null 2>/dev/null";

/* All that a stream gives, malloc'ed. */
static unsigned char *read_all(FILE *stream, size_t *length)
{
    size_t room = 1 << 20;
    unsigned char *bytes = malloc(room);

    *length = 0;
    while (bytes) {
        *length += fread(bytes + *length, 1, room - *length, stream);
        if (*length < room)
            return bytes;
        room *= 2;
        bytes = realloc(bytes, room);
    }
    die("no memory for the text");
}

static unsigned char *read_file(const char *path, size_t *length)
{
    FILE *stream = fopen(path, "rb");
    unsigned char *bytes;

    if (!stream)
        die("%s: %s", path, strerror(errno));
    bytes = read_all(stream, length);
    if (ferror(stream))
        die("%s: %s", path, strerror(errno));
    fclose(stream);
    return bytes;
}

static unsigned char *read_bible(size_t *length)
{
    FILE *stream = popen(bible, "r");
    unsigned char *bytes;

    if (!stream)
        die("bible: %s", strerror(errno));
    bytes = read_all(stream, length);
    if (pclose(stream) || !*length)
        die("no King James text: install bible-kjv and bible-kjv-text, or "
            "name a file with --text");
    return bytes;
}

text text_read(const char *path)
{
    text t = {.symbols = 0};
    unsigned char *bytes =
        path ? read_file(path, &t.length) : read_bible(&t.length);
    int32_t number[256] = {0};

    for (size_t i = 0; i < t.length; i++)
        number[bytes[i]] = 1;
    for (int byte = 0; byte < 256; byte++)
        if (number[byte]) {
            t.symbol[t.symbols] = (unsigned char)byte;
            number[byte] = (int32_t)t.symbols++;
        }
    t.token = malloc((t.length + 1) * sizeof *t.token);
    if (!t.token)
        die("no memory for a text of %zu bytes", t.length);
    for (size_t i = 0; i < t.length; i++)
        t.token[i] = number[bytes[i]];
    t.hash = srnn_hash(bytes, t.length);
    free(bytes);
    return t;
}

void text_describe_symbols(const text *t, char note[SRNN_NOTE_SIZE])
{
    for (size_t i = 0; i < t->symbols; i++)
        snprintf(note + 2 * i, 3, "%02x", t->symbol[i]);
}

text text_parse_symbols(const char *note)
{
    text t = {.symbols = 0};
    unsigned byte;
    int used;

    for (; t.symbols < 256 && sscanf(note, "%2x%n", &byte, &used) == 1;
         note += used)
        t.symbol[t.symbols++] = (unsigned char)byte;
    if (*note)
        die("the model's note is not the list of its characters");
    return t;
}
