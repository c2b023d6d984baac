/* Peers beside ours: what they are given, that a right one is timed and a wrong
 * one refused by name, that slow rounds are taken again, and several threads.
 * All peers here are made up. */
#include "bench/measure.h"
#include "bench/variants.h"
#include "check.h"

#include <math.h>
#include <stdatomic.h>
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

/* ---- slow rounds --------------------------------------------------------- */

/* Loads at 100 bytes a second, but for the looks from..to at 5. */
typedef struct burst {
    size_t looks, from, to;
} burst;

static double look(void *of)
{
    burst *b = of;
    const size_t now = b->looks++;

    return now >= b->from && now < b->to ? 5 : 100;
}

static void watched(size_t from, size_t to, size_t repeats, size_t kept)
{
    burst b = {0, from, to};
    watch w = {.bandwidth = look, .of = &b};
    contender c[2] = {{0}, {0}};
    problem p;
    size_t failed;

    CHECK(!problem_open(&p, "tanh/f32/N64/scalar", NULL));
    CHECK(!problem_alloc(&p));
    c[0].problem = c[1].problem = &p;
    CHECK_SAYS(!sampler_run_watched(c, 2, &brief, &w, &failed), "%s",
               p.message);
    CHECK_SAYS(w.repeats == repeats && w.kept == kept,
               "slow from %zu to %zu: %zu repeats, %zu kept, not %zu, %zu",
               from, to, w.repeats, w.kept, repeats, kept);
    for (size_t r = 0; r < brief.rounds && !kept; r++)
        CHECK(c[0].sample[r].near == 100 && c[1].sample[r].near == 100);
    CHECK(c[0].rounds == brief.rounds && c[0].median > 0);
    problem_close(&p);
}

/* A round of two looks three times: before, between and after. */
static void slow_rounds(void)
{
    watched(0, 0, 0, 0);
    watched(4, 5, 1, 0);     /* within the second round */
    watched(2, 4, 2, 0);     /* the end of one, the start of the next */
    watched(0, 3, 1, 0);     /* before the best is known */
    watched(3, 11, 3, 0);    /* still there when they are repeated */
    watched(3, 1000, 8, 2);  /* it stays: four times each */
}

/* ---- threads ------------------------------------------------------------- */

static atomic_int inside, most;
static atomic_size_t calls;

/* Waits for another thread to be here too, but not for ever. */
static double meeting_loop(size_t n)
{
    const int now = atomic_fetch_add(&inside, 1) + 1;
    const double start = limits_now();

    atomic_fetch_add(&calls, 1);
    if (now > atomic_load(&most))
        atomic_store(&most, now);
    while (atomic_load(&most) < 2 && limits_now() - start < 1)
        ;
    atomic_fetch_sub(&inside, 1);
    return (double)n;
}

static void two_loops(void)
{
    const srnn_limits fake = {.rung = "none", .fma = meeting_loop};

    CHECK(limits_flops_of(&fake, 2) > 0);
    CHECK_SAYS(atomic_load(&most) == 2, "%d at once", atomic_load(&most));
    CHECK(atomic_load(&calls) % 2 == 0 && atomic_load(&calls) > 0);
}

/* flop / peak + activations / threads / 16 * cycles / clock, or the traffic. */
static void shared_limits(void)
{
    const srnn_limits l = {.activation_cycles = 10};
    const moment m = {.hz = 5, .flops = 50, .bandwidth = 4};
    work w = {.flop = 100, .activations = 32, .bytes = 8};

    CHECK(limits_seconds(&l, &w, &m) == 2 + 4);
    w.threads = 2;
    CHECK(limits_seconds(&l, &w, &m) == 2 + 2);
    w.bytes = 40;
    CHECK(limits_seconds(&l, &w, &m) == 5);
    w.set = 1.5 * (double)limits_level(0)->bytes;
    CHECK(limits_level_for(&w) == 0);
    w.threads = 0;
    CHECK(limits_level_for(&w) == 1 || limits_levels() == 1);
}

static void names(void)
{
    static const char *const row[] = {"lstm/train/f32/T5B3I7H37P2/scalar",
                                      "gru/step/f32/B3I7H37P12/scalar",
                                      "rnn/forward/f32/T5B3I7H37/scalar"};
    static const char *const false_ones[] = {
        "rnn/forward/f32/T5B3I7H37P1/scalar",
        "rnn/forward/f32/T5B3I7H37P0/scalar",
        "rnn/forward/f32/T5B3I7H37P/scalar",
        "rnn/forward/f32/T5B3I7P2H37/scalar", "tanh/f32/N16P2/scalar"};
    static const size_t threads[] = {2, 12, 1};
    char again[PROBLEM_NAME];
    problem p;

    for (size_t i = 0; i < 3; i++) {
        CHECK_SAYS(!problem_parse(&p, row[i]), "%s", p.message);
        CHECK(p.size[SIZE_P] == threads[i]);
        problem_name(&p, again);
        CHECK_SAYS(!strcmp(row[i], again), "%s became %s", row[i], again);
    }
    for (size_t i = 0; i < sizeof false_ones / sizeof *false_ones; i++)
        CHECK_SAYS(problem_parse(&p, false_ones[i]), "%s", false_ones[i]);
}

static void two_threads(void)
{
    static const char row[] = "lstm/train/f32/T5B3I7H37P2";
    const measuring with = {.plan = brief};
    const measured *ours;
    measured_row m;
    char why[300] = "";

    CHECK_SAYS(!measure_row(row, &with, &m, why, sizeof why), "%s", why);
    CHECK(!measured_find(&m, "reference"));
    ours = measured_ours(&m);
    CHECK(!has_rungs() || ours);
    if (!ours)
        return;
    CHECK(ours->work.threads == 2 && ours->speedup > 0);
    CHECK(!limits_of(ours->variant) || ours->fma_speedup > 0);
    CHECK(m.alones > 0 && m.alone[0].work.threads == 1);
    CHECK_SAYS(!strncmp(m.alone[0].name, "lstm/train/f32/T5B3I7H37/", 25), "%s",
               m.alone[0].name);
    check_note("%s: %.2f times one thread", row, ours->speedup);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"right peers are compared and timed", NULL, right_ones},
        {"a wrong peer is refused by name", NULL, wrong_one},
        {"peers that fail or cannot open", NULL, others},
        {"tasks have what a peer needs", NULL, tasks},
        {"slow rounds are taken again", NULL, slow_rounds},
        {"two loops run at once", NULL, two_loops},
        {"limits of threads by hand", NULL, shared_limits},
        {"names with threads", NULL, names},
        {"two threads beside one", NULL, two_threads},
        {NULL, NULL, NULL},
    };
    const int code = check_main(argc, argv, cases);

    limits_close();
    return code;
}
