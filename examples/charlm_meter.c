/* How far the training is: one line that is rewritten on a terminal, a line
 * now and then elsewhere. */
#define _POSIX_C_SOURCE 200809L

#include "charlm.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { RECENT = 50 };    /* updates */
enum { MOST = 5999999 }; /* seconds that are shown as left */

meter meter_start(uint64_t first, uint64_t last, size_t characters)
{
    return (meter){.begin = now(), .first = first, .last = last,
                   .characters = characters};
}

double meter_rate(const meter *m)
{
    double end = m->end > 0 ? m->end : now();
    double characters = (double)m->seen * (double)m->characters;

    return end > m->begin ? characters / (end - m->begin) : 0;
}

static void show(const meter *m)
{
    uint64_t done = m->first + m->seen;
    double left = (now() - m->begin) / (double)m->seen *
                  (double)(m->last - done);
    int seconds = left < MOST ? (int)left : MOST;

    printf("update %" PRIu64 "/%" PRIu64 "  %.0f characters/s  "
           "%.3f bits/character  %d:%02d left",
           done, m->last, meter_rate(m), m->bits, seconds / 60,
           seconds % 60);
}

void meter_update(meter *m, double loss)
{
    m->seen++;
    m->bits += (loss / log(2) - m->bits) /
               (double)(m->seen < RECENT ? m->seen : RECENT);
    if (isatty(STDOUT_FILENO)) {
        if (now() - m->shown < 0.2 && m->first + m->seen < m->last)
            return;
        m->shown = now();
        printf("\r\033[K");
        show(m);
        if (m->first + m->seen == m->last)
            printf("\n");
    } else {
        if (m->seen % RECENT && m->first + m->seen < m->last)
            return;
        show(m);
        printf("\n");
    }
    fflush(stdout);
}
