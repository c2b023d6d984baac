/* Safetensors in: the whole header is checked before anything is believed. */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64

#include "file.h"

#include "../kernels/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { HEADER_MOST = 100000000 }; /* the format's own limit */

srnn_status srnn_file_fail(srnn_status status, const char *path,
                           const char *format, ...)
{
    size_t length = strlen(path), most = 72;
    char text[192];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return srnn_fail(status, "%s%s: %s", length > most ? "..." : "",
                     length > most ? path + length - most : path, text);
}

/* Parsers that run out of memory leave no text. */
srnn_status srnn_file_fail_json(const char *path, const char *what,
                                const json_error_t *error)
{
    if (!error->text[0] ||
        json_error_code(error) == json_error_out_of_memory)
        return srnn_file_fail(SRNN_ENOMEM, path, "no memory for %s", what);
    return srnn_file_fail(SRNN_EFORMAT, path, "%s is not sound: %s", what,
                          error->text);
}

#define REFUSE(...) srnn_file_fail(SRNN_EFORMAT, file->path, __VA_ARGS__)

/* ---- one tensor --------------------------------------------------------- */

typedef struct range {
    const char *name;
    uint64_t begin, end;
} range;

/* Bytes of an element, 0 for a type that is not known. */
static size_t dtype_bytes(const char *dtype)
{
    static const struct {
        const char *name;
        size_t bytes;
    } known[] = {{"F32", 4}, {"F64", 8}, {"F16", 2}, {"BF16", 2}, {"I64", 8},
                 {"U64", 8}, {"I32", 4}, {"U32", 4}, {"I16", 2},  {"U16", 2},
                 {"I8", 1},  {"U8", 1},  {"BOOL", 1}, {"C64", 8},
                 {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"F8_E8M0", 1}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (!strcmp(dtype, known[i].name))
            return known[i].bytes;
    return 0;
}

/* The i-th element of an array, if it is a whole number from 0 up. */
static int number_at(const json_t *array, size_t i, uint64_t *value)
{
    const json_t *item = json_array_get(array, i);

    if (!json_is_integer(item) || json_integer_value(item) < 0)
        return 0;
    *value = (uint64_t)json_integer_value(item);
    return 1;
}

static srnn_status tensor_bytes(const srnn_file *file, const char *name,
                                const json_t *entry, uint64_t *bytes)
{
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    const json_t *shape = json_object_get(entry, "shape");
    uint64_t n;

    if (!dtype || !json_is_array(shape))
        return REFUSE("tensor %.80s lacks its dtype or its shape", name);
    *bytes = dtype_bytes(dtype);
    if (!*bytes)
        return REFUSE("tensor %.80s has the unknown dtype %.20s", name, dtype);
    for (size_t i = 0; i < json_array_size(shape); i++) {
        if (!number_at(shape, i, &n))
            return REFUSE("tensor %.80s: a size is no whole number", name);
        if (n && *bytes > UINT64_MAX / n)
            return REFUSE("tensor %.80s: its sizes overflow", name);
        *bytes *= n;
    }
    return SRNN_OK;
}

static srnn_status check_tensor(const srnn_file *file, const char *name,
                                const json_t *entry, range *at)
{
    const json_t *offsets = json_object_get(entry, "data_offsets");
    uint64_t bytes = 0;
    srnn_status status = tensor_bytes(file, name, entry, &bytes);

    if (status)
        return status;
    at->name = name;
    if (json_array_size(offsets) != 2 || !number_at(offsets, 0, &at->begin) ||
        !number_at(offsets, 1, &at->end))
        return REFUSE("tensor %.80s: data_offsets are no two whole numbers",
                      name);
    if (at->begin > at->end || at->end > file->bytes)
        return REFUSE("tensor %.80s lies at bytes %llu to %llu of %llu", name,
                      (unsigned long long)at->begin,
                      (unsigned long long)at->end,
                      (unsigned long long)file->bytes);
    if (at->end - at->begin != bytes)
        return REFUSE("tensor %.80s takes %llu bytes by its shape, %llu by its "
                      "data_offsets", name, (unsigned long long)bytes,
                      (unsigned long long)(at->end - at->begin));
    return SRNN_OK;
}

/* ---- the header --------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const range *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* Every byte belongs to one tensor. */
static srnn_status check_cover(const srnn_file *file, range *at, size_t count)
{
    uint64_t end = 0;

    qsort(at, count, sizeof *at, by_place);
    for (size_t i = 0; i < count; i++) {
        if (at[i].begin < end)
            return REFUSE("tensors %.60s and %.60s overlap", at[i - 1].name,
                          at[i].name);
        if (at[i].begin > end)
            break;
        end = at[i].end;
    }
    if (end != file->bytes)
        return REFUSE("the data from byte %llu on belongs to no tensor",
                      (unsigned long long)end);
    return SRNN_OK;
}

static srnn_status check_metadata(const srnn_file *file, const json_t *entry)
{
    const char *key;
    json_t *value;

    if (!json_is_object(entry))
        return REFUSE("__metadata__ is no object");
    json_object_foreach((json_t *)entry, key, value)
        if (!json_is_string(value))
            return REFUSE("__metadata__: %.80s is no string", key);
    return SRNN_OK;
}

static srnn_status check_header(const srnn_file *file)
{
    range *at = calloc(json_object_size(file->header) + 1, sizeof *at);
    srnn_status status = SRNN_OK;
    const char *name;
    json_t *entry;
    size_t count = 0;

    if (!at)
        return srnn_file_fail(SRNN_ENOMEM, file->path, "no memory to check it");
    json_object_foreach(file->header, name, entry) {
        if (!strcmp(name, "__metadata__"))
            status = check_metadata(file, entry);
        else
            status = check_tensor(file, name, entry, &at[count++]);
        if (status)
            break;
    }
    if (!status)
        status = check_cover(file, at, count);
    free(at);
    return status;
}

static srnn_status parse_header(srnn_file *file, char *text, size_t length)
{
    json_error_t error;

    if (fread(text, 1, length, file->stream) != length)
        return srnn_file_fail(SRNN_EIO, file->path, "cannot be read");
    if (text[0] != '{')
        return REFUSE("the header does not begin with {");
    file->header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!file->header)
        return srnn_file_fail_json(file->path, "the header", &error);
    return check_header(file);
}

static srnn_status read_header(srnn_file *file, uint64_t size)
{
    uint64_t length;
    srnn_status status;
    char *text;

    if (size < sizeof length ||
        fread(&length, sizeof length, 1, file->stream) != 1)
        return REFUSE("%llu bytes are too few for a model file",
                      (unsigned long long)size);
    if (!length || length > HEADER_MOST || length > size - sizeof length)
        return REFUSE("a header of %llu bytes in a file of %llu (at most %d)",
                      (unsigned long long)length, (unsigned long long)size,
                      HEADER_MOST);
    file->start = sizeof length + length;
    file->bytes = size - file->start;
    text = malloc(length);
    if (!text)
        return srnn_file_fail(SRNN_ENOMEM, file->path,
                              "no memory for its header");
    status = parse_header(file, text, length);
    free(text);
    return status;
}

/* ---- files -------------------------------------------------------------- */

srnn_status srnn_file_open(srnn_file *file, const char *path)
{
    struct stat info;
    srnn_status status;

    *file = (srnn_file){.path = path, .stream = fopen(path, "rb")};
    if (!file->stream || fstat(fileno(file->stream), &info))
        status = srnn_file_fail(SRNN_EIO, path, "%s", strerror(errno));
    else if (!S_ISREG(info.st_mode))
        status = srnn_file_fail(SRNN_EIO, path, "is no regular file");
    else
        status = read_header(file, (uint64_t)info.st_size);
    if (status)
        srnn_file_close(file);
    return status;
}

void srnn_file_close(srnn_file *file)
{
    json_decref(file->header);
    if (file->stream)
        fclose(file->stream);
}

srnn_status srnn_file_metadata(const srnn_file *file, const char *key,
                               json_t **value)
{
    json_t *all = json_object_get(file->header, "__metadata__");
    const char *text = json_string_value(json_object_get(all, key));
    json_error_t error;

    if (!text)
        return REFUSE("has no %s in its metadata", key);
    *value = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    return *value ? SRNN_OK : srnn_file_fail_json(file->path, key, &error);
}
