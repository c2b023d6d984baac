/* Nets as files: the graph in one line, the parameters under their names. */
#include "file.h"

#include "../kernels/error.h"

#include <stdlib.h>
#include <string.h>

srnn_status srnn_model_save(const srnn_net *net, const char *path)
{
    size_t count;
    srnn_part *parts;
    srnn_status status;

    if (!net || !path)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", net ? "path" : "net");
    status = srnn_graph_check(net);
    if (status)
        return status;
    parts = srnn_params_list(net, 0, &count);
    if (!parts)
        return SRNN_ENOMEM;
    status = srnn_file_write(
        path, json_pack("{s:o}", "simdrnn", srnn_graph_describe(net)), parts,
        count);
    free(parts);
    return status;
}

/* The parameters' names, true, and "<node>.", false: a header may hold a
 * million names, so each must be found at once. NULL: out of memory. */
static json_t *known_names(const srnn_net *net, const srnn_part *parts,
                           size_t count)
{
    json_t *known = json_object();
    int bad = !known;

    for (size_t i = 0; !bad && i < count; i++)
        bad = json_object_set_new(known, parts[i].tensor.name, json_true());
    for (size_t i = 0; !bad && i < srnn_net_nodes(net); i++) {
        char prefix[SRNN_PART_NAME];
        srnn_node_info info;

        srnn_net_node(net, (srnn_node)i, &info);
        snprintf(prefix, sizeof prefix, "%s.", info.name);
        bad = json_object_set_new(known, prefix, json_false());
    }
    if (!bad)
        return known;
    json_decref(known);
    return NULL;
}

/* Whether the name is "<node>.<something>" and no parameter. */
static int is_stray(const char *name, const json_t *known)
{
    char prefix[SRNN_PART_NAME];

    if (json_is_true(json_object_get(known, name)))
        return 0;
    for (size_t i = 0; name[i] && i + 1 < sizeof prefix; i++) {
        prefix[i] = name[i];
        prefix[i + 1] = 0;
        if (name[i] == '.' && json_object_get(known, prefix))
            return 1;
    }
    return 0;
}

/* A second layer or direction that the net lacks must not go unseen. */
static srnn_status check_strays(const srnn_file *file, const srnn_net *net,
                                const srnn_part *parts, size_t count)
{
    json_t *known = known_names(net, parts, count), *entry;
    srnn_status status = SRNN_OK;
    const char *name;

    if (!known)
        return srnn_file_fail(SRNN_ENOMEM, file->path,
                              "no memory for a list of names");
    json_object_foreach(file->header, name, entry)
        if (is_stray(name, known)) {
            status = srnn_file_fail(SRNN_ESHAPE, file->path,
                                    "tensor %.80s is no parameter of this net",
                                    name);
            break;
        }
    json_decref(known);
    return status;
}

static srnn_status read_params(srnn_net *net, srnn_file *file)
{
    size_t count;
    srnn_part *parts = srnn_params_list(net, 0, &count);
    srnn_status status;

    if (!parts)
        return SRNN_ENOMEM;
    status = srnn_file_check(file, parts, count);
    if (!status)
        status = check_strays(file, net, parts, count);
    if (!status)
        status = srnn_file_read(file, parts, count);
    free(parts);
    return status ? status : srnn_net_pack(net);
}

srnn_status srnn_model_read(srnn_net *net, const char *path)
{
    srnn_file file;
    srnn_status status;

    if (!net || !path)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", net ? "path" : "net");
    status = srnn_file_open(&file, path);
    if (status)
        return status;
    status = read_params(net, &file);
    srnn_file_close(&file);
    return status;
}

static srnn_status build(srnn_net *net, srnn_file *file)
{
    srnn_status status = srnn_graph_build(net, file);

    if (!status)
        status = read_params(net, file);
    /* The file contradicts itself, not the caller. */
    if (status == SRNN_ESHAPE)
        status = SRNN_EFORMAT;
    return status;
}

srnn_status srnn_model_load(srnn_net **net, const char *path, const char *isa)
{
    srnn_net *built;
    srnn_file file;
    srnn_status status;

    if (!net || !path)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", net ? "path" : "net");
    status = srnn_file_open(&file, path);
    if (status)
        return status;
    status = srnn_net_open(&built, isa);
    if (!status) {
        status = build(built, &file);
        if (status)
            srnn_net_close(built);
        else
            *net = built;
    }
    srnn_file_close(&file);
    return status;
}
