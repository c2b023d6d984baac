/* What an update does with the gradients: the schedule, clipping by value and
 * by norm, SGD, momentum, Adam with decoupled decay, against the formulas of
 * simdrnn.h and kernels.h in double with running bounds. An oracle that leaves
 * one of them out is refused. */
#include "check.h"
#include "net_case.h"
#include "numbers.h"
#include "oracle.h"

#include <math.h>
#include <stdlib.h>

/* What the oracle leaves out. */
typedef enum omit {
    NOTHING,
    SCHEDULE,
    CLIP_VALUE,
    CLIP_NORM,
    DECAY,
    STEP, /* Adam's count of updates; SGD's momentum */
    OMISSIONS
} omit;

typedef struct update {
    srnn_trainer *t;
    srnn_trainer_config c;
    omit out;
    size_t n; /* elements in all */
    est *g, *p, *m, *v;
    double norm;
} update;

static est *ests(size_t n)
{
    est *e = calloc(n, sizeof *e);

    if (!e)
        must(SRNN_ENOMEM);
    return e;
}

/* All gradients, or parameters, one after another. */
static void gather(const srnn_trainer *t, int gradients, est *to)
{
    srnn_net *net = srnn_trainer_net(t);
    srnn_tensor x;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(gradients ? srnn_trainer_gradient(t, i, &x)
                       : srnn_net_param(net, i, &x));
        for (size_t j = 0; j < x.count; j++)
            *to++ = exact(x.data[j]);
    }
}

static double learning_rate(const update *u, uint64_t done)
{
    const double factor = srnn_schedule_at(&u->c.schedule, done);

    return u->out == SCHEDULE ? u->c.lr : u->c.lr * factor;
}

/* The squares of floats are exact in double; their sum is off by n-1 roundings
 * of 2^-53 at most, the root by half of that and its own: nothing beside U. The
 * factor is rounded to f32 once. */
static void clip(update *u)
{
    const double limit = (float)u->c.clip_value;
    double sum = 0, factor;

    for (size_t i = 0; i < u->n && u->out != CLIP_VALUE; i++)
        u->g[i].v = fmax(fmin(u->g[i].v, limit), -limit);
    for (size_t i = 0; i < u->n; i++)
        sum += u->g[i].v * u->g[i].v;
    u->norm = sqrt(sum);
    factor = u->c.clip_norm / (u->norm + 1e-6);
    for (size_t i = 0; i < u->n && factor < 1 && u->out != CLIP_NORM; i++)
        u->g[i] = e_mul(u->g[i], e_round(factor, 0));
}

static void adam(update *u, uint64_t done)
{
    const double step = u->out == STEP ? 1 : (double)done + 1;
    const double lr = learning_rate(u, done);
    const double decay = u->out == DECAY ? 0 : u->c.decay;
    const double root = sqrt(1 - pow(u->c.beta2, step));
    const double rate = lr / (1 - pow(u->c.beta1, step));

    for (size_t i = 0; i < u->n; i++) {
        const est g = u->g[i];
        est s;

        u->p[i] = e_mul(u->p[i], e_round(1 - lr * decay, 0));
        u->m[i] = e_fma(e_round(1 - u->c.beta1, 0), e_sub(g, u->m[i]),
                        u->m[i]);
        u->v[i] = e_fma(e_mul(e_round(1 - u->c.beta2, 0), g), g,
                        e_mul(e_round(u->c.beta2, 0), u->v[i]));
        s = e_add(e_div(e_sqrt(u->v[i]), e_round(root, 0)),
                  e_round(u->c.eps, 0));
        u->p[i] = e_fma(e_round(-rate, 0), e_div(u->m[i], s), u->p[i]);
    }
}

static void sgd(update *u, uint64_t done)
{
    const est lr = e_round(-learning_rate(u, done), 0);
    const est decay = e_round(u->out == DECAY ? 0 : u->c.decay, 0);
    const est momentum = e_round(u->out == STEP ? 0 : u->c.momentum, 0);

    for (size_t i = 0; i < u->n; i++) {
        est d = e_fma(decay, u->p[i], u->g[i]);

        if (done && u->c.momentum != 0)
            d = e_fma(momentum, u->m[i], d);
        u->m[i] = d;
        u->p[i] = e_fma(lr, d, u->p[i]);
    }
}

static void see(const update *u, worst *seen)
{
    srnn_net *net = srnn_trainer_net(u->t);
    srnn_tensor x;
    size_t at = 0;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &x));
        for (size_t j = 0; j < x.count; j++, at++)
            worst_see(seen, (double)x.data[j], u->p[at].v, u->p[at].e, x.name,
                      j, 0);
    }
    /* (n-1)/2 + 1 roundings (see clip) on either side, in any order */
    worst_see(seen, srnn_trainer_norm(u->t), u->norm,
              u->norm * (double)(u->n + 1) * 0x1p-53, "norm", 0, 0);
}

/* Each update begins with the parameters as they are in f32; the moments of
 * the oracle are its own. */
static void one_update(update *u, const net_data *d, worst *seen)
{
    const uint64_t done = srnn_trainer_updates(u->t);
    srnn_array in[2];

    case_inputs(d, srnn_trainer_net(u->t), in);
    must(srnn_trainer_backward(u->t, d->c.steps, in, 2, NULL));
    gather(u->t, 1, u->g);
    gather(u->t, 0, u->p);
    must(srnn_trainer_apply(u->t));
    clip(u);
    if (u->c.optimiser == SRNN_ADAM)
        adam(u, done);
    else
        sgd(u, done);
    see(u, seen);
    CHECK(srnn_trainer_updates(u->t) == done + 1);
}

static void updates(const srnn_kernels *k, srnn_trainer_config config,
                    omit out, worst *seen)
{
    const net_case c = {.cell = SRNN_GRU, .layers = 1, .steps = 4, .batch = 2,
                        .in = 3, .hidden = 9, .classes = 5};
    update u = {.c = config, .out = out};
    srnn_net *net = case_net(k, &c);
    srnn_tensor p;
    net_data d;

    case_data(&d, &c);
    u.c.batch = c.batch;
    u.c.steps = c.steps;
    must(srnn_trainer_open(&u.t, net, &u.c));
    for (size_t i = 0; i < srnn_net_params(net); i++, u.n += p.count)
        must(srnn_net_param(net, i, &p));
    u.g = ests(u.n);
    u.p = ests(u.n);
    u.m = ests(u.n);
    u.v = ests(u.n);
    for (int i = 0; i < 5; i++)
        one_update(&u, &d, seen);
    free(u.g);
    free(u.p);
    free(u.m);
    free(u.v);
    srnn_trainer_close(u.t);
    srnn_net_close(net);
    case_free(&d);
}

/* ---- the cases ----------------------------------------------------------- */

static srnn_trainer_config config_of(size_t i)
{
    srnn_trainer_config c = srnn_trainer_default();

    c.lr = 0.01;
    c.decay = 0.1;
    c.clip_value = 0.05;
    c.clip_norm = 0.1;
    c.optimiser = i ? SRNN_SGD : SRNN_ADAM;
    c.momentum = i == 2 ? 0.9 : 0;
    c.schedule = (srnn_schedule){SRNN_LINEAR, 2, 5, 0.5};
    return c;
}

static const char *const names[] = {"adam", "sgd", "momentum"};

static void right(const srnn_kernels *k)
{
    for (size_t i = 0; i < 3; i++) {
        worst seen = {0};

        updates(k, config_of(i), NOTHING, &seen);
        worst_end(&seen, names[i]);
    }
}

static void left_out(const srnn_kernels *k)
{
    for (size_t i = 0; i < 3; i++)
        for (omit out = SCHEDULE; out < OMISSIONS; out++) {
            worst seen = {0};

            if (i == 1 && out == STEP)
                continue;
            updates(k, config_of(i), out, &seen);
            CHECK_SAYS(seen.ratio > 1, "%s: an oracle without part %d passed",
                       names[i], (int)out);
        }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"update/left-out", left_out, NULL},
        {"update/right", right, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
