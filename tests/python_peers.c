/* PyTorch and ONNX Runtime compute what we do: the same parameters and inputs,
 * results within what rounding may part; where two gates are swapped, they part
 * by more. Skipped where they are not installed. */
#define _POSIX_C_SOURCE 200809L
#include "bench/cells.h"
#include "bench/peers/peer.h"
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLASSES 5
#define RESULTS 8
#define SKIPPED 77

enum { T, B, I, H };

static const size_t sizes[][4] = {
    {5, 3, 7, 5}, {12, 4, 16, 33}, {50, 16, 64, 64}};

/* A result of ours, and what may part it from theirs. */
typedef struct result {
    const char *name;
    const float *data;
    size_t count;
    double bound;
} result;

/* Our side of a task. */
typedef struct side {
    bench_layer shape;
    size_t steps, batch;
    srnn_net *net;
    srnn_node input, layer, targets;
    srnn_session *session;
    srnn_trainer *trainer;
    float *x, *y, loss;
    int32_t *target;
    size_t *length;
    peer_task task;
    result result[RESULTS];
    size_t results;
} side;

static void ours(srnn_status status, int line)
{
    if (!status)
        return;
    printf("python_peers.c:%d: %s\n", line, srnn_error_message());
    exit(2);
}

#define OURS(call) ours(call, __LINE__)

static void *room(size_t count, size_t size)
{
    void *p = calloc(count, size);

    if (!p) {
        printf("no memory\n");
        exit(2);
    }
    return p;
}

static int trains(const side *s)
{
    return !strstr(s->task.what, "/forward");
}

/* ---- our side ------------------------------------------------------------ */

static void build(side *s)
{
    srnn_node logits, loss;

    OURS(srnn_net_open(&s->net, NULL));
    OURS(srnn_net_input(s->net, "x", s->shape.inputs, &s->input));
    OURS(bench_layer_add(&s->shape, s->net, s->input, &s->layer));
    if (!trains(s))
        return;
    OURS(srnn_net_linear(s->net, "head", s->layer, CLASSES, &logits));
    OURS(srnn_net_tokens(s->net, "targets", CLASSES, &s->targets));
    OURS(srnn_net_cross_entropy(s->net, "loss", logits, s->targets, &loss));
}

/* Where a parameter goes in the task. */
static const float **place(peer_task *t, const char *name)
{
    const char *what = strchr(name, '.') + 1;

    if (!strcmp(what, "weight_ih_l0"))
        return &t->w_ih;
    if (!strcmp(what, "weight_hh_l0"))
        return &t->w_hh;
    if (!strcmp(what, "bias_ih_l0"))
        return &t->b_ih;
    if (!strcmp(what, "bias_hh_l0"))
        return &t->b_hh;
    return !strcmp(what, "weight") ? &t->w_head : &t->b_head;
}

/* PyTorch's range of parameters. A larger one makes a recurrence that enlarges
 * what two right results differ by, from step to step. */
static void fill(side *s)
{
    const float range = 1 / sqrtf((float)s->shape.hidden);
    const size_t rows = s->steps * s->batch;
    srnn_tensor t;

    s->x = room(rows * s->shape.inputs, sizeof *s->x);
    s->y = room(rows * s->shape.outputs, sizeof *s->y);
    s->target = room(rows, sizeof *s->target);
    s->length = room(s->batch, sizeof *s->length);
    problem_fill(s->x, rows * s->shape.inputs, -1, 1, 1);
    for (size_t i = 0; i < rows; i++)
        s->target[i] = (int32_t)(i * 7 % CLASSES);
    for (size_t b = 0; b < s->batch; b++)
        s->length[b] = 1 + (b * 5 + 2) % s->steps;
    for (size_t i = 0; !srnn_net_param(s->net, i, &t); i++) {
        problem_fill(t.data, t.count, -range, range, (uint32_t)(100 + i));
        *place(&s->task, t.name) = t.data;
    }
    OURS(srnn_net_pack(s->net));
}

/* As the bench's problems have it: see problem_chain_error. */
static void expect(side *s, const char *name, const float *data, size_t count,
                   size_t chain)
{
    double most = 0;

    for (size_t i = 0; i < count; i++)
        most = fmax(most, fabs((double)data[i]));
    s->result[s->results++] = (result){
        name, data, count, (double)problem_chain_error(chain) * most};
}

static void run_forward(side *s)
{
    const srnn_array in = {.node = s->input, .data = s->x};
    const srnn_array out = {.node = s->layer, .data = s->y};
    srnn_session_config config = srnn_session_default();

    config.batch = s->batch;
    config.steps = s->steps;
    OURS(srnn_session_open(&s->session, s->net, &config));
    OURS(srnn_session_forward(s->session, s->steps, &in, 1, &out, 1));
    expect(s, "y", s->y, s->steps * s->batch * s->shape.outputs,
           s->shape.inputs + s->shape.hidden + 4);
}

static void run_train(side *s)
{
    const srnn_array in[] = {{.node = s->input, .data = s->x},
                             {.node = s->targets, .tokens = s->target}};
    const size_t chain = s->shape.inputs + 5 * s->shape.hidden +
                         s->steps * s->batch;
    srnn_trainer_config config = srnn_trainer_default();
    srnn_tensor t;
    double loss;

    config.batch = s->batch;
    config.steps = s->steps;
    config.input_gradients = 1;
    OURS(srnn_trainer_open(&s->trainer, s->net, &config));
    if (s->task.length)
        OURS(srnn_trainer_lengths(s->trainer, s->length));
    OURS(srnn_trainer_backward(s->trainer, s->steps, in, 2, &loss));
    s->loss = (float)loss;
    expect(s, "loss", &s->loss, 1, chain);
    for (size_t i = 0; i < srnn_net_params(s->net); i++) {
        OURS(srnn_trainer_gradient(s->trainer, i, &t));
        expect(s, t.name, t.data, t.count, chain);
    }
    OURS(srnn_trainer_input_gradient(s->trainer, s->input, &t));
    expect(s, t.name, t.data, t.count, chain);
}

static void side_open(side *s, enum bench_cell cell, const char *what,
                      const size_t size[4])
{
    *s = (side){.steps = size[T], .batch = size[B]};
    s->shape = bench_layer_of(cell, size[I], size[H], size[T]);
    s->task.what = s->task.row = what;
    build(s);
    fill(s);
    s->task.size[SIZE_T] = size[T];
    s->task.size[SIZE_B] = size[B];
    s->task.size[SIZE_I] = size[I];
    s->task.size[SIZE_H] = size[H];
    s->task.threads = 1;
    s->task.classes = CLASSES;
    s->task.x = s->x;
    s->task.targets = s->target;
    s->task.length = strstr(what, "/ragged") ? s->length : NULL;
    if (trains(s))
        run_train(s);
    else
        run_forward(s);
}

static void side_close(side *s)
{
    srnn_trainer_close(s->trainer);
    srnn_session_close(s->session);
    srnn_net_close(s->net);
    free(s->x);
    free(s->y);
    free(s->target);
    free(s->length);
}

/* ---- theirs -------------------------------------------------------------- */

/* The largest of all results; runs twice, so that nothing is left over from one
 * run to the next. */
static worst compare(const peer *theirs, const side *s, const peer_task *task)
{
    char why[256] = "";
    peer_timing timing = {0, 0};
    worst w = {0};
    peer_state *state = theirs->open(task, why, sizeof why);

    CHECK_SAYS(state, "%s %s: %s", theirs->name, task->what, why);
    if (!state)
        return w;
    CHECK_SAYS(!theirs->time(state, 2, &timing), "%s %s does not run",
               theirs->name, task->what);
    CHECK(timing.wall > 0 && timing.core > 0);
    for (size_t i = 0; i < s->results; i++) {
        const result *r = &s->result[i];
        const float *got = theirs->result(state, r->name, r->count);

        CHECK_SAYS(got, "%s %s has no %s", theirs->name, task->what, r->name);
        for (size_t j = 0; got && j < r->count; j++)
            worst_see(&w, (double)got[j], (double)r->data[j], r->bound,
                      r->name, 0, j);
    }
    CHECK(!theirs->result(state, "nonsense", 1));
    CHECK(!theirs->result(state, s->result[0].name, s->result[0].count + 1));
    theirs->close(state);
    return w;
}

/* The same task with the first and the last gate of w_ih swapped; a cell of one
 * gate has its first and last row swapped. */
static worst compare_swapped(const peer *theirs, const side *s, size_t gates)
{
    const size_t inputs = s->shape.inputs, rows = gates * s->shape.hidden;
    const size_t block = (gates > 1 ? s->shape.hidden : 1) * inputs;
    float *swapped = room(rows * inputs, sizeof *swapped);
    const float *last = s->task.w_ih + rows * inputs - block;
    peer_task task = s->task;
    worst w;

    memcpy(swapped, s->task.w_ih, rows * inputs * sizeof *swapped);
    memcpy(swapped, last, block * sizeof *swapped);
    memcpy(swapped + rows * inputs - block, s->task.w_ih,
           block * sizeof *swapped);
    task.w_ih = swapped;
    w = compare(theirs, s, &task);
    free(swapped);
    return w;
}

static void one_task(const peer *theirs, enum bench_cell cell,
                     const char *what, size_t gates)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char where[96];
        side s;
        worst right, wrong;

        snprintf(where, sizeof where, "%s H%zu", what, sizes[i][H]);
        side_open(&s, cell, what, sizes[i]);
        right = compare(theirs, &s, &s.task);
        worst_end(&right, where);
        wrong = compare_swapped(theirs, &s, gates);
        CHECK_SAYS(wrong.ratio > 1, "%s: swapped gates agree", where);
        side_close(&s);
    }
}

static void all_tasks(const peer *theirs)
{
    static const struct {
        enum bench_cell cell;
        const char *name;
        size_t gates;
    } cells[] = {{BENCH_lstm, "lstm", 4},
                 {BENCH_gru, "gru", 3},
                 {BENCH_gru_before, "gru_before", 3},
                 {BENCH_rnn, "rnn", 1}};
    static const char *const passes[] = {"forward", "train", "ragged"};
    char why[256] = "", what[32];
    const char *version = theirs->version(why, sizeof why);
    size_t tasks = 0;

    CHECK_SAYS(version, "%s: %s", theirs->name, why);
    for (size_t i = 0; version && i < sizeof cells / sizeof *cells; i++)
        for (size_t j = 0; j < sizeof passes / sizeof *passes; j++) {
            snprintf(what, sizeof what, "%s/%s", cells[i].name, passes[j]);
            if (!theirs->has(what))
                continue;
            one_task(theirs, cells[i].cell, what, cells[i].gates);
            tasks++;
        }
    CHECK(tasks > 0 && !theirs->has("lstm/update") && !theirs->has("tanh"));
    check_note("%s %s: %zu problems", theirs->name, version, tasks);
}

static void pytorch(void)
{
    all_tasks(&peer_pytorch);
}

static void onnxruntime(void)
{
    all_tasks(&peer_onnxruntime);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"pytorch", NULL, pytorch},
        {"onnxruntime", NULL, onnxruntime},
        {NULL, NULL, NULL},
    };

    if (argc < 2 || access(argv[1], X_OK)) {
        printf("skipped: no PyTorch and ONNX Runtime: no %s\n",
               argc < 2 ? "python named" : argv[1]);
        return SKIPPED;
    }
    return check_main(argc - 1, argv + 1, cases);
}
