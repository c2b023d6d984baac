/* The gradients of nets with dropout and zoneout, the masks held still by
 * number of update and step: slopes of the masked loss, whole and ragged. A
 * backward function that is wrong, or masks that move, must fail. */
#include "gradient_check.h"
#include "masks_case.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const srnn_cell_kind cells[] = {SRNN_RNN_TANH, SRNN_LSTM, SRNN_GRU,
                                       SRNN_GRU_BEFORE};

static net_case shape(srnn_cell_kind cell)
{
    return (net_case){.cell = cell, .layers = 2, .steps = 5, .batch = 4,
                      .in = 3, .hidden = 5, .classes = 4};
}

static void check(const srnn_kernels *k, const net_case *c,
                  const masks_case *m, const size_t *length, groups *g)
{
    srnn_net *net = masks_net(k, c, m);
    srnn_trainer *t;
    net_data d;

    masks_data(&d, c, m);
    d.length = length;
    t = masks_trainer(net, c, 1);
    gradient_compare(t, &d, g);
    srnn_trainer_close(t);
    srnn_net_close(net);
    masks_free(&d);
}

static void check_all(const srnn_kernels *k, const size_t *length)
{
    for (size_t i = 0; i < COUNT(cells); i++)
        for (const masks_case *m = masks_cases; m->name; m++) {
            const net_case c = shape(cells[i]);
            groups g = {0};

            if (!masks_fit(m, &c))
                continue;
            check(k, &c, m, length, &g);
            CHECK_SAYS(gradient_largest(&g) <= 1,
                       "%s %s: largest gap/bound %.3g",
                       srnn_cell_name(c.cell), m->name, gradient_largest(&g));
            check_note("%s %s: largest gap/bound %.3g",
                       srnn_cell_name(c.cell), m->name, gradient_largest(&g));
        }
}

static void whole(const srnn_kernels *k)
{
    check_all(k, NULL);
}

static void ragged(const srnn_kernels *k)
{
    static const size_t length[] = {2, 5, 0, 4};

    check_all(k, length);
}

/* The LSTM's variants under every mask and in every direction. */
static void variants(const srnn_kernels *k)
{
    static const size_t length[] = {2, 4, 0, 3};
    static const struct {
        unsigned lstm;
        size_t projection;
    } all[] = {{SRNN_LSTM_PEEPHOLES, 0},
               {SRNN_LSTM_PEEPHOLES | SRNN_LSTM_COUPLED, 0},
               {SRNN_LSTM_PEEPHOLES | SRNN_LSTM_FULL_RECURRENCE, 0},
               {SRNN_LSTM_NO_INPUT_GATE | SRNN_LSTM_NO_OUTPUT_GATE, 0},
               {SRNN_LSTM_PEEPHOLES | SRNN_LSTM_COUPLED, 2},
               {SRNN_LSTM_PEEPHOLES | SRNN_LSTM_FULL_RECURRENCE, 5}};

    for (size_t i = 0; i < COUNT(all); i++)
        for (const masks_case *m = masks_cases; m->name; m++) {
            net_case c = shape(SRNN_LSTM);
            groups g = {0};

            c.hidden = 3;
            c.steps = 4;
            c.lstm = all[i].lstm;
            c.projection = all[i].projection;
            if (!masks_fit(m, &c))
                continue;
            check(k, &c, m, length, &g);
            CHECK_SAYS(gradient_largest(&g) <= 1,
                       "%s %s: largest gap/bound %.3g", case_cell_name(&c),
                       m->name, gradient_largest(&g));
        }
}

/* ---- negative controls --------------------------------------------------- */

static srnn_kernels right;

/* What is spoiled: dh, dc, or the gates, by a factor. */
static void wrong_dh(const srnn_cell *c, const srnn_tile *t)
{
    right.masked[SRNN_MASKED_BACKWARD](c, t);
    for (size_t r = 0; r < t->rows; r++)
        for (size_t u = 0; u < t->units; u++)
            c->dh[(t->row + r) * c->lddh + t->unit + u] *= 0.999;
}

static void wrong_dc(const srnn_cell *c, const srnn_tile *t)
{
    right.masked[SRNN_MASKED_BACKWARD](c, t);
    for (size_t r = 0; c->dc && r < t->rows; r++)
        for (size_t u = 0; u < t->units; u++)
            c->dc[(t->row + r) * c->lddc + t->unit + u] *= 0.999;
}

/* dropout of h forgotten on the way back */
static void wrong_drop(const srnn_cell *c, const srnn_tile *t)
{
    static const srnn_real ones[] = {1, 1, 1, 1, 1}; /* the hidden units */
    srnn_masking m = *c->masking;
    srnn_cell other = *c;

    m.drop = m.drop ? ones : NULL;
    m.lddrop = 0;
    other.masking = &m;
    right.masked[SRNN_MASKED_BACKWARD](&other, t);
}

static void wrong_state(const srnn_cell *c, const srnn_tile *t)
{
    right.masked[SRNN_MASKED_STATE](c, t);
    for (size_t r = 0; r < t->rows; r++)
        for (size_t u = 0; u < t->units; u++)
            c->dh[(t->row + r) * c->lddh + t->unit + u] *= 0.999;
}

static void wrong_reset(const srnn_cell *c, const srnn_tile *t)
{
    c->masking->own(c, t);
}

static void wrong_add(size_t n, const srnn_real *a, const srnn_real *b,
                      srnn_real *y)
{
    right.multiply(n, a, b, y);
}

/* Masks that are not a function of their names alone. */
static void wrong_mask(const srnn_mask *m, uint64_t step, uint64_t sequence,
                       size_t n, srnn_real *y)
{
    static uint64_t calls;

    right.mask(m, step + calls++, sequence, n, y);
}

static const masks_case *find(const char *name)
{
    const masks_case *m = masks_cases;

    while (strcmp(m->name, name))
        m++;
    return m;
}

static void control_case(const srnn_kernels *wrong, const net_case *c,
                         const char *name, const char *what)
{
    groups g = {0};

    check(wrong, c, find(name), NULL, &g);
    check_note("%s, %s %s: largest gap/bound %.3g", what, case_cell_name(c),
               name, gradient_largest(&g));
    CHECK(gradient_largest(&g) > 1);
}

static void control(const srnn_kernels *wrong, srnn_cell_kind cell,
                    const char *name, const char *what)
{
    const net_case c = shape(cell);

    control_case(wrong, &c, name, what);
}

/* An LSTM whose h is a projection, no wider than the masks of the controls. */
static net_case projected(void)
{
    net_case c = shape(SRNN_LSTM);

    c.projection = 3;
    return c;
}

static void controls(const srnn_kernels *k)
{
    const net_case p = projected();
    srnn_kernels wrong;

    right = wrong = *k;
    wrong.masked[SRNN_MASKED_BACKWARD] = wrong_dh;
    control(&wrong, SRNN_RNN_TANH, "zoneout_h", "dh");
    control(&wrong, SRNN_GRU, "hidden", "dh");
    control_case(&wrong, &p, "zoneout_h", "dh");
    wrong.masked[SRNN_MASKED_BACKWARD] = wrong_dc;
    control(&wrong, SRNN_LSTM, "zoneout_c", "dc");
    control_case(&wrong, &p, "zoneout_c", "dc");
    wrong.masked[SRNN_MASKED_BACKWARD] = wrong_drop;
    control(&wrong, SRNN_LSTM, "hidden", "masks of h");
    control_case(&wrong, &p, "hidden", "masks of h");
    wrong = *k;
    wrong.masked[SRNN_MASKED_STATE] = wrong_state;
    control(&wrong, SRNN_LSTM, "hidden", "first state");
    control_case(&wrong, &p, "hidden", "first state");
    wrong = *k;
    wrong.masked[SRNN_MASKED_RESET_BWD] = wrong_reset;
    control(&wrong, SRNN_GRU_BEFORE, "hidden", "reset");
    wrong = *k;
    wrong.multiply_add = wrong_add;
    control(&wrong, SRNN_RNN_TANH, "input/skip", "sums");
    wrong = *k;
    wrong.mask = wrong_mask;
    control(&wrong, SRNN_RNN_TANH, "node", "moving masks");
    control(&wrong, SRNN_LSTM, "dropout", "moving masks");
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"masks/wrong", controls, NULL},
        {"masks/whole", whole, NULL},
        {"masks/ragged", ragged, NULL},
        {"masks/lstm", variants, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
