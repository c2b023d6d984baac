/* The line of progress: means that forget, and the time that is left. */
#define _POSIX_C_SOURCE 200809L

#include "meter.h"
#include "program.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { RECENT = 50 };    /* updates */
enum { MOST = 5999999 }; /* seconds that are shown as left */

meter meter_start(uint64_t first, uint64_t last, const char *thing,
                  const char *unit, double scale)
{
    return (meter){.thing = thing, .unit = unit, .scale = scale,
                   .first = first, .last = last, .begin = now()};
}

double meter_rate(const meter *m)
{
    double end = m->end > 0 ? m->end : now();

    return end > m->begin ? m->things / (end - m->begin) : 0;
}

static void show(const meter *m)
{
    uint64_t done = m->first + m->seen;
    double left = (now() - m->begin) / (double)m->seen *
                  (double)(m->last - done);
    int seconds = left < MOST ? (int)left : MOST;

    printf("update %" PRIu64 "/%" PRIu64 "  %.0f %ss/s  %.3f %s/%s  "
           "%d:%02d left", done, m->last, meter_rate(m), m->thing, m->loss,
           m->unit, m->thing, seconds / 60, seconds % 60);
}

void meter_update(meter *m, size_t things, double loss)
{
    m->seen++;
    m->things += (double)things;
    m->loss += (loss * m->scale - m->loss) /
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
