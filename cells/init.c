/* Initialisation by name: which parameter follows which choice. */
#include "init.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

srnn_init srnn_init_default(void)
{
    return (srnn_init){.node = -1, .gain = 1, .recurrent_gain = 1};
}

/* ---- checks -------------------------------------------------------------- */

static srnn_status check_kind(const char *what, srnn_init_kind kind,
                              int is_bias)
{
    if ((unsigned)kind >= SRNN_INIT_KINDS)
        return srnn_fail(SRNN_EINVAL, "init: %s is %d of %d kinds", what,
                         (int)kind, SRNN_INIT_KINDS);
    if (is_bias && kind != SRNN_INIT_PYTORCH && kind != SRNN_INIT_KEEP &&
        kind != SRNN_INIT_ZERO)
        return srnn_fail(SRNN_EINVAL,
                         "init: %s is kind %d, which is one for matrices",
                         what, (int)kind);
    return SRNN_OK;
}

static srnn_status check_numbers(const srnn_init *c)
{
    if (!isfinite(c->gain) || !isfinite(c->recurrent_gain))
        return srnn_fail(SRNN_EINVAL,
                         "init: gains are %g and %g, must be finite", c->gain,
                         c->recurrent_gain);
    if ((unsigned)c->forget >= SRNN_FORGET_KINDS)
        return srnn_fail(SRNN_EINVAL, "init: forget is %d of %d kinds",
                         (int)c->forget, SRNN_FORGET_KINDS);
    if (c->forget == SRNN_FORGET_CONSTANT && !isfinite(c->forget_value))
        return srnn_fail(SRNN_EINVAL,
                         "init: forget_value is %g, must be finite",
                         c->forget_value);
    if (c->forget == SRNN_FORGET_CHRONO &&
        !(c->forget_value >= 2 && c->forget_value <= INT32_MAX))
        return srnn_fail(SRNN_EINVAL,
                         "init: forget_value is %g, chrono needs 2 to %d",
                         c->forget_value, INT32_MAX);
    return SRNN_OK;
}

static srnn_status check_config(const srnn_net *net, const srnn_init *c)
{
    srnn_status status;

    if (!net || !c)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", net ? "init" : "net");
    if (c->node < -1 || (c->node >= 0 && (size_t)c->node >= net->nodes))
        return srnn_fail(SRNN_EINVAL,
                         "init: node %d is not one of the net's %zu", c->node,
                         net->nodes);
    status = check_kind("weights", c->weights, 0);
    if (!status)
        status = check_kind("recurrent", c->recurrent, 0);
    if (!status)
        status = check_kind("biases", c->biases, 1);
    return status ? status : check_numbers(c);
}

/* ---- the net ------------------------------------------------------------- */

static int begins(const turn *t, const char *start)
{
    return !strncmp(srnn_turn_name(t), start, strlen(start));
}

/* Which choice of the three a parameter follows; NULL: none, it has a meaning
 * of its own. */
static const srnn_init_kind *choice_of(const srnn_init *c, const turn *t)
{
    if (begins(t, "bias"))
        return &c->biases;
    if (begins(t, "weight_hh") || begins(t, "weight_gh"))
        return &c->recurrent;
    if (begins(t, "weight") && t->param->rank == 2)
        return &c->weights;
    return NULL;
}


/* What a choice would reach: parameters of each kind, and the reals of the
 * largest matrix that is to be orthogonal. */
typedef struct reach {
    size_t weights, recurrent, biases, forget, work;
} reach;

static void see(reach *r, const srnn_init *c, const turn *t)
{
    const srnn_init_kind *kind = choice_of(c, t);
    const size_t block = t->param->count / srnn_turn_gates(t);

    r->weights += kind == &c->weights;
    r->recurrent += kind == &c->recurrent;
    r->biases += kind == &c->biases;
    r->forget += srnn_turn_forgets(t);
    if (kind && *kind == SRNN_INIT_ORTHOGONAL && block > r->work)
        r->work = block;
}

static void set(const srnn_init *c, const turn *t)
{
    const srnn_init_kind *kind = choice_of(c, t);
    const srnn_init_kind others =
        c->weights == SRNN_INIT_KEEP ? SRNN_INIT_KEEP : SRNN_INIT_PYTORCH;

    srnn_init_fill(t, kind ? *kind : others,
                   kind == &c->recurrent ? c->recurrent_gain : c->gain);
    if (!srnn_turn_forgets(t))
        return;
    if (c->forget != SRNN_FORGET_AS_BIASES)
        srnn_init_forget(t, c);
    else if (c->biases != SRNN_INIT_KEEP)
        srnn_init_forget_bias(t);
}

/* Every parameter of the chosen nodes is seen (r not NULL), or set. */
static void walk(const srnn_net *net, const srnn_init *c, turn t, reach *r)
{
    size_t i, j;

    for (i = 0; i < net->nodes; i++) {
        t.node = net->node[i];
        for (j = 0; j < t.node->params; j++) {
            t.number = t.node->first_param + j;
            t.param = net->param[t.number];
            if (c->node >= 0 && c->node != t.node->id)
                continue;
            if (r)
                see(r, c, &t);
            else
                set(c, &t);
        }
    }
}

static int is_own(srnn_init_kind kind)
{
    return kind != SRNN_INIT_PYTORCH && kind != SRNN_INIT_KEEP;
}

static srnn_status check_reach(const srnn_net *net, const srnn_init *c,
                               const reach *r)
{
    const char *what = is_own(c->weights) && !r->weights       ? "weights"
                       : is_own(c->recurrent) && !r->recurrent ? "recurrent"
                       : is_own(c->biases) && !r->biases       ? "biases"
                       : c->forget && !r->forget               ? "forget"
                                                               : NULL;

    if (!what)
        return SRNN_OK;
    return srnn_fail(SRNN_EINVAL, "init: %s has nothing to fill in %s%s%s",
                     what, c->node < 0 ? "the net" : "node '",
                     c->node < 0 ? "" : net->node[c->node]->name,
                     c->node < 0 ? "" : "'");
}

srnn_status srnn_net_init_with(srnn_net *net, const srnn_init *c,
                               uint64_t seed)
{
    turn t = {.net = net, .seed = seed};
    reach r = {0};
    srnn_status status = check_config(net, c);

    if (status)
        return status;
    walk(net, c, t, &r);
    status = check_reach(net, c, &r);
    if (status)
        return status;
    if (r.work) {
        t.work = r.work > SIZE_MAX / sizeof *t.work
                     ? NULL
                     : malloc(r.work * sizeof *t.work);
        if (!t.work)
            return srnn_fail(SRNN_ENOMEM, "init: no memory for %zu doubles",
                             r.work);
    }
    walk(net, c, t, NULL);
    free(t.work);
    return srnn_net_pack(net);
}

srnn_status srnn_net_init(srnn_net *net, uint64_t seed)
{
    const srnn_init c = srnn_init_default();

    return srnn_net_init_with(net, &c, seed);
}
