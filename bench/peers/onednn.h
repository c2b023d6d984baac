/* What the parts of the peer oneDNN share: its primitives in the order of
 * their execution, each with its arguments, and where its results lie. */
#ifndef BENCH_ONEDNN_H
#define BENCH_ONEDNN_H

#include "peer.h"

#include <dnnl.h>

#if DNNL_VERSION_MAJOR == 2
#include "onednn_v2.h"
#else
#include "onednn_v3.h"
#endif

enum { ONEDNN_ARGS = 16, ONEDNN_STEPS = 8, ONEDNN_MEMORIES = 48 };
enum { ONEDNN_DESCS = 24, ONEDNN_OUTPUTS = 8, ONEDNN_GATES = 4 };

enum onednn_cell { ONEDNN_LSTM, ONEDNN_GRU, ONEDNN_GRU_BEFORE, ONEDNN_RNN };

typedef struct onednn_step {
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arg[ONEDNN_ARGS];
    int args;
} onednn_step;

/* An output of ours: gate g of it is gate[g] of `from`, laid out as `as`. */
typedef struct onednn_output {
    const char *name;
    dnnl_memory_t from;
    onednn_md as; /* row-major */
    const size_t *gate;
    size_t gates, count;
    float *data; /* NULL until it is asked for */
} onednn_output;

/* Layouts of the tensors of a layer: as ours are, or as oneDNN likes best. */
typedef struct onednn_layout {
    onednn_md x, y, h, w_ih, w_hh, bias;
} onednn_layout;

struct peer_state {
    peer_task task;
    enum onednn_cell cell;
    int trains;
    size_t gates, biases, T, B, I, H;
    const size_t *gate, *hidden_bias; /* oneDNN's of each of ours */
    onednn_layout ours, any;

    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_attr_t attr;
    dnnl_primitive_desc_t forward; /* the layer's: backward is made from it */
    onednn_step step[ONEDNN_STEPS];
    size_t steps, forward_steps; /* the loss stands between */
    dnnl_memory_t memory[ONEDNN_MEMORIES];
    size_t memories;
    dnnl_memory_desc_t desc[ONEDNN_DESCS];
    size_t descs;
    onednn_output output[ONEDNN_OUTPUTS];
    size_t outputs;
    float *bias; /* [biases H], of the layer */

    /* Training: the state before the first step, zero; y; what backward
     * keeps; what it adds to; the head's softmax and gradient. */
    dnnl_memory_t h, y, workspace, dw_ih, dw_hh, dbias, p, dlogits;
    float loss;
    void (*set_threads)(int);
    dnnl_status_t status; /* the first that failed: all that follows is void */
};

/* ---- onednn_parts.c ----------------------------------------------------- */

/* Whether nothing has failed, `status` included. */
int onednn_ok(peer_state *s, dnnl_status_t status);

/* NULL if it failed. */
onednn_md onednn_desc(peer_state *s, dnnl_format_tag_t tag, int rank,
                      const dnnl_dims_t dims);

/* Over `data`, or memory of its own where that is NULL. */
dnnl_memory_t onednn_memory(peer_state *s, onednn_md md, const void *data);
void *onednn_data(dnnl_memory_t m);
void onednn_zero(dnnl_memory_t m);

/* The next step, of what ONEDNN_FORWARD or ONEDNN_BACKWARD made of `op`, with
 * its scratchpad. Its descriptor is the caller's to destroy. */
onednn_step *onednn_step_open(peer_state *s, const onednn_op *op,
                              dnnl_primitive_desc_t *pd);

/* Argument `arg` is m; where m is NULL, new memory as the primitive wants it.
 * Returns it. */
dnnl_memory_t onednn_arg(peer_state *s, onednn_step *step,
                         const_dnnl_primitive_desc_t pd, int arg,
                         dnnl_memory_t m);

/* Argument `arg` is a weight [gates][...] of ours, `gate` telling which of
 * oneDNN's each is; put into the layout that the primitive wants, once. */
void onednn_weight(peer_state *s, onednn_step *step,
                   const_dnnl_primitive_desc_t pd, int arg, const float *w,
                   onednn_md as, const size_t *gate, size_t gates);

/* From one layout to another. */
void onednn_reorder(peer_state *s, dnnl_memory_t from, dnnl_memory_t to);

void onednn_output_add(peer_state *s, const char *name, dnnl_memory_t from,
                       onednn_md as, const size_t *gate, size_t gates,
                       size_t count);

/* From oneDNN's layout to rows, from its gates to ours; NULL if it failed. */
const float *onednn_output_data(peer_state *s, onednn_output *o);

/* ---- onednn.c ----------------------------------------------------------- */

/* The layer's weights and bias, as the primitive wants them. */
void onednn_weights(peer_state *s, onednn_step *step,
                    const_dnnl_primitive_desc_t pd);

/* And the zero state before its first step. */
void onednn_first_state(peer_state *s, onednn_step *step,
                        const_dnnl_primitive_desc_t pd);

/* ---- onednn_train.c ----------------------------------------------------- */

void onednn_train_open(peer_state *s);
/* The loss and its gradient, from the softmax; readies backward. */
void onednn_train_loss(peer_state *s);

#endif
