/* Text as symbols: the bytes that occur in it, sorted and numbered. */
#include "bible.h"
#include "charlm.h"

#include <stdio.h>
#include <stdlib.h>

text text_read(const char *path)
{
    text t = {.symbols = 0};
    unsigned char *bytes = bible_read(path, &t.length);
    int32_t number[256] = {0};

    for (size_t i = 0; i < t.length; i++)
        number[bytes[i]] = 1;
    for (int byte = 0; byte < 256; byte++)
        if (number[byte]) {
            t.symbol[t.symbols] = (unsigned char)byte;
            number[byte] = (int32_t)t.symbols++;
        }
    t.token = allocate(t.length + 1, sizeof *t.token);
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
