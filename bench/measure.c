/* Opens the variants and the peers of a row, hands them to the sampler, keeps
 * the figures. */
#include "measure.h"

#include "peers/open.h"
#include "variants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OURS (2 * MEASURE_VARIANTS) /* with those on one thread */
#define ALL (OURS + MEASURE_PEERS)

/* A row while it is measured. */
typedef struct session {
    const measuring *with;
    measured_row *m;
    problem problem[OURS];
    size_t problems;
    peer_task task;
    char *why;
    size_t size;
} session;

static int fail(const session *s, const char *why)
{
    snprintf(s->why, s->size, "%s", why);
    return -1;
}

/* ---- ours ---------------------------------------------------------------- */

/* Opens v's problem by its name. */
static int open_problem(session *s, measured *v, const char *variant)
{
    problem *p = &s->problem[s->problems];

    if (problem_open(p, v->name, NULL))
        return fail(s, p->message);
    s->problems++;
    snprintf(v->variant, sizeof v->variant, "%s", variant);
    v->result.problem = p;
    v->result.limits = limits_of(variant_rung(variant));
    v->work = p->work;
    return problem_alloc(p) ? fail(s, p->message) : 0;
}

static int open_variants(session *s)
{
    measured_row *m = s->m;
    const char *variant;

    for (size_t i = 0; (variant = variant_at(i)); i++) {
        measured *v = &m->variant[m->variants];

        if (m->variants == MEASURE_VARIANTS ||
            (s->with->take && !s->with->take(variant)) ||
            !row_problem(m->name, variant, v->name))
            continue;
        if (open_problem(s, v, variant))
            return -1;
        m->overlay = v->result.problem->kind->overlay;
        m->variants++;
    }
    return 0;
}

static int is_rung(const measured *v)
{
    return !variant_is_baseline(v->variant) && !variant_is_overlay(v->variant);
}

/* Those rungs on one thread that the row has on several. */
static int open_alone(session *s)
{
    measured_row *m = s->m;

    for (size_t i = 0; i < m->variants; i++) {
        measured *v = &m->variant[i], *alone = &m->alone[m->alones];
        problem p = *v->result.problem;

        if (p.size[SIZE_P] <= 1 || !is_rung(v))
            continue;
        p.size[SIZE_P] = 1;
        problem_name(&p, alone->name);
        if (open_problem(s, alone, v->variant))
            return -1;
        m->alones++;
    }
    return 0;
}

/* ---- peers --------------------------------------------------------------- */

/* The highest rung, which peers are compared with. */
static measured *highest(measured_row *m)
{
    measured *top = NULL;

    for (size_t i = 0; i < m->variants; i++)
        if (is_rung(&m->variant[i]))
            top = &m->variant[i];
    return top;
}

static void skip(measured_row *m, const char *name, const char *why)
{
    const size_t n = strlen(m->skipped);

    snprintf(m->skipped + n, sizeof m->skipped - n, "%s%s: %s", n ? "; " : "",
             name, why);
}

static int open_peer(session *s, const measured *top, const peer *p)
{
    measured_row *m = s->m;
    measured *v = &m->variant[m->variants];
    problem named = *top->result.problem;
    char why[256] = "";
    peer_state *state = p->open(&s->task, why, sizeof why);

    if (!state) {
        skip(m, p->name, why);
        return 0;
    }
    *v = (measured){.peer = p, .work = top->work, .result = top->result};
    v->result.peer = p;
    v->result.state = state;
    snprintf(v->variant, sizeof v->variant, "%s", p->name);
    strcpy(named.variant, v->variant);
    problem_name(&named, v->name);
    m->variants++;
    v->outputs = v->result.problem->outputs;
    v->compared = peer_compare(p, state, &s->task, v->result.problem);
    return v->compared ? 0 : fail(s, v->result.problem->message);
}

static int open_peers(session *s)
{
    const peer *const *each = s->with->peers;
    measured_row *m = s->m;
    const measured *top = highest(m);

    if (!each || !top || problem_peer_task(top->result.problem, &s->task))
        return 0;
    s->task.row = m->name;
    for (size_t i = 0; i < MEASURE_PEERS && each[i]; i++)
        if (each[i]->has(s->task.what) && open_peer(s, top, each[i]))
            return -1;
    return 0;
}

/* ---- ratios -------------------------------------------------------------- */

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

static double fma_ratio(const measured *a, const measured *b)
{
    double r[SAMPLER_ROUNDS];

    for (size_t i = 0; i < a->result.rounds; i++)
        r[i] = a->result.sample[i].limit.flops /
               b->result.sample[i].limit.flops;
    return median_of(a->result.rounds, r);
}

static void compare_threads(measured *v, const measured *alone)
{
    v->speedup = ratio(v, alone);
    if (v->result.limits)
        v->fma_speedup = fma_ratio(v, alone);
}

static void compare_peers(measured_row *m)
{
    const measured *found = measured_ours(m);
    measured *ours = found ? &m->variant[found - m->variant] : NULL;

    for (size_t i = 0; ours && i < m->variants; i++) {
        measured *v = &m->variant[i];

        if (!v->peer)
            continue;
        v->vs_peer = ratio(ours, v);
        if (!(ours->vs_peer > 0) || v->vs_peer < ours->vs_peer)
            ours->vs_peer = v->vs_peer;
    }
}

static void compare(measured_row *m)
{
    const measured *reference = measured_find(m, "reference");
    const measured *autovec = measured_find(m, "autovec");

    for (size_t i = 0; i < m->variants; i++) {
        measured *v = &m->variant[i];

        v->vs_reference = reference ? ratio(v, reference) : 0;
        v->vs_autovec = autovec ? ratio(v, autovec) : 0;
        for (size_t j = 0; j < m->alones; j++)
            if (!v->peer && !strcmp(m->alone[j].variant, v->variant))
                compare_threads(v, &m->alone[j]);
    }
    compare_peers(m);
}

/* ---- all of it ----------------------------------------------------------- */

static measured *measured_at(measured_row *m, size_t i)
{
    return i < m->variants ? &m->variant[i] : &m->alone[i - m->variants];
}

/* The sampler wants its contenders side by side. */
static int sample_row(session *s, contender *c)
{
    measured_row *m = s->m;
    const size_t n = m->variants + m->alones;
    watch *w = s->with->watch;
    const watch before = w ? *w : (watch){.best = 0};
    size_t failed;

    for (size_t i = 0; i < n; i++)
        c[i] = measured_at(m, i)->result;
    if (sampler_run_watched(c, n, &s->with->plan, w, &failed))
        return fail(s, c[failed].problem->message);
    for (size_t i = 0; i < n; i++)
        measured_at(m, i)->result = c[i];
    m->repeats = w ? w->repeats - before.repeats : 0;
    m->kept = w ? w->kept - before.kept : 0;
    compare(m);
    return 0;
}

static int measure(session *s)
{
    contender *c = malloc(ALL * sizeof *c);
    int result;

    if (!c)
        return fail(s, "no memory for the samples");
    result = open_variants(s) || open_alone(s) || open_peers(s) ||
             sample_row(s, c);
    free(c);
    return result ? -1 : 0;
}

int measure_row(const char *row, const measuring *with, measured_row *m,
                char *why, size_t size)
{
    session s = {.with = with, .m = m, .why = why, .size = size};
    int result;

    memset(m, 0, sizeof *m);
    snprintf(m->name, sizeof m->name, "%s", row);
    result = measure(&s);
    for (size_t i = 0; i < m->variants + m->alones; i++) {
        contender *c = &measured_at(m, i)->result;

        if (c->peer)
            c->peer->close(c->state);
        c->state = NULL;
        c->problem = NULL;
    }
    for (size_t i = 0; i < s.problems; i++)
        problem_close(&s.problem[i]);
    return result;
}
