/* Attention in a net, bit for bit: over rungs, threads, the batch a sequence
 * lies in, ragged lengths on both sides, cuts of the queries' steps into calls
 * and passes, and an encoder that runs in a call of its own.
 *   promise_attend        prints a line "case hash" for each case
 *   promise_attend FILE   and compares them with the lines of FILE
 * Rungs of different machines meet in promise_attend_hashes.txt, which the
 * first form writes; a change of the arithmetic that is meant needs it anew. */
#include "attend_run.h"
#include "check.h"
#include "net_case.h"
#include "numbers.h"
#include "rungs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = ATTEND_BATCH, STEPS = 4, SOURCE = 19, HIDDEN = 37 };

/* The real steps are 16 in all, and a power of two in each sequence that has
 * one: the losses' scales differ by exact factors. */
static const size_t length[BATCH] = {4, 2, 4, 0, 2, 4};
static const size_t source_length[BATCH] = {19, 1, 0, 7, 16, 18};

static attend_case case_of(size_t score, size_t form)
{
    return (attend_case){.score = (srnn_score_kind)score,
                         .form = (attend_form)form,
                         .batch = BATCH,
                         .source = SOURCE,
                         .steps = STEPS,
                         .in = 5,
                         .hidden = HIDDEN,
                         .width = 21,
                         .classes = 4,
                         .source_length = source_length,
                         .length = length};
}

/* ---- outputs ------------------------------------------------------------- */

static size_t reals(const result *r, size_t batch)
{
    return STEPS * batch * (r->columns[0] + r->columns[1]);
}

static void fill(attend_data *d, const attend_case *c)
{
    data_seed(c->score * 10 + c->form + 1);
    attend_fill(d, c);
}

/* Row (t, b) of both parts of a result. */
static size_t row_differs(const result *a, size_t batch, size_t b,
                          const result *one, size_t t)
{
    const float *x = a->x + (t * batch + b) * a->columns[0];
    const float *w = a->x + STEPS * batch * a->columns[0] +
                     (t * batch + b) * a->columns[1];

    return bits_differing(x, one->x + t * a->columns[0], a->columns[0]) +
           bits_differing(w,
                          one->x + STEPS * a->columns[0] + t * a->columns[1],
                          a->columns[1]);
}

static void alone(const srnn_kernels *k, const attend_data *d,
                  const result *all, result *one)
{
    for (size_t b = 0; b < BATCH; b++) {
        attend_data part;
        size_t lengths[2], differing = 0;
        srnn_net *net = attend_net(k, &d->c);

        attend_one(&part, d, b, lengths);
        attend_run(k, &part, (way){1, STEPS, STEPS, 0, 0}, one);
        for (size_t t = 0; t < STEPS; t++)
            differing += row_differs(all, BATCH, b, one, t);
        CHECK_SAYS(!differing, "%s: sequence %zu alone", attend_name(&d->c),
                   b);
        srnn_net_close(net);
        attend_free(&part);
    }
}

static void ways(const srnn_kernels *k, const attend_data *d,
                 const result *all, result *other)
{
    static const way list[] = {
        {3, STEPS, STEPS, 0, 0}, {2, 3, STEPS, 0, 0}, {1, STEPS, 1, 1, 0},
        {3, 1, STEPS, 1, 0},     {1, 2, 3, 0, 0},     {2, 2, 1, 0, 1}};

    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        const way *w = &list[i];

        if (d->c.form == ATTEND_SELF && (w->room < STEPS || w->cut < STEPS))
            continue;
        attend_run(k, d, *w, other);
        CHECK_SAYS(!bits_differing(all->x, other->x, reals(all, BATCH)),
                   "%s: %zu threads, %zu steps at a time, calls of %zu%s%s",
                   attend_name(&d->c), w->threads, w->room, w->cut,
                   w->apart ? ", the source apart" : "",
                   w->again ? ", another source before" : "");
    }
}

/* A key less in one sequence must show there, and nowhere else. */
static void masked(const srnn_kernels *k, const attend_data *d,
                   const result *all, result *other)
{
    size_t fewer[BATCH], differing[BATCH] = {0};
    attend_data less = *d;

    memcpy(fewer, source_length, sizeof fewer);
    fewer[4]--;
    less.c.source_length = fewer;
    attend_run(k, &less, (way){1, STEPS, STEPS, 0, 0}, other);
    for (size_t b = 0; b < BATCH; b++)
        for (size_t t = 0; t < STEPS; t++) {
            const size_t row = (t * BATCH + b) * all->columns[0];

            differing[b] += bits_differing(all->x + row, other->x + row,
                                           all->columns[0]);
        }
    for (size_t b = 0; b < BATCH; b++)
        CHECK(!differing[b] == (b != 4 || d->c.form == ATTEND_SELF));
}

/* No key, no step: contexts and weights are 0. */
static void zeros(const attend_data *d, const result *all)
{
    for (size_t b = 0; b < BATCH; b++)
        for (size_t t = 0; t < STEPS; t++) {
            const int none = t >= length[b] || (d->c.form != ATTEND_SELF &&
                                                source_length[b] == 0);
            const float *y = all->x + (t * BATCH + b) * all->columns[0];
            int zero = 1;

            for (size_t j = 0; j < all->columns[0]; j++)
                zero &= y[j] == 0;
            CHECK_SAYS(zero == none, "%s: step %zu of sequence %zu",
                       attend_name(&d->c), t, b);
        }
}

static void outputs(const srnn_kernels *k)
{
    static result all, other, first[SRNN_SCORE_KINDS][ATTEND_FORMS];

    for (size_t i = 0; i < SRNN_SCORE_KINDS * ATTEND_FORMS; i++) {
        const attend_case c = case_of(i / ATTEND_FORMS, i % ATTEND_FORMS);
        result *same = &first[c.score][c.form];
        attend_data d;

        fill(&d, &c);
        attend_run(k, &d, (way){1, STEPS, STEPS, 0, 0}, &all);
        zeros(&d, &all);
        ways(k, &d, &all, &other);
        alone(k, &d, &all, &other);
        masked(k, &d, &all, &other);
        if (rung_is_vector(k) && same->columns[0] == 0)
            *same = all;
        CHECK_SAYS(!rung_is_vector(k) ||
                       !bits_differing(all.x, same->x, reals(&all, BATCH)),
                   "%s: another rung's bits", attend_name(&c));
        attend_free(&d);
    }
}

/* ---- gradients ----------------------------------------------------------- */

/* Of `rows` x n reals from `from` on, sequence b's against the one alone, whose
 * loss is a mean over `part` steps where the batch's is one over 16. */
static size_t rows_differ(const slopes *all, const slopes *one, size_t *from,
                          size_t *from_one, size_t rows, size_t n, size_t b,
                          size_t part)
{
    size_t count = 0;

    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < n; j++)
            count += all->x[*from + (r * BATCH + b) * n + j] !=
                     one->x[*from_one + r * n + j] * (float)part / 16;
    *from += rows * BATCH * n;
    *from_one += rows * n;
    return count;
}

static void gradients_alone(const srnn_kernels *k, const attend_data *d,
                            const slopes *all, slopes *one)
{
    for (size_t b = 0; b < BATCH; b++) {
        size_t lengths[2], from = all->params, from_one, differing;
        attend_data part;

        if (length[b] == 0)
            continue;
        attend_one(&part, d, b, lengths);
        attend_backward(k, &part, 1, one);
        from_one = one->params;
        differing = rows_differ(all, one, &from, &from_one, 1,
                                part.states, b, length[b]);
        differing += rows_differ(all, one, &from, &from_one, STEPS, d->c.in,
                                 b, length[b]);
        if (d->c.form != ATTEND_SELF)
            differing += rows_differ(all, one, &from, &from_one, SOURCE,
                                     d->c.in, b, length[b]);
        CHECK_SAYS(!differing && from == all->n && from_one == one->n,
                   "%s: gradients of sequence %zu alone, %zu differ",
                   attend_name(&d->c), b, differing);
        attend_free(&part);
    }
}

static void gradients(const srnn_kernels *k)
{
    static slopes all, other, first[SRNN_SCORE_KINDS][ATTEND_FORMS];

    for (size_t i = 0; i < SRNN_SCORE_KINDS * ATTEND_FORMS; i++) {
        const attend_case c = case_of(i / ATTEND_FORMS, i % ATTEND_FORMS);
        slopes *same = &first[c.score][c.form];
        attend_data d;

        fill(&d, &c);
        attend_backward(k, &d, 1, &all);
        for (size_t threads = 2; threads <= 3; threads++) {
            attend_backward(k, &d, threads, &other);
            CHECK_SAYS(!bits_differing(all.x, other.x, all.n),
                       "%s: gradients by %zu threads", attend_name(&c),
                       threads);
        }
        gradients_alone(k, &d, &all, &other);
        if (rung_is_vector(k) && same->n == 0)
            *same = all;
        CHECK_SAYS(!rung_is_vector(k) ||
                       !bits_differing(all.x, same->x, all.n),
                   "%s: gradients have another rung's bits", attend_name(&c));
        attend_free(&d);
    }
}

/* ---- other machines ------------------------------------------------------ */

static const char *recorded;

static uint64_t hash_case(const srnn_kernels *k, const attend_case *c)
{
    static result all;
    static slopes g;
    attend_data d;
    uint64_t h;

    fill(&d, c);
    attend_run(k, &d, (way){1, STEPS, STEPS, 0, 0}, &all);
    attend_backward(k, &d, 1, &g);
    attend_free(&d);
    h = hash_reals(hash_begin(), all.x, 1, reals(&all, BATCH), 0);
    return hash_reals(h, g.x, 1, g.n, 0);
}

static void compare_line(FILE *f, const attend_case *c, uint64_t hash)
{
    char name[96] = "";
    unsigned long long want = 0;

    CHECK_SAYS(fscanf(f, "%95s %llx", name, &want) == 2 &&
                   !strcmp(name, attend_name(c)) && want == hash,
               "%s %016llx, but the file has %s %016llx", attend_name(c),
               (unsigned long long)hash, name, want);
}

static void hashes(const srnn_kernels *k)
{
    FILE *f = recorded ? fopen(recorded, "r") : NULL;

    CHECK_SAYS(f || !recorded, "%s cannot be read", recorded);
    for (size_t i = 0;
         rung_is_vector(k) && i < SRNN_SCORE_KINDS * ATTEND_FORMS; i++) {
        const attend_case c = case_of(i / ATTEND_FORMS, i % ATTEND_FORMS);
        const uint64_t hash = hash_case(k, &c);

        if (f)
            compare_line(f, &c, hash);
        else if (!recorded)
            printf("%s %016llx\n", attend_name(&c),
                   (unsigned long long)hash);
    }
    if (f)
        fclose(f);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"attend/outputs", outputs, NULL},
        {"attend/gradients", gradients, NULL},
        {"attend/hashes", hashes, NULL},
        {NULL, NULL, NULL},
    };

    recorded = argc > 1 ? argv[1] : NULL;
    return check_main(1, argv, cases);
}
