/* The inside of nets, sessions and trainers: what a node is, and what it keeps
 * in a run.
 *
 * A node is one file. Its functions run on every worker of the crew at once:
 * each takes its span of units or rows, and a barrier stands wherever one
 * worker reads what another wrote. */
#ifndef SRNN_NODE_H
#define SRNN_NODE_H

#include "cells.h"
#include "extent.h"
#include "masks.h"
#include "pool.h"

#include "../kernels/error.h"

#include <simdrnn/simdrnn.h>

#include <stdalign.h>
#include <stdatomic.h>

#define ALIGNMENT 64 /* bytes, a cache line */
#define NAME_MAX_LENGTH 47
#define PARAM_NAME_SIZE 80

/* ---- nets --------------------------------------------------------------- */

typedef struct param {
    char name[PARAM_NAME_SIZE];
    size_t rank, shape[2], count;
    srnn_real *data;
    double bound; /* initial values in U(-bound, bound); 0: N(0, 1) */
    int is_constant;           /* or all of them `value`, */
    double value;
    size_t ones_from, ones_to; /* and these 1 */
    int is_average; /* not trained: an update adds its gradient */
} param;

typedef struct node node;
typedef struct run run;
typedef struct pass pass;
typedef struct arena arena;
typedef struct attention_run attention_run;

/* A time axis of the net; those of SRNN_BATCH and SRNN_TIME are always there.
 * Each row of the parent is the place of one sequence. */
typedef struct net_axis {
    char name[NAME_MAX_LENGTH + 1];
    srnn_axis parent; /* -1: SRNN_BATCH has none */
} net_axis;

/* What a kind of node can do. backward and pack may be NULL. */
typedef struct node_kind {
    const char *name;
    int is_loss;
    int across; /* its inputs may lie on several axes */
    /* Carves the buffers of a run out of the arena. */
    void (*carve)(const srnn_session *s, const node *n, run *r, arena *a);
    /* Lists the states that are carried from call to call. */
    void (*states)(srnn_session *s, const node *n, run *r);
    void (*forward)(const pass *p, const node *n, run *r);
    /* Reads r->dy, writes or adds to its inputs' dy and the gradients. */
    void (*backward)(const pass *p, const node *n, run *r);
    void (*pack)(const srnn_net *net, const node *n);
    /* Allocates what backward needs beside the forward panels. */
    srnn_status (*train)(const srnn_net *net, node *n);
    void (*close)(node *n);
} node_kind;

/* One layer of a recurrent node. */
typedef struct layer {
    size_t in;
    struct {
        const srnn_real *data; /* NULL: the cell has none */
        size_t number;         /* in the net */
        size_t units;          /* rows of each gate */
        size_t columns;
    } param[LAYER_PARAMS];
    size_t biases;   /* gates that have a recurrent bias */
    srnn_real *full; /* all gates' recurrent biases where some have none, 0 for
                        these; else NULL */
    srnn_panels x, dx; /* W, all gates as one, and its transpose */
    srnn_panels forward[MOST_PHASES], backward[MOST_PHASES];
    srnn_real *single; /* both weights and biases for single steps; NULL: the
                          layer has none */
} layer;

struct node {
    const node_kind *kind;
    char name[NAME_MAX_LENGTH + 1];
    srnn_node id;
    srnn_axis axis; /* of its output: the first input's, or as its kind says */
    srnn_node *input;
    size_t inputs;
    uint32_t cut; /* bit j: no gradient goes to the output of input j */
    size_t features;
    int is_tokens;
    int whole;     /* sees all steps of its input at once, or none */
    double weight; /* of a loss */
    size_t first_param, params;
    srnn_recurrent_config recurrent;
    cell_row row;          /* recurrent */
    srnn_variant variant;
    layer *layer;
    srnn_attention_config attention;
    srnn_panels panels[4]; /* linear: weight, transposed weight */
    srnn_node tied;        /* linear: whose weight it takes; -1: its own */
    srnn_dropout_config dropout;
};

struct srnn_net {
    srnn_kernels k;
    node **node;
    size_t nodes;
    param **param;
    size_t params;
    net_axis axis[SRNN_AXES];
    size_t axes;
    size_t losses;
    int ready_to_train;
    int singles_packed; /* no update has been since */
    atomic_size_t users; /* open sessions and trainers */
};

extern const node_kind srnn_kind_input, srnn_kind_tokens, srnn_kind_parameter,
    srnn_kind_embedding, srnn_kind_linear, srnn_kind_recurrent,
    srnn_kind_state, srnn_kind_dropout, srnn_kind_cross_entropy,
    srnn_kind_tied, srnn_kind_concat, srnn_kind_add, srnn_kind_first,
    srnn_kind_last, srnn_kind_mean, srnn_kind_sigmoid_cross_entropy,
    srnn_kind_squared_error, srnn_kind_attention,
    srnn_kind_attention_weights;

/* An error unless a node or axis of that name can be added now. */
srnn_status srnn_name_check(const srnn_net *net, const char *name);
/* Adds a node of so many inputs, checked to exist. */
srnn_status srnn_node_add(srnn_net *net, const node_kind *kind,
                          const char *name, const srnn_node *input,
                          size_t inputs, size_t features, node **added);
/* Gives the last added node one more parameter; shape1 = 0: a vector. */
srnn_status srnn_param_add(srnn_net *net, node *n, const char *name,
                           size_t shape0, size_t shape1, double bound);
/* Takes the last added node away again: a failed add leaves no trace. */
void srnn_node_remove(srnn_net *net);
/* An error that names node and rate unless it is 0 to below 1. */
srnn_status srnn_rate_check(const char *name, const char *what, double rate);
/* An error that names the node unless its input j has reals. */
srnn_status srnn_node_reals(const srnn_net *net, const node *n, size_t j);
/* Takes the node away again if it could not be made whole; else *id is it. */
srnn_status srnn_node_end(srnn_net *net, node *n, srnn_status status,
                          srnn_node *id);
srnn_status srnn_panels_open(const srnn_net *net, srnn_panels *p,
                             size_t gates, size_t units, size_t k);
void srnn_panels_close(srnn_panels *p);
/* Packs what single steps read, which an update leaves as it was. */
void srnn_net_pack_singles(srnn_net *net);
/* Makes the net ready for backward passes. */
srnn_status srnn_net_train(srnn_net *net);

/* ---- runs --------------------------------------------------------------- */

/* Hands out memory from a block; with a base of NULL it only counts. */
struct arena {
    char *base;
    size_t used;
};

void *srnn_arena_take(arena *a, size_t bytes);
srnn_real *srnn_arena_reals(arena *a, size_t n);

/* So many bytes, zero, from a multiple of ALIGNMENT on, for free(); NULL: there
 * are none to be had. Those that are read in every step come from here. */
void *srnn_memory(size_t bytes);

/* What a layer carries from step to step, `width` reals a row. */
enum { CARRY_H, CARRY_C, CARRY_G, CARRIES };

typedef struct carry {
    size_t width;
    srnn_real *all; /* begins with what the pass starts from: [B + rows]; in
                       inference, but for h, [B]; NULL: the cell has none */
    srnn_real *state; /* carried from call to call, [B], the caller's order */
    srnn_real *d;     /* training: its gradient, [B] */
    srnn_real *d_state; /* training: that of what was carried in */
} carry;

/* What a norm keeps in a run. */
typedef struct norm_run {
    srnn_real *rstd;   /* layer, training: [rows][of W x, of R h, of c] */
    srnn_real *moment; /* batch, training: [T][mean, var, rstd][W x, R h, c] */
    uint32_t *order;   /* batch, training: the extent's links, each row counted
                          from the first of its step */
    /* Batch: the steps that each sequence has had, carried like a state, [B] in
     * the caller's order; when the pass began; a gradient that is 0. */
    srnn_real *count, *start, *d_count;
} norm_run;

/* What a worker's elementwise functions see, in cache lines of its own. */
typedef struct worker_cell {
    alignas(ALIGNMENT) srnn_cell cell;
} worker_cell;

/* What one layer keeps in a run, rows packed as the extent says. */
typedef struct layer_run {
    carry carry[CARRIES];
    srnn_real *x;    /* inference: [rows of a block][gates][H] */
    srnn_real *gate; /* training: [rows][slots][H]; inference: NULL */
    srnn_real *m;    /* what is projected: training [rows][H]; else [B][H] */
    srnn_real *dp;   /* training: gradient of the projection, [rows][outputs] */
    srnn_real *work; /* GRU with reset before: [B][2][H] */
    srnn_real *product[MOST_PHASES]; /* forward, in memory: [B][gates][H] */
    srnn_real *dy;   /* training: [rows][H] */
    srnn_real *turned, *d_turned; /* reverse: the input and its gradient, each
                                     sequence's last step first */
    worker_cell *at; /* each worker's: of the step it is in, over what is the
                        same in all of them */
    layer_masks masks;
    norm_run norm;
    srnn_single single;
} layer_run;

/* What lies between two layers: the output of one or both directions. */
typedef struct stack_level {
    srnn_real *y; /* NULL: the layer's own output as it lies */
    srnn_real *dy;
    dropping drop;     /* of what the level reads */
    srnn_real *d_drop; /* training: gradient of what is left of it */
} stack_level;

/* What one node keeps in a session. */
struct run {
    const srnn_real *y; /* output, the extent's rows, ldy apart */
    size_t ldy;
    const int32_t *tokens; /* of a token node, the extent's rows */
    int ready;             /* in this call: inputs given, output made */
    int kept;              /* its output stands from a call before */
    size_t made;           /* passes that made its output */
    int news;              /* what is given in this call leads to it */
    int fresh; /* depends on what was given since the last steps of SRNN_TIME */
    int leads;             /* training: to a loss */
    int wants_gradient;    /* of its output */
    int *adds; /* backward adds to input j's dy: a later node wrote it */
    double loss_sum;   /* of a loss: over the call, in its own unit */
    size_t loss_count; /* real steps */
    srnn_real *dy;         /* [rows][features] */
    srnn_real *dx;         /* of an input: dy in the caller's places */
    srnn_real *own;        /* the node's own buffer */
    int32_t *own_tokens;
    dropping drop;    /* of a dropout node */
    layer_run *layer; /* recurrent: both directions counted */
    stack_level *level;
    int singles;      /* single steps are calls of single_step */
    srnn_single_fn *single_step;
    attention_run *attention;
};

/* A listed state and its gradient. */
typedef struct state_entry {
    char name[PARAM_NAME_SIZE];
    size_t width;
    srnn_real *data, *gradient;
} state_entry;

/* What an axis of the net is in a session. */
typedef struct axis_run {
    size_t batch, steps; /* room: sequences, and steps of each */
    size_t block; /* rows whose input products are made in one go: enough for
                     a GEMM, few enough to stay in a cache; one step at least */
    size_t now;     /* steps of the next call on it */
    size_t *given;  /* lengths of that call, `counted` of them; 0: none */
    size_t counted;
    size_t *length; /* what they come to under the parent, where ragged */
    int ragged;
    int active;     /* in this call: has inputs */
    extent extent;  /* of the pass */
} axis_run;

/* A single step of one layer. */
typedef struct chain_link {
    srnn_single_fn *step;
    srnn_single *at;
} chain_link;

struct srnn_session {
    const srnn_net *net;
    size_t batch, steps;
    size_t inputs;        /* of reals, in the net */
    srnn_node first, last; /* one of them; the last that puts out steps */
    size_t workers;
    size_t useful;  /* of them, for which there are processors */
    size_t worth;   /* of these, put to work in a pass like the last */
    int training;
    pool *pool;
    axis_run axis[SRNN_AXES];
    int begun; /* a call has gone before, since the last reset */
    int bound; /* a call is, and has not begun */
    int repeats; /* the last call was a step; another finds all as it was */
    chain_link *chain; /* what such a step comes to where it is no more than
                          `links` single steps of layers */
    size_t links;
    size_t longest;   /* training: steps of a call, of one leg or several */
    srnn_real *kept;  /* training: all states, as often as was asked for */
    void *allocated; /* what malloc gave, NULL: the caller's memory */
    run *run;        /* one per node */
    state_entry *state;
    size_t states;
    srnn_real **gradient;  /* training: one per parameter */
    srnn_real **tn_work;   /* training: one per worker */
    mask_names names;      /* training */
};

/* Steps [t0, t0 + steps) of a call, and what is wanted of them. */
typedef struct leg {
    size_t t0, steps;
    int want_loss;
    int again;   /* the losses of the call are known: a leg has gone before */
    int backward;
    int after;   /* the leg after has left the gradients of the states */
    size_t skip; /* first steps of the leg that have no losses */
    const srnn_array *out; /* whose steps of the leg go to the caller */
    size_t outs;
} leg;

/* One pass over some steps, as a worker sees it. */
struct pass {
    const srnn_session *s;
    const crew *crew;
    int first; /* of its call: others run only what lies on SRNN_TIME */
    const leg *leg;
};

/* The rows that a node's output has in this pass, and has room for. */
static inline const extent *srnn_extent_of(const pass *p, const node *n)
{
    return &p->s->axis[n->axis].extent;
}

static inline size_t srnn_rows_of(const srnn_session *s, const node *n)
{
    return s->axis[n->axis].steps * s->axis[n->axis].batch;
}

/* Carves a node's output, its own buffer, and in training its gradient. */
void srnn_output_carve(const srnn_session *s, const node *n, run *r,
                       arena *a);

/* Adds a state to the session's list, or only counts it. */
void srnn_state_add(srnn_session *s, const node *n, const char *what,
                    size_t l, int reverse, size_t width, srnn_real *data,
                    srnn_real *gradient);

/* A session as both its openers ask for it. */
typedef struct run_config {
    size_t batch, threads;
    size_t steps[SRNN_AXES]; /* of SRNN_TIME and up; 0: those of SRNN_TIME */
    void *memory;
    int training, input_gradients;
    size_t longest; /* training: steps of a call */
    size_t kept;    /* training: how often all states are kept */
    srnn_real **gradient; /* training: one per parameter */
} run_config;

/* Sets its steps as both openers' callers give them. */
void srnn_run_steps(run_config *c, size_t steps,
                    const size_t axis_steps[SRNN_AXES]);

/* Bytes that the session takes; 0 for an invalid configuration. */
size_t srnn_session_bytes(const srnn_net *net, const run_config *c);
srnn_status srnn_session_make(srnn_session **session, const srnn_net *net,
                              const run_config *c);

/* Checks the caller's inputs and marks which nodes they make ready. */
srnn_status srnn_session_bind(srnn_session *s, size_t steps,
                              const srnn_array *in, size_t ins);
/* An error that names the missing input if a node is not ready; for a loss of
 * the net, all of them. */
srnn_status srnn_session_need(const srnn_session *s, srnn_node id);
srnn_status srnn_session_need_losses(const srnn_session *s);
/* Runs a leg of a bound call: every ready node, and then back from the
 * losses. */
void srnn_session_pass(srnn_session *s, const leg *l, const srnn_array *in,
                       size_t ins);
/* Whether a pass makes the output of node i. */
int srnn_pass_runs(const pass *p, size_t i);
/* Runs the nodes that are ready over the extents as they stand, on as many
 * workers as the last pass. */
void srnn_pass_run(const pass *p);
/* The losses of the call begin at 0. */
void srnn_losses_begin(srnn_session *s);
/* What a bound call changes before its first pass: until then it may still be
 * refused. Later passes change nothing. */
void srnn_session_begin(srnn_session *s);
/* Ends a call: its lengths are used up. */
void srnn_session_end(srnn_session *s);
/* Whether, in the pass at hand, a new sequence begins on an axis for a node
 * whose first state may come from another (NULL: from none). */
int srnn_pass_begins(const pass *p, const node *n, const run *initial);

/* ---- losses: input 0 is what the net says, r->own each row's loss -------- */

/* The rows of a loss that fall to a worker, where it leaves the gradient of the
 * first of them (NULL: it is not wanted), and how that is scaled. */
typedef struct loss_part {
    size_t from, to;
    srnn_real *dx;
    srnn_real scale;
} loss_part;

/* In training, beside that, room for a gradient of the input. */
void srnn_loss_carve(const srnn_session *s, const node *n, run *r, arena *a);
/* The first row that counts: those before have no loss. */
size_t srnn_loss_first(const pass *p, const node *n);
/* A worker's part, where `count` rows or elements of the pass are real. */
loss_part srnn_loss_part(const pass *p, const node *n, const run *r,
                         size_t count);
/* Waits for all parts, then adds their losses to the call's. */
void srnn_loss_end(const pass *p, const node *n, run *r, size_t count);
void srnn_loss_backward(const pass *p, const node *n, run *r);
/* The mean of a loss node over the last call; of all, weighted. */
double srnn_loss_mean(const srnn_session *s, srnn_node id);
double srnn_loss_total(const srnn_session *s, size_t *count);
/* Reals of all carried states. */
size_t srnn_states_reals(const srnn_session *s);
srnn_status srnn_session_state_at(const srnn_session *s, size_t i,
                                  int gradient, srnn_tensor *out);

#endif
