/* oneDNN (https://github.com/oneapi-src/oneDNN, C interface of version 2 or 3):
 * its recurrent primitives, given the weights in the layout they ask for. Its
 * gates are i f g o of an LSTM, and z (u), r, n (o) of a GRU, with h' = z h +
 * (1 - z) n as ours; reset after is its LBR GRU, before its plain one. It has
 * one bias a gate, the sum of ours, and of the LBR GRU's n both. The
 * primitives' own matters are in onednn_parts.c, training is in
 * onednn_train.c, and where the versions differ in onednn_v2.h, onednn_v3.h. */
#include "onednn.h"

#include <dlfcn.h>
#include <dnnl_debug.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t in_order[ONEDNN_GATES] = {0, 1, 2, 3};
static const size_t of_gru[ONEDNN_GATES] = {1, 0, 2};
static const size_t of_lbr_hidden[ONEDNN_GATES] = {1, 0, 3};

static const struct {
    const char *forward, *train;
    size_t gates, biases;
    const size_t *gate, *hidden_bias;
} cells[] = {
    [ONEDNN_LSTM] = {"lstm/forward", "lstm/train", 4, 4, in_order, in_order},
    [ONEDNN_GRU] = {"gru/forward", "gru/train", 3, 4, of_gru, of_lbr_hidden},
    [ONEDNN_GRU_BEFORE] = {"gru_before/forward", "gru_before/train", 3, 3,
                           of_gru, of_gru},
    [ONEDNN_RNN] = {"rnn/forward", "rnn/train", 1, 1, in_order, in_order},
};

#define CELLS (sizeof cells / sizeof *cells)

/* The place of `what` in the table, CELLS if it is not there. */
static size_t cell_of(const char *what, int *trains)
{
    size_t i;

    for (i = 0; i < CELLS; i++) {
        *trains = !strcmp(what, cells[i].train);
        if (*trains || !strcmp(what, cells[i].forward))
            break;
    }
    return i;
}

static int has(const char *what)
{
    int trains;

    return cell_of(what, &trains) < CELLS;
}

/* oneDNN takes as many threads as OpenMP would. That is asked of the OpenMP
 * that oneDNN has brought into the process: linked here, another compiler's
 * could be another one. */
static void (*find_set_threads(void))(int)
{
    void *all = dlopen(NULL, RTLD_NOW);
    void *found = all ? dlsym(all, "omp_set_num_threads") : NULL;
    void (*set)(int) = NULL;

    memcpy(&set, &found, sizeof set);
    if (all)
        dlclose(all);
    return set;
}

static const char *version(char *why, size_t size)
{
    static char text[32];
    const dnnl_version_t *v = dnnl_version();

    if (v->major != DNNL_VERSION_MAJOR)
        snprintf(why, size, "version %d was found, built with %d", v->major,
                 DNNL_VERSION_MAJOR);
    else if (v->cpu_runtime != DNNL_RUNTIME_OMP || !find_set_threads())
        snprintf(why, size, "built without OpenMP: threads cannot be set");
    else
        snprintf(text, sizeof text, "%d.%d.%d", v->major, v->minor, v->patch);
    return *text ? text : NULL;
}

/* ---- the layer, forward ------------------------------------------------- */

static onednn_layout layout(peer_state *s, int any)
{
    const dnnl_dim_t T = (dnnl_dim_t)s->T, B = (dnnl_dim_t)s->B,
                     I = (dnnl_dim_t)s->I, H = (dnnl_dim_t)s->H,
                     G = (dnnl_dim_t)s->gates, b = (dnnl_dim_t)s->biases;
    const dnnl_format_tag_t w = any ? dnnl_format_tag_any : dnnl_ldgoi;

    return (onednn_layout){
        onednn_desc(s, dnnl_tnc, 3, (dnnl_dims_t){T, B, I}),
        onednn_desc(s, dnnl_tnc, 3, (dnnl_dims_t){T, B, H}),
        onednn_desc(s, dnnl_ldnc, 4, (dnnl_dims_t){1, 1, B, H}),
        onednn_desc(s, w, 5, (dnnl_dims_t){1, 1, I, G, H}),
        onednn_desc(s, w, 5, (dnnl_dims_t){1, 1, H, G, H}),
        onednn_desc(s, dnnl_ldgo, 4, (dnnl_dims_t){1, 1, b, H})};
}

void onednn_weights(peer_state *s, onednn_step *step,
                    const_dnnl_primitive_desc_t pd)
{
    onednn_weight(s, step, pd, DNNL_ARG_WEIGHTS_LAYER, s->task.w_ih,
                  s->ours.w_ih, s->gate, s->gates);
    onednn_weight(s, step, pd, DNNL_ARG_WEIGHTS_ITER, s->task.w_hh,
                  s->ours.w_hh, s->gate, s->gates);
    onednn_arg(s, step, pd, DNNL_ARG_BIAS,
               onednn_memory(s, s->ours.bias, s->bias));
}

/* Where both go to one bias, their sum. */
static void fill_bias(peer_state *s)
{
    const size_t H = s->H;

    for (size_t g = 0; g < s->gates; g++)
        for (size_t u = 0; u < H; u++) {
            s->bias[s->gate[g] * H + u] += s->task.b_ih[g * H + u];
            s->bias[s->hidden_bias[g] * H + u] += s->task.b_hh[g * H + u];
        }
}

static dnnl_status_t forward_op(const peer_state *s, onednn_op *op)
{
    const dnnl_prop_kind_t pass =
        s->trains ? dnnl_forward_training : dnnl_forward_inference;
    const dnnl_rnn_direction_t way = dnnl_unidirectional_left2right;
    const onednn_layout *a = &s->any;
    const onednn_md h = s->trains ? a->h : NULL;

    switch (s->cell) {
    case ONEDNN_LSTM:
        return ONEDNN_FORWARD(s, op, lstm_forward, pass, way, a->x, h, h,
                              a->w_ih, a->w_hh, NULL, NULL, a->bias, a->y, NULL,
                              NULL, dnnl_rnn_flags_undef);
    case ONEDNN_GRU:
        return ONEDNN_FORWARD(s, op, lbr_gru_forward, pass, way, a->x, h,
                              a->w_ih, a->w_hh, a->bias, a->y, NULL,
                              dnnl_rnn_flags_undef);
    case ONEDNN_GRU_BEFORE:
        return ONEDNN_FORWARD(s, op, gru_forward, pass, way, a->x, h, a->w_ih,
                              a->w_hh, a->bias, a->y, NULL,
                              dnnl_rnn_flags_undef);
    default:
        return ONEDNN_FORWARD(s, op, vanilla_rnn_forward, pass,
                              dnnl_eltwise_tanh, way, a->x, h, a->w_ih,
                              a->w_hh, a->bias, a->y, NULL,
                              dnnl_rnn_flags_undef, 0, 0);
    }
}

/* Left out, the state before the first step is zero too; but 2.6 then takes
 * something else for it in the gradients of W_hh of LSTM and RNN. */
void onednn_first_state(peer_state *s, onednn_step *step,
                        const_dnnl_primitive_desc_t pd)
{
    if (!s->h) {
        s->h = onednn_memory(s, s->ours.h, NULL);
        onednn_zero(s->h);
    }
    onednn_arg(s, step, pd, DNNL_ARG_SRC_ITER, s->h);
    if (s->cell == ONEDNN_LSTM)
        onednn_arg(s, step, pd, DNNL_ARG_SRC_ITER_C, s->h);
}

static void open_forward(peer_state *s)
{
    onednn_op op = {0};
    onednn_step *step;

    onednn_ok(s, forward_op(s, &op));
    step = onednn_step_open(s, &op, &s->forward);
    onednn_arg(s, step, s->forward, DNNL_ARG_SRC_LAYER,
               onednn_memory(s, s->ours.x, s->task.x));
    onednn_weights(s, step, s->forward);
    s->y = onednn_arg(s, step, s->forward, DNNL_ARG_DST_LAYER, NULL);
    if (s->trains) {
        onednn_first_state(s, step, s->forward);
        s->workspace =
            onednn_arg(s, step, s->forward, DNNL_ARG_WORKSPACE, NULL);
    } else {
        onednn_output_add(s, "y", s->y, s->ours.y, in_order, 1,
                          s->T * s->B * s->H);
    }
    s->forward_steps = s->steps;
}

/* ---- the peer ----------------------------------------------------------- */

static void peer_close(peer_state *s)
{
    for (size_t i = 0; i < s->steps; i++)
        dnnl_primitive_destroy(s->step[i].primitive);
    for (size_t i = 0; i < s->memories; i++)
        dnnl_memory_destroy(s->memory[i]);
    for (size_t i = 0; i < s->descs; i++)
        onednn_md_close(&s->desc[i]);
    for (size_t i = 0; i < s->outputs; i++)
        free(s->output[i].data);
    dnnl_primitive_desc_destroy(s->forward);
    dnnl_primitive_attr_destroy(s->attr);
    dnnl_stream_destroy(s->stream);
    dnnl_engine_destroy(s->engine);
    free(s->bias);
    free(s);
}

static void open_engine(peer_state *s)
{
    if (onednn_ok(s, dnnl_engine_create(&s->engine, dnnl_cpu, 0)) &&
        onednn_ok(s, dnnl_stream_create(&s->stream, s->engine,
                                        dnnl_stream_default_flags)) &&
        onednn_ok(s, dnnl_primitive_attr_create(&s->attr)))
        onednn_ok(s, dnnl_primitive_attr_set_scratchpad_mode(
                         s->attr, dnnl_scratchpad_mode_user));
}

static peer_state *state_of(const peer_task *task, size_t cell, int trains)
{
    peer_state *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->task = *task;
    s->cell = (enum onednn_cell)cell;
    s->trains = trains;
    s->gates = cells[cell].gates;
    s->biases = cells[cell].biases;
    s->gate = cells[cell].gate;
    s->hidden_bias = cells[cell].hidden_bias;
    s->T = task->size[SIZE_T];
    s->B = task->size[SIZE_B];
    s->I = task->size[SIZE_I];
    s->H = task->size[SIZE_H];
    s->set_threads = find_set_threads();
    s->bias = calloc(s->biases * s->H, sizeof *s->bias);
    if (s->bias && s->set_threads)
        return s;
    free(s->bias);
    free(s);
    return NULL;
}

static peer_state *peer_open(const peer_task *task, char *why, size_t size)
{
    int trains;
    const size_t cell = cell_of(task->what, &trains);
    peer_state *s = cell < CELLS ? state_of(task, cell, trains) : NULL;

    if (!s) {
        snprintf(why, size, "%s: %s", task->what,
                 cell < CELLS ? "no memory, or no OpenMP" : "not here");
        return NULL;
    }
    s->set_threads((int)task->threads);
    open_engine(s);
    s->ours = layout(s, 0);
    s->any = layout(s, 1);
    fill_bias(s);
    open_forward(s);
    if (trains)
        onednn_train_open(s);
    if (!s->status)
        return s;
    snprintf(why, size, "%s: %s", task->what, dnnl_status2str(s->status));
    peer_close(s);
    return NULL;
}

static void run_steps(peer_state *s, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        onednn_ok(s, dnnl_primitive_execute(s->step[i].primitive, s->stream,
                                            s->step[i].args, s->step[i].arg));
    onednn_ok(s, dnnl_stream_wait(s->stream));
}

/* Threads again: the setting belongs to the calling thread, and another peer
 * may have changed it. */
static int run(peer_state *s)
{
    s->set_threads((int)s->task.threads);
    run_steps(s, 0, s->forward_steps);
    if (s->trains) {
        onednn_train_loss(s);
        run_steps(s, s->forward_steps, s->steps);
    }
    return s->status ? -1 : 0;
}

static const float *result(peer_state *s, const char *output, size_t count)
{
    if (!strcmp(output, "loss"))
        return s->trains && count == 1 ? &s->loss : NULL;
    for (size_t i = 0; i < s->outputs; i++)
        if (!strcmp(s->output[i].name, output))
            return s->output[i].count == count
                       ? onednn_output_data(s, &s->output[i])
                       : NULL;
    return NULL;
}

const peer peer_onednn = {
    .name = "onednn",
    .version = version,
    .has = has,
    .open = peer_open,
    .run = run,
    .result = result,
    .close = peer_close,
};
