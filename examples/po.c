/* Reads messages line by line: a keyword and a string, or a string that goes
 * on with the one before. */
#include "po.h"

#include <stddef.h>
#include <string.h>

/* What a backslash before s stands for; *used is how much of s that takes. */
static char unescape(const char *s, size_t *used)
{
    static const char letter[] = "abfnrtv", control[] = "\a\b\f\n\r\t\v";
    const char *at = strchr(letter, *s);
    int octal = 0;

    for (*used = 0; *used < 3 && s[*used] >= '0' && s[*used] <= '7'; ++*used)
        octal = octal * 8 + s[*used] - '0';
    if (*used)
        return (char)octal;
    *used = 1;
    return at ? control[at - letter] : *s;
}

/* Appends the string whose quote is at `from` to what ends at `to`; the new
 * end, which is before the string's. */
static char *append(char *to, const char *from)
{
    size_t used;

    for (from++; *from && *from != '"' && *from != '\n'; from += used) {
        used = 1;
        if (*from != '\\' || !from[1]) {
            *to++ = *from;
        } else {
            *to++ = unescape(from + 1, &used);
            used++;
        }
    }
    *to = 0;
    return to;
}

static int begins(const char *line, const char *word)
{
    return !strncmp(line, word, strlen(word));
}

static char *next_line(char *line)
{
    line += strcspn(line, "\n");
    return *line ? line + 1 : line;
}

/* Where the string of a line of this message goes: NULL for one that is passed
 * over. */
static char **place(po_message *m, const char *line)
{
    if (begins(line, "msgid "))
        return &m->id;
    if (begins(line, "msgstr "))
        return &m->translation;
    m->plural |= begins(line, "msgid_plural ");
    return NULL;
}

static int starts(const char *line, const po_message *m, int context)
{
    return (m->id && begins(line, "msgid ")) ||
           ((m->id || context) && begins(line, "msgctxt "));
}

int po_next(char **at, po_message *message)
{
    char **string = NULL, *end = NULL, *line = *at, *next;
    int context = 0;

    *message = (po_message){.id = NULL};
    for (; *line && !starts(line, message, context); line = next) {
        char *quote;

        next = next_line(line);
        if (*line == '#' || *line == '\n')
            continue;
        quote = line + strcspn(line, "\"\n");
        if (*quote != '"')
            continue;
        if (quote != line) { /* a keyword */
            context |= begins(line, "msgctxt ");
            string = place(message, line);
            end = quote;
            if (string)
                *string = quote;
        }
        if (string)
            end = append(end, quote);
    }
    *at = line;
    return message->id != NULL;
}
