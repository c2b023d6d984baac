/* The graph as one line of JSON, so that a file is enough to build its net:
 * [{"name":"text","kind":"tokens","inputs":[],"features":73},
 *  {"name":"embed","kind":"embedding","inputs":["text"],"features":64},
 *  {"name":"rnn","kind":"lstm","inputs":["embed"],"hidden":256,"layers":1,
 *   "z_takes_new":false}, ...], nodes in the order in which they were added. */
#include "file.h"

#include "../kernels/error.h"

#include <string.h>

/* ---- a net as JSON ------------------------------------------------------ */

/* Which cell the kind of a node names, SRNN_CELL_KINDS for the other nodes. */
static srnn_cell_kind cell_of(const char *kind)
{
    int cell = 0;

    while (cell < SRNN_CELL_KINDS &&
           strcmp(kind, srnn_cell_name((srnn_cell_kind)cell)))
        cell++;
    return (srnn_cell_kind)cell;
}

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

/* The rates of a recurrent node; one that is not there is 0. */
enum { RATES = 5 };
static const struct {
    const char *key;
    size_t at;
} rates[RATES] = {
    {"dropout", offsetof(srnn_recurrent_config, dropout)},
    {"dropout_input", offsetof(srnn_recurrent_config, dropout_input)},
    {"dropout_hidden", offsetof(srnn_recurrent_config, dropout_hidden)},
    {"zoneout_h", offsetof(srnn_recurrent_config, zoneout_h)},
    {"zoneout_c", offsetof(srnn_recurrent_config, zoneout_c)}};

static double *rate_of(srnn_recurrent_config *config, size_t i)
{
    return (double *)(void *)((char *)config + rates[i].at);
}

static json_t *with_rates(json_t *json, srnn_recurrent_config config)
{
    int bad = !json;

    for (size_t i = 0; i < RATES && !bad; i++)
        if (*rate_of(&config, i) > 0)
            bad = json_object_set_new(json, rates[i].key,
                                      json_real(*rate_of(&config, i)));
    if (!bad)
        return json;
    json_decref(json);
    return NULL;
}

static json_t *describe(const srnn_net *net, const srnn_node_info *info)
{
    const srnn_recurrent_config *cell = &info->recurrent;
    json_t *inputs = input_names(net, info);

    if (cell_of(info->kind) != SRNN_CELL_KINDS)
        return with_rates(
            json_pack("{s:s, s:s, s:o, s:I, s:I, s:b}", "name", info->name,
                      "kind", info->kind, "inputs", inputs, "hidden",
                      (json_int_t)cell->hidden, "layers",
                      (json_int_t)cell->layers, "z_takes_new",
                      cell->z_takes_new),
            *cell);
    if (!strcmp(info->kind, "dropout"))
        return json_pack("{s:s, s:s, s:o, s:f, s:b}", "name", info->name,
                         "kind", info->kind, "inputs", inputs, "p",
                         info->dropout.p, "once", info->dropout.once);
    if (!strcmp(info->kind, "cross_entropy"))
        return json_pack("{s:s, s:s, s:o}", "name", info->name, "kind",
                         info->kind, "inputs", inputs);
    return json_pack("{s:s, s:s, s:o, s:I}", "name", info->name, "kind",
                     info->kind, "inputs", inputs, "features",
                     (json_int_t)info->features);
}

static int is_known(const char *kind)
{
    static const char *const others[] = {"input", "tokens", "embedding",
                                         "linear", "dropout", "cross_entropy"};
    int known = cell_of(kind) != SRNN_CELL_KINDS;

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        known |= !strcmp(kind, others[i]);
    return known;
}

/* What the file has no words for. */
static srnn_status check_node(const srnn_net *net, srnn_node id)
{
    srnn_node_info info;
    srnn_status status = srnn_net_node(net, id, &info);

    if (!status &&
        (info.axis != SRNN_TIME || info.recurrent.direction != SRNN_FORWARD ||
         info.recurrent.initial || !is_known(info.kind) ||
         (info.weight != 0 && info.weight != 1)))
        status = srnn_fail(SRNN_EINVAL, "node '%s' cannot be saved",
                           info.name);
    return status;
}

srnn_status srnn_graph_check(const srnn_net *net)
{
    for (size_t i = 0; i < srnn_net_nodes(net); i++) {
        const srnn_status status = check_node(net, (srnn_node)i);

        if (status)
            return status;
    }
    if (srnn_net_nodes(net) <= SRNN_FILE_NODES)
        return SRNN_OK;
    return srnn_fail(SRNN_EINVAL, "a file holds at most %d nodes, not %zu",
                     SRNN_FILE_NODES, srnn_net_nodes(net));
}

json_t *srnn_graph_describe(const srnn_net *net)
{
    json_t *nodes = json_array();
    srnn_node_info info;
    int bad = !nodes;

    for (size_t i = 0; !bad && i < srnn_net_nodes(net); i++)
        bad = srnn_net_node(net, (srnn_node)i, &info) ||
              json_array_append_new(nodes, describe(net, &info));
    if (!bad)
        return nodes;
    json_decref(nodes);
    return NULL;
}

/* ---- JSON as a net ------------------------------------------------------ */

/* A node as the file has it. */
typedef struct node {
    const char *name, *kind;
    const json_t *inputs;
    srnn_node from[2];
    json_int_t features, hidden, layers;
    int z_takes_new;
    double rate[RATES];
    srnn_dropout_config dropout;
} node;

/* An attribute that is not known is refused: without it the net is another. */
static srnn_status parse(const srnn_file *file, json_t *json, node *n)
{
    json_error_t error;

    *n = (node){.from = {-1, -1}};
    if (json_unpack_ex(json, &error, JSON_STRICT,
                       "{s:s, s:s, s:o, s?I, s?I, s?I, s?b,"
                       " s?F, s?F, s?F, s?F, s?F, s?F, s?b}",
                       "name", &n->name, "kind", &n->kind, "inputs",
                       &n->inputs, "features", &n->features, "hidden",
                       &n->hidden, "layers", &n->layers, "z_takes_new",
                       &n->z_takes_new, rates[0].key, &n->rate[0],
                       rates[1].key, &n->rate[1], rates[2].key, &n->rate[2],
                       rates[3].key, &n->rate[3], rates[4].key, &n->rate[4],
                       "p", &n->dropout.p, "once", &n->dropout.once))
        return srnn_file_fail_json(file->path, "a node of the graph", &error);
    if (n->features < 0 || n->hidden < 0 || n->layers < 0)
        return srnn_file_fail(SRNN_EFORMAT, file->path,
                              "graph: node %.47s has a negative size", n->name);
    return SRNN_OK;
}

static srnn_status connect(const srnn_file *file, const srnn_net *net, node *n)
{
    size_t wanted = 1, count = json_array_size(n->inputs);

    if (!strcmp(n->kind, "input") || !strcmp(n->kind, "tokens"))
        wanted = 0;
    else if (!strcmp(n->kind, "cross_entropy"))
        wanted = 2;
    if (!json_is_array(n->inputs) || count != wanted)
        return srnn_file_fail(SRNN_EFORMAT, file->path,
                              "graph: node %.47s has %zu inputs, %zu expected",
                              n->name, count, wanted);
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(n->inputs, i));

        n->from[i] = name ? srnn_net_find(net, name) : -1;
        if (n->from[i] < 0)
            return srnn_file_fail(SRNN_EFORMAT, file->path,
                                  "graph: an input of node %.47s is no node "
                                  "before it", n->name);
    }
    return SRNN_OK;
}

/* Takes a * b * c values out of what the file still holds. */
static int take(uint64_t *left, uint64_t a, uint64_t b, uint64_t c)
{
    if (a && b && *left / a / b < c)
        return 0;
    *left -= a * b * c;
    return 1;
}

/* Whether the file can hold the node's parameters: adding the node allocates
 * them. A cell counts as if it had one gate, a bound that is low enough. */
static int fits(const srnn_net *net, const node *n, uint64_t *left)
{
    uint64_t features = (uint64_t)n->features, hidden = (uint64_t)n->hidden;
    srnn_node_info from = {.features = 0};

    if (n->from[0] < 0 || !strcmp(n->kind, "cross_entropy"))
        return 1;
    srnn_net_node(net, n->from[0], &from);
    if (!take(left, features, from.features, 1))
        return 0;
    return take(left, hidden, from.features, 1) &&
           take(left, hidden, hidden, (uint64_t)n->layers);
}

static srnn_status add(srnn_net *net, const node *n)
{
    srnn_cell_kind cell = cell_of(n->kind);
    srnn_recurrent_config config = {.cell = cell,
                                    .hidden = (size_t)n->hidden,
                                    .layers = (size_t)n->layers,
                                    .z_takes_new = n->z_takes_new};
    size_t features = (size_t)n->features;
    srnn_node number;

    for (size_t i = 0; i < RATES; i++)
        *rate_of(&config, i) = n->rate[i];
    if (cell != SRNN_CELL_KINDS)
        return srnn_net_recurrent(net, n->name, n->from[0], &config, &number);
    if (!strcmp(n->kind, "dropout"))
        return srnn_net_dropout(net, n->name, n->from[0], &n->dropout,
                                &number);
    if (!strcmp(n->kind, "input"))
        return srnn_net_input(net, n->name, features, &number);
    if (!strcmp(n->kind, "tokens"))
        return srnn_net_tokens(net, n->name, features, &number);
    if (!strcmp(n->kind, "embedding"))
        return srnn_net_embedding(net, n->name, n->from[0], features, &number);
    if (!strcmp(n->kind, "linear"))
        return srnn_net_linear(net, n->name, n->from[0], features, &number);
    return srnn_net_cross_entropy(net, n->name, n->from[0], n->from[1],
                                  &number);
}

static srnn_status add_checked(srnn_net *net, const srnn_file *file,
                               const node *n, uint64_t *left)
{
    srnn_status status;

    if (!is_known(n->kind))
        return srnn_file_fail(SRNN_EFORMAT, file->path,
                              "graph: node %.47s is of the unknown kind %.20s",
                              n->name, n->kind);
    if (!fits(net, n, left))
        return srnn_file_fail(SRNN_EFORMAT, file->path,
                              "graph: node %.47s has more parameters than the "
                              "file", n->name);
    status = add(net, n);
    if (status && status != SRNN_ENOMEM)
        return srnn_file_fail(SRNN_EFORMAT, file->path, "graph: %s",
                              srnn_error_message());
    return status;
}

static srnn_status build(srnn_net *net, const srnn_file *file, json_t *nodes)
{
    uint64_t left = file->bytes / sizeof(srnn_real);
    srnn_status status = SRNN_OK;
    size_t i;
    json_t *json;
    node n;

    if (!json_is_array(nodes))
        return srnn_file_fail(SRNN_EFORMAT, file->path,
                              "graph: it is no list of nodes");
    if (json_array_size(nodes) > SRNN_FILE_NODES)
        return srnn_file_fail(SRNN_EFORMAT, file->path,
                              "graph: %zu nodes, at most %d are allowed",
                              json_array_size(nodes), SRNN_FILE_NODES);
    json_array_foreach(nodes, i, json) {
        status = parse(file, json, &n);
        if (!status)
            status = connect(file, net, &n);
        if (!status)
            status = add_checked(net, file, &n, &left);
        if (status)
            break;
    }
    return status;
}

srnn_status srnn_graph_build(srnn_net *net, const srnn_file *file)
{
    json_t *nodes;
    srnn_status status = srnn_file_metadata(file, "simdrnn", &nodes);

    if (status)
        return status;
    status = build(net, file, nodes);
    json_decref(nodes);
    return status;
}
