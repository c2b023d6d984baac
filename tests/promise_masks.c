/* Nets with dropout and zoneout keep the promises: rungs, threads, a sequence
 * alone, calls cut, a run resumed. Masks are named by seed, update, step and
 * identity; leaving any of them out must show.
 *   promise_masks        prints a line "case hash" for each
 *   promise_masks FILE   and compares them with the lines of FILE; arguments
 *                        behind it filter the cases */
#include "record.h"

#include "masks_case.h"
#include "numbers.h"
#include "rungs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *recorded;

/* Four sequences: gradients of one alone are four times those in the batch,
 * exactly. */
static const net_case shape = {.cell = SRNN_LSTM, .layers = 2, .steps = 5,
                               .batch = 4, .in = 5, .hidden = 70,
                               .classes = 3};

/* ---- one run ------------------------------------------------------------- */

typedef struct subject {
    srnn_net *net;
    srnn_trainer *t;
    net_data d;
} subject;

static void begin(subject *s, const srnn_kernels *k, const net_case *c,
                  const masks_case *m, size_t threads)
{
    data_seed(7);
    s->net = masks_net(k, c, m);
    masks_data(&s->d, c, m);
    for (size_t i = 0; i < c->steps * c->batch; i++)
        s->d.target[i] = (int32_t)(i % c->classes); /* none is left out */
    s->t = masks_trainer(s->net, c, threads);
    case_trainer_states(s->t, &s->d);
}

static void end(subject *s)
{
    srnn_trainer_close(s->t);
    srnn_net_close(s->net);
    masks_free(&s->d);
}

static void update(subject *s, const uint64_t *id, uint64_t step)
{
    srnn_array in[2];

    case_inputs(&s->d, s->net, in);
    must(srnn_trainer_lengths(s->t, s->d.length));
    must(srnn_trainer_sequences(s->t, id, step));
    must(srnn_trainer_update(s->t, s->d.c.steps, in, 2, NULL));
}

static void run_record(record *r, const srnn_kernels *k, const net_case *c,
                       const masks_case *m, size_t threads)
{
    static const size_t length[] = {3, 5, 0, 2};
    subject s;

    begin(&s, k, c, m, threads);
    update(&s, s.d.id, 3);
    record_gradients(r, s.t);
    s.d.length = length;
    update(&s, s.d.id, 8);
    record_gradients(r, s.t);
    record_update(r, s.t);
    end(&s);
}

typedef void case_fn(const srnn_kernels *k, const net_case *c,
                     const masks_case *m);

static void each_case(const srnn_kernels *k, case_fn *fn)
{
    net_case c = shape;

    for (size_t i = 0; masks_cell(&c, i); i++)
        for (const masks_case *m = masks_cases; m->name; m++)
            if (masks_fit(m, &c))
                fn(k, &c, m);
}

static void equal(const record *a, const record *b, const net_case *c,
                  const masks_case *m, const char *what)
{
    const char *where;
    const size_t n = record_differing(a, b, &where);

    CHECK_SAYS(n == 0, "%s %s: %s: %zu values differ, first in %s",
               case_cell_name(c), m->name, what, n, where);
}

/* ---- threads ------------------------------------------------------------- */

static void threads_case(const srnn_kernels *k, const net_case *c,
                         const masks_case *m)
{
    record one = {0}, three = {0};

    run_record(&one, k, c, m, 1);
    run_record(&three, k, c, m, 3);
    equal(&one, &three, c, m, "one thread and three");
    record_free(&one);
    record_free(&three);
}

static void threads(const srnn_kernels *k)
{
    each_case(k, threads_case);
}

/* ---- rungs, of this machine and of others -------------------------------- */

static FILE *lines;

static void hash_case(const srnn_kernels *k, const net_case *c,
                      const masks_case *m)
{
    char name[96], line[96] = "";
    unsigned long long want = 0;
    uint64_t h = hash_begin();
    record r = {0};

    run_record(&r, k, c, m, 1);
    for (size_t i = 0; i < r.count; i++)
        h = hash_reals(h, r.part[i].x, 1, r.part[i].n, r.part[i].n);
    record_free(&r);
    snprintf(name, sizeof name, "%s/%s", case_cell_name(c), m->name);
    if (!lines)
        printf("%s %016llx\n", name, (unsigned long long)h);
    else
        CHECK_SAYS(fscanf(lines, "%95s %llx", line, &want) == 2 &&
                       !strcmp(name, line) && want == h,
                   "%s %016llx, but the file has %s %016llx", name,
                   (unsigned long long)h, line, want);
}

static void hashes(const srnn_kernels *k)
{
    if (!rung_is_vector(k))
        return;
    lines = recorded ? fopen(recorded, "r") : NULL;
    CHECK_SAYS(lines || !recorded, "%s cannot be read", recorded);
    if (lines || !recorded)
        each_case(k, hash_case);
    if (lines)
        fclose(lines);
}

/* ---- a sequence alone ---------------------------------------------------- */

/* Sequence b of s, by itself in a trainer of its own, named by id and step. */
static void run_alone(record *r, const subject *s, size_t b, uint64_t id,
                      uint64_t step, const masks_case *m,
                      const srnn_kernels *k)
{
    net_case c = s->d.c;
    const srnn_real *state = s->d.state;
    srnn_tensor to, from;
    subject one;

    c.batch = 1;
    one.net = masks_net(k, &c, m);
    masks_data(&one.d, &c, m);
    one.t = masks_trainer(one.net, &c, 1);
    for (size_t i = 0; i < srnn_net_params(s->net); i++) {
        must(srnn_net_param(s->net, i, &from));
        must(srnn_net_param(one.net, i, &to));
        memcpy(to.data, from.data, from.count * sizeof *to.data);
    }
    must(srnn_net_pack(one.net));
    for (size_t t = 0; t < c.steps; t++) {
        memcpy(one.d.x + t * c.in, s->d.x + (t * s->d.c.batch + b) * c.in,
               c.in * sizeof *one.d.x);
        one.d.target[t] = s->d.target[t * s->d.c.batch + b];
    }
    for (size_t i = 0; i < s->d.states; i++) {
        const size_t width = case_state_width(&c, i);
        const size_t at = case_states_before(&c, i);

        memcpy(one.d.state + at, state + at * s->d.c.batch + b * width,
               width * sizeof *state);
    }
    if (s->d.length)
        one.d.length = s->d.length + b;
    case_trainer_states(one.t, &one.d);
    update(&one, &id, step);
    record_gradients(r, one.t);
    end(&one);
}

/* Its share of eight real steps is a power of two. */
static const size_t lengths[] = {4, 2, 1, 1};

/* Of a sequence's own rows, how many values differ. */
static size_t alone_differing(const srnn_kernels *k, const net_case *c,
                              const masks_case *m, size_t b, int ragged,
                              uint64_t id_off, uint64_t step_off)
{
    const float share = ragged ? 8 / (float)lengths[b] : 4;
    record all = {0}, row = {0}, one = {0}, own = {0};
    const char *where;
    subject s, before;
    size_t n;

    begin(&s, k, c, m, 1);
    begin(&before, k, c, m, 1);
    s.d.length = before.d.length = ragged ? lengths : NULL;
    update(&s, s.d.id, 3);
    record_gradients(&all, s.t);
    record_row(&all, b, s.d.c.batch, share, &row);
    run_alone(&one, &before, b, s.d.id[b] + id_off, 3 + step_off, m, k);
    record_row(&one, 0, 1, 1, &own);
    n = record_differing(&row, &own, &where);
    end(&s);
    end(&before);
    record_free(&all);
    record_free(&row);
    record_free(&one);
    record_free(&own);
    return n;
}

/* Whether a mask is drawn for each step; others know no step. */
static int each_step(const masks_case *m)
{
    return m->dropout > 0 || m->zone_h > 0 || m->zone_c > 0 ||
           (m->node > 0 && !m->once);
}

static void alone_case(const srnn_kernels *k, const net_case *c,
                       const masks_case *m)
{
    for (size_t b = 0; b < 4; b++)
        CHECK_SAYS(!alone_differing(k, c, m, b, 0, 0, 0) &&
                       !alone_differing(k, c, m, b, 1, 0, 0),
                   "%s %s: sequence %zu alone", case_cell_name(c), m->name,
                   b);
    CHECK(alone_differing(k, c, m, 2, 0, 1, 0) > 0);
    if (each_step(m))
        CHECK(alone_differing(k, c, m, 2, 0, 0, 1) > 0);
}

static void alone(const srnn_kernels *k)
{
    each_case(k, alone_case);
}

/* ---- calls cut ----------------------------------------------------------- */

/* Last states of all steps in calls of `call`; counted: the trainer counts the
 * steps itself. */
static void states_of(record *r, const srnn_kernels *k, const net_case *c,
                      const masks_case *m, size_t call, int counted)
{
    srnn_array in[2];
    srnn_tensor x;
    subject s;
    size_t t, n;

    begin(&s, k, c, m, 1);
    case_inputs(&s.d, s.net, in);
    must(srnn_trainer_sequences(s.t, s.d.id, 11));
    for (t = 0; t < s.d.c.steps; t += n) {
        n = call < s.d.c.steps - t ? call : s.d.c.steps - t;
        must(srnn_trainer_sequences(
            s.t, s.d.id, counted ? srnn_trainer_step(s.t) : 11 + t));
        must(srnn_trainer_backward(s.t, n, in, 2, NULL));
        in[0].data += n * s.d.c.batch * s.d.c.in;
        in[1].tokens += n * s.d.c.batch;
    }
    for (size_t i = 0; i < srnn_trainer_states(s.t); i++) {
        must(srnn_trainer_state(s.t, i, &x));
        record_add(r, x.name, x.data, x.count, 0);
    }
    end(&s);
}

static void cut_case(const srnn_kernels *k, const net_case *c,
                     const masks_case *m)
{
    record whole = {0}, cut = {0}, stepped = {0};

    if (m->direction != SRNN_FORWARD)
        return;
    states_of(&whole, k, c, m, 5, 0);
    states_of(&cut, k, c, m, 2, 1);
    states_of(&stepped, k, c, m, 1, 0);
    equal(&whole, &cut, c, m, "calls of two steps");
    equal(&whole, &stepped, c, m, "step by step");
    record_free(&whole);
    record_free(&cut);
    record_free(&stepped);
}

static void cuts(const srnn_kernels *k)
{
    each_case(k, cut_case);
}

/* ---- backward in segments ------------------------------------------------ */

/* Two steps are kept at a time, the rest is run again, under the same masks. */
static void segment_case(const srnn_kernels *k, const net_case *c,
                         const masks_case *m)
{
    record whole = {0}, parts = {0};
    srnn_trainer_config config;
    subject a, b;

    if (m->direction != SRNN_FORWARD)
        return;
    begin(&a, k, c, m, 1);
    begin(&b, k, c, m, 1);
    config = srnn_trainer_settings(b.t);
    config.segment = 2;
    srnn_trainer_close(b.t);
    must(srnn_trainer_open(&b.t, b.net, &config));
    case_trainer_states(b.t, &b.d);
    a.d.length = b.d.length = lengths;
    update(&a, a.d.id, 3);
    update(&b, b.d.id, 3);
    record_gradients(&whole, a.t);
    record_gradients(&parts, b.t);
    equal(&whole, &parts, c, m, "backward in segments");
    record_free(&whole);
    record_free(&parts);
    end(&a);
    end(&b);
}

static void segments(const srnn_kernels *k)
{
    each_case(k, segment_case);
}

/* ---- a run resumed ------------------------------------------------------- */

typedef enum omit { NOTHING, STEP, UPDATES, OMISSIONS } omit;

static void copy_all(const subject *a, subject *b)
{
    srnn_tensor x, y;

    for (size_t i = 0; i < srnn_net_params(a->net); i++) {
        must(srnn_net_param(a->net, i, &x));
        must(srnn_net_param(b->net, i, &y));
        memcpy(y.data, x.data, x.count * sizeof *x.data);
        for (size_t j = 0; j < srnn_trainer_moments(a->t); j++) {
            must(srnn_trainer_moment(a->t, j, i, &x));
            must(srnn_trainer_moment(b->t, j, i, &y));
            memcpy(y.data, x.data, x.count * sizeof *x.data);
        }
    }
    for (size_t i = 0; i < srnn_trainer_states(a->t); i++) {
        must(srnn_trainer_state(a->t, i, &x));
        must(srnn_trainer_state(b->t, i, &y));
        memcpy(y.data, x.data, x.count * sizeof *x.data);
    }
    must(srnn_net_pack(b->net));
}

static void go_on(subject *s, size_t updates)
{
    srnn_array in[2];

    case_inputs(&s->d, s->net, in);
    while (updates--)
        must(srnn_trainer_update(s->t, s->d.c.steps, in, 2, NULL));
}

static size_t resumed_differing(const srnn_kernels *k, const net_case *c,
                                const masks_case *m, omit left_out)
{
    record whole = {0}, resumed = {0};
    const char *where;
    subject a, b;
    size_t n;

    begin(&a, k, c, m, 1);
    begin(&b, k, c, m, 1);
    go_on(&a, 2);
    copy_all(&a, &b);
    if (left_out != UPDATES)
        srnn_trainer_set_updates(b.t, srnn_trainer_updates(a.t));
    if (left_out != STEP)
        must(srnn_trainer_sequences(b.t, NULL, srnn_trainer_step(a.t)));
    go_on(&a, 2);
    go_on(&b, 2);
    record_update(&whole, a.t);
    record_update(&resumed, b.t);
    n = record_differing(&whole, &resumed, &where);
    record_free(&whole);
    record_free(&resumed);
    end(&a);
    end(&b);
    return n;
}

static void resume(const srnn_kernels *k)
{
    const masks_case *m = masks_cases;

    while (strcmp(m->name, "all/c"))
        m++;
    CHECK(resumed_differing(k, &shape, m, NOTHING) == 0);
    CHECK(resumed_differing(k, &shape, m, STEP) > 0);
    CHECK(resumed_differing(k, &shape, m, UPDATES) > 0);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"masks/hashes", hashes, NULL},   {"masks/threads", threads, NULL},
        {"masks/alone", alone, NULL},     {"masks/cuts", cuts, NULL},
        {"masks/segments", segments, NULL}, {"masks/resume", resume, NULL},
        {NULL, NULL, NULL},
    };

    recorded = argc > 1 ? argv[1] : NULL;
    return check_main(argc > 1 ? argc - 1 : 1, argc > 1 ? argv + 1 : argv,
                      cases);
}
