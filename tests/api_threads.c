/* Threads: more workers than cores or units, workers that fell asleep, many
 * sessions of one net in threads of the caller's own, all with the bits of one
 * thread. Meant for the thread sanitizer as well. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include "net_case.h"
#include "numbers.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { T = 4, B = 2, I = 5, H = 21, C = 4 };

static net_case case_of(size_t cell)
{
    net_case c = {.layers = 2, .steps = T, .batch = B, .in = I, .hidden = H,
                  .classes = C};

    if (cell < CASE_CELLS)
        case_cell(&c, cell);
    else
        case_norm(&c, cell - CASE_CELLS);
    return c;
}

enum { CELLS = CASE_CELLS + CASE_NORMS };

static void forward(srnn_session *s, const srnn_net *net, const net_data *d,
                    float *y)
{
    const srnn_array out = {.node = srnn_net_find(net, "rnn"), .data = y};
    srnn_array in[2];

    case_inputs(d, net, in);
    case_session_states(s, d);
    must(srnn_session_forward(s, T, in, 1, &out, 1));
}

static void forward_once(srnn_net *net, const net_data *d, size_t threads,
                         float *y)
{
    srnn_session *s = case_session(net, &d->c, 2, threads);

    forward(s, net, d, y);
    srnn_session_close(s);
}

/* ---- numbers of workers -------------------------------------------------- */

static void crowds(const srnn_kernels *k)
{
    static const size_t threads[] = {2, 3, 4, 7, 16, 33};

    for (size_t i = 0; i < CELLS; i++) {
        const net_case c = case_of(i);
        srnn_net *net = case_net(k, &c);
        float one[T * B * H], many[T * B * H];
        net_data d;

        case_data(&d, &c);
        forward_once(net, &d, 1, one);
        for (size_t n = 0; n < sizeof threads / sizeof *threads; n++) {
            forward_once(net, &d, threads[n], many);
            CHECK_SAYS(!memcmp(one, many, sizeof one), "%s: %zu threads",
                       case_name(&c), threads[n]);
        }
        case_free(&d);
        srnn_net_close(net);
    }
}

/* ---- long pauses --------------------------------------------------------- */

/* Between calls workers stop spinning and sleep; they must wake, and be let
 * go while asleep. */
static void sleepers(const srnn_kernels *k)
{
    const struct timespec pause = {0, 3000000};
    const net_case c = case_of(2);
    srnn_net *net = case_net(k, &c);
    srnn_session *s = case_session(net, &c, T, 3);
    float first[T * B * H], y[T * B * H];
    net_data d;

    case_data(&d, &c);
    forward(s, net, &d, first);
    for (int i = 0; i < 20; i++) {
        nanosleep(&pause, NULL);
        forward(s, net, &d, y);
        CHECK(!memcmp(first, y, sizeof y));
    }
    nanosleep(&pause, NULL);
    srnn_session_close(s);
    srnn_net_close(net);
    case_free(&d);
}

/* Open and closed at once, used or not. */
static void brief(const srnn_kernels *k)
{
    const net_case c = case_of(3);
    srnn_net *net = case_net(k, &c);

    for (size_t i = 0; i < 40; i++)
        srnn_session_close(case_session(net, &c, 1, 1 + i % 5));
    srnn_net_close(net);
}

/* ---- one net, many users ------------------------------------------------- */

typedef struct user {
    pthread_t thread;
    srnn_net *net;
    const net_data *d;
    size_t workers;
    float y[T * B * H];
    srnn_status failed; /* a refused call, in this thread */
    char message[80];
} user;

static void *use(void *arg)
{
    user *u = arg;

    for (int i = 0; i < 5; i++)
        forward_once(u->net, u->d, u->workers, u->y);
    u->failed = srnn_session_open(NULL, u->net, NULL);
    strncpy(u->message, srnn_error_message(), sizeof u->message - 1);
    return NULL;
}

static void users(const srnn_kernels *k)
{
    enum { USERS = 4 };
    const net_case c = case_of(5);
    srnn_net *net = case_net(k, &c);
    static user u[USERS];
    float alone[T * B * H];
    net_data d;

    case_data(&d, &c);
    forward_once(net, &d, 1, alone);
    CHECK(srnn_net_input(net, "in", 0, NULL) == SRNN_ESHAPE);
    for (size_t i = 0; i < USERS; i++) {
        u[i] = (user){.net = net, .d = &d, .workers = 1 + i % 3};
        CHECK(!pthread_create(&u[i].thread, NULL, use, &u[i]));
    }
    for (size_t i = 0; i < USERS; i++) {
        CHECK(!pthread_join(u[i].thread, NULL));
        CHECK(!memcmp(u[i].y, alone, sizeof alone));
        CHECK(u[i].failed == SRNN_EINVAL && strstr(u[i].message, "session"));
    }
    CHECK(strstr(srnn_error_message(), "'in'")); /* each thread has its own */
    must(srnn_net_input(net, "nobody-left", 3, NULL));
    srnn_net_close(net);
    case_free(&d);
}

/* ---- no thread to be had ------------------------------------------------- */

/* The linker's --wrap puts this before the real one. */
static atomic_int creations;
static int fail_at; /* counted from 1; 0: none */

int __real_pthread_create(pthread_t *t, const pthread_attr_t *a,
                          void *(*fn)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a,
                          void *(*fn)(void *), void *arg);

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a,
                          void *(*fn)(void *), void *arg)
{
    return ++creations == fail_at ? EAGAIN
                                  : __real_pthread_create(t, a, fn, arg);
}

static void refused(const srnn_kernels *k)
{
    const net_case c = case_of(0);
    srnn_session_config config = srnn_session_default();
    srnn_trainer_config training = srnn_trainer_default();
    srnn_session *s = NULL;
    srnn_trainer *t = NULL;
    srnn_net *net = case_net(k, &c);

    config.threads = training.threads = 5;
    for (int n = 1; n <= 4; n++) {
        creations = 0;
        fail_at = n;
        CHECK(srnn_session_open(&s, net, &config) == SRNN_ETHREAD && !s);
        CHECK(strstr(srnn_error_message(), "of 5"));
        creations = 0;
        CHECK(srnn_trainer_open(&t, net, &training) == SRNN_ETHREAD && !t);
    }
    creations = 0;
    fail_at = 5;
    must(srnn_session_open(&s, net, &config));
    CHECK(creations == 4);
    fail_at = 0;
    srnn_session_close(s);
    must(srnn_net_input(net, "nobody", 3, NULL));
    srnn_net_close(net);
}

/* ---- training ------------------------------------------------------------ */

static double train(const srnn_kernels *k, const net_data *d, size_t threads)
{
    srnn_net *net;
    srnn_trainer *t;
    srnn_array in[2];
    double loss;

    data_seed(5);
    net = case_net(k, &d->c);
    t = case_trainer(net, &d->c, threads);
    case_inputs(d, net, in);
    for (int i = 0; i < 5; i++)
        must(srnn_trainer_update(t, T, in, 2, &loss));
    srnn_trainer_close(t);
    srnn_net_close(net);
    return loss;
}

static void trainers(const srnn_kernels *k)
{
    for (size_t i = 0; i < CELLS; i++) {
        const net_case c = case_of(i);
        net_data d;
        double one;

        case_data(&d, &c);
        one = train(k, &d, 1);
        CHECK(train(k, &d, 2) == one && train(k, &d, 3) == one);
        CHECK(train(k, &d, 24) == one);
        case_free(&d);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"threads/crowds", crowds, NULL},     {"threads/sleepers", sleepers,
                                               NULL},
        {"threads/brief", brief, NULL},       {"threads/users", users, NULL},
        {"threads/refused", refused, NULL},   {"threads/trainers", trainers,
                                               NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
