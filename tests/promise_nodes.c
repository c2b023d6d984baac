/* The promises of nodes that join, reduce over time and share a weight, and of
 * losses of real targets: rungs, threads, batch, cuts, bit for bit, after a
 * control that changes one bit of the data. */
#include "check.h"
#include "net_case.h"
#include "node_case.h"
#include "numbers.h"
#include "rungs.h"

#include <stdlib.h>
#include <string.h>

/* ---- what a run gives ---------------------------------------------------- */

enum { MOST = 8192 };

typedef struct kept {
    float x[MOST];
    size_t n;
} kept;

static void keep(kept *to, const float *x, size_t n)
{
    CHECK(to->n + n <= MOST);
    if (to->n + n <= MOST)
        memcpy(to->x + to->n, x, n * sizeof *x);
    to->n += n;
}

/* A double in three pieces of 24 bits that a float holds. */
static void keep_double(kept *to, double v)
{
    float piece[3];

    for (int i = 0; i < 3; i++) {
        piece[i] = (float)v;
        v -= (double)piece[i];
    }
    keep(to, piece, 3);
}

static int gives(const srnn_node_info *info)
{
    return info->weight == 0 && strcmp(info->kind, "tokens") &&
           strcmp(info->kind, "input");
}

/* The outputs of every node with reals, forward, sequence b's (NONE: all), from
 * calls of `cut` steps. */
enum { NONE = 99 };

static void outputs(const node_case *c, size_t cut, size_t threads, size_t b,
                    kept *to)
{
    srnn_session *s = node_case_session(c, c->steps, threads);
    float *y[32] = {0};
    srnn_array out[32];
    size_t outs = 0, wide[32], rows[32];

    for (size_t i = 0; i < srnn_net_nodes(c->net); i++) {
        srnn_node_info info;

        must(srnn_net_node(c->net, (srnn_node)i, &info));
        if (!gives(&info))
            continue;
        rows[outs] = node_case_rows(c, info.axis);
        wide[outs] = info.features;
        y[outs] = case_take(rows[outs] * info.features * sizeof(float));
        out[outs] = (srnn_array){.node = (srnn_node)i, .data = y[outs]};
        outs++;
    }
    for (size_t t = 0; t < c->steps; t += cut) {
        srnn_array in[MOST_ARRAYS], at[32];
        size_t left[8];

        memcpy(in, c->in, sizeof in);
        memcpy(at, out, sizeof at);
        for (size_t i = 0; i < c->ins && t; i++) {
            if (in[i].data)
                in[i].data += t * c->batch * c->width[i];
            else
                in[i].tokens += t * c->batch;
        }
        for (size_t i = 0; i < outs; i++)
            at[i].data += t * c->batch * wide[i];
        node_case_begin(c, s, NULL);
        for (size_t q = 0; q < c->batch; q++) {
            const size_t length = c->ragged ? c->length[q] : c->steps;

            left[q] = length < t ? 0 : length - t < cut ? length - t : cut;
        }
        must(srnn_session_lengths(s, left));
        must(srnn_session_forward(s, cut, in, c->ins, at, outs));
    }
    for (size_t i = 0; i < outs; i++) {
        for (size_t r = 0; r < rows[i]; r++)
            if (b == NONE || r % c->batch == b)
                keep(to, y[i] + r * wide[i], wide[i]);
        free(y[i]);
    }
    srnn_session_close(s);
}

/* Losses, gradients of parameters and of inputs. */
static void gradients(const node_case *c, size_t threads, kept *to)
{
    srnn_trainer *t = node_case_trainer(c, threads);
    srnn_tensor g;
    double loss;

    node_case_backward(c, t);
    for (size_t i = 0; i < srnn_net_nodes(c->net); i++)
        if (!srnn_trainer_loss_of(t, (srnn_node)i, &loss, NULL))
            keep_double(to, loss);
    for (size_t i = 0; i < srnn_net_params(c->net); i++) {
        must(srnn_trainer_gradient(t, i, &g));
        keep(to, g.data, g.count);
    }
    for (size_t i = 0; i < c->ins; i++)
        if (!srnn_trainer_input_gradient(t, c->in[i].node, &g))
            keep(to, g.data, g.count);
    srnn_trainer_close(t);
}

static size_t differing(const kept *a, const kept *b)
{
    CHECK_SAYS(a->n == b->n && a->n > 0, "%zu reals and %zu", a->n, b->n);
    return bits_differing(a->x, b->x, a->n < b->n ? a->n : b->n);
}

static kept one, other; /* too large for a stack */

/* ---- promises ------------------------------------------------------------ */

/* One bit of the data, and the order of two inputs of a sum, must show. */
static void control(const srnn_kernels *k)
{
    node_case c;

    one.n = other.n = 0;
    node_case_open(&c, k, CASE_JOIN, 0);
    gradients(&c, 1, &one);
    c.in[0].data[5] = real_of(bits_of(c.in[0].data[5]) ^ 1u);
    gradients(&c, 1, &other);
    check_note("one bit of the input changes %zu of %zu",
               differing(&one, &other), one.n);
    CHECK(differing(&one, &other) > one.n / 20);
    node_case_close(&c);
}

static void rungs(void)
{
    for (int form = 0; form < 2 * CASE_NETS; form++) {
        const char *name;
        int seen = 0;

        for (size_t i = 0; (name = srnn_kernels_rung(i)); i++) {
            srnn_kernels k;
            node_case c;

            must(srnn_kernels_get(&k, name));
            if (!rung_is_vector(&k))
                continue;
            data_seed(7 + (uint64_t)form);
            node_case_open(&c, &k, form / 2, form % 2);
            other.n = 0;
            outputs(&c, c.steps, 1, NONE, &other);
            gradients(&c, 1, &other);
            if (!seen++)
                one = other;
            CHECK_SAYS(!differing(&one, &other), "%s: net %d", name, form);
            node_case_close(&c);
        }
    }
}

static void threads(const srnn_kernels *k)
{
    for (int form = 0; form < 2 * CASE_NETS; form++) {
        node_case c;

        node_case_open(&c, k, form / 2, form % 2);
        one.n = 0;
        outputs(&c, c.steps, 1, NONE, &one);
        gradients(&c, 1, &one);
        for (size_t n = 2; n <= 4; n++) {
            other.n = 0;
            outputs(&c, c.steps, n, NONE, &other);
            gradients(&c, n, &other);
            CHECK_SAYS(!differing(&one, &other), "net %d, %zu threads", form,
                       n);
        }
        node_case_close(&c);
    }
}

/* The gradient of each input, as the batch has it for sequence b. */
static void input_gradients(const node_case *c, size_t b, kept *to)
{
    srnn_trainer *t = node_case_trainer(c, 1);
    srnn_tensor g;

    node_case_backward(c, t);
    for (size_t i = 0; i < c->ins; i++)
        if (!srnn_trainer_input_gradient(t, c->in[i].node, &g))
            for (size_t r = 0; r < g.shape[0]; r++)
                if (b == NONE || r % c->batch == b)
                    keep(to, g.data + r * g.shape[1], g.shape[1]);
    srnn_trainer_close(t);
}

/* Sequence b alone; its loss's scale as in the batch: each loss is a sum. */
static void alone(const srnn_kernels *k)
{
    for (int form = 0; form < 2 * CASE_NETS; form++)
        for (size_t b = 0; b < 3; b++) {
            node_case all, single;

            node_case_open(&all, k, form / 2, form % 2);
            node_case_alone(&single, &all, b);
            one.n = other.n = 0;
            outputs(&all, all.steps, 1, b, &one);
            outputs(&single, all.steps, 1, NONE, &other);
            CHECK_SAYS(!differing(&one, &other), "net %d, sequence %zu", form,
                       b);
            one.n = other.n = 0;
            keep_double(&one, 1);
            keep_double(&other, 1);
            node_case_sums(&all);
            input_gradients(&all, b, &one);
            node_case_sums(&single);
            input_gradients(&single, NONE, &other);
            CHECK_SAYS(!differing(&one, &other),
                       "net %d, sequence %zu: gradients", form, b);
            single.net = NULL; /* the batch's */
            node_case_close(&single);
            node_case_close(&all);
        }
}

/* Step by step = in twos = at once, for what is causal; the loss too. */
static void cuts(const srnn_kernels *k)
{
    static const int nets[] = {CASE_JOIN, CASE_TIED};

    for (int form = 0; form < 4; form++) {
        double whole, pieces;
        size_t count, counted;
        srnn_session *s;
        node_case c;

        node_case_open(&c, k, nets[form / 2], form % 2);
        one.n = 0;
        outputs(&c, c.steps, 1, NONE, &one);
        for (size_t cut = 1; cut < c.steps; cut *= 2) {
            other.n = 0;
            outputs(&c, cut, 1, NONE, &other);
            CHECK_SAYS(!differing(&one, &other), "net %d, cut at %zu", form,
                       cut);
        }
        for (size_t steps = 1; steps <= c.steps; steps++) {
            s = node_case_session(&c, steps, 1);
            node_case_begin(&c, s, NULL);
            must(srnn_session_loss(s, c.steps, c.in, c.ins,
                                   steps == 1 ? &whole : &pieces,
                                   steps == 1 ? &count : &counted));
            CHECK(steps == 1 || (whole == pieces && count == counted));
            srnn_session_close(s);
        }
        node_case_close(&c);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"nodes/control", control, NULL}, {"nodes/rungs", NULL, rungs},
        {"nodes/threads", threads, NULL}, {"nodes/alone", alone, NULL},
        {"nodes/cuts", cuts, NULL},       {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
