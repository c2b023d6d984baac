/* The oracle's backward pass: back through time by the chain rule. */
#include "net_oracle.h"

#include <math.h>

static est *ests(net_oracle *o, size_t n)
{
    return net_oracle_take(o, n, sizeof(est));
}

/* Numbers without an error, as est_chain wants them. */
static est *exacts(net_oracle *o, const float *x, size_t n)
{
    est *e = ests(o, n);

    for (size_t i = 0; i < n; i++)
        e[i] = exact(x[i]);
    return e;
}

/* The sum of k values, each addition rounded. */
static est est_sum(size_t k, const est *a, size_t step)
{
    static const est one = {1, 0};

    return est_chain(exact(0), k, a, step, &one, 0);
}

/* ---- the loss ------------------------------------------------------------ */

static double row_max(const est *x, size_t n, double *error)
{
    double most = x[0].v;

    *error = x[0].e;
    for (size_t j = 1; j < n; j++) {
        most = fmax(most, x[j].v);
        *error = fmax(*error, x[j].e);
    }
    return most;
}

/* dx = scale (softmax - one-hot), loss = log sum - (x_t - max). */
static est row_loss(const net_oracle *o, size_t row, double scale)
{
    const size_t n = o->d->c.classes;
    const int32_t target = o->d->target[row];
    const est *x = o->logits + row * n;
    est *dx = o->dlogits + row * n, most, sum;

    if (target < 0)
        return exact(0);
    most.v = row_max(x, n, &most.e);
    for (size_t j = 0; j < n; j++)
        dx[j] = e_exp(e_sub(x[j], most));
    sum = est_sum(n, dx, 1);
    for (size_t j = 0; j < n; j++) {
        dx[j] = e_div(dx[j], sum);
        if (j == (size_t)target)
            dx[j] = e_sub(dx[j], exact(1));
        dx[j] = e_mul(exact(scale), dx[j]);
    }
    return e_sub(e_log(sum), e_sub(x[target], most));
}

static void loss_backward(net_oracle *o)
{
    const size_t rows = o->d->c.steps * o->d->c.batch;
    size_t count = 0;
    float scale;

    for (size_t i = 0; i < rows; i++)
        count += o->d->target[i] >= 0;
    scale = 1 / (float)count;
    o->dlogits = ests(o, rows * o->d->c.classes);
    for (size_t i = 0; i < rows; i++) {
        const est one = row_loss(o, i, scale);

        o->loss.v += one.v / (double)count;
        o->loss.e += one.e / (double)count;
    }
}

/* ---- linear and embedding ------------------------------------------------ */

/* dw[m][i] = sum over rows of dy[row][m] x[row][i]; db likewise. */
static void weights_backward(size_t rows, size_t m, size_t n, const est *dy,
                             size_t lddy, const est *x, size_t ldx, est *dw,
                             est *db)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++)
            dw[i * n + j] =
                est_chain(exact(0), rows, dy + i, lddy, x + j, ldx);
        db[i] = est_sum(rows, dy + i, lddy);
    }
}

static void linear_backward(net_oracle *o)
{
    const net_case *c = &o->d->c;
    const size_t rows = c->steps * c->batch, h = c->hidden, n = c->classes;
    oracle_layer *top = &o->layer[c->layers - 1];
    const est *w = exacts(o, o->out_w, n * h);

    o->d_out_w = ests(o, n * h);
    o->d_out_b = ests(o, n);
    weights_backward(rows, n, h, o->dlogits, n, top->h + c->batch * h, h,
                     o->d_out_w, o->d_out_b);
    top->dy = ests(o, rows * h);
    for (size_t i = 0; i < rows * h; i++)
        top->dy[i] = est_chain(exact(0), n, w + i % h, h,
                               o->dlogits + i / h * n, 1);
}

static void embedding_backward(net_oracle *o)
{
    const net_case *c = &o->d->c;
    const est *dx = o->layer[0].dx;

    o->d_embedding = ests(o, c->classes * c->in);
    for (size_t r = 0; r < c->steps * c->batch; r++)
        for (size_t i = 0; i < c->in; i++) {
            est *to = o->d_embedding + (size_t)o->d->token[r] * c->in + i;

            *to = e_add(*to, dx[r * c->in + i]);
        }
}

/* ---- one layer ----------------------------------------------------------- */

/* The gradients of the pre-activations of a layer as the recurrent weights
 * see them (gru: that of n times r), and of what the input weights see. */
typedef struct gradients {
    est *in, *rec; /* [T][B][gates][H] */
} gradients;

static void relu_kink(const oracle_layer *l, size_t at, est d, est *dg)
{
    if (fabs(l->pre[at].v) <= l->pre[at].e)
        dg->e = fabs(d.v) + d.e;
}

static int bwd_tile(const net_oracle *o)
{
    static const int plain[] = {SRNN_TILE_RNN_TANH_BWD, SRNN_TILE_RNN_RELU_BWD,
                                SRNN_TILE_LSTM_BWD, SRNN_TILE_GRU_AFTER_BWD,
                                SRNN_TILE_GRU_BEFORE_N_BWD};
    static const int any[] = {SRNN_TILE_RNN_ANY_BWD, SRNN_TILE_RNN_ANY_BWD,
                              0, SRNN_TILE_GRU_AFTER_ANY_BWD,
                              SRNN_TILE_GRU_BEFORE_N_ANY_BWD};

    return (o->varies ? any : plain)[o->d->c.cell];
}

/* Unit `at` of the whole layer; the gradient of h from later steps in p[0],
 * that of c in dc. */
static void unit_backward(const net_oracle *o, const oracle_layer *l,
                          size_t at, size_t state, est p, est dc)
{
    unit_state *s = &l->unit[at];
    const est dy = l->dy[at];

    s->p[0] = p;
    s->dy = dy;
    s->has_dy = 1;
    s->dc = dc;
    s->h_prev = l->h[at];
    s->c_prev = l->c[at];
    s->c = l->c[at + state];
    s->z_takes_new = o->d->c.z_takes_new;
    oracle_unit(bwd_tile(o), s);
    if (o->d->c.cell == SRNN_RNN_RELU && !o->varies)
        relu_kink(l, at, e_add(dy, p), &s->gate[0]);
}

/* Which slot of the unit holds the gradient of gate g, as W and as R see it. */
static size_t recurrent_slot(srnn_cell_kind cell, size_t g)
{
    return cell == SRNN_GRU && g == 2 ? 3 : g;
}

static void keep_gradients(const net_oracle *o, const oracle_layer *l,
                           size_t row, const gradients *g)
{
    const size_t h = o->d->c.hidden;

    for (size_t k = 0; k < o->gates; k++)
        for (size_t u = 0; u < h; u++) {
            const unit_state *s = &l->unit[row * h + u];
            const size_t to = (row * o->gates + k) * h + u;

            g->in[to] = s->gate[k];
            g->rec[to] = s->gate[recurrent_slot(o->d->c.cell, k)];
        }
}

/* gru_before, between its two products: the gradient of r h_prev. */
static void before_backward(const net_oracle *o, oracle_layer *l, size_t row,
                            const est *r)
{
    const size_t h = o->d->c.hidden;
    unit_state *s = &l->unit[row * h];
    est dn[256];

    for (size_t u = 0; u < h; u++)
        dn[u] = s[u].gate[2];
    for (size_t u = 0; u < h; u++) {
        s[u].p[0] = est_chain(exact(0), h, r + 2 * h * h + u, h, dn, 1);
        oracle_unit(SRNN_TILE_GRU_BEFORE_RZ_BWD, &s[u]);
    }
}

/* The gradient of h of a row from the gates of the step after: the direct
 * part, then the product; gru_before's n goes through r h instead. */
static est from_later(const net_oracle *o, size_t u, est direct, const est *r,
                      const est *gates)
{
    const size_t h = o->d->c.hidden;
    const size_t n = o->d->c.cell == SRNN_GRU_BEFORE ? 2 : o->gates;

    return est_chain(direct, n * h, r + u, h, gates, 1);
}

static void row_backward(const net_oracle *o, oracle_layer *l, size_t row,
                         const est *r, const gradients *g)
{
    const size_t h = o->d->c.hidden, batch = o->d->c.batch;
    const size_t last = (o->d->c.steps - 1) * batch, b = row % batch;

    for (size_t u = 0; u < h; u++) {
        est *dh = &l->dh[b * h + u], *dc = &l->dc[b * h + u], p = exact(0);

        if (row < last)
            p = from_later(o, u, *dh, r, g->rec + (row + batch) * o->gates * h);
        unit_backward(o, l, row * h + u, batch * h, p, *dc);
    }
    if (o->d->c.cell == SRNN_GRU_BEFORE)
        before_backward(o, l, row, r);
    for (size_t u = 0; u < h; u++) {
        const unit_state *s = &l->unit[row * h + u];

        l->dh[b * h + u] = o->gates == 3 ? s->dh : exact(0);
        l->dc[b * h + u] = s->dc;
    }
    keep_gradients(o, l, row, g);
}

/* r h_prev stays in slot 3: what gru_before's R_n multiplies. */
static void recurrent_weights(net_oracle *o, oracle_layer *l,
                              const gradients *g)
{
    const size_t h = o->d->c.hidden, rows = o->d->c.steps * o->d->c.batch;
    const size_t ld = o->gates * h;
    est *rh = ests(o, rows * h);

    weights_backward(rows, o->gates * h, h, g->rec, ld, l->h, h, l->dr, l->dd);
    if (o->d->c.cell != SRNN_GRU_BEFORE)
        return;
    for (size_t i = 0; i < rows * h; i++)
        rh[i] = l->unit[i].gate[3];
    weights_backward(rows, h, h, g->rec + 2 * h, ld, rh, h,
                     l->dr + 2 * h * h, l->dd + 2 * h);
}

static void layer_backward(net_oracle *o, oracle_layer *l)
{
    const net_case *c = &o->d->c;
    const size_t h = c->hidden, rows = c->steps * c->batch;
    const size_t m = o->gates * h;
    const gradients g = {ests(o, rows * m), ests(o, rows * m)};
    const est *r = exacts(o, l->r, m * h), *w = exacts(o, l->w, m * l->in);

    l->dh = ests(o, c->batch * h);
    l->dc = ests(o, c->batch * h);
    l->dw = ests(o, m * l->in);
    l->dr = ests(o, m * h);
    l->db = ests(o, m);
    l->dd = ests(o, m);
    for (size_t row = rows; row-- > 0;)
        row_backward(o, l, row, r, &g);
    for (size_t b = 0; b < c->batch; b++)
        for (size_t u = 0; u < h; u++)
            l->dh[b * h + u] = from_later(o, u, l->dh[b * h + u], r,
                                          g.rec + b * m);
    weights_backward(rows, m, l->in, g.in, m, l->x, l->in, l->dw, l->db);
    recurrent_weights(o, l, &g);
    l->dx = ests(o, rows * l->in);
    for (size_t i = 0; i < rows * l->in; i++)
        l->dx[i] = est_chain(exact(0), m, w + i % l->in, l->in,
                             g.in + i / l->in * m, 1);
}

void net_oracle_backward(net_oracle *o)
{
    loss_backward(o);
    linear_backward(o);
    for (size_t l = o->d->c.layers; l-- > 0;) {
        layer_backward(o, &o->layer[l]);
        if (l)
            o->layer[l - 1].dy = o->layer[l].dx;
    }
    if (o->d->c.tokens)
        embedding_backward(o);
}
