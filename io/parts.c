/* The named arrays of a net or trainer against those of a file. */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64

#include "file.h"

#include "../kernels/error.h"

#include <stdlib.h>
#include <string.h>

static const json_t *find(const srnn_file *file, const srnn_part *part,
                          char name[SRNN_PART_NAME])
{
    snprintf(name, SRNN_PART_NAME, "%s%s", part->prefix, part->tensor.name);
    return json_object_get(file->header, name);
}

static int same_shape(const json_t *shape, const srnn_tensor *tensor)
{
    if (json_array_size(shape) != tensor->rank)
        return 0;
    for (size_t i = 0; i < tensor->rank; i++)
        if (json_integer_value(json_array_get(shape, i)) !=
            (json_int_t)tensor->shape[i])
            return 0;
    return 1;
}

/* "[4,5]" */
static const char *shape_text(const srnn_tensor *tensor, char text[64])
{
    if (tensor->rank == 1)
        snprintf(text, 64, "[%zu]", tensor->shape[0]);
    else
        snprintf(text, 64, "[%zu,%zu]", tensor->shape[0], tensor->shape[1]);
    return text;
}

static srnn_status check_shape(const srnn_file *file, const char *name,
                               const json_t *shape, const srnn_tensor *tensor)
{
    char wanted[64], *held;
    srnn_status status;

    if (same_shape(shape, tensor))
        return SRNN_OK;
    held = srnn_json_text(shape);
    status = srnn_file_fail(SRNN_ESHAPE, file->path,
                            "tensor %s is %.64s, %s is expected", name,
                            held ? held : "of another shape",
                            shape_text(tensor, wanted));
    free(held);
    return status;
}

srnn_status srnn_file_check(const srnn_file *file, const srnn_part *parts,
                            size_t count)
{
    char name[SRNN_PART_NAME];

    for (size_t i = 0; i < count; i++) {
        const json_t *entry = find(file, &parts[i], name);
        const char *dtype = json_string_value(json_object_get(entry, "dtype"));
        srnn_status status;

        if (!entry)
            return srnn_file_fail(SRNN_ESHAPE, file->path,
                                  "tensor %s is missing", name);
        if (strcmp(dtype, "F32"))
            return srnn_file_fail(SRNN_ESHAPE, file->path,
                                  "tensor %s is %.20s, F32 is expected", name,
                                  dtype);
        status = check_shape(file, name, json_object_get(entry, "shape"),
                             &parts[i].tensor);
        if (status)
            return status;
    }
    return SRNN_OK;
}

srnn_status srnn_file_read(srnn_file *file, const srnn_part *parts,
                           size_t count)
{
    char name[SRNN_PART_NAME];

    for (size_t i = 0; i < count; i++) {
        const srnn_tensor *tensor = &parts[i].tensor;
        const json_t *entry = find(file, &parts[i], name);
        const json_t *offsets = json_object_get(entry, "data_offsets");
        json_int_t begin = json_integer_value(json_array_get(offsets, 0));

        if (fseeko(file->stream, (off_t)file->start + (off_t)begin, SEEK_SET) ||
            fread(tensor->data, sizeof *tensor->data, tensor->count,
                  file->stream) != tensor->count)
            return srnn_file_fail(SRNN_EIO, file->path,
                                  "tensor %s cannot be read", name);
    }
    return SRNN_OK;
}

srnn_part *srnn_params_list(const srnn_net *net, size_t more, size_t *count)
{
    srnn_part *parts = calloc(srnn_net_params(net) + more + 1, sizeof *parts);

    *count = 0;
    if (!parts) {
        srnn_fail(SRNN_ENOMEM, "no memory for a list of parameters");
        return NULL;
    }
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        parts[i].prefix = "";
        srnn_net_param(net, i, &parts[i].tensor);
    }
    *count = srnn_net_params(net);
    return parts;
}
