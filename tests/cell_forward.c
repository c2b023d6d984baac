/* Every cell forward on every rung, within bounds that are derived as the
 * oracle goes (net_oracle.h): outputs and states, over sizes around the tiles.
 * An oracle with two gates exchanged or a sign turned is refused. */
#include "net_compare.h"

#include <stdio.h>

static const char *cell_of(const net_case *c)
{
    static char name[40];

    snprintf(name, sizeof name, "%s%s", srnn_cell_name(c->cell),
             c->z_takes_new ? "_new" : "");
    return name;
}

static void all_shapes(const srnn_kernels *k,
                       int (*shape)(size_t, net_case *))
{
    for (size_t cell = 0; cell < CASE_CELLS; cell++) {
        worst seen = {0};
        net_case c;

        for (size_t i = cell; shape(i, &c); i += CASE_CELLS)
            compare_forward(k, &c, FLAWLESS, &seen);
        case_cell(&c, cell);
        worst_end(&seen, cell_of(&c));
    }
}

static void small(const srnn_kernels *k)
{
    all_shapes(k, small_shape);
}

static void large(const srnn_kernels *k)
{
    all_shapes(k, large_shape);
}

static void flaws(const srnn_kernels *k)
{
    net_case c = {.layers = 1, .steps = 2, .batch = 2, .in = 3, .hidden = 9,
                  .classes = 4};

    for (size_t cell = 0; cell < CASE_CELLS; cell++) {
        worst gates = {0}, sign = {0};

        case_cell(&c, cell);
        compare_forward(k, &c, FLAW_SIGN, &sign);
        CHECK_SAYS(sign.ratio > 1, "%s: a wrong sign passed", cell_of(&c));
        if (c.cell == SRNN_RNN_TANH || c.cell == SRNN_RNN_RELU)
            continue;
        compare_forward(k, &c, FLAW_GATES, &gates);
        CHECK_SAYS(gates.ratio > 1, "%s: exchanged gates passed", cell_of(&c));
        check_note("%s: |diff|/bound with a wrong sign %.3g, with exchanged "
                   "gates %.3g", cell_of(&c), sign.ratio, gates.ratio);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"forward/flaws", flaws, NULL},
        {"forward/small", small, NULL},
        {"forward/large", large, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
