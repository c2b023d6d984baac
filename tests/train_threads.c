/* Training on 2 or 3 threads gives the bits of one: all parameters, moments
 * and states after a number of updates; a changed bit is seen. */
#include "check.h"
#include "tiny.h"

#include <math.h>
#include <string.h>

enum { UPDATES = 12 };

static const tiny_config shape = {.hidden = 83, .layers = 2,
                                  .optimiser = SRNN_ADAM};

static void run(tiny *t, srnn_cell_kind cell, size_t threads)
{
    tiny_config c = shape;

    c.cell = cell;
    c.threads = threads;
    tiny_open(t, &c);
    tiny_train(t, UPDATES);
}

static void same_bits(void)
{
    for (int cell = 0; cell < SRNN_CELL_KINDS; cell++) {
        tiny one, more;

        run(&one, (srnn_cell_kind)cell, 1);
        for (size_t threads = 2; threads <= 3; threads++) {
            run(&more, (srnn_cell_kind)cell, threads);
            CHECK_SAYS(!tiny_difference(&one, &more), "%s on %zu: %s differs",
                       srnn_cell_name((srnn_cell_kind)cell), threads,
                       tiny_difference(&one, &more));
            CHECK(!memcmp(&one.loss, &more.loss, sizeof one.loss));
            tiny_close(&more);
        }
        tiny_close(&one);
    }
}

/* One weight moved by its last bit before the first update: all that follows
 * must be seen to differ. */
static void control(void)
{
    srnn_tensor weight;
    tiny_config c = shape;
    tiny one, moved;

    c.cell = SRNN_GRU;
    run(&one, SRNN_GRU, 1);
    c.threads = 2;
    tiny_open(&moved, &c);
    tiny_must(srnn_net_param(moved.net, 2, &weight));
    CHECK(!strcmp(weight.name, "rnn.weight_hh_l0"));
    weight.data[5] = nextafterf(weight.data[5], 1);
    tiny_must(srnn_net_pack(moved.net));
    tiny_train(&moved, UPDATES);
    CHECK(tiny_difference(&one, &moved));
    tiny_close(&one);
    tiny_close(&moved);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"same-bits", NULL, same_bits},
                                       {"control", NULL, control},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
