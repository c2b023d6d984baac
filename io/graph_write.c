/* A net as JSON: the entries of its graph, attributes that have their defaults
 * left out. */
#include "graph.h"

#include "../kernels/error.h"

/* ---- what a file may hold ----------------------------------------------- */

static srnn_status check_own(const srnn_node_info *info)
{
    const srnn_activation *f = info->recurrent.activation;

    for (size_t i = 0; i < sizeof info->recurrent.activation / sizeof *f; i++)
        if (f[i].kind == SRNN_ACT_OWN)
            return srnn_fail(SRNN_EINVAL,
                             "node '%s': activation %zu is a function of the "
                             "caller's, which no file can hold",
                             info->name, i);
    return SRNN_OK;
}

static srnn_status check_node(const srnn_net *net, srnn_node id, size_t *tied)
{
    srnn_cell_kind cell;
    srnn_node_info info;
    const graph_kind *kind;
    srnn_status status = srnn_net_node(net, id, &info);

    if (status)
        return status;
    kind = srnn_graph_kind(info.kind, &cell);
    if (!kind)
        return srnn_fail(SRNN_EINVAL,
                         "node '%s' is of kind %s, which no file can hold",
                         info.name, info.kind);
    *tied += (kind->groups & GRAPH_TIED) != 0;
    return kind->groups & GRAPH_RECURRENT ? check_own(&info) : SRNN_OK;
}

static size_t entries(const srnn_net *net)
{
    return srnn_net_axes(net) - SRNN_TIME - 1 + srnn_net_nodes(net);
}

srnn_status srnn_graph_check(const srnn_net *net)
{
    size_t tied = 0;

    for (size_t i = 0; i < srnn_net_nodes(net); i++) {
        const srnn_status status = check_node(net, (srnn_node)i, &tied);

        if (status)
            return status;
    }
    if (entries(net) > SRNN_FILE_NODES)
        return srnn_fail(SRNN_EINVAL,
                         "a file holds at most %d nodes and axes, not %zu",
                         SRNN_FILE_NODES, entries(net));
    if (tied > SRNN_FILE_TIED)
        return srnn_fail(SRNN_EINVAL,
                         "a file holds at most %d tied nodes, not %zu",
                         SRNN_FILE_TIED, tied);
    return SRNN_OK;
}

/* ---- entries ------------------------------------------------------------ */

static json_t *input_names(const srnn_net *net, const srnn_node_info *info)
{
    json_t *names = json_array();
    srnn_node_info from;
    int bad = !names;

    for (size_t i = 0; !bad && i < info->inputs; i++)
        bad = srnn_net_node(net, info->input[i], &from) ||
              json_array_append_new(names, json_string(from.name));
    if (!bad)
        return names;
    json_decref(names);
    return NULL;
}

/* Numbers that nothing looks at may be anything: they are left out. */
static srnn_node_info tidy(const srnn_node_info *info)
{
    const srnn_recurrent_config plain = srnn_recurrent_default();
    srnn_node_info n = *info;

    if (n.recurrent.norm == SRNN_NORM_NONE)
        n.recurrent.norm_eps = plain.norm_eps;
    if (n.recurrent.norm != SRNN_NORM_BATCH) {
        n.recurrent.norm_steps = plain.norm_steps;
        n.recurrent.norm_momentum = plain.norm_momentum;
    }
    if (n.attention.score != SRNN_SCORE_ADDITIVE)
        n.attention.width = 0;
    return n;
}

/* Nonzero: out of memory. */
static int set_attribute(json_t *entry, const srnn_net *net,
                         const graph_attribute *a, const srnn_node_info *info)
{
    json_t *value = srnn_graph_value(net, a, info);
    json_t *plain = srnn_graph_value(net, a, NULL);
    int bad = !value || !plain;

    if (!bad && (a->required || !json_equal(value, plain)))
        bad = json_object_set(entry, a->name, value);
    json_decref(value);
    json_decref(plain);
    return bad;
}

/* Adds the attributes; consumes entry. NULL: out of memory. */
static json_t *describe(const srnn_net *net, const srnn_node_info *info,
                        json_t *entry)
{
    const srnn_node_info n = tidy(info);
    srnn_cell_kind cell;
    const unsigned groups = srnn_graph_kind(info->kind, &cell)->groups;
    int bad = !entry;

    for (const graph_attribute *a = srnn_graph_attributes; !bad && a->name; a++)
        if (a->group & groups)
            bad = set_attribute(entry, net, a, &n);
    if (!bad)
        return entry;
    json_decref(entry);
    return NULL;
}

static json_t *describe_axis(const srnn_net *net, srnn_axis axis)
{
    const srnn_node_info info = {.kind = "axis",
                                 .axis = srnn_net_axis_parent(net, axis)};

    return describe(net, &info,
                    json_pack("{s:s, s:s}", "name",
                              srnn_net_axis_name(net, axis), "kind",
                              info.kind));
}

static json_t *describe_node(const srnn_net *net, srnn_node id)
{
    srnn_node_info info;

    if (srnn_net_node(net, id, &info))
        return NULL;
    return describe(net, &info,
                    json_pack("{s:s, s:s, s:o}", "name", info.name, "kind",
                              info.kind, "inputs", input_names(net, &info)));
}

json_t *srnn_graph_describe(const srnn_net *net)
{
    json_t *list = json_array();
    int bad = !list;

    for (size_t i = SRNN_TIME + 1; !bad && i < srnn_net_axes(net); i++)
        bad = json_array_append_new(list, describe_axis(net, (srnn_axis)i));
    for (size_t i = 0; !bad && i < srnn_net_nodes(net); i++)
        bad = json_array_append_new(list, describe_node(net, (srnn_node)i));
    if (!bad)
        return list;
    json_decref(list);
    return NULL;
}
