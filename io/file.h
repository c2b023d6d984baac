/* What the files of io/ share: safetensors in and out, and the graph line.
 *
 * A safetensors file is 8 bytes of header length, little-endian; a JSON object
 * {"<tensor>": {"dtype", "shape", "data_offsets": [begin, end]}, ...,
 * "__metadata__": {"<key>": "<text>", ...}}; and the tensors' bytes without
 * gap or overlap (https://github.com/huggingface/safetensors). */
#ifndef SRNN_FILE_H
#define SRNN_FILE_H

#include <simdrnn/io.h>

#include <jansson.h>
#include <stdio.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors are little-endian, and so must this machine be"
#endif

/* One tensor of a net or trainer, stored under prefix + tensor.name. */
typedef struct srnn_part {
    const char *prefix;
    srnn_tensor tensor;
} srnn_part;

enum { SRNN_PART_NAME = 160 }; /* room for any prefix + tensor.name */

/* A file that is open for reading; its header has been checked. */
typedef struct srnn_file {
    const char *path;
    FILE *stream;
    json_t *header;
    uint64_t start, bytes; /* of the tensors' data, in the file */
} srnn_file;

/* srnn_fail with the end of the path in front. */
__attribute__((format(printf, 3, 4))) srnn_status
srnn_file_fail(srnn_status status, const char *path, const char *format, ...);

/* That `what` is no JSON or not of its form, or that memory ran out. */
srnn_status srnn_file_fail_json(const char *path, const char *what,
                                const json_error_t *error);

/* On failure nothing is left to close. path must outlive the file. */
srnn_status srnn_file_open(srnn_file *file, const char *path);
void srnn_file_close(srnn_file *file);

/* The parsed JSON of a metadata entry, a new reference. */
srnn_status srnn_file_metadata(const srnn_file *file, const char *key,
                               json_t **value);

/* Whether the file has these parts as they are; then their values. */
srnn_status srnn_file_check(const srnn_file *file, const srnn_part *parts,
                            size_t count);
srnn_status srnn_file_read(srnn_file *file, const srnn_part *parts,
                           size_t count);

/* Replaces the file at path. metadata: object of JSON values, each stored as
 * the one line of its text. Consumes metadata; NULL: out of memory. */
srnn_status srnn_file_write(const char *path, json_t *metadata,
                            const srnn_part *parts, size_t count);

/* The line of text of a JSON value, malloc'ed; NULL: out of memory. */
char *srnn_json_text(const json_t *json);

/* A stream to <path>.tmp; commit makes it the file at path, whole or not at
 * all, cancel forgets it. */
typedef struct srnn_replace {
    const char *path;
    char *temporary;
    FILE *stream;
    int error; /* errno of the first write that failed, or 0 */
} srnn_replace;

srnn_status srnn_replace_begin(srnn_replace *replace, const char *path);
void srnn_replace_write(srnn_replace *replace, const void *data, size_t bytes);
srnn_status srnn_replace_commit(srnn_replace *replace);
void srnn_replace_cancel(srnn_replace *replace);

/* Whether a file may hold the net; the net as a list (graph.h), NULL: out of
 * memory; the file's list added to an empty net; whether it is a net's,
 * SRNN_ESTATE if not. */
srnn_status srnn_graph_check(const srnn_net *net);
json_t *srnn_graph_describe(const srnn_net *net);
srnn_status srnn_graph_build(srnn_net *net, const srnn_file *file);
srnn_status srnn_graph_agree(const srnn_file *file, const srnn_net *net);

/* The parameters of a net as parts, malloc'ed with room for `more`. */
srnn_part *srnn_params_list(const srnn_net *net, size_t more, size_t *count);

#endif
