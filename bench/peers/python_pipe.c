/* The process at the other end of a pair of sockets: unlike a pipe's, their
 * writer gets an error, not a signal, when the reader has gone. */
#define _GNU_SOURCE
#include "python_pipe.h"

#include "../limits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST 10 /* descriptors below may be those that the child is given */
#define LAST_WORDS 1 /* seconds to end in, for one that has closed its end */

extern char **environ;

/* ---- start --------------------------------------------------------------- */

/* The same descriptor, beyond those of the child; -1 stays. */
static int above(int fd)
{
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST);

    if (fd >= 0)
        close(fd);
    return high;
}

/* A file that goes when it is closed. */
static int nameless(const char *name)
{
    return above(memfd_create(name, MFD_CLOEXEC));
}

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int spawn(python_pipe *p, int line, const char *const argv[])
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);

    if (error)
        return error;
    error = posix_spawn_file_actions_adddup2(&actions, line, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, line, 1);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, p->errors, 2);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, p->file, 3);
    if (!error)
        error = posix_spawn(&p->pid, argv[0], &actions, NULL,
                            (char *const *)argv, environ);
    if (error)
        p->pid = 0;
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int python_pipe_open(python_pipe *p, const char *const argv[], double seconds)
{
    int end[2] = {-1, -1}, error;

    *p = (python_pipe){.seconds = seconds};
    p->file = nameless("arrays");
    p->errors = nameless("errors");
    error = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end);
    p->line = above(end[0]);
    end[1] = above(end[1]);
    if (error || p->file < 0 || p->errors < 0 || p->line < 0 || end[1] < 0)
        error = errno;
    else
        error = spawn(p, end[1], argv);
    shut(&end[1]);
    if (!error)
        return 0;
    snprintf(p->why, sizeof p->why, "%s: %s", argv[0], strerror(error));
    python_pipe_close(p);
    return -1;
}

/* ---- end ----------------------------------------------------------------- */

/* Waits so long for it to end by itself, then ends it; gives its status. */
static int reap(python_pipe *p, double seconds)
{
    const struct timespec nap = {0, 5000000};
    const double until = limits_now() + seconds;
    int status = 0;
    pid_t got;

    while ((got = waitpid(p->pid, &status, WNOHANG)) == 0 &&
           limits_now() < until)
        nanosleep(&nap, NULL);
    if (got == 0) {
        kill(p->pid, SIGKILL);
        while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    p->pid = 0;
    return status;
}

void python_pipe_close(python_pipe *p)
{
    if (p->pid > 0)
        reap(p, 0);
    shut(&p->line);
    shut(&p->file);
    shut(&p->errors);
}

void python_pipe_fail(python_pipe *p, const char *why)
{
    if (!*p->why)
        snprintf(p->why, sizeof p->why, "%s", why);
    python_pipe_close(p);
}

/* The last line that it wrote as an error. */
static void last_words(const python_pipe *p, char *text, size_t size)
{
    const off_t length = lseek(p->errors, 0, SEEK_END);
    const off_t from = length < (off_t)size ? 0 : length - (off_t)size + 1;
    ssize_t n = pread(p->errors, text, size - 1, from);
    char *line;

    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    text[n > 0 ? n : 0] = '\0';
    line = strrchr(text, '\n');
    if (line)
        memmove(text, line + 1, strlen(line));
}

/* It has closed its end: says how it ended. */
static int gone(python_pipe *p)
{
    const int status = reap(p, LAST_WORDS);
    char words[160], why[256];

    last_words(p, words, sizeof words);
    snprintf(why, sizeof why, "its process ended with %s %d%s%s",
             WIFSIGNALED(status) ? "signal" : "code",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
             *words ? ": " : "", words);
    python_pipe_fail(p, why);
    return -1;
}

/* ---- ask ----------------------------------------------------------------- */

/* Requests are short: one that does not fit into the socket is not read. */
static int send_all(python_pipe *p, const char *text)
{
    const ssize_t size = (ssize_t)strlen(text);
    ssize_t sent;

    do
        sent = send(p->line, text, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent == size)
        return 0;
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
        return gone(p);
    python_pipe_fail(p, "its process reads no requests");
    return -1;
}

/* Until there is something to read: 0, or -1 when the time is up. */
static int wait_until(python_pipe *p, double until)
{
    struct pollfd fd = {.fd = p->line, .events = POLLIN};
    double left;

    while ((left = until - limits_now()) > 0) {
        const int n = poll(&fd, 1, (int)(left * 1000) + 1);

        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            break;
    }
    return -1;
}

int python_pipe_ask(python_pipe *p, const char *request, char *reply,
                    size_t size)
{
    const double until = limits_now() + p->seconds;
    size_t n = 0;
    char why[64];

    if (p->pid <= 0 || send_all(p, request) || send_all(p, "\n"))
        return -1;
    while (n < size) {
        ssize_t got;

        if (wait_until(p, until)) {
            snprintf(why, sizeof why, "no answer within %g s", p->seconds);
            python_pipe_fail(p, why);
            return -1;
        }
        got = recv(p->line, reply + n, size - n, MSG_DONTWAIT);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            return gone(p);
        n += (size_t)got;
        if (reply[n - 1] == '\n') {
            reply[n - 1] = '\0';
            return 0;
        }
    }
    python_pipe_fail(p, "a reply that does not end");
    return -1;
}
