/* Every cell forward on every rung, within bounds that are derived as the
 * oracle goes (net_oracle.h): outputs and states, over sizes around the tiles.
 * An oracle with two gates exchanged or a sign turned is refused. */
#include "net_compare.h"

static void compare(const srnn_kernels *k, const net_case *c, worst *seen)
{
    compare_forward(k, c, FLAWLESS, seen);
}

static void small(const srnn_kernels *k)
{
    compare_small_shapes(k, compare);
}

static void large(const srnn_kernels *k)
{
    compare_large_shapes(k, compare);
}

static void variants(const srnn_kernels *k)
{
    compare_variants(k, compare, 0);
}

static void variant_flaws(const srnn_kernels *k)
{
    for (size_t v = 0; v < CASE_VARIANTS; v++) {
        net_case c = {.layers = 1, .steps = 2, .batch = 2, .in = 3,
                      .hidden = 9, .classes = 4};
        worst sign = {0};

        case_variant(&c, v);
        compare_forward(k, &c, FLAW_SIGN, &sign);
        CHECK_SAYS(sign.ratio > 1, "%s: a wrong sign passed",
                   case_cell_name(&c));
    }
}

static void flaws(const srnn_kernels *k)
{
    net_case c = {.layers = 1, .steps = 2, .batch = 2, .in = 3, .hidden = 9,
                  .classes = 4};

    for (size_t cell = 0; cell < CASE_CELLS; cell++) {
        worst gates = {0}, sign = {0};

        case_cell(&c, cell);
        compare_forward(k, &c, FLAW_SIGN, &sign);
        CHECK_SAYS(sign.ratio > 1, "%s: a wrong sign passed",
                   case_cell_name(&c));
        if (c.cell == SRNN_RNN_TANH || c.cell == SRNN_RNN_RELU)
            continue;
        compare_forward(k, &c, FLAW_GATES, &gates);
        CHECK_SAYS(gates.ratio > 1, "%s: exchanged gates passed",
                   case_cell_name(&c));
        check_note("%s: |diff|/bound with a wrong sign %.3g, with exchanged "
                   "gates %.3g", case_cell_name(&c), sign.ratio, gates.ratio);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"forward/flaws", flaws, NULL},
        {"forward/small", small, NULL},
        {"forward/large", large, NULL},
        {"forward/variants", variants, NULL},
        {"forward/variants-flaws", variant_flaws, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
