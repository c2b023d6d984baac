/* A checkpoint, whose note is "<program>: <what>". */
#define _POSIX_C_SOURCE 200809L

#include "model.h"
#include "program.h"

#include <simdrnn/io.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file is put in another's place, so it is the folder that matters. */
void model_try(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) + 1 : 0;
    char *folder = allocate(n + 2, 1);

    snprintf(folder, n + 2, "%.*s.", (int)n, path);
    if (!*path || access(folder, W_OK | X_OK))
        die("--save %s: %s", path, *path ? strerror(errno) : "no name");
    free(folder);
}

void model_keep(const srnn_trainer *trainer, const char *what, uint64_t data,
                const char *path)
{
    srnn_progress progress = {.data_hash = data};

    snprintf(progress.note, sizeof progress.note, "%s: %s", program, what);
    must(srnn_checkpoint_save(trainer, &progress, path));
    printf("%s: kept in %s\n", what, path);
}

static void check_parts(const char *path, const srnn_net *net,
                        const model_part *parts)
{
    for (; parts->node; parts++) {
        srnn_node_info node = {.features = 0};

        if (srnn_net_node(net, srnn_net_find(net, parts->node), &node) ||
            strcmp(srnn_net_axis_name(net, node.axis), parts->axis))
            die("%s: no node %s on the axis %s", path, parts->node,
                parts->axis);
        if (node.features != parts->features)
            die("%s: its node %s has %zu features, not %zu", path,
                parts->node, node.features, parts->features);
    }
}

srnn_net *model_take(const char *path, const char *isa, uint64_t data,
                     const model_part *parts, char what[MODEL_ROOM])
{
    size_t n = strlen(program);
    srnn_progress progress;
    srnn_net *net;

    must(srnn_checkpoint_peek(path, NULL, &progress));
    if (strncmp(progress.note, program, n) ||
        strncmp(progress.note + n, ": ", 2))
        die("%s: a model, but none of this program's", path);
    if (progress.data_hash != data)
        die("%s: trained on other data, or with other options or another seed",
            path);
    must(srnn_model_load(&net, path, isa));
    check_parts(path, net, parts);
    snprintf(what, MODEL_ROOM, "%s", progress.note + n + 2);
    return net;
}
