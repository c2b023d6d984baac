/* How many of a session's threads work: one on a tiny net, all on a large one.
 * The bits do not tell, and who has no work sleeps. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include "everyone.h"
#include "net_case.h"

#include "cells/worth.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- one session of an LSTM ---------------------------------------------- */

typedef struct lstm {
    srnn_net *net;
    srnn_session *s;
    size_t steps;
    srnn_array in, out;
    float *x, *y;
    size_t reals;
} lstm;

static void lstm_open(lstm *l, const srnn_kernels *k, size_t steps,
                      size_t batch, size_t hidden, size_t threads)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    srnn_session_config sc = srnn_session_default();

    c.cell = SRNN_LSTM;
    c.hidden = hidden;
    sc.batch = batch;
    sc.steps = steps;
    sc.threads = threads;
    *l = (lstm){.steps = steps, .reals = steps * batch * hidden};
    must(srnn_net_open_on(&l->net, k));
    must(srnn_net_input(l->net, "in", hidden, &l->in.node));
    must(srnn_net_recurrent(l->net, "rnn", l->in.node, &c,
                                 &l->out.node));
    must(srnn_net_init(l->net, 3));
    must(srnn_session_open(&l->s, l->net, &sc));
    l->in.data = l->x = calloc(l->reals, sizeof *l->x);
    l->out.data = l->y = calloc(l->reals, sizeof *l->y);
    CHECK(l->x && l->y);
    for (size_t i = 0; i < l->reals; i++)
        l->x[i] = (float)(i % 23) / 23 - 0.4f;
}

static void lstm_run(lstm *l)
{
    must(srnn_session_forward(l->s, l->steps, &l->in, 1, &l->out, 1));
}

static void lstm_close(lstm *l)
{
    srnn_session_close(l->s);
    srnn_net_close(l->net);
    free(l->x);
    free(l->y);
}

/* ---- the rule ------------------------------------------------------------ */

static size_t worth(const lstm *l, size_t most)
{
    const leg forth = {.steps = l->steps};
    const pass p = {.s = l->s, .first = 1, .leg = &forth};

    return srnn_worth_pass(&p, most);
}

/* A step of 8 units is less work than a meeting is, one of 512 units dozens of
 * meetings: of one row for two workers, of 64 rows for eight. */
static void rule(const srnn_kernels *k)
{
    static const struct {
        size_t steps, batch, hidden, of, work;
    } cases[] = {
        {1, 1, 8, 2, 1},    {20, 1, 8, 2, 1},   {20, 4, 8, 8, 1},
        {20, 1, 512, 2, 2}, {8, 16, 256, 2, 2}, {3, 64, 512, 8, 8},
        {3, 64, 512, 1, 1},
    };

    everyone_works = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n;
        lstm l;

        lstm_open(&l, k, cases[i].steps, cases[i].batch, cases[i].hidden, 1);
        lstm_run(&l);
        n = worth(&l, cases[i].of);
        CHECK_SAYS(n == cases[i].work, "T%zuB%zuH%zu: %zu of %zu work",
                   cases[i].steps, cases[i].batch, cases[i].hidden, n,
                   cases[i].of);
        CHECK(srnn_worth_update(l.net, cases[i].of) <= cases[i].of);
        lstm_close(&l);
    }
    everyone_works = 1;
}

/* ---- bits ---------------------------------------------------------------- */

/* Whoever works: one, all, or as many as the library thinks. */
static void same_bits(const srnn_kernels *k)
{
    static const size_t hidden[] = {8, 200};

    for (size_t i = 0; i < 2; i++) {
        lstm one, all;

        lstm_open(&one, k, 6, 3, hidden[i], 1);
        lstm_open(&all, k, 6, 3, hidden[i], 2);
        for (size_t call = 0; call < 4; call++) {
            everyone_works = call % 2;
            lstm_run(&one);
            lstm_run(&all);
            CHECK(!memcmp(one.y, all.y, one.reals * sizeof *one.y));
        }
        everyone_works = 1;
        lstm_close(&one);
        lstm_close(&all);
    }
}

/* ---- sleep --------------------------------------------------------------- */

static pthread_t worker; /* the last that was started */

/* The linker's --wrap puts this before the real one. */
int __real_pthread_create(pthread_t *t, const pthread_attr_t *a,
                          void *(*fn)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a,
                          void *(*fn)(void *), void *arg);

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a,
                          void *(*fn)(void *), void *arg)
{
    const int error = __real_pthread_create(t, a, fn, arg);

    worker = *t;
    return error;
}

/* Seconds for which the worker has had a core. */
static double busy(void)
{
    struct timespec t;
    clockid_t clock;

    CHECK(!pthread_getcpuclockid(worker, &clock));
    CHECK(!clock_gettime(clock, &t));
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Until it has gone to sleep, which it does some time after its last work. */
static double asleep(void)
{
    const struct timespec pause = {0, 20000000};
    double before, after = busy();

    do {
        before = after;
        nanosleep(&pause, NULL);
        after = busy();
    } while (after > before);
    return after;
}

/* Calls of a net that is not worth it take no time of the worker at all; those
 * of one that is put to work do. */
static void sleeps(const srnn_kernels *k)
{
    double before;
    lstm l;

    lstm_open(&l, k, 20, 1, 8, 2);
    lstm_run(&l);
    before = asleep();
    lstm_run(&l);
    CHECK(asleep() > before);
    everyone_works = 0;
    before = asleep();
    for (size_t i = 0; i < 500; i++)
        lstm_run(&l);
    CHECK(busy() == before);
    everyone_works = 1;
    lstm_close(&l);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"worth/rule", rule, NULL},
                                       {"worth/same-bits", same_bits, NULL},
                                       {"worth/sleeps", sleeps, NULL},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
