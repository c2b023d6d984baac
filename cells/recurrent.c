/* A recurrent node: its layers' parameters and panels, and what each keeps in a
 * run. The time loop of a layer is in layer.c, their order in stack.c. */
#include "norm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the node ---------------------------------------------------------- */

size_t srnn_carry_width(const srnn_recurrent_config *c, size_t which)
{
    const cell_row row = srnn_cell_row(c);

    if (which == CARRY_H)
        return c->projection ? c->projection : c->hidden;
    return which == CARRY_C ? row.has_c ? c->hidden : 0
           : row.has_g      ? 3 * c->hidden
                            : 0;
}

static size_t output_width(const srnn_recurrent_config *c)
{
    return srnn_carry_width(c, CARRY_H) * (c->direction == SRNN_BOTH ? 2 : 1);
}

size_t srnn_states_width(const node *n)
{
    size_t i, sum = 0;

    for (i = 0; i < CARRIES; i++)
        sum += srnn_carry_width(&n->recurrent, i);
    return sum * srnn_layers(n);
}

size_t srnn_directions(const node *n)
{
    return n->recurrent.direction < SRNN_BOTH ? 1 : 2;
}

size_t srnn_layers(const node *n)
{
    return n->recurrent.layers * srnn_directions(n);
}

int srnn_is_reverse(const node *n, size_t l)
{
    return n->recurrent.direction == SRNN_REVERSE ||
           l % srnn_directions(n) == 1;
}

/* Parameter p of layer l, and where it is; shape1 = 0: a vector. Layers count
 * both directions. */
static srnn_status add_param(srnn_net *net, node *n, size_t l, int p,
                             size_t gates, size_t units, size_t shape1)
{
    static const char *const names[LAYER_PARAMS] = {
        [W_IH] = "weight_ih",
        [W_HH] = "weight_hh",
        [B_IH] = "bias_ih",
        [B_HH] = "bias_hh",
        [W_HR] = "weight_hr",
        [W_GH] = "weight_gh",
        [PEEPHOLE] = "peephole",
    };
    layer *y = &n->layer[l];
    srnn_status status;
    char name[48];

    snprintf(name, sizeof name, "%s_l%zu%s", names[p],
             l / srnn_directions(n), srnn_is_reverse(n, l) ? "_reverse" : "");
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

static srnn_status open_single(const srnn_net *net, const node *n, layer *y)
{
    const size_t reals = srnn_single_size(net, n, y);

    if (reals)
        y->single = srnn_memory(reals * sizeof *y->single);
    return y->single || !reals
               ? SRNN_OK
               : srnn_fail(SRNN_ENOMEM, "node '%s': no memory for %zu reals",
                           n->name, reals);
}

static srnn_status add_layer(srnn_net *net, node *n, size_t l, size_t in)
{
    const size_t gates = n->row.gates, hidden = n->recurrent.hidden;
    const size_t out = srnn_carry_width(&n->recurrent, CARRY_H);
    layer *y = &n->layer[l];
    srnn_status status = add_param(net, n, l, W_IH, gates, hidden, in);
    size_t i;

    if (!status)
        status = add_param(net, n, l, W_HH, gates, hidden, out);
    if (!status)
        status = add_param(net, n, l, B_IH, gates, hidden, 0);
    y->biases = n->recurrent.one_bias ? 2 : gates;
    if (!status)
        status = add_param(net, n, l, B_HH, y->biases, hidden, 0);
    if (!status && y->biases < gates) {
        y->full = calloc(gates * hidden, sizeof *y->full);
        if (!y->full)
            status = srnn_fail(SRNN_ENOMEM, "node '%s': no memory for %zu "
                               "biases", n->name, gates * hidden);
    }
    if (!status && n->row.has_m)
        status = add_param(net, n, l, W_HR, 1, out, hidden);
    if (!status && n->row.has_g)
        status = add_param(net, n, l, W_GH, 3, hidden, 3 * hidden);
    if (!status && n->row.peepholes)
        status = add_param(net, n, l, PEEPHOLE, n->row.peepholes, 1, hidden);
    if (!status && n->row.norm.kind)
        status = srnn_norm_params(net, n, l);
    y->in = in;
    if (!status)
        status = srnn_panels_open(net, &y->x, 1, gates * hidden, in);
    for (i = 0; i < n->row.phases && !status; i++) {
        const phase *f = &n->row.forward[i];

        status = srnn_panels_open(net, &y->forward[i], f->gates,
                                  y->param[f->weight].units,
                                  y->param[f->weight].columns);
    }
    return status ? status : open_single(net, n, y);
}

static srnn_status check_rates(const char *name,
                               const srnn_recurrent_config *c)
{
    const struct {
        const char *what;
        double rate;
    } rate[] = {{"dropout", c->dropout},
                {"dropout_input", c->dropout_input},
                {"dropout_hidden", c->dropout_hidden},
                {"zoneout_h", c->zoneout_h},
                {"zoneout_c", c->zoneout_c}};
    srnn_status status = SRNN_OK;
    size_t i;

    for (i = 0; i < sizeof rate / sizeof *rate && !status; i++)
        status = srnn_rate_check(name, rate[i].what, rate[i].rate);
    if (!status && c->zoneout_c > 0 && !srnn_cell_row(c).has_c)
        status = srnn_fail(SRNN_EINVAL,
                           "node '%.60s': zoneout_c is %g, cell '%s' has no c",
                           name ? name : "", c->zoneout_c,
                           srnn_cell_name(c->cell));
    if (!status && c->dropout > 0 && c->dropout_input > 0)
        status = srnn_fail(SRNN_EINVAL,
                           "node '%.60s': dropout %g and dropout_input %g are "
                           "both of what a layer reads",
                           name ? name : "", c->dropout, c->dropout_input);
    return status;
}

static srnn_status check_config(const char *name,
                                const srnn_recurrent_config *config)
{
    srnn_status status;

    if (!config)
        return srnn_fail(SRNN_EINVAL, "config is NULL");
    if ((unsigned)config->cell >= SRNN_CELL_KINDS)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': cell %d of %d kinds",
                         name ? name : "", (int)config->cell, SRNN_CELL_KINDS);
    if (config->hidden == 0 || config->hidden > INT32_MAX / 4)
        return srnn_fail(SRNN_ESHAPE, "node '%.60s': hidden is %zu, must be 1 "
                         "to %d", name ? name : "", config->hidden,
                         INT32_MAX / 4);
    if (config->layers == 0 || config->layers > 1024)
        return srnn_fail(SRNN_ESHAPE, "node '%.60s': layers is %zu, must be 1 "
                         "to 1024", name ? name : "", config->layers);
    if ((unsigned)config->direction >= SRNN_DIRECTIONS)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': direction %d of %d",
                         name ? name : "", (int)config->direction,
                         SRNN_DIRECTIONS);
    status = check_rates(name, config);
    if (!status)
        status = srnn_norm_check(name ? name : "", config);
    if (!status)
        status = srnn_variant_check(name ? name : "", config);
    return status ? status : srnn_lstm_check(name ? name : "", config);
}

/* The initial state, where it is given, lies on the parent axis and has as many
 * columns as there are states. */
static srnn_status check_initial(const srnn_net *net, const node *n)
{
    const srnn_axis on = net->axis[n->axis].parent;
    const node *x;

    if (n->inputs < 2)
        return SRNN_OK;
    x = net->node[n->input[1]];
    if (x->axis != on)
        return srnn_fail(SRNN_ESHAPE,
                         "node '%s': initial state '%s' lies on axis '%s', "
                         "must be on '%s'",
                         n->name, x->name, net->axis[x->axis].name,
                         net->axis[on].name);
    if (x->features != srnn_states_width(n))
        return srnn_fail(SRNN_ESHAPE,
                         "node '%s': initial state '%s' has %zu features, the "
                         "states have %zu",
                         n->name, x->name, x->features, srnn_states_width(n));
    return srnn_node_reals(net, n, 1);
}

static srnn_status check_inputs(const srnn_net *net, const node *n)
{
    srnn_status status = srnn_node_reals(net, n, 0);

    if (!status && net->axis[n->axis].parent < 0)
        status = srnn_fail(SRNN_ESHAPE,
                           "node '%s': axis '%s' of input '%s' has no steps",
                           n->name, net->axis[n->axis].name,
                           net->node[n->input[0]]->name);
    return status ? status : check_initial(net, n);
}

static srnn_status add_layers(srnn_net *net, node *n,
                              const srnn_recurrent_config *config)
{
    const size_t wide = output_width(config);
    srnn_status status;
    size_t l, layers;

    n->recurrent = *config;
    n->row = srnn_cell_row(config);
    n->variant = srnn_cell_variant(config);
    n->features = wide;
    n->whole = config->direction != SRNN_FORWARD;
    status = check_inputs(net, n);
    if (status)
        return status;
    layers = config->layers * srnn_directions(n);
    n->layer = calloc(layers, sizeof *n->layer);
    if (!n->layer)
        return srnn_fail(SRNN_ENOMEM, "node '%s': no memory for %zu layers",
                         n->name, layers);
    for (l = 0; l < layers && !status; l++)
        status = add_layer(net, n, l,
                           l < srnn_directions(n)
                               ? net->node[n->input[0]]->features
                               : wide);
    return status;
}

srnn_recurrent_config srnn_recurrent_default(void)
{
    return (srnn_recurrent_config){
        .cell = SRNN_LSTM,
        .layers = 1,
        .initial_state = -1,
        .norm_eps = 1e-5,
        .norm_momentum = 0.1};
}

srnn_status srnn_net_recurrent(srnn_net *net, const char *name,
                               srnn_node input,
                               const srnn_recurrent_config *config,
                               srnn_node *id)
{
    srnn_status status = check_config(name, config);
    srnn_node inputs[2] = {input, -1};
    node *n;

    if (status)
        return status;
    inputs[1] = config->initial_state;
    status = srnn_node_add(net, &srnn_kind_recurrent, name, inputs,
                           config->initial ? 2 : 1, config->hidden, &n);
    return status ? status
                  : srnn_node_end(net, n, add_layers(net, n, config), id);
}

static void close_layers(node *n)
{
    size_t l, i;

    for (l = 0; n->layer && l < srnn_layers(n); l++) {
        srnn_panels_close(&n->layer[l].x);
        srnn_panels_close(&n->layer[l].dx);
        free(n->layer[l].full);
        free(n->layer[l].single);
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

    for (l = 0; l < srnn_layers(n) && !status; l++) {
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

    for (l = 0; l < srnn_layers(n); l++) {
        const layer *y = &n->layer[l];

        net->k.pack(&y->x, y->param[W_IH].data, y->in, 1);
        if (y->full)
            memcpy(y->full, y->param[B_HH].data,
                   y->biases * n->recurrent.hidden * sizeof *y->full);
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

const node_kind srnn_kind_recurrent = {.name = "recurrent",
                                       .across = 1,
                                       .carve = srnn_stack_carve,
                                       .states = srnn_stack_states,
                                       .forward = srnn_stack_forward,
                                       .backward = srnn_stack_backward,
                                       .pack = pack,
                                       .train = train,
                                       .close = close_layers};
