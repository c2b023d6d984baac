/* The graph: nodes in topological order, their parameters and packing. */
#include "layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/* ---- open and close ---------------------------------------------------- */

srnn_status srnn_net_open_on(srnn_net **net, const srnn_kernels *kernels)
{
    if (!net || !kernels)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", net ? "kernels" : "net");
    *net = calloc(1, sizeof **net);
    if (!*net)
        return srnn_fail(SRNN_ENOMEM, "net: no memory for %zu bytes",
                         sizeof **net);
    (*net)->k = *kernels;
    (*net)->axis[SRNN_BATCH] = (net_axis){"batch", -1};
    (*net)->axis[SRNN_TIME] = (net_axis){"time", SRNN_BATCH};
    (*net)->axes = 2;
    return SRNN_OK;
}

srnn_status srnn_net_open(srnn_net **net, const char *isa)
{
    srnn_kernels k;
    srnn_status status = srnn_kernels_get(&k, isa);

    return status ? status : srnn_net_open_on(net, &k);
}

void srnn_net_close(srnn_net *net)
{
    if (!net)
        return;
    while (net->nodes)
        srnn_node_remove(net);
    free(net->node);
    free(net->param);
    free(net);
}

/* ---- nodes ------------------------------------------------------------- */

static int name_is_valid(const char *name)
{
    const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          "0123456789_-.";
    size_t length = strlen(name);

    return length > 0 && length <= NAME_MAX_LENGTH &&
           strspn(name, allowed) == length;
}

srnn_status srnn_name_check(const srnn_net *net, const char *name)
{
    if (!net || !name)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", net ? "name" : "net");
    if (net->users)
        return srnn_fail(SRNN_ESTATE, "'%.60s': the net has %zu open sessions",
                         name, (size_t)net->users);
    if (!name_is_valid(name))
        return srnn_fail(SRNN_EINVAL,
                         "name '%.60s': 1 to %d letters, digits, '_', '-', "
                         "'.' are allowed",
                         name, NAME_MAX_LENGTH);
    return SRNN_OK;
}

static srnn_status check_inputs(const srnn_net *net, const node_kind *kind,
                                const char *name, const srnn_node *input,
                                size_t inputs)
{
    size_t i;

    for (i = 0; i < inputs; i++)
        if (input[i] < 0 || (size_t)input[i] >= net->nodes)
            return srnn_fail(SRNN_EINVAL,
                             "node '%s': input %d is not one of the net's %zu "
                             "nodes",
                             name, input[i], net->nodes);
    for (i = 1; !kind->across && i < inputs; i++) {
        const node *a = net->node[input[0]], *b = net->node[input[i]];

        if (a->axis != b->axis)
            return srnn_fail(SRNN_ESHAPE,
                             "node '%s': '%s' lies on axis '%s', '%s' on '%s'",
                             name, a->name, net->axis[a->axis].name, b->name,
                             net->axis[b->axis].name);
    }
    return SRNN_OK;
}

static srnn_status check_add(const srnn_net *net, const node_kind *kind,
                             const char *name, const srnn_node *input,
                             size_t inputs, size_t features)
{
    srnn_status status = srnn_name_check(net, name);

    if (status)
        return status;
    if (srnn_net_find(net, name) >= 0)
        return srnn_fail(SRNN_EINVAL, "name '%s' is taken by node %d", name,
                         srnn_net_find(net, name));
    status = check_inputs(net, kind, name, input, inputs);
    if (!status && (features == 0 || features > INT32_MAX))
        status = srnn_fail(SRNN_ESHAPE,
                           "node '%s': %zu features, must be 1 to %d", name,
                           features, INT32_MAX);
    return status;
}

/* Grows an array of pointers by one place. */
static srnn_status grow(void ***array, size_t count)
{
    void **bigger = realloc(*array, (count + 1) * sizeof *bigger);

    if (!bigger)
        return srnn_fail(SRNN_ENOMEM, "net: no memory for %zu entries",
                         count + 1);
    *array = bigger;
    return SRNN_OK;
}

srnn_status srnn_node_add(srnn_net *net, const node_kind *kind,
                          const char *name, const srnn_node *input,
                          size_t inputs, size_t features, node **added)
{
    srnn_status status = check_add(net, kind, name, input, inputs, features);
    node *n;

    if (!status)
        status = grow((void ***)&net->node, net->nodes);
    if (status)
        return status;
    n = calloc(1, sizeof *n);
    if (n)
        n->input = calloc(inputs + 1, sizeof *n->input);
    if (!n || !n->input) {
        free(n);
        return srnn_fail(SRNN_ENOMEM, "node '%s': no memory", name);
    }
    n->kind = kind;
    snprintf(n->name, sizeof n->name, "%s", name);
    n->id = (srnn_node)net->nodes;
    n->axis = inputs ? net->node[input[0]]->axis : SRNN_TIME;
    n->inputs = inputs;
    if (inputs)
        memcpy(n->input, input, inputs * sizeof *input);
    n->features = features;
    n->weight = kind->is_loss;
    n->first_param = net->params;
    n->tied = -1;
    net->node[net->nodes++] = n;
    net->losses += (size_t)kind->is_loss;
    net->ready_to_train = 0;
    *added = n;
    return SRNN_OK;
}

void srnn_node_remove(srnn_net *net)
{
    node *n = net->node[--net->nodes];

    net->losses -= (size_t)n->kind->is_loss;
    while (net->params > n->first_param) {
        param *p = net->param[--net->params];

        free(p->data);
        free(p);
    }
    if (n->kind->close)
        n->kind->close(n);
    free(n->input);
    free(n);
}

srnn_status srnn_node_end(srnn_net *net, node *n, srnn_status status,
                          srnn_node *id)
{
    if (status)
        srnn_node_remove(net);
    else if (id)
        *id = n->id;
    return status;
}

srnn_status srnn_node_reals(const srnn_net *net, const node *n, size_t j)
{
    const node *x = net->node[n->input[j]];

    if (!x->is_tokens && !x->kind->is_loss)
        return SRNN_OK;
    return srnn_fail(SRNN_EINVAL, "node '%s': input '%s' has no reals",
                     n->name, x->name);
}

srnn_node srnn_net_find(const srnn_net *net, const char *name)
{
    size_t i;

    for (i = 0; net && name && i < net->nodes; i++)
        if (!strcmp(net->node[i]->name, name))
            return (srnn_node)i;
    return -1;
}

size_t srnn_net_nodes(const srnn_net *net)
{
    return net ? net->nodes : 0;
}

srnn_status srnn_net_node(const srnn_net *net, srnn_node id,
                          srnn_node_info *info)
{
    const node *n;

    if (!net || !info)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", net ? "info" : "net");
    if (id < 0 || (size_t)id >= net->nodes)
        return srnn_fail(SRNN_EINVAL, "node %d is not one of the net's %zu",
                         id, net->nodes);
    n = net->node[id];
    *info = (srnn_node_info){
        .name = n->name,
        .kind = n->layer ? srnn_cell_name(n->recurrent.cell) : n->kind->name,
        .axis = n->axis,
        .features = n->features,
        .input = n->input,
        .inputs = n->inputs,
        .weight = n->weight,
        .tied = n->tied,
        .recurrent = n->recurrent,
        .dropout = n->dropout,
        .attention = n->attention,
    };
    return SRNN_OK;
}

srnn_status srnn_net_loss_weight(srnn_net *net, srnn_node id, double weight)
{
    if (!net)
        return srnn_fail(SRNN_EINVAL, "net is NULL");
    if (id < 0 || (size_t)id >= net->nodes || !net->node[id]->kind->is_loss)
        return srnn_fail(SRNN_EINVAL, "node %d is no loss of the net", id);
    if (!(weight > 0 && weight <= 1e30))
        return srnn_fail(SRNN_EINVAL,
                         "loss '%s': weight is %g, must be above 0 and at "
                         "most 1e30",
                         net->node[id]->name, weight);
    if (net->users)
        return srnn_fail(SRNN_ESTATE,
                         "loss '%s': the net has %zu open sessions",
                         net->node[id]->name, (size_t)net->users);
    net->node[id]->weight = weight;
    return SRNN_OK;
}

/* ---- parameters -------------------------------------------------------- */

static void *aligned_reals(size_t n)
{
    return n > SIZE_MAX / 2 / sizeof(srnn_real)
               ? NULL
               : srnn_memory(n * sizeof(srnn_real));
}

srnn_status srnn_param_add(srnn_net *net, node *n, const char *name,
                           size_t shape0, size_t shape1, double bound)
{
    srnn_status status = grow((void ***)&net->param, net->params);
    param *p;

    if (status)
        return status;
    if (shape1 && shape0 > SIZE_MAX / sizeof(srnn_real) / 2 / shape1)
        return srnn_fail(SRNN_ESHAPE, "%s.%s: %zu x %zu is too large", n->name,
                         name, shape0, shape1);
    p = calloc(1, sizeof *p);
    if (!p)
        return srnn_fail(SRNN_ENOMEM, "%s.%s: no memory", n->name, name);
    snprintf(p->name, sizeof p->name, "%s.%s", n->name, name);
    p->rank = shape1 ? 2 : 1;
    p->shape[0] = shape0;
    p->shape[1] = shape1;
    p->count = shape1 ? shape0 * shape1 : shape0;
    p->bound = bound;
    p->data = aligned_reals(p->count);
    if (!p->data) {
        status = srnn_fail(SRNN_ENOMEM, "%s: no memory for %zu reals", p->name,
                           p->count);
        free(p);
        return status;
    }
    net->param[net->params++] = p;
    n->params++;
    return SRNN_OK;
}

srnn_status srnn_panels_open(const srnn_net *net, srnn_panels *p,
                             size_t gates, size_t units, size_t k)
{
    size_t n = net->k.panels_size(gates, units, k);

    *p = (srnn_panels){gates, units, k, aligned_reals(n)};
    if (!p->data)
        return srnn_fail(SRNN_ENOMEM, "panels: no memory for %zu reals", n);
    return SRNN_OK;
}

void srnn_panels_close(srnn_panels *p)
{
    free(p->data);
    p->data = NULL;
}

size_t srnn_net_params(const srnn_net *net)
{
    return net ? net->params : 0;
}

srnn_status srnn_net_param(const srnn_net *net, size_t i, srnn_tensor *out)
{
    const param *p;

    if (!net || !out)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", net ? "param" : "net");
    if (i >= net->params)
        return srnn_fail(SRNN_EINVAL, "parameter %zu of %zu", i, net->params);
    p = net->param[i];
    *out = (srnn_tensor){p->name,  p->rank, {p->shape[0], p->shape[1]},
                         p->count, p->data, p->is_average};
    return SRNN_OK;
}

void srnn_net_pack_singles(srnn_net *net)
{
    size_t i;

    for (i = 0; i < net->nodes; i++)
        if (net->node[i]->layer)
            srnn_single_pack(net, net->node[i]);
    net->singles_packed = 1;
}

srnn_status srnn_net_pack(srnn_net *net)
{
    size_t i;

    if (!net)
        return srnn_fail(SRNN_EINVAL, "net is NULL");
    for (i = 0; i < net->nodes; i++)
        if (net->node[i]->kind->pack)
            net->node[i]->kind->pack(net, net->node[i]);
    srnn_net_pack_singles(net);
    return SRNN_OK;
}

srnn_status srnn_net_train(srnn_net *net)
{
    srnn_status status = SRNN_OK;
    size_t i;

    for (i = 0; !net->ready_to_train && !status && i < net->nodes; i++)
        if (net->node[i]->kind->train)
            status = net->node[i]->kind->train(net, net->node[i]);
    if (!status && !net->ready_to_train) {
        net->ready_to_train = 1;
        srnn_net_pack(net);
    }
    return status;
}

const char *srnn_net_isa(const srnn_net *net)
{
    return net ? net->k.name : NULL;
}
