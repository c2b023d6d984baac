/* Whether the graph of a file is that of a net: entry by entry, with what
 * either leaves out at its default. */
#include "settings.h"

#include "graph.h"

/* A number may stand as a whole one. Nonzero: out of memory. */
static int complete(json_t *entry, const srnn_net *net,
                    const graph_attribute *a)
{
    json_t *plain = srnn_graph_value(net, a, NULL);
    const json_t *value = json_object_get(entry, a->name);
    int bad = !plain;

    if (!bad && !value)
        bad = json_object_set(entry, a->name, plain);
    else if (!bad && json_is_real(plain) && json_is_integer(value))
        bad = json_object_set_new(entry, a->name,
                                  json_real(json_number_value(value)));
    json_decref(plain);
    return bad;
}

static int complete_all(json_t *entry, const srnn_net *net)
{
    const char *name = json_string_value(json_object_get(entry, "kind"));
    srnn_cell_kind cell;
    const graph_kind *kind = name ? srnn_graph_kind(name, &cell) : NULL;
    int bad = 0;

    for (const graph_attribute *a = srnn_graph_attributes;
         kind && !bad && a->name; a++)
        if (a->group & kind->groups && !a->required)
            bad = complete(entry, net, a);
    return bad;
}

static srnn_status entries_agree(const srnn_file *file, const srnn_net *net,
                                 json_t *theirs, json_t *ours)
{
    const char *name = json_string_value(json_object_get(ours, "name"));
    char what[64];

    if (complete_all(theirs, net) || complete_all(ours, net))
        return srnn_file_fail(SRNN_ENOMEM, file->path, "no memory");
    snprintf(what, sizeof what, "node %s", name);
    return srnn_json_agree(file, what, theirs, ours);
}

static srnn_status agree(const srnn_file *file, const srnn_net *net,
                         json_t *theirs, json_t *ours)
{
    srnn_status status = SRNN_OK;
    json_t *entry;
    size_t i;

    if (!ours)
        return srnn_file_fail(SRNN_ENOMEM, file->path, "no memory");
    if (json_array_size(theirs) != json_array_size(ours))
        return srnn_file_fail(SRNN_ESTATE, file->path,
                              "the file's net has %zu nodes, this one %zu",
                              json_array_size(theirs), json_array_size(ours));
    json_array_foreach(ours, i, entry) {
        status = entries_agree(file, net, json_array_get(theirs, i), entry);
        if (status)
            break;
    }
    return status;
}

srnn_status srnn_graph_agree(const srnn_file *file, const srnn_net *net)
{
    json_t *theirs, *ours;
    srnn_status status = srnn_file_metadata(file, "simdrnn", &theirs);

    if (status)
        return status;
    ours = srnn_graph_describe(net);
    status = agree(file, net, theirs, ours);
    json_decref(ours);
    json_decref(theirs);
    return status;
}
