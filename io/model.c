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
    parts = srnn_params_list(net, 0, &count);
    if (!parts)
        return SRNN_ENOMEM;
    status = srnn_file_write(
        path, json_pack("{s:o}", "simdrnn", srnn_graph_describe(net)), parts,
        count);
    free(parts);
    return status;
}

static int is_param(const char *name, const srnn_part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(name, parts[i].tensor.name))
            return 1;
    return 0;
}

/* Whether the name is "<node>.<something>" for a node of the net. */
static int is_of_node(const char *name, const srnn_net *net)
{
    srnn_node_info info;

    for (size_t i = 0; i < srnn_net_nodes(net); i++) {
        srnn_net_node(net, (srnn_node)i, &info);
        if (!strncmp(name, info.name, strlen(info.name)) &&
            name[strlen(info.name)] == '.')
            return 1;
    }
    return 0;
}

/* A second layer or direction that the net lacks must not go unseen. */
static srnn_status check_strays(const srnn_file *file, const srnn_net *net,
                                const srnn_part *parts, size_t count)
{
    const char *name;
    json_t *entry;

    json_object_foreach(file->header, name, entry)
        if (!is_param(name, parts, count) && is_of_node(name, net))
            return srnn_file_fail(SRNN_ESHAPE, file->path,
                                  "tensor %.80s is no parameter of this net",
                                  name);
    return SRNN_OK;
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
