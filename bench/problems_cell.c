/* Layers through the public interface: forward, train (forward with its gates
 * kept, and backward), ragged (train, sequences of a tenth of the steps up to
 * all), update (train, Adam, packing again) and step. Training has a linear
 * head of a few classes, so that there is a loss. */
#include "cells.h"
#include "peers/peer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { X, Y, TARGETS, MEMORY };
enum { FORWARD, TRAIN, RAGGED, UPDATE, STEP, PASSES };

#define CLASSES 16
#define STEPS 64 /* single ones in a run */

typedef struct cell_state {
    srnn_net *net;
    srnn_session *session;
    srnn_trainer *trainer;
    srnn_node input, layer, targets;
    size_t steps, batch;
    bench_layer shape;
    size_t *length;
    double loss;
    float loss_output;
} cell_state;

static int pass_of(const problem *p)
{
    return p->kind->which % PASSES;
}

static enum bench_cell cell_of(const problem *p)
{
    return (enum bench_cell)(p->kind->which / PASSES);
}

static int trains(const problem *p)
{
    return pass_of(p) == TRAIN || pass_of(p) == RAGGED ||
           pass_of(p) == UPDATE;
}

/* Of row b: evenly over a tenth of the steps to all of them, in no order. */
static size_t length_of(const cell_state *s, size_t b)
{
    const size_t least = s->steps / 10 + 1;

    return least + b * 29 % (s->steps - least + 1);
}

/* The part of all steps that the sequences have. */
static double real_share(const cell_state *s)
{
    size_t sum = 0;

    for (size_t b = 0; b < s->batch; b++)
        sum += length_of(s, b);
    return (double)sum / (double)(s->steps * s->batch);
}

static int cell_fail(problem *p)
{
    return problem_fail(p, "%s: %s", p->kind->what, srnn_error_message());
}

/* ---- open: the net and what it needs ------------------------------------- */

static srnn_status build_net(problem *p, cell_state *s)
{
    srnn_node logits, loss;
    srnn_status status = srnn_net_open_on(&s->net, &p->table);

    if (!status)
        status = srnn_net_input(s->net, "x", s->shape.inputs, &s->input);
    if (!status)
        status = bench_layer_add(&s->shape, s->net, s->input, &s->layer);
    if (status || !trains(p))
        return status;
    status = srnn_net_linear(s->net, "head", s->layer, CLASSES, &logits);
    if (!status)
        status = srnn_net_tokens(s->net, "targets", CLASSES, &s->targets);
    if (!status)
        status = srnn_net_cross_entropy(s->net, "loss", logits, s->targets,
                                        &loss);
    return status;
}

static srnn_session_config session_config(const problem *p,
                                          const cell_state *s)
{
    srnn_session_config config = srnn_session_default();

    config.batch = s->batch;
    config.steps = pass_of(p) == STEP ? 1 : s->steps;
    config.threads = p->size[SIZE_P];
    config.memory = p->buffer[MEMORY];
    return config;
}

static work count_work(const problem *p, const cell_state *s)
{
    work w = bench_layer_work(&s->shape, s->batch);
    size_t params = 0;
    srnn_tensor t;

    if (trains(p))
        w = work_train(w, s->steps * s->batch, s->shape.outputs, CLASSES);
    for (size_t i = 0; !srnn_net_param(s->net, i, &t); i++)
        params += t.count;
    if (pass_of(p) == RAGGED) {
        w.flop *= real_share(s);
        w.activations *= real_share(s);
    }
    if (pass_of(p) == STEP)
        w.item = "step";
    w.threads = (double)p->size[SIZE_P];
    return pass_of(p) == UPDATE ? work_update(w, params) : w;
}

static int cell_open(problem *p)
{
    cell_state *s = p->state = calloc(1, sizeof *s);
    srnn_session_config config;

    if (!s)
        return problem_fail(p, "no memory for the state");
    s->steps = pass_of(p) == STEP ? STEPS : p->size[SIZE_T];
    s->batch = p->size[SIZE_B];
    s->shape = bench_layer_of(cell_of(p), p->size[SIZE_I], p->size[SIZE_H],
                              s->steps);
    s->length = malloc(s->batch * sizeof *s->length);
    if (!s->length)
        return problem_fail(p, "no memory for %zu lengths", s->batch);
    for (size_t b = 0; b < s->batch; b++)
        s->length[b] = length_of(s, b);
    if (build_net(p, s))
        return cell_fail(p);
    p->bytes[X] = s->steps * s->batch * s->shape.inputs * sizeof(float);
    if (trains(p)) {
        p->bytes[TARGETS] = s->steps * s->batch * sizeof(int32_t);
    } else {
        config = session_config(p, s);
        p->bytes[Y] = s->steps * s->batch * s->shape.outputs * sizeof(float);
        p->bytes[MEMORY] = srnn_session_size(s->net, &config);
        if (!p->bytes[MEMORY])
            return cell_fail(p);
    }
    p->work = count_work(p, s);
    return 0;
}

static void cell_close(problem *p)
{
    cell_state *s = p->state;

    if (!s)
        return;
    srnn_trainer_close(s->trainer);
    srnn_session_close(s->session);
    srnn_net_close(s->net);
    free(s->length);
    free(s);
    p->state = NULL;
}

/* ---- setup: data, and what is compared ----------------------------------- */

/* The gains and the variances of norms are about 1, all else is small. */
static int about_one(const srnn_tensor *t)
{
    const char *norm = strstr(t->name, ".norm_");

    return norm && (strstr(norm, "_weight") || strstr(norm, "_var"));
}

/* PyTorch's range, but the same numbers on every variant. */
static srnn_status fill(problem *p, cell_state *s)
{
    const float range = 1 / sqrtf((float)s->shape.hidden);
    int32_t *targets = p->buffer[TARGETS];
    srnn_tensor t;

    problem_fill(p->buffer[X], s->steps * s->batch * s->shape.inputs, -1, 1, X);
    for (size_t i = 0; targets && i < s->steps * s->batch; i++)
        targets[i] = (int32_t)(i * 7 % CLASSES);
    for (size_t i = 0; !srnn_net_param(s->net, i, &t); i++)
        problem_fill(t.data, t.count, about_one(&t) ? 0.5f : -range,
                     about_one(&t) ? 1.5f : range, (uint32_t)(100 + i));
    return srnn_net_pack(s->net);
}

static void add_output(problem *p, const srnn_tensor *t, size_t chain)
{
    if (p->outputs < PROBLEM_OUTPUTS)
        p->output[p->outputs++] =
            (problem_output){t->name, t->data, t->count, 0, 0,
                             problem_chain_error(chain)};
}

/* What training leaves of parameter i: its gradient, or its moment and it. */
static srnn_status add_param(problem *p, const cell_state *s, size_t i,
                             size_t chain)
{
    srnn_tensor t;
    srnn_status status = pass_of(p) == UPDATE
                             ? srnn_trainer_moment(s->trainer, 0, i, &t)
                             : srnn_trainer_gradient(s->trainer, i, &t);

    if (!status)
        add_output(p, &t, chain);
    if (!status && pass_of(p) == UPDATE) {
        status = srnn_net_param(s->net, i, &t);
        if (!status)
            add_output(p, &t, chain);
    }
    return status;
}

static srnn_status add_training_outputs(problem *p, cell_state *s)
{
    const size_t chain = s->shape.inputs + 5 * s->shape.hidden +
                         s->steps * s->batch;
    srnn_status status = SRNN_OK;
    srnn_tensor t;

    for (size_t i = 0; !status && i < srnn_net_params(s->net); i++)
        status = add_param(p, s, i, chain);
    if (!status)
        status = srnn_trainer_input_gradient(s->trainer, s->input, &t);
    t.count = s->steps * s->batch * s->shape.inputs; /* after a pass */
    if (!status)
        add_output(p, &t, chain);
    p->output[p->outputs++] = (problem_output){
        "loss", &s->loss_output, 1, 0, problem_chain_error(chain), 0};
    return status;
}

/* eps keeps Adam smooth where a gradient is nearly zero: without it, its first
 * update is a sign, which two right results may disagree on. */
static srnn_status open_trainer(const problem *p, cell_state *s)
{
    srnn_trainer_config config = srnn_trainer_default();

    config.batch = s->batch;
    config.steps = s->steps;
    config.threads = p->size[SIZE_P];
    config.eps = 1e-4;
    config.input_gradients = 1;
    return srnn_trainer_open(&s->trainer, s->net, &config);
}

static int cell_setup(problem *p)
{
    cell_state *s = p->state;
    const srnn_session_config config = session_config(p, s);

    if (fill(p, s))
        return cell_fail(p);
    if (trains(p)) {
        if (open_trainer(p, s) || add_training_outputs(p, s))
            return cell_fail(p);
        return 0;
    }
    if (srnn_session_open(&s->session, s->net, &config))
        return cell_fail(p);
    p->output[p->outputs++] = (problem_output){
        "y", p->buffer[Y], s->steps * s->batch * s->shape.outputs,
        bench_layer_causal(&s->shape), 0,
        problem_chain_error(s->shape.inputs + s->shape.hidden + 4)};
    return 0;
}

/* ---- run ----------------------------------------------------------------- */

static void forward_run(problem *p)
{
    cell_state *s = p->state;
    const srnn_array in = {.node = s->input, .data = p->buffer[X]};
    const srnn_array out = {.node = s->layer, .data = p->buffer[Y]};

    srnn_session_reset(s->session);
    p->failed |=
        srnn_session_forward(s->session, s->steps, &in, 1, &out, 1) != SRNN_OK;
}

static void train_run(problem *p)
{
    cell_state *s = p->state;
    const srnn_array in[] = {
        {.node = s->input, .data = p->buffer[X]},
        {.node = s->targets, .tokens = p->buffer[TARGETS]}};
    srnn_status status;

    srnn_trainer_reset(s->trainer);
    if (pass_of(p) == RAGGED)
        srnn_trainer_lengths(s->trainer, s->length);
    status = pass_of(p) == UPDATE
                 ? srnn_trainer_update(s->trainer, s->steps, in, 2, &s->loss)
                 : srnn_trainer_backward(s->trainer, s->steps, in, 2, &s->loss);
    s->loss_output = (float)s->loss;
    p->failed |= status != SRNN_OK;
}

static void step_run(problem *p)
{
    cell_state *s = p->state;
    const float *x = p->buffer[X];
    float *y = p->buffer[Y];

    for (size_t t = 0; t < s->steps; t++) {
        p->failed |= srnn_session_step(s->session, x, y) != SRNN_OK;
        x += s->batch * s->shape.inputs;
        y += s->batch * s->shape.outputs;
    }
}

/* ---- for peers ----------------------------------------------------------- */

static const float *param(const cell_state *s, const char *name)
{
    srnn_tensor t;

    for (size_t i = 0; !srnn_net_param(s->net, i, &t); i++)
        if (!strcmp(t.name, name))
            return t.data;
    return NULL;
}

static int cell_peer(const problem *p, peer_task *task)
{
    const cell_state *s = p->state;

    task->x = p->buffer[X];
    task->w_ih = param(s, "layer.weight_ih_l0");
    task->w_hh = param(s, "layer.weight_hh_l0");
    task->b_ih = param(s, "layer.bias_ih_l0");
    task->b_hh = param(s, "layer.bias_hh_l0");
    if (!trains(p))
        return 0;
    task->classes = CLASSES;
    task->length = pass_of(p) == RAGGED ? s->length : NULL;
    task->w_head = param(s, "head.weight");
    task->b_head = param(s, "head.bias");
    task->targets = p->buffer[TARGETS];
    return 0;
}

#define PASS(cell, pass, which, letters, run, peer) \
    { \
        #cell "/" pass, letters, NULL, BENCH_##cell *PASSES + which, \
            cell_open, cell_setup, run, cell_close, peer \
    }
#define VARIANT(cell) \
    PASS(cell, "forward", FORWARD, "TBIHP", forward_run, cell_peer), \
        PASS(cell, "train", TRAIN, "TBIHP", train_run, cell_peer), \
        PASS(cell, "ragged", RAGGED, "TBIHP", train_run, cell_peer),
#define PLAIN(cell) \
    VARIANT(cell) PASS(cell, "update", UPDATE, "TBIHP", train_run, NULL), \
        PASS(cell, "step", STEP, "BIHP", step_run, NULL),

const problem_kind problem_cell_kinds[] = {
    BENCH_PLAIN_LIST(PLAIN) BENCH_VARIANT_LIST(VARIANT){0},
};
