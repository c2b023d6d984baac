/* Files for tests: a folder of their own, whole files as bytes, and
 * safetensors made byte by byte. */
#ifndef SRNN_TESTS_FILES_H
#define SRNN_TESTS_FILES_H

#include <stddef.h>
#include <stdint.h>

/* <a fresh folder>/<name>; static storage, four at a time. The folder is
 * removed when the program ends. */
const char *file_path(const char *name);

/* Writes or reads all bytes; ends the program where that fails. Bytes that
 * are read end in a 0 beyond their length, and are the caller's to free. */
void file_put(const char *path, const void *bytes, size_t length);
unsigned char *file_get(const char *path, size_t *length);

/* Writes a header of the length that it has, then so many bytes of data. */
void file_put_safetensors(const char *path, const char *header,
                          const void *data, size_t bytes);

/* Whether there is something of that name. */
int file_exists(const char *path);

#endif
