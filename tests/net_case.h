/* A small net of one recurrent node with its data, in the library's real type:
 * "x" (reals, or tokens through the embedding "in") -> "rnn" -> linear "out"
 * -> cross-entropy "loss" with targets "y". */
#ifndef SRNN_TESTS_NET_CASE_H
#define SRNN_TESTS_NET_CASE_H

#include <simdrnn/simdrnn.h>

typedef struct net_case {
    srnn_cell_kind cell;
    int z_takes_new;
    size_t layers, steps, batch, in, hidden, classes;
    int tokens;
    srnn_norm_kind norm;
    size_t norm_steps; /* of batch norm */
    size_t act[3]; /* 1 + index of phis; 0: the cell's own */
    double clip;
    int one_bias;
    unsigned lstm; /* these as in srnn_recurrent_config */
    size_t projection;
    double cell_clip, projection_clip, forget_bias;
} net_case;

/* All cells, GRUs in both conventions of z. */
enum { CASE_CELLS = 7 };
void case_cell(net_case *c, size_t i);
/* All cells with all norms that they take; two steps with averages. */
enum { CASE_NORMS = 8 };
void case_norm(net_case *c, size_t i);
/* Some of their variants: every way that activations, clip and one bias meet
 * in the cells. */
enum { CASE_VARIANTS = 13 };
void case_variant(net_case *c, size_t i);
srnn_recurrent_config case_config(const net_case *c);
/* 1 + the index in phis of the activation of that name; 0: NULL. */
size_t case_phi(const char *name);

/* Makes an LSTM the i-th of its variants: every combination of flags that
 * makes sense, then each of a few with a projection, clips and activations; 0
 * past the end. Clips bite often, projections are narrower or wider than the
 * cells. */
int case_lstm(net_case *c, size_t i);

/* Columns of h, and of the s-th state. */
size_t case_outputs(const net_case *c);
size_t case_state_width(const net_case *c, size_t s);
/* Reals in the states before the s-th, of one row of the batch. */
size_t case_states_before(const net_case *c, size_t s);

/* Values are full random mantissas; a quarter of the targets is -1, never
 * the first. */
typedef struct net_data {
    net_case c;
    srnn_real *x;     /* [T][B][in] */
    int32_t *token;   /* [T][B] */
    int32_t *target;  /* [T][B] */
    srnn_real *state; /* all states, [B][their width] one after another */
    size_t states;
    const size_t *length; /* [B]; NULL: all steps of all */
    const uint64_t *id; /* [B], what masks are named by; NULL: no masks */
} net_data;

/* "gru_new" or "gru_new+elu+n:own+clip+one", and "gru_new/L2T3B2I5H7C4", in
 * static storage. */
const char *case_cell_name(const net_case *c);
const char *case_name(const net_case *c);

/* Ends the program with the library's message unless status is SRNN_OK. */
void must(srnn_status status);

/* Whether a state is the count of batch norm's steps. */
int case_is_count(const srnn_tensor *state);

/* Zeroed memory; ends the program where there is none. */
void *case_take(size_t bytes);

/* The net on a table, its parameters U(-1, 1) over the root of their columns,
 * biases U(-1/2, 1/2). */
srnn_net *case_net(const srnn_kernels *k, const net_case *c);
void case_fill_params(srnn_net *net);

void case_data(net_data *d, const net_case *c);
void case_free(net_data *d);

/* Which input each array of the case is for. */
void case_inputs(const net_data *d, const srnn_net *net, srnn_array in[2]);

/* A trainer that also makes the gradients of inputs. */
srnn_trainer *case_trainer(srnn_net *net, const net_case *c, size_t threads);
/* Steps that a state counts begin at 0. */
void case_trainer_states(srnn_trainer *t, const net_data *d);
srnn_session *case_session(srnn_net *net, const net_case *c, size_t steps,
                           size_t threads);
void case_session_states(srnn_session *s, const net_data *d);

#endif
