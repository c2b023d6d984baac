/* The encoder-decoder that the tests of attention share. */
#include "attend_case.h"

#include "net_case.h"
#include "numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *attend_name(const attend_case *c)
{
    static const char *const scores[] = {"dot", "general", "additive"};
    static const char *const forms[] = {"plain", "values", "twice", "self"};
    static char name[80];

    snprintf(name, sizeof name, "%s/%s/S%zuT%zuB%zu", scores[c->score],
             forms[c->form], c->source, c->steps, c->batch);
    return name;
}

/* ---- the net ------------------------------------------------------------- */

static srnn_node add_cell(srnn_net *net, const char *name, srnn_node x,
                          size_t hidden)
{
    srnn_recurrent_config r = srnn_recurrent_default();
    srnn_node id;

    r.cell = SRNN_GRU;
    r.hidden = hidden;
    must(srnn_net_recurrent(net, name, x, &r, &id));
    return id;
}

static srnn_node add_attention(srnn_net *net, const attend_case *c,
                               const char *name, srnn_node q, srnn_node k,
                               srnn_node v)
{
    srnn_attention_config a = srnn_attention_default();
    srnn_node id;

    a.score = c->score;
    a.width = c->width;
    a.scale = 2.5;
    must(srnn_net_attention(net, name, q, k, v, &a, &id));
    return id;
}

static srnn_node add_form(srnn_net *net, const attend_case *c, srnn_node dec,
                          srnn_node enc)
{
    srnn_node val = enc, att;

    if (c->form == ATTEND_SELF)
        return add_attention(net, c, "att", dec, dec, dec);
    if (c->form == ATTEND_VALUES)
        must(srnn_net_linear(net, "val", enc, c->in, &val));
    att = add_attention(net, c, "att", dec, enc, val);
    if (c->form == ATTEND_TWICE)
        att = add_attention(net, c, "att2", att, enc, enc);
    return att;
}

/* The same for every net of a case, and larger than elsewhere: scores that
 * hardly differ would leave gradients of queries so small that nothing could be
 * told from them. */
static void fill_params(srnn_net *net)
{
    srnn_tensor p;

    data_seed(2015);
    case_fill_params(net);
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &p));
        for (size_t j = 0; j < p.count; j++)
            p.data[j] *= 3;
    }
    must(srnn_net_pack(net));
}

srnn_net *attend_net(const srnn_kernels *k, const attend_case *c)
{
    const int square = c->score == SRNN_SCORE_DOT;
    srnn_node source = -1, x, y, enc = -1, dec, att, out;
    srnn_axis axis;
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_axis(net, "source", SRNN_BATCH, &axis));
    must(srnn_net_input_on(net, axis, "source", c->in, &source));
    must(srnn_net_input(net, "x", c->in, &x));
    must(srnn_net_tokens(net, "y", c->classes, &y));
    if (c->form != ATTEND_SELF)
        enc = add_cell(net, "enc", source, c->hidden);
    dec = add_cell(net, "dec", x, c->hidden + (square ? 0 : 1));
    att = add_form(net, c, dec, enc);
    must(srnn_net_attention_weights(net, "weights", srnn_net_find(net, "att"),
                                    c->source + 1, NULL));
    must(srnn_net_linear(net, "out", att, c->classes, &out));
    must(srnn_net_cross_entropy(net, "loss", out, y, NULL));
    fill_params(net);
    return net;
}

/* ---- data ---------------------------------------------------------------- */

static srnn_real *values(size_t n)
{
    srnn_real *x = case_take(n * sizeof *x);

    for (size_t i = 0; i < n; i++)
        x[i] = (srnn_real)data_real();
    return x;
}

void attend_fill(attend_data *d, const attend_case *c)
{
    const size_t rows = c->steps * c->batch;

    d->c = *c;
    d->source = values(c->source * c->batch * c->in);
    d->x = values(rows * c->in);
    d->states = c->batch * (c->hidden + (c->score != SRNN_SCORE_DOT));
    d->state = values(d->states);
    d->target = case_take(rows * sizeof *d->target);
    for (size_t i = 0; i < rows; i++)
        d->target[i] = (int32_t)data_below(c->classes);
}

void attend_free(attend_data *d)
{
    free(d->source);
    free(d->x);
    free(d->state);
    free(d->target);
}

static void copy_steps(const srnn_real *from, srnn_real *to, size_t steps,
                       size_t batch, size_t n, size_t b)
{
    for (size_t t = 0; t < steps; t++)
        memcpy(to + t * n, from + (t * batch + b) * n, n * sizeof *to);
}

void attend_one(attend_data *one, const attend_data *d, size_t b,
                size_t lengths[2])
{
    const size_t batch = d->c.batch, wide = d->states / batch;
    attend_case c = d->c;

    lengths[0] = c.source_length ? c.source_length[b] : c.source;
    lengths[1] = c.length ? c.length[b] : c.steps;
    c.batch = 1;
    c.source_length = &lengths[0];
    c.length = &lengths[1];
    attend_fill(one, &c);
    copy_steps(d->source, one->source, c.source, batch, c.in, b);
    copy_steps(d->x, one->x, c.steps, batch, c.in, b);
    memcpy(one->state, d->state + b * wide, wide * sizeof *one->state);
    for (size_t t = 0; t < c.steps; t++)
        one->target[t] = d->target[t * batch + b];
}

void attend_inputs(const attend_data *d, const srnn_net *net, size_t t0,
                   srnn_array in[3])
{
    const size_t row = t0 * d->c.batch;

    in[0] = (srnn_array){.node = srnn_net_find(net, "source"),
                         .data = d->source};
    in[1] = (srnn_array){.node = srnn_net_find(net, "x"),
                         .data = d->x + row * d->c.in};
    in[2] = (srnn_array){.node = srnn_net_find(net, "y"),
                         .tokens = d->target + row};
}

size_t attend_axis(const srnn_net *net)
{
    return (size_t)srnn_net_find_axis(net, "source");
}

srnn_trainer *attend_trainer(srnn_net *net, const attend_case *c,
                             size_t threads)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_trainer *t;

    config.batch = c->batch;
    config.steps = c->steps;
    config.axis_steps[attend_axis(net)] = c->source;
    config.threads = threads;
    config.input_gradients = 1;
    must(srnn_trainer_open(&t, net, &config));
    return t;
}

srnn_session *attend_session(srnn_net *net, const attend_case *c, size_t steps,
                             size_t threads)
{
    srnn_session_config config = srnn_session_default();
    srnn_session *s;

    config.batch = c->batch;
    config.steps = steps;
    config.axis_steps[attend_axis(net)] = c->source;
    config.threads = threads;
    must(srnn_session_open(&s, net, &config));
    return s;
}

void attend_ready(srnn_trainer *t, const attend_data *d)
{
    const srnn_net *net = srnn_trainer_net(t);
    const attend_case *c = &d->c;
    srnn_tensor state;

    must(srnn_trainer_state(t, 0, &state));
    memcpy(state.data, d->state, d->states * sizeof *d->state);
    must(srnn_trainer_lengths(t, c->length));
    must(srnn_trainer_axis(t, (srnn_axis)attend_axis(net), c->source,
                           c->source_length,
                           c->source_length ? c->batch : 0));
}
