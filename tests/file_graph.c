/* A net of any shape comes back from its file alone: the same axes, nodes and
 * parameters, and running it and training it gives the same bits. */
#include "check.h"
#include "file_nets.h"
#include "files.h"

#include <simdrnn/io.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what it is ---------------------------------------------------------- */

static void same_axes(const srnn_net *a, const srnn_net *b)
{
    CHECK(srnn_net_axes(a) == srnn_net_axes(b));
    for (srnn_axis i = 0; (size_t)i < srnn_net_axes(a); i++)
        CHECK_SAYS(!strcmp(srnn_net_axis_name(a, i),
                           srnn_net_axis_name(b, i)) &&
                       srnn_net_axis_parent(a, i) == srnn_net_axis_parent(b, i),
                   "axis %d differs", i);
}

static int same_number(double a, double b)
{
    return !memcmp(&a, &b, sizeof a);
}

static int same_activations(const srnn_recurrent_config *a,
                            const srnn_recurrent_config *b)
{
    for (size_t i = 0; i < 3; i++)
        if (a->activation[i].kind != b->activation[i].kind)
            return 0;
    return 1;
}

/* In the order of the struct. */
#define MEMBER(name) \
    {offsetof(srnn_recurrent_config, name), \
     sizeof((srnn_recurrent_config *)0)->name}

static const struct {
    size_t at, size;
} members[] = {
    MEMBER(cell),           MEMBER(hidden),         MEMBER(layers),
    MEMBER(z_takes_new),    MEMBER(direction),      MEMBER(initial),
    MEMBER(initial_state),  MEMBER(activation),     MEMBER(clip),
    MEMBER(one_bias),       MEMBER(dropout),        MEMBER(dropout_input),
    MEMBER(dropout_hidden), MEMBER(zoneout_h),      MEMBER(zoneout_c),
    MEMBER(norm),           MEMBER(norm_steps),     MEMBER(norm_eps),
    MEMBER(norm_momentum),  MEMBER(lstm),           MEMBER(projection),
    MEMBER(cell_clip),      MEMBER(projection_clip), MEMBER(forget_bias)};

enum { MEMBERS = sizeof members / sizeof *members };

/* Whether the member is looked at, and as a whole. */
static int counts(const srnn_recurrent_config *c, size_t at)
{
    if (at == offsetof(srnn_recurrent_config, norm_steps) ||
        at == offsetof(srnn_recurrent_config, norm_momentum))
        return c->norm == SRNN_NORM_BATCH;
    return at != offsetof(srnn_recurrent_config, activation);
}

static int same_cell(const srnn_recurrent_config *a,
                     const srnn_recurrent_config *b)
{
    for (size_t i = 0; i < MEMBERS; i++)
        if (counts(a, members[i].at) &&
            memcmp((const char *)a + members[i].at,
                   (const char *)b + members[i].at, members[i].size))
            return 0;
    return same_activations(a, b);
}

/* A member that is not listed, and so perhaps lost in files, leaves a gap: one
 * of 8 bytes always, a smaller one unless it lies where there was padding. */
static void all_members(void)
{
    size_t end = 0;

    for (size_t i = 0; i < MEMBERS; i++) {
        CHECK_SAYS(members[i].at >= end && members[i].at - end < 8,
                   "what is at %zu to %zu of a configuration?", end,
                   members[i].at);
        end = members[i].at + members[i].size;
    }
    CHECK_SAYS(sizeof(srnn_recurrent_config) - end < 8,
               "what is at %zu of a configuration?", end);
}

static int is_cell(const char *kind)
{
    int cell = 0;

    while (cell < SRNN_CELL_KINDS &&
           strcmp(kind, srnn_cell_name((srnn_cell_kind)cell)))
        cell++;
    return cell < SRNN_CELL_KINDS;
}

static int same_node(const srnn_node_info *a, const srnn_node_info *b)
{
    return !strcmp(a->name, b->name) && !strcmp(a->kind, b->kind) &&
           a->axis == b->axis && a->features == b->features &&
           a->inputs == b->inputs &&
           !memcmp(a->input, b->input, a->inputs * sizeof *a->input) &&
           same_number(a->weight, b->weight) && a->tied == b->tied &&
           (!is_cell(a->kind) || same_cell(&a->recurrent, &b->recurrent)) &&
           same_number(a->dropout.p, b->dropout.p) &&
           a->dropout.once == b->dropout.once &&
           a->attention.score == b->attention.score &&
           (a->attention.score != SRNN_SCORE_ADDITIVE ||
            a->attention.width == b->attention.width) &&
           same_number(a->attention.scale, b->attention.scale);
}

static void same_graph(const srnn_net *a, const srnn_net *b)
{
    srnn_node_info x, y;

    same_axes(a, b);
    CHECK(srnn_net_nodes(a) == srnn_net_nodes(b));
    for (size_t i = 0; i < srnn_net_nodes(a); i++) {
        must(srnn_net_node(a, (srnn_node)i, &x));
        must(srnn_net_node(b, (srnn_node)i, &y));
        CHECK_SAYS(same_node(&x, &y), "node %s is not %s", x.name, y.name);
    }
}

/* ---- what it does -------------------------------------------------------- */

static int same_bits(const srnn_tensor *x, const srnn_tensor *y)
{
    return !strcmp(x->name, y->name) && x->count == y->count &&
           x->average == y->average &&
           !memcmp(x->data, y->data, x->count * sizeof *x->data);
}

static void same_params(const char *name, const srnn_net *a,
                        const srnn_net *b)
{
    srnn_tensor x, y;

    CHECK(srnn_net_params(a) == srnn_net_params(b));
    for (size_t i = 0; i < srnn_net_params(a); i++) {
        must(srnn_net_param(a, i, &x));
        must(srnn_net_param(b, i, &y));
        CHECK_SAYS(same_bits(&x, &y), "%s: %s differs", name, x.name);
    }
}

static int gives_reals(const srnn_node_info *n)
{
    return n->weight == 0 && strcmp(n->kind, "tokens");
}

/* The outputs of all nodes, one after another; their number. */
static size_t outputs(srnn_net *net, const graph_data *d, srnn_real *y,
                      size_t room)
{
    srnn_session *s = graph_session(net, &d->g, 1);
    srnn_array out[64];
    size_t outs = 0, used = 0;
    srnn_node_info n;

    for (size_t i = 0; i < srnn_net_nodes(net); i++) {
        must(srnn_net_node(net, (srnn_node)i, &n));
        if (!gives_reals(&n))
            continue;
        out[outs++] = (srnn_array){.node = (srnn_node)i, .data = y + used};
        used += graph_rows(net, &d->g, n.axis) * n.features;
        if (outs == 64 || used > room)
            must(SRNN_ENOMEM);
    }
    graph_axes(s, NULL, d);
    graph_set_states(s, NULL, d);
    must(srnn_session_forward(s, d->g.steps, d->in, d->ins, out, outs));
    srnn_session_close(s);
    return used;
}

static int same_outputs(srnn_net *a, srnn_net *b, const graph_data *d)
{
    static srnn_real y[2][16384];
    const size_t n = outputs(a, d, y[0], 16384);

    CHECK(outputs(b, d, y[1], 16384) == n);
    return !memcmp(y[0], y[1], n * sizeof **y);
}

/* Gradients, masks drawn: these are named by the numbers of nodes. */
static int same_gradients(srnn_net *a, srnn_net *b, const graph_data *d)
{
    srnn_trainer *t = graph_trainer(a, &d->g, 1);
    srnn_trainer *u = graph_trainer(b, &d->g, 1);
    int same = same_number(graph_backward(t, d), graph_backward(u, d));
    srnn_tensor x, y;

    for (size_t i = 0; i < srnn_net_params(a); i++) {
        must(srnn_trainer_gradient(t, i, &x));
        must(srnn_trainer_gradient(u, i, &y));
        same &= same_bits(&x, &y);
    }
    srnn_trainer_close(t);
    srnn_trainer_close(u);
    return same;
}

/* ---- words --------------------------------------------------------------- */

/* Every kind, attribute and name of a choice; each must be in some file. */
static const char *const words[] = {
    "axis", "input", "tokens", "parameter", "embedding", "linear", "tied",
    "concat", "add", "first", "last", "mean", "state", "dropout", "attention",
    "attention_weights", "cross_entropy", "sigmoid_cross_entropy",
    "squared_error", "rnn_tanh", "rnn_relu", "lstm", "gru", "gru_before",
    "features", "parent", "weight", "p", "once", "score", "width", "scale",
    "hidden", "layers", "z_takes_new", "direction", "activation", "clip",
    "one_bias", "dropout_input", "dropout_hidden", "zoneout_h", "zoneout_c",
    "norm", "norm_steps", "norm_eps", "norm_momentum", "reverse", "both",
    "both_sum", "both_mean", "layer", "batch", "general", "additive", "relu",
    "tanh", "sigmoid", "affine", "leaky_relu", "thresholded_relu",
    "scaled_tanh", "hard_sigmoid", "elu", "softsign", "softplus", "identity",
    "no_input_gate", "no_forget_gate", "no_output_gate", "coupled",
    "peepholes", "full_recurrence", "projection", "cell_clip",
    "projection_clip", "forget_bias"};

/* Names of tensors, as PyTorch has them where it has any. */
static const char *const tensors[] = {
    "rnn.weight_ih_l0", "rnn.weight_hh_l1_reverse", "rnn.bias_ih_l1",
    "rnn.bias_hh_l0_reverse", "rnn.weight_hr_l0", "rnn.weight_hr_l1_reverse",
    "rnn.peephole_l0", "rnn.weight_gh_l0", "rnn.norm_hh_weight_l0_reverse",
    "rnn.norm_c_var_l0", "out.weight", "att.weight_q", "att.v"};

enum { TENSORS = sizeof tensors / sizeof *tensors };

enum { WORDS = sizeof words / sizeof *words };

static void see_words(const char *path, int seen[WORDS], int named[TENSORS])
{
    size_t length;
    char *bytes = (char *)file_get(path, &length);

    for (size_t i = 0; i < WORDS; i++) {
        char quoted[48];

        snprintf(quoted, sizeof quoted, "\\\"%s\\\"", words[i]);
        seen[i] |= strstr(bytes + 8, quoted) != NULL;
    }
    for (size_t i = 0; i < TENSORS; i++) {
        char quoted[48];

        snprintf(quoted, sizeof quoted, "\"%s\":{", tensors[i]);
        named[i] |= strstr(bytes + 8, quoted) != NULL;
    }
    free(bytes);
}

/* ---- all of them --------------------------------------------------------- */

/* The last bit of every parameter, without which outputs must be others. */
static void nudge(srnn_net *net)
{
    srnn_tensor x;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &x));
        for (size_t j = 0; j < x.count; j++)
            x.data[j] += x.data[j] * 0x1p-23f;
    }
    must(srnn_net_pack(net));
}

static void round_trip(srnn_net *net, const graph *g, const char *path)
{
    srnn_net *loaded;
    graph_data d;

    must(srnn_model_save(net, path));
    must(srnn_model_load(&loaded, path, NULL));
    same_graph(net, loaded);
    same_params(g->name, net, loaded);
    graph_fill(&d, net, g);
    CHECK_SAYS(same_outputs(net, loaded, &d), "%s: outputs", g->name);
    CHECK_SAYS(same_gradients(net, loaded, &d), "%s: gradients", g->name);
    nudge(loaded);
    CHECK_SAYS(!same_outputs(net, loaded, &d), "%s: control", g->name);
    CHECK_SAYS(!same_gradients(net, loaded, &d), "%s: control", g->name);
    graph_free(&d);
    srnn_net_close(loaded);
}

static void every_net(void)
{
    const char *path = file_path("net.safetensors");
    int seen[WORDS] = {0}, named[TENSORS] = {0};
    srnn_kernels k;
    srnn_net *net;
    char name[64];
    size_t count = 0;
    graph g;

    must(srnn_kernels_get(&k, NULL));
    for (; (net = file_net(&k, count, name, &g)); count++) {
        round_trip(net, &g, path);
        see_words(path, seen, named);
        srnn_net_close(net);
    }
    check_note("%zu nets", count);
    for (size_t i = 0; i < WORDS; i++)
        CHECK_SAYS(seen[i], "no file has '%s'", words[i]);
    for (size_t i = 0; i < TENSORS; i++)
        CHECK_SAYS(named[i], "no file has the tensor %s", tensors[i]);
}

/* ---- every flip ---------------------------------------------------------- */

/* One bit of each byte of the header in turn. What still loads is another net
 * or the same; what does not says of which file. */
static size_t flip(const char *path, size_t *tried)
{
    size_t length, header, sound = 0;
    unsigned char *bytes = file_get(path, &length);

    header = 8 + bytes[0] + 256u * bytes[1];
    for (size_t i = 0; i < header; i++) {
        const unsigned char bit = (unsigned char)(1 << (i * 5 + i / 8) % 8);
        srnn_net *net = NULL;

        bytes[i] ^= bit;
        file_put(path, bytes, length);
        if (!srnn_model_load(&net, path, NULL))
            sound++;
        else
            CHECK_SAYS(!net && strstr(srnn_error_message(), path), "'%s'",
                       srnn_error_message());
        srnn_net_close(net);
        bytes[i] ^= bit;
    }
    *tried += header;
    free(bytes);
    return sound;
}

static void flips(void)
{
    const char *path = file_path("flip.safetensors");
    size_t tried = 0, sound = 0;
    srnn_kernels k;
    srnn_net *net;
    char name[64];
    graph g;

    must(srnn_kernels_get(&k, NULL));
    for (size_t i = 0; (net = file_net(&k, i, name, &g)); i += 5) {
        must(srnn_model_save(net, path));
        srnn_net_close(net);
        sound += flip(path, &tried);
    }
    check_note("%zu of %zu flips refused", tried - sound, tried);
    CHECK(sound < tried / 2);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"members", NULL, all_members},
                                       {"every-net", NULL, every_net},
                                       {"flips", NULL, flips},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
