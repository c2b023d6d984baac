/* JSON as a net: each entry is checked and then added, its inputs and axis
 * among those before it, its parameters within what the file holds. */
#include "graph.h"

#include <stdlib.h>
#include <string.h>

#define REFUSE(...) srnn_file_fail(SRNN_EFORMAT, g->file->path, __VA_ARGS__)

/* A graph half read. */
typedef struct graph {
    const srnn_file *file;
    srnn_net *net;
    json_t *numbers; /* of the nodes, by name: a list may be long */
    uint64_t left;   /* values that no parameter has taken */
    size_t tied;
} graph;

/* An entry as the file has it. */
typedef struct entry {
    json_t *json, *inputs;
    const graph_kind *kind;
    srnn_node_info info;
    srnn_node *input;
} entry;

/* ---- the head of an entry ----------------------------------------------- */

static srnn_status parse_head(const graph *g, entry *e)
{
    json_error_t error;

    if (json_unpack_ex(e->json, &error, 0, "{s:s, s:s, s?o}", "name",
                       &e->info.name, "kind", &e->info.kind, "inputs",
                       &e->inputs))
        return srnn_file_fail_json(g->file->path, "an entry of the graph",
                                   &error);
    e->kind = srnn_graph_kind(e->info.kind, &e->info.recurrent.cell);
    if (e->kind)
        return SRNN_OK;
    return REFUSE("graph: node %.47s is of the unknown kind %.24s",
                  e->info.name, e->info.kind);
}

static srnn_status check_inputs(const graph *g, entry *e)
{
    const size_t count = json_array_size(e->inputs);
    const graph_kind *kind = e->kind;

    if (e->inputs && !json_is_array(e->inputs))
        return REFUSE("graph: inputs of node %.47s are no list", e->info.name);
    if (count < kind->least || count > kind->most)
        return REFUSE("graph: node %.47s has %zu inputs, %zu %s expected",
                      e->info.name, count,
                      count < kind->least ? kind->least : kind->most,
                      kind->least == kind->most ? "are"
                      : count < kind->least     ? "or more are"
                                                : "or fewer are");
    e->info.inputs = count;
    return SRNN_OK;
}

static srnn_status connect(const graph *g, entry *e)
{
    srnn_status status = check_inputs(g, e);

    if (status)
        return status;
    e->input = calloc(e->info.inputs + 1, sizeof *e->input);
    if (!e->input)
        return srnn_file_fail(SRNN_ENOMEM, g->file->path,
                              "no memory for %zu inputs", e->info.inputs);
    e->info.input = e->input;
    for (size_t i = 0; i < e->info.inputs; i++) {
        const char *name = json_string_value(json_array_get(e->inputs, i));
        const json_t *number =
            name ? json_object_get(g->numbers, name) : NULL;

        if (!number)
            return REFUSE("graph: an input of node %.47s is no node before it",
                          e->info.name);
        e->input[i] = (srnn_node)json_integer_value(number);
    }
    return SRNN_OK;
}

/* ---- its attributes ----------------------------------------------------- */

static srnn_status parse_attribute(const graph *g, entry *e,
                                   const graph_attribute *a,
                                   const json_t *value)
{
    srnn_status status;
    char *text;

    if (srnn_graph_parse(g->net, a, value, &e->info))
        return SRNN_OK;
    text = srnn_json_text(value);
    status = REFUSE("graph: %s of node %.47s is %.40s, not %s", a->name,
                    e->info.name, text ? text : "another", a->form->what);
    free(text);
    return status;
}

static int is_head(const char *key)
{
    return !strcmp(key, "name") || !strcmp(key, "kind") ||
           !strcmp(key, "inputs");
}

/* One that is not known is refused: without it the net is another. */
static srnn_status parse_attributes(const graph *g, entry *e)
{
    const graph_attribute *a;
    const char *key;
    json_t *value;

    json_object_foreach(e->json, key, value) {
        srnn_status status;

        if (is_head(key))
            continue;
        a = srnn_graph_attribute(key, e->kind->groups);
        status = a ? parse_attribute(g, e, a, value)
                   : REFUSE("graph: node %.47s, %s, has the unknown attribute "
                            "%.40s", e->info.name, e->info.kind, key);
        if (status)
            return status;
    }
    for (a = srnn_graph_attributes; a->name; a++)
        if (a->required && a->group & e->kind->groups &&
            !json_object_get(e->json, a->name))
            return REFUSE("graph: node %.47s, %s, has no %s", e->info.name,
                          e->info.kind, a->name);
    return SRNN_OK;
}

/* ---- adding it ---------------------------------------------------------- */

/* A tied node has a packed copy of a weight that the file holds once. */
static srnn_status check_size(graph *g, const entry *e)
{
    g->tied += (e->kind->groups & GRAPH_TIED) != 0;
    if (g->tied > SRNN_FILE_TIED)
        return REFUSE("graph: node %.47s is one tied node too many, at most "
                      "%d are allowed", e->info.name, SRNN_FILE_TIED);
    if (e->kind->fits && !e->kind->fits(g->net, &e->info, &g->left))
        return REFUSE("graph: node %.47s has more parameters than the file",
                      e->info.name);
    return SRNN_OK;
}

static srnn_status add(graph *g, const entry *e)
{
    const size_t nodes = srnn_net_nodes(g->net);
    srnn_status status = check_size(g, e);

    if (status)
        return status;
    status = srnn_graph_add(g->net, e->kind, &e->info);
    if (status && status != SRNN_ENOMEM)
        return REFUSE("graph: %s", srnn_error_message());
    if (!status && srnn_net_nodes(g->net) > nodes &&
        json_object_set_new(g->numbers, e->info.name,
                            json_integer((json_int_t)nodes)))
        status = srnn_file_fail(SRNN_ENOMEM, g->file->path,
                                "no memory for the name of a node");
    return status;
}

static srnn_status add_entry(graph *g, json_t *json)
{
    entry e = {.json = json, .info = srnn_graph_default()};
    srnn_status status = parse_head(g, &e);

    if (!status)
        status = connect(g, &e);
    if (!status)
        status = parse_attributes(g, &e);
    if (!status)
        status = add(g, &e);
    free(e.input);
    return status;
}

/* ---- all of them -------------------------------------------------------- */

static srnn_status build(graph *g, json_t *list)
{
    srnn_status status = SRNN_OK;
    json_t *json;
    size_t i;

    if (!json_is_array(list))
        return REFUSE("graph: it is no list of nodes");
    if (json_array_size(list) > SRNN_FILE_NODES)
        return REFUSE("graph: %zu nodes and axes, at most %d are allowed",
                      json_array_size(list), SRNN_FILE_NODES);
    if (!g->numbers)
        return srnn_file_fail(SRNN_ENOMEM, g->file->path,
                              "no memory for names of nodes");
    json_array_foreach(list, i, json) {
        status = add_entry(g, json);
        if (status)
            break;
    }
    return status;
}

srnn_status srnn_graph_build(srnn_net *net, const srnn_file *file)
{
    graph g = {file, net, NULL, file->bytes / sizeof(srnn_real), 0};
    json_t *list;
    srnn_status status = srnn_file_metadata(file, "simdrnn", &list);

    if (status)
        return status;
    g.numbers = json_object();
    status = build(&g, list);
    json_decref(g.numbers);
    json_decref(list);
    return status;
}
