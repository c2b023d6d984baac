/* Sigmoid cross-entropy and squared error, with their gradients: each within
 * the bound that its formula carries in the double oracle; targets that are
 * none, NaN and infinity, and the order of the sum. */
#include "check.h"
#include "numbers.h"
#include "oracle.h"
#include "rungs.h"

#include <math.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const size_t widths[] = {1,  2,  3,  4,  5,  7,  8,  9,  15, 16,
                                17, 31, 32, 33, 47, 64, 65, 73, 257};

typedef void loss_fn(size_t rows, size_t n, const float *x, size_t ldx,
                     const float *target, size_t ldt, float *loss, float *dx,
                     size_t lddx, float scale);

/* A loss: its kernel, one element's term and the gradient before its scale. */
typedef struct loss_kind {
    const char *name;
    loss_fn *(*kernel)(const srnn_kernels *k);
    est (*term)(double x, double t);
    est (*slope)(double x, double t);
} loss_kind;

/* ---- the formulas -------------------------------------------------------- */

/* log(1 + e^-|x|), as many ULP off as softplus. */
static est softened(double x)
{
    const double v = log1p(exp(-fabs(x)));
    const double units = 2 * oracle.softplus + 1;
    const est r = {v, units * U * (1 + 0x1p-16) * v + 0x1p-126};

    return r;
}

/* As the bodies have it, no term negative; the scalar rung as it stands. */
static est xent_term(double x, double t)
{
    const est l = softened(x);
    const est miss = x < 0 ? exact(t) : e_sub(exact(1), exact(t));

    if (oracle.fused)
        return e_fma(exact(fabs(x)), miss, l);
    return e_add(e_sub(exact(x > 0 ? x : 0), e_mul(exact(x), exact(t))), l);
}

static est xent_slope(double x, double t)
{
    return e_sub(e_sigmoid(exact(x)), exact(t));
}

static est square_term(double x, double t)
{
    const est d = e_sub(exact(x), exact(t));

    return e_mul(d, d);
}

static est square_slope(double x, double t)
{
    est d = e_sub(exact(x), exact(t));

    d.v *= 2; /* exactly */
    d.e *= 2;
    return d;
}

static loss_fn *xent_kernel(const srnn_kernels *k)
{
    return k->sigmoid_xent;
}

static loss_fn *square_kernel(const srnn_kernels *k)
{
    return k->squared_error;
}

static const loss_kind kinds[] = {
    {"sigmoid_xent", xent_kernel, xent_term, xent_slope},
    {"squared_error", square_kernel, square_term, square_slope},
};

/* The terms are positive, so each of at most `adds` roundings on the way of a
 * term to the sum costs U of the sum, as in softmax. */
static est row_loss(const loss_kind *l, size_t n, const float *x,
                    const float *t)
{
    const size_t adds = oracle.fused ? (n + 15) / 16 + 4 : n;
    est sum = {0, 0};

    for (size_t j = 0; j < n; j++)
        if (!isnan(t[j])) {
            const est term = l->term(x[j], t[j]);

            sum.v += term.v;
            sum.e += term.e;
        }
    sum.e += (double)adds * U * (1 + 0x1p-16) * (sum.v + sum.e);
    return sum;
}

/* ---- the cases ----------------------------------------------------------- */

typedef struct loss_data {
    size_t rows, n, ldx, ldt, lddx;
    float *x, *kept, *t, *loss, *dx, scale;
} loss_data;

/* Rows of ordinary, narrow and wide spread; targets 0, 1 and between, or none,
 * and a row without any. */
static void fill(loss_data *d, size_t n, int side, int form)
{
    static const float scales[] = {4, 0.01f, 80};

    *d = (loss_data){.rows = 5, .n = n, .ldx = n + 2, .ldt = n + 1,
                     .scale = 0.37f};
    guard_begin(side);
    d->x = guard_blank(d->rows, n, d->ldx);
    d->kept = guard_blank(d->rows, n, d->ldx);
    d->t = guard_blank(d->rows, n, d->ldt);
    for (size_t r = 0; r < d->rows; r++) {
        data_fill(d->x + r * d->ldx, n, scales[r % 3]);
        for (size_t j = 0; j < n; j++) {
            static const float some[] = {0, 1, NAN};
            const size_t pick = data_below(6);

            d->t[r * d->ldt + j] =
                r == 2 ? NAN : pick < 3 ? some[pick] : fabsf(data_real());
        }
    }
    memcpy(d->kept, d->x, ((d->rows - 1) * d->ldx + n) * sizeof *d->x);
    d->loss = guard_reals(d->rows);
    d->lddx = form == 2 ? d->ldx : n + 4;
    d->dx = form == 0   ? NULL
            : form == 2 ? d->x
                        : guard_blank(d->rows, n, d->lddx);
}

static void run(const srnn_kernels *k, const loss_kind *l, const loss_data *d)
{
    l->kernel(k)(d->rows, d->n, d->x, d->ldx, d->t, d->ldt, d->loss, d->dx,
                 d->lddx, d->scale);
}

static void compare(const loss_kind *l, const loss_data *d, worst *loss,
                    worst *dx)
{
    for (size_t r = 0; r < d->rows; r++) {
        const float *x = d->kept + r * d->ldx, *t = d->t + r * d->ldt;
        const est want = row_loss(l, d->n, x, t);

        worst_see(loss, d->loss[r], want.v, want.e, "loss", d->n, r);
        for (size_t j = 0; d->dx && j < d->n; j++) {
            const est g = isnan(t[j]) ? exact(0)
                                      : e_mul(exact(d->scale),
                                              l->slope(x[j], t[j]));

            worst_see(dx, d->dx[r * d->lddx + j], g.v,
                      isnan(t[j]) ? 0 : g.e, "dx", d->n, j);
        }
    }
}

/* form 0: loss only; 1: dx apart; 2: dx in place of x */
static void each(const srnn_kernels *k)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        worst loss = {0}, dx = {0};

        for (size_t w = 0; w < COUNT(widths); w++)
            for (int v = 0; v < 6; v++) {
                loss_data d;

                fill(&d, widths[w], v & 1, v >> 1);
                run(k, &kinds[i], &d);
                compare(&kinds[i], &d, &loss, &dx);
                if (d.dx)
                    CHECK(!poison_errors(d.dx, d.rows, d.n, d.lddx));
                CHECK(!poison_errors(d.loss, 1, d.rows, d.rows));
            }
        worst_end(&loss, kinds[i].name);
        worst_end(&dx, "dx");
        kinds[i].kernel(k)(0, 3, NULL, 0, NULL, 0, NULL, NULL, 0, 1);
    }
}

/* A target moved, one made none, a gradient doubled: refused. */
static void objects(const srnn_kernels *k)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        worst moved = {0}, moved_dx = {0}, none = {0}, twice = {0}, unused;
        loss_data d;

        fill(&d, 33, 1, 1);
        d.rows = 1;
        d.t[4] = 0.25f;
        run(k, &kinds[i], &d);
        d.t[4] = 0.2501f;
        compare(&kinds[i], &d, &moved, &moved_dx);
        CHECK(moved.ratio > 1 && moved_dx.ratio > 1);
        d.t[4] = NAN;
        unused = (worst){0};
        compare(&kinds[i], &d, &none, &unused);
        CHECK(none.ratio > 1 && unused.ratio > 1);
        d.t[4] = 0.25f;
        d.scale *= 2;
        unused = (worst){0};
        compare(&kinds[i], &d, &unused, &twice);
        CHECK(unused.ratio <= 1 && twice.ratio > 1);
    }
}

/* A right answer's small loss is not rounded away: -log sigmoid(x) for x up to
 * 87, where e^-x is still normal, keeps its relative accuracy. */
static void small_losses(const srnn_kernels *k)
{
    const float one = 1, zero = 0;
    worst seen = {0};

    for (float x = 0.5f; x < 87; x += 0.37f) {
        const est want = softened(x);
        const float minus = -x;
        float loss;

        k->sigmoid_xent(1, 1, &x, 1, &one, 1, &loss, NULL, 0, 1);
        worst_see(&seen, loss, want.v, want.e + U * want.v, "right", 0, 0);
        k->sigmoid_xent(1, 1, &minus, 1, &zero, 1, &loss, NULL, 0, 1);
        worst_see(&seen, loss, want.v, want.e + U * want.v, "wrong", 0, 0);
    }
    worst_end(&seen, "small losses");
    CHECK(seen.seen > 400);
}

/* A NaN spoils its own row's loss and its own gradient, unless the target says
 * that the element is none; an infinity does not come out as a number. */
static void special(const srnn_kernels *k)
{
    enum { N = 21, ROWS = 3 };

    for (size_t i = 0; i < COUNT(kinds); i++)
        for (size_t at = 0; at < N; at++) {
            float x[ROWS * N], t[ROWS * N], dx[ROWS * N], loss[ROWS];

            data_fill(x, ROWS * N, 3);
            for (size_t j = 0; j < ROWS * N; j++)
                t[j] = fabsf(data_real());
            x[N + at] = NAN;
            x[2 * N + at] = at % 2 ? INFINITY : -INFINITY;
            kinds[i].kernel(k)(ROWS, N, x, N, t, N, loss, dx, N, 1);
            CHECK(isfinite(loss[0]) && isnan(loss[1]) && !isfinite(loss[2]));
            for (size_t j = 0; j < 2 * N; j++)
                CHECK_SAYS(!isnan(dx[j]) == (j != N + at),
                           "%s, NaN at %zu: dx[%zu] %g", kinds[i].name, at, j,
                           dx[j]);
            t[N + at] = t[2 * N + at] = NAN;
            kinds[i].kernel(k)(ROWS, N, x, N, t, N, loss, dx, N, 1);
            CHECK(isfinite(loss[1]) && isfinite(loss[2]));
            CHECK(dx[N + at] == 0 && dx[2 * N + at] == 0);
        }
}

/* The sum in plain loops, from the kernel's own terms: each element alone is a
 * row of one. Two elements swapped between chains must change bits. */
static float ordered_sum(const float *term, size_t n, size_t a, size_t b)
{
    float sum[16] = {0};

    for (size_t j = 0; j < n; j++)
        sum[j % 16] += term[j == a ? b : j == b ? a : j];
    for (size_t half = 8; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++)
            sum[i] += sum[i + half];
    return sum[0];
}

static void order(const srnn_kernels *k)
{
    enum { N = 257 };
    size_t changed = 0, sums = 0;

    if (!rung_is_vector(k))
        return;
    for (size_t i = 0; i < COUNT(kinds); i++)
        for (size_t n = 2; n <= N; n += 7, sums++) {
            float x[N], t[N], term[N], loss;

            data_fill(x, n, 3);
            for (size_t j = 0; j < n; j++)
                t[j] = fabsf(data_real());
            kinds[i].kernel(k)(n, 1, x, 1, t, 1, term, NULL, 0, 1);
            kinds[i].kernel(k)(1, n, x, n, t, n, &loss, NULL, 0, 1);
            CHECK(bits_of(loss) == bits_of(ordered_sum(term, n, 0, 0)));
            changed += loss != ordered_sum(term, n, 1, n - 1);
        }
    check_note("two terms swapped change %zu of %zu sums", changed, sums);
    CHECK(changed > 0);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"losses/objects", objects, NULL},
        {"losses/each", each, NULL},
        {"losses/small", small_losses, NULL},
        {"losses/special", special, NULL},
        {"losses/order", order, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
