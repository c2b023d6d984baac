/* Trainers: a session that keeps what backward needs, and gradients and
 * moments beside the parameters. update.c moves the parameters. */
#include "through.h"

#include <stdlib.h>
#include <string.h>


/* ---- open and close ---------------------------------------------------- */

srnn_trainer_config srnn_trainer_default(void)
{
    return (srnn_trainer_config){.batch = 1,
                                 .steps = 32,
                                 .threads = 1,
                                 .optimiser = SRNN_ADAM,
                                 .lr = 1e-3,
                                 .beta1 = 0.9,
                                 .beta2 = 0.999,
                                 .eps = 1e-8};
}

size_t srnn_moments_of(const srnn_trainer_config *c)
{
    return c->optimiser == SRNN_ADAM ? 2 : c->momentum != 0 ? 1 : 0;
}

static srnn_status check_number(const char *name, double value, double low,
                                double high)
{
    if (value >= low && value <= high)
        return SRNN_OK;
    return srnn_fail(SRNN_EINVAL, "%s is %g, must be %g to %g", name, value,
                     low, high);
}

static srnn_status check_config(const srnn_net *net,
                                const srnn_trainer_config *c)
{
    const double most = 1e30, below_one = 1 - 0x1p-53;
    const struct {
        const char *name;
        double value, low, high;
    } number[] = {
        {"lr", c->lr, 0, most},
        {"momentum", c->momentum, 0, below_one},
        {"beta1", c->beta1, 0, below_one},
        {"beta2", c->beta2, 0, below_one},
        {"eps", c->eps, 0, most},
        {"decay", c->decay, 0, most},
        {"clip_value", c->clip_value, 0, most},
        {"clip_norm", c->clip_norm, 0, most},
        {"schedule.last", c->schedule.last, 0, most},
    };
    srnn_status status = SRNN_OK;
    size_t i;

    if (net->losses == 0)
        return srnn_fail(SRNN_ESTATE, "the net has no loss to train on");
    if (c->optimiser != SRNN_SGD && c->optimiser != SRNN_ADAM)
        return srnn_fail(SRNN_EINVAL, "optimiser %d is unknown",
                         (int)c->optimiser);
    if ((unsigned)c->schedule.kind > SRNN_STEP)
        return srnn_fail(SRNN_EINVAL, "schedule.kind %d is unknown",
                         (int)c->schedule.kind);
    if (c->schedule.kind != SRNN_CONSTANT && c->schedule.span == 0)
        return srnn_fail(SRNN_EINVAL, "schedule.span is 0");
    for (i = 0; i < sizeof number / sizeof *number && !status; i++)
        status = check_number(number[i].name, number[i].value, number[i].low,
                              number[i].high);
    return status;
}

/* Each tensor begins on a cache line. */
static size_t padded(const param *p)
{
    const size_t line = ALIGNMENT / sizeof(srnn_real);

    return (p->count + line - 1) / line * line;
}

static size_t total_of(const srnn_net *net)
{
    size_t i, total = 0;

    for (i = 0; i < net->params; i++)
        total += padded(net->param[i]);
    return total;
}

static size_t arrays_of(const srnn_trainer_config *c)
{
    return 1 + srnn_moments_of(c);
}

static srnn_status allocate(srnn_trainer *t)
{
    const srnn_net *net = t->net;
    const size_t arrays = arrays_of(&t->config);
    srnn_real *at;
    size_t i, a, bytes;

    t->total = total_of(net);
    bytes = (t->total * arrays + 1) * sizeof *t->memory;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    t->memory = aligned_alloc(ALIGNMENT, bytes);
    t->gradient = calloc(net->params * 3 + 1, sizeof *t->gradient);
    t->squares = calloc(net->params + 1, sizeof *t->squares);
    t->rows = calloc(net->nodes, 2 * sizeof *t->rows);
    t->loss_sum = calloc(net->nodes, sizeof *t->loss_sum);
    if (!t->memory || !t->gradient || !t->squares || !t->rows || !t->loss_sum)
        return srnn_fail(SRNN_ENOMEM, "trainer: no memory for %zu bytes",
                         bytes);
    memset(t->memory, 0, bytes);
    t->loss_count = t->rows + net->nodes;
    t->moment[0] = t->gradient + net->params;
    t->moment[1] = t->moment[0] + net->params;
    for (a = 0, at = t->memory; a < arrays; a++)
        for (i = 0; i < net->params; at += padded(net->param[i]), i++)
            (a ? t->moment[a - 1] : t->gradient)[i] = at;
    return SRNN_OK;
}

/* A session that keeps so many steps. */
static run_config session_of(const srnn_trainer_config *c, size_t segment)
{
    run_config r = {.batch = c->batch,
                    .threads = c->threads,
                    .training = 1,
                    .input_gradients = c->input_gradients,
                    .longest = c->steps,
                    .kept = segment ? (c->steps + segment - 1) / segment + 1
                                    : 1};

    srnn_run_steps(&r, segment, c->axis_steps);
    return r;
}

static size_t bytes_of(const srnn_net *net, const srnn_trainer_config *c,
                       size_t segment)
{
    const run_config r = session_of(c, segment);
    const size_t session = srnn_session_bytes(net, &r);

    return session
               ? session + total_of(net) * arrays_of(c) * sizeof(srnn_real)
               : 0;
}

/* The next shorter segment that makes one segment more, or one step less. */
static size_t shorter(size_t steps, size_t segment)
{
    const size_t more = (steps + segment - 1) / segment + 1;
    const size_t next = (steps + more - 1) / more;

    return next < segment ? next : segment - 1;
}

/* The longest segment that the memory allows. Shorter ones keep more states, so
 * the least of all need not be that of the shortest. */
static srnn_status fit(const srnn_net *net, const srnn_trainer_config *c,
                       size_t *segment)
{
    size_t least = SIZE_MAX, n;

    for (n = c->steps; n > 0; n = shorter(c->steps, n)) {
        const size_t bytes = bytes_of(net, c, n);

        if (bytes == 0)
            return SRNN_ESHAPE;
        *segment = n;
        if (bytes <= c->memory)
            return SRNN_OK;
        least = bytes < least ? bytes : least;
    }
    return srnn_fail(SRNN_EINVAL,
                     "memory is %zu bytes, the least that the trainer takes "
                     "is %zu",
                     c->memory, least);
}

/* How many steps the trainer keeps at a time. */
static srnn_status segment_of(const srnn_net *net,
                              const srnn_trainer_config *c, size_t *segment)
{
    srnn_status status = SRNN_OK;

    *segment = c->segment && c->segment < c->steps ? c->segment : c->steps;
    if (c->segment && c->memory)
        return srnn_fail(SRNN_EINVAL,
                         "segment is %zu and memory %zu, one at most is given",
                         c->segment, c->memory);
    if (c->memory && c->steps)
        status = fit(net, c, segment);
    if (!status && *segment < c->steps)
        status = srnn_segments_check(net);
    return status;
}

size_t srnn_trainer_size(const srnn_net *net,
                         const srnn_trainer_config *config)
{
    size_t segment;

    if (!net || !config) {
        srnn_fail(SRNN_EINVAL, "%s is NULL", net ? "config" : "net");
        return 0;
    }
    if (check_config(net, config) || segment_of(net, config, &segment))
        return 0;
    return bytes_of(net, config, segment);
}

srnn_status srnn_trainer_open(srnn_trainer **trainer, srnn_net *net,
                              const srnn_trainer_config *config)
{
    srnn_trainer *t;
    srnn_status status;
    size_t segment;

    if (!trainer || !net || !config)
        return srnn_fail(SRNN_EINVAL, "%s is NULL",
                         trainer ? net ? "config" : "net" : "trainer");
    status = check_config(net, config);
    if (!status)
        status = segment_of(net, config, &segment);
    if (status)
        return status;
    t = calloc(1, sizeof *t);
    if (!t)
        return srnn_fail(SRNN_ENOMEM, "trainer: no memory for %zu bytes",
                         sizeof *t);
    t->net = net;
    t->config = *config;
    status = allocate(t);
    if (!status)
        status = srnn_net_train(net);
    if (!status) {
        run_config c = session_of(config, segment);

        c.gradient = t->gradient;
        status = srnn_session_make(&t->session, net, &c);
    }
    if (status) {
        srnn_trainer_close(t);
        return status;
    }
    srnn_trainer_sequences(t, NULL, 0);
    t->session->names.seed = config->seed;
    *trainer = t;
    return SRNN_OK;
}

void srnn_trainer_close(srnn_trainer *trainer)
{
    if (!trainer)
        return;
    srnn_session_close(trainer->session);
    if (trainer->net && !trainer->net->singles_packed)
        srnn_net_pack_singles(trainer->net);
    free(trainer->memory);
    free(trainer->gradient);
    free(trainer->squares);
    free(trainer->rows);
    free(trainer->loss_sum);
    free(trainer);
}

/* ---- what a session does too -------------------------------------------- */

srnn_status srnn_trainer_lengths(srnn_trainer *t, const size_t *lengths)
{
    if (!t)
        return srnn_fail(SRNN_EINVAL, "trainer is NULL");
    return srnn_session_lengths(t->session, lengths);
}

srnn_status srnn_trainer_axis(srnn_trainer *t, srnn_axis axis, size_t steps,
                              const size_t *lengths, size_t count)
{
    if (!t)
        return srnn_fail(SRNN_EINVAL, "trainer is NULL");
    return srnn_session_axis(t->session, axis, steps, lengths, count);
}

srnn_status srnn_trainer_loss_of(const srnn_trainer *t, srnn_node id,
                                 double *loss, size_t *count)
{
    if (!t)
        return srnn_fail(SRNN_EINVAL, "trainer is NULL");
    return srnn_session_loss_of(t->session, id, loss, count);
}

srnn_status srnn_trainer_loss(srnn_trainer *t, size_t steps,
                              const srnn_array *in, size_t ins, double *loss,
                              size_t *count)
{
    if (!t)
        return srnn_fail(SRNN_EINVAL, "trainer is NULL");
    return srnn_session_loss(t->session, steps, in, ins, loss, count);
}
