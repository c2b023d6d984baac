/* A process that answers lines: one request, one reply, and a file that both
 * sides map. Whatever it does, the caller gets a reply or a reason within the
 * time allowed, and no signal. */
#ifndef BENCH_PYTHON_PIPE_H
#define BENCH_PYTHON_PIPE_H

#include <stddef.h>
#include <sys/types.h>

typedef struct python_pipe {
    pid_t pid;      /* 0: not running */
    double seconds; /* that a reply may take */
    int line;       /* requests go out, replies come in */
    int file;       /* its descriptor 3: of no name, as long as it is made */
    int errors;     /* its descriptor 2: of no name */
    char why[256];  /* it does not run, or was ended */
} python_pipe;

/* Starts argv[0] with its descriptors 0 and 1 at the pipe. 0, or -1 and why. */
int python_pipe_open(python_pipe *p, const char *const argv[], double seconds);

/* Sends a line and waits for one, without its end. -1: why; it has been ended
 * then, and says so whenever it is asked again. */
int python_pipe_ask(python_pipe *p, const char *request, char *reply,
                    size_t size);

/* Ends the process, waits for it and says why, unless that is said already. */
void python_pipe_fail(python_pipe *p, const char *why);

/* Ends it and waits for it. */
void python_pipe_close(python_pipe *p);

#endif
