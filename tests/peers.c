/* Peers beside ours: what they are given, that a right one is timed, and that a
 * wrong one is refused by name. All peers here are made up. */
#include "bench/measure.h"
#include "bench/variants.h"
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const plan brief = {3, 1e-5};

/* ---- a peer that computes by hand from its task -------------------------- */

struct peer_state {
    const peer_task *task;
    float *y;
    size_t count;
    size_t runs;
};

static struct {
    size_t opened, closed, runs;
} seen;

static const char *version(char *why, size_t size)
{
    (void)why, (void)size;
    return "1";
}

static int has(const char *what)
{
    return !strcmp(what, "gemm") || !strcmp(what, "rnn/forward");
}

static int is_gemm(const peer_task *t)
{
    return !strcmp(t->what, "gemm");
}

static peer_state *open_right(const peer_task *t, char *why, size_t size)
{
    const size_t *n = t->size;
    peer_state *s = calloc(1, sizeof *s);

    (void)why, (void)size;
    s->task = t;
    s->count = is_gemm(t) ? n[SIZE_N] * 4 * n[SIZE_H]
                          : n[SIZE_T] * n[SIZE_B] * n[SIZE_H];
    s->y = calloc(s->count, sizeof *s->y);
    seen.opened++;
    return s;
}

static double dot(size_t n, const float *a, const float *b)
{
    double sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += (double)a[k] * (double)b[k];
    return sum;
}

static void run_gemm(peer_state *s)
{
    const peer_task *t = s->task;
    const size_t h = t->size[SIZE_H], m = 4 * h;

    for (size_t r = 0; r < t->size[SIZE_N]; r++)
        for (size_t j = 0; j < m; j++)
            s->y[r * m + j] = (float)(dot(h, t->x + r * h, t->w_hh + j * h) +
                                      (double)t->b_ih[j]);
}

static void run_rnn(peer_state *s)
{
    const peer_task *t = s->task;
    const size_t I = t->size[SIZE_I], H = t->size[SIZE_H];
    const size_t B = t->size[SIZE_B];

    for (size_t r = 0; r < t->size[SIZE_T] * B; r++)
        for (size_t j = 0; j < H; j++) {
            double a = dot(I, t->x + r * I, t->w_ih + j * I) +
                       (double)t->b_ih[j] + (double)t->b_hh[j];

            if (r >= B)
                a += dot(H, s->y + (r - B) * H, t->w_hh + j * H);
            s->y[r * H + j] = (float)tanh(a);
        }
}

static int run_right(peer_state *s)
{
    if (is_gemm(s->task))
        run_gemm(s);
    else
        run_rnn(s);
    s->runs++;
    seen.runs++;
    return 0;
}

/* One element is off by more than rounding makes. */
static int run_wrong(peer_state *s)
{
    run_right(s);
    s->y[s->count - 2] += 0.01f;
    return 0;
}

/* The first run is right. */
static int run_failing(peer_state *s)
{
    return s->runs ? -1 : run_right(s);
}

/* Times itself: a second a run. */
static int time_right(peer_state *s, size_t runs, peer_timing *t)
{
    run_right(s);
    t->wall = t->core = (double)runs;
    return 0;
}

static int time_nothing(peer_state *s, size_t runs, peer_timing *t)
{
    (void)runs;
    run_right(s);
    t->wall = t->core = 0;
    return 0;
}

static const float *result(peer_state *s, const char *output, size_t count)
{
    const char *mine = is_gemm(s->task) ? "c" : "y";

    return !strcmp(output, mine) && count == s->count ? s->y : NULL;
}

static const float *no_result(peer_state *s, const char *output, size_t count)
{
    (void)s, (void)output, (void)count;
    return NULL;
}

static void close_right(peer_state *s)
{
    free(s->y);
    free(s);
    seen.closed++;
}

static peer_state *open_never(const peer_task *t, char *why, size_t size)
{
    (void)t;
    snprintf(why, size, "it is too large");
    return NULL;
}

#define FAKE(called, opens, runs, times, results) \
    { \
        .name = called, .version = version, .has = has, .open = opens, \
        .run = runs, .time = times, .result = results, .close = close_right \
    }

static const peer right = FAKE("right", open_right, run_right, NULL, result);
static const peer wrong = FAKE("wrong", open_right, run_wrong, NULL, result);
static const peer fails = FAKE("fails", open_right, run_failing, NULL, result);
static const peer slow = FAKE("slow", open_right, NULL, time_right, result);
static const peer still = FAKE("still", open_right, NULL, time_nothing, result);
static const peer empty = FAKE("empty", open_right, run_right, NULL, no_result);
static const peer never = FAKE("never", open_never, run_right, NULL, result);

/* ---- a row with peers ---------------------------------------------------- */

static int has_rungs(void)
{
    const char *v;

    for (size_t i = 0; (v = variant_at(i)); i++)
        if (!variant_is_baseline(v) && !variant_is_overlay(v))
            return 1;
    return 0;
}

static int measure(const char *row, const peer *a, const peer *b,
                   measured_row *m, char why[300])
{
    const peer *const peers[] = {a, b, NULL};
    const measuring with = {.plan = brief, .peers = peers};

    seen.opened = seen.closed = seen.runs = 0;
    *why = 0;
    return measure_row(row, &with, m, why, 300);
}

static void right_ones(void)
{
    static const char *const rows[] = {"gemm/f32/H21N5",
                                       "rnn/forward/f32/T4B3I5H18"};
    measured_row m;
    char why[300], name[PROBLEM_NAME];

    for (size_t i = 0; has_rungs() && i < 2; i++) {
        const measured *v, *ours;

        CHECK_SAYS(!measure(rows[i], &right, &slow, &m, why), "%s", why);
        CHECK(seen.opened == 2 && seen.closed == 2);
        v = measured_find(&m, "right");
        ours = measured_ours(&m);
        snprintf(name, sizeof name, "%s/right", rows[i]);
        CHECK_SAYS(v && !strcmp(v->name, name), "no %s", name);
        CHECK(v && v->peer == &right && v->compared == 1 && v->outputs == 1);
        CHECK(v && v->vs_peer > 0 && v->result.rounds == brief.rounds);
        CHECK(ours && ours->peer == NULL && ours->vs_peer == v->vs_peer);
        v = measured_find(&m, "slow");
        CHECK(v && v->result.median == 1 && ours->vs_peer < v->vs_peer);
    }
}

static void wrong_one(void)
{
    measured_row m;
    char why[300];

    if (!has_rungs())
        return;
    CHECK(measure("gemm/f32/H21N5", &right, &wrong, &m, why));
    CHECK_SAYS(strstr(why, "gemm/f32/H21N5/wrong: c[418] is "), "%s", why);
    CHECK_SAYS(strstr(why, " says "), "%s", why);
    CHECK(seen.opened == 2 && seen.closed == 2 && seen.runs == 2);
    check_note("%s", why);
}

static void others(void)
{
    measured_row m;
    char why[300];

    if (!has_rungs())
        return;
    CHECK(measure("gemm/f32/H21N5", &right, &fails, &m, why));
    CHECK_SAYS(strstr(why, "gemm/f32/H21N5: fails could not run"), "%s", why);
    CHECK(seen.opened == 2 && seen.closed == 2);

    CHECK(measure("gemm/f32/H21N5", &still, NULL, &m, why));
    CHECK_SAYS(strstr(why, "gemm/f32/H21N5: still could not run"), "%s", why);

    CHECK(measure("gemm/f32/H21N5", &empty, NULL, &m, why));
    CHECK_SAYS(strstr(why, "empty gives no result"), "%s", why);

    CHECK_SAYS(!measure("gemm/f32/H21N5", &never, &right, &m, why), "%s", why);
    CHECK(!measured_find(&m, "never") && measured_find(&m, "right"));
    CHECK_SAYS(!strcmp(m.skipped, "never: it is too large"), "%s", m.skipped);

    CHECK_SAYS(!measure("tanh/f32/N64", &right, NULL, &m, why), "%s", why);
    CHECK(seen.opened == 0 && !measured_find(&m, "right"));
}

/* ---- what a peer is given ------------------------------------------------ */

static void tasks(void)
{
    problem p;
    peer_task t;

    CHECK(!problem_open(&p, "gru/ragged/f32/T30B3I7H9P2/scalar", NULL));
    CHECK(!problem_alloc(&p) && !problem_peer_task(&p, &t));
    CHECK(!strcmp(t.what, "gru/ragged") && t.threads == 2 && t.classes > 1);
    CHECK(t.size[SIZE_T] == 30 && t.size[SIZE_H] == 9);
    CHECK(t.w_ih && t.w_hh && t.b_ih && t.b_hh && t.w_head && t.b_head);
    for (size_t i = 0; i < 30 * 3; i++)
        CHECK(t.targets[i] >= 0 && (size_t)t.targets[i] < t.classes);
    for (size_t b = 0; b < 3; b++)
        CHECK(t.length[b] >= 1 && t.length[b] <= 30);
    CHECK(t.length[0] != t.length[1]);
    problem_close(&p);

    CHECK(!problem_open(&p, "gru/train/f32/T30B3I7H9/scalar", NULL));
    CHECK(!problem_alloc(&p) && !problem_peer_task(&p, &t));
    CHECK(t.threads == 1 && !t.length && t.targets);
    problem_close(&p);

    CHECK(!problem_open(&p, "lstm/step/f32/B1I1H8/scalar", NULL));
    CHECK(!problem_alloc(&p) && problem_peer_task(&p, &t));
    problem_close(&p);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"right peers are compared and timed", NULL, right_ones},
        {"a wrong peer is refused by name", NULL, wrong_one},
        {"peers that fail or cannot open", NULL, others},
        {"tasks have what a peer needs", NULL, tasks},
        {NULL, NULL, NULL},
    };
    const int code = check_main(argc, argv, cases);

    limits_close();
    return code;
}
