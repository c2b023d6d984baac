/* The front end of Google Benchmark: one case for each variant of each row.
 * Cases are run one after another, so one problem is open at a time. */
#include "fronts.h"
#include "gbench.h"
#include "machine.h"
#include "measure.h"
#include "variants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct google_case {
    char name[PROBLEM_NAME];
    char row[PROBLEM_NAME];
    char variant[24];
} google_case;

/* The case that is open, and the baselines of its row. */
static struct {
    const google_case *is;
    problem problem;
    measured figures;
    measured_row baselines;
    moment limit;
    char why[300];
} open_case;

static void close_case(void)
{
    if (open_case.is)
        problem_close(&open_case.problem);
    open_case.is = NULL;
}

/* Google Benchmark knows no ratios: the baselines are sampled beforehand. */
static int measure_baselines(const google_case *c)
{
    const measuring briefly = {.plan = {3, 1e-3}, .take = variant_is_baseline};

    if (!strcmp(open_case.baselines.name, c->row))
        return 0;
    return measure_row(c->row, &briefly, &open_case.baselines, open_case.why,
                       sizeof open_case.why);
}

static double speed_over(const char *baseline, const work *w, double seconds)
{
    const measured *b = measured_find(&open_case.baselines, baseline);

    return b ? work_amount(w) / seconds /
                   (work_amount(&b->work) / b->result.median)
             : 0;
}

static const char *open_problem(const google_case *c)
{
    problem *p = &open_case.problem;

    if (problem_open(p, c->name, NULL))
        return p->message;
    open_case.is = c;
    if (problem_alloc(p) || problem_check(p))
        return p->message;
    return NULL;
}

static const char *prepare(void *context)
{
    const google_case *c = context;
    const srnn_limits *l = limits_of(variant_rung(c->variant));
    const char *why = NULL;
    moment *m = &open_case.limit;

    if (open_case.is != c) {
        close_case();
        if (measure_baselines(c))
            return open_case.why;
        why = open_problem(c);
    }
    if (l) {
        m->hz = limits_clock();
        m->flops = limits_flops_of(l, open_case.problem.size[SIZE_P]);
        m->bandwidth =
            limits_bandwidth(l, limits_level_for(&open_case.problem.work));
    }
    return why;
}

static void run(void *context)
{
    (void)context;
    open_case.problem.kind->run(&open_case.problem);
}

static size_t count(void *context, double seconds,
                    gbench_counter counter[GBENCH_COUNTERS])
{
    const google_case *c = context;
    const work *w = &open_case.problem.work;
    const srnn_limits *l = limits_of(variant_rung(c->variant));
    measured figures = {.work = *w};
    measured_counter figure[MEASURE_COUNTERS];
    size_t n;

    figures.vs_reference = speed_over("reference", w, seconds);
    figures.vs_autovec = speed_over("autovec", w, seconds);
    if (l)
        figures.result.of_limit =
            limits_seconds(l, w, &open_case.limit) / seconds;
    n = measured_counters(&figures, seconds, figure);
    for (size_t i = 0; i < n; i++)
        counter[i] = (gbench_counter){figure[i].name, figure[i].value};
    return n;
}

/* Every variant of every row; returns how many, stores as many as fit. */
static size_t list_cases(google_case *cases, size_t most)
{
    const char *variant;
    size_t n = 0;
    row_entry r;

    for (size_t i = 0; row_at(i, &r); i++)
        for (size_t j = 0; (variant = variant_at(j)); j++) {
            google_case c;

            if (!row_problem(r.name, variant, c.name))
                continue;
            strcpy(c.row, r.name);
            snprintf(c.variant, sizeof c.variant, "%s", variant);
            if (n < most)
                cases[n] = c;
            n++;
        }
    return n;
}

int front_google(int argc, char **argv)
{
    const size_t n = list_cases(NULL, 0);
    google_case *cases = calloc(n, sizeof *cases);
    gbench_case *g = calloc(n, sizeof *g);
    machine m;
    int code = 2;

    if (cases && g) {
        list_cases(cases, n);
        for (size_t i = 0; i < n; i++)
            g[i] = (gbench_case){cases[i].name, &cases[i], prepare, run,
                                 count};
        machine_describe(&m);
        code = gbench_main(argc, argv, g, n,
                           (const char *const[]){
                               "cpu", m.cpu, "simdrnn", m.library, "commit",
                               m.commit, "compiler", m.compiler, "flags",
                               m.flags, "chosen", srnn_kernels_why(),
                               NULL});
        close_case();
        limits_close();
    }
    free(g);
    free(cases);
    return code;
}
