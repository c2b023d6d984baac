/* A recurrent node: its layers' parameters and panels, and their order. The
 * time loops of one layer are in layer.c. */
#include "layer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the node ---------------------------------------------------------- */

static srnn_status add_layer(srnn_net *net, node *n, size_t l, size_t in)
{
    const cell_row *row = srnn_cell_row(n->recurrent.cell);
    const size_t hidden = n->recurrent.hidden, rows = row->gates * hidden;
    const double bound = 1 / sqrt((double)hidden);
    const struct {
        const char *name;
        size_t shape1;
    } want[4] = {{"weight_ih", in}, {"weight_hh", hidden}, {"bias_ih", 0},
                 {"bias_hh", 0}};
    layer *y = &n->layer[l];
    char name[32];
    srnn_status status = SRNN_OK;
    size_t i;

    for (i = 0; i < 4 && !status; i++) {
        snprintf(name, sizeof name, "%s_l%zu", want[i].name, l);
        status = srnn_param_add(net, n, name, rows, want[i].shape1, bound);
    }
    if (status)
        return status;
    y->in = in;
    y->w_ih = net->param[net->params - 4]->data;
    y->w_hh = net->param[net->params - 3]->data;
    y->b_ih = net->param[net->params - 2]->data;
    y->b_hh = net->param[net->params - 1]->data;
    status = srnn_panels_open(net, &y->x, 1, rows, in);
    for (i = 0; i < row->phases && !status; i++)
        status = srnn_panels_open(net, &y->h[i], row->forward[i].gates, hidden,
                                  hidden);
    return status;
}

static srnn_status check_config(const srnn_net *net, const char *name,
                                srnn_node input,
                                const srnn_recurrent_config *config)
{
    if (!config)
        return srnn_fail(SRNN_EINVAL, "config is NULL");
    if (!srnn_cell_row(config->cell))
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
        for (i = 0; i < 2; i++) {
            srnn_panels_close(&n->layer[l].h[i]);
            srnn_panels_close(&n->layer[l].dh[i]);
        }
    }
    free(n->layer);
}

/* The gates that a backward phase multiplies with, as rows of R. */
static void phase_gates(const cell_row *row, const phase *b, size_t *first,
                        size_t *count)
{
    size_t i;

    *first = row->part[b->part].gate;
    *count = 0;
    for (i = 0; i < b->parts; i++)
        *count += row->part[b->part + i].gates;
}

static srnn_status train(const srnn_net *net, node *n)
{
    const cell_row *row = srnn_cell_row(n->recurrent.cell);
    const size_t hidden = n->recurrent.hidden;
    srnn_status status = SRNN_OK;
    size_t l, i, first, gates;

    for (l = 0; l < n->recurrent.layers && !status; l++) {
        layer *y = &n->layer[l];

        if (!y->dx.data)
            status = srnn_panels_open(net, &y->dx, 1, y->in,
                                      row->gates * hidden);
        for (i = 0; i < row->phases && !status; i++) {
            phase_gates(row, &row->backward[i], &first, &gates);
            if (!y->dh[i].data)
                status = srnn_panels_open(net, &y->dh[i], 1, hidden,
                                          gates * hidden);
        }
    }
    return status;
}

static void pack(const srnn_net *net, const node *n)
{
    const cell_row *row = srnn_cell_row(n->recurrent.cell);
    const size_t hidden = n->recurrent.hidden, square = hidden * hidden;
    size_t l, i, first, gates;

    for (l = 0; l < n->recurrent.layers; l++) {
        const layer *y = &n->layer[l];

        net->k.pack(&y->x, y->w_ih, y->in, 1);
        if (y->dx.data)
            net->k.pack(&y->dx, y->w_ih, 1, y->in);
        for (i = 0; i < row->phases; i++) {
            net->k.pack(&y->h[i], y->w_hh + row->forward[i].gate * square,
                        hidden, 1);
            phase_gates(row, &row->backward[i], &first, &gates);
            if (y->dh[i].data)
                net->k.pack(&y->dh[i], y->w_hh + first * square, 1, hidden);
        }
    }
}

/* ---- runs -------------------------------------------------------------- */

/* What the elementwise functions see alike in every step. */
static srnn_cell every_step(const node *n, const layer_run *y)
{
    const cell_row *row = srnn_cell_row(n->recurrent.cell);
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
                       .dh = y->dh,
                       .lddh = h,
                       .dc = y->dc,
                       .lddc = h,
                       .z_takes_new = n->recurrent.z_takes_new};
}

static void carve_layer(const srnn_session *s, const node *n, layer_run *y,
                        arena *a)
{
    const cell_row *row = srnn_cell_row(n->recurrent.cell);
    const size_t one = s->batch * n->recurrent.hidden;
    const size_t all = s->steps * one;
    const size_t block = s->block * n->recurrent.hidden;

    y->y = srnn_arena_reals(a, all + one);
    y->h_state = srnn_arena_reals(a, one);
    if (row->has_c) {
        y->c = srnn_arena_reals(a, s->training ? all + one : one);
        y->c_state = srnn_arena_reals(a, one);
    }
    if (row->phases > 1)
        y->work = srnn_arena_reals(a, 2 * one);
    if (!s->training) {
        y->x = srnn_arena_reals(a, block * row->gates);
        return;
    }
    y->gate = srnn_arena_reals(a, all * row->slots);
    y->x = y->gate;
    y->dy = srnn_arena_reals(a, all);
    y->dh = srnn_arena_reals(a, one);
    y->dh_state = srnn_arena_reals(a, one);
    if (row->has_c) {
        y->dc = srnn_arena_reals(a, one);
        y->dc_state = srnn_arena_reals(a, one);
    }
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
        r->y = last->y + s->batch * hidden;
        r->dy = last->dy;
    }
    r->ldy = hidden;
}

static void list_states(srnn_session *s, const node *n, run *r)
{
    const size_t hidden = n->recurrent.hidden;
    size_t l;

    for (l = 0; l < n->recurrent.layers; l++) {
        const layer_run *y = &r->layer[l];

        srnn_state_add(s, n, "h", l, hidden, y->h_state, y->dh_state);
        if (y->c_state)
            srnn_state_add(s, n, "c", l, hidden, y->c_state, y->dc_state);
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
        in = r->layer[l].y + p->s->batch * ldin;
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
            .x = below ? below->y + p->s->batch * hidden : x->y,
            .ldx = below ? hidden : x->ldy,
            .dx = below ? below->dy : x->wants_gradient ? x->dy : NULL,
            .adds = below ? 0 : r->adds[0],
            .first_param = n->first_param + 4 * l,
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
