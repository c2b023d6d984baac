/* exp, log, sigmoid, tanh, relu over arrays on every rung: a sample of all
 * floats and every edge within the ULP distance of kernels.h, their
 * symmetries, the rules for subnormals, and the same bits in every mode,
 * length and place. The full sweep is kernel_sweep.c. */
#include "check.h"
#include "numbers.h"
#include "oracle.h"
#include "rungs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STRIDE 10007u /* a prime: all exponents, scattered mantissas */
#define NEAR 40

typedef struct sample {
    float *x;
    size_t n;
} sample;

static void around(sample *s, float x)
{
    for (int sign = 0; sign < 2; sign++)
        for (int i = -NEAR; i <= NEAR; i++)
            s->x[s->n++] = real_of((bits_of(x) + (uint32_t)i) ^
                                   (uint32_t)sign << 31);
}

/* Every STRIDE-th float, and the neighbours of where a function changes its
 * ways: zero, subnormals, overflow and underflow of exp and sigmoid, where
 * tanh becomes 1, halves of ln 2, NaNs. */
static sample samples(void)
{
    static const float edges[] = {
        0,         0x1p-149f,  0x1p-127f, 0x1p-126f, 0x1p-25f, 0x1p-24f,
        0x1p-23f,  0x1p-12f,   0.17328680f, 0.34657359f, 0.5f, 0.69314718f,
        0.70710678f, 1,        1.0397208f, 1.4142135f, 2,      8.664339f,
        9.010913f, 10,         15.942385f, 16.635532f, 17.32868f, 64,
        87.33654f, 87.683100f, 88,        88.029690f, 88.37626f, 88.722839f,
        89,        103.27893f, 103.97208f, 104, 0x1p22f, 0x1p23f, 0x1p24f,
        0x1p31f,   0x1.fffffep127f, INFINITY};
    const size_t count = sizeof edges / sizeof *edges;
    sample s = {NULL, 0};
    uint64_t b;

    s.x = malloc((0x100000000u / STRIDE + 2 + count * 2 * (2 * NEAR + 1)) *
                 sizeof *s.x);
    for (b = 0; s.x && b < 0x100000000u; b += STRIDE)
        s.x[s.n++] = real_of((uint32_t)b);
    for (size_t i = 0; s.x && i < count; i++)
        around(&s, edges[i]);
    return s;
}

static double sigmoid_double(double x)
{
    return 1 / (1 + exp(-x));
}

typedef struct function {
    const char *name;
    srnn_array_fn *f;
    double (*f64)(double);
    int ulp;
} function;

enum { FUNCTIONS = 4 };

static void functions(const srnn_kernels *k, function *f)
{
    const function all[FUNCTIONS] = {
        {"exp", k->exp, exp, oracle.exp},
        {"log", k->log, log, oracle.log},
        {"sigmoid", k->sigmoid, sigmoid_double, oracle.sigmoid},
        {"tanh", k->tanh, tanh, oracle.tanh},
    };

    memcpy(f, all, sizeof all);
}

/* A subnormal is the zero of its sign. */
static float flushed(float x)
{
    return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x;
}

static float wanted(const function *f, float x)
{
    return flushed((float)f->f64(flushed(x)));
}

static void compare(const function *f, const sample *s, const float *y)
{
    uint32_t most = 0;
    float at = 0;

    for (size_t i = 0; i < s->n; i++) {
        float want = wanted(f, s->x[i]);
        uint32_t d = normal_distance(y[i], want);

        if (d > most) {
            most = d;
            at = s->x[i];
        }
        CHECK_SAYS((int64_t)d <= f->ulp,
                   "%s(%a): got %a, want %a, %u ULP", f->name, s->x[i], y[i],
                   want, d);
        CHECK_SAYS(bits_of(y[i]) == bits_of(flushed(y[i])),
                   "%s(%a) = %a is subnormal", f->name, s->x[i], y[i]);
    }
    check_note("%s: at most %u ULP of %d, at %a, %zu inputs", f->name, most,
               f->ulp, at, s->n);
}

static void accurate(const srnn_kernels *k)
{
    sample s = samples();
    float *y = malloc(s.n * sizeof *y);
    function f[FUNCTIONS];

    functions(k, f);
    for (int i = 0; s.x && y && i < FUNCTIONS; i++) {
        f[i].f(s.n, s.x, y);
        compare(&f[i], &s, y);
    }
    CHECK(s.x && y);
    free(y);
    free(s.x);
}

/* Flush-to-zero and denormals-are-zero change no bit on a vector rung, and
 * keep the scalar one within its bounds. */
static void any_mode(const srnn_kernels *k)
{
    const int vector = rung_is_vector(k);
    sample s = samples();
    float *y = malloc(s.n * sizeof *y), *z = malloc(s.n * sizeof *z);
    function f[FUNCTIONS + 1];

    functions(k, f);
    f[FUNCTIONS] = (function){"relu", k->relu, NULL, 0};
    for (int i = 0; s.x && y && z && i <= FUNCTIONS; i++) {
        f[i].f(s.n, s.x, y);
        flush_mode(1);
        f[i].f(s.n, s.x, z);
        flush_mode(0);
        if (vector || !f[i].f64)
            CHECK_SAYS(bits_differing(y, z, s.n) == 0,
                       "%s: %zu bits differ under flush-to-zero", f[i].name,
                       bits_differing(y, z, s.n));
        else
            compare(&f[i], &s, z);
    }
    CHECK(s.x && y && z);
    free(z);
    free(y);
    free(s.x);
}

static void symmetric(const srnn_kernels *k)
{
    sample s = samples();

    for (size_t i = 0; s.x && i < s.n; i++) {
        float x[2] = {s.x[i], -s.x[i]}, y[2];

        k->tanh(2, x, y);
        CHECK_SAYS(isnan(x[0]) ? isnan(y[0]) && isnan(y[1])
                               : bits_of(y[0]) == (bits_of(y[1]) ^ 1u << 31),
                   "tanh(%a) = %a, tanh(%a) = %a", x[0], y[0], x[1], y[1]);
        CHECK_SAYS(isnan(x[0]) || fabsf(y[0]) <= 1, "|tanh(%a)| > 1", x[0]);
        k->sigmoid(2, x, y);
        CHECK_SAYS(isnan(x[0]) || (y[0] >= 0 && y[0] <= 1),
                   "sigmoid(%a) = %a", x[0], y[0]);
    }
    CHECK(s.x);
    free(s.x);
}

/* Exact values: the ends, zeros with their signs, NaN. */
static void exact_values(const srnn_kernels *k)
{
    static const float x[] = {0.0f,     -0.0f,      0x1p-140f, -0x1p-140f,
                              INFINITY, -INFINITY,  NAN,       1};
    static const float want[][8] = {
        {1, 1, 1, 1, INFINITY, 0, NAN, 2.71828183f},
        {-INFINITY, -INFINITY, -INFINITY, -INFINITY, INFINITY, NAN, NAN, 0},
        {.5f, .5f, .5f, .5f, 1, 0, NAN, 0.73105858f},
        {0, -0.0f, 0, -0.0f, 1, -1, NAN, 0.76159416f},
        {0, -0.0f, 0, -0.0f, INFINITY, 0, NAN, 1},
    };
    srnn_array_fn *const f[] = {k->exp, k->log, k->sigmoid, k->tanh, k->relu};
    float y[8];

    for (int i = 0; i < 5; i++) {
        f[i](8, x, y);
        for (int j = 0; j < 7; j++)
            CHECK_SAYS(bits_differing(&y[j], &want[i][j], 1) == 0,
                       "function %d of %a: got %a, want %a", i, x[j], y[j],
                       want[i][j]);
        CHECK(ulp_distance(y[7], want[i][7]) <= 2);
    }
}

/* relu by its definition, to the bit. */
static void relu(const srnn_kernels *k)
{
    sample s = samples();
    float *y = malloc(s.n * sizeof *y);

    if (s.x && y)
        k->relu(s.n, s.x, y);
    for (size_t i = 0; s.x && y && i < s.n; i++) {
        float x = flushed(s.x[i]), want = x < 0 ? 0 : x;

        CHECK_SAYS(bits_differing(&y[i], &want, 1) == 0,
                   "relu(%a): got %a, want %a", s.x[i], y[i], want);
    }
    CHECK(s.x && y);
    free(y);
    free(s.x);
}

/* An element's bits depend neither on its place nor on the length; nothing is
 * read or written beyond; in place is as well. */
static void any_place(const srnn_kernels *k)
{
    srnn_array_fn *const f[] = {k->exp, k->log, k->sigmoid, k->tanh, k->relu};

    for (size_t n = 0; n <= 6 * k->lanes + 3; n++)
        for (int i = 0; i < 5; i++) {
            float *x, *y, one;

            guard_begin((int)(n & 1));
            x = guard_matrix(1, n, n, 10);
            y = guard_reals(n);
            f[i](n, x, y);
            for (size_t j = 0; j < n; j++) {
                f[i](1, x + j, &one);
                CHECK(bits_differing(&one, y + j, 1) == 0);
            }
            f[i](n, x, x);
            CHECK(bits_differing(x, y, n) == 0);
        }
}

/* The comparison must see an error of one step more than is allowed. */
static void objects(const srnn_kernels *k)
{
    function f[FUNCTIONS];
    float x = 0.3f, y;

    functions(k, f);
    for (int i = 0; i < FUNCTIONS; i++) {
        f[i].f(1, &x, &y);
        y = real_of(bits_of(wanted(&f[i], x)) + (uint32_t)f[i].ulp + 1);
        CHECK((int)normal_distance(y, wanted(&f[i], x)) > f[i].ulp);
    }
    CHECK(normal_distance(-0.0f, 0.0f) == 1);
    CHECK(normal_distance(0, 0x1p-126f) == 1);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"activations/objects", objects, NULL},
        {"activations/accurate", accurate, NULL},
        {"activations/any-mode", any_mode, NULL},
        {"activations/symmetric", symmetric, NULL},
        {"activations/exact-values", exact_values, NULL},
        {"activations/relu", relu, NULL},
        {"activations/any-place", any_place, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
