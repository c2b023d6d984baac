/* The gradients of every cell, as the shipped sources compute them in double,
 * are the slopes of the loss: parameters, inputs, initial states. A cell whose
 * backward function is wrong in one sign or factor must fail the same check. */
#include "gradient_check.h"

#include "numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const net_case shapes[] = {
    {.layers = 1, .steps = 3, .batch = 2, .in = 3, .hidden = 5, .classes = 4},
    {.layers = 2, .steps = 5, .batch = 3, .in = 1, .hidden = 3, .classes = 3},
    {.layers = 2, .steps = 4, .batch = 2, .in = 5, .hidden = 7, .classes = 2},
    {.layers = 1, .steps = 6, .batch = 1, .in = 2, .hidden = 1, .classes = 3},
    {.layers = 1, .steps = 4, .batch = 3, .in = 3, .hidden = 5, .classes = 6,
     .tokens = 1},
    {.layers = 2, .steps = 3, .batch = 2, .in = 1, .hidden = 3, .classes = 5,
     .tokens = 1},
};

/* ---- away from kinks ----------------------------------------------------- */

static const srnn_real *param(const srnn_net *net, const char *name)
{
    srnn_tensor p;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &p));
        if (!strcmp(p.name, name))
            return p.data;
    }
    printf("FAILED: no parameter '%s'\n", name);
    exit(1);
}

static const srnn_real *layer_param(const srnn_net *net, const char *what,
                                    size_t l)
{
    char name[80];

    snprintf(name, sizeof name, "rnn.%s_l%zu", what, l);
    return param(net, name);
}

/* One layer of relus over x [T][B][in] into y [T][B][hidden]; returns the
 * smallest distance of a pre-activation from 0, or 0 if no unit lives in the
 * first step: then whole groups of gradients would be 0. */
static double relu_layer(const srnn_net *net, const net_data *d, size_t l,
                         const double *x, size_t in, double *y)
{
    const srnn_real *w = layer_param(net, "weight_ih", l);
    const srnn_real *u = layer_param(net, "weight_hh", l);
    const srnn_real *b = layer_param(net, "bias_ih", l);
    const srnn_real *c = layer_param(net, "bias_hh", l);
    const size_t h = d->c.hidden, batch = d->c.batch;
    double least = INFINITY, first = 0;

    for (size_t r = 0; r < d->c.steps * batch; r++)
        for (size_t m = 0; m < h; m++) {
            double sum = b[m] + c[m];

            for (size_t i = 0; i < in; i++)
                sum += w[m * in + i] * x[r * in + i];
            for (size_t i = 0; i < h; i++)
                sum += u[m * h + i] *
                       (r < batch ? d->state[(l * batch + r) * h + i]
                                  : y[(r - batch) * h + i]);
            least = fmin(least, fabs(sum));
            y[r * h + m] = fmax(sum, 0);
            first += r < batch ? y[r * h + m] : 0;
        }
    return first > 0 ? least : 0;
}

/* The smallest |pre-activation| of a net of relus. */
static double margin(const srnn_net *net, const net_data *d)
{
    const size_t rows = d->c.steps * d->c.batch;
    double x[128], y[128], least = INFINITY;
    size_t in = d->c.in;

    for (size_t i = 0; i < rows * in; i++)
        x[i] = d->c.tokens ? param(net, "in.weight")[(size_t)d->token[i / in] *
                                                         in + i % in]
                           : d->x[i];
    for (size_t l = 0; l < d->c.layers; l++) {
        least = fmin(least, relu_layer(net, d, l, x, in, y));
        in = d->c.hidden;
        memcpy(x, y, rows * in * sizeof *x);
    }
    return least;
}

/* ---- the check ----------------------------------------------------------- */

static void check_shape(const srnn_kernels *k, const net_case *c,
                        const size_t *length, groups *g)
{
    /* A parameter moves a pre-activation by at most STEP times a few. */
    const double clear = 1e-3;
    srnn_net *net;
    srnn_trainer *t;
    net_data d;

    for (;;) {
        net = case_net(k, c);
        case_data(&d, c);
        if (c->cell != SRNN_RNN_RELU || margin(net, &d) > clear)
            break;
        case_free(&d);
        srnn_net_close(net);
    }
    d.length = length;
    t = case_trainer(net, c, 1);
    gradient_compare(t, &d, g);
    srnn_trainer_close(t);
    srnn_net_close(net);
    case_free(&d);
}

static void cells(const srnn_kernels *k)
{
    for (size_t i = 0; i < CASE_CELLS; i++) {
        groups g = {0};
        char what[40];
        net_case c;

        for (size_t s = 0; s < COUNT(shapes); s++) {
            c = shapes[s];
            case_cell(&c, i);
            check_shape(k, &c, NULL, &g);
        }
        snprintf(what, sizeof what, "%s%s", srnn_cell_name(c.cell),
                 c.z_takes_new ? "_new" : "");
        gradient_report(&g, what);
    }
}

/* Sequences of all lengths, none among them. */
static void ragged(const srnn_kernels *k)
{
    static const size_t length[] = {2, 5, 0, 4};

    for (size_t i = 0; i < CASE_CELLS; i++) {
        net_case c = {.layers = 2, .steps = 5, .batch = 4, .in = 3,
                      .hidden = 5, .classes = 4};
        groups g = {0};
        char what[40];

        case_cell(&c, i);
        check_shape(k, &c, length, &g);
        snprintf(what, sizeof what, "ragged %s%s", srnn_cell_name(c.cell),
                 c.z_takes_new ? "_new" : "");
        gradient_report(&g, what);
    }
}

/* ---- negative controls --------------------------------------------------- */

/* What is spoiled: a slot of the gates, or dh or dc behind them. */
enum { SPOIL_DH = 4, SPOIL_DC = 5 };

static struct {
    srnn_tile_fn *right;
    int what;
    double factor;
} wrong;

static void scale_rows(srnn_real *x, size_t ld, const srnn_tile *t)
{
    for (size_t r = 0; r < t->rows; r++)
        for (size_t u = 0; u < t->units; u++)
            x[(t->row + r) * ld + t->unit + u] *= wrong.factor;
}

static void spoiled(const srnn_cell *c, const srnn_tile *t)
{
    wrong.right(c, t);
    if (wrong.what == SPOIL_DH)
        scale_rows(c->dh, c->lddh, t);
    else if (wrong.what == SPOIL_DC)
        scale_rows(c->dc, c->lddc, t);
    else
        scale_rows(c->gate + (size_t)wrong.what * c->units, c->ldgate, t);
}

typedef struct control {
    size_t cell; /* of case_cell */
    int tile;
    int what[6], count;
} control;

static const control controls[] = {
    {0, SRNN_TILE_RNN_TANH_BWD, {0}, 1},
    {1, SRNN_TILE_RNN_RELU_BWD, {0}, 1},
    {2, SRNN_TILE_LSTM_BWD, {0, 1, 2, 3, SPOIL_DC}, 5},
    {3, SRNN_TILE_GRU_AFTER_BWD, {0, 1, 2, 3, SPOIL_DH}, 5},
    {4, SRNN_TILE_GRU_AFTER_BWD, {0, 1, 2, 3, SPOIL_DH}, 5},
    {5, SRNN_TILE_GRU_BEFORE_N_BWD, {1, 2, SPOIL_DH}, 3},
    {6, SRNN_TILE_GRU_BEFORE_RZ_BWD, {0, 3, SPOIL_DH}, 3},
};

static void run_control(const srnn_kernels *k, const control *n)
{
    static const double factors[] = {-1, 0.999};
    net_case c = shapes[0];

    case_cell(&c, n->cell);
    for (int i = 0; i < n->count; i++)
        for (size_t f = 0; f < COUNT(factors); f++) {
            srnn_kernels table = *k;
            groups g = {0};

            wrong.right = k->tile[n->tile];
            wrong.what = n->what[i];
            wrong.factor = factors[f];
            table.tile[n->tile] = spoiled;
            check_shape(&table, &c, NULL, &g);
            check_note("%s, part %d times %g: largest gap/bound %.3g",
                       srnn_cell_name(c.cell), n->what[i], factors[f],
                       gradient_largest(&g));
            CHECK(gradient_largest(&g) > 1);
        }
}

static void wrong_cells(const srnn_kernels *k)
{
    for (size_t i = 0; i < COUNT(controls); i++)
        run_control(k, &controls[i]);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"gradient/wrong", wrong_cells, NULL},
        {"gradient/cells", cells, NULL},
        {"gradient/ragged", ragged, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
