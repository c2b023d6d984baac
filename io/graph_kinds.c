/* The kinds of entries, one row each: what they may have, which call adds them,
 * and how much of the file their parameters take. */
#include "graph.h"

#include <string.h>

/* ---- what the file must hold -------------------------------------------- */

/* Takes a * b * c values out of what the file still holds. */
static int take(uint64_t *left, uint64_t a, uint64_t b, uint64_t c)
{
    if (a && b && *left / a / b < c)
        return 0;
    *left -= a * b * c;
    return 1;
}

static uint64_t features_of(const srnn_net *net, srnn_node id)
{
    srnn_node_info info = {.features = 0};

    srnn_net_node(net, id, &info);
    return info.features;
}

static int row_fits(const srnn_net *net, const srnn_node_info *n,
                    uint64_t *left)
{
    (void)net;
    return take(left, n->features, 1, 1);
}

static int matrix_fits(const srnn_net *net, const srnn_node_info *n,
                       uint64_t *left)
{
    return take(left, n->features, features_of(net, n->input[0]), 1);
}

/* A bias; the weight is there, and counted once. */
static int bias_fits(const srnn_net *net, const srnn_node_info *n,
                     uint64_t *left)
{
    srnn_node_info info = {.inputs = 0};

    srnn_net_node(net, n->tied, &info);
    return !info.inputs ||
           take(left, features_of(net, info.input[0]), 1, 1);
}

static int attention_fits(const srnn_net *net, const srnn_node_info *n,
                          uint64_t *left)
{
    const uint64_t q = features_of(net, n->input[0]);
    const uint64_t k = features_of(net, n->input[1]);
    const uint64_t width = n->attention.width;

    if (n->attention.score == SRNN_SCORE_GENERAL)
        return take(left, q, k, 1);
    return n->attention.score != SRNN_SCORE_ADDITIVE ||
           (take(left, width, q, 1) && take(left, width, k, 1));
}

/* A cell counts as if it had one gate, and a node one direction. */
static int cell_fits(const srnn_net *net, const srnn_node_info *n,
                     uint64_t *left)
{
    const srnn_recurrent_config *c = &n->recurrent;
    const uint64_t outputs = c->projection ? c->projection : c->hidden;

    return take(left, c->hidden, features_of(net, n->input[0]), 1) &&
           take(left, c->hidden, outputs, c->layers) &&
           (!(c->lstm & SRNN_LSTM_FULL_RECURRENCE) ||
            take(left, c->hidden, c->hidden, c->layers)) &&
           (c->norm != SRNN_NORM_BATCH ||
            take(left, c->hidden, c->norm_steps, c->layers));
}

/* ---- what no other kind is added like ------------------------------------ */

static srnn_status add_axis(srnn_net *net, const srnn_node_info *n,
                            srnn_node *id)
{
    return srnn_net_axis(net, n->name, n->axis, id);
}

static srnn_status add_tied(srnn_net *net, const srnn_node_info *n,
                            srnn_node *id)
{
    return srnn_net_tied(net, n->name, n->input[0], n->tied, id);
}

static srnn_status add_dropout(srnn_net *net, const srnn_node_info *n,
                               srnn_node *id)
{
    return srnn_net_dropout(net, n->name, n->input[0], &n->dropout, id);
}

static srnn_status add_attention(srnn_net *net, const srnn_node_info *n,
                                 srnn_node *id)
{
    return srnn_net_attention(net, n->name, n->input[0], n->input[1],
                              n->input[2], &n->attention, id);
}

static srnn_status add_cell(srnn_net *net, const srnn_node_info *n,
                            srnn_node *id)
{
    srnn_recurrent_config config = n->recurrent;

    config.initial = n->inputs > 1;
    config.initial_state = n->inputs > 1 ? n->input[1] : -1;
    return srnn_net_recurrent(net, n->name, n->input[0], &config, id);
}

/* ---- the table ----------------------------------------------------------- */

#define SOURCE(kind, has, call) \
    {.name = kind, .groups = has, .source = call}
#define SIZED(kind, call, size) \
    {.name = kind, .groups = GRAPH_FEATURES, .least = 1, .most = 1, \
     .sized = call, .fits = size}
#define ONE(kind, call) {.name = kind, .least = 1, .most = 1, .one = call}
#define MANY(kind, call) \
    {.name = kind, .least = 1, .most = SIZE_MAX, .many = call}
#define LOSS(kind, call) \
    {.name = kind, .groups = GRAPH_LOSS, .least = 2, .most = 2, .two = call}
#define OTHER(kind, has, from, to, call, size) \
    {.name = kind, .groups = has, .least = from, .most = to, .other = call, \
     .fits = size}

static const graph_kind kinds[] = {
    OTHER("axis", GRAPH_PARENT, 0, 0, add_axis, NULL),
    SOURCE("input", GRAPH_FEATURES | GRAPH_AXIS, srnn_net_input_on),
    SOURCE("tokens", GRAPH_FEATURES | GRAPH_AXIS, srnn_net_tokens_on),
    {.name = "parameter",
     .groups = GRAPH_FEATURES | GRAPH_AXIS,
     .source = srnn_net_parameter,
     .fits = row_fits},
    SIZED("embedding", srnn_net_embedding, matrix_fits),
    SIZED("linear", srnn_net_linear, matrix_fits),
    SIZED("attention_weights", srnn_net_attention_weights, NULL),
    OTHER("tied", GRAPH_TIED, 1, 1, add_tied, bias_fits),
    OTHER("dropout", GRAPH_DROPOUT, 1, 1, add_dropout, NULL),
    OTHER("attention", GRAPH_ATTENTION, 3, 3, add_attention, attention_fits),
    MANY("concat", srnn_net_concat),
    MANY("add", srnn_net_add),
    ONE("first", srnn_net_first),
    ONE("last", srnn_net_last),
    ONE("mean", srnn_net_mean),
    ONE("state", srnn_net_state),
    LOSS("cross_entropy", srnn_net_cross_entropy),
    LOSS("sigmoid_cross_entropy", srnn_net_sigmoid_cross_entropy),
    LOSS("squared_error", srnn_net_squared_error),
    OTHER(NULL, GRAPH_RECURRENT, 1, 2, add_cell, cell_fits),
};

static int is_cell(const char *name, srnn_cell_kind *cell)
{
    for (int i = 0; i < SRNN_CELL_KINDS; i++)
        if (!strcmp(name, srnn_cell_name((srnn_cell_kind)i))) {
            *cell = (srnn_cell_kind)i;
            return 1;
        }
    return 0;
}

const graph_kind *srnn_graph_kind(const char *name, srnn_cell_kind *cell)
{
    const graph_kind *kind = kinds;

    while (kind->name && strcmp(kind->name, name))
        kind++;
    return kind->name || is_cell(name, cell) ? kind : NULL;
}

srnn_status srnn_graph_add(srnn_net *net, const graph_kind *kind,
                           const srnn_node_info *n)
{
    srnn_status status;
    srnn_node id = -1;

    if (kind->source)
        status = kind->source(net, n->axis, n->name, n->features, &id);
    else if (kind->sized)
        status = kind->sized(net, n->name, n->input[0], n->features, &id);
    else if (kind->one)
        status = kind->one(net, n->name, n->input[0], &id);
    else if (kind->two)
        status = kind->two(net, n->name, n->input[0], n->input[1], &id);
    else if (kind->many)
        status = kind->many(net, n->name, n->input, n->inputs, &id);
    else
        status = kind->other(net, n, &id);
    if (!status && kind->groups & GRAPH_LOSS)
        status = srnn_net_loss_weight(net, id, n->weight);
    return status;
}
