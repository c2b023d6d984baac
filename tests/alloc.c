/* Memory: nothing is allocated after open; an allocation that fails, whichever
 * it is, gives SRNN_ENOMEM with a message, loses nothing, and the same call
 * works afterwards; a session in the caller's memory stays within the size
 * that was asked beforehand. */
#include "check.h"
#include "heap.h"
#include "net_case.h"
#include "numbers.h"

#include <stdlib.h>
#include <string.h>

/* ---- nothing after open -------------------------------------------------- */

static net_case case_of(size_t cell, int tokens)
{
    net_case c = {.layers = 2, .steps = 3, .batch = 2, .in = 3, .hidden = 9,
                  .classes = 4, .tokens = tokens};

    if (cell < CASE_CELLS)
        case_cell(&c, cell);
    else if (cell == CASE_CELLS)
        case_variant(&c, 9); /* with slopes behind its gates, and one bias */
    else
        case_norm(&c, cell == CASE_CELLS + 1 ? 2 : 7); /* LSTM: layer, batch */
    return c;
}

enum { CELLS = CASE_CELLS + 3 }; /* and the variant, and two norms */

static void use_session(srnn_session *s, const srnn_net *net,
                        const net_data *d)
{
    srnn_real y[3 * 2 * 9];
    const srnn_array out = {.node = srnn_net_find(net, "rnn"), .data = y};
    srnn_array in[2];
    srnn_tensor state;
    double loss;

    case_inputs(d, net, in);
    must(srnn_session_forward(s, 3, in, 2, &out, 1));
    must(srnn_session_loss(s, 3, in, 2, &loss, NULL));
    must(srnn_session_state(s, 0, &state));
    if (!d->c.tokens)
        must(srnn_session_step(s, d->x, y));
    srnn_session_reset(s);
}

static void use_trainer(srnn_trainer *t, const net_data *d)
{
    srnn_net *net = srnn_trainer_net(t);
    srnn_array in[2];
    srnn_tensor g;
    double loss;

    case_inputs(d, net, in);
    must(srnn_trainer_update(t, 3, in, 2, &loss));
    must(srnn_trainer_backward(t, 2, in, 2, &loss));
    must(srnn_trainer_apply(t));
    must(srnn_trainer_loss(t, 3, in, 2, &loss, NULL));
    must(srnn_trainer_gradient(t, 0, &g));
    must(srnn_trainer_moment(t, 1, 0, &g));
    srnn_trainer_reset(t);
    must(srnn_net_init(net, 3));
    must(srnn_net_pack(net));
}

static void none_after_open(const srnn_kernels *k)
{
    for (size_t i = 0; i < 2 * CELLS; i++) {
        const net_case c = case_of(i % CELLS, i >= CELLS);
        srnn_net *net = case_net(k, &c);
        srnn_session *s = case_session(net, &c, 2, 1 + i % 2), *more = NULL;
        srnn_trainer *t = case_trainer(net, &c, 1 + i % 2);
        const srnn_session_config config = srnn_session_default();
        srnn_status status;
        net_data d;

        case_data(&d, &c);
        heap.forbidden = 1;
        heap.refused = 0;
        use_session(s, net, &d);
        use_trainer(t, &d);
        CHECK_SAYS(heap.refused == 0, "%s: %ld allocations after open",
                   case_name(&c), (long)heap.refused);
        status = srnn_session_open(&more, net, &config); /* the control */
        heap.forbidden = 0;
        CHECK(status == SRNN_ENOMEM && heap.refused == 1);
        srnn_trainer_close(t);
        srnn_session_close(s);
        srnn_net_close(net);
        case_free(&d);
    }
}

/* ---- each in turn -------------------------------------------------------- */

/* A call that may be refused once: then it has said why, has left the graph
 * as it was, and works the second time. */
#define OPEN(net, call) \
    do { \
        const size_t nodes_ = srnn_net_nodes(net); \
        const size_t params_ = srnn_net_params(net); \
        srnn_status status_ = (call); \
        if (status_) { \
            CHECK_SAYS(status_ == SRNN_ENOMEM && \
                           strstr(srnn_error_message(), "memory"), \
                       "%d: %s", (int)status_, srnn_error_message()); \
            CHECK(srnn_net_nodes(net) == nodes_); \
            CHECK(srnn_net_params(net) == params_); \
            status_ = (call); \
        } \
        must(status_); \
    } while (0)

/* Additive and general attention of the states over each other. */
static srnn_node add_attention(srnn_net *net, srnn_node x)
{
    srnn_attention_config a = srnn_attention_default();
    srnn_node id;

    a.score = SRNN_SCORE_ADDITIVE;
    a.width = 5;
    OPEN(net, srnn_net_attention(net, "add", x, x, x, &a, &id));
    OPEN(net, srnn_net_attention_weights(net, "weights", id, 3, NULL));
    a.score = SRNN_SCORE_GENERAL;
    OPEN(net, srnn_net_attention(net, "general", id, x, x, &a, &id));
    return id;
}

static srnn_net *open_net(const srnn_kernels *k, size_t cell, int tokens)
{
    const net_case c = case_of(cell, tokens);
    const srnn_recurrent_config r = case_config(&c);
    srnn_init init = srnn_init_default();
    srnn_net *net = NULL;
    srnn_node x, y, rnn, out;

    OPEN(net, srnn_net_open_on(&net, k));
    if (tokens) {
        OPEN(net, srnn_net_tokens(net, "x", c.classes, &y));
        OPEN(net, srnn_net_embedding(net, "in", y, c.in, &x));
    } else {
        OPEN(net, srnn_net_input(net, "x", c.in, &x));
    }
    OPEN(net, srnn_net_recurrent(net, "rnn", x, &r, &rnn));
    if (tokens)
        rnn = add_attention(net, rnn);
    OPEN(net, srnn_net_linear(net, "out", rnn, c.classes, &out));
    OPEN(net, srnn_net_tokens(net, "y", c.classes, &y));
    OPEN(net, srnn_net_cross_entropy(net, "loss", out, y, NULL));
    init.recurrent = SRNN_INIT_ORTHOGONAL;
    OPEN(net, srnn_net_init_with(net, &init, 7));
    return net;
}

/* Opens, runs and closes everything. */
static double whole_life(const srnn_kernels *k, size_t i, const net_data *d)
{
    srnn_net *net = open_net(k, i % CELLS, d->c.tokens);
    srnn_session_config sc = srnn_session_default();
    srnn_trainer_config tc = srnn_trainer_default();
    srnn_session *s = NULL;
    srnn_trainer *t = NULL;
    srnn_array in[2];
    double loss;

    sc.batch = tc.batch = d->c.batch;
    sc.threads = tc.threads = 1 + i % 2;
    OPEN(net, srnn_session_open(&s, net, &sc));
    OPEN(net, srnn_trainer_open(&t, net, &tc));
    case_inputs(d, net, in);
    must(srnn_session_loss(s, d->c.steps, in, 2, &loss, NULL));
    srnn_session_close(s);
    must(srnn_trainer_update(t, d->c.steps, in, 2, NULL));
    must(srnn_trainer_update(t, d->c.steps, in, 2, &loss));
    srnn_trainer_close(t);
    srnn_net_close(net);
    return loss;
}

static void each_in_turn(const srnn_kernels *k)
{
    for (size_t i = 0; i < CELLS; i++) {
        const net_case c = case_of(i, i % 2);
        long n, calls, live;
        double loss;
        net_data d;

        case_data(&d, &c);
        live = heap.live;
        heap.calls = 0;
        loss = whole_life(k, i, &d);
        calls = heap.calls;
        CHECK(heap.live == live);
        for (n = 1; n <= calls; n++) {
            heap.calls = 0;
            heap.refused = 0;
            heap.fail_at = n;
            CHECK_SAYS(whole_life(k, i, &d) == loss,
                       "%s: the loss is another after allocation %ld failed",
                       case_name(&c), n);
            heap.fail_at = 0;
            CHECK_SAYS(heap.refused == 1, "allocation %ld was not reached", n);
            CHECK_SAYS(heap.live == live,
                       "%s: allocation %ld failed, %ld blocks are lost",
                       case_name(&c), n, (long)heap.live - live);
        }
        check_note("%s: each of %ld allocations failed once", case_name(&c),
                   calls);
        CHECK(calls > 20);
        case_free(&d);
    }
}

/* Without a second try: what was opened before is closed, nothing is lost. */
static void closed_after(const srnn_kernels *k)
{
    const net_case c = case_of(2, 0);
    const long live = heap.live;
    srnn_net *net = case_net(k, &c);
    const srnn_trainer_config tc = srnn_trainer_default();
    srnn_trainer *t;
    long n = 0;
    srnn_status status;

    do {
        heap.calls = 0;
        heap.fail_at = ++n;
        status = srnn_trainer_open(&t, net, &tc);
        heap.fail_at = 0;
        if (status) {
            srnn_net_close(net);
            CHECK_SAYS(heap.live == live, "%ld: blocks are lost", n);
            net = case_net(k, &c);
        }
    } while (status);
    CHECK(n > 5);
    srnn_trainer_close(t);
    srnn_net_close(net);
    CHECK(heap.live == live);
}

/* ---- the caller's memory ------------------------------------------------- */

static void run_in(srnn_net *net, const net_data *d, void *memory,
                   srnn_real *y)
{
    srnn_session_config config = srnn_session_default();
    const srnn_array out = {.node = srnn_net_find(net, "out"), .data = y};
    srnn_session *s;
    srnn_array in[2];

    config.batch = d->c.batch;
    config.steps = 2;
    config.memory = memory;
    heap.forbidden = memory != NULL;
    must(srnn_session_open(&s, net, &config));
    case_session_states(s, d);
    case_inputs(d, net, in);
    must(srnn_session_forward(s, d->c.steps, in, 2, &out, 1));
    srnn_session_close(s);
    heap.forbidden = 0;
}

static void given_memory(const srnn_kernels *k)
{
    for (size_t i = 0; i < 4 * CELLS; i++) {
        net_case c = case_of(i % CELLS, i / CELLS % 2);
        srnn_session_config config = {.batch = 2, .steps = 2, .threads = 1};
        srnn_real y[2][3 * 2 * 4];
        srnn_net *net = case_net(k, &c);
        const size_t size = srnn_session_size(net, &config);
        net_data d;

        case_data(&d, &c);
        guard_begin((int)(i / CELLS / 2));
        CHECK(size > 0 && size % 64 == 0);
        run_in(net, &d, NULL, y[0]);
        run_in(net, &d, guard_reals(size / sizeof(srnn_real)), y[1]);
        guard_check();
        CHECK_SAYS(!memcmp(y[0], y[1], sizeof y[0]),
                   "%s: in given memory, other results", case_name(&c));
        srnn_net_close(net);
        case_free(&d);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"alloc/after-open", none_after_open, NULL},
        {"alloc/each-in-turn", each_in_turn, NULL},
        {"alloc/closed-after", closed_after, NULL},
        {"alloc/given-memory", given_memory, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
