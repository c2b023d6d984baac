/* Safetensors out: the header from the parts, then their values. */
#include "file.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(srnn_real) == 4, "model files hold 32-bit floats");

/* {"dtype": "F32", "shape": [...], "data_offsets": [begin, end]} */
static json_t *describe(const srnn_tensor *tensor, json_int_t begin)
{
    json_int_t end = begin + (json_int_t)(tensor->count * sizeof(srnn_real));
    json_t *shape = tensor->rank == 1
                        ? json_pack("[I]", (json_int_t)tensor->shape[0])
                        : json_pack("[I, I]", (json_int_t)tensor->shape[0],
                                    (json_int_t)tensor->shape[1]);

    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape,
                     "data_offsets", begin, end);
}

/* json_dumps of jansson 2.14 leaves a key out where memory ends in it; into a
 * buffer of the right size nothing can be lost. */
char *srnn_json_text(const json_t *json)
{
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    size_t length = json_dumpb(json, NULL, 0, flags);
    char *text = length ? malloc(length + 1) : NULL;

    if (text && json_dumpb(json, text, length, flags) == length) {
        text[length] = 0;
        return text;
    }
    free(text);
    return NULL;
}

/* Metadata values are strings: each value becomes its text. */
static int to_text(json_t *metadata)
{
    const char *key;
    json_t *value;

    json_object_foreach(metadata, key, value) {
        char *text = srnn_json_text(value);
        int bad = !text || json_object_set_new(metadata, key,
                                               json_string(text));

        free(text);
        if (bad)
            return -1;
    }
    return 0;
}

/* The header's text, NULL: out of memory. Consumes metadata. */
static char *header_text(json_t *metadata, const srnn_part *parts,
                         size_t count)
{
    json_t *header = json_object();
    json_int_t begin = 0;
    char *text = NULL;
    int bad = !metadata || to_text(metadata);

    bad |= json_object_set_new(header, "__metadata__", metadata);
    for (size_t i = 0; i < count; i++) {
        const srnn_tensor *tensor = &parts[i].tensor;
        char name[SRNN_PART_NAME];

        snprintf(name, sizeof name, "%s%s", parts[i].prefix, tensor->name);
        bad |= json_object_set_new(header, name, describe(tensor, begin));
        begin += (json_int_t)(tensor->count * sizeof(srnn_real));
    }
    if (!bad)
        text = srnn_json_text(header);
    json_decref(header);
    return text;
}

srnn_status srnn_file_write(const char *path, json_t *metadata,
                            const srnn_part *parts, size_t count)
{
    char *text = header_text(metadata, parts, count);
    srnn_replace replace;
    srnn_status status;
    size_t used, padding;
    uint64_t length;

    if (!text)
        return srnn_file_fail(SRNN_ENOMEM, path, "no memory for its header");
    status = srnn_replace_begin(&replace, path);
    if (!status) {
        /* Spaces up to a multiple of 8 align the values. */
        used = strlen(text);
        padding = -used & 7;
        length = used + padding;
        srnn_replace_write(&replace, &length, sizeof length);
        srnn_replace_write(&replace, text, used);
        srnn_replace_write(&replace, "       ", padding);
        for (size_t i = 0; i < count; i++)
            srnn_replace_write(&replace, parts[i].tensor.data,
                               parts[i].tensor.count * sizeof(srnn_real));
        status = srnn_replace_commit(&replace);
    }
    free(text);
    return status;
}
