/* Sessions: what a net is run with. */
#ifndef SIMDRNN_SESSION_H
#define SIMDRNN_SESSION_H

#include <simdrnn/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a call reads or writes at a node: reals, or for token nodes integers;
 * element (t, b, f) at [t * step_stride + b * row_stride + f]. A row_stride of
 * 0 means the node's features (tokens: 1), a step_stride of 0 means B rows. No
 * alignment is needed; what is written must not overlap what is read. */
typedef struct srnn_array {
    srnn_node node;
    srnn_real *data; /* inputs are only read */
    const int32_t *tokens;
    size_t row_stride, step_stride;
} srnn_array;

typedef struct srnn_session srnn_session;

typedef struct srnn_session_config {
    size_t batch;   /* 0: calls are allowed, and do nothing */
    size_t steps;   /* computed at a time; a call may have any number */
    size_t axis_steps[SRNN_AXES]; /* the most on each axis beside SRNN_TIME; 0:
                                     as many as `steps` */
    size_t threads; /* in all, the caller's among them; a call puts to work as
                       many as make it faster, the others sleep */
    void *memory;   /* srnn_session_size bytes, 64-byte aligned; NULL: malloc */
} srnn_session_config;

/* batch 1, steps 16, threads 1, malloc. */
SRNN_API srnn_session_config srnn_session_default(void);

/* Bytes that a session of this configuration takes from memory (beside its
 * threads' stacks); 0 with a message for an invalid one. */
SRNN_API size_t srnn_session_size(const srnn_net *net,
                                  const srnn_session_config *config);
SRNN_API srnn_status srnn_session_open(srnn_session **session,
                                       const srnn_net *net,
                                       const srnn_session_config *config);
/* NULL is allowed. */
SRNN_API void srnn_session_close(srnn_session *session);

/* How many steps each sequence of the next call has (forward, step or loss,
 * which uses them up): B counts of at most that call's steps, in any order, 0
 * allowed; NULL: all have all. Past a sequence's end nothing is read and no
 * work done; outputs are 0, states stay those of its last step, the loss counts
 * real steps only. Results are, bit for bit, those of each sequence alone. */
SRNN_API srnn_status srnn_session_lengths(srnn_session *session,
                                          const size_t *lengths);

/* The steps of another axis than SRNN_TIME in the next call that gives inputs
 * on it, and their lengths if count is not 0: one for each sequence, [steps of
 * the parent][its sequences]; those under a row that does not exist count as
 * 0. */
SRNN_API srnn_status srnn_session_axis(srnn_session *session, srnn_axis axis,
                                       size_t steps, const size_t *lengths,
                                       size_t count);

/* Runs `steps` time steps from the carried states: `in` gives every input
 * node that is needed, `out` names the nodes whose outputs are wanted. Needs
 * no targets unless the loss is wanted (srnn_session_loss). What lies on other
 * axes than SRNN_TIME and is not given again keeps its outputs from the call
 * before: an encoder runs once (`steps` may be 0), its decoder step by step.
 * What is not causal needs all steps in one call of at most the session's. */
SRNN_API srnn_status srnn_session_forward(srnn_session *session, size_t steps,
                                          const srnn_array *in, size_t ins,
                                          const srnn_array *out, size_t outs);

/* One step of a net with one real input node: x is [B][features], y the [B]
 * [features] of the last node added that is no loss. */
SRNN_API srnn_status srnn_session_step(srnn_session *session,
                                       const srnn_real *x, srnn_real *y);

/* The loss over `steps` time steps from the carried states, weighted where
 * there are several, and how many real steps (of real targets: elements) it is
 * the mean of, summed over the losses; 0 of none. */
SRNN_API srnn_status srnn_session_loss(srnn_session *session, size_t steps,
                                       const srnn_array *in, size_t ins,
                                       double *loss, size_t *count);

/* One loss by itself, in the last call that had a loss. */
SRNN_API srnn_status srnn_session_loss_of(const srnn_session *session,
                                          srnn_node node, double *loss,
                                          size_t *count);

/* The states, carried from call to call; write to data to set them. */
SRNN_API size_t srnn_session_states(const srnn_session *session);
SRNN_API srnn_status srnn_session_state(const srnn_session *session, size_t i,
                                        srnn_tensor *state);
/* All states zero: the next call begins new sequences. */
SRNN_API void srnn_session_reset(srnn_session *session);

#ifdef __cplusplus
}
#endif

#endif
