/* exp, log, sigmoid, tanh, elu, softplus over all 2^32 floats on the widest
 * rung, against a double oracle (SLEEF's where it is installed, else libm's).
 * The other rungs give the same bits: promise_kernels.c.
 *   kernel_sweep [BLOCKS]   every BLOCKS-th block of 4096 floats; 1 if not
 *                           given */
#include "check.h"
#include "numbers.h"
#include "oracle.h"
#include "rungs.h"
#include "sweep.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 4096
#define ALL_BLOCKS (0x100000000u / BLOCK)
#define THREADS 2

static uint32_t stride = 1;

static const char *const names[SWEEPS] = {
    "exp", "log", "sigmoid", "tanh", "elu", "softplus"};

static long double exact_value(int f, long double x)
{
    switch (f) {
    case SWEEP_EXP:
        return expl(x);
    case SWEEP_LOG:
        return logl(x);
    case SWEEP_SIGMOID:
        return 1 / (1 + expl(-x));
    case SWEEP_ELU:
        return x < 0 ? expm1l(x) : x;
    case SWEEP_SOFTPLUS:
        return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
    default:
        return tanhl(x);
    }
}

static double libm_value(int f, double x)
{
    switch (f) {
    case SWEEP_EXP:
        return exp(x);
    case SWEEP_LOG:
        return log(x);
    case SWEEP_SIGMOID:
        return 1 / (1 + exp(-x));
    case SWEEP_ELU:
        return x < 0 ? expm1(x) : x;
    case SWEEP_SOFTPLUS:
        return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
    default:
        return tanh(x);
    }
}

static uint32_t sweep_libm(int f, size_t n, const float *x, const float *y)
{
    uint32_t most = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t d = normal_distance(y[i], (float)libm_value(f, x[i]));

        most = d > most ? d : most;
    }
    return most;
}

static sweep_block *block_oracle(const srnn_kernels *k)
{
#ifdef SRNN_HAVE_SLEEF
    if (!strcmp(k->name, "avx512"))
        return sweep_avx512;
    if (!strcmp(k->name, "avx2"))
        return sweep_avx2;
#else
    (void)k;
#endif
    return sweep_libm;
}

typedef struct sweep {
    int f;
    uint32_t allowed;
    srnn_array_fn *fn;
    sweep_block *oracle;
    atomic_uint next;
    pthread_mutex_t lock; /* of what follows */
    uint32_t most;
    float at;
    size_t wrong;
} sweep;

/* A block with a new largest distance: which input is it? The double oracle
 * may round to the wrong float where the true value lies within 2^-53 of the
 * middle of two, so the long double decides. */
static void look_closer(sweep *s, const float *x, const float *y)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < BLOCK; i++) {
        float want = (float)exact_value(s->f, x[i]);
        uint32_t d = normal_distance(y[i], want);

        if (d > s->most) {
            s->most = d;
            s->at = x[i];
        }
        if (d > s->allowed && s->wrong++ < 5)
            printf("%s(%a): got %a, want %a, %u ULP\n", names[s->f], x[i],
                   y[i], want, d);
    }
    pthread_mutex_unlock(&s->lock);
}

/* How many results lie outside [-1, 1] (tanh) or [0, 1] (sigmoid), or, for
 * tanh, are not odd to the bit. NaNs are left to the distance. */
static size_t out_of_range(const sweep *s, const float *x, const float *y)
{
    float opposite[BLOCK], z[BLOCK];
    size_t count = 0;

    if (s->f != SWEEP_SIGMOID && s->f != SWEEP_TANH)
        return 0;
    for (size_t i = 0; i < BLOCK; i++) {
        count += y[i] > 1 || y[i] < (s->f == SWEEP_TANH ? -1 : 0);
        opposite[i] = -x[i];
    }
    if (s->f == SWEEP_SIGMOID || signbit(x[0]))
        return count;
    s->fn(BLOCK, opposite, z);
    for (size_t i = 0; i < BLOCK; i++) {
        uint32_t a, b;

        memcpy(&a, y + i, sizeof a);
        memcpy(&b, z + i, sizeof b);
        count += a != (b ^ 0x80000000u) && y[i] == y[i];
    }
    return count;
}

static void *sweep_blocks(void *arg)
{
    sweep *s = arg;
    float x[BLOCK], y[BLOCK];
    uint32_t seen = 0, b;

    while ((b = atomic_fetch_add(&s->next, stride)) < ALL_BLOCKS) {
        uint32_t most;
        size_t out;

        for (uint32_t i = 0; i < BLOCK; i++) {
            uint32_t bits = b * BLOCK + i;

            memcpy(x + i, &bits, sizeof bits);
        }
        s->fn(BLOCK, x, y);
        out = out_of_range(s, x, y);
        if (out) {
            pthread_mutex_lock(&s->lock);
            s->wrong += out;
            pthread_mutex_unlock(&s->lock);
        }
        if (b % (0x80000000u / BLOCK) < 0x00800000u / BLOCK)
            for (uint32_t i = 0; i < BLOCK; i++)
                x[i] = copysignf(0, x[i]);
        most = s->oracle(s->f, BLOCK, x, y);
        if (most > seen || most > s->allowed) {
            look_closer(s, x, y);
            seen = most;
        }
    }
    return NULL;
}

static void run(const srnn_kernels *k, int f, srnn_array_fn *fn, int ulp)
{
    sweep s = {.f = f, .allowed = (uint32_t)ulp, .fn = fn};
    pthread_t thread[THREADS];

    s.oracle = block_oracle(k);
    pthread_mutex_init(&s.lock, NULL);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&thread[i], NULL, sweep_blocks, &s)) {
            CHECK(!"a thread starts");
            return;
        }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    pthread_mutex_destroy(&s.lock);
    check_note("%s: at most %u ULP of %d, at %a, over %.0f floats", names[f],
               s.most, ulp, s.at,
               (double)((ALL_BLOCKS + stride - 1) / stride) * BLOCK);
    CHECK_SAYS(!s.wrong, "%s: %zu floats out of bound", names[f], s.wrong);
}

static const srnn_kernels *swept;

static void elu(size_t n, const float *x, float *y)
{
    const srnn_activation f = {.kind = SRNN_ACT_ELU, .a = 1};

    swept->activate(&f, n, x, y);
}

static void softplus(size_t n, const float *x, float *y)
{
    const srnn_activation f = {.kind = SRNN_ACT_SOFTPLUS};

    swept->activate(&f, n, x, y);
}

static void all(const srnn_kernels *k)
{
    swept = k;
    if (!rung_is_highest(k))
        return;
    run(k, SWEEP_EXP, k->exp, oracle.exp);
    run(k, SWEEP_LOG, k->log, oracle.log);
    run(k, SWEEP_SIGMOID, k->sigmoid, oracle.sigmoid);
    run(k, SWEEP_TANH, k->tanh, oracle.tanh);
    run(k, SWEEP_ELU, elu, oracle.expm1);
    run(k, SWEEP_SOFTPLUS, softplus, oracle.softplus);
}

/* The block oracle sees one wrong float, by its true distance, wherever. */
static void objects(const srnn_kernels *k)
{
    sweep_block *oracle_of = block_oracle(k);
    float x[64], y[64];

    for (int i = 0; i < 64; i++)
        x[i] = (float)(i - 31) * 0.21f;
    for (int i = 0; i < 64; i += 7) {
        for (int j = 0; j < 64; j++)
            y[j] = (float)tanh(x[j]);
        CHECK(oracle_of(SWEEP_TANH, 64, x, y) == 0);
        y[i] = real_of(bits_of(y[i]) + 3);
        CHECK(oracle_of(SWEEP_TANH, 64, x, y) == 3);
        y[i] = NAN;
        CHECK(oracle_of(SWEEP_TANH, 64, x, y) > 1u << 24);
        y[i] = -(float)tanh(x[i]);
        CHECK(x[i] == 0 || oracle_of(SWEEP_TANH, 64, x, y) > 100);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"sweep/objects", objects, NULL},
        {"sweep", all, NULL},
        {NULL, NULL, NULL},
    };

    if (argc > 1)
        stride = (uint32_t)strtoul(argv[1], NULL, 10);
    if (stride == 0) {
        printf("usage: %s [BLOCKS]\n", argv[0]);
        return 2;
    }
    return check_main(1, argv, cases);
}
