/* glibc's vector functions, by loops over the array. */
#include "mvec_loops.h"
#include "peer.h"

#include <gnu/libc-version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct peer_state {
    void (*loop)(size_t n, const float *x, float *y);
    const peer_task *task;
    float *y;
};

static const struct {
    const char *what;
    void (*loop)(size_t n, const float *x, float *y);
} loops[] = {{"exp", mvec_exp},
             {"log", mvec_log},
             {"sigmoid", mvec_sigmoid},
             {"tanh", mvec_tanh}};

#define LOOPS (sizeof loops / sizeof *loops)

static size_t find(const char *what)
{
    size_t i;

    for (i = 0; i < LOOPS && strcmp(loops[i].what, what); i++)
        ;
    return i;
}

static const char *version(char *why, size_t size)
{
    (void)why, (void)size;
    return gnu_get_libc_version();
}

static int has(const char *what)
{
    return find(what) < LOOPS;
}

static void close_state(peer_state *s)
{
    free(s->y);
    free(s);
}

static peer_state *open(const peer_task *task, char *why, size_t size)
{
    const size_t bytes = task->size[SIZE_N] * sizeof(float);
    peer_state *s = calloc(1, sizeof *s);

    if (s)
        s->y = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!s || !s->y) {
        snprintf(why, size, "no memory");
        free(s);
        return NULL;
    }
    s->loop = loops[find(task->what)].loop;
    s->task = task;
    return s;
}

static int run(peer_state *s)
{
    s->loop(s->task->size[SIZE_N], s->task->x, s->y);
    return 0;
}

static const float *result(peer_state *s, const char *output, size_t count)
{
    return !strcmp(output, "y") && count == s->task->size[SIZE_N] ? s->y : NULL;
}

/* glibc tests libmvec to 4 ULP (sourceware.org/glibc/wiki/libmvec); 1 / (1 + e)
 * takes two more roundings of half of one. */
const peer peer_libmvec = {.name = "libmvec",
                           .version = version,
                           .has = has,
                           .open = open,
                           .run = run,
                           .result = result,
                           .close = close_state,
                           .ulp = 5};
