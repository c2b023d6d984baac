/* One update of the net of each task with a known answer (tasks.h), as tests
 * train it: T steps, B sequences, H units. */
#include "problem.h"
#include "tasks.h"

#include <math.h>
#include <stdlib.h>

enum { X, Y };

typedef struct task_state {
    const task_shape *shape;
    srnn_net *net;
    srnn_trainer *trainer;
    size_t steps, batch, hidden;
    size_t answers; /* rows of "out" */
    double loss;
    float loss_output;
} task_state;

static int task_fail(problem *p)
{
    return problem_fail(p, "%s: %s", p->kind->what, srnn_error_message());
}

static int is_gru(const problem *p)
{
    return p->kind->which >= TASKS;
}

/* ---- open: the net and what it needs ------------------------------------ */

static srnn_status build_net(problem *p, task_state *s)
{
    srnn_recurrent_config config = srnn_recurrent_default();
    srnn_status status = srnn_net_open_on(&s->net, &p->table);

    config.cell = is_gru(p) ? SRNN_GRU : SRNN_LSTM;
    config.hidden = s->hidden;
    return status ? status : task_build(s->net, s->shape, &config);
}

static work count_work(const problem *p, const task_state *s)
{
    const double h = (double)s->hidden;
    const work_cell c = {.gates = is_gru(p) ? 3 : 4,
                         .activations = is_gru(p) ? 3 : 5,
                         .outputs = h};
    const double answers = (double)s->answers * (double)s->shape->answers;
    size_t params = 0;
    srnn_tensor t;
    work w = work_train(work_forward(c, 1, s->steps, s->batch,
                                     s->shape->inputs, s->hidden),
                        0, 0, 0);

    for (size_t i = 0; !srnn_net_param(s->net, i, &t); i++)
        params += t.count;
    w.flop += 6 * answers * h;
    if (!s->shape->symbols) /* nothing goes towards x */
        w.flop -= 2 * (double)(s->steps * s->batch * s->shape->inputs) *
                  c.gates * h;
    w.activations += s->shape->classes ? answers : 0;
    w.items = 1;
    w.item = "update";
    return work_update(w, params);
}

static int task_open(problem *p)
{
    task_state *s = p->state = calloc(1, sizeof *s);

    if (!s)
        return problem_fail(p, "no memory for the state");
    s->shape = &task_shapes[p->kind->which % TASKS];
    s->steps = p->size[SIZE_T];
    s->batch = p->size[SIZE_B];
    s->hidden = p->size[SIZE_H];
    s->answers = (s->shape->at_end ? 1 : s->steps) * s->batch;
    if (build_net(p, s))
        return task_fail(p);
    p->bytes[X] = s->steps * s->batch * sizeof(float) *
                  (s->shape->symbols ? 1 : s->shape->inputs);
    p->bytes[Y] = s->answers * sizeof(float) *
                  (s->shape->classes ? 1 : s->shape->answers);
    p->work = count_work(p, s);
    return 0;
}

static void task_close(problem *p)
{
    task_state *s = p->state;

    if (!s)
        return;
    srnn_trainer_close(s->trainer);
    srnn_net_close(s->net);
    free(s);
    p->state = NULL;
}

/* ---- setup: data, and what is compared ---------------------------------- */

static void fill_symbols(int32_t *x, size_t n, size_t symbols)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (int32_t)(i * 7 % symbols);
}

static srnn_status fill(problem *p, task_state *s)
{
    const float range = 1 / sqrtf((float)s->hidden);
    srnn_tensor t;

    if (s->shape->symbols)
        fill_symbols(p->buffer[X], s->steps * s->batch, s->shape->inputs);
    else
        problem_fill(p->buffer[X], s->steps * s->batch * s->shape->inputs, 0,
                     1, X);
    if (s->shape->classes)
        fill_symbols(p->buffer[Y], s->answers, s->shape->answers);
    else
        problem_fill(p->buffer[Y], s->answers * s->shape->answers, 0, 2, Y);
    for (size_t i = 0; !srnn_net_param(s->net, i, &t); i++)
        problem_fill(t.data, t.count, -range, range, (uint32_t)(100 + i));
    return srnn_net_pack(s->net);
}

/* eps as in problems_cell.c: an update without it is nearly a sign. */
static srnn_status open_trainer(task_state *s)
{
    srnn_trainer_config config = srnn_trainer_default();

    config.batch = s->batch;
    config.steps = s->steps;
    config.eps = 1e-4;
    config.clip_norm = 1;
    return srnn_trainer_open(&s->trainer, s->net, &config);
}

/* The first moment, and what the update made of the parameter. */
static srnn_status add_outputs(problem *p, task_state *s)
{
    const size_t chain = s->shape->inputs + 5 * s->hidden +
                         s->steps * s->batch;
    srnn_tensor t[2];

    for (size_t i = 0; i < srnn_net_params(s->net); i++) {
        srnn_status status = srnn_trainer_moment(s->trainer, 0, i, &t[0]);

        if (!status)
            status = srnn_net_param(s->net, i, &t[1]);
        if (status)
            return status;
        for (size_t j = 0; j < 2; j++)
            p->output[p->outputs++] =
                (problem_output){t[j].name, t[j].data, t[j].count, 0, 0,
                                 problem_chain_error(chain)};
    }
    p->output[p->outputs++] = (problem_output){
        "loss", &s->loss_output, 1, 0, problem_chain_error(chain), 0};
    return SRNN_OK;
}

static int task_setup(problem *p)
{
    task_state *s = p->state;

    if (fill(p, s) || open_trainer(s) || add_outputs(p, s))
        return task_fail(p);
    return 0;
}

/* ---- run ---------------------------------------------------------------- */

static void task_run(problem *p)
{
    task_state *s = p->state;
    srnn_array in[] = {{.node = srnn_net_find(s->net, "x")},
                       {.node = srnn_net_find(s->net, "y")}};

    if (s->shape->symbols)
        in[0].tokens = p->buffer[X];
    else
        in[0].data = p->buffer[X];
    if (s->shape->classes)
        in[1].tokens = p->buffer[Y];
    else
        in[1].data = p->buffer[Y];
    srnn_trainer_reset(s->trainer);
    p->failed |= srnn_trainer_update(s->trainer, s->steps, in, 2, &s->loss) !=
                 SRNN_OK;
    s->loss_output = (float)s->loss;
}

#define TASK(what, number) \
    { \
        "task/" what, "TBH", NULL, number, task_open, task_setup, task_run, \
            task_close, NULL \
    }

const problem_kind problem_task_kinds[] = {
    TASK("adding/lstm", TASK_ADDING),
    TASK("adding/gru", TASKS + TASK_ADDING),
    TASK("order/lstm", TASK_ORDER),
    TASK("order/gru", TASKS + TASK_ORDER),
    TASK("reber/lstm", TASK_REBER),
    TASK("reber/gru", TASKS + TASK_REBER),
    TASK("copying/lstm", TASK_COPYING),
    {0},
};
