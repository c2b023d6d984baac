/* Normalised cells in time against a double oracle that knows only the papers'
 * formulas: outputs of sessions, and, for a trainer shows no outputs, the
 * moments of each step of batch norm in training, which the averages become
 * with a momentum of 1. */
#include "check.h"
#include "net_case.h"
#include "numbers.h"
#include "oracle_norm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { B = 4, H = 18, W = 4 * H, T = 3 };

/* ---- the oracle ---------------------------------------------------------- */

enum { OF_X, OF_H, OF_C, PARTS };

/* A layer as its parameters have it, by name. */
typedef struct cell {
    const net_case *c;
    size_t gates;
    const float *w_ih, *w_hh, *b_ih, *b_hh;
    const float *gain[PARTS], *bias[PARTS], *mean[PARTS], *var[PARTS];
    int training;
    double eps;
} cell;

typedef struct trace {
    est h[T][B][H];
    est mean[T][PARTS][W], var[T][PARTS][W];
} trace;

static const float *param(srnn_net *net, const char *what)
{
    char name[80];
    srnn_tensor p;

    snprintf(name, sizeof name, "rnn.%s_l0", what);
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &p));
        if (!strcmp(p.name, name))
            return p.data;
    }
    return NULL;
}

static cell cell_of(srnn_net *net, const net_case *c, int training)
{
    static const char *const names[PARTS] = {"ih", "hh", "c"};
    cell x = {.c = c, .training = training, .eps = (float)1e-5};
    char name[40];

    x.gates = c->cell == SRNN_LSTM ? 4 : c->cell == SRNN_GRU ? 3 : 1;
    x.w_ih = param(net, "weight_ih");
    x.w_hh = param(net, "weight_hh");
    x.b_ih = param(net, "bias_ih");
    x.b_hh = param(net, "bias_hh");
    for (size_t i = 0; i < PARTS; i++) {
        snprintf(name, sizeof name, "norm_%s_weight", names[i]);
        x.gain[i] = param(net, name);
        snprintf(name, sizeof name, "norm_%s_mean", names[i]);
        x.mean[i] = param(net, name);
        snprintf(name, sizeof name, "norm_%s_var", names[i]);
        x.var[i] = param(net, name);
    }
    x.bias[OF_X] = x.b_ih;
    x.bias[OF_H] = x.b_hh;
    x.bias[OF_C] = param(net, "norm_c_bias");
    return x;
}

/* sum of w[i] x[i], of numbers with bounds. */
static est chain(size_t n, const float *w, const est *x)
{
    double sum = 0, size = 0, e = 0;

    for (size_t i = 0; i < n; i++) {
        sum += w[i] * x[i].v;
        size += fabs((double)w[i]) * (fabs(x[i].v) + x[i].e);
        e += fabs((double)w[i]) * x[i].e;
    }
    return (est){sum, e + (double)(n + 2) * U * size};
}

static void rows(const cell *x, int part, est a[B][W])
{
    const size_t h = x->c->hidden;
    const int two = x->c->cell == SRNN_GRU;
    const size_t all = part == OF_C ? h : x->gates * h;
    const size_t cut[3] = {0, two ? 2 * h : all, all};
    est hat[W], mean, var;

    for (size_t b = 0; b < x->c->batch; b++)
        for (size_t g = 0; g < (two ? 2u : 1u); g++) {
            const size_t n = cut[g + 1] - cut[g];
            est *y = a[b] + cut[g];

            e_normalise(y, n, x->eps, 1, hat, &mean, &var);
            for (size_t j = 0; j < n; j++)
                y[j] = e_fma(exact(x->gain[part][cut[g] + j]), hat[j],
                             exact(x->bias[part][cut[g] + j]));
        }
}

static void columns(const cell *x, int part, size_t t, est a[B][W], trace *r)
{
    const size_t n = (part == OF_C ? 1 : x->gates) * x->c->hidden;
    const size_t time = t < x->c->norm_steps ? t : x->c->norm_steps - 1;
    est column[B], hat[B];

    for (size_t j = 0; j < n; j++) {
        est *mean = &r->mean[t][part][j], *var = &r->var[t][part][j];

        for (size_t b = 0; b < x->c->batch; b++)
            column[b] = a[b][j];
        if (x->training)
            e_normalise(column, x->c->batch, x->eps, 0, hat, mean, var);
        else
            e_normalise_by(column, x->c->batch, x->eps,
                           exact(x->mean[part][time * n + j]),
                           exact(x->var[part][time * n + j]), hat);
        for (size_t b = 0; b < x->c->batch; b++)
            a[b][j] = e_fma(exact(x->gain[part][j]), hat[b],
                            exact(x->bias[part][j]));
    }
}

static void normalise(const cell *x, int part, size_t t, est a[B][W], trace *r)
{
    if (x->c->norm == SRNN_NORM_LAYER)
        rows(x, part, a);
    else
        columns(x, part, t, a, r);
}

static est mix(est z, est a, est b)
{
    if (oracle.fused)
        return e_fma(z, e_sub(a, b), b);
    return e_add(e_mul(z, a), e_mul(e_sub(exact(1), z), b));
}

/* h of RNN and GRU, c of the LSTM, whose o is kept. */
static void units(const cell *x, est a[B][W], est p[B][W], est h[B][H],
                  est c[B][W], est o[B][H])
{
    const size_t n = x->c->hidden;

    for (size_t b = 0; b < x->c->batch; b++)
        for (size_t u = 0; u < n; u++) {
            est s[4], q = p[b][2 * n + u], new;

            for (size_t g = 0; g < x->gates; g++)
                s[g] = e_add(a[b][g * n + u], p[b][g * n + u]);
            switch (x->c->cell) {
            case SRNN_LSTM:
                c[b][u] = e_fma(e_sigmoid(s[1]), c[b][u],
                                e_mul(e_sigmoid(s[0]), e_tanh(s[2])));
                o[b][u] = e_sigmoid(s[3]);
                break;
            case SRNN_GRU:
                new = e_tanh(e_fma(e_sigmoid(s[0]), q, a[b][2 * n + u]));
                h[b][u] = x->c->z_takes_new
                              ? mix(e_sigmoid(s[1]), new, h[b][u])
                              : mix(e_sigmoid(s[1]), h[b][u], new);
                break;
            default:
                h[b][u] = x->c->cell == SRNN_RNN_TANH ? e_tanh(s[0])
                                                       : e_relu(s[0]);
            }
        }
}

static void run(const cell *x, const net_data *d, trace *r)
{
    const size_t n = x->c->hidden, in = x->c->in, batch = x->c->batch;
    static est a[B][W], p[B][W], c[B][W], cn[B][W], o[B][H], h[B][H], number[W];

    for (size_t b = 0; b < batch; b++)
        for (size_t u = 0; u < n; u++) {
            h[b][u] = exact(d->state[b * n + u]);
            c[b][u] = exact(d->states > 1 ? d->state[(batch + b) * n + u] : 0);
        }
    for (size_t t = 0; t < x->c->steps; t++) {
        for (size_t b = 0; b < batch; b++) {
            for (size_t i = 0; i < in; i++)
                number[i] = exact(d->x[(t * batch + b) * in + i]);
            for (size_t j = 0; j < x->gates * n; j++) {
                a[b][j] = chain(in, x->w_ih + j * in, number);
                p[b][j] = chain(n, x->w_hh + j * n, h[b]);
            }
        }
        normalise(x, OF_X, t, a, r);
        normalise(x, OF_H, t, p, r);
        units(x, a, p, h, c, o);
        memcpy(cn, c, sizeof cn);
        if (x->c->cell == SRNN_LSTM)
            normalise(x, OF_C, t, cn, r);
        for (size_t b = 0; b < batch; b++)
            for (size_t u = 0; u < n; u++) {
                if (x->c->cell == SRNN_LSTM)
                    h[b][u] = e_mul(o[b][u], e_tanh(cn[b][u]));
                r->h[t][b][u] = h[b][u];
            }
    }
}

/* ---- comparing ----------------------------------------------------------- */

/* How the oracle is made wrong, for the negative controls. */
enum { RIGHT, EPS, GAIN, TIME };

static trace *new_trace(void)
{
    return case_take(sizeof(trace));
}

static void outputs(const srnn_kernels *k, const net_case *c, int flaw,
                    worst *seen)
{
    srnn_net *net = case_net(k, c);
    srnn_session *s = case_session(net, c, c->steps, 1);
    static float y[T * B * H];
    srnn_array in[2], out = {.node = srnn_net_find(net, "rnn"), .data = y};
    trace *want = new_trace();
    net_case other = *c;
    net_data d;
    cell x;

    case_data(&d, c);
    case_inputs(&d, net, in);
    case_session_states(s, &d);
    must(srnn_session_forward(s, c->steps, in, 1, &out, 1));
    other.norm_steps = flaw == TIME ? 1 : c->norm_steps;
    x = cell_of(net, &other, 0);
    x.eps *= flaw == EPS ? 2 : 1;
    if (flaw == GAIN)
        x.gain[OF_H] = x.gain[OF_X];
    run(&x, &d, want);
    for (size_t i = 0; i < c->steps * c->batch * c->hidden; i++) {
        const size_t row = i / c->hidden, u = i % c->hidden;
        const est h = want->h[row / c->batch][row % c->batch][u];

        worst_see(seen, y[i], h.v, h.e, case_name(c), row, u);
    }
    srnn_session_close(s);
    srnn_net_close(net);
    case_free(&d);
    free(want);
}

static net_case shape(size_t i, size_t hidden)
{
    net_case c = {.layers = 1, .steps = T, .batch = B, .in = 5,
                  .hidden = hidden, .classes = 3};

    case_norm(&c, i);
    return c;
}

static void forward(const srnn_kernels *k)
{
    static const size_t hidden[] = {3, 5, 18};

    oracle_for(k);
    for (size_t i = 0; i < CASE_NORMS; i++) {
        worst seen = {0};
        net_case c;

        for (size_t n = 0; n < 3; n++) {
            c = shape(i, hidden[n]);
            outputs(k, &c, RIGHT, &seen);
        }
        worst_end(&seen, case_cell_name(&c));
    }
}

static void controls(const srnn_kernels *k)
{
    static const char *const names[] = {"", "eps doubled", "the other gain",
                                        "one step's averages"};

    oracle_for(k);
    for (int flaw = EPS; flaw <= TIME; flaw++)
        for (size_t i = 0; i < CASE_NORMS; i++) {
            const net_case c = shape(i, 5);
            worst seen = {0};

            if (flaw == TIME && c.norm != SRNN_NORM_BATCH)
                continue;
            outputs(k, &c, flaw, &seen);
            check_note("%s, %s: %.3g bounds off", case_cell_name(&c),
                       names[flaw], seen.ratio);
            CHECK(seen.ratio > 1);
        }
}

/* ---- training ------------------------------------------------------------ */

static srnn_trainer *open_trainer(srnn_net *net, const net_case *c)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_trainer *t;

    config.batch = c->batch;
    config.steps = c->steps;
    config.lr = 0;
    must(srnn_trainer_open(&t, net, &config));
    return t;
}

static srnn_net *moment_net(const srnn_kernels *k, const net_case *c,
                            double momentum)
{
    srnn_recurrent_config r = srnn_recurrent_default();
    srnn_node in, rnn, out, y;
    srnn_net *net;

    r.cell = c->cell;
    r.hidden = c->hidden;
    r.norm = SRNN_NORM_BATCH;
    r.norm_steps = c->norm_steps;
    r.norm_momentum = momentum;
    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", c->in, &in));
    must(srnn_net_recurrent(net, "rnn", in, &r, &rnn));
    must(srnn_net_linear(net, "out", rnn, c->classes, &out));
    must(srnn_net_tokens(net, "y", c->classes, &y));
    must(srnn_net_cross_entropy(net, "loss", out, y, NULL));
    case_fill_params(net);
    return net;
}

/* The average was a: a + ((m - a) - 0) is m but for two roundings of what is at
 * most |m| + |a|, and the fma's. */
static est moved(est m, double a)
{
    return (est){m.v, m.e + 3 * U * (1 + 0x1p-16) *
                          (fabs(m.v) + m.e + fabs(a))};
}

/* What each moment's average is: keeps it, or compares it with the oracle's. */
static void see_moments(const cell *x, trace *before, const trace *want,
                        worst *seen, worst *unbiased)
{
    for (size_t p = 0; p < PARTS; p++) {
        const size_t n = (p == OF_C ? 1 : x->gates) * x->c->hidden;

        for (size_t i = 0; x->mean[p] && i < x->c->steps * n; i++) {
            const size_t t = i / n, u = i % n;
            est *mean = &before->mean[t][p][u], *var = &before->var[t][p][u];
            est m, v;

            if (!want) {
                *mean = exact(x->mean[p][i]);
                *var = exact(x->var[p][i]);
                continue;
            }
            m = moved(want->mean[t][p][u], mean->v);
            v = moved(want->var[t][p][u], var->v);
            worst_see(seen, x->mean[p][i], m.v, m.e, "mean", t, u);
            worst_see(seen, x->var[p][i], v.v, v.e, "var", t, u);
            v.v *= (double)B / (B - 1);
            worst_see(unbiased, x->var[p][i], v.v, v.e, "unbiased", t, u);
        }
    }
}

static void moments_of(const srnn_kernels *k, const net_case *c)
{
    srnn_net *net = moment_net(k, c, 1);
    srnn_trainer *t = open_trainer(net, c);
    const cell x = cell_of(net, c, 1);
    trace *want = new_trace(), *before = new_trace();
    worst seen = {0}, control = {0};
    srnn_array in[2];
    net_data d;

    case_data(&d, c);
    case_inputs(&d, net, in);
    case_trainer_states(t, &d);
    run(&x, &d, want);
    see_moments(&x, before, NULL, NULL, NULL);
    must(srnn_trainer_update(t, c->steps, in, 2, NULL));
    see_moments(&x, before, want, &seen, &control);
    worst_end(&seen, case_cell_name(c));
    CHECK(control.ratio > 1);
    srnn_trainer_close(t);
    srnn_net_close(net);
    case_free(&d);
    free(want);
    free(before);
}

static void moments(const srnn_kernels *k)
{
    static const srnn_cell_kind cells[] = {SRNN_RNN_TANH, SRNN_LSTM};

    oracle_for(k);
    for (size_t i = 0; i < 2; i++) {
        net_case c = shape(5, 5);

        c.cell = cells[i];
        c.norm_steps = T;
        moments_of(k, &c);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"norm/controls", controls, NULL},
        {"norm/forward", forward, NULL},
        {"norm/moments", moments, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
