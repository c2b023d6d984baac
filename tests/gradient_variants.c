/* The gradients of cells with other activations, in double: each activation in
 * each role of the RNN and of the GRUs, with and without a clip, and with one
 * bias of the candidate. Data is drawn until every pre-activation is away from
 * the kinks and every group of gradients is alive. Backward functions, and a
 * slope of the caller's, that are wrong in one factor must fail. */
#include "gradient_check.h"

#include "numbers.h"
#include "phi.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- away from kinks ----------------------------------------------------- */

/* The smallest distance of a pre-activation from a kink since it was set to
 * infinity, as the watched forward functions see it. */
static double least;

static void look(const srnn_variant *v, int role, double p)
{
    const srnn_activation *f = &v->act[role];
    const double a = f->a, b = f->b;

    if (v->clip > 0)
        least = fmin(least, fabs(fabs(p) - v->clip));
    switch (f->kind) {
    case SRNN_ACT_THRESHOLDED_RELU:
        least = fmin(least, fabs(p - a));
        break;
    case SRNN_ACT_HARD_SIGMOID:
        least = fmin(least, fmin(fabs(p + b / a), fabs(p - (1 - b) / a)));
        break;
    case SRNN_ACT_RELU:
    case SRNN_ACT_LEAKY_RELU:
    case SRNN_ACT_ELU:
    case SRNN_ACT_SOFTSIGN:
        least = fmin(least, fabs(p));
        break;
    default:
        break;
    }
}

static srnn_tile_fn *right[SRNN_TILE_COUNT];

static double prod_at(const srnn_tile *t, size_t r, size_t g, size_t u)
{
    return t->prod[r * t->ldprod + g * t->gate_stride + u];
}

static const srnn_real *x_at(const srnn_cell *c, const srnn_tile *t, size_t r,
                             size_t g, size_t u)
{
    return c->x + (t->row + r) * c->ldx + g * c->units + t->unit + u;
}

/* Gates [from, to) whose product is that of gate g - from. */
static void look_at(const srnn_cell *c, const srnn_tile *t, size_t from,
                    size_t to)
{
    for (size_t r = 0; r < t->rows; r++)
        for (size_t g = from; g < to; g++)
            for (size_t u = 0; u < t->units; u++)
                look(c->variant, g == 2,
                     *x_at(c, t, r, g, u) + prod_at(t, r, g - from, u));
}

static void watch_rnn(const srnn_cell *c, const srnn_tile *t)
{
    look_at(c, t, 0, 1);
    right[SRNN_TILE_RNN_ANY](c, t);
}

/* n's is known when r is: row by row, since gates take the place of x. */
static void watch_after(const srnn_cell *c, const srnn_tile *t)
{
    look_at(c, t, 0, 2);
    for (size_t r = 0; r < t->rows; r++) {
        srnn_tile one = *t;
        srnn_real x[64];

        one.row += r;
        one.rows = 1;
        one.prod += r * t->ldprod;
        for (size_t u = 0; u < t->units; u++)
            x[u] = *x_at(c, &one, 0, 2, u);
        right[SRNN_TILE_GRU_AFTER_ANY](c, &one);
        for (size_t u = 0; c->gate && u < t->units; u++)
            look(c->variant, 1,
                 x[u] + prod_at(&one, 0, 2, u) *
                            c->gate[one.row * c->ldgate + t->unit + u]);
    }
}

static void watch_rz(const srnn_cell *c, const srnn_tile *t)
{
    look_at(c, t, 0, 2);
    right[SRNN_TILE_GRU_BEFORE_RZ_ANY](c, t);
}

static void watch_n(const srnn_cell *c, const srnn_tile *t)
{
    look_at(c, t, 2, 3);
    right[SRNN_TILE_GRU_BEFORE_N_ANY](c, t);
}

static srnn_kernels watched(const srnn_kernels *k)
{
    srnn_kernels table = *k;

    for (int i = 0; i < SRNN_TILE_COUNT; i++)
        right[i] = k->tile[i];
    table.tile[SRNN_TILE_RNN_ANY] = watch_rnn;
    table.tile[SRNN_TILE_GRU_AFTER_ANY] = watch_after;
    table.tile[SRNN_TILE_GRU_BEFORE_RZ_ANY] = watch_rz;
    table.tile[SRNN_TILE_GRU_BEFORE_N_ANY] = watch_n;
    return table;
}

/* ---- alive --------------------------------------------------------------- */

static int some(const srnn_tensor *a)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->data[i] != 0)
            return 1;
    return 0;
}

/* Does every group have a gradient that is not 0? Leaves `least`. */
static int alive(srnn_trainer *t, const net_data *d)
{
    srnn_net *net = srnn_trainer_net(t);
    srnn_array in[2];
    srnn_tensor a;
    int all = 1;

    case_inputs(d, net, in);
    case_trainer_states(t, d);
    must(srnn_trainer_lengths(t, d->length));
    least = INFINITY;
    must(srnn_trainer_backward(t, d->c.steps, in, 2, NULL));
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_trainer_gradient(t, i, &a));
        all &= some(&a);
    }
    must(srnn_trainer_input_gradient(t, srnn_net_find(net, "x"), &a));
    all &= some(&a);
    for (size_t i = 0; i < srnn_trainer_states(t); i++) {
        must(srnn_trainer_state_gradient(t, i, &a));
        all &= some(&a);
    }
    return all;
}

/* ---- the check ----------------------------------------------------------- */

static void check_case_of(const srnn_kernels *k, const net_case *c,
                          const size_t *length, groups *g)
{
    /* A parameter moves a pre-activation by at most a step, 1e-5, times the
     * inputs it meets and what grows of it through the steps. */
    const double clear = 4e-4;
    srnn_kernels table = watched(k);

    for (int i = 0;; i++) {
        srnn_net *net = case_net(&table, c);
        srnn_trainer *t = case_trainer(net, c, 1);
        net_data d;
        int good;

        case_data(&d, c);
        d.length = length;
        good = alive(t, &d) && least > clear;
        if (good)
            gradient_compare(t, &d, g);
        srnn_trainer_close(t);
        srnn_net_close(net);
        case_free(&d);
        if (good)
            return;
        if (i == 1000) {
            CHECK_SAYS(0, "%s: no data away from kinks", case_name(c));
            return;
        }
    }
}

static const net_case shapes[] = {
    {.layers = 1, .steps = 3, .batch = 2, .in = 3, .hidden = 5, .classes = 4},
    {.layers = 2, .steps = 3, .batch = 2, .in = 2, .hidden = 3, .classes = 3},
};

/* Both shapes with this activation in a role; clipped in one of them. */
static void one(const srnn_kernels *k, size_t cell, size_t role, size_t p)
{
    groups g = {0};
    char what[96];

    for (size_t s = 0; s < COUNT(shapes); s++) {
        net_case c = shapes[s];

        case_cell(&c, cell);
        c.act[role] = p + 1;
        c.clip = s == p % 2 ? 0.9 : 0;
        check_case_of(k, &c, NULL, &g);
        snprintf(what, sizeof what, "%s", case_cell_name(&c));
    }
    check_note("%s: largest gap/bound %.3g of %zu groups", what,
               gradient_largest(&g), g.count);
    CHECK_SAYS(gradient_largest(&g) <= 1, "%s: a gap is above the bound",
               what);
}

static void rnn(const srnn_kernels *k)
{
    for (size_t p = 0; p < PHIS; p++)
        one(k, 0, 0, p);
}

static void gru(const srnn_kernels *k)
{
    for (size_t cell = 3; cell < CASE_CELLS; cell++)
        for (size_t role = 0; role < 2; role++)
            for (size_t p = 0; p < PHIS; p++)
                one(k, cell, role, p);
}

static void variants(const srnn_kernels *k)
{
    static const size_t length[] = {2, 4, 0, 3};

    for (size_t i = 0; i < CASE_VARIANTS; i++)
        for (int ragged = 0; ragged < 2; ragged++) {
            net_case c = {.layers = 2, .steps = 4, .batch = 4, .in = 3,
                          .hidden = 5, .classes = 4};
            groups g = {0};
            char what[96];

            case_variant(&c, i);
            check_case_of(k, &c, ragged ? length : NULL, &g);
            snprintf(what, sizeof what, "%s%s", ragged ? "ragged " : "",
                     case_cell_name(&c));
            gradient_report(&g, what);
        }
}

/* ---- negative controls --------------------------------------------------- */

enum { SPOIL_DH = 8 };

static struct {
    srnn_tile_fn *right;
    size_t what;
    double factor;
} wrong;

static void spoiled(const srnn_cell *c, const srnn_tile *t)
{
    srnn_real *x = wrong.what == SPOIL_DH ? c->dh
                                          : c->gate + wrong.what * c->units;
    const size_t ld = wrong.what == SPOIL_DH ? c->lddh : c->ldgate;

    wrong.right(c, t);
    for (size_t r = 0; r < t->rows; r++)
        for (size_t u = 0; u < t->units; u++)
            x[(t->row + r) * ld + t->unit + u] *= (srnn_real)wrong.factor;
}

static const struct {
    size_t variant; /* of case_variant */
    int tile;
    size_t what[5], count;
} controls[] = {
    {0, SRNN_TILE_RNN_ANY_BWD, {0}, 1},
    {7, SRNN_TILE_GRU_AFTER_ANY_BWD, {0, 1, 2, 3, SPOIL_DH}, 5},
    {6, SRNN_TILE_GRU_AFTER_ANY_BWD, {0, 1, 2, 3, SPOIL_DH}, 5},
    {9, SRNN_TILE_GRU_BEFORE_N_ANY_BWD, {1, 2, SPOIL_DH}, 3},
    {10, SRNN_TILE_GRU_BEFORE_RZ_ANY_BWD, {0, 3, SPOIL_DH}, 3},
};

static void wrong_cells(const srnn_kernels *k)
{
    static const double factors[] = {-1, 0.999};

    for (size_t i = 0; i < COUNT(controls); i++)
        for (size_t n = 0; n < 2 * controls[i].count; n++) {
            srnn_kernels table = *k;
            net_case c = shapes[0];
            groups g = {0};

            case_variant(&c, controls[i].variant);
            wrong.right = k->tile[controls[i].tile];
            wrong.what = controls[i].what[n / 2];
            wrong.factor = factors[n % 2];
            table.tile[controls[i].tile] = spoiled;
            check_case_of(&table, &c, NULL, &g);
            check_note("%s, part %zu times %g: largest gap/bound %.3g",
                       case_cell_name(&c), wrong.what, wrong.factor,
                       gradient_largest(&g));
            CHECK(gradient_largest(&g) > 1);
        }
}

/* Slopes of the caller's, which forward leaves behind the gates. */
static void slope_behind(const srnn_cell *c, const srnn_tile *t)
{
    wrong.right(c, t);
    for (size_t r = 0; c->gate && r < t->rows; r++)
        for (size_t u = 0; u < t->units; u++)
            c->gate[(t->row + r) * c->ldgate + wrong.what * c->units +
                    t->unit + u] *= (srnn_real)0.999;
}

static void wrong_slopes(const srnn_kernels *k)
{
    static const struct {
        size_t variant;
        int tile;
        size_t slot;
    } slots[] = {{1, SRNN_TILE_RNN_ANY, 1},
                 {7, SRNN_TILE_GRU_AFTER_ANY, 4},
                 {7, SRNN_TILE_GRU_AFTER_ANY, 5},
                 {7, SRNN_TILE_GRU_AFTER_ANY, 6},
                 {9, SRNN_TILE_GRU_BEFORE_RZ_ANY, 4},
                 {9, SRNN_TILE_GRU_BEFORE_RZ_ANY, 5},
                 {10, SRNN_TILE_GRU_BEFORE_N_ANY, 6}};

    for (size_t i = 0; i < COUNT(slots); i++) {
        srnn_kernels table = *k;
        net_case c = shapes[0];
        groups g = {0};

        case_variant(&c, slots[i].variant);
        wrong.right = k->tile[slots[i].tile];
        wrong.what = slots[i].slot;
        table.tile[slots[i].tile] = slope_behind;
        check_case_of(&table, &c, NULL, &g);
        check_note("%s, slope in slot %zu times 0.999: largest gap/bound %.3g",
                   case_cell_name(&c), wrong.what, gradient_largest(&g));
        CHECK(gradient_largest(&g) > 1);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"variants/wrong-cells", wrong_cells, NULL},
        {"variants/wrong-slopes", wrong_slopes, NULL},
        {"variants/rnn", rnn, NULL},
        {"variants/gru", gru, NULL},
        {"variants/some", variants, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
