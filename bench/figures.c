/* Figures of what was measured. */
#include "measure.h"

#include "variants.h"

#include <string.h>

double work_gflops(const work *w, double seconds)
{
    return 1e-9 * w->flop / seconds;
}

double work_gbs(const work *w, double seconds)
{
    return 1e-9 * w->bytes / seconds;
}

double work_ns(const work *w, double seconds)
{
    return 1e9 * seconds / w->items;
}

double measured_rate(const measured *v)
{
    return work_amount(&v->work) / v->result.median;
}

const measured *measured_find(const measured_row *m, const char *variant)
{
    for (size_t i = 0; i < m->variants; i++)
        if (!strcmp(m->variant[i].variant, variant))
            return &m->variant[i];
    return NULL;
}

const measured *measured_ours(const measured_row *m)
{
    const measured *best = NULL;

    for (size_t i = 0; i < m->variants; i++) {
        const measured *v = &m->variant[i];

        if (!v->peer && !variant_is_baseline(v->variant) &&
            !variant_is_overlay(v->variant) &&
            (!best || measured_rate(v) > measured_rate(best)))
            best = v;
    }
    return best;
}

size_t measured_counters(const measured *v, double seconds,
                         measured_counter c[MEASURE_COUNTERS])
{
    const measured_counter ratio[] = {
        {"vs_reference", v->vs_reference}, {"vs_autovec", v->vs_autovec},
        {"vs_peer", v->vs_peer},           {"speedup", v->speedup},
        {"fma_speedup", v->fma_speedup},   {"of_limit", v->result.of_limit}};
    size_t n = 0;

    if (v->work.flop > 0)
        c[n++] = (measured_counter){"gflops", work_gflops(&v->work, seconds)};
    c[n++] = (measured_counter){"gbs", work_gbs(&v->work, seconds)};
    if (v->work.item)
        c[n++] = (measured_counter){"ns_per_item", work_ns(&v->work, seconds)};
    for (size_t i = 0; i < sizeof ratio / sizeof *ratio; i++)
        if (ratio[i].value > 0)
            c[n++] = ratio[i];
    return n;
}
