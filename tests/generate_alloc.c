/* Memory of generation: only srnn_beam_open allocates, once; refused, it says
 * so and loses nothing; in the caller's memory it allocates nothing. */
#include "check.h"
#include "heap.h"
#include "net_case.h"
#include "refuse.h"
#include "tree.h"

#include <stdlib.h>

enum { T = 6, B = 3, V = 4 };

static const net_case shape = {.cell = SRNN_GRU, .layers = 1, .steps = T,
                               .batch = B, .in = 3, .hidden = 9, .classes = V,
                               .tokens = 1};

static void use(srnn_net *net, srnn_session *s, srnn_beam *beam)
{
    const srnn_generate_config c = srnn_generate_default();
    srnn_force_config force = srnn_force_default();
    const int32_t start[B] = {0};
    int32_t tokens[T][B], forced[T][B];
    float work[(B + 2) * V], each[T * B];
    double total[B] = {0};
    srnn_array in[2] = {{.node = srnn_net_find(net, "x")},
                        {.node = srnn_net_find(net, "y")}};
    const srnn_decoder_session from = {s, srnn_net_find(net, "out"), in, 1};
    srnn_hypothesis h;
    srnn_decoder d;

    must(srnn_decoder_over(&d, &from));
    must(srnn_generate(net, &d, &c, start, T, tokens[0], NULL, work));
    must(srnn_beam_search(beam, &d, 0));
    must(srnn_beam_result(beam, 0, &h));
    in[0].tokens = in[1].tokens = tokens[0];
    must(srnn_session_likelihood(s, srnn_net_find(net, "loss"), T, in, 2, each,
                                 total));
    force.rate = 0.5;
    must(srnn_force(&from, &force, T, forced[0], work));
}

static void memory(const srnn_kernels *k)
{
    srnn_net *net = case_net(k, &shape);
    srnn_session *s = case_session(net, &shape, 2, 2);
    srnn_beam_config c = srnn_beam_default();
    const long live = heap.live;
    srnn_beam *beam = NULL;
    void *given;

    c.beam = B;
    c.vocabulary = V;
    c.results = 3;
    given = aligned_alloc(64, srnn_beam_size(&c));
    CHECK(given != NULL);
    heap.refused = 0;
    heap.forbidden = 1; /* the control */
    REFUSED(SRNN_ENOMEM, srnn_beam_open(&beam, net, &c), "beam", "memory");
    heap.forbidden = 0;
    CHECK(heap.refused == 1 && !beam && heap.live == live + 1);

    heap.calls = 0;
    must(srnn_beam_open(&beam, net, &c));
    CHECK(heap.calls == 1);
    heap.refused = 0;
    heap.forbidden = 1;
    use(net, s, beam);
    srnn_beam_close(beam);
    c.memory = given;
    must(srnn_beam_open(&beam, net, &c));
    use(net, s, beam);
    srnn_beam_close(beam);
    heap.forbidden = 0;
    CHECK_SAYS(heap.refused == 0, "%ld allocations", (long)heap.refused);
    free(given);
    CHECK(heap.live == live);
    srnn_session_close(s);
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"generate/memory", memory, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
