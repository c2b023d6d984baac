/* The bit promises of nets, forward and backward, by memcmp on full random
 * mantissas: 1. AVX2 = AVX-512 (and NEON: promise_net_hashes.c). 2. One thread
 * = two = three. 3. A sequence alone = in any batch. 4. Step by step = all at
 * once, cut anywhere; arrays with gaps = dense ones. First of all the data
 * must be able to tell. */
#include "record.h"

#include "numbers.h"
#include "rungs.h"

#include <string.h>

static void expect_equal(const record *a, const record *b, const char *what,
                         const net_case *c)
{
    const char *where;
    const size_t n = record_differing(a, b, &where);

    CHECK_SAYS(a->count > 0, "nothing was recorded");
    CHECK_SAYS(!n, "%s: %s: %zu values differ, first in %s", case_name(c),
               what, n, where);
}

/* Both passes of a case in one record. */
static void run_both(record *r, const srnn_kernels *k, const net_data *d,
                     const how *w)
{
    record_forward(r, k, d, w);
    record_backward(r, k, d, w, 2);
}

/* What to do with each shape of a list, with its data. */
typedef void shape_fn(const srnn_kernels *k, const net_data *d, const how *w);

static void one_shape(const srnn_kernels *k, shape_fn *fn, size_t i,
                      const net_case *c)
{
    const how w = {.seed = 100 + i, .threads = 1};
    net_data d;

    data_seed(1000 + i);
    case_data(&d, c);
    fn(k, &d, &w);
    case_free(&d);
}

static void each_shape(const srnn_kernels *k, shape_fn *fn, size_t from,
                       size_t to)
{
    net_case c;

    for (size_t i = from; i < to && record_shape(i, &c); i++)
        one_shape(k, fn, i, &c);
}

/* Of normalised cells; batch norm couples a batch that trains. */
static void each_norm_shape(const srnn_kernels *k, shape_fn *fn, int of_batch)
{
    net_case c;

    for (size_t i = 0; record_norm_shape(i, &c); i++)
        if (of_batch || c.norm != SRNN_NORM_BATCH)
            one_shape(k, fn, i, &c);
}

static void each_variant(const srnn_kernels *k, shape_fn *fn,
                         int list(size_t i, net_case *c))
{
    net_case c;

    for (size_t i = 0; list(i, &c); i++) {
        const how w = {.seed = record_seed(&c), .threads = 1};
        net_data d;

        data_seed(w.seed + 1);
        case_data(&d, &c);
        fn(k, &d, &w);
        case_free(&d);
    }
}

/* ---- the negative controls ----------------------------------------------- */

static size_t values(const record *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->count; i++)
        n += r->part[i].n;
    return n;
}

/* The same sums in another order: two inputs change places in k; for gradients
 * of weights, two sequences in the batch. */
static void control(const srnn_kernels *k, const net_data *d, const how *w)
{
    how swapped = *w;
    record a = {0}, b = {0};
    const char *where;
    size_t n;

    if (d->c.tokens || d->c.in < 3 || d->c.hidden < 5)
        return;
    swapped.swap_inputs = 1;
    record_forward(&a, k, d, w);
    record_forward(&b, k, d, &swapped);
    n = record_differing(&a, &b, &where);
    check_note("%s: two inputs swapped: %zu of %zu values change",
               case_name(&d->c), n, values(&a));
    CHECK(n > values(&a) / 100);
    record_free(&a);
    record_free(&b);
}

/* A state that a cut loses. */
static void control_cuts(const srnn_kernels *k, const net_data *d,
                         const how *w)
{
    how cut = *w;
    record a = {0}, b = {0};
    const char *where;
    size_t n;

    cut.call = 1;
    cut.forget = 1;
    record_forward(&a, k, d, w);
    record_forward(&b, k, d, &cut);
    n = record_differing(&a, &b, &where);
    check_note("%s: the state lost between calls: %zu of %zu values change",
               case_name(&d->c), n, values(&a));
    CHECK(n > values(&a) / 100);
    record_free(&a);
    record_free(&b);
}

static void swap_rows(float *x, size_t n, size_t groups, size_t batch)
{
    for (size_t g = 0; g < groups; g++)
        for (size_t i = 0; i < n; i++) {
            float *a = x + g * batch * n + i, t = *a;

            *a = a[n];
            a[n] = t;
        }
}

static void control_batch(const srnn_kernels *k, const net_data *d,
                          const how *w)
{
    record a = {0}, b = {0};
    const char *where;
    size_t n;

    if (d->c.tokens || d->c.batch < 2 || d->c.hidden < 5)
        return;
    for (size_t i = 0; i < d->c.steps * d->c.batch; i++)
        d->target[i] = 1;
    record_backward(&a, k, d, w, 0);
    swap_rows(d->x, d->c.in, d->c.steps, d->c.batch);
    for (size_t s = 0; s < d->states; s++)
        swap_rows(d->state + case_states_before(&d->c, s) * d->c.batch,
                  case_state_width(&d->c, s), 1, d->c.batch);
    record_backward(&b, k, d, w, 0);
    n = record_differing(&a, &b, &where);
    for (size_t i = 0; i < a.count; i++)
        if (!strcmp(a.part[i].name, "d rnn.weight_hh_l0")) {
            n = 0;
            for (size_t j = 0; j < a.part[i].n; j++)
                n += a.part[i].x[j] != b.part[i].x[j];
            check_note("%s: two sequences swapped: %zu of %zu gradients of "
                       "weight_hh change", case_name(&d->c), n, a.part[i].n);
            CHECK(n > 0);
        }
    record_free(&a);
    record_free(&b);
}

static void controls(const srnn_kernels *k)
{
    net_case c;

    if (!rung_is_highest(k))
        return;
    each_shape(k, control, 7, SHORT_SHAPES);
    each_shape(k, control_cuts, 7, SHORT_SHAPES);
    each_shape(k, control_batch, 7, SHORT_SHAPES);
    each_variant(k, control_cuts, record_lstm);
    for (size_t i = 0; record_norm_shape(i, &c); i++)
        if (c.cell == SRNN_LSTM && c.hidden > 5) {
            one_shape(k, control, i, &c);
            one_shape(k, control_cuts, i, &c);
            one_shape(k, control_batch, i, &c);
        }
}

/* ---- 1. rungs ------------------------------------------------------------ */

static void one_rung(const srnn_kernels *k, const net_data *d, const how *w)
{
    record here = {0};
    const char *name;

    run_both(&here, k, d, w);
    for (size_t i = 0; (name = srnn_kernels_rung(i)); i++) {
        srnn_kernels other;
        record there = {0};

        must(srnn_kernels_get(&other, name));
        if (!rung_is_vector(&other) || !strcmp(name, k->name))
            continue;
        run_both(&there, &other, d, w);
        expect_equal(&here, &there, name, &d->c);
        record_free(&there);
    }
    record_free(&here);
}

/* ---- 2. threads ---------------------------------------------------------- */

static void threads(const srnn_kernels *k, const net_data *d, const how *w)
{
    record one = {0};

    run_both(&one, k, d, w);
    for (size_t n = 2; n <= 3; n++) {
        how more = *w;
        record r = {0};

        more.threads = n;
        run_both(&r, k, d, &more);
        expect_equal(&one, &r, n == 2 ? "two threads" : "three threads",
                     &d->c);
        record_free(&r);
    }
    record_free(&one);
}

/* ---- 3. batches ---------------------------------------------------------- */

/* Sequence b alone, as data of its own. */
static void alone(const net_data *d, size_t b, net_data *to)
{
    const size_t batch = d->c.batch, in = d->c.in;
    net_case c = d->c;

    c.batch = 1;
    case_data(to, &c);
    for (size_t t = 0; t < c.steps; t++) {
        memcpy(to->x + t * in, d->x + (t * batch + b) * in, in * sizeof *d->x);
        to->token[t] = d->token[t * batch + b];
        to->target[t] = d->target[t * batch + b];
    }
    for (size_t s = 0; s < d->states; s++) {
        const size_t n = case_state_width(&c, s);
        const size_t at = case_states_before(&c, s);

        memcpy(to->state + at, d->state + at * batch + b * n,
               n * sizeof *d->state);
    }
}

static void compare_row(const srnn_kernels *k, const net_data *d,
                        const how *w, size_t b, float factor, const char *what)
{
    record many = {0}, one = {0}, row = {0}, mine = {0};
    net_data single;

    alone(d, b, &single);
    record_forward(&many, k, d, w);
    record_backward(&many, k, d, w, 0);
    record_forward(&one, k, &single, w);
    record_backward(&one, k, &single, w, 0);
    record_row(&many, b, d->c.batch, factor, &row);
    record_row(&one, 0, 1, 1, &mine);
    expect_equal(&row, &mine, what, &d->c);
    record_free(&many);
    record_free(&one);
    record_free(&row);
    record_free(&mine);
    case_free(&single);
}

/* The scale of the loss, 1 / real steps, is made the same in two ways: the
 * other sequences have no targets; or all steps of 2^n sequences are real, and
 * then the gradients alone are 2^n times those in the batch, exactly. */
static void batches(const srnn_kernels *k, const net_data *d, const how *w)
{
    const size_t batch = d->c.batch, rows = d->c.steps * batch;

    for (size_t i = 0; i < rows; i++)
        d->target[i] = (int32_t)(i % d->c.classes);
    for (size_t b = 0; (batch & (batch - 1)) == 0 && b < batch; b++)
        compare_row(k, d, w, b, (float)batch, "alone, all with targets");
    for (size_t b = 0; b < batch; b += batch > 4 ? batch - 1 : 1) {
        for (size_t i = 0; i < rows; i++)
            d->target[i] = i % batch == b ? (int32_t)(i % d->c.classes) : -1;
        compare_row(k, d, w, b, 1, "alone");
    }
}

/* ---- 4. cuts ------------------------------------------------------------- */

static void cuts(const srnn_kernels *k, const net_data *d, const how *w)
{
    static const how ways[] = {
        {.steps = 1, .call = 1},       {.steps = 1},
        {.steps = 2, .call = 3},       {.steps = 3, .call = SIZE_MAX},
        {.call = SIZE_MAX},            {.strided = 1},
        {.strided = 2},                {.strided = 3},
        {.steps = 2, .call = SIZE_MAX, .strided = 1},
        {.steps = 2, .call = SIZE_MAX, .strided = 2},
        {.steps = 1000}};
    record whole = {0};

    record_forward(&whole, k, d, w);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        how cut = ways[i];
        record r = {0};

        cut.seed = w->seed;
        cut.threads = 1 + i % 2;
        record_forward(&r, k, d, &cut);
        expect_equal(&whole, &r, "forward, cut", &d->c);
        record_free(&r);
    }
    record_free(&whole);
}

/* Backward: a trainer that could take more steps, and arrays with gaps. */
static void roomy(const srnn_kernels *k, const net_data *d, const how *w)
{
    how room = *w;
    record whole = {0};

    record_backward(&whole, k, d, w, 1);
    room.steps = d->c.steps + 5;
    for (room.strided = 0; room.strided <= 3; room.strided++) {
        record r = {0};

        record_backward(&r, k, d, &room, 1);
        expect_equal(&whole, &r, "backward in a larger trainer", &d->c);
        record_free(&r);
    }
    record_free(&whole);
}

/* ---- the table ----------------------------------------------------------- */

static const struct {
    const char *name;
    shape_fn *fn;
} promises[] = {{"rungs", one_rung}, {"threads", threads},
                {"batches", batches}, {"cuts", cuts}, {"roomy", roomy}};

static void run_promises(const srnn_kernels *k, size_t from, size_t to)
{
    for (size_t p = 0; p < sizeof promises / sizeof *promises; p++)
        if (rung_is_vector(k) && (p || rung_is_highest(k)))
            each_shape(k, promises[p].fn, from, to);
}

static void norms(const srnn_kernels *k)
{
    for (size_t p = 0; p < sizeof promises / sizeof *promises; p++)
        if (rung_is_vector(k) && (p || rung_is_highest(k)))
            each_norm_shape(k, promises[p].fn, promises[p].fn != batches);
}

static void run_variants(const srnn_kernels *k,
                         int list(size_t i, net_case *c))
{
    for (size_t p = 0; p < sizeof promises / sizeof *promises; p++)
        if (rung_is_vector(k) && (p || rung_is_highest(k)))
            each_variant(k, promises[p].fn, list);
}

static void variants(const srnn_kernels *k)
{
    run_variants(k, record_variant);
}

static void lstm(const srnn_kernels *k)
{
    run_variants(k, record_lstm);
}

static void small(const srnn_kernels *k)
{
    run_promises(k, 0, SHORT_SHAPES);
}

static void large(const srnn_kernels *k)
{
    run_promises(k, SHORT_SHAPES, SIZE_MAX);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"nets/control", controls, NULL},
        {"nets/small", small, NULL},
        {"nets/norm", norms, NULL},
        {"nets/variants", variants, NULL},
        {"nets/lstm", lstm, NULL},
        {"nets/large", large, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
