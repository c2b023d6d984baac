/* What was measured, as JSON: a line a row, told as soon as it is known. */
#include "runner.h"

#include <inttypes.h>
#include <stdio.h>

static void print_string(const char *s)
{
    putchar('"');
    for (; *s; s++)
        if (*s == '"' || *s == '\\')
            printf("\\%c", *s);
        else if ((unsigned char)*s < ' ')
            printf("\\u%04x", (unsigned)*s);
        else
            putchar(*s);
    putchar('"');
}

static void print_names(const names *n)
{
    printf("{\"row\":");
    print_string(n->name);
    if (n->other != n->name) {
        printf(",\"other\":");
        print_string(n->other);
    }
}

static void end_line(void)
{
    printf("}\n");
    fflush(stdout);
}

void print_start(const plan *p, uint64_t seed, int cpu)
{
    printf("{\"runner\":1,\"seed\":%" PRIu64 ",\"pairs\":%zu,\"seconds\":%.9g,"
           "\"plant\":%.9g,\"cpu\":%d", seed, p->pairs, p->seconds, p->plant,
           cpu);
    end_line();
}

static void print_times(const char *key, const double *time, size_t n)
{
    printf(",\"%s\":[", key);
    for (size_t i = 0; i < n; i++)
        printf("%s%.7g", i ? "," : "", time[i]);
    putchar(']');
}

void print_result(const names *n, const result *r)
{
    print_names(n);
    printf(",\"runs\":%zu", r->runs);
    print_times("a", r->time[A], r->pairs);
    print_times("b", r->time[B], r->pairs);
    printf(",\"first\":\"%s\",\"stolen\":%zu", r->first, r->stolen);
    end_line();
}

void print_error(const names *n, const char *why)
{
    print_names(n);
    printf(",\"error\":");
    print_string(why);
    end_line();
}

void print_row(const char *name)
{
    printf("{\"row\":");
    print_string(name);
    end_line();
}

void print_end(size_t rows)
{
    printf("{\"end\":%zu", rows);
    end_line();
}
