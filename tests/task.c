/* The frame of the tasks: data, training until it is enough, the figure. */
#include "task.h"

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum set { TRAIN, VALIDATE, TEST };

enum { EVERY = 50, VALIDATED = 256, AT_ONCE = 64 };

void task_must(srnn_status status)
{
    if (!status)
        return;
    printf("FAILED: %s: %s\n", srnn_strerror(status), srnn_error_message());
    exit(1);
}

static void *take(size_t count, size_t size)
{
    void *p = calloc(count, size);

    if (!p)
        task_must(SRNN_ENOMEM);
    return p;
}

/* ---- dice ---------------------------------------------------------------- */

static task_dice dice_of(enum set set, uint64_t sequence)
{
    task_dice d = {.stream = {.seed = sequence, .id = {0, set, 0}},
                   .used = TASK_DICE};

    task_must(srnn_kernels_get(&d.k, NULL));
    return d;
}

float task_unit(task_dice *d)
{
    if (d->used == TASK_DICE) {
        d->k.uniform(&d->stream, TASK_DICE, d->unit);
        d->stream.id[0]++;
        d->used = 0;
    }
    return d->unit[d->used++];
}

/* A unit is a multiple of 2^-24, so the product is exact in double. */
size_t task_between(task_dice *d, size_t low, size_t high)
{
    return low + (size_t)((double)task_unit(d) * (double)(high - low + 1));
}

/* ---- data ---------------------------------------------------------------- */

static size_t rows_of(const task_data *d, srnn_axis axis)
{
    return (axis == SRNN_BATCH ? 1 : d->steps) * d->batch;
}

static srnn_node_info node_named(const srnn_net *net, const char *name)
{
    srnn_node_info info;

    task_must(srnn_net_node(net, srnn_net_find(net, name), &info));
    return info;
}

static task_data data_open(const task *t, const srnn_net *net, size_t batch)
{
    static const char *const names[TASK_NODES] = {"x", "y"};
    task_data d = {.batch = batch, .steps = t->steps};

    for (int i = 0; i < TASK_NODES; i++) {
        const srnn_node_info n = node_named(net, names[i]);
        const size_t rows = rows_of(&d, n.axis);

        d.in[i].node = srnn_net_find(net, names[i]);
        d.features[i] = n.features;
        if (!strcmp(n.kind, "tokens"))
            d.in[i].tokens = d.token[i] = take(rows, sizeof *d.token[i]);
        else
            d.in[i].data = d.real[i] =
                take(rows * n.features, sizeof *d.real[i]);
    }
    d.length = take(batch, sizeof *d.length);
    return d;
}

static void data_close(task_data *d)
{
    for (int i = 0; i < TASK_NODES; i++) {
        free(d->real[i]);
        free(d->token[i]);
    }
    free(d->length);
}

static void data_draw(const task *t, task_data *d, enum set set,
                      uint64_t first)
{
    for (size_t b = 0; b < d->batch; b++) {
        task_dice dice = dice_of(set, first + b);

        t->draw(d, b, &dice);
    }
}

/* ---- figures ------------------------------------------------------------- */

static double figure(const task *t, const srnn_net *net, enum set set,
                     size_t sequences)
{
    const srnn_node_info n = node_named(net, "out");
    srnn_session_config config = srnn_session_default();
    task_data d = data_open(t, net, AT_ONCE);
    srnn_array out = {.node = srnn_net_find(net, "out")};
    task_score score = {0};
    srnn_session *s;

    out.data = take(rows_of(&d, n.axis) * n.features, sizeof *out.data);
    config.batch = d.batch;
    config.steps = d.steps;
    task_must(srnn_session_open(&s, net, &config));
    for (size_t i = 0; i < sequences; i += d.batch) {
        data_draw(t, &d, set, i);
        srnn_session_reset(s);
        task_must(srnn_session_lengths(s, d.length));
        task_must(srnn_session_forward(s, d.steps, d.in, 1, &out, 1));
        for (size_t b = 0; b < d.batch; b++)
            t->judge(&d, b, out.data, &score);
    }
    srnn_session_close(s);
    free(out.data);
    data_close(&d);
    return score.sum / (double)score.count;
}

size_t task_most(const float *x, size_t n)
{
    size_t most = 0;

    for (size_t i = 1; i < n; i++)
        if (x[i] > x[most])
            most = i;
    return most;
}

double task_test(const task *t, const srnn_net *net)
{
    return figure(t, net, TEST, TASK_TESTED);
}

static int reaches(const task *t, double got, double goal)
{
    return t->error ? got < goal : got >= goal;
}

int task_passes(const task *t, double got)
{
    return reaches(t, got, t->goal);
}

/* ---- learning ------------------------------------------------------------ */

srnn_net *task_net(const task *t, const task_plan *p)
{
    srnn_recurrent_config cell = srnn_recurrent_default();
    srnn_init init = srnn_init_default();
    srnn_net *net;

    cell.cell = p->cell;
    cell.hidden = p->hidden;
    task_must(srnn_net_open(&net, NULL));
    task_must(task_build(net, &task_shapes[t->number], &cell));
    if (p->longest > 0) {
        init.recurrent = SRNN_INIT_ORTHOGONAL;
        init.forget = SRNN_FORGET_CHRONO;
        init.forget_value = p->longest;
    }
    task_must(srnn_net_init_with(net, &init, p->seed));
    return net;
}

size_t task_train(const task *t, const task_plan *p, srnn_net *net)
{
    srnn_trainer_config config = srnn_trainer_default();
    task_data d = data_open(t, net, p->batch);
    srnn_trainer *trainer;
    size_t u;

    config.batch = p->batch;
    config.steps = t->steps;
    config.lr = p->lr;
    config.clip_norm = p->clip_norm;
    task_must(srnn_trainer_open(&trainer, net, &config));
    for (u = 0; u < p->updates; u++) {
        if (u % EVERY == 0 &&
            reaches(t, figure(t, net, VALIDATE, VALIDATED), p->enough))
            break;
        data_draw(t, &d, TRAIN, u * p->batch);
        srnn_trainer_reset(trainer);
        task_must(srnn_trainer_lengths(trainer, d.length));
        task_must(srnn_trainer_update(trainer, t->steps, d.in, TASK_NODES,
                                      NULL));
    }
    srnn_trainer_close(trainer);
    data_close(&d);
    return u;
}

/* Of this process. */
static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void note(const task *t, const task_plan *p, double untrained,
                 double got, size_t updates, double took)
{
    check_note("task/%s/%s: %.4g after %zu updates, %.4g before, goal %g; "
               "%.0f updates/s", task_shapes[t->number].name,
               srnn_cell_name(p->cell), got, updates, untrained, t->goal,
               (double)updates / took);
}

void task_learns(const task *t, const task_plan *p)
{
    srnn_net *net = task_net(t, p);
    const double untrained = task_test(t, net), start = seconds();
    const size_t updates = task_train(t, p, net);
    const double took = seconds() - start, got = task_test(t, net);

    note(t, p, untrained, got, updates, took);
    CHECK_SAYS(!task_passes(t, untrained), "untrained: %g", untrained);
    CHECK_SAYS(task_passes(t, got), "%g after %zu updates, goal %g", got,
               updates, t->goal);
    srnn_net_close(net);
}

double task_plain_fails(const task *t, const task_plan *p, size_t updates)
{
    task_plan plain = *p;
    double untrained, start, took, got;
    srnn_net *net;

    plain.cell = SRNN_RNN_TANH;
    plain.longest = 0;
    plain.updates = updates;
    net = task_net(t, &plain);
    untrained = task_test(t, net);
    start = seconds();
    updates = task_train(t, &plain, net);
    took = seconds() - start;
    got = task_test(t, net);
    note(t, &plain, untrained, got, updates, took);
    CHECK_SAYS(!task_passes(t, got), "%g after %zu updates", got, updates);
    srnn_net_close(net);
    return got;
}
