/* The oracle's forward pass: each cell as net.h writes it. */
#include "net_oracle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory and parameters ----------------------------------------------- */

void *net_oracle_take(net_oracle *o, size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);

    if (!p || o->count == sizeof o->owned / sizeof *o->owned) {
        printf("FAILED: oracle: no memory for %zu x %zu\n", n, size);
        exit(1);
    }
    o->owned[o->count++] = p;
    return p;
}

void net_oracle_free(net_oracle *o)
{
    while (o->count)
        free(o->owned[--o->count]);
}

static est *ests(net_oracle *o, size_t n)
{
    return net_oracle_take(o, n, sizeof(est));
}

static const float *param(const srnn_net *net, const char *name)
{
    srnn_tensor p;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &p));
        if (!strcmp(p.name, name))
            return p.data;
    }
    printf("FAILED: no parameter '%s'\n", name);
    exit(1);
}

static const float *layer_param(const srnn_net *net, const char *what,
                                size_t l)
{
    char name[80];

    snprintf(name, sizeof name, "rnn.%s_l%zu", what, l);
    return param(net, name);
}

/* ---- chains -------------------------------------------------------------- */

/* The rounding of a chain of k terms whose sizes add up to `size`; one more U
 * where products and sums are rounded apart (the scalar rung). */
static est chain_end(double sum, double size, double brought, size_t k)
{
    const est r = {sum, brought + ((double)k + (oracle.fused ? 1 : 2)) * U *
                                      (1 + 0x1p-16) * size + 0x1p-149};

    return r;
}

est est_chain(est start, size_t k, const est *a, size_t astep, const est *b,
              size_t bstep)
{
    double sum = start.v, size = fabs(start.v) + start.e, brought = start.e;

    for (size_t i = 0; i < k; i++) {
        const est x = a[i * astep], y = b[i * bstep];
        const double ax = fabs(x.v), ay = fabs(y.v);

        sum += x.v * y.v;
        size += (ax + x.e) * (ay + y.e);
        brought += ax * y.e + ay * x.e + x.e * y.e;
    }
    return chain_end(sum, size, brought, k);
}

/* The same of exact weights. */
static est weight_chain(float start, size_t k, const float *w, const est *x)
{
    double sum = start, size = fabs(sum), brought = 0;

    for (size_t i = 0; i < k; i++) {
        const double a = fabs((double)w[i]);

        sum += w[i] * x[i].v;
        size += a * (fabs(x[i].v) + x[i].e);
        brought += a * x[i].e;
    }
    return chain_end(sum, size, brought, k);
}

/* ---- the cells ----------------------------------------------------------- */

/* One row of one step: everything that unit u's formula reads. */
typedef struct row_step {
    const oracle_layer *l;
    size_t h; /* hidden */
    const est *x, *h_prev, *c_prev;
    unit_state *unit; /* of unit 0 */
    est *h_out, *c_out, *pre;
    flaw f;
    int z_takes_new;
} row_step;

static size_t flawed_gate(const row_step *s, size_t g)
{
    return s->f == FLAW_GATES && g < 2 ? 1 - g : g;
}

/* W x + b of gate g, unit u. */
static est input_part(const row_step *s, size_t g, size_t u)
{
    const size_t m = flawed_gate(s, g) * s->h + u;

    return weight_chain(s->l->b[m], s->l->in, s->l->w + m * s->l->in, s->x);
}

/* R h + d, or R (r h) + d. */
static est recurrent_part(const row_step *s, size_t g, size_t u, const est *h)
{
    const size_t m = flawed_gate(s, g) * s->h + u;
    est p = weight_chain(g < s->l->biases ? s->l->d[m] : 0, s->h,
                         s->l->r + m * s->h, h);

    if (s->f == FLAW_SIGN)
        p.v = -p.v;
    return p;
}

static est whole(const row_step *s, size_t g, size_t u)
{
    return e_add(input_part(s, g, u), recurrent_part(s, g, u, s->h_prev));
}

static void rnn(const row_step *s, size_t u, int relu)
{
    s->pre[u] = whole(s, 0, u);
    s->h_out[u] = s->unit[u].variant ? unit_phi(&s->unit[u], 0, 1, s->pre[u])
                  : relu             ? e_relu(s->pre[u])
                                     : e_tanh(s->pre[u]);
    s->unit[u].gate[0] = s->h_out[u];
}

/* c' = f c + i g, h' = o tanh(c') */
static void lstm(const row_step *s, size_t u)
{
    const est i = e_sigmoid(whole(s, 0, u)), f = e_sigmoid(whole(s, 1, u));
    const est g = e_tanh(whole(s, 2, u)), o = e_sigmoid(whole(s, 3, u));

    s->c_out[u] = e_fma(f, s->c_prev[u], e_mul(i, g));
    s->h_out[u] = e_mul(o, e_tanh(s->c_out[u]));
    s->unit[u].gate[0] = i;
    s->unit[u].gate[1] = f;
    s->unit[u].gate[2] = g;
    s->unit[u].gate[3] = o;
}

/* h' = z a + (1 - z) b, which the vector rungs form as z (a - b) + b and the
 * scalar one as it stands: the value of the first, the bound of each. */
static est mix(est z, est a, est b)
{
    if (oracle.fused)
        return e_fma(z, e_sub(a, b), b);
    return e_add(e_mul(z, a), e_mul(e_sub(exact(1), z), b));
}

static void gru_end(const row_step *s, size_t u, est r, est z, est n, est q)
{
    s->h_out[u] = s->z_takes_new ? mix(z, n, s->h_prev[u])
                                 : mix(z, s->h_prev[u], n);
    s->unit[u].gate[0] = r;
    s->unit[u].gate[1] = z;
    s->unit[u].gate[2] = n;
    s->unit[u].gate[3] = q;
}

/* Gate g of a GRU: sigma and tanh, or the variant's. */
static est gru_gate(const row_step *s, size_t g, size_t u, est p)
{
    if (s->unit[u].variant)
        return unit_phi(&s->unit[u], g == 2, 4 + (int)g, p);
    return g == 2 ? e_tanh(p) : e_sigmoid(p);
}

/* n = tanh(W_n x + b_n + r (R_n h + d_n)) */
static void gru(const row_step *s, size_t u)
{
    const est r = gru_gate(s, 0, u, whole(s, 0, u));
    const est z = gru_gate(s, 1, u, whole(s, 1, u));
    const est q = recurrent_part(s, 2, u, s->h_prev);

    gru_end(s, u, r, z,
            gru_gate(s, 2, u, e_fma(r, q, input_part(s, 2, u))), q);
}

/* n = tanh(W_n x + b_n + R_n (r h) + d_n) */
static void gru_before(const row_step *s)
{
    est rh[256], r[256];
    size_t u;

    for (u = 0; u < s->h; u++) {
        r[u] = gru_gate(s, 0, u, whole(s, 0, u));
        rh[u] = e_mul(r[u], s->h_prev[u]);
    }
    for (u = 0; u < s->h; u++)
        gru_end(s, u, r[u], gru_gate(s, 1, u, whole(s, 1, u)),
                gru_gate(s, 2, u,
                         e_add(input_part(s, 2, u),
                               recurrent_part(s, 2, u, rh))),
                rh[u]);
}

static void row(const row_step *s, srnn_cell_kind cell)
{
    if (cell == SRNN_GRU_BEFORE) {
        gru_before(s);
        return;
    }
    for (size_t u = 0; u < s->h; u++)
        if (cell == SRNN_LSTM)
            lstm(s, u);
        else if (cell == SRNN_GRU)
            gru(s, u);
        else
            rnn(s, u, cell == SRNN_RNN_RELU);
}

static void layer_forward(net_oracle *o, oracle_layer *l, flaw f)
{
    const net_case *c = &o->d->c;
    const size_t h = c->hidden, rows = c->steps * c->batch;

    for (size_t i = 0; i < rows; i++) {
        const size_t at = i * h, now = (i + c->batch) * h;
        row_step s = {l,          h,
                      l->x + i * l->in, l->h + at, l->c + at,
                      l->unit + at, l->h + now, l->c + now, l->pre + at,
                      f,          c->z_takes_new};

        for (size_t u = 0; o->varies && u < h; u++)
            s.unit[u].variant = &o->variant;
        row(&s, c->cell);
    }
}

/* ---- the net ------------------------------------------------------------- */

/* RNNs tanh or relu, GRUs sigma and tanh where nothing else is given. */
static void set_variant(net_oracle *o)
{
    const net_case *c = &o->d->c;
    const srnn_recurrent_config r = case_config(c);
    const int rnn = c->cell < SRNN_LSTM;
    const srnn_activation_kind own[2] = {
        c->cell == SRNN_RNN_RELU ? SRNN_ACT_RELU
        : rnn                    ? SRNN_ACT_TANH
                                 : SRNN_ACT_SIGMOID,
        SRNN_ACT_TANH};

    o->varies = c->act[0] || c->act[1] || c->clip > 0;
    o->variant.clip = (float)c->clip;
    for (size_t i = 0; i < 2; i++) {
        o->variant.act[i] = r.activation[i];
        if (!c->act[i])
            o->variant.act[i].kind = own[i];
    }
}

static void set_states(net_oracle *o, size_t l, const float **from)
{
    const size_t one = o->d->c.batch * o->d->c.hidden;

    for (size_t i = 0; i < one; i++)
        o->layer[l].h[i] = exact(*(*from)++);
    for (size_t i = 0; o->d->c.cell == SRNN_LSTM && i < one; i++)
        o->layer[l].c[i] = exact(*(*from)++);
}

static void layer_open(net_oracle *o, const srnn_net *net, size_t i)
{
    const net_case *c = &o->d->c;
    const size_t all = c->steps * c->batch * c->hidden;
    const size_t one = c->batch * c->hidden;
    oracle_layer *l = &o->layer[i];

    l->in = i ? c->hidden : c->in;
    l->biases = c->one_bias ? 2 : o->gates;
    l->w = layer_param(net, "weight_ih", i);
    l->r = layer_param(net, "weight_hh", i);
    l->b = layer_param(net, "bias_ih", i);
    l->d = layer_param(net, "bias_hh", i);
    l->h = ests(o, all + one);
    l->c = ests(o, all + one);
    l->pre = ests(o, all);
    l->unit = net_oracle_take(o, all, sizeof *l->unit);
    l->x = i ? o->layer[i - 1].h + one : ests(o, c->steps * c->batch * c->in);
}

static void set_input(net_oracle *o)
{
    const net_case *c = &o->d->c;

    for (size_t i = 0; i < c->steps * c->batch * c->in; i++)
        o->layer[0].x[i] =
            exact(c->tokens ? o->embedding[(size_t)o->d->token[i / c->in] *
                                               c->in + i % c->in]
                            : o->d->x[i]);
}

void net_oracle_forward(net_oracle *o, const srnn_net *net, const net_data *d,
                        flaw f)
{
    const net_case *c = &d->c;
    const float *state = d->state;
    const est *top;

    *o = (net_oracle){.d = d};
    set_variant(o);
    o->gates = c->cell == SRNN_LSTM ? 4 : c->cell < SRNN_LSTM ? 1 : 3;
    o->embedding = c->tokens ? param(net, "in.weight") : NULL;
    o->out_w = param(net, "out.weight");
    o->out_b = param(net, "out.bias");
    for (size_t l = 0; l < c->layers; l++) {
        layer_open(o, net, l);
        set_states(o, l, &state);
        if (l == 0)
            set_input(o);
        layer_forward(o, &o->layer[l], f);
    }
    top = o->layer[c->layers - 1].h + c->batch * c->hidden;
    o->logits = ests(o, c->steps * c->batch * c->classes);
    for (size_t i = 0; i < c->steps * c->batch * c->classes; i++)
        o->logits[i] = weight_chain(
            o->out_b[i % c->classes], c->hidden,
            o->out_w + i % c->classes * c->hidden,
            top + i / c->classes * c->hidden);
}
