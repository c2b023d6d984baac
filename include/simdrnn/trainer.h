/* Trainers: gradients, and what moves the weights. */
#ifndef SIMDRNN_TRAINER_H
#define SIMDRNN_TRAINER_H

#include <simdrnn/session.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct srnn_trainer srnn_trainer;

typedef enum srnn_optimiser { SRNN_SGD, SRNN_ADAM } srnn_optimiser;

/* The factor on the learning rate at update u (from 0), w = warmup, n = span:
 * u < w: (u + 1) / w; else CONSTANT 1; LINEAR falls to `last` at w + n;
 * COSINE likewise by half a cosine; STEP is last^floor((u - w) / n). */
typedef enum srnn_schedule_kind {
    SRNN_CONSTANT,
    SRNN_LINEAR,
    SRNN_COSINE,
    SRNN_STEP
} srnn_schedule_kind;

typedef struct srnn_schedule {
    srnn_schedule_kind kind;
    uint64_t warmup, span;
    double last;
} srnn_schedule;

SRNN_API double srnn_schedule_at(const srnn_schedule *schedule,
                                 uint64_t update);

typedef struct srnn_trainer_config {
    size_t batch;
    size_t steps;   /* the most that one update runs back through */
    size_t axis_steps[SRNN_AXES]; /* as a session's */
    size_t threads;
    srnn_optimiser optimiser;
    double lr;
    double momentum;          /* SGD */
    double beta1, beta2, eps; /* Adam */
    double decay;             /* SGD: added to the gradient; Adam: decoupled */
    double clip_value;        /* each gradient to +-this; 0: off */
    double clip_norm;         /* global norm, as PyTorch's; 0: off */
    srnn_schedule schedule;
    int input_gradients; /* also those of the real input nodes */
    uint64_t seed;       /* of the masks of dropout and zoneout */
    size_t segment; /* steps whose activations are kept at a time; longer calls
                       run every segment forward twice and keep the states
                       between (Chen et al. 2016): gradients are the same, bit
                       for bit. What is not causal cannot be cut so, nor a net
                       with tied weights. 0: all */
    size_t memory;  /* instead: bytes (srnn_trainer_size) to keep below with
                       the longest segments that allow it; 0: no bound */
} srnn_trainer_config;

/* batch 1, steps 32, one thread, Adam (1e-3, .9, .999, 1e-8), no decay, no
 * clipping, constant rate, no gradients of inputs, seed 0. */
SRNN_API srnn_trainer_config srnn_trainer_default(void);

/* The net must have a loss. Its first trainer also gives the net the transposed
 * panels that backward passes need. */
SRNN_API srnn_status srnn_trainer_open(srnn_trainer **trainer, srnn_net *net,
                                       const srnn_trainer_config *config);
/* NULL is allowed. */
SRNN_API void srnn_trainer_close(srnn_trainer *trainer);
/* Bytes that a trainer of this configuration takes for its session, gradients
 * and moments; 0 with a message for an invalid one. */
SRNN_API size_t srnn_trainer_size(const srnn_net *net,
                                  const srnn_trainer_config *config);

/* As srnn_session_lengths, for the next update, backward or loss. */
SRNN_API srnn_status srnn_trainer_lengths(srnn_trainer *trainer,
                                          const size_t *lengths);
/* As srnn_session_axis. */
SRNN_API srnn_status srnn_trainer_axis(srnn_trainer *trainer, srnn_axis axis,
                                       size_t steps, const size_t *lengths,
                                       size_t count);

/* What the masks of the next update or backward are named by, beside the seed,
 * the number of the update, node and unit: an identity for each of the B
 * sequences (NULL: their rows 0 .. B - 1), and the step of SRNN_TIME that the
 * call begins with. A mask is a function of these alone: the same on every
 * vector rung, thread, cut and batch. Identities hold for one call; steps are
 * counted on from call to call and from 0 after a reset. A sequence on another
 * axis is named by the row it lies under, its steps by their number. */
SRNN_API srnn_status srnn_trainer_sequences(srnn_trainer *trainer,
                                            const uint64_t *ids,
                                            uint64_t first_step);
/* The step that the next update begins with. */
SRNN_API uint64_t srnn_trainer_step(const srnn_trainer *trainer);

/* One update: forward over `steps` from the carried states, backward through
 * the same steps (truncated BPTT), clipping, optimiser, packing. The states
 * are carried on. *loss, if not NULL, is the mean before the update. */
SRNN_API srnn_status srnn_trainer_update(srnn_trainer *trainer, size_t steps,
                                         const srnn_array *in, size_t ins,
                                         double *loss);

/* The same in its parts: forward and backward (1 step or more), which sets the
 * gradients; then the update with what the gradients hold. */
SRNN_API srnn_status srnn_trainer_backward(srnn_trainer *trainer, size_t steps,
                                           const srnn_array *in, size_t ins,
                                           double *loss);
SRNN_API srnn_status srnn_trainer_apply(srnn_trainer *trainer);

/* Truncated BPTT (Williams & Peng 1990; Sutskever 2013): over any number of
 * steps from the carried states, an update after every k1 of them, with the
 * losses of those k1 and back through the last k2, a multiple of k1 that the
 * trainer keeps. A window begins with the states that the one before it had
 * there. *loss is the mean of all, each before its update. Gradients of inputs
 * are not made. An error in the middle leaves the updates before it done. */
SRNN_API srnn_status srnn_trainer_truncated(srnn_trainer *trainer,
                                            size_t steps, size_t k1, size_t k2,
                                            const srnn_array *in, size_t ins,
                                            double *loss);

/* Mean loss over `steps` with the present weights, without masks, as a session
 * computes it: states move, gradients and weights do not. */
SRNN_API srnn_status srnn_trainer_loss(srnn_trainer *trainer, size_t steps,
                                       const srnn_array *in, size_t ins,
                                       double *loss, size_t *count);

/* One loss by itself, in the last update, backward or loss. */
SRNN_API srnn_status srnn_trainer_loss_of(const srnn_trainer *trainer,
                                          srnn_node node, double *loss,
                                          size_t *count);

/* Gradient of parameter i; the optimiser's moments of it (SGD: which = 0;
 * Adam: 0 and 1). Same order and shapes as the parameters. */
SRNN_API srnn_status srnn_trainer_gradient(const srnn_trainer *trainer,
                                           size_t i, srnn_tensor *gradient);
SRNN_API size_t srnn_trainer_moments(const srnn_trainer *trainer);
SRNN_API srnn_status srnn_trainer_moment(const srnn_trainer *trainer,
                                         size_t which, size_t i,
                                         srnn_tensor *moment);

/* The carried states, and the gradients of the loss with respect to the
 * states that the last backward pass started from. */
SRNN_API size_t srnn_trainer_states(const srnn_trainer *trainer);
SRNN_API srnn_status srnn_trainer_state(const srnn_trainer *trainer, size_t i,
                                        srnn_tensor *state);
SRNN_API srnn_status srnn_trainer_state_gradient(const srnn_trainer *trainer,
                                                 size_t i,
                                                 srnn_tensor *gradient);
SRNN_API void srnn_trainer_reset(srnn_trainer *trainer);

/* Gradient of a real input node, [T][B][features] of the last backward pass,
 * rank 2: [T * B][features]. SRNN_ESTATE unless input_gradients was set. */
SRNN_API srnn_status srnn_trainer_input_gradient(const srnn_trainer *trainer,
                                                 srnn_node node,
                                                 srnn_tensor *gradient);

/* Updates done so far; setting it is for resuming from a file. */
SRNN_API uint64_t srnn_trainer_updates(const srnn_trainer *trainer);
SRNN_API void srnn_trainer_set_updates(srnn_trainer *trainer,
                                       uint64_t updates);
/* Whether a call has gone before since the last reset, so that the next goes on
 * from the carried states and takes no given initial state; setting it is for
 * resuming from a file. */
SRNN_API int srnn_trainer_begun(const srnn_trainer *trainer);
SRNN_API void srnn_trainer_set_begun(srnn_trainer *trainer, int begun);
/* Global norm of the gradients before clipping, at the last apply. */
SRNN_API double srnn_trainer_norm(const srnn_trainer *trainer);
SRNN_API srnn_net *srnn_trainer_net(const srnn_trainer *trainer);
/* What it was opened with. */
SRNN_API srnn_trainer_config
srnn_trainer_settings(const srnn_trainer *trainer);

#ifdef __cplusplus
}
#endif

#endif
