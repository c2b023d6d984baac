/* Peers: what people use today, each given a problem of ours to compute by its
 * own means, over the same inputs and weights. One file each; all are
 * optional. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "../problem.h"

/* What a peer is to compute. The arrays are ours, row-major, only to be read,
 * and stay until it is closed; what the problem does not have is NULL. */
typedef struct peer_task {
    const char *what;       /* of the problem's name: "lstm/forward", "gemm" */
    const char *row;        /* the whole name without its variant */
    size_t size[SIZES];     /* by letter: SIZE_T, SIZE_B, ... */
    size_t threads;
    size_t classes;         /* training: of the linear head */
    const size_t *length;   /* ragged: [B], steps of each sequence */
    const float *x;         /* [T][B][I]; gemm: [N][H]; activations: [N] */
    const float *w_ih;      /* [gates H][I], PyTorch's gates: i f g o, r z n */
    const float *w_hh;      /* [gates H][H]; gemm: the weight */
    const float *b_ih, *b_hh; /* [gates H]; gemm: b_ih is the bias */
    const float *w_head;    /* [classes][H] */
    const float *b_head;    /* [classes] */
    const int32_t *targets; /* [T][B] */
} peer_task;

/* Seconds of some runs together: of the clock on the wall, and of the core. */
typedef struct peer_timing {
    double wall, core;
} peer_timing;

/* A problem that a peer has opened; the peer's own. */
typedef struct peer_state peer_state;

typedef struct peer {
    const char *name; /* the variant of a problem: "onednn", "pytorch" */
    /* Its version, NULL with the reason if it is not here. Asked for once. */
    const char *(*version)(char *why, size_t size);
    /* Whether it has this problem at all. */
    int (*has)(const char *what);
    /* Everything that is made once: weights in the layout it likes best,
     * primitives, memory. NULL with the reason. */
    peer_state *(*open)(const peer_task *task, char *why, size_t size);
    /* All outputs complete, in the peer's own memory. Either of the two: what
     * runs elsewhere times itself. 0, or -1 if it failed. */
    int (*run)(peer_state *s);
    int (*time)(peer_state *s, size_t runs, peer_timing *t);
    /* After a run: what corresponds to our output of that name ("y", "loss",
     * "layer.weight_ih_l0", ...), row-major as ours; NULL: it has none. */
    const float *(*result)(peer_state *s, const char *output, size_t count);
    void (*close)(peer_state *s);
    /* The error that its documentation allows its activations over arrays, in
     * units of the last place, each at most 2^-23 of the value; beside ours. */
    double ulp;
} peer;

extern const peer peer_onednn, peer_openblas, peer_libmvec, peer_pytorch,
    peer_onnxruntime;

#endif
