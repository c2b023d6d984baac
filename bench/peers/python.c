/* PyTorch and ONNX Runtime, each a driver.py of its own. */
#include "python_driver.h"

#include <stdlib.h>
#include <string.h>

#define SECONDS 120 /* to import a library from a cold disk, or to run */

/* No setting of Python's and no folder of the user's; no files left beside the
 * source. */
#define DRIVER(peer) \
    { \
        .argv = {SRNN_PEERS_PYTHON, "-EsB", SRNN_PEERS_DRIVER, peer}, \
        .seconds = SECONDS \
    }

static python_driver pytorch = DRIVER("pytorch");
static python_driver onnxruntime = DRIVER("onnxruntime");

static void end_all(void)
{
    python_end(&pytorch);
    python_end(&onnxruntime);
}

static void end_at_exit(void)
{
    static int asked;

    if (!asked++)
        atexit(end_all);
}

static const char *pytorch_version(char *why, size_t size)
{
    end_at_exit();
    return python_version(&pytorch, why, size);
}

static const char *onnxruntime_version(char *why, size_t size)
{
    end_at_exit();
    return python_version(&onnxruntime, why, size);
}

static int in(const char *const *list, const char *what)
{
    while (*list && strcmp(*list, what))
        list++;
    return *list != NULL;
}

static int pytorch_has(const char *what)
{
    static const char *const list[] = {
        "lstm/forward", "lstm/train", "lstm/ragged", "gru/forward",
        "gru/train",    "gru/ragged", "rnn/forward", "rnn/train",
        "rnn/ragged",   NULL};

    return in(list, what);
}

static int onnxruntime_has(const char *what)
{
    static const char *const list[] = {"lstm/forward", "gru/forward",
                                       "gru_before/forward", "rnn/forward",
                                       NULL};

    return in(list, what);
}

static peer_state *pytorch_open(const peer_task *task, char *why, size_t size)
{
    end_at_exit();
    return python_open(&pytorch, task, why, size);
}

static peer_state *onnxruntime_open(const peer_task *task, char *why,
                                    size_t size)
{
    end_at_exit();
    return python_open(&onnxruntime, task, why, size);
}

#define PEER(peer) \
    { \
        .name = #peer, .version = peer##_version, .has = peer##_has, \
        .open = peer##_open, .time = python_time, .result = python_result, \
        .close = python_close \
    }

const peer peer_pytorch = PEER(pytorch);
const peer peer_onnxruntime = PEER(onnxruntime);
