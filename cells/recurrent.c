/* A recurrent node: its layers' parameters and panels, and their order. The
 * time loops of one layer are in layer.c. */
#include "layer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the node ---------------------------------------------------------- */

/* Parameter p of layer l, and where it is; shape1 = 0: a vector. */
static srnn_status add_param(srnn_net *net, node *n, size_t l, int p,
                             size_t gates, size_t units, size_t shape1)
{
    static const char *const names[LAYER_PARAMS] = {
        [W_IH] = "weight_ih",
        [W_HH] = "weight_hh",
        [B_IH] = "bias_ih",
        [B_HH] = "bias_hh",
    };
    layer *y = &n->layer[l];
    srnn_status status;
    char name[32];

    snprintf(name, sizeof name, "%s_l%zu", names[p], l);
    status = srnn_param_add(net, n, name, gates * units, shape1,
                            1 / sqrt((double)n->recurrent.hidden));
    if (status)
        return status;
    y->param[p].number = net->params - 1;
    y->param[p].data = net->param[net->params - 1]->data;
    y->param[p].units = units;
    y->param[p].columns = shape1;
    return SRNN_OK;
}

static srnn_status add_layer(srnn_net *net, node *n, size_t l, size_t in)
{
    const size_t gates = n->row.gates, hidden = n->recurrent.hidden;
    layer *y = &n->layer[l];
    srnn_status status = add_param(net, n, l, W_IH, gates, hidden, in);
    size_t i;

    if (!status)
        status = add_param(net, n, l, W_HH, gates, hidden, hidden);
    if (!status)
        status = add_param(net, n, l, B_IH, gates, hidden, 0);
    if (!status)
        status = add_param(net, n, l, B_HH, gates, hidden, 0);
    y->in = in;
    if (!status)
        status = srnn_panels_open(net, &y->x, 1, gates * hidden, in);
    for (i = 0; i < n->row.phases && !status; i++) {
        const phase *f = &n->row.forward[i];

        status = srnn_panels_open(net, &y->forward[i], f->gates,
                                  y->param[f->weight].units,
                                  y->param[f->weight].columns);
    }
    return status;
}

static srnn_status check_config(const srnn_net *net, const char *name,
                                srnn_node input,
                                const srnn_recurrent_config *config)
{
    if (!config)
        return srnn_fail(SRNN_EINVAL, "config is NULL");
    if (!srnn_cell_row(config).name)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': cell %d of %d kinds",
                         name ? name : "", (int)config->cell, SRNN_CELL_KINDS);
    if (config->hidden == 0 || config->hidden > INT32_MAX / 4)
        return srnn_fail(SRNN_ESHAPE, "node '%.60s': hidden is %zu, must be 1 "
                         "to %d", name ? name : "", config->hidden,
                         INT32_MAX / 4);
    if (config->layers == 0 || config->layers > 1024)
        return srnn_fail(SRNN_ESHAPE, "node '%.60s': layers is %zu, must be 1 "
                         "to 1024", name ? name : "", config->layers);
    if (net && input >= 0 && (size_t)input < net->nodes &&
        (net->node[input]->is_tokens || net->loss == input))
        return srnn_fail(SRNN_EINVAL, "node '%.60s': input '%s' has no reals",
                         name ? name : "", net->node[input]->name);
    return SRNN_OK;
}

srnn_recurrent_config srnn_recurrent_default(void)
{
    return (srnn_recurrent_config){.cell = SRNN_LSTM, .layers = 1};
}

srnn_status srnn_net_recurrent(srnn_net *net, const char *name,
                               srnn_node input,
                               const srnn_recurrent_config *config,
                               srnn_node *id)
{
    srnn_status status = check_config(net, name, input, config);
    node *n;
    size_t l;

    if (!status)
        status = srnn_node_add(net, &srnn_kind_recurrent, name, &input, 1,
                               config->hidden, &n);
    if (status)
        return status;
    n->recurrent = *config;
    n->row = srnn_cell_row(config);
    n->layer = calloc(config->layers, sizeof *n->layer);
    if (!n->layer)
        status = srnn_fail(SRNN_ENOMEM, "node '%s': no memory for %zu layers",
                           name, config->layers);
    for (l = 0; l < config->layers && !status; l++)
        status = add_layer(net, n, l,
                           l ? config->hidden : net->node[input]->features);
    if (status) {
        srnn_node_remove(net);
        return status;
    }
    if (id)
        *id = n->id;
    return SRNN_OK;
}

static void close_layers(node *n)
{
    size_t l, i;

    for (l = 0; n->layer && l < n->recurrent.layers; l++) {
        srnn_panels_close(&n->layer[l].x);
        srnn_panels_close(&n->layer[l].dx);
        for (i = 0; i < MOST_PHASES; i++) {
            srnn_panels_close(&n->layer[l].forward[i]);
            srnn_panels_close(&n->layer[l].backward[i]);
        }
    }
    free(n->layer);
}

static srnn_status train(const srnn_net *net, node *n)
{
    const size_t rows = n->row.gates * n->recurrent.hidden;
    srnn_status status = SRNN_OK;
    size_t l, i;

    for (l = 0; l < n->recurrent.layers && !status; l++) {
        layer *y = &n->layer[l];

        if (!y->dx.data)
            status = srnn_panels_open(net, &y->dx, 1, y->in, rows);
        for (i = 0; i < n->row.phases && !status; i++) {
            const phase *b = &n->row.backward[i];

            if (!y->backward[i].data)
                status = srnn_panels_open(
                    net, &y->backward[i], 1, y->param[b->weight].columns,
                    b->gates * y->param[b->weight].units);
        }
    }
    return status;
}

/* The first row of the gates that a phase multiplies with. */
static const srnn_real *phase_rows(const layer *y, const phase *f)
{
    return y->param[f->weight].data +
           f->gate * y->param[f->weight].units * y->param[f->weight].columns;
}

static void pack(const srnn_net *net, const node *n)
{
    size_t l, i;

    for (l = 0; l < n->recurrent.layers; l++) {
        const layer *y = &n->layer[l];

        net->k.pack(&y->x, y->param[W_IH].data, y->in, 1);
        if (y->dx.data)
            net->k.pack(&y->dx, y->param[W_IH].data, 1, y->in);
        for (i = 0; i < n->row.phases; i++) {
            const phase *f = &n->row.forward[i], *b = &n->row.backward[i];

            net->k.pack(&y->forward[i], phase_rows(y, f),
                        y->param[f->weight].columns, 1);
            if (y->backward[i].data)
                net->k.pack(&y->backward[i], phase_rows(y, b), 1,
                            y->param[b->weight].columns);
        }
    }
}

/* ---- runs -------------------------------------------------------------- */

/* What the elementwise functions see alike in every step. */
static srnn_cell every_step(const node *n, const layer_run *y)
{
    const cell_row *row = &n->row;
    const size_t h = n->recurrent.hidden;

    return (srnn_cell){.units = h,
                       .ldx = (y->gate ? row->slots : row->gates) * h,
                       .ldgate = row->slots * h,
                       .ldh_prev = h,
                       .ldh = h,
                       .ldc_prev = h,
                       .ldc = h,
                       .work = y->work,
                       .ldwork = 2 * h,
                       .lddy = h,
                       .dh = y->carry[CARRY_H].d,
                       .lddh = h,
                       .dc = y->carry[CARRY_C].d,
                       .lddc = h,
                       .z_takes_new = n->recurrent.z_takes_new};
}

static void carve_carry(const srnn_session *s, carry *x, size_t width,
                        int all_steps, arena *a)
{
    const size_t one = s->batch * width;

    x->width = width;
    x->all = srnn_arena_reals(a, all_steps ? s->steps * one + one : one);
    x->state = srnn_arena_reals(a, one);
    if (s->training) {
        x->d = srnn_arena_reals(a, one);
        x->d_state = srnn_arena_reals(a, one);
    }
}

static void carve_layer(const srnn_session *s, const node *n, layer_run *y,
                        arena *a)
{
    const cell_row *row = &n->row;
    const size_t one = s->batch * n->recurrent.hidden;
    const size_t all = s->steps * one;
    const size_t block = s->block * n->recurrent.hidden;
    size_t i;

    carve_carry(s, &y->carry[CARRY_H], n->recurrent.hidden, 1, a);
    if (row->has_c)
        carve_carry(s, &y->carry[CARRY_C], n->recurrent.hidden, s->training,
                    a);
    if (row->has_work)
        y->work = srnn_arena_reals(a, 2 * one);
    for (i = 0; i < row->phases; i++)
        if (row->forward[i].form == ROWS)
            y->product[i] = srnn_arena_reals(a, row->forward[i].gates * one);
    if (!s->training) {
        y->x = srnn_arena_reals(a, block * row->gates);
        return;
    }
    y->gate = srnn_arena_reals(a, all * row->slots);
    y->x = y->gate;
    y->dy = srnn_arena_reals(a, all);
}

static void carve(const srnn_session *s, const node *n, run *r, arena *a)
{
    const size_t hidden = n->recurrent.hidden, layers = n->recurrent.layers;
    layer_run none = {0}, *last;
    size_t l;

    r->layer = srnn_arena_take(a, layers * sizeof *r->layer);
    for (l = 0; l < layers; l++) {
        last = a->base ? &r->layer[l] : &none;
        carve_layer(s, n, last, a);
        if (!a->base)
            continue;
        last->cell = every_step(n, last);
        r->y = last->carry[CARRY_H].all + s->batch * hidden;
        r->dy = last->dy;
    }
    r->ldy = hidden;
}

static void list_states(srnn_session *s, const node *n, run *r)
{
    static const char *const names[CARRIES] = {"h", "c"};
    size_t l, i;

    for (l = 0; l < n->recurrent.layers; l++)
        for (i = 0; i < CARRIES; i++) {
            const carry *x = &r->layer[l].carry[i];

            if (x->all)
                srnn_state_add(s, n, names[i], l, x->width, x->state,
                               x->d_state);
        }
}

static void forward(const pass *p, const node *n, run *r)
{
    const run *x = &p->s->run[n->input[0]];
    const srnn_real *in = x->y;
    size_t l, ldin = x->ldy;

    for (l = 0; l < n->recurrent.layers; l++) {
        srnn_layer_forward(p, n, &n->layer[l], &r->layer[l], in, ldin);
        ldin = n->recurrent.hidden;
        in = r->layer[l].carry[CARRY_H].all + p->s->batch * ldin;
    }
}

static void backward(const pass *p, const node *n, run *r)
{
    const size_t hidden = n->recurrent.hidden;
    run *x = &p->s->run[n->input[0]];
    size_t l;

    for (l = n->recurrent.layers; l-- > 0;) {
        const layer_run *below = l ? &r->layer[l - 1] : NULL;
        const layer_input in = {
            .x = below ? below->carry[CARRY_H].all + p->s->batch * hidden
                       : x->y,
            .ldx = below ? hidden : x->ldy,
            .dx = below ? below->dy : x->wants_gradient ? x->dy : NULL,
            .adds = below ? 0 : r->adds[0],
        };

        srnn_layer_backward(p, n, &n->layer[l], &r->layer[l], &in);
    }
}

const node_kind srnn_kind_recurrent = {.name = "recurrent",
                                       .carve = carve,
                                       .states = list_states,
                                       .forward = forward,
                                       .backward = backward,
                                       .pack = pack,
                                       .train = train,
                                       .close = close_layers};
