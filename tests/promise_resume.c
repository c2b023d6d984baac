/* A trainer stopped and resumed in memory = one never stopped: parameters,
 * moments, states and the number of updates, copied into a new net and trainer,
 * are all there is. Leaving any of them out must show. */
#include "record.h"

#include <string.h>

/* What is left out of the copy. */
typedef enum omit {
    NOTHING,
    PARAMS,
    MOMENTS,
    STATES,
    UPDATES,
    OMISSIONS
} omit;

static srnn_trainer *open_trainer(srnn_net *net, const net_case *c,
                                  srnn_optimiser optimiser, double momentum)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_trainer *t;

    config.batch = c->batch;
    config.steps = c->steps;
    config.optimiser = optimiser;
    config.momentum = momentum;
    config.lr = 0.05;
    config.decay = 0.01;
    config.clip_norm = 0.5;
    config.schedule = (srnn_schedule){SRNN_COSINE, 2, 9, 0.1};
    must(srnn_trainer_open(&t, net, &config));
    return t;
}

static void train(srnn_trainer *t, const net_data *d, size_t updates)
{
    srnn_array in[2];

    case_inputs(d, srnn_trainer_net(t), in);
    while (updates--)
        must(srnn_trainer_update(t, d->c.steps, in, 2, NULL));
}

static void copy(const srnn_tensor *from, const srnn_tensor *to)
{
    CHECK(from->count == to->count && !strcmp(from->name, to->name));
    memcpy(to->data, from->data, to->count * sizeof *to->data);
}

static void copy_trainer(const srnn_trainer *a, srnn_trainer *b, omit left_out)
{
    srnn_net *from = srnn_trainer_net(a), *to = srnn_trainer_net(b);
    srnn_tensor x, y;

    for (size_t i = 0; i < srnn_net_params(from); i++) {
        must(srnn_net_param(from, i, &x));
        must(srnn_net_param(to, i, &y));
        if (left_out != PARAMS)
            copy(&x, &y);
        for (size_t m = 0; m < srnn_trainer_moments(a); m++) {
            must(srnn_trainer_moment(a, m, i, &x));
            must(srnn_trainer_moment(b, m, i, &y));
            if (left_out != MOMENTS)
                copy(&x, &y);
        }
    }
    for (size_t i = 0; i < srnn_trainer_states(a); i++) {
        must(srnn_trainer_state(a, i, &x));
        must(srnn_trainer_state(b, i, &y));
        if (left_out != STATES)
            copy(&x, &y);
    }
    if (left_out != UPDATES)
        srnn_trainer_set_updates(b, srnn_trainer_updates(a));
    must(srnn_net_pack(to));
}

static void keep(record *r, const srnn_trainer *t)
{
    record_update(r, t);
    record_gradients(r, t);
}

/* Five updates, the last three of them perhaps in another trainer. */
static size_t differing(const srnn_kernels *k, const net_data *d,
                        srnn_optimiser optimiser, double momentum,
                        omit left_out)
{
    srnn_net *one = case_net(k, &d->c), *two = case_net(k, &d->c);
    srnn_trainer *a = open_trainer(one, &d->c, optimiser, momentum);
    srnn_trainer *b = open_trainer(two, &d->c, optimiser, momentum);
    record whole = {0}, resumed = {0};
    const char *where;
    size_t n;

    case_trainer_states(a, d);
    train(a, d, 2);
    copy_trainer(a, b, left_out);
    train(a, d, 3);
    train(b, d, 3);
    CHECK(srnn_trainer_updates(a) == 5);
    keep(&whole, a);
    keep(&resumed, b);
    n = record_differing(&whole, &resumed, &where);
    record_free(&whole);
    record_free(&resumed);
    srnn_trainer_close(a);
    srnn_trainer_close(b);
    srnn_net_close(one);
    srnn_net_close(two);
    return n;
}

static const struct {
    const char *name;
    srnn_optimiser optimiser;
    double momentum;
} optimisers[] = {
    {"adam", SRNN_ADAM, 0}, {"sgd", SRNN_SGD, 0}, {"momentum", SRNN_SGD, .9}};

static void resume_case(const srnn_kernels *k, const net_data *d, size_t o)
{
    static const char *const names[] = {"nothing", "parameters", "moments",
                                        "states", "updates"};

    for (omit out = NOTHING; out < OMISSIONS; out++) {
        const size_t n = differing(k, d, optimisers[o].optimiser,
                                   optimisers[o].momentum, out);
        const int plain = optimisers[o].optimiser == SRNN_SGD &&
                          optimisers[o].momentum == 0;

        if (out == MOMENTS && plain)
            continue;
        CHECK_SAYS((n == 0) == (out == NOTHING),
                   "%s, %s: %zu values differ with %s left out",
                   case_name(&d->c), optimisers[o].name, n, names[out]);
    }
}

static void resume_shape(const srnn_kernels *k, const net_case *c)
{
    for (size_t o = 0; o < sizeof optimisers / sizeof *optimisers; o++) {
        net_data d;

        case_data(&d, c);
        resume_case(k, &d, o);
        case_free(&d);
    }
}

static void resume(const srnn_kernels *k)
{
    net_case c;

    for (size_t i = CASE_CELLS; i < 2 * CASE_CELLS && record_shape(i, &c); i++)
        resume_shape(k, &c);
    for (size_t i = CASE_NORMS;
         i < 2 * CASE_NORMS && record_norm_shape(i, &c); i++)
        resume_shape(k, &c);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"resume/memory", resume, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
