/* Any activation and its slope over arrays on every rung: a sample of all
 * floats and every edge within the bounds of kernels.h, slopes against
 * differences of the double oracle, special values, the same bits in every
 * mode, length and place. */
#include "check.h"
#include "numbers.h"
#include "oracle.h"
#include "phi.h"
#include "rungs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define STRIDE 10007u /* a prime: all exponents, scattered mantissas */
#define NEAR 40

typedef struct sample {
    size_t n;
    float *x, *y, *z;
} sample;

static void around(sample *s, float x)
{
    for (int sign = 0; sign < 2; sign++)
        for (int i = -NEAR; i <= NEAR; i++)
            s->x[s->n++] = real_of((bits_of(x) + (uint32_t)i) ^
                                   (uint32_t)sign << 31);
}

/* Every STRIDE-th float, and the neighbours of where a function changes its
 * ways: zeros, halves of ln 2, the kinks of phis, where a power of e or the
 * difference from 1 vanishes, infinities and NaNs. */
static sample samples(void)
{
    static const float edges[] = {
        0,       0x1p-126f,  0x1p-63f,   0x1p-25f,   0x1p-24f,  0x1p-12f,
        .17328680f, .34657359f, .4f,     .69314718f, 1,         1.0397208f,
        1.3333333f, 2,       2.5f,       10,         16.635532f, 17.32868f,
        20,      87.33654f,  88,         103.27893f, 0x1p23f,   0x1p24f,
        0x1p25f, 0x1p31f,    0x1.fffffep127f, INFINITY};
    const size_t most =
        0x100000000u / STRIDE + 2 + COUNT(edges) * 2 * (2 * NEAR + 1);
    sample s = {0, malloc(most * sizeof(float)), malloc(most * sizeof(float)),
                malloc(most * sizeof(float))};

    CHECK(s.x && s.y && s.z);
    if (!s.x || !s.y || !s.z)
        exit(1);
    for (uint64_t b = 0; b < 0x100000000u; b += STRIDE)
        s.x[s.n++] = real_of((uint32_t)b);
    for (size_t i = 0; i < COUNT(edges); i++)
        around(&s, edges[i]);
    return s;
}

static void done(sample *s)
{
    free(s->x);
    free(s->y);
    free(s->z);
}

static float flushed(float x)
{
    return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x;
}

static void look(const phi *p, const sample *s, est f(const srnn_activation *,
                                                      est), double moved,
                 worst *seen)
{
    for (size_t i = 0; i < s->n; i++) {
        est want = f(&p->act, exact(flushed(s->x[i])));

        CHECK_SAYS(bits_of(s->y[i]) == bits_of(flushed(s->y[i])),
                   "%s(%a) = %a is subnormal", p->name, s->x[i], s->y[i]);
        if (isinf(s->x[i]) || fabs(want.v) + want.e >= 0x1.fffffep127)
            continue; /* infinities have a case of their own */
        worst_see(seen, s->y[i], want.v + moved * want.e, want.e, p->name, i,
                  0);
    }
}

static void accurate(const srnn_kernels *k)
{
    sample s = samples();

    for (size_t i = 0; i < PHIS - 1; i++) {
        worst seen = {0}, moved = {0};

        k->activate(&phis[i].act, s.n, s.x, s.y);
        look(&phis[i], &s, e_act, 0, &seen);
        worst_end(&seen, phis[i].name);
        look(&phis[i], &s, e_act, 2.1, &moved);
        CHECK_SAYS(moved.ratio > 1, "%s: an oracle moved passed",
                   phis[i].name);
    }
    done(&s);
}

/* Of every value that an activation takes. */
static void slopes(const srnn_kernels *k)
{
    sample s = samples();

    for (size_t i = 0; i < PHIS - 1; i++) {
        worst seen = {0}, moved = {0};

        k->activate(&phis[i].act, s.n, s.x, s.z);
        k->activate_slope(&phis[i].act, s.n, s.z, s.y);
        for (size_t j = 0; j < s.n; j++) {
            float x = s.x[j];

            s.x[j] = s.z[j];
            s.z[j] = x;
        }
        look(&phis[i], &s, e_slope, 0, &seen);
        worst_end(&seen, phis[i].name);
        for (size_t j = 0; j < s.n; j++)
            s.y[j] += 0x1p-10f;
        look(&phis[i], &s, e_slope, 0, &moved);
        CHECK_SAYS(moved.ratio > 1, "%s: slopes off by 2^-10 passed",
                   phis[i].name);
        memcpy(s.x, s.z, s.n * sizeof *s.x);
    }
    done(&s);
}

/* The slope as a function of y is the derivative: against a central difference
 * of the oracle's value, h = 2^-17, away from kinks. The difference is off by
 * h^2 / 6 of the third derivative (below 3 here) and by the double's rounding
 * of values below 4, 2^-51 / h; y and the slope in f32 by their bounds, which
 * grow with the slope of the slope (below 3). */
static void derivative(const srnn_kernels *k)
{
    static const float kinks[] = {0, .4f, -2.5f, 2.5f, 1.3333334f, -2};
    const double h = 0x1p-17, own = h * h / 2 + 0x1p-51 / h;

    for (size_t i = 0; i < PHIS - 1; i++) {
        worst seen = {0}, wrong = {0};

        for (size_t j = 0; j < 2000; j++) {
            const srnn_activation *f = &phis[i].act;
            float x = 4 * data_real(), y, s;
            double want, near = 1;

            for (size_t n = 0; n < COUNT(kinks); n++)
                near = fmin(near, fabs((double)x - kinks[n]));
            if (near < 2 * h)
                continue;
            k->activate(f, 1, &x, &y);
            k->activate_slope(f, 1, &y, &s);
            want = (e_act(f, exact(x + h)).v - e_act(f, exact(x - h)).v) / 2 /
                   h;
            worst_see(&seen, s, want, own + 3 * e_act(f, exact(x)).e +
                                          e_slope(f, exact(y)).e,
                      phis[i].name, j, 0);
            worst_see(&wrong, s + 1e-5, want,
                      own + 3 * e_act(f, exact(x)).e +
                          e_slope(f, exact(y)).e, phis[i].name, j, 0);
        }
        worst_end(&seen, phis[i].name);
        CHECK(wrong.ratio > 1);
    }
}

/* The ends, zeros with their signs, subnormals, NaN: values and slopes. */
static void special(const srnn_kernels *k)
{
    static const float x[] = {0, -0.0f, 0x1p-140f, -0x1p-140f, INFINITY,
                              -INFINITY};
    static const float ln2 = 0.69314718f;
    static const struct {
        float a, b;
        srnn_activation_kind kind;
        float y[6], slope[6];
    } want[] = {
        {0, 0, SRNN_ACT_RELU, {0, -0.0f, 0, -0.0f, INFINITY, 0},
         {0, 0, 0, 0, 1, 0}},
        {2, -1, SRNN_ACT_AFFINE, {-1, -1, -1, -1, INFINITY, -INFINITY},
         {2, 2, 2, 2, 2, 2}},
        {.5f, 0, SRNN_ACT_LEAKY_RELU,
         {0, -0.0f, 0, -0.0f, INFINITY, -INFINITY},
         {.5f, .5f, .5f, .5f, 1, .5f}},
        {0, 0, SRNN_ACT_THRESHOLDED_RELU, {0, 0, 0, 0, INFINITY, 0},
         {0, 0, 0, 0, 1, 0}},
        {2, -3, SRNN_ACT_SCALED_TANH, {-0.0f, 0, -0.0f, 0, -2, 2},
         {-6, -6, -6, -6, -0.0f, -0.0f}},
        {0, 1, SRNN_ACT_SCALED_TANH, {0, -0.0f, 0, -0.0f, 0, -0.0f},
         {0, 0, 0, 0, 0, 0}},
        {.25f, .5f, SRNN_ACT_HARD_SIGMOID, {.5f, .5f, .5f, .5f, 1, 0},
         {.25f, .25f, .25f, .25f, 0, 0}},
        {.5f, 0, SRNN_ACT_ELU, {0, -0.0f, 0, -0.0f, INFINITY, -.5f},
         {.5f, .5f, .5f, .5f, 1, 0}},
        {0, 0, SRNN_ACT_SOFTSIGN, {0, -0.0f, 0, -0.0f, 1, -1},
         {1, 1, 1, 1, 0, 0}},
        {0, 0, SRNN_ACT_SOFTPLUS, {ln2, ln2, ln2, ln2, INFINITY, 0},
         {.5f, .5f, .5f, .5f, 1, 0}},
        {0, 0, SRNN_ACT_IDENTITY, {0, -0.0f, 0, -0.0f, INFINITY, -INFINITY},
         {1, 1, 1, 1, 1, 1}},
    };
    float nan = NAN, y[6], s[6];

    for (size_t i = 0; i < COUNT(want); i++) {
        const srnn_activation f = {want[i].kind, want[i].a, want[i].b, 0, 0};

        k->activate(&f, 6, x, y);
        k->activate_slope(&f, 6, y, s);
        for (size_t j = 0; j < 6; j++) {
            CHECK_SAYS(ulp_distance(y[j], want[i].y[j]) <=
                           (f.kind == SRNN_ACT_SOFTPLUS ? 2u : 0u),
                       "kind %d of %a: got %a, want %a", f.kind, x[j], y[j],
                       want[i].y[j]);
            CHECK_SAYS(s[j] == want[i].slope[j] ||
                           (f.kind == SRNN_ACT_SOFTPLUS &&
                            ulp_distance(s[j], want[i].slope[j]) <= 3),
                       "slope %d of %a: got %a, want %a", f.kind, x[j], s[j],
                       want[i].slope[j]);
        }
    }
    for (size_t i = 0; i < PHIS; i++) {
        k->activate(&phis[i].act, 1, &nan, y);
        CHECK_SAYS(isnan(*y), "%s(NaN) = %a", phis[i].name, *y);
        if (phis[i].act.kind == SRNN_ACT_OWN)
            continue;
        k->activate_slope(&phis[i].act, 1, &nan, s);
        CHECK_SAYS(isnan(*s), "slope of %s at NaN: %a", phis[i].name, *s);
    }
}

/* Flush-to-zero and denormals-are-zero change no bit on a vector rung. */
static void any_mode(const srnn_kernels *k)
{
    sample s = samples();
    float *y = malloc(s.n * sizeof *y);

    for (size_t i = 0; y && rung_is_vector(k) && i < PHIS - 1; i++) {
        const srnn_activation *f = &phis[i].act;

        k->activate(f, s.n, s.x, s.y);
        k->activate_slope(f, s.n, s.y, s.z);
        flush_mode(1);
        k->activate(f, s.n, s.x, y);
        CHECK_SAYS(!bits_differing(s.y, y, s.n), "%s: the mode shows",
                   phis[i].name);
        k->activate_slope(f, s.n, s.y, y);
        CHECK_SAYS(!bits_differing(s.z, y, s.n), "slope of %s: the mode shows",
                   phis[i].name);
        flush_mode(0);
    }
    CHECK(y);
    free(y);
    done(&s);
}

/* Named without a number of their own, the bits are those of the arrays. */
static void same_as_arrays(const srnn_kernels *k)
{
    srnn_array_fn *const f[] = {k->relu, k->tanh, k->sigmoid};
    sample s = samples();

    for (size_t i = 0; i < 3; i++) {
        f[i](s.n, s.x, s.y);
        k->activate(&phis[i].act, s.n, s.x, s.z);
        CHECK_SAYS(!bits_differing(s.y, s.z, s.n), "%s", phis[i].name);
    }
    done(&s);
}

/* An element's bits depend neither on its place nor on the length; nothing is
 * read or written beyond; in place is as well. */
static void any_place(const srnn_kernels *k)
{
    for (size_t n = 0; n <= 3 * k->lanes + 3; n++)
        for (size_t i = 0; i < PHIS; i++) {
            const srnn_activation *f = &phis[i].act;
            const int own = f->kind == SRNN_ACT_OWN;
            float *x, *y, *s, one;

            guard_begin((int)(n & 1));
            x = guard_matrix(1, n, n, 4);
            y = guard_reals(n);
            s = guard_reals(n);
            k->activate(f, n, x, y);
            if (!own)
                k->activate_slope(f, n, y, s);
            for (size_t j = 0; j < n; j++) {
                k->activate(f, 1, x + j, &one);
                CHECK(bits_differing(&one, y + j, 1) == 0);
                if (own)
                    continue;
                k->activate_slope(f, 1, y + j, &one);
                CHECK(bits_differing(&one, s + j, 1) == 0);
            }
            k->activate(f, n, x, x);
            CHECK(bits_differing(x, y, n) == 0);
            if (!own)
                k->activate_slope(f, n, x, x);
            CHECK(own || bits_differing(x, s, n) == 0);
        }
}

/* A unit's gradient is 0 where its pre-activation was clipped, and elsewhere
 * the slope at its value: forward and back through the tiles of an RNN. */
static void clipped(const srnn_kernels *k)
{
    enum { N = 37 };
    static const float none[N] = {0};
    float x[N], h[N], gate[2 * N], ones[N], slope[N];

    for (size_t i = 0; i < N; i++) {
        x[i] = ((float)i - 18) / 10; /* none is within 1e-3 of a clip below */
        ones[i] = 1;
    }
    for (size_t i = 0; i < PHIS; i++)
        for (float clip = 0.05f; clip < 3; clip += 0.5f) {
            const srnn_variant v = {.act = {phis[i].act}, .clip = clip};
            const srnn_tile t = {0, 1, 0, N, none, N, 0};
            const srnn_cell c = {.units = N, .variant = &v, .x = x, .ldx = N,
                                 .gate = gate, .ldgate = 2 * N, .h = h,
                                 .ldh = N, .dy = ones, .lddy = N};

            k->tile[SRNN_TILE_RNN_ANY](&c, &t);
            if (phis[i].act.kind == SRNN_ACT_OWN)
                memcpy(slope, gate + N, sizeof slope);
            else
                k->activate_slope(&phis[i].act, N, h, slope);
            k->tile[SRNN_TILE_RNN_ANY_BWD](&c, &t);
            for (size_t j = 0; j < N; j++)
                CHECK_SAYS(gate[j] == (fabsf(x[j]) >= clip ? 0 : slope[j]),
                           "%s clipped to %g at %g: slope %g, of its value %g",
                           phis[i].name, clip, x[j], gate[j], slope[j]);
        }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"phi/accurate", accurate, NULL},
        {"phi/slopes", slopes, NULL},
        {"phi/derivative", derivative, NULL},
        {"phi/special", special, NULL},
        {"phi/any-mode", any_mode, NULL},
        {"phi/same-as-arrays", same_as_arrays, NULL},
        {"phi/any-place", any_place, NULL},
        {"phi/clipped", clipped, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
