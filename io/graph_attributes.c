/* What an entry of the graph says of itself: one row for each attribute. */
#include "graph.h"

#include <string.h>

/* In the order of their enums, or of bits from the lowest. */
static const char *const directions[] = {"forward",  "reverse",  "both",
                                         "both_sum", "both_mean", NULL};
static const char *const norms[] = {"none", "layer", "batch", NULL};
static const char *const scores[] = {"dot", "general", "additive", NULL};

static const char *const variants[] = {
    "no_input_gate", "no_forget_gate", "no_output_gate", "coupled",
    "peepholes",     "full_recurrence", NULL};

#define WORDS(list) (sizeof list / sizeof *list - 1)
_Static_assert(WORDS(directions) == SRNN_DIRECTIONS &&
                   WORDS(norms) == SRNN_NORM_KINDS &&
                   WORDS(scores) == SRNN_SCORE_KINDS &&
                   1 << WORDS(variants) == 2 * SRNN_LSTM_FULL_RECURRENCE,
               "a choice has no word");

#define ROW(group, name, form, member, ...) \
    {name, GRAPH_##group, &srnn_graph_##form, \
     offsetof(srnn_node_info, member), __VA_ARGS__}
#define CELL(name, form, ...) \
    ROW(RECURRENT, #name, form, recurrent.name, __VA_ARGS__)

const graph_attribute srnn_graph_attributes[] = {
    ROW(FEATURES, "features", count, features, NULL, 1),
    ROW(AXIS, "axis", axis, axis, NULL, 0),
    ROW(PARENT, "parent", axis, axis, NULL, 1),
    ROW(LOSS, "weight", number, weight, NULL, 0),
    ROW(TIED, "tied", node, tied, NULL, 1),
    ROW(DROPOUT, "p", number, dropout.p, NULL, 0),
    ROW(DROPOUT, "once", flag, dropout.once, NULL, 0),
    ROW(ATTENTION, "score", word, attention.score, scores, 0),
    ROW(ATTENTION, "width", count, attention.width, NULL, 0),
    ROW(ATTENTION, "scale", number, attention.scale, NULL, 0),
    CELL(hidden, count, NULL, 1),
    CELL(layers, count, NULL, 0),
    CELL(z_takes_new, flag, NULL, 0),
    CELL(direction, word, directions, 0),
    CELL(activation, activations, NULL, 0),
    CELL(clip, number, NULL, 0),
    CELL(one_bias, flag, NULL, 0),
    CELL(dropout, number, NULL, 0),
    CELL(dropout_input, number, NULL, 0),
    CELL(dropout_hidden, number, NULL, 0),
    CELL(zoneout_h, number, NULL, 0),
    CELL(zoneout_c, number, NULL, 0),
    CELL(norm, word, norms, 0),
    CELL(norm_steps, count, NULL, 0),
    CELL(norm_eps, number, NULL, 0),
    CELL(norm_momentum, number, NULL, 0),
    CELL(lstm, bits, variants, 0),
    CELL(projection, count, NULL, 0),
    CELL(cell_clip, number, NULL, 0),
    CELL(projection_clip, number, NULL, 0),
    CELL(forget_bias, number, NULL, 0),
    {NULL, 0, NULL, 0, NULL, 0},
};

srnn_node_info srnn_graph_default(void)
{
    return (srnn_node_info){.axis = SRNN_TIME,
                            .weight = 1,
                            .tied = -1,
                            .recurrent = srnn_recurrent_default(),
                            .dropout = srnn_dropout_default(),
                            .attention = srnn_attention_default()};
}

json_t *srnn_graph_value(const srnn_net *net, const graph_attribute *a,
                         const srnn_node_info *info)
{
    srnn_node_info copy = info ? *info : srnn_graph_default();
    const graph_place p = {net, a->words, (char *)&copy + a->offset};

    return a->form->describe(&p);
}

int srnn_graph_parse(const srnn_net *net, const graph_attribute *a,
                     const json_t *json, srnn_node_info *info)
{
    const graph_place p = {net, a->words, (char *)info + a->offset};

    return a->form->parse(&p, json);
}

const graph_attribute *srnn_graph_attribute(const char *name, unsigned groups)
{
    const graph_attribute *a = srnn_graph_attributes;

    while (a->name && (!(a->group & groups) || strcmp(a->name, name)))
        a++;
    return a->name ? a : NULL;
}
