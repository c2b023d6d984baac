/* Failing, reading, options, time and chance, the same in every example. */
#define _POSIX_C_SOURCE 200809L

#include "program.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void die(const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fprintf(stderr, "%s: ", program);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    exit(1);
}

void must(srnn_status status)
{
    if (status)
        die("%s", srnn_error_message());
}

void *allocate(size_t count, size_t size)
{
    return reallocate(NULL, count, size);
}

void *reallocate(void *old, size_t count, size_t size)
{
    void *p = NULL;

    if (count < SIZE_MAX / 2 / size)
        p = realloc(old, (count + 1) * size);
    if (!p)
        die("no memory for %zu items of %zu bytes", count, size);
    return p;
}

/* ---- reading ------------------------------------------------------------ */

static unsigned char *read_all(FILE *stream, size_t *length)
{
    size_t room = 1 << 20;
    unsigned char *bytes = allocate(room, 1);

    *length = 0;
    for (;;) {
        *length += fread(bytes + *length, 1, room - *length, stream);
        if (*length < room)
            break;
        room *= 2;
        bytes = reallocate(bytes, room, 1);
    }
    bytes[*length] = 0;
    return bytes;
}

unsigned char *read_file(const char *path, size_t *length)
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

unsigned char *read_command(const char *command, size_t *length)
{
    FILE *stream = popen(command, "r");
    unsigned char *bytes;

    if (!stream)
        die("%s: %s", command, strerror(errno));
    bytes = read_all(stream, length);
    if (pclose(stream) || !*length) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

/* ---- options ------------------------------------------------------------ */

uint64_t read_count(const char *option, const char *value, uint64_t least,
                    uint64_t most)
{
    unsigned long long n;
    char *end;

    errno = 0;
    n = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || errno || n < least || n > most)
        die("--%s %s: a whole number from %llu to %llu is expected", option,
            value, (unsigned long long)least, (unsigned long long)most);
    return n;
}

double read_number(const char *option, const char *value, double most)
{
    char *end;
    double x = strtod(value, &end);

    if (end == value || *end || !(x >= 0 && x <= most))
        die("--%s %s: a number from 0 to %g is expected", option, value, most);
    return x;
}

/* ---- time and chance ---------------------------------------------------- */

double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double uniform(uint64_t seed, uint32_t stream, uint64_t i)
{
    uint32_t counter[4] = {(uint32_t)i, (uint32_t)(i >> 32), 0, stream};
    uint32_t word[4];

    srnn_philox(seed, counter, word);
    return (word[0] >> 8) * 0x1p-24;
}

/* Fisher and Yates: every order is as likely, as far as 24 bits go. */
void shuffle(size_t *order, size_t n, uint64_t seed, uint32_t round)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)(uniform(seed, round, i) * (double)i);
        size_t swap = order[i - 1];

        order[i - 1] = order[j];
        order[j] = swap;
    }
}
