/* Kernels by themselves: activations over arrays, and products of a matrix
 * shaped like the four gates of a cell, H units from H inputs, with one row
 * (gemv) or many (gemm). */
#include "peers/peer.h"

#include <stdlib.h>

enum { X, Y, WEIGHTS, PANELS };
enum { EXP, LOG, SIGMOID, TANH, RELU };

#define GATES 4

/* 2 ULP here and 1 in libm, each at most 2^-23 of the value. */
#define ACTIVATION_ERROR 0x1.8p-22f

typedef struct kernel_state {
    srnn_array_fn *array;
    srnn_panels panels;
    srnn_rows rows;
    const float *bias;
} kernel_state;

static int no_memory(problem *p)
{
    return problem_fail(p, "no memory for the state");
}

static void close_state(problem *p)
{
    free(p->state);
    p->state = NULL;
}

/* ---- activations -------------------------------------------------------- */

static int activation_open(problem *p)
{
    const size_t n = p->size[SIZE_N];

    p->state = calloc(1, sizeof(kernel_state));
    if (!p->state)
        return no_memory(p);
    p->bytes[X] = p->bytes[Y] = n * sizeof(float);
    p->work = work_activation(n, p->kind->which != RELU);
    return 0;
}

static int activation_setup(problem *p)
{
    srnn_array_fn *const array[] = {p->table.exp, p->table.log,
                                    p->table.sigmoid, p->table.tanh,
                                    p->table.relu};
    kernel_state *s = p->state;

    s->array = array[p->kind->which];
    problem_fill(p->buffer[X], p->size[SIZE_N],
                 p->kind->which == LOG ? 0 : -8, 8, X);
    p->output[p->outputs++] = (problem_output){
        "y", p->buffer[Y], p->size[SIZE_N], 0, ACTIVATION_ERROR, 0};
    return 0;
}

static void activation_run(problem *p)
{
    kernel_state *s = p->state;

    s->array(p->size[SIZE_N], p->buffer[X], p->buffer[Y]);
}

static int activation_peer(const problem *p, peer_task *task)
{
    task->x = p->buffer[X];
    return 0;
}

/* ---- products ----------------------------------------------------------- */

static int product_open(problem *p)
{
    const size_t h = p->size[SIZE_H], n = p->size[SIZE_N];

    p->state = calloc(1, sizeof(kernel_state));
    if (!p->state)
        return no_memory(p);
    p->bytes[X] = n * h * sizeof(float);
    p->bytes[Y] = n * GATES * h * sizeof(float);
    p->bytes[WEIGHTS] = (h + 1) * GATES * h * sizeof(float);
    p->bytes[PANELS] = p->table.panels_size(GATES, h, h) * sizeof(float);
    p->work = work_product(n, h, GATES * h);
    return 0;
}

static int product_setup(problem *p)
{
    const size_t h = p->size[SIZE_H];
    float *w = p->buffer[WEIGHTS];
    kernel_state *s = p->state;

    s->panels = (srnn_panels){GATES, h, h, p->buffer[PANELS]};
    s->rows = (srnn_rows){{p->buffer[X], NULL}, {h, 0}, {h, 0}};
    s->bias = w + GATES * h * h;
    problem_fill(p->buffer[X], p->size[SIZE_N] * h, -1, 1, X);
    problem_fill(w, (h + 1) * GATES * h, -1, 1, WEIGHTS);
    p->table.pack(&s->panels, w, h, 1);
    p->output[p->outputs++] =
        (problem_output){"c", p->buffer[Y], p->size[SIZE_N] * GATES * h, 0, 0,
                         problem_chain_error(h + 1)};
    return 0;
}

static void product_run(problem *p)
{
    const size_t h = p->size[SIZE_H];
    const kernel_state *s = p->state;

    p->table.product(&s->panels, p->size[SIZE_N], &s->rows, SRNN_START_BIAS,
                     s->bias, p->buffer[Y], GATES * h, 0, h);
}

static int product_peer(const problem *p, peer_task *task)
{
    const kernel_state *s = p->state;

    task->x = p->buffer[X];
    task->w_hh = p->buffer[WEIGHTS];
    task->b_ih = s->bias;
    return 0;
}

#define ACTIVATION(name, which, overlay) \
    { \
        name, "N", overlay, which, activation_open, activation_setup, \
            activation_run, close_state, activation_peer \
    }
#define PRODUCT(name) \
    { \
        name, "HN", "libxsmm", 0, product_open, product_setup, product_run, \
            close_state, product_peer \
    }

const problem_kind problem_kernel_kinds[] = {
    ACTIVATION("exp", EXP, "sleef"),
    ACTIVATION("log", LOG, "sleef"),
    ACTIVATION("sigmoid", SIGMOID, "sleef"),
    ACTIVATION("tanh", TANH, "sleef"),
    ACTIVATION("relu", RELU, NULL),
    PRODUCT("gemv"),
    PRODUCT("gemm"),
    {0},
};
