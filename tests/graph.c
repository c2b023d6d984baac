/* Data for graphs, and runs of them. */
#include "graph.h"

#include "numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- sizes --------------------------------------------------------------- */

static size_t steps_of(const graph *g, srnn_axis a)
{
    return a == SRNN_BATCH ? 1 : a == SRNN_TIME ? g->steps : g->axis_steps[a];
}

size_t graph_sequences(const srnn_net *net, const graph *g, srnn_axis a)
{
    return a == SRNN_BATCH
               ? g->batch
               : graph_rows(net, g, srnn_net_axis_parent(net, a));
}

size_t graph_rows(const srnn_net *net, const graph *g, srnn_axis a)
{
    return steps_of(g, a) * graph_sequences(net, g, a);
}

size_t graph_origin(const srnn_net *net, const graph *g, srnn_axis a, size_t q)
{
    for (; a > SRNN_BATCH; a = srnn_net_axis_parent(net, a))
        q %= graph_sequences(net, g, a);
    return q;
}

/* ---- nets and data ------------------------------------------------------- */

srnn_net *graph_open(const srnn_kernels *k, const graph *g)
{
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    g->build(net);
    case_fill_params(net);
    return net;
}

static void fill_input(graph_data *d, const srnn_net *net, srnn_node id,
                       const srnn_node_info *n)
{
    const size_t rows = graph_rows(net, &d->g, n->axis);
    const size_t i = d->ins++;

    if (d->ins > GRAPH_INPUTS)
        must(SRNN_ENOMEM);
    if (!strcmp(n->kind, "input")) {
        d->real[i] = case_take(rows * n->features * sizeof *d->real[i]);
        for (size_t j = 0; j < rows * n->features; j++)
            d->real[i][j] = data_real();
    } else {
        d->token[i] = case_take(rows * sizeof *d->token[i]);
        for (size_t j = 0; j < rows; j++)
            d->token[i][j] = j && n->name[0] == 'y' && data_below(4) == 0
                                 ? -1
                                 : (int32_t)data_below(n->features);
    }
    d->in[i] = (srnn_array){
        .node = id, .data = d->real[i], .tokens = d->token[i]};
}

void graph_fill(graph_data *d, const srnn_net *net, const graph *g)
{
    const size_t most = 64 * g->batch;
    srnn_node_info n;

    *d = (graph_data){.g = *g, .net = net};
    for (size_t i = 0; i < srnn_net_nodes(net); i++) {
        must(srnn_net_node(net, (srnn_node)i, &n));
        if (!strcmp(n.kind, "input") || !strcmp(n.kind, "tokens"))
            fill_input(d, net, (srnn_node)i, &n);
    }
    d->state = case_take(most * sizeof *d->state);
    for (size_t i = 0; i < most; i++)
        d->state[i] = data_real();
}

void graph_free(graph_data *d)
{
    for (size_t i = 0; i < d->ins; i++) {
        free(d->real[i]);
        free(d->token[i]);
    }
    free(d->state);
}

/* Copies the rows of sequence b; returns how many. */
static size_t pick(const srnn_net *net, const graph *g, srnn_axis a, size_t b,
                   const void *from, size_t bytes, void *to)
{
    size_t n = 0;

    for (size_t q = 0; q < graph_rows(net, g, a); q++)
        if (graph_origin(net, g, a, q) == b)
            memcpy((char *)to + n++ * bytes, (const char *)from + q * bytes,
                   bytes);
    return n;
}

void graph_alone(graph_data *to, const srnn_net *net, const graph_data *d,
                 size_t b, size_t length[SRNN_AXES][64])
{
    graph g = d->g;
    srnn_node_info n;

    g.batch = 1;
    for (srnn_axis a = SRNN_TIME; (size_t)a < srnn_net_axes(net); a++) {
        if (!g.length[a])
            continue;
        pick(net, &d->g, srnn_net_axis_parent(net, a), b, d->g.length[a],
             sizeof **length, length[a]);
        g.length[a] = length[a];
    }
    graph_fill(to, net, &g);
    for (size_t i = 0; i < d->ins; i++) {
        must(srnn_net_node(net, d->in[i].node, &n));
        if (d->real[i])
            pick(net, &d->g, n.axis, b, d->real[i],
                 n.features * sizeof(srnn_real), to->real[i]);
        else
            pick(net, &d->g, n.axis, b, d->token[i], sizeof(int32_t),
                 to->token[i]);
    }
}

/* ---- runs ---------------------------------------------------------------- */

srnn_trainer *graph_trainer(srnn_net *net, const graph *g, size_t threads)
{
    srnn_trainer_config c = srnn_trainer_default();
    srnn_trainer *t;

    c.batch = g->batch;
    c.steps = g->steps;
    memcpy(c.axis_steps, g->axis_steps, sizeof c.axis_steps);
    c.threads = threads;
    c.input_gradients = 1;
    must(srnn_trainer_open(&t, net, &c));
    return t;
}

srnn_session *graph_session(srnn_net *net, const graph *g, size_t threads)
{
    srnn_session_config c = srnn_session_default();
    srnn_session *s;

    c.batch = g->batch;
    c.steps = g->steps;
    memcpy(c.axis_steps, g->axis_steps, sizeof c.axis_steps);
    c.threads = threads;
    must(srnn_session_open(&s, net, &c));
    return s;
}

void graph_axes(srnn_session *s, srnn_trainer *t, const graph_data *d)
{
    const graph *g = &d->g;

    must(t ? srnn_trainer_lengths(t, g->length[SRNN_TIME])
           : srnn_session_lengths(s, g->length[SRNN_TIME]));
    for (srnn_axis a = SRNN_TIME + 1; (size_t)a < srnn_net_axes(d->net); a++) {
        const size_t n =
            g->length[a] ? graph_sequences(d->net, g, a) : 0;

        must(t ? srnn_trainer_axis(t, a, g->axis_steps[a], g->length[a], n)
               : srnn_session_axis(s, a, g->axis_steps[a], g->length[a], n));
    }
}

void graph_set_states(srnn_session *s, srnn_trainer *t, const graph_data *d)
{
    const size_t states = t ? srnn_trainer_states(t) : srnn_session_states(s);
    const srnn_real *from = d->state;
    srnn_tensor x;

    if (t)
        srnn_trainer_reset(t);
    else
        srnn_session_reset(s);
    for (size_t i = 0; i < states; i++, from += x.count) {
        must(t ? srnn_trainer_state(t, i, &x) : srnn_session_state(s, i, &x));
        if (!strstr(x.name, ".step_l")) /* counts are no reals of any kind */
            memcpy(x.data, from, x.count * sizeof *from);
    }
}

double graph_loss(srnn_trainer *t, const graph_data *d)
{
    double loss;

    graph_axes(NULL, t, d);
    graph_set_states(NULL, t, d);
    must(srnn_trainer_loss(t, d->g.steps, d->in, d->ins, &loss, NULL));
    return loss;
}

double graph_backward(srnn_trainer *t, const graph_data *d)
{
    double loss;

    graph_axes(NULL, t, d);
    graph_set_states(NULL, t, d);
    must(srnn_trainer_backward(t, d->g.steps, d->in, d->ins, &loss));
    return loss;
}
