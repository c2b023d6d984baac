/* Sequences of any lengths, bit for bit: a ragged batch = the padded batch
 * with no targets past the ends (gradients of everything, losses), and = each
 * sequence alone (outputs, states). What lies past an end is poisoned, so a
 * step that does not exist cannot have been read. */
#include "record.h"

#include "numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BATCH = 64 };

typedef struct ragged {
    net_data d;              /* padded: targets are -1 past the ends */
    net_data poisoned;       /* the same, NaN or no symbol there */
    size_t length[MOST_BATCH];
    uint64_t seed;           /* of the parameters */
} ragged;

/* Whole, none, one step, or any; never all none. */
static void draw_lengths(ragged *r)
{
    const net_case *c = &r->d.c;

    for (size_t b = 0; b < c->batch; b++) {
        const size_t any[] = {c->steps, 0, 1, data_below(c->steps + 1)};

        r->length[b] = any[data_below(4)];
    }
    r->length[data_below(c->batch)] = c->steps - c->steps / 3;
}

static void make(ragged *r, const net_case *c)
{
    r->seed = data_below(1u << 30);
    CHECK(c->batch <= MOST_BATCH);
    data_seed(r->seed);
    case_data(&r->d, c);
    data_seed(r->seed);
    case_data(&r->poisoned, c);
    draw_lengths(r);
    for (size_t t = 0; t < c->steps; t++)
        for (size_t b = 0; b < c->batch; b++) {
            const size_t i = t * c->batch + b;

            if (t < r->length[b])
                continue;
            r->d.target[i] = -1;
            r->poisoned.target[i] = INT32_MAX;
            r->poisoned.token[i] = INT32_MIN;
            for (size_t j = 0; j < c->in; j++)
                r->poisoned.x[i * c->in + j] = NAN;
        }
}

/* Always with the same parameters. */
static srnn_net *net_of(const srnn_kernels *k, const ragged *r,
                        const net_case *c)
{
    data_seed(r->seed + 1);
    return case_net(k, c);
}

static void drop(ragged *r)
{
    case_free(&r->d);
    case_free(&r->poisoned);
}

/* ---- backward: ragged = padded ----------------------------------------- */

/* The states that are carried on are another matter: a padded sequence goes
 * on past its end. */
static void forget_states(record *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->part[i].name[0] != 'd' && strcmp(r->part[i].name, "loss"))
            r->part[i].n = 0;
}

static void backward(record *out, const srnn_kernels *k, const ragged *r,
                     int padded, size_t threads)
{
    const net_data *d = padded ? &r->d : &r->poisoned;
    srnn_net *net = net_of(k, r, &d->c);
    srnn_trainer *t = case_trainer(net, &d->c, threads);
    srnn_array in[2];
    double loss;

    case_inputs(d, net, in);
    case_trainer_states(t, d);
    if (!padded)
        must(srnn_trainer_lengths(t, r->length));
    must(srnn_trainer_backward(t, d->c.steps, in, 2, &loss));
    record_double(out, "loss", loss);
    record_gradients(out, t);
    forget_states(out);
    srnn_trainer_close(t);
    srnn_net_close(net);
}

static void same_gradients(const srnn_kernels *k, const ragged *r)
{
    record padded = {0};
    const char *where;

    backward(&padded, k, r, 1, 1);
    for (size_t threads = 1; threads <= 3; threads++) {
        record own = {0};
        size_t n;

        backward(&own, k, r, 0, threads);
        n = record_differing(&padded, &own, &where);
        CHECK_SAYS(n == 0, "%s, %zu threads: %zu gradients, in %s",
                   case_name(&r->d.c), threads, n, n ? where : "");
        record_free(&own);
    }
    record_free(&padded);
}

/* ---- forward: ragged = each alone -------------------------------------- */

/* Rows [b, b + rows) of the batch, all outputs of node `name`. */
static float *outputs(const srnn_kernels *k, const ragged *r, const char *name,
                      size_t b, size_t rows, size_t chunk, float **states)
{
    const int alone = rows == 1;
    const net_data *d = &r->poisoned;
    net_case c = d->c;
    srnn_net *net = net_of(k, r, &c);
    const size_t features = strcmp(name, "out") ? case_outputs(&c) : c.classes;
    const size_t steps = alone ? r->length[b] : c.steps;
    float *y = calloc(c.steps * rows * features + 1, sizeof *y);
    size_t batch = c.batch;
    srnn_session *s;
    srnn_array in[2], out = {.node = srnn_net_find(net, name), .data = y};
    srnn_tensor state;
    float *kept;

    c.batch = rows;
    s = case_session(net, &c, chunk, 1);
    case_inputs(d, net, in);
    for (size_t i = 0; i < 2; i++) {
        in[i].row_stride = in[i].tokens ? 1 : c.in;
        in[i].step_stride = batch * in[i].row_stride;
        if (in[i].tokens)
            in[i].tokens += b;
        else
            in[i].data += b * c.in;
    }
    *states = kept =
        calloc(case_states_before(&c, d->states) * rows, sizeof *kept);
    for (size_t i = 0, j = 0; i < srnn_session_states(s); i++) {
        must(srnn_session_state(s, i, &state));
        if (case_is_count(&state))
            continue;
        memcpy(state.data,
               d->state + case_states_before(&c, j++) * batch +
                   b * state.shape[1],
               state.count * sizeof *state.data);
    }
    if (!alone)
        must(srnn_session_lengths(s, r->length));
    must(srnn_session_forward(s, steps, in, 1, &out, 1));
    for (size_t i = 0; i < srnn_session_states(s); i++) {
        must(srnn_session_state(s, i, &state));
        if (case_is_count(&state))
            continue;
        memcpy(kept, state.data, state.count * sizeof *kept);
        kept += state.count;
    }
    srnn_session_close(s);
    srnn_net_close(net);
    return y;
}

static void compare_row(const ragged *r, const char *name, size_t b,
                        const float *all, const float *all_states,
                        const float *one, const float *one_states)
{
    const net_case *c = &r->d.c;
    const size_t n = strcmp(name, "out") ? case_outputs(c) : c->classes;
    size_t wrong = 0;

    for (size_t t = 0; t < c->steps; t++)
        for (size_t j = 0; j < n; j++) {
            const float *y = all + (t * c->batch + b) * n + j;
            const float zero = 0;

            wrong += memcmp(y, t < r->length[b] ? one + t * n + j : &zero,
                            sizeof *y) != 0;
        }
    CHECK_SAYS(!wrong, "%s, row %zu of length %zu: %zu outputs of %s",
               case_name(c), b, r->length[b], wrong, name);
    for (size_t i = wrong = 0; i < r->d.states; i++) {
        const size_t width = case_state_width(c, i);
        const size_t at = case_states_before(c, i);

        wrong += memcmp(all_states + at * c->batch + b * width,
                        one_states + at, width * sizeof *one_states) != 0;
    }
    CHECK_SAYS(!wrong, "%s, row %zu of length %zu: %zu states", case_name(c),
               b, r->length[b], wrong);
}

static void same_outputs(const srnn_kernels *k, const ragged *r)
{
    const size_t chunks[] = {r->d.c.steps, 1 + r->d.c.steps / 2};
    static const char *const names[] = {"rnn", "out"};

    for (size_t i = 0; i < 2; i++) {
        float *states, *all = outputs(k, r, names[i], 0, r->d.c.batch,
                                      chunks[i], &states);

        for (size_t b = 0; b < r->d.c.batch; b++) {
            float *alone, *one = outputs(k, r, names[i], b, 1, r->d.c.steps,
                                         &alone);

            compare_row(r, names[i], b, all, states, one, alone);
            free(one);
            free(alone);
        }
        free(all);
        free(states);
    }
}

/* ---- cases ------------------------------------------------------------- */

typedef void test_fn(const srnn_kernels *k, const ragged *r);

static void one_shape(const srnn_kernels *k, net_case c, size_t i,
                      test_fn *test)
{
    ragged r;

    c.batch += i % 3 * 3;
    c.steps += i % 4;
    make(&r, &c);
    test(k, &r);
    drop(&r);
}

static void shapes(const srnn_kernels *k, test_fn *test)
{
    net_case c;

    for (size_t i = 0; i < SHORT_SHAPES && record_shape(i, &c); i++)
        one_shape(k, c, i, test);
    /* Batch norm couples a batch that trains: padding would count. */
    for (size_t i = 0; record_norm_shape(i, &c); i++)
        if (test != same_gradients || c.norm != SRNN_NORM_BATCH)
            one_shape(k, c, i, test);
}

/* Of each variant the larger shape. */
static void variants(const srnn_kernels *k)
{
    net_case c;

    for (size_t i = 1; record_variant(i, &c); i += 2) {
        ragged r;

        c.batch += 3;
        make(&r, &c);
        same_gradients(k, &r);
        same_outputs(k, &r);
        drop(&r);
    }
}

static void gradients(const srnn_kernels *k)
{
    shapes(k, same_gradients);
}

static void forward(const srnn_kernels *k)
{
    shapes(k, same_outputs);
}

/* Every variant of the LSTM: both. */
static void lstm(const srnn_kernels *k)
{
    net_case c;

    for (size_t i = 0; record_lstm(i, &c); i++) {
        ragged r;

        c.batch += 2 + i % 3;
        c.steps += 3;
        make(&r, &c);
        same_gradients(k, &r);
        same_outputs(k, &r);
        drop(&r);
    }
}

/* A sequence one step shorter must show in the gradients. */
static void control(const srnn_kernels *k)
{
    record a = {0}, b = {0};
    const char *where;
    net_case c;
    ragged r;
    size_t n;

    CHECK(record_shape(0, &c));
    c.steps += 3;
    make(&r, &c);
    r.length[0] = c.steps;
    memcpy(r.poisoned.x, r.d.x, c.steps * c.batch * c.in * sizeof *r.d.x);
    memcpy(r.poisoned.token, r.d.token, c.steps * c.batch * sizeof(int32_t));
    for (size_t i = 0; i < c.steps * c.batch; i++)
        r.poisoned.target[i] = 0;
    backward(&a, k, &r, 0, 1);
    r.length[0]--;
    backward(&b, k, &r, 0, 1);
    n = record_differing(&a, &b, &where);
    check_note("a step less changes %zu values", n);
    CHECK(n > 10);
    record_free(&a);
    record_free(&b);
    drop(&r);
}

/* No sequence has a step, at once or in chunks: outputs 0, states as they
 * were, no loss, gradients 0. */
static void empty_case(const srnn_kernels *k, const net_case *c)
{
    const size_t none[3] = {0, 0, 0};
    float y[5 * 3 * 5], zero[5 * 3 * 5] = {0};
    srnn_array in[2], out = {.data = y};
    srnn_tensor state;
    srnn_session *s;
    srnn_trainer *t;
    srnn_net *net = case_net(k, c);
    const float *from;
    double loss;
    net_data d;

    case_data(&d, c);
    case_inputs(&d, net, in);
    s = case_session(net, c, 2, 1);
    case_session_states(s, &d);
    out.node = srnn_net_find(net, "rnn");
    memset(y, 1, sizeof y);
    must(srnn_session_lengths(s, none));
    must(srnn_session_forward(s, c->steps, in, 1, &out, 1));
    CHECK(!memcmp(y, zero, c->steps * c->batch * case_outputs(c) * sizeof *y));
    from = d.state;
    for (size_t i = 0; i < srnn_session_states(s); i++, from += state.count) {
        must(srnn_session_state(s, i, &state));
        CHECK(!memcmp(state.data, from, state.count * sizeof *from));
    }
    srnn_session_close(s);
    t = case_trainer(net, c, 2);
    must(srnn_trainer_lengths(t, none));
    must(srnn_trainer_backward(t, c->steps, in, 2, &loss));
    CHECK(loss == 0);
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_trainer_gradient(t, i, &state));
        for (size_t j = 0; j < state.count; j++)
            CHECK(state.data[j] == 0);
    }
    srnn_trainer_close(t);
    srnn_net_close(net);
    case_free(&d);
}

static void empty(const srnn_kernels *k)
{
    net_case c = {.layers = 2, .steps = 5, .batch = 3, .in = 2, .hidden = 3,
                  .classes = 2};

    for (size_t i = 0; i < CASE_CELLS; i++) {
        case_cell(&c, i);
        empty_case(k, &c);
    }
    for (size_t i = 0; case_lstm(&c, i); i++)
        empty_case(k, &c);
}

static void refusals(const srnn_kernels *k)
{
    const size_t length[2] = {3, 6};
    net_case c = {.cell = SRNN_LSTM, .layers = 1, .steps = 5, .batch = 2,
                  .in = 2, .hidden = 3, .classes = 2};
    srnn_net *net = case_net(k, &c);
    srnn_session *s = case_session(net, &c, 5, 1);
    srnn_array in[2];
    net_data d;

    case_data(&d, &c);
    case_inputs(&d, net, in);
    CHECK(srnn_session_lengths(NULL, length) == SRNN_EINVAL);
    CHECK(srnn_trainer_lengths(NULL, length) == SRNN_EINVAL);
    must(srnn_session_lengths(s, length));
    CHECK(srnn_session_forward(s, 5, in, 1, NULL, 0) == SRNN_ESHAPE);
    CHECK(!strcmp(srnn_error_message(),
                  "axis 'time': length of row 1 is 6, steps are 5"));
    must(srnn_session_lengths(s, NULL));
    CHECK(srnn_session_forward(s, 5, in, 1, NULL, 0) == SRNN_OK);
    srnn_session_close(s);
    srnn_net_close(net);
    case_free(&d);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"ragged/control", control, NULL},
        {"ragged/gradients-as-padded", gradients, NULL},
        {"ragged/outputs-as-alone", forward, NULL},
        {"ragged/variants", variants, NULL},
        {"ragged/lstm", lstm, NULL},
        {"ragged/empty", empty, NULL},
        {"ragged/refusals", refusals, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
