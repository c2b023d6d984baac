/* The table of peers. */
#include "peers.h"

#include <stdio.h>

#ifdef SRNN_HAS_ONEDNN
#define ONEDNN &peer_onednn
#else
#define ONEDNN NULL
#endif
#ifdef SRNN_HAS_OPENBLAS
#define OPENBLAS &peer_openblas
#else
#define OPENBLAS NULL
#endif
#ifdef SRNN_HAS_LIBMVEC
#define LIBMVEC &peer_libmvec
#else
#define LIBMVEC NULL
#endif
#ifdef SRNN_HAS_PYTHON_PEERS
#define PYTORCH &peer_pytorch
#define ONNXRUNTIME &peer_onnxruntime
#else
#define PYTORCH NULL
#define ONNXRUNTIME NULL
#endif

static const struct {
    const char *name;
    const peer *peer;
    const char *needs;
} peers[] = {
    {"onednn", ONEDNN, "libdnnl-dev"},
    {"openblas", OPENBLAS, "libopenblas-dev"},
    {"libmvec", LIBMVEC, "glibc >= 2.35 on x86-64, and gcc"},
    {"pytorch", PYTORCH, "Linux and libjansson-dev"},
    {"onnxruntime", ONNXRUNTIME, "Linux and libjansson-dev"},
};

const char *peer_at(size_t i, const peer **p, const char **needs)
{
    if (i >= sizeof peers / sizeof *peers)
        return NULL;
    *p = peers[i].peer;
    *needs = peers[i].needs;
    return peers[i].name;
}

void peers_find(found_peers *f)
{
    const peer *p;
    const char *name, *needs;
    size_t here = 0;

    *f = (found_peers){.n = 0};
    while (f->n < PEERS_MOST && (name = peer_at(f->n, &p, &needs))) {
        found_peer *found = &f->each[f->n++];

        found->name = name;
        if (p)
            found->version = p->version(found->why, sizeof found->why);
        else
            snprintf(found->why, sizeof found->why,
                     "not in this build, it needs %s", needs);
        if (found->version)
            f->here[here++] = p;
    }
}
