/* Recurrent nets: build a graph, run it, train it.
 *
 *   srnn_net      the graph and its weights; read-only while sessions share it
 *   srnn_session  runs a net: states, workspace, threads; one per user thread
 *   srnn_trainer  trains a net: gradients, moments, optimiser; owns the net's
 *                 weights while it is open
 *
 * Sequences lie as [T][B][features]: time step, row of the batch, feature. A
 * net may have several time axes (srnn_net_axis): an encoder's beside a
 * decoder's, the characters of each word under the words.
 * Sizes count elements. Every call returns a status and, when it fails, leaves
 * a message (srnn_error_message) that names the argument and the numbers that
 * disagree; nothing is changed then. The library never prints, exits or
 * aborts, and after open a session or trainer allocates nothing.
 *
 * Threads: one handle is used by one thread at a time; sessions of one net may
 * run in different threads. What changes the net needs it for itself, no
 * session running: adding nodes, writing weights, srnn_net_init and _pack, and
 * of a trainer its open, update and apply.
 *
 * Numbers: on every vector rung and for any number of threads, batch size,
 * cut of the sequence into calls, and lengths beside it, results agree bit for
 * bit. On the vector rungs nets flush subnormal numbers to zero while they run
 * and restore the caller's mode. */
#ifndef SIMDRNN_SIMDRNN_H
#define SIMDRNN_SIMDRNN_H

#include <simdrnn/base.h>
#include <simdrnn/kernels.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- nets --------------------------------------------------------------- */

typedef struct srnn_net srnn_net;

/* A node's number, as the call that added it gave it. */
typedef int srnn_node;

/* Opens an empty net on the named rung; NULL: the one srnn_kernels_get(NULL)
 * takes. */
SRNN_API srnn_status srnn_net_open(srnn_net **net, const char *isa);
/* Opens it on a table of kernels of the caller's, which is copied. */
SRNN_API srnn_status srnn_net_open_on(srnn_net **net,
                                      const srnn_kernels *kernels);
/* NULL is allowed. Sessions and trainers must be closed before. */
SRNN_API void srnn_net_close(srnn_net *net);

/* A time axis. Every node lies on one: a loss or a linear node on that of its
 * inputs. On SRNN_BATCH a sequence has one row and no steps. SRNN_TIME is the
 * axis whose steps a call is told; it alone may be cut into calls. */
typedef int srnn_axis;
enum { SRNN_BATCH, SRNN_TIME, SRNN_AXES = 8 /* in all */ };

/* Adds an axis: every row of `parent` is the place of one sequence, so that its
 * arrays are [steps][rows of the parent][features]. Under SRNN_BATCH it lies
 * beside SRNN_TIME, B sequences of their own length; under SRNN_TIME, step t of
 * sequence b has sequence t * B + b below it. Names as those of nodes. */
SRNN_API srnn_status srnn_net_axis(srnn_net *net, const char *name,
                                   srnn_axis parent, srnn_axis *axis);
/* The number of the axis of that name ("batch", "time"), -1 for none. */
SRNN_API srnn_axis srnn_net_find_axis(const srnn_net *net, const char *name);
SRNN_API size_t srnn_net_axes(const srnn_net *net);
/* NULL for a number that is none; -1 for SRNN_BATCH. */
SRNN_API const char *srnn_net_axis_name(const srnn_net *net, srnn_axis axis);
SRNN_API srnn_axis srnn_net_axis_parent(const srnn_net *net, srnn_axis axis);

/* Each of these adds a node whose inputs were added before, allocates its
 * parameters (zero until srnn_net_init or a file fills them) and stores its
 * number in *node. A name is unique in its net, 1 to 47 characters out of
 * letters, digits, '_', '-' and '.'. */

/* Real input of so many features. */
SRNN_API srnn_status srnn_net_input(srnn_net *net, const char *name,
                                    size_t features, srnn_node *node);
/* Integer input: symbols 0 .. vocabulary - 1. Also the targets of a loss. */
SRNN_API srnn_status srnn_net_tokens(srnn_net *net, const char *name,
                                     size_t vocabulary, srnn_node *node);
/* The same on another axis than SRNN_TIME. */
SRNN_API srnn_status srnn_net_input_on(srnn_net *net, srnn_axis axis,
                                       const char *name, size_t features,
                                       srnn_node *node);
SRNN_API srnn_status srnn_net_tokens_on(srnn_net *net, srnn_axis axis,
                                        const char *name, size_t vocabulary,
                                        srnn_node *node);
/* A learned row, the same wherever the axis has one: y = weight, [features];
 * the initial state of a recurrent node, say. */
SRNN_API srnn_status srnn_net_parameter(srnn_net *net, srnn_axis axis,
                                        const char *name, size_t features,
                                        srnn_node *node);
/* y = weight[token]; weight is [vocabulary][features]. */
SRNN_API srnn_status srnn_net_embedding(srnn_net *net, const char *name,
                                        srnn_node tokens, size_t features,
                                        srnn_node *node);
/* y = weight x + bias; weight is [features][input's features]. */
SRNN_API srnn_status srnn_net_linear(srnn_net *net, const char *name,
                                     srnn_node input, size_t features,
                                     srnn_node *node);

/* y = W x + bias with the weight [vocabulary][features] of an embedding as W,
 * so that the logits of a symbol are x times its own row (Press & Wolf 2017).
 * The gradient of W takes this node's part first, then the embedding's. */
SRNN_API srnn_status srnn_net_tied(srnn_net *net, const char *name,
                                   srnn_node input, srnn_node embedding,
                                   srnn_node *node);

/* Any number of nodes of one axis: [a | b | ...], or a + b + ..., summed in
 * their order, for which they must have as many features. A node may be named
 * more than once. */
SRNN_API srnn_status srnn_net_concat(srnn_net *net, const char *name,
                                     const srnn_node *inputs, size_t count,
                                     srnn_node *node);
SRNN_API srnn_status srnn_net_add(srnn_net *net, const char *name,
                                  const srnn_node *inputs, size_t count,
                                  srnn_node *node);

/* The first step of each sequence, its last one, or the mean of its steps (a
 * sum over steps rising, divided once by its length), on the parent of the
 * input's axis; 0 of a sequence without steps. On SRNN_TIME these are the steps
 * of the call, which must hold them all at once. */
SRNN_API srnn_status srnn_net_first(srnn_net *net, const char *name,
                                    srnn_node input, srnn_node *node);
SRNN_API srnn_status srnn_net_last(srnn_net *net, const char *name,
                                   srnn_node input, srnn_node *node);
SRNN_API srnn_status srnn_net_mean(srnn_net *net, const char *name,
                                   srnn_node input, srnn_node *node);

/* sigma: logistic function, W: weight_ih, R: weight_hh, b: bias_ih, d: bias_hh
 *   RNN_TANH, RNN_RELU  h' = f(W x + b + R h + d)
 *   LSTM        i, f, o = sigma(W x + b + R h + d), g = tanh(...);
 *               c' = f c + i g, h' = o tanh(c')
 *   GRU         r, z = sigma(...), n = tanh(W_n x + b_n + r (R_n h + d_n)),
 *               h' = (1 - z) n + z h        (reset after: PyTorch, cuDNN)
 *   GRU_BEFORE  n = tanh(W_n x + b_n + R_n (r h) + d_n)  (Cho et al. 2014) */
typedef enum srnn_cell_kind {
    SRNN_RNN_TANH,
    SRNN_RNN_RELU,
    SRNN_LSTM,
    SRNN_GRU,
    SRNN_GRU_BEFORE,
    SRNN_CELL_KINDS
} srnn_cell_kind;

/* "rnn_tanh", "rnn_relu", "lstm", "gru", "gru_before"; NULL for others. */
SRNN_API const char *srnn_cell_name(srnn_cell_kind kind);

/* REVERSE begins at each sequence's own end. BOTH: each layer runs in both
 * directions, and its output is [forward's | reverse's], their sum or their
 * mean (Schuster & Paliwal 1997). What runs in reverse needs all steps of a
 * sequence in one call. */
typedef enum srnn_direction {
    SRNN_FORWARD,
    SRNN_REVERSE,
    SRNN_BOTH,
    SRNN_BOTH_SUM,
    SRNN_BOTH_MEAN,
    SRNN_DIRECTIONS
} srnn_direction;

/* Normalised cells: with N(a; g, b) = g (a - mean) / sqrt(var + eps) + b, the
 * formulas above have N(W x; norm_ih_weight, bias_ih) for W x + b and
 * N(R h; norm_hh_weight, bias_hh) for R h + d, and an LSTM
 * h' = o tanh(N(c'; norm_c_weight, norm_c_bias)).
 *   LAYER  mean and variance of a row of W x, R h, c, over all gates; of a GRU,
 *          over r and z together and over n (Ba, Kiros & Hinton 2016). RNN,
 *          LSTM, GRU. Gains begin at 1, biases at 0
 *   BATCH  of each unit over the rows that exist at a step (Cooijmans et al.
 *          2017). RNN, LSTM. Each of the first norm_steps steps of a sequence
 *          has running averages of its own, later ones take the last's:
 *          average += norm_momentum (of the batch - average), variances
 *          divided by the number of rows. Trainers use the batch's moments (a
 *          step with one row the averages) and move the averages by those of
 *          the longest sequence's step, once an update; sessions use the
 *          averages. Gains begin at 0.1, biases at 0, the forget gate's
 *          bias_ih at 1
 * In training, batch norm couples the rows of a batch, which must be 2 or more;
 * results do not depend on rungs or threads. */
typedef enum srnn_norm_kind {
    SRNN_NORM_NONE,
    SRNN_NORM_LAYER,
    SRNN_NORM_BATCH,
    SRNN_NORM_KINDS
} srnn_norm_kind;

typedef struct srnn_recurrent_config {
    srnn_cell_kind cell;
    size_t hidden;
    size_t layers;
    int z_takes_new; /* GRUs: h' = (1 - z) h + z n instead */
    srnn_direction direction;
    int initial; /* 1: the first states come from node `initial_state` */
    srnn_node initial_state; /* on the parent of the input's axis; its columns
                                are all states in the order of the list below */
    /* Other activations than the cell's own, in its roles: of an RNN h; of a
     * GRU its gates, then n; of an LSTM its gates, then g, then c. Zero: the cell's own. What OWN points to must
     * live as long as the net; every session's threads call it. */
    srnn_activation activation[3];
    /* Pre-activations a count as min(max(a, -clip), clip) (ONNX); 0: as they
     * are. Of a GRU's n, that is after the reset. */
    double clip;
    /* GRUs: n has the one bias b_n and no d_n: bias_hh is [2 * hidden]. */
    int one_bias;
    /* Regularisation, each a rate p, 0 <= p < 1; 0: none. Dropout multiplies by
     * 0 with probability p, else by 1 / (1 - p), in training alone. */
    double dropout;        /* of what each layer but the first reads, a mask a
                              step, as PyTorch's (Zaremba et al. 2014) */
    double dropout_input;  /* of what every layer reads, one mask a sequence
                              (Gal & Ghahramani 2016); not beside dropout */
    double dropout_hidden; /* of h as the recurrent product sees it, one mask a
                              sequence (the same) */
    double zoneout_h;      /* h = m h_prev + (1 - m) h~, a mask m of 0 and 1 a
                              step, 1 with probability p; outside training m is
                              p (Krueger et al. 2017) */
    double zoneout_c;      /* the LSTM's c likewise; h~ = o tanh(c~) */
    srnn_norm_kind norm;
    size_t norm_steps; /* BATCH: steps with averages of their own, 1 or more */
    double norm_eps;
    double norm_momentum;
    /* LSTM alone; with the m that it would put out, h' = W_p m (projection,
     * Sak et al. 2014). Clips pass no gradient where they bite. */
    unsigned lstm;          /* SRNN_LSTM_... of kernels.h; 0: as above */
    size_t projection;      /* columns of h; 0: none */
    double cell_clip;       /* c' to +-this before it is looked at; 0: none */
    double projection_clip; /* h' to +-this; 0: none */
    double forget_bias;     /* srnn_net_init adds it to f's part of bias_ih */
} srnn_recurrent_config;

/* LSTM, 1 layer, forward, states zero at first, no norm (eps 1e-5, momentum
 * 0.1); hidden must be set. */
SRNN_API srnn_recurrent_config srnn_recurrent_default(void);

/* Parameters of layer k, names and gate order as PyTorch's (i f g o; r z n):
 * <name>.weight_ih_lk [gates * hidden][inputs], <name>.weight_hh_lk [gates *
 * hidden][hidden], <name>.bias_ih_lk and <name>.bias_hh_lk [gates * hidden];
 * those of a reverse direction end in _reverse. A norm adds norm_ih_weight and
 * norm_hh_weight [gates * hidden], an LSTM's norm_c_weight and norm_c_bias
 * [hidden], batch norm the averages norm_ih_mean, norm_ih_var, norm_hh_mean,
 * norm_hh_var [norm_steps][gates * hidden] and norm_c_mean, norm_c_var
 * [norm_steps][hidden], which are not trained.
 * An LSTM's rows are those of the gates that there are; with a projection
 * weight_hh has `projection` columns, and weight_hr [projection][hidden] makes
 * h; peepholes add peephole [i f o that there are][hidden], full gate recurrence
 * weight_gh [3 * hidden][3 * hidden], rows and columns i f o, and the state
 * <name>.g_lk [B][3 * hidden]; h is [B][projection] then.
 * States: <name>.h_lk and, of an LSTM, <name>.c_lk, [B][hidden]; layer by layer,
 * forward before reverse, h before c. On SRNN_TIME they are carried from call
 * to call and listed; on other axes each call begins anew. Batch norm lists
 * <name>.step_lk after them, [B][1]: the steps that each sequence has had, at
 * most norm_steps. A given initial state is taken by the first call after a
 * reset, and by each that gives what it depends on. */
SRNN_API srnn_status srnn_net_recurrent(srnn_net *net, const char *name,
                                        srnn_node input,
                                        const srnn_recurrent_config *config,
                                        srnn_node *node);

/* The states after the last step of each sequence of a recurrent node, all in
 * one row in the order of its list, on the parent of its axis: an encoder's
 * into a decoder's first, a character net's into a word net. One at most for a
 * recurrent node. */
SRNN_API srnn_status srnn_net_state(srnn_net *net, const char *name,
                                    srnn_node recurrent, srnn_node *node);

/* y = x m while training, m a mask of 0 (with probability p, 0 <= p < 1) and
 * 1 / (1 - p) for every element (Srivastava et al. 2014); else y = x. */
typedef struct srnn_dropout_config {
    double p;
    int once; /* one mask for a whole sequence, not for each of its steps */
} srnn_dropout_config;

/* p 0.5, a mask a step. */
SRNN_API srnn_dropout_config srnn_dropout_default(void);
SRNN_API srnn_status srnn_net_dropout(srnn_net *net, const char *name,
                                      srnn_node input,
                                      const srnn_dropout_config *config,
                                      srnn_node *node);

/* How a query q is compared with a key k:
 *   DOT       q . k                          (Luong et al. 2015)
 *   GENERAL   q . (W k)                      (ibid.)
 *   ADDITIVE  v . tanh(W_q q + W_k k + b)    (Bahdanau et al. 2015) */
typedef enum srnn_score_kind {
    SRNN_SCORE_DOT,
    SRNN_SCORE_GENERAL,
    SRNN_SCORE_ADDITIVE,
    SRNN_SCORE_KINDS
} srnn_score_kind;

typedef struct srnn_attention_config {
    srnn_score_kind score;
    size_t width; /* ADDITIVE: of v */
    double scale; /* of the scores, above 0; 1 / sqrt(features), say */
} srnn_attention_config;

/* Dot, scale 1. */
SRNN_API srnn_attention_config srnn_attention_default(void);

/* Context of each query: y = sum_s w_s values_s, where w is the softmax of
 * scale * score(query, keys_s) over the steps s that the query's sequence has
 * in `keys`; 0 where it has none. Keys and values (one node, or two) lie on one
 * axis: the queries' own, or one beside it, both under SRNN_BATCH, of which all
 * steps are seen at once. Queries may come step by step. DOT needs as many
 * features of queries as of keys.
 * Parameters: GENERAL <name>.weight [queries' features][keys' features];
 * ADDITIVE <name>.weight_q [width][queries' features], <name>.weight_k [width]
 * [keys' features], <name>.bias [width], <name>.v [width]. */
SRNN_API srnn_status srnn_net_attention(srnn_net *net, const char *name,
                                        srnn_node queries, srnn_node keys,
                                        srnn_node values,
                                        const srnn_attention_config *config,
                                        srnn_node *node);

/* The weights of an attention node, to look at: those of the first `steps`
 * steps of its keys, 0 where there is none. No gradient goes through it. */
SRNN_API srnn_status srnn_net_attention_weights(srnn_net *net,
                                                const char *name,
                                                srnn_node attention,
                                                size_t steps,
                                                srnn_node *node);

/* Mean over the real steps of -log softmax(logits)[target], in nats. A target
 * of -1 is no step. */
SRNN_API srnn_status srnn_net_cross_entropy(srnn_net *net, const char *name,
                                            srnn_node logits,
                                            srnn_node targets,
                                            srnn_node *node);

/* Losses of real targets, a node of as many features: the mean, over all
 * elements that have a target, of -t log s - (1 - t) log(1 - s), s = sigma(x),
 * t in [0, 1], in nats, from the logits x (PyTorch's BCEWithLogitsLoss); or of
 * (x - t)^2 (MSELoss). An element whose target is NaN has none. No gradient
 * goes to the targets. */
SRNN_API srnn_status srnn_net_sigmoid_cross_entropy(srnn_net *net,
                                                    const char *name,
                                                    srnn_node logits,
                                                    srnn_node targets,
                                                    srnn_node *node);
SRNN_API srnn_status srnn_net_squared_error(srnn_net *net, const char *name,
                                            srnn_node input,
                                            srnn_node targets,
                                            srnn_node *node);

/* A net is trained on the sum of its losses' means, each times its weight: 1
 * until it is set, above 0. */
SRNN_API srnn_status srnn_net_loss_weight(srnn_net *net, srnn_node loss,
                                          double weight);

/* The number of the node of that name, -1 if there is none. */
SRNN_API srnn_node srnn_net_find(const srnn_net *net, const char *name);

/* What a node is. Strings live as long as the net. */
typedef struct srnn_node_info {
    const char *name;
    const char *kind; /* "input", "tokens", "parameter", "embedding", "linear",
                         "tied", a cell's name, "state", "dropout", "concat",
                         "add", "first", "last", "mean", "cross_entropy",
                         "sigmoid_cross_entropy", "squared_error", "attention",
                         "attention_weights" */
    srnn_axis axis;
    size_t features;  /* columns of its output; of tokens, the vocabulary */
    const srnn_node *input; /* lives as long as the net */
    size_t inputs;
    double weight; /* of a loss */
    srnn_node tied; /* whose weight a "tied" node takes; -1: none */
    srnn_recurrent_config recurrent; /* where kind is a cell's */
    srnn_dropout_config dropout;     /* where kind is "dropout" */
    srnn_attention_config attention; /* where kind is "attention" */
} srnn_node_info;

SRNN_API size_t srnn_net_nodes(const srnn_net *net);
SRNN_API srnn_status srnn_net_node(const srnn_net *net, srnn_node node,
                                   srnn_node_info *info);

/* A named array, row-major. */
typedef struct srnn_tensor {
    const char *name; /* lives as long as its handle */
    size_t rank;      /* 1 or 2 */
    size_t shape[2];
    size_t count; /* elements in all */
    srnn_real *data;
    int average; /* a parameter that is not trained: no decay, no part in norms
                    or clipping; its gradient is what an update adds */
} srnn_tensor;

/* The parameters, in the order of their nodes. Whoever writes to data calls
 * srnn_net_pack afterwards. */
SRNN_API size_t srnn_net_params(const srnn_net *net);
SRNN_API srnn_status srnn_net_param(const srnn_net *net, size_t i,
                                    srnn_tensor *param);

/* How a matrix begins. A gate's block of weight_ih, and of weight_hh, is a
 * matrix by itself, of [rows][columns].
 *   PYTORCH         what PyTorch gives the parameter: recurrent U(-1/sqrt(
 *                   hidden), +), linear U(-1/sqrt(inputs), +), embedding
 *                   N(0, 1); no gain
 *   KEEP            what it holds
 *   ZERO            0
 *   NORMAL          N(0, gain^2)
 *   XAVIER_UNIFORM  U(-b, b), b = gain sqrt(6 / (rows + columns))
 *   XAVIER_NORMAL   N(0, gain^2 2 / (rows + columns)) (Glorot & Bengio 2010)
 *   ORTHOGONAL      gain times a random matrix of orthonormal rows, or columns
 *                   where these are the shorter (Saxe et al. 2014)
 *   IDENTITY        gain on the diagonal, else 0; an IRNN is an RNN_RELU with
 *                   a recurrent identity, biases ZERO and weights NORMAL of a
 *                   small gain (Le et al. 2015) */
typedef enum srnn_init_kind {
    SRNN_INIT_PYTORCH,
    SRNN_INIT_KEEP,
    SRNN_INIT_ZERO,
    SRNN_INIT_NORMAL,
    SRNN_INIT_XAVIER_UNIFORM,
    SRNN_INIT_XAVIER_NORMAL,
    SRNN_INIT_ORTHOGONAL,
    SRNN_INIT_IDENTITY,
    SRNN_INIT_KINDS
} srnn_init_kind;

/* The biases of the gate that keeps the old state, f of an LSTM and z of a
 * GRU (with the sign that keeps, where z takes the new state in); bias_ih has
 * the value, that gate's bias_hh is 0.
 *   AS_BIASES  like all biases
 *   CONSTANT   forget_value (Gers et al. 2000; Jozefowicz et al. 2015 take 1)
 *   CHRONO     log(U(1, T - 1)), T = forget_value the longest dependency, 2 or
 *              more; an LSTM's input gate the opposite (Tallec & Ollivier
 *              2018) */
typedef enum srnn_forget_kind {
    SRNN_FORGET_AS_BIASES,
    SRNN_FORGET_CONSTANT,
    SRNN_FORGET_CHRONO,
    SRNN_FORGET_KINDS
} srnn_forget_kind;

typedef struct srnn_init {
    srnn_node node;           /* whose parameters; -1: all nodes' */
    srnn_init_kind weights;   /* every matrix but the recurrent; vectors that
                                 are no biases stay PYTORCH, or are kept too */
    srnn_init_kind recurrent; /* weight_hh */
    srnn_init_kind biases;    /* PYTORCH, KEEP or ZERO */
    double gain, recurrent_gain;
    srnn_forget_kind forget;
    double forget_value;
} srnn_init;

/* All nodes, all PYTORCH, gains 1, forget AS_BIASES. */
SRNN_API srnn_init srnn_init_default(void);

/* Fills the parameters from Philox streams (seed, number of parameter), so
 * that every vector rung has the same, and packs. A choice that finds nothing
 * to fill is an error. ORTHOGONAL takes memory while it runs, a double for
 * each element of the largest block; an inner product of two rows is exact to
 * 2.1 x 2^-24 gain^2, the rounding of its floats. */
SRNN_API srnn_status srnn_net_init_with(srnn_net *net, const srnn_init *init,
                                        uint64_t seed);
/* The same with srnn_init_default(). */
SRNN_API srnn_status srnn_net_init(srnn_net *net, uint64_t seed);
/* Packs the weights again, for the sessions and trainers to see. */
SRNN_API srnn_status srnn_net_pack(srnn_net *net);

/* The rung that the net runs on. */
SRNN_API const char *srnn_net_isa(const srnn_net *net);

/* ---- sessions ----------------------------------------------------------- */

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
    size_t batch;
    size_t steps;   /* computed at a time; a call may have any number */
    size_t axis_steps[SRNN_AXES]; /* the most on each axis beside SRNN_TIME; 0:
                                     as many as `steps` */
    size_t threads; /* in all, the caller's among them */
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

/* ---- training ----------------------------------------------------------- */

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
