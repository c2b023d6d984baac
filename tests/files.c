/* Files for tests, in a folder that goes when the program ends. */
#define _XOPEN_SOURCE 700

#include "files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];
static pid_t owner; /* children that are forked leave it */

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static void remove_folder(void)
{
    struct dirent *entry;
    DIR *dir;

    if (getpid() != owner)
        return;
    dir = opendir(folder);
    while (dir && (entry = readdir(dir))) {
        char path[512];

        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        remove(path);
    }
    if (dir)
        closedir(dir);
    rmdir(folder);
}

const char *file_path(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];

    if (!owner) {
        snprintf(folder, sizeof folder, "/tmp/simdrnn-test-XXXXXX");
        if (!mkdtemp(folder))
            give_up(folder);
        owner = getpid();
        atexit(remove_folder);
    }
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* A new file each time: ext4 flushes one that is cut to nothing and filled. */
void file_put(const char *path, const void *bytes, size_t length)
{
    FILE *stream;

    remove(path);
    stream = fopen(path, "wb");
    if (!stream || fwrite(bytes, 1, length, stream) != length ||
        fclose(stream))
        give_up(path);
}

unsigned char *file_get(const char *path, size_t *length)
{
    FILE *stream = fopen(path, "rb");
    unsigned char *bytes;
    long size;

    if (!stream || fseek(stream, 0, SEEK_END))
        give_up(path);
    size = ftell(stream);
    rewind(stream);
    bytes = calloc((size_t)size + 1, 1);
    *length = (size_t)size;
    if (!bytes || fread(bytes, 1, *length, stream) != *length)
        give_up(path);
    fclose(stream);
    return bytes;
}

void file_put_safetensors(const char *path, const char *header,
                          const void *data, size_t bytes)
{
    uint64_t length = strlen(header);
    FILE *stream;

    remove(path);
    stream = fopen(path, "wb");
    if (!stream || fwrite(&length, 8, 1, stream) != 1 ||
        fwrite(header, 1, length, stream) != length ||
        fwrite(data, 1, bytes, stream) != bytes || fclose(stream))
        give_up(path);
}

int file_exists(const char *path)
{
    return !access(path, F_OK);
}
