/* Running a case in many ways and keeping what comes out. */
#include "record.h"

#include "numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- shapes -------------------------------------------------------------- */

int record_shape(size_t i, net_case *c)
{
    static const size_t hidden[] = {1, 5, 8, 17, 7, 15, 16, 33, 48, 65, 130};
    static const size_t ins[] = {3, 16, 5, 33, 2, 8, 17, 65};
    static const size_t batches[] = {2, 3, 7, 4, 1, 6, 13};
    const size_t n = i / CASE_CELLS;
    const uint32_t r = (uint32_t)(i + 1) * 2654435761u;

    if (n >= COUNT(hidden))
        return 0;
    *c = (net_case){.layers = 1 + (r >> 8) % 2,
                    .steps = n == 3 ? 47 : 2 + (r >> 10) % 5,
                    .batch = batches[(r >> 13) % COUNT(batches)],
                    .in = ins[(r >> 17) % COUNT(ins)],
                    .hidden = hidden[n],
                    .classes = 2 + (r >> 22) % 19,
                    .tokens = (r >> 28) % 4 == 0};
    case_cell(c, i % CASE_CELLS);
    return 1;
}

int record_norm_shape(size_t i, net_case *c)
{
    static const size_t hidden[] = {5, 17, 1, 33};
    static const size_t ins[] = {3, 16, 5, 33};
    static const size_t batches[] = {2, 3, 7, 4};
    const size_t n = i / CASE_NORMS;
    const uint32_t r = (uint32_t)(i + 1) * 2654435761u;

    if (n >= COUNT(hidden))
        return 0;
    *c = (net_case){.layers = 1 + (r >> 8) % 2,
                    .steps = 2 + (r >> 10) % 5,
                    .batch = batches[(r >> 13) % COUNT(batches)],
                    .in = ins[(r >> 17) % COUNT(ins)],
                    .hidden = hidden[n],
                    .classes = 2 + (r >> 22) % 19};
    case_norm(c, i % CASE_NORMS);
    return 1;
}

int record_variant(size_t i, net_case *c)
{
    size_t r;

    if (i / 2 >= CASE_VARIANTS)
        return 0;
    *c = (net_case){0};
    case_variant(c, i / 2);
    r = record_seed(c) >> i % 2;
    c->layers = 1 + r % 2;
    c->steps = i % 2 ? 4 : 21;
    c->batch = 1 + (r >> 1) % 7;
    c->in = 3 + (r >> 4) % 20;
    c->hidden = i % 2 ? 33 + (r >> 8) % 40 : 5 + (r >> 8) % 14;
    c->classes = 2 + (r >> 14) % 9;
    return 1;
}

size_t record_seed(const net_case *c)
{
    uint32_t h = 0;

    for (const char *s = case_name(c); *s; s++)
        h = h * 31 + (unsigned char)*s;
    return h >> 2;
}

int record_lstm(size_t i, net_case *c)
{
    static const size_t hidden[] = {5, 17, 1, 8, 33, 16};
    static const size_t batches[] = {2, 3, 7, 1, 4};

    *c = (net_case){.layers = 1 + i % 2,
                    .steps = 2 + i % 4,
                    .batch = batches[i % COUNT(batches)],
                    .in = 3 + i % 7,
                    .hidden = hidden[i % COUNT(hidden)],
                    .classes = 2 + i % 5,
                    .tokens = i % 8 == 7};
    return case_lstm(c, i);
}

/* ---- the net and its arrays ---------------------------------------------- */

static void swap(float *a, float *b)
{
    const float t = *a;

    *a = *b;
    *b = t;
}

/* The first matrix over the inputs: its columns 0 and 1 change places. */
static void swap_columns(srnn_net *net, const char *name)
{
    srnn_tensor w;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &w));
        for (size_t r = 0; !strcmp(w.name, name) && r < w.shape[0]; r++)
            swap(w.data + r * w.shape[1], w.data + r * w.shape[1] + 1);
    }
    must(srnn_net_pack(net));
}

static srnn_net *open_net(const srnn_kernels *k, const net_data *d,
                          const how *w)
{
    srnn_net *net;

    data_seed(w->seed);
    net = case_net(k, &d->c);
    if (w->swap_inputs)
        swap_columns(net, "rnn.weight_ih_l0");
    return net;
}

/* Rows of n, [T][B] densely or with gaps. */
typedef struct rows {
    float *x;
    int32_t *token;
    size_t row, step;
} rows;

static rows rows_open(const net_case *c, size_t n, int strided)
{
    const size_t gap = strided ? n + 3 : n, steps = c->steps + 1;
    const size_t size = (gap + 7) * steps * (c->batch + 1);
    rows r = {.row = strided == 1 ? gap * steps : gap,
              .step = strided == 1   ? gap
                      : strided == 2 ? gap * c->batch + 7
                                     : gap * c->batch};

    r.x = case_take(size * sizeof *r.x);
    r.token = case_take(size * sizeof *r.token);
    return r;
}

static void rows_close(rows *r)
{
    free(r->x);
    free(r->token);
}

static void rows_reals(rows *r, const net_case *c, size_t n, const float *from,
                       int swapped)
{
    for (size_t i = 0; i < c->steps * c->batch; i++) {
        float *to = r->x + i / c->batch * r->step + i % c->batch * r->row;

        memcpy(to, from + i * n, n * sizeof *to);
        if (swapped)
            swap(to, to + 1);
    }
}

static void rows_tokens(rows *r, const net_case *c, const int32_t *from)
{
    for (size_t i = 0; i < c->steps * c->batch; i++)
        r->token[i / c->batch * r->step + i % c->batch * r->row] = from[i];
}

/* The caller's arrays of a pass. */
typedef struct arrays {
    rows x, y;
    srnn_array in[2];
} arrays;

static arrays arrays_open(const srnn_net *net, const net_data *d, const how *w)
{
    const size_t n = d->c.tokens ? 1 : d->c.in;
    arrays a = {.x = rows_open(&d->c, n, w->strided),
                .y = rows_open(&d->c, 1, w->strided)};

    if (d->c.tokens)
        rows_tokens(&a.x, &d->c, d->token);
    else
        rows_reals(&a.x, &d->c, n, d->x, w->swap_inputs);
    rows_tokens(&a.y, &d->c, d->target);
    a.in[0] = (srnn_array){srnn_net_find(net, "x"), a.x.x, a.x.token,
                           a.x.row, a.x.step};
    a.in[1] = (srnn_array){srnn_net_find(net, "y"), NULL, a.y.token, a.y.row,
                           a.y.step};
    return a;
}

static void arrays_close(arrays *a)
{
    rows_close(&a->x);
    rows_close(&a->y);
}

/* ---- forward ------------------------------------------------------------- */

static srnn_array array_at(srnn_array a, size_t t)
{
    a.data = a.data ? a.data + t * a.step_stride : NULL;
    a.tokens = a.tokens ? a.tokens + t * a.step_stride : NULL;
    return a;
}

static size_t call_steps(const net_data *d, const how *w, size_t t)
{
    const size_t left = d->c.steps - t;

    if (w->call == SIZE_MAX)
        return 1 + data_below(left);
    return w->call && w->call < left ? w->call : left;
}

static void run_calls(srnn_session *s, const net_data *d, const how *w,
                      const arrays *a, const srnn_array out[2])
{
    for (size_t t = 0, n; t < d->c.steps; t += n) {
        const srnn_array in = array_at(a->in[0], t);
        const srnn_array to[2] = {array_at(out[0], t), array_at(out[1], t)};

        n = call_steps(d, w, t);
        must(srnn_session_forward(s, n, &in, 1, to, 2));
        if (w->forget)
            srnn_session_reset(s);
    }
}

static void add_rows(record *r, const char *name, const rows *from,
                     const net_case *c, size_t n)
{
    const size_t all = c->steps * c->batch;
    float *x = case_take(all * n * sizeof *x);

    for (size_t i = 0; i < all; i++)
        memcpy(x + i * n,
               from->x + i / c->batch * from->step + i % c->batch * from->row,
               n * sizeof *x);
    record_add(r, name, x, all * n, n);
    free(x);
}

static void add_tensor(record *r, const char *prefix, const srnn_tensor *t,
                       int by_rows)
{
    char name[96];

    snprintf(name, sizeof name, "%s%s", prefix, t->name);
    record_add(r, name, t->data, t->count, by_rows ? t->shape[1] : 0);
}

static void add_session_states(record *r, const srnn_session *s)
{
    srnn_tensor t;

    for (size_t i = 0; i < srnn_session_states(s); i++) {
        must(srnn_session_state(s, i, &t));
        add_tensor(r, "", &t, 1);
    }
}

static void add_session_loss(record *r, srnn_session *s, const net_data *d,
                             const arrays *a)
{
    size_t count;
    double loss;

    case_session_states(s, d);
    must(srnn_session_loss(s, d->c.steps, a->in, 2, &loss, &count));
    record_double(r, "loss", loss);
    record_double(r, "count", (double)count);
    add_session_states(r, s);
}

void record_forward(record *r, const srnn_kernels *k, const net_data *d,
                    const how *w)
{
    const net_case *c = &d->c;
    srnn_net *net = open_net(k, d, w);
    srnn_session *s =
        case_session(net, c, w->steps ? w->steps : c->steps, w->threads);
    arrays a = arrays_open(net, d, w);
    rows h = rows_open(c, case_outputs(c), w->strided);
    rows y = rows_open(c, c->classes, w->strided);
    const srnn_array out[2] = {
        {srnn_net_find(net, "rnn"), h.x, NULL, h.row, h.step},
        {srnn_net_find(net, "out"), y.x, NULL, y.row, y.step}};

    case_session_states(s, d);
    run_calls(s, d, w, &a, out);
    add_rows(r, "rnn", &h, c, case_outputs(c));
    add_rows(r, "out", &y, c, c->classes);
    add_session_states(r, s);
    add_session_loss(r, s, d, &a);
    rows_close(&h);
    rows_close(&y);
    arrays_close(&a);
    srnn_session_close(s);
    srnn_net_close(net);
}

/* ---- training ------------------------------------------------------------ */

void record_gradients(record *r, const srnn_trainer *t)
{
    srnn_net *net = srnn_trainer_net(t);
    const srnn_node x = srnn_net_find(net, "x");
    srnn_tensor g;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_trainer_gradient(t, i, &g));
        add_tensor(r, "d ", &g, 0);
    }
    for (size_t i = 0; i < srnn_trainer_states(t); i++) {
        must(srnn_trainer_state_gradient(t, i, &g));
        add_tensor(r, "d ", &g, 1);
        must(srnn_trainer_state(t, i, &g));
        add_tensor(r, "", &g, 1);
    }
    if (srnn_trainer_input_gradient(t, x, &g) == SRNN_OK)
        add_tensor(r, "d ", &g, 1);
}

void record_update(record *r, const srnn_trainer *t)
{
    srnn_net *net = srnn_trainer_net(t);
    srnn_tensor x;

    record_double(r, "norm", srnn_trainer_norm(t));
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &x));
        add_tensor(r, "", &x, 0);
        for (size_t m = 0; m < srnn_trainer_moments(t); m++) {
            must(srnn_trainer_moment(t, m, i, &x));
            add_tensor(r, m ? "v " : "m ", &x, 0);
        }
    }
}

static srnn_trainer *open_trainer(srnn_net *net, const net_data *d,
                                  const how *w)
{
    srnn_trainer_config c = srnn_trainer_default();
    srnn_trainer *t;

    c.batch = d->c.batch;
    c.steps = w->steps ? w->steps : d->c.steps;
    c.threads = w->threads;
    c.input_gradients = 1;
    c.lr = 0.01;
    c.decay = 0.1;
    c.clip_value = 0.05;
    c.clip_norm = 0.1;
    must(srnn_trainer_open(&t, net, &c));
    return t;
}

void record_backward(record *r, const srnn_kernels *k, const net_data *d,
                     const how *w, int updates)
{
    srnn_net *net = open_net(k, d, w);
    srnn_trainer *t = open_trainer(net, d, w);
    arrays a = arrays_open(net, d, w);
    double loss;

    case_trainer_states(t, d);
    must(srnn_trainer_backward(t, d->c.steps, a.in, 2, &loss));
    record_double(r, "loss", loss);
    record_gradients(r, t);
    for (int i = 0; i < updates; i++) {
        must(srnn_trainer_update(t, d->c.steps, a.in, 2, &loss));
        record_double(r, "loss after", loss);
        record_update(r, t);
    }
    arrays_close(&a);
    srnn_trainer_close(t);
    srnn_net_close(net);
}
