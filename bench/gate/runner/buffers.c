/* Where the buffers of a row lie: as in one program with one build. Shared ones
 * are one memory; each build's own lie in a region of its own, at the offset
 * modulo a large page that they would have beside the shared ones. Then both
 * builds see the same conflicts of addresses, in the caches as between a load
 * and a store. In large pages, as the library's own, and so that the caches'
 * sets of an address are the same in each. */
#define _DEFAULT_SOURCE /* madvise, MAP_ANONYMOUS */
#include "runner.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096
#define LINE 64
#define LARGE ((size_t)2 << 20)

/* As problem_alloc of bench/problem.c does, and why. */
static size_t place_next(size_t at, int i)
{
    const size_t offset = PAGE - (size_t)i * 2 * LINE;

    return at + (offset + PAGE - at % PAGE) % PAGE;
}

static size_t wanted(const gate_row *a, const gate_row *b, int i)
{
    return b && b->bytes[i] > a->bytes[i] ? b->bytes[i] : a->bytes[i];
}

static int is_own(const gate_row *a, const gate_row *b, int i)
{
    return b && ((a->own | b->own) >> i & 1);
}

void buffers_clear(const buffers *m)
{
    for (int side = 0; side < SIDES; side++)
        for (int i = 0; i < GATE_BUFFERS; i++)
            if (m->wanted[i])
                memset(m->at[side][i], 0, m->wanted[i]);
}

int buffers_open(buffers *m, const gate_row *a, const gate_row *b,
                 size_t place, char *why)
{
    size_t at[GATE_BUFFERS], region = 0;
    char *base;

    for (int i = 0; i < GATE_BUFFERS; i++) {
        at[i] = place_next(region, i) + place * LINE;
        region = at[i] - place * LINE + wanted(a, b, i);
    }
    region = ((region + place * LINE) / LARGE + 1) * LARGE;
    *m = (buffers){.bytes = (SIDES + 2) * region};
    m->memory = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m->memory == MAP_FAILED) {
        snprintf(why, WHY, "no memory for %zu bytes of buffers", m->bytes);
        *m = (buffers){0};
        return -1;
    }
#ifdef MADV_HUGEPAGE
    (void)madvise(m->memory, m->bytes, MADV_HUGEPAGE);
#endif
    base = (char *)m->memory + LARGE - (uintptr_t)m->memory % LARGE;
    for (int i = 0; i < GATE_BUFFERS; i++)
        for (size_t side = 0; side < SIDES && wanted(a, b, i); side++) {
            const size_t r = is_own(a, b, i) ? 1 + side : 0;

            m->at[side][i] = base + r * region + at[i];
            m->wanted[i] = wanted(a, b, i);
        }
    buffers_clear(m);
    return 0;
}

void buffers_exchange(buffers *m)
{
    for (int i = 0; i < GATE_BUFFERS; i++) {
        void *const of_a = m->at[A][i];

        m->at[A][i] = m->at[B][i];
        m->at[B][i] = of_a;
    }
    buffers_clear(m);
}

void buffers_close(buffers *m)
{
    if (m->bytes)
        munmap(m->memory, m->bytes);
}
