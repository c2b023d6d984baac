/* A peer that runs in Python: driver.py computes in a process of its own, which
 * is started when it is first asked and lives as long as this one. One problem
 * of it is open at a time. */
#ifndef BENCH_PYTHON_DRIVER_H
#define BENCH_PYTHON_DRIVER_H

#include "peer.h"
#include "python_pipe.h"

#define PYTHON_ARGS 8

typedef struct python_driver {
    const char *argv[PYTHON_ARGS]; /* the process, ends with NULL */
    double seconds;                /* that an answer may take */
    int started;
    python_pipe pipe;
    peer_state *open;
    char version[64];
    char why[256]; /* of what was last refused, or failed */
} python_driver;

/* As in peer.h. */
const char *python_version(python_driver *d, char *why, size_t size);
peer_state *python_open(python_driver *d, const peer_task *task, char *why,
                        size_t size);
int python_time(peer_state *s, size_t runs, peer_timing *t);
const float *python_result(peer_state *s, const char *output, size_t count);
void python_close(peer_state *s);

/* Ends the process. */
void python_end(python_driver *d);

#endif
