/* A file replaced whole or not at all: written beside, synced, renamed, and
 * the folder synced, so that neither a kill nor a power cut leaves half. */
#define _POSIX_C_SOURCE 200809L

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static srnn_status failed(const char *path, const char *what)
{
    return srnn_file_fail(SRNN_EIO, path, "%s: %s", what, strerror(errno));
}

static int is_at(int fd, const char *name)
{
    struct stat a, b;

    return !fstat(fd, &a) && !stat(name, &b) && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* The temporary file, empty and locked. One that another process renames
 * while we wait for its lock is no longer the temporary one: once more. */
static int open_locked(const char *name)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    for (;;) {
        int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

        if (fd < 0)
            return -1;
        if (fcntl(fd, F_SETLK, &lock) < 0) {
            if (errno == EACCES)
                errno = EAGAIN;
        } else if (!is_at(fd, name)) {
            close(fd);
            continue;
        } else if (!ftruncate(fd, 0)) {
            return fd;
        }
        close(fd);
        return -1;
    }
}

srnn_status srnn_replace_begin(srnn_replace *replace, const char *path)
{
    size_t size = strlen(path) + sizeof ".tmp";
    srnn_status status;
    int fd;

    *replace = (srnn_replace){.path = path, .temporary = malloc(size)};
    if (!replace->temporary)
        return srnn_file_fail(SRNN_ENOMEM, path, "no memory for its name");
    snprintf(replace->temporary, size, "%s.tmp", path);
    fd = open_locked(replace->temporary);
    if (fd >= 0) {
        replace->stream = fdopen(fd, "wb");
        if (replace->stream)
            return SRNN_OK;
        close(fd);
    }
    status = errno == EAGAIN
                 ? srnn_file_fail(SRNN_EIO, path, "another process writes it")
                 : failed(replace->temporary, "cannot be created");
    free(replace->temporary);
    return status;
}

void srnn_replace_cancel(srnn_replace *replace)
{
    unlink(replace->temporary);
    fclose(replace->stream);
    free(replace->temporary);
}

/* Nothing follows the first failure: its errno is the reason to tell. */
void srnn_replace_write(srnn_replace *replace, const void *data, size_t bytes)
{
    if (!replace->error && fwrite(data, 1, bytes, replace->stream) != bytes)
        replace->error = errno;
}

/* Of the file that is now in place; its name is cut to the folder's. A folder
 * that cannot be read (EACCES) or synced (EINVAL) is left to the system. */
static int sync_folder(char *name)
{
    char *slash = strrchr(name, '/');
    int fd, bad;

    if (slash)
        slash[1] = 0;
    fd = open(slash ? name : ".", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno != EACCES;
    bad = fsync(fd) && errno != EINVAL;
    close(fd);
    return bad;
}

srnn_status srnn_replace_commit(srnn_replace *replace)
{
    FILE *stream = replace->stream;
    srnn_status status = SRNN_OK;

    if (!replace->error && (fflush(stream) || fsync(fileno(stream))))
        replace->error = errno;
    errno = replace->error;
    if (errno)
        status = failed(replace->temporary, "cannot be written");
    else if (rename(replace->temporary, replace->path))
        status = failed(replace->path, "cannot be replaced");
    if (status) {
        srnn_replace_cancel(replace);
        return status;
    }
    fclose(stream);
    if (sync_folder(replace->temporary))
        status = failed(replace->path, "its folder cannot be synced");
    free(replace->temporary);
    return status;
}
