/* Opens the variants of a row, hands them to the sampler, keeps the figures. */
#include "measure.h"

#include "variants.h"

#include <stdio.h>
#include <string.h>

static int open_variants(measured_row *m, int (*take)(const char *variant),
                         problem *p, char *why, size_t size)
{
    const char *variant;

    for (size_t i = 0; (variant = variant_at(i)); i++) {
        measured *v = &m->variant[m->variants];

        if (m->variants == MEASURE_VARIANTS ||
            (take && !take(variant)) ||
            !row_problem(m->name, variant, v->name))
            continue;
        if (problem_open(&p[m->variants], v->name, NULL)) {
            snprintf(why, size, "%s", p[m->variants].message);
            return -1;
        }
        snprintf(v->variant, sizeof v->variant, "%s", variant);
        v->result.problem = &p[m->variants];
        v->result.limits = limits_of(variant_rung(variant));
        v->work = p[m->variants].work;
        m->overlay = p[m->variants].kind->overlay;
        m->variants++;
        if (problem_alloc(v->result.problem)) {
            snprintf(why, size, "%s", v->result.problem->message);
            return -1;
        }
    }
    return 0;
}

const measured *measured_find(const measured_row *m, const char *variant)
{
    for (size_t i = 0; i < m->variants; i++)
        if (!strcmp(m->variant[i].variant, variant))
            return &m->variant[i];
    return NULL;
}

/* Median over rounds of how much faster a is than b, for the same work. */
static double ratio(const measured *a, const measured *b)
{
    const double scale = work_amount(&a->work) / work_amount(&b->work);
    double r[SAMPLER_ROUNDS];

    for (size_t i = 0; i < a->result.rounds; i++)
        r[i] = scale * b->result.sample[i].seconds /
               a->result.sample[i].seconds;
    return median_of(a->result.rounds, r);
}

static void compare(measured_row *m)
{
    const measured *reference = measured_find(m, "reference");
    const measured *autovec = measured_find(m, "autovec");

    for (size_t i = 0; i < m->variants; i++) {
        measured *v = &m->variant[i];

        v->vs_reference = reference ? ratio(v, reference) : 0;
        v->vs_autovec = autovec ? ratio(v, autovec) : 0;
    }
}

/* The sampler wants its contenders side by side. */
static int sample_row(measured_row *m, const plan *p, char *why, size_t size)
{
    contender c[MEASURE_VARIANTS];
    size_t failed;

    for (size_t i = 0; i < m->variants; i++)
        c[i] = m->variant[i].result;
    if (sampler_run(c, m->variants, p, &failed)) {
        snprintf(why, size, "%s", c[failed].problem->message);
        return -1;
    }
    for (size_t i = 0; i < m->variants; i++)
        m->variant[i].result = c[i];
    compare(m);
    return 0;
}

int measure_row_of(const char *row, int (*take)(const char *variant),
                   const plan *p, measured_row *m, char *why, size_t size)
{
    problem problems[MEASURE_VARIANTS];
    int result;

    memset(m, 0, sizeof *m);
    snprintf(m->name, sizeof m->name, "%s", row);
    result = open_variants(m, take, problems, why, size);
    if (!result)
        result = sample_row(m, p, why, size);
    for (size_t i = 0; i < m->variants; i++) {
        problem_close(m->variant[i].result.problem);
        m->variant[i].result.problem = NULL;
    }
    return result;
}

int measure_row(const char *row, const plan *p, measured_row *m, char *why,
                size_t size)
{
    return measure_row_of(row, NULL, p, m, why, size);
}

/* ---- figures ------------------------------------------------------------ */

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

size_t measured_counters(const measured *v, double seconds,
                         measured_counter c[MEASURE_COUNTERS])
{
    size_t n = 0;

    if (v->work.flop > 0)
        c[n++] = (measured_counter){"gflops", work_gflops(&v->work, seconds)};
    c[n++] = (measured_counter){"gbs", work_gbs(&v->work, seconds)};
    if (v->work.item)
        c[n++] = (measured_counter){"ns_per_item", work_ns(&v->work, seconds)};
    if (v->vs_reference > 0)
        c[n++] = (measured_counter){"vs_reference", v->vs_reference};
    if (v->vs_autovec > 0)
        c[n++] = (measured_counter){"vs_autovec", v->vs_autovec};
    if (v->result.of_limit > 0)
        c[n++] = (measured_counter){"of_limit", v->result.of_limit};
    return n;
}
