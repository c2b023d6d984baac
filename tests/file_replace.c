/* Saving where the system refuses: a file that grows too large says so and
 * leaves the old one; a folder that cannot be read does not matter. */
#define _DEFAULT_SOURCE

#include "check.h"
#include "files.h"
#include "tiny.h"

#include <simdrnn/io.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static const tiny_config config = {.cell = SRNN_LSTM, .hidden = 40};

/* Saves under a limit of so many bytes a file: with 5000, stdio's buffer fails
 * while it is filled; with one less than the file has, at the last flush. */
static void too_large(void)
{
    const char *path = file_path("large.safetensors");
    struct rlimit old, low;
    srnn_net *net = tiny_net(&config);
    unsigned char *before, *after;
    size_t length, count;

    tiny_must(srnn_model_save(net, path));
    before = file_get(path, &length);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    for (int i = 0; i < 2; i++) {
        srnn_status status;

        low = old;
        low.rlim_cur = i ? length - 1 : 5000;
        setrlimit(RLIMIT_FSIZE, &low);
        status = srnn_model_save(net, path);
        setrlimit(RLIMIT_FSIZE, &old);
        CHECK(status == SRNN_EIO);
        CHECK_SAYS(strstr(srnn_error_message(), strerror(EFBIG)),
                   "says '%s'", srnn_error_message());
        after = file_get(path, &count);
        CHECK(count == length && !memcmp(before, after, length));
        free(after);
    }
    CHECK(!file_exists(file_path("large.safetensors.tmp")));
    tiny_must(srnn_model_save(net, path));
    free(before);
    srnn_net_close(net);
}

/* In a child, since root could read the folder. */
static int saves_as_nobody(const srnn_net *net, const char *path)
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0) {
        if (getuid() == 0 && setuid(NOBODY))
            _exit(77);
        _exit(srnn_model_save(net, path));
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void unreadable_folder(void)
{
    char folder[] = "/tmp/simdrnn-folder-XXXXXX", path[64];
    srnn_net *net = tiny_net(&config);
    int status;

    CHECK(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.safetensors", folder);
    CHECK(getuid() || !chown(folder, NOBODY, (gid_t)-1));
    chmod(folder, 0300);
    status = saves_as_nobody(net, path);
    CHECK_SAYS(status == SRNN_OK, "the child ends with %d", status);
    CHECK(file_exists(path));
    chmod(folder, 0700);
    remove(path);
    rmdir(folder);
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"too-large", NULL, too_large},
        {"unreadable-folder", NULL, unreadable_folder},
        {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
