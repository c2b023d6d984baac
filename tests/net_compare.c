/* Runs a case on a rung and looks at each number beside the oracle's. */
#include "net_compare.h"

#include "numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- shapes -------------------------------------------------------------- */

static int shape(const size_t *hidden, size_t hiddens, size_t i, net_case *c)
{
    static const size_t ins[] = {1, 3, 16, 5, 33, 2, 8, 17, 65, 7};
    static const size_t batches[] = {1, 2, 3, 13, 4, 7, 5, 6};
    const size_t n = i / CASE_CELLS;
    const uint32_t r = (uint32_t)i * 2654435761u; /* scatters the bits of i */

    if (n >= hiddens)
        return 0;
    *c = (net_case){.layers = 1 + (r >> 8) % 2,
                    .steps = 1 + (r >> 10) % 4,
                    .batch = batches[(r >> 13) % COUNT(batches)],
                    .in = ins[(r >> 17) % COUNT(ins)],
                    .hidden = hidden[n],
                    .classes = 2 + (r >> 22) % 19,
                    .tokens = (r >> 28) % 4 == 0};
    case_cell(c, i % CASE_CELLS);
    return 1;
}

static void compare_shapes(const srnn_kernels *k, const size_t *hidden,
                           size_t hiddens, compare_fn *compare)
{
    for (size_t cell = 0; cell < CASE_CELLS; cell++) {
        worst seen = {0};
        net_case c;

        for (size_t i = cell; shape(hidden, hiddens, i, &c); i += CASE_CELLS)
            compare(k, &c, &seen);
        case_cell(&c, cell);
        worst_end(&seen, case_cell_name(&c));
    }
}

void compare_small_shapes(const srnn_kernels *k, compare_fn *compare)
{
    static const size_t hidden[] = {1, 2,  3,  4,  5,  6,  7,  8, 9,
                                    10, 11, 12, 13, 14, 15, 16, 17};

    compare_shapes(k, hidden, COUNT(hidden), compare);
}

void compare_large_shapes(const srnn_kernels *k, compare_fn *compare)
{
    static const size_t hidden[] = {31, 32, 33, 64, 65, 130};

    compare_shapes(k, hidden, COUNT(hidden), compare);
}

/* Has a slope that jumps, so that a bound cannot tell its side. */
static int jumps(const net_case *c)
{
    for (size_t i = 0; i < 2; i++)
        switch (case_config(c).activation[i].kind) {
        case SRNN_ACT_RELU:
        case SRNN_ACT_LEAKY_RELU:
        case SRNN_ACT_THRESHOLDED_RELU:
        case SRNN_ACT_HARD_SIGMOID:
            return 1;
        default:
            break;
        }
    return c->clip > 0;
}

void compare_variants(const srnn_kernels *k, compare_fn *compare, int smooth)
{
    static const size_t hidden[] = {1,  2,  3,  5,  7,  8,  9,  15,
                                    16, 17, 31, 32, 33, 65, 129};
    size_t compared = 0;

    for (size_t v = 0; v < CASE_VARIANTS; v++) {
        worst seen = {0};
        net_case c;

        for (size_t i = 0; i < COUNT(hidden); i++) {
            shape(hidden, COUNT(hidden), CASE_CELLS * i + v % CASE_CELLS, &c);
            case_variant(&c, v);
            if (smooth && jumps(&c))
                continue;
            compare(k, &c, &seen);
            compared++;
        }
        if (seen.seen)
            worst_end(&seen, case_cell_name(&c));
    }
    CHECK(compared >= 4 * COUNT(hidden));
}

/* ---- forward ------------------------------------------------------------- */

static void see(worst *w, const float *got, const est *want, size_t rows,
                size_t columns, const char *what, const net_case *c)
{
    char where[120];

    snprintf(where, sizeof where, "%s %s", case_name(c), what);
    for (size_t i = 0; i < rows * columns; i++)
        worst_see(w, (double)got[i], want[i].v, want[i].e, where, i / columns,
                  i % columns);
}

static float *reals(size_t n)
{
    float *x = malloc(n * sizeof *x);

    if (!x)
        must(SRNN_ENOMEM);
    return x;
}

static void compare_states(srnn_session *s, const net_oracle *o, worst *seen)
{
    const net_case *c = &o->d->c;
    const size_t last = c->steps * c->batch * c->hidden;
    size_t i = 0;
    srnn_tensor h;

    for (size_t l = 0; l < c->layers; l++) {
        must(srnn_session_state(s, i++, &h));
        see(seen, h.data, o->layer[l].h + last, c->batch, c->hidden, h.name,
            c);
        if (c->cell != SRNN_LSTM)
            continue;
        must(srnn_session_state(s, i++, &h));
        see(seen, h.data, o->layer[l].c + last, c->batch, c->hidden, h.name,
            c);
    }
    CHECK(i == srnn_session_states(s));
}

static void compare_outputs(srnn_session *s, const srnn_net *net,
                            const net_oracle *o, worst *seen)
{
    const net_case *c = &o->d->c;
    const size_t rows = c->steps * c->batch;
    const est *top = o->layer[c->layers - 1].h + c->batch * c->hidden;
    float *h = reals(rows * c->hidden), *y = reals(rows * c->classes);
    const srnn_array out[2] = {{.node = srnn_net_find(net, "rnn"), .data = h},
                               {.node = srnn_net_find(net, "out"), .data = y}};
    srnn_array in[2];

    case_inputs(o->d, net, in);
    must(srnn_session_forward(s, c->steps, in, 1, out, 2));
    see(seen, h, top, rows, c->hidden, "rnn", c);
    see(seen, y, o->logits, rows, c->classes, "out", c);
    free(h);
    free(y);
}

void compare_forward(const srnn_kernels *k, const net_case *c, flaw f,
                     worst *seen)
{
    srnn_net *net = case_net(k, c);
    srnn_session *s = case_session(net, c, 1 + c->hidden % c->steps, 1);
    net_oracle o;
    net_data d;

    case_data(&d, c);
    net_oracle_forward(&o, net, &d, f);
    case_session_states(s, &d);
    compare_outputs(s, net, &o, seen);
    compare_states(s, &o, seen);
    net_oracle_free(&o);
    srnn_session_close(s);
    srnn_net_close(net);
    case_free(&d);
}

/* ---- backward ------------------------------------------------------------ */

typedef struct gradients {
    srnn_trainer *t;
    const net_case *c;
    worst *seen;
    double move;
    int exactly;
    size_t i; /* next parameter */
    size_t nonzero;
} gradients;

static void see_gradient(gradients *g, est *want, const srnn_tensor *got)
{
    for (size_t i = 0; i < got->count; i++) {
        want[i].v += g->move * want[i].e;
        want[i].e = g->exactly ? 0 : want[i].e;
        g->nonzero += want[i].v != 0;
    }
    see(g->seen, got->data, want, got->count, 1, got->name, g->c);
}

static void see_param(gradients *g, est *want)
{
    srnn_tensor got;

    must(srnn_trainer_gradient(g->t, g->i++, &got));
    see_gradient(g, want, &got);
}

static void see_params(gradients *g, net_oracle *o)
{
    if (g->c->tokens)
        see_param(g, o->d_embedding);
    for (size_t l = 0; l < g->c->layers; l++) {
        see_param(g, o->layer[l].dw);
        see_param(g, o->layer[l].dr);
        see_param(g, o->layer[l].db);
        see_param(g, o->layer[l].dd);
    }
    see_param(g, o->d_out_w);
    see_param(g, o->d_out_b);
    CHECK(g->i == srnn_net_params(srnn_trainer_net(g->t)));
}

static void see_states(gradients *g, net_oracle *o)
{
    srnn_tensor got;
    size_t i = 0;

    for (size_t l = 0; l < g->c->layers; l++) {
        must(srnn_trainer_state_gradient(g->t, i++, &got));
        see_gradient(g, o->layer[l].dh, &got);
        if (g->c->cell != SRNN_LSTM)
            continue;
        must(srnn_trainer_state_gradient(g->t, i++, &got));
        see_gradient(g, o->layer[l].dc, &got);
    }
}

static void see_input(gradients *g, net_oracle *o)
{
    const srnn_node x = srnn_net_find(srnn_trainer_net(g->t), "x");
    srnn_tensor got;

    if (g->c->tokens)
        return;
    must(srnn_trainer_input_gradient(g->t, x, &got));
    CHECK(got.count == g->c->steps * g->c->batch * g->c->in);
    see_gradient(g, o->layer[0].dx, &got);
}

static void backward(gradients *g, srnn_net *net, const net_data *d)
{
    srnn_array in[2];
    net_oracle o;
    double loss;

    net_oracle_forward(&o, net, d, FLAWLESS);
    net_oracle_backward(&o);
    g->t = case_trainer(net, g->c, 1);
    case_inputs(d, net, in);
    case_trainer_states(g->t, d);
    must(srnn_trainer_backward(g->t, g->c->steps, in, 2, &loss));
    worst_see(g->seen, loss, o.loss.v + g->move * o.loss.e,
              g->exactly ? 0 : o.loss.e, case_name(g->c), 0, 0);
    see_params(g, &o);
    see_states(g, &o);
    see_input(g, &o);
    net_oracle_free(&o);
    srnn_trainer_close(g->t);
}

void compare_backward(const srnn_kernels *k, const net_case *c, double move,
                      worst *seen)
{
    gradients g = {.c = c, .seen = seen, .move = move};
    srnn_net *net = case_net(k, c);
    net_data d;

    case_data(&d, c);
    backward(&g, net, &d);
    srnn_net_close(net);
    case_free(&d);
}

/* ---- exactly ------------------------------------------------------------- */

static void integer_params(srnn_net *net)
{
    srnn_tensor p;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &p));
        data_integers(p.data, p.count, 1);
        if (!strcmp(p.name, "out.bias"))
            p.data[0] = 1 << 22;
    }
    must(srnn_net_pack(net));
}

size_t compare_exactly(const srnn_kernels *k, const net_case *c, worst *seen)
{
    const size_t rows = c->steps * c->batch;
    gradients g = {.c = c, .seen = seen, .exactly = 1};
    srnn_net *net = case_net(k, c);
    net_data d;

    case_data(&d, c);
    integer_params(net);
    data_integers(d.x, rows * c->in, 2);
    data_integers(d.state, d.states * c->batch * c->hidden, 2);
    for (size_t i = 0; i < rows; i++)
        d.target[i] = 1 + (int32_t)data_below(c->classes - 1);
    backward(&g, net, &d);
    srnn_net_close(net);
    case_free(&d);
    return g.nonzero;
}
