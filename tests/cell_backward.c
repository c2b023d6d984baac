/* Every cell back through time on every rung: the loss and the gradients of
 * parameters, inputs and initial states, within the oracle's running bounds
 * (net_oracle.h), and exactly where the numbers are small integers. */
#include "net_compare.h"

/* ---- within bounds ------------------------------------------------------- */

static void compare(const srnn_kernels *k, const net_case *c, worst *seen)
{
    compare_backward(k, c, 0, seen);
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
    compare_variants(k, compare, 1);
}

static void moved(const srnn_kernels *k)
{
    net_case c = {.layers = 2, .steps = 3, .batch = 2, .in = 3, .hidden = 9,
                  .classes = 4};

    for (size_t cell = 0; cell < CASE_CELLS; cell++) {
        worst seen = {0};

        case_cell(&c, cell);
        compare_backward(k, &c, 2, &seen);
        CHECK_SAYS(seen.ratio > 1, "%s: an oracle moved by two bounds passed",
                   case_cell_name(&c));
    }
}

/* ---- exactly ------------------------------------------------------------- */

static void integers(const srnn_kernels *k)
{
    static const size_t hidden[] = {1, 3, 8, 15, 16, 17, 33};
    worst seen = {0};
    size_t nonzero = 0;

    for (size_t i = 0; i < 2 * sizeof hidden / sizeof *hidden; i++) {
        const net_case c = {.cell = SRNN_RNN_RELU,
                            .layers = 1 + i % 2,
                            .steps = 2,
                            .batch = (size_t)1 << i % 4,
                            .in = 1 + i * 5 % 18,
                            .hidden = hidden[i / 2],
                            .classes = 2 + i,
                            .tokens = i % 5 == 4};

        nonzero += compare_exactly(k, &c, &seen);
    }
    worst_end(&seen, "rnn_relu, no bound");
    check_note("of them %zu are not 0", nonzero);
    CHECK(nonzero > seen.seen / 4);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"backward/moved", moved, NULL},
        {"backward/integers", integers, NULL},
        {"backward/small", small, NULL},
        {"backward/large", large, NULL},
        {"backward/variants", variants, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
