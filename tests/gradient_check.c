/* Central differences of the mean loss, norm-wise against the gradients. */
#include "gradient_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP 1e-5
#define FIRST_STEP 7 /* of masks */

/* ---- the loss as a function of whatever is in memory --------------------- */

typedef struct problem {
    srnn_trainer *t;
    const net_data *d;
    groups *g;
} problem;

static double loss_now(const problem *p)
{
    srnn_net *net = srnn_trainer_net(p->t);
    srnn_array in[2];
    double loss;

    must(srnn_net_pack(net));
    case_trainer_states(p->t, p->d);
    case_inputs(p->d, net, in);
    must(srnn_trainer_lengths(p->t, p->d->length));
    if (p->d->id) {
        must(srnn_trainer_sequences(p->t, p->d->id, FIRST_STEP));
        must(srnn_trainer_backward(p->t, p->d->c.steps, in, 2, &loss));
    } else {
        must(srnn_trainer_loss(p->t, p->d->c.steps, in, 2, &loss, NULL));
    }
    return loss;
}

static double slope(const problem *p, srnn_real *x)
{
    const srnn_real kept = *x;
    double up, down;

    *x = kept + (srnn_real)STEP;
    up = loss_now(p);
    *x = kept - (srnn_real)STEP;
    down = loss_now(p);
    *x = kept;
    return (up - down) / (2 * STEP);
}

/* ---- groups -------------------------------------------------------------- */

static worst *group_of(groups *g, const char *name)
{
    size_t i;

    for (i = 0; i < g->count; i++)
        if (!strcmp(g->name[i], name))
            return &g->seen[i];
    if (i == MOST_GROUPS)
        return &g->seen[i - 1];
    snprintf(g->name[i], sizeof g->name[i], "%s", name);
    g->seen[i] = (worst){0};
    g->count++;
    return &g->seen[i];
}

/* One group: gradient a of the n values at x. A group whose gradients are all
 * zero would prove nothing and fails. */
static void compare(const problem *p, const char *name, const srnn_real *of,
                    srnn_real *x, size_t n)
{
    double gap = 0, size_a = 0, size_n = 0, size;
    srnn_real *a = case_take(n * sizeof *a);

    if (p->d->id)
        loss_now(p); /* each loss under masks leaves its gradients */
    memcpy(a, of, n * sizeof *a);
    for (size_t i = 0; i < n; i++) {
        const double s = slope(p, x + i);

        gap += (a[i] - s) * (a[i] - s);
        size_a += (double)a[i] * a[i];
        size_n += s * s;
    }
    free(a);
    size = sqrt(size_a) + sqrt(size_n);
    worst_see(group_of(p->g, name), size > 0 ? sqrt(gap) / size : INFINITY, 0,
              GRADIENT_BOUND, case_name(&p->d->c), n, 0);
}

static void compare_inputs(const problem *p)
{
    const srnn_node x = srnn_net_find(srnn_trainer_net(p->t), "x");
    srnn_tensor a;

    if (p->d->c.tokens)
        return;
    must(srnn_trainer_input_gradient(p->t, x, &a));
    CHECK(a.count == p->d->c.steps * p->d->c.batch * p->d->c.in);
    compare(p, "input", a.data, p->d->x, a.count);
}

static void compare_states(const problem *p)
{
    srnn_real *x = p->d->state;
    srnn_tensor a;

    for (size_t i = 0; i < srnn_trainer_states(p->t); i++) {
        must(srnn_trainer_state_gradient(p->t, i, &a));
        if (case_is_count(&a))
            continue;
        compare(p, a.name, a.data, x, a.count);
        x += a.count;
    }
}

void gradient_compare(srnn_trainer *t, const net_data *d, groups *g)
{
    const problem p = {t, d, g};
    srnn_net *net = srnn_trainer_net(t);
    srnn_tensor a, x;
    srnn_array in[2];

    case_inputs(d, net, in);
    case_trainer_states(t, d);
    must(srnn_trainer_lengths(t, d->length));
    must(srnn_trainer_sequences(t, d->id, FIRST_STEP));
    must(srnn_trainer_backward(t, d->c.steps, in, 2, NULL));
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &x));
        if (x.average)
            continue;
        must(srnn_trainer_gradient(t, i, &a));
        compare(&p, x.name, a.data, x.data, x.count);
    }
    compare_inputs(&p);
    compare_states(&p);
}

void gradient_report(const groups *g, const char *what)
{
    char line[160];

    for (size_t i = 0; i < g->count; i++) {
        snprintf(line, sizeof line, "%s %s", what, g->name[i]);
        worst_end(&g->seen[i], line);
    }
}

double gradient_largest(const groups *g)
{
    double most = 0;

    for (size_t i = 0; i < g->count; i++)
        most = fmax(most, g->seen[i].ratio);
    return most;
}
