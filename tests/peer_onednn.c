/* The peer oneDNN computes what we compute: every cell, forward and training,
 * each output by its name, from the same weights and data.
 *
 * Bound: problem_chain_error's, of the largest element. An output of one step
 * is a chain of I + H products and at most 4 roundings of the activations (of
 * training: what bench/problems_cell.c counts for the same outputs, I + 5 H and
 * the T B rows that a weight's gradient sums); each step hands its error on to
 * the next, so T steps are a chain T times as long. Two gates taken for each
 * other must be seen to break it. */
#include "bench/peers/peer.h"
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES 16

typedef struct shape {
    srnn_cell_kind cell;
    size_t T, B, I, H, threads;
    int trains;
} shape;

/* A net of ours with its data. The task looks into it. */
typedef struct ours {
    shape shape;
    srnn_net *net;
    srnn_session *session;
    srnn_trainer *trainer;
    srnn_node input, layer, targets;
    float *x, *y;
    int32_t *target;
    double loss;
    peer_task task;
} ours;

static const struct {
    srnn_cell_kind cell;
    size_t gates;
    const char *what[2]; /* forward, train */
} cells[] = {
    {SRNN_LSTM, 4, {"lstm/forward", "lstm/train"}},
    {SRNN_GRU, 3, {"gru/forward", "gru/train"}},
    {SRNN_GRU_BEFORE, 3, {"gru_before/forward", "gru_before/train"}},
    {SRNN_RNN_TANH, 1, {"rnn/forward", "rnn/train"}},
};

#define CELLS (sizeof cells / sizeof *cells)

static void must(srnn_status status)
{
    if (!status)
        return;
    printf("%s\n", srnn_error_message());
    exit(1);
}

static void *room(size_t n)
{
    void *p = calloc(n, sizeof(float));

    if (!p)
        exit(1);
    return p;
}

/* ---- ours --------------------------------------------------------------- */

static void build(ours *o)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    srnn_node logits, loss;

    c.cell = o->shape.cell;
    c.hidden = o->shape.H;
    must(srnn_net_open(&o->net, NULL));
    must(srnn_net_input(o->net, "x", o->shape.I, &o->input));
    must(srnn_net_recurrent(o->net, "layer", o->input, &c, &o->layer));
    if (!o->shape.trains)
        return;
    must(srnn_net_linear(o->net, "head", o->layer, CLASSES, &logits));
    must(srnn_net_tokens(o->net, "targets", CLASSES, &o->targets));
    must(srnn_net_cross_entropy(o->net, "loss", logits, o->targets, &loss));
}

static void fill(ours *o)
{
    const float range = 1 / sqrtf((float)o->shape.H);
    const size_t rows = o->shape.T * o->shape.B;
    srnn_tensor t;

    o->x = room(rows * o->shape.I);
    o->y = room(rows * o->shape.H);
    o->target = room(rows);
    problem_fill(o->x, rows * o->shape.I, -1, 1, 1);
    for (size_t i = 0; i < rows; i++)
        o->target[i] = (int32_t)(i * 7 % CLASSES);
    for (size_t i = 0; !srnn_net_param(o->net, i, &t); i++)
        problem_fill(t.data, t.count, -range, range, (uint32_t)(2 + i));
    must(srnn_net_pack(o->net));
}

static const float *param(const ours *o, const char *name)
{
    srnn_tensor t;

    for (size_t i = 0; !srnn_net_param(o->net, i, &t); i++)
        if (!strcmp(t.name, name))
            return t.data;
    return NULL;
}

static void describe(ours *o, const char *what)
{
    o->task = (peer_task){.what = what,
                          .row = what,
                          .threads = o->shape.threads,
                          .classes = o->shape.trains ? CLASSES : 0,
                          .x = o->x,
                          .w_ih = param(o, "layer.weight_ih_l0"),
                          .w_hh = param(o, "layer.weight_hh_l0"),
                          .b_ih = param(o, "layer.bias_ih_l0"),
                          .b_hh = param(o, "layer.bias_hh_l0"),
                          .w_head = param(o, "head.weight"),
                          .b_head = param(o, "head.bias"),
                          .targets = o->target};
    o->task.size[SIZE_T] = o->shape.T;
    o->task.size[SIZE_B] = o->shape.B;
    o->task.size[SIZE_I] = o->shape.I;
    o->task.size[SIZE_H] = o->shape.H;
}

static void run_forward(ours *o)
{
    const srnn_array in = {.node = o->input, .data = o->x};
    const srnn_array out = {.node = o->layer, .data = o->y};
    srnn_session_config c = srnn_session_default();

    c.batch = o->shape.B;
    c.steps = o->shape.T;
    must(srnn_session_open(&o->session, o->net, &c));
    must(srnn_session_forward(o->session, o->shape.T, &in, 1, &out, 1));
}

static void run_training(ours *o)
{
    const srnn_array in[] = {{.node = o->input, .data = o->x},
                             {.node = o->targets, .tokens = o->target}};
    srnn_trainer_config c = srnn_trainer_default();

    c.batch = o->shape.B;
    c.steps = o->shape.T;
    c.input_gradients = 1;
    must(srnn_trainer_open(&o->trainer, o->net, &c));
    must(srnn_trainer_backward(o->trainer, o->shape.T, in, 2, &o->loss));
}

static void open_ours(ours *o, const shape *s, size_t cell)
{
    *o = (ours){.shape = *s};
    o->shape.cell = cells[cell].cell;
    build(o);
    fill(o);
    describe(o, cells[cell].what[s->trains]);
    if (s->trains)
        run_training(o);
    else
        run_forward(o);
}

static void close_ours(ours *o)
{
    srnn_trainer_close(o->trainer);
    srnn_session_close(o->session);
    srnn_net_close(o->net);
    free(o->x);
    free(o->y);
    free(o->target);
}

/* ---- the comparison ----------------------------------------------------- */

/* See the top. */
static double bound_of(const shape *s)
{
    const size_t step = s->trains ? s->I + 5 * s->H + s->T * s->B
                                  : s->I + s->H + 4;

    return problem_chain_error(step * s->T);
}

static void compare(worst *w, const shape *s, peer_state *p, const char *name,
                    const float *want, size_t count)
{
    const float *got = peer_onednn.result(p, name, count);
    float most = 0;

    CHECK_SAYS(got, "no %s", name);
    for (size_t i = 0; i < count; i++)
        most = fmaxf(most, fabsf(want[i]));
    for (size_t i = 0; got && i < count; i++)
        worst_see(w, got[i], want[i], bound_of(s) * most, name, s->H, i);
}

static void compare_training(worst *w, const ours *o, peer_state *p)
{
    const float loss = (float)o->loss;
    srnn_tensor t;

    for (size_t i = 0; i < srnn_net_params(o->net); i++) {
        must(srnn_trainer_gradient(o->trainer, i, &t));
        compare(w, &o->shape, p, t.name, t.data, t.count);
    }
    must(srnn_trainer_input_gradient(o->trainer, o->input, &t));
    compare(w, &o->shape, p, t.name, t.data, t.count);
    compare(w, &o->shape, p, "loss", &loss, 1);
}

/* Twice: what the first run leaves must not be added to. */
static void compare_all(worst *w, const ours *o, const peer_task *task)
{
    char why[200] = "";
    peer_state *p = peer_onednn.open(task, why, sizeof why);

    CHECK_SAYS(p, "%s", why);
    if (!p)
        return;
    for (int i = 0; i < 2; i++)
        CHECK(!peer_onednn.run(p));
    if (o->shape.trains)
        compare_training(w, o, p);
    else
        compare(w, &o->shape, p, "y", o->y,
                o->shape.T * o->shape.B * o->shape.H);
    CHECK(!peer_onednn.result(p, "nonsense", 1));
    peer_onednn.close(p);
}

/* ---- cases -------------------------------------------------------------- */

static void all_sizes(int trains)
{
    static const size_t I[] = {7, 20, 64}, H[] = {16, 33, 64};
    static const size_t B[] = {1, 3, 16}, T[] = {1, 5};

    for (size_t c = 0; c < CELLS; c++) {
        worst w = {0};

        CHECK(peer_onednn.has(cells[c].what[trains]));
        for (size_t i = 0; i < 3 * 3 * 2 * 2; i++) {
            const shape s = {.T = T[i % 2], .B = B[i / 2 % 3],
                             .I = I[i / 6 % 3], .H = H[i / 6 % 3],
                             .threads = i / 18 + 1, .trains = trains};
            ours o;

            open_ours(&o, &s, c);
            compare_all(&w, &o, &o.task);
            close_ours(&o);
        }
        worst_end(&w, cells[c].what[trains]);
    }
}

static void forward(void)
{
    all_sizes(0);
}

static void training(void)
{
    all_sizes(1);
}

/* w with gates g and g + 1 exchanged; where there is one gate, the first units
 * and the next. */
static float *exchanged(const float *w, size_t rows, size_t cols, size_t unit,
                        size_t g)
{
    const size_t n = unit * cols;
    float *copy = room(rows * cols);

    memcpy(copy, w, rows * cols * sizeof *w);
    memcpy(copy + g * n, w + (g + 1) * n, n * sizeof *w);
    memcpy(copy + (g + 1) * n, w + g * n, n * sizeof *w);
    return copy;
}

/* The least that an exchange in either matrix moves the result by. */
static double least_seen(const ours *o, size_t gates)
{
    const size_t H = o->shape.H, I = o->shape.I;
    const size_t unit = gates > 1 ? H : H / 2, blocks = gates > 1 ? gates : 2;
    double least = INFINITY;

    for (size_t g = 0; g + 1 < blocks; g++) {
        peer_task ih = o->task, hh = o->task;
        worst a = {0}, b = {0};
        float *w_ih = exchanged(ih.w_ih, gates * H, I, unit, g);
        float *w_hh = exchanged(hh.w_hh, gates * H, H, unit, g);

        ih.w_ih = w_ih;
        hh.w_hh = w_hh;
        compare_all(&a, o, &ih);
        compare_all(&b, o, &hh);
        least = fmin(least, fmin(a.ratio, b.ratio));
        free(w_ih);
        free(w_hh);
    }
    return least;
}

static void control(void)
{
    for (int trains = 0; trains < 2; trains++)
        for (size_t c = 0; c < CELLS; c++) {
            const shape s = {.T = 5, .B = 3, .I = 20, .H = 33, .threads = 1,
                             .trains = trains};
            double least;
            ours o;

            open_ours(&o, &s, c);
            least = least_seen(&o, cells[c].gates);
            check_note("%s: exchanged gates differ by %.0f bounds or more",
                       cells[c].what[trains], least);
            CHECK(least > 1);
            close_ours(&o);
        }
}

static void what_it_has(void)
{
    char why[200] = "";
    const char *version = peer_onednn.version(why, sizeof why);

    CHECK_SAYS(version, "%s", why);
    check_note("version %s", version ? version : "unknown");
    CHECK(!peer_onednn.has("lstm/ragged"));
    CHECK(!peer_onednn.has("lstm_peephole/forward"));
    CHECK(!peer_onednn.has("gemm"));
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"what_it_has", NULL, what_it_has},
                                       {"forward", NULL, forward},
                                       {"training", NULL, training},
                                       {"control", NULL, control},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
