/* srnn_session_step, bit for bit: whatever came between two steps, the sequence
 * is what it is as row 0 of a batch of two, which has no way of its own for
 * steps. */
#include "net_case.h"
#include "numbers.h"
#include "check.h"

#include <string.h>

enum { T = 12, I = 3, CLASSES = 4, MOST = 40 };

typedef struct step_case {
    net_case c;
    int head;    /* a linear node behind the last layer */
    int learned; /* a first state that is learned */
} step_case;

static srnn_net *make_net(const srnn_kernels *k, const step_case *c,
                          srnn_node *end)
{
    const size_t states = c->c.cell == SRNN_LSTM ? 2 : 1;
    srnn_recurrent_config r = case_config(&c->c);
    srnn_node x, y, h;
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", I, &x));
    if (c->learned)
        must(srnn_net_parameter(net, SRNN_BATCH, "start",
                                states * c->c.layers * c->c.hidden,
                                &r.initial_state));
    r.initial = c->learned;
    must(srnn_net_recurrent(net, "rnn", x, &r, end));
    if (c->head)
        must(srnn_net_linear(net, "out", *end, CLASSES, end));
    must(srnn_net_tokens(net, "y", c->head ? CLASSES : c->c.hidden, &y));
    must(srnn_net_cross_entropy(net, "loss", *end, y, &h));
    case_fill_params(net);
    return net;
}

/* ---- what comes between two steps ---------------------------------------- */

enum event { NOTHING, RESET, WRITE, NO_STEP, TWO, REFUSAL, UPDATE, EVENTS };

/* One session is stepped, the other has the sequence as row 0 of two. */
typedef struct pair {
    srnn_net *net;
    srnn_session *stepped, *batch;
    srnn_node y;
    size_t features;
    srnn_real x[T + 2][2][I]; /* row 1: another sequence */
} pair;

static srnn_session *open_session(const srnn_net *net, size_t batch)
{
    srnn_session_config config = srnn_session_default();
    srnn_session *s;

    config.batch = batch;
    config.steps = 2;
    must(srnn_session_open(&s, net, &config));
    return s;
}

static void write_states(const pair *p)
{
    srnn_tensor one, two;

    for (size_t i = 0; i < srnn_session_states(p->stepped); i++) {
        must(srnn_session_state(p->stepped, i, &one));
        must(srnn_session_state(p->batch, i, &two));
        for (size_t j = 0; j < one.count; j++)
            one.data[j] = two.data[j] = data_real();
    }
}

/* A trainer that has changed the weights. What single steps read is packed
 * when it is closed. */
static srnn_trainer *update(const pair *p)
{
    const net_case c = {.steps = 1, .batch = 1};
    srnn_trainer *t = case_trainer(p->net, &c, 1);
    srnn_real x[I] = {1, -1, 0.5f};
    const int32_t target = 0;
    const srnn_array in[] = {{.node = srnn_net_find(p->net, "x"), .data = x},
                             {.node = srnn_net_find(p->net, "y"),
                              .tokens = &target}};

    must(srnn_trainer_update(t, 1, in, 2, NULL));
    return t;
}

/* `steps` steps of both from row t of x; the outputs of the sequence. */
static void go_on(pair *p, size_t t, size_t steps, int by_step,
                  srnn_real y[2][2][MOST])
{
    srnn_real both[2][2][MOST];
    const srnn_array in = {.node = srnn_net_find(p->net, "x"),
                           .data = p->x[t][0], .row_stride = I};
    srnn_array alone = in;
    srnn_array out = {.node = p->y, .data = both[0][0], .row_stride = MOST};

    alone.step_stride = 2 * I;
    must(srnn_session_forward(p->batch, steps, &in, 1, &out, 1));
    memcpy(y[1], both[0][0], sizeof both[0][0]);
    memcpy(y[1][1], both[1][0], sizeof both[1][0]);
    if (by_step) {
        must(srnn_session_step(p->stepped, p->x[t][0], y[0][0]));
        return;
    }
    out.data = y[0][0];
    out.step_stride = MOST;
    must(srnn_session_forward(p->stepped, steps, &alone, 1, &out, 1));
}

/* The event, and the step at t; how many steps that were. */
static size_t step_after(pair *p, enum event e, size_t t,
                         srnn_real y[2][2][MOST])
{
    static const size_t none[2] = {0, 1};
    srnn_trainer *trainer = NULL;

    if (e == RESET) {
        srnn_session_reset(p->stepped);
        srnn_session_reset(p->batch);
    } else if (e == WRITE) {
        write_states(p);
    } else if (e == NO_STEP) {
        must(srnn_session_lengths(p->stepped, none));
        must(srnn_session_lengths(p->batch, none));
    } else if (e == REFUSAL) {
        CHECK(srnn_session_step(p->stepped, NULL, y[0][0]) == SRNN_EINVAL);
        CHECK(srnn_session_forward(p->stepped, 1, NULL, 1, NULL, 0) ==
              SRNN_EINVAL);
    } else if (e == UPDATE) {
        trainer = update(p);
    }
    go_on(p, t, e == TWO ? 2 : 1, e != TWO, y);
    srnn_trainer_close(trainer);
    return e == TWO ? 2 : 1;
}

static size_t states_differing(const pair *p)
{
    size_t n = 0;
    srnn_tensor one, two;

    for (size_t i = 0; i < srnn_session_states(p->stepped); i++) {
        must(srnn_session_state(p->stepped, i, &one));
        must(srnn_session_state(p->batch, i, &two));
        n += memcmp(one.data, two.data, one.count * sizeof *one.data) != 0;
    }
    return n;
}

/* ---- cases --------------------------------------------------------------- */

static void run(const srnn_kernels *k, const step_case *c)
{
    srnn_real y[2][2][MOST];
    pair p;
    size_t steps;

    p.net = make_net(k, c, &p.y);
    p.features = c->head ? CLASSES : c->c.hidden;
    p.stepped = open_session(p.net, 1);
    p.batch = open_session(p.net, 2);
    for (size_t t = 0; t < T + 2; t++)
        for (size_t i = 0; i < 2 * I; i++)
            p.x[t][i / I][i % I] = data_real();
    for (size_t t = 0; t < T; t += steps) {
        /* two plain steps after each event: the second finds all as it was */
        const enum event e = t % 3 ? NOTHING : (enum event)data_below(EVENTS);

        steps = step_after(&p, e, t, y);
        for (size_t s = 0; s < steps; s++)
            CHECK_SAYS(!memcmp(y[0][s], y[1][s], p.features * sizeof **y[0]),
                       "%s%s%s: outputs of step %zu after event %d",
                       case_cell_name(&c->c), c->head ? ", head" : "",
                       c->learned ? ", learned" : "", t + s, (int)e);
        CHECK_SAYS(states_differing(&p) == 0, "%s: states of step %zu after "
                   "event %d", case_cell_name(&c->c), t, (int)e);
    }
    srnn_session_close(p.stepped);
    srnn_session_close(p.batch);
    srnn_net_close(p.net);
}

static void events(const srnn_kernels *k)
{
    static const size_t hidden[] = {1, 4, 7, 8, 9, 16, 17, 33};

    for (size_t i = 0; i < 8 * CASE_CELLS; i++)
        for (int form = 0; form < 4; form++) {
            step_case c = {.c = {.layers = 1 + i % 2, .in = I,
                                 .hidden = hidden[i / CASE_CELLS],
                                 .classes = CLASSES},
                           .head = form & 1, .learned = form >> 1};

            case_cell(&c.c, i % CASE_CELLS);
            run(k, &c);
        }
}

/* Variants that have no single step of their own. */
static void variants(const srnn_kernels *k)
{
    for (size_t i = 0; i < CASE_VARIANTS; i++) {
        step_case c = {.c = {.layers = 2, .in = I, .hidden = 9,
                             .classes = CLASSES}};

        case_variant(&c.c, i);
        run(k, &c);
    }
}

int main(int argc, char **argv)
{
    const check_case cases[] = {{"events", events, NULL},
                                {"variants", variants, NULL},
                                {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
