/* Nets of joining nodes with their data. Arrays whose names begin with "t" are
 * real targets, a sixth of them NaN, those with "y" tokens, a quarter -1. */
#include "node_case.h"

#include "net_case.h"
#include "numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NODES = 32 };

/* ---- nets ---------------------------------------------------------------- */

static srnn_node recurrent(srnn_net *net, const char *name, srnn_node x,
                           srnn_cell_kind cell, size_t hidden)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    srnn_node id;

    c.cell = cell;
    c.hidden = hidden;
    must(srnn_net_recurrent(net, name, x, &c, &id));
    return id;
}

static srnn_node linear(srnn_net *net, const char *name, srnn_node x,
                        size_t features)
{
    srnn_node id;

    must(srnn_net_linear(net, name, x, features, &id));
    return id;
}

static void join_net(srnn_net *net)
{
    srnn_node x, y, t, u, a, sum, all, id;

    must(srnn_net_input(net, "x", 3, &x));
    a = recurrent(net, "a", x, SRNN_GRU, 4);
    id = linear(net, "l", x, 4);
    must(srnn_net_add(net, "sum", (srnn_node[]){a, id, a}, 3, &sum));
    must(srnn_net_concat(net, "all", (srnn_node[]){sum, x, a, x}, 4, &all));
    must(srnn_net_add(net, "same", &all, 1, &all));
    must(srnn_net_tokens(net, "y", 5, &y));
    must(srnn_net_input(net, "t", 2, &t));
    must(srnn_net_input(net, "tu", 4, &u));
    must(srnn_net_cross_entropy(net, "e", linear(net, "out", all, 5), y, &id));
    must(srnn_net_loss_weight(net, id, 0.75));
    must(srnn_net_squared_error(net, "s", linear(net, "q", all, 2), t, &id));
    must(srnn_net_loss_weight(net, id, 1.5));
    must(srnn_net_sigmoid_cross_entropy(net, "z", sum, u, &id));
}

static void time_net(srnn_net *net)
{
    srnn_node c, x, part[4], y, t, id;
    srnn_axis chars;

    must(srnn_net_axis(net, "chars", SRNN_TIME, &chars));
    must(srnn_net_tokens_on(net, chars, "c", 6, &c));
    must(srnn_net_embedding(net, "e", c, 3, &id));
    x = recurrent(net, "spell", id, SRNN_GRU, 4);
    must(srnn_net_first(net, "first", x, &part[0]));
    must(srnn_net_last(net, "last", x, &part[1]));
    must(srnn_net_mean(net, "mean", x, &part[2]));
    must(srnn_net_mean(net, "plain", id, &part[3]));
    must(srnn_net_concat(net, "word", part, 4, &id));
    x = recurrent(net, "words", id, SRNN_LSTM, 5);
    must(srnn_net_input(net, "t", 5, &t));
    must(srnn_net_squared_error(net, "s", x, t, NULL));
    must(srnn_net_first(net, "from", x, &part[0]));
    must(srnn_net_last(net, "to", x, &part[1]));
    must(srnn_net_mean(net, "over", x, &part[2]));
    must(srnn_net_add(net, "text", part, 3, &id));
    must(srnn_net_tokens_on(net, SRNN_BATCH, "y", 4, &y));
    must(srnn_net_cross_entropy(net, "k", linear(net, "out", id, 4), y, NULL));
}

static void tied_net(srnn_net *net)
{
    srnn_node w, e, x, y, id;

    must(srnn_net_tokens(net, "w", 7, &w));
    must(srnn_net_embedding(net, "e", w, 4, &e));
    x = recurrent(net, "r", e, SRNN_RNN_TANH, 4);
    must(srnn_net_tied(net, "logits", x, e, &id));
    must(srnn_net_tokens(net, "y", 7, &y));
    must(srnn_net_cross_entropy(net, "k", id, y, NULL));
}

srnn_net *node_case_net(const srnn_kernels *k, int which)
{
    static void (*const nets[])(srnn_net *) = {join_net, time_net, tied_net};
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    nets[which](net);
    case_fill_params(net);
    return net;
}

/* ---- data ---------------------------------------------------------------- */

size_t node_case_rows(const node_case *c, srnn_axis axis)
{
    return axis == SRNN_BATCH  ? c->batch
           : axis == SRNN_TIME ? c->batch * c->steps
                               : c->batch * c->steps * c->chars;
}

static void *room(const node_case *c, size_t i)
{
    return case_take((node_case_rows(c, c->axis[i]) * c->width[i] + 1) *
                     sizeof(srnn_real));
}

static void fill_reals(srnn_real *x, size_t n, int targets)
{
    for (size_t j = 0; j < n; j++) {
        x[j] = (srnn_real)data_real();
        if (targets)
            x[j] = data_below(6) ? (x[j] < 0 ? -x[j] : x[j]) : (srnn_real)NAN;
    }
}

static void fill_tokens(int32_t *x, size_t n, size_t below, int targets)
{
    for (size_t j = 0; j < n; j++)
        x[j] = targets && j && data_below(4) == 0 ? -1
                                                  : (int32_t)data_below(below);
}

/* Arrays for every input of the net. */
static void fill(node_case *c)
{
    for (size_t i = 0; i < srnn_net_nodes(c->net); i++) {
        srnn_node_info info;
        srnn_array *a = &c->in[c->ins];
        void *data;

        must(srnn_net_node(c->net, (srnn_node)i, &info));
        if (strcmp(info.kind, "input") && strcmp(info.kind, "tokens"))
            continue;
        c->axis[c->ins] = info.axis;
        c->width[c->ins] = strcmp(info.kind, "input") ? 1 : info.features;
        data = room(c, c->ins);
        *a = (srnn_array){.node = (srnn_node)i};
        if (strcmp(info.kind, "input"))
            a->tokens = data;
        else
            a->data = data;
        if (a->data)
            fill_reals(data, node_case_rows(c, info.axis) * info.features,
                       info.name[0] == 't');
        else
            fill_tokens(data, node_case_rows(c, info.axis), info.features,
                        info.name[0] == 'y');
        c->ins++;
    }
}

void node_case_open(node_case *c, const srnn_kernels *k, int which, int ragged)
{
    static const size_t lengths[] = {4, 0, 2};

    *c = (node_case){.which = which, .steps = 4, .batch = 3, .ragged = ragged};
    c->chars = which == CASE_OVER_TIME ? 3 : 0;
    memcpy(c->length, lengths, sizeof lengths);
    for (size_t q = 0; q < c->steps * c->batch; q++)
        c->char_length[q] = (q * 5 + q / 4) % 4;
    c->net = node_case_net(k, which);
    fill(c);
}

static void free_arrays(node_case *c)
{
    for (size_t i = 0; i < c->ins; i++) {
        free(c->in[i].data);
        free((void *)c->in[i].tokens);
    }
}

void node_case_close(node_case *c)
{
    free_arrays(c);
    if (c->net)
        srnn_net_close(c->net);
}

void node_case_alone(node_case *one, const node_case *all, size_t b)
{
    *one = *all;
    one->batch = 1;
    one->length[0] = all->length[b];
    for (size_t t = 0; t < all->steps; t++)
        one->char_length[t] = all->char_length[t * all->batch + b];
    for (size_t i = 0; i < all->ins; i++) {
        const srnn_array *from = &all->in[i];
        const size_t rows = node_case_rows(one, one->axis[i]);
        const size_t size = (from->data ? sizeof(srnn_real) : sizeof(int32_t)) *
                            one->width[i];
        const char *src = from->data ? (const char *)from->data
                                     : (const char *)from->tokens;
        char *to = room(one, i);

        one->in[i].data = from->data ? (srnn_real *)(void *)to : NULL;
        one->in[i].tokens = from->data ? NULL : (int32_t *)(void *)to;
        for (size_t r = 0; r < rows; r++)
            memcpy(to + r * size, src + (r * all->batch + b) * size, size);
    }
}

/* ---- runs ---------------------------------------------------------------- */

srnn_trainer *node_case_trainer(const node_case *c, size_t threads)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_trainer *t;

    config.batch = c->batch;
    config.steps = c->steps;
    config.axis_steps[2] = c->chars;
    config.threads = threads;
    config.input_gradients = 1;
    must(srnn_trainer_open(&t, c->net, &config));
    return t;
}

srnn_session *node_case_session(const node_case *c, size_t steps,
                                size_t threads)
{
    srnn_session_config config = srnn_session_default();
    srnn_session *s;

    config.batch = c->batch;
    config.steps = steps;
    config.axis_steps[2] = c->chars;
    config.threads = threads;
    must(srnn_session_open(&s, c->net, &config));
    return s;
}

void node_case_begin(const node_case *c, srnn_session *s, srnn_trainer *t)
{
    const size_t *length = c->ragged ? c->length : NULL;
    const size_t *chars = c->ragged ? c->char_length : NULL;
    const size_t count = c->ragged ? c->steps * c->batch : 0;

    must(s ? srnn_session_lengths(s, length)
           : srnn_trainer_lengths(t, length));
    if (c->chars)
        must(s ? srnn_session_axis(s, 2, c->chars, chars, count)
               : srnn_trainer_axis(t, 2, c->chars, chars, count));
}

double node_case_loss(const node_case *c, srnn_trainer *t)
{
    double loss;

    must(srnn_net_pack(c->net));
    srnn_trainer_reset(t);
    node_case_begin(c, NULL, t);
    must(srnn_trainer_loss(t, c->steps, c->in, c->ins, &loss, NULL));
    return loss;
}

void node_case_backward(const node_case *c, srnn_trainer *t)
{
    srnn_trainer_reset(t);
    node_case_begin(c, NULL, t);
    must(srnn_trainer_backward(t, c->steps, c->in, c->ins, NULL));
}

void node_case_sums(node_case *c)
{
    srnn_trainer *t = node_case_trainer(c, 1);
    size_t count[MOST_NODES] = {0};
    const size_t nodes = srnn_net_nodes(c->net);

    node_case_loss(c, t);
    for (size_t i = 0; i < nodes && i < MOST_NODES; i++)
        if (srnn_trainer_loss_of(t, (srnn_node)i, NULL, &count[i]))
            count[i] = 0; /* it is no loss */
    srnn_trainer_close(t);
    for (size_t i = 0; i < nodes && i < MOST_NODES; i++)
        if (count[i])
            must(srnn_net_loss_weight(c->net, (srnn_node)i,
                                      (double)count[i]));
}
