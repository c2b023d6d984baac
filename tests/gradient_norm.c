/* The gradients of normalised cells, as the shipped sources compute them in
 * double, are the slopes of the loss: parameters, inputs, initial states; over
 * whole and over ragged batches, down to steps with one row. */
#include "gradient_check.h"

#include "numbers.h"

#include <stdio.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Two inputs and three rows at least: a norm hides what multiplies all that it
 * sees, so gradients would all but vanish. Sums over more than 16 columns take
 * a second turn of the chains. */
static const net_case shapes[] = {
    {.layers = 1, .steps = 3, .batch = 3, .in = 3, .hidden = 5, .classes = 4},
    {.layers = 2, .steps = 4, .batch = 4, .in = 2, .hidden = 3, .classes = 3},
    {.layers = 1, .steps = 3, .batch = 3, .in = 2, .hidden = 18, .classes = 2},
    {.layers = 2, .steps = 3, .batch = 5, .in = 2, .hidden = 3, .classes = 5,
     .tokens = 1},
};

static void check_shape(const srnn_kernels *k, const net_case *c,
                        const size_t *length, groups *g)
{
    srnn_net *net = case_net(k, c);
    srnn_trainer *t = case_trainer(net, c, 1);
    net_data d;

    case_data(&d, c);
    d.length = length;
    gradient_compare(t, &d, g);
    srnn_trainer_close(t);
    srnn_net_close(net);
    case_free(&d);
}

static void whole(const srnn_kernels *k)
{
    for (size_t i = 0; i < CASE_NORMS; i++) {
        groups g = {0};
        net_case c;

        for (size_t s = 0; s < COUNT(shapes); s++) {
            c = shapes[s];
            case_norm(&c, i);
            check_shape(k, &c, NULL, &g);
        }
        gradient_report(&g, case_cell_name(&c));
    }
}

/* Beside other activations and one bias; without clips, whose kinks a norm
 * brings near. */
static void variants(const srnn_kernels *k)
{
    for (size_t i = 0; i < CASE_VARIANTS; i++)
        for (int norm = SRNN_NORM_LAYER; norm < SRNN_NORM_KINDS; norm++) {
            net_case c = shapes[0];
            groups g = {0};

            case_variant(&c, i);
            c.norm = (srnn_norm_kind)norm;
            c.norm_steps = 2;
            c.clip = 0;
            if (c.cell == SRNN_GRU_BEFORE ||
                (c.cell == SRNN_GRU && norm == SRNN_NORM_BATCH))
                continue;
            check_shape(k, &c, NULL, &g);
            gradient_report(&g, case_cell_name(&c));
        }
}

/* The last step of all has one row. */
static void ragged(const srnn_kernels *k)
{
    static const size_t length[] = {3, 5, 0, 4, 2};

    for (size_t i = 0; i < CASE_NORMS; i++) {
        net_case c = {.layers = 2, .steps = 5, .batch = 5, .in = 3,
                      .hidden = 5, .classes = 4};
        groups g = {0};
        char what[60];

        case_norm(&c, i);
        check_shape(k, &c, length, &g);
        snprintf(what, sizeof what, "ragged %s", case_cell_name(&c));
        gradient_report(&g, what);
    }
}

/* ---- negative controls --------------------------------------------------- */

static const srnn_kernels *right;
static double factor;

/* The share that goes through the moments, left out. */
static void given_columns(const srnn_norm *p)
{
    srnn_norm q = *p;

    q.given = 1;
    right->norm_columns_bwd(&q);
}

static void scaled_rows(const srnn_norm *p)
{
    right->norm_rows_bwd(p);
    for (size_t r = 0; r < p->rows; r++)
        for (size_t j = 0; j < p->n; j++)
            p->y[r * p->ldy + j] *= factor;
}

static void scaled_gains(size_t m, const srnn_links *links, const srnn_real *a,
                         size_t lda, const srnn_real *b, size_t ldb,
                         srnn_real *d)
{
    right->diagonal_grad(m, links, a, lda, b, ldb, d);
    d[m - 1] *= factor;
}

static void scaled_h(const srnn_cell *c, const srnn_tile *t)
{
    right->tile[SRNN_TILE_LSTM_H_BWD](c, t);
    for (size_t r = 0; r < t->rows; r++)
        c->work[(t->row + r) * c->ldwork + c->units + t->unit] *= factor;
}

static void scaled_c(const srnn_cell *c, const srnn_tile *t)
{
    right->tile[SRNN_TILE_LSTM_C_BWD](c, t);
    for (size_t r = 0; r < t->rows; r++)
        c->dc[(t->row + r) * c->lddc + t->unit] *= factor;
}

static void expect_wrong(const srnn_kernels *table, size_t cell,
                         const char *what)
{
    net_case c = shapes[0];
    groups g = {0};

    case_norm(&c, cell);
    check_shape(table, &c, NULL, &g);
    check_note("%s, %s times %g: largest gap/bound %.3g", case_cell_name(&c),
               what, factor, gradient_largest(&g));
    CHECK(gradient_largest(&g) > 1);
}

static void wrong(const srnn_kernels *k)
{
    static const double factors[] = {-1, 0.999};
    const size_t lstm = 2, batch_lstm = 7;

    right = k;
    for (size_t f = 0; f < COUNT(factors); f++) {
        srnn_kernels table = *k;

        factor = factors[f];
        table.norm_rows_bwd = scaled_rows;
        expect_wrong(&table, lstm, "norm_rows_bwd");
        table = *k;
        table.diagonal_grad = scaled_gains;
        expect_wrong(&table, lstm, "a gain");
        table = *k;
        table.tile[SRNN_TILE_LSTM_H_BWD] = scaled_h;
        expect_wrong(&table, lstm, "the gradient of the normalised c");
        table = *k;
        table.tile[SRNN_TILE_LSTM_C_BWD] = scaled_c;
        expect_wrong(&table, batch_lstm, "the gradient of c");
    }
    {
        srnn_kernels table = *k;

        table.norm_columns_bwd = given_columns;
        factor = 0;
        expect_wrong(&table, batch_lstm, "the gradient of the moments");
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"gradient/wrong", wrong, NULL},
        {"gradient/norm", whole, NULL},
        {"gradient/norm-variants", variants, NULL},
        {"gradient/norm-ragged", ragged, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
