/* The graph: nodes in topological order, their parameters, initialisation and
 * packing. */
#include "node.h"

#include <math.h>
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
    (*net)->loss = -1;
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

static srnn_status check_add(const srnn_net *net, const char *name,
                             const srnn_node *input, size_t inputs,
                             size_t features)
{
    size_t i;

    if (!net || !name)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", net ? "name" : "net");
    if (net->users)
        return srnn_fail(SRNN_ESTATE,
                         "node '%.60s': the net has %zu open sessions", name,
                         (size_t)net->users);
    if (!name_is_valid(name))
        return srnn_fail(SRNN_EINVAL,
                         "name '%.60s': 1 to %d letters, digits, '_', '-', "
                         "'.' are allowed",
                         name, NAME_MAX_LENGTH);
    if (srnn_net_find(net, name) >= 0)
        return srnn_fail(SRNN_EINVAL, "name '%s' is taken by node %d", name,
                         srnn_net_find(net, name));
    for (i = 0; i < inputs; i++)
        if (input[i] < 0 || (size_t)input[i] >= net->nodes)
            return srnn_fail(SRNN_EINVAL,
                             "node '%s': input %d is not one of the net's %zu "
                             "nodes",
                             name, input[i], net->nodes);
    if (features == 0 || features > INT32_MAX)
        return srnn_fail(SRNN_ESHAPE,
                         "node '%s': %zu features, must be 1 to %d", name,
                         features, INT32_MAX);
    return SRNN_OK;
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
    srnn_status status = check_add(net, name, input, inputs, features);
    node *n;
    size_t i;

    if (!status)
        status = grow((void ***)&net->node, net->nodes);
    if (status)
        return status;
    n = calloc(1, sizeof *n);
    if (!n)
        return srnn_fail(SRNN_ENOMEM, "node '%s': no memory", name);
    n->kind = kind;
    snprintf(n->name, sizeof n->name, "%s", name);
    n->id = (srnn_node)net->nodes;
    n->input[0] = n->input[1] = -1;
    for (i = 0; i < inputs; i++)
        n->input[i] = input[i];
    n->features = features;
    n->first_param = net->params;
    net->node[net->nodes++] = n;
    net->ready_to_train = 0;
    *added = n;
    return SRNN_OK;
}

void srnn_node_remove(srnn_net *net)
{
    node *n = net->node[--net->nodes];

    if (net->loss == n->id)
        net->loss = -1;
    while (net->params > n->first_param) {
        param *p = net->param[--net->params];

        free(p->data);
        free(p);
    }
    if (n->kind->close)
        n->kind->close(n);
    free(n);
}

static srnn_status plain_node(srnn_net *net, const node_kind *kind,
                              const char *name, size_t features, int tokens,
                              srnn_node *id)
{
    node *n = NULL;
    srnn_status status = srnn_node_add(net, kind, name, NULL, 0, features, &n);

    if (status)
        return status;
    n->is_tokens = tokens;
    if (id)
        *id = n->id;
    return SRNN_OK;
}

srnn_status srnn_net_input(srnn_net *net, const char *name, size_t features,
                           srnn_node *id)
{
    return plain_node(net, &srnn_kind_input, name, features, 0, id);
}

srnn_status srnn_net_tokens(srnn_net *net, const char *name, size_t vocabulary,
                            srnn_node *id)
{
    return plain_node(net, &srnn_kind_tokens, name, vocabulary, 1, id);
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
        .features = n->features,
        .input = {n->input[0], n->input[1]},
        .recurrent = n->recurrent,
    };
    return SRNN_OK;
}

/* ---- parameters -------------------------------------------------------- */

static void *aligned_reals(size_t n)
{
    size_t bytes = (n * sizeof(srnn_real) + ALIGNMENT - 1) / ALIGNMENT *
                   ALIGNMENT;
    void *p = n > SIZE_MAX / 2 / sizeof(srnn_real)
                  ? NULL
                  : aligned_alloc(ALIGNMENT, bytes);

    if (p)
        memset(p, 0, bytes);
    return p;
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
    *out = (srnn_tensor){
        p->name, p->rank, {p->shape[0], p->shape[1]}, p->count, p->data};
    return SRNN_OK;
}

srnn_status srnn_net_init(srnn_net *net, uint64_t seed)
{
    size_t i, j;

    if (!net)
        return srnn_fail(SRNN_EINVAL, "net is NULL");
    for (i = 0; i < net->params; i++) {
        param *p = net->param[i];
        const srnn_stream stream = {seed, {(uint32_t)i, 0, 0}};
        const srnn_real bound = (srnn_real)p->bound;

        if (p->bound == 0) {
            net->k.normal(&stream, p->count, p->data);
            continue;
        }
        net->k.uniform(&stream, p->count, p->data);
        for (j = 0; j < p->count; j++)
            p->data[j] = bound * (2 * p->data[j] - 1);
    }
    return srnn_net_pack(net);
}

srnn_status srnn_net_pack(srnn_net *net)
{
    size_t i;

    if (!net)
        return srnn_fail(SRNN_EINVAL, "net is NULL");
    for (i = 0; i < net->nodes; i++)
        if (net->node[i]->kind->pack)
            net->node[i]->kind->pack(net, net->node[i]);
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
