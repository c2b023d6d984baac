/* Nets: axes, nodes, parameters and how they begin. */
#ifndef SIMDRNN_NET_H
#define SIMDRNN_NET_H

#include <simdrnn/base.h>
#include <simdrnn/kernels.h>

#ifdef __cplusplus
extern "C" {
#endif

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
     * GRU its gates, then n; of an LSTM its gates, then g, then c. Zero: the
     * cell's own. What OWN points to must live as long as the net; every
     * session's threads call it. */
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
    double zoneout_c;      /* the LSTM's c likewise; h~ = o tanh(c~). Of h all
                              are of the projection, where it is one */
    srnn_norm_kind norm;
    size_t norm_steps; /* BATCH: steps with averages of their own, 1 or more */
    double norm_eps;
    double norm_momentum;
    /* LSTM alone; with the m that it would put out, h' = W_p m (projection,
     * Sak et al. 2014). Clips pass no gradient where they bite. */
    unsigned lstm;          /* SRNN_LSTM_... of tiles.h; 0: as above */
    size_t projection;      /* columns of h; 0: none */
    double cell_clip;       /* c' to +-this before it is looked at; 0: none */
    double projection_clip; /* h' to +-this; 0: none */
    double forget_bias; /* added to what srnn_net_init and srnn_net_init_with
                           give f's part of bias_ih; not to what they keep, nor
                           to a value of srnn_init's forget */
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
 * h, which is [B][projection] then; peepholes add peephole [i f o that there
 * are][hidden], full gate recurrence weight_gh [3 * hidden][3 * hidden], rows
 * and columns i f o, and the state <name>.g_lk [B][3 * hidden].
 * States: <name>.h_lk and, of an LSTM, <name>.c_lk, [B][hidden]; layer by
 * layer, forward before reverse, h before c. On SRNN_TIME they are carried
 * from call to call and listed; on other axes each call begins anew. Batch norm lists
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
    srnn_init_kind recurrent; /* weight_hh, weight_gh */
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

#ifdef __cplusplus
}
#endif

#endif
