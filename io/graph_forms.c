/* How each type of attributes is written as JSON, and read. */
#include "graph.h"

#include <string.h>

/* ---- plain types -------------------------------------------------------- */

static json_t *describe_count(const graph_place *p)
{
    return json_integer((json_int_t)*(const size_t *)p->value);
}

static int parse_count(const graph_place *p, const json_t *json)
{
    if (!json_is_integer(json) || json_integer_value(json) < 0)
        return 0;
    *(size_t *)p->value = (size_t)json_integer_value(json);
    return 1;
}

static json_t *describe_flag(const graph_place *p)
{
    return json_boolean(*(const int *)p->value);
}

static int parse_flag(const graph_place *p, const json_t *json)
{
    *(int *)p->value = json_is_true(json);
    return json_is_boolean(json);
}

static json_t *describe_number(const graph_place *p)
{
    return json_real(*(const double *)p->value);
}

static int parse_number(const graph_place *p, const json_t *json)
{
    *(double *)p->value = json_number_value(json);
    return json_is_number(json);
}

const graph_form srnn_graph_count = {"a whole number, 0 or more",
                                     describe_count, parse_count};
const graph_form srnn_graph_flag = {"true or false", describe_flag,
                                    parse_flag};
const graph_form srnn_graph_number = {"a number", describe_number,
                                      parse_number};

/* ---- words -------------------------------------------------------------- */

/* -1: it is none of them. */
static int index_of(const json_t *json, const char *const *words)
{
    const char *text = json_string_value(json);

    for (int i = 0; text && words[i]; i++)
        if (!strcmp(text, words[i]))
            return i;
    return -1;
}

static json_t *describe_word(const graph_place *p)
{
    return json_string(p->words[*(const int *)p->value]);
}

static int parse_word(const graph_place *p, const json_t *json)
{
    *(int *)p->value = index_of(json, p->words);
    return *(int *)p->value >= 0;
}

const graph_form srnn_graph_word = {"one of the words for it", describe_word,
                                    parse_word};

/* Bit i has word i; a list of those that are set. */
static json_t *describe_bits(const graph_place *p)
{
    const unsigned bits = *(const unsigned *)p->value;
    json_t *list = json_array();
    int bad = !list;

    for (int i = 0; p->words[i] && !bad; i++)
        if (bits >> i & 1)
            bad = json_array_append_new(list, json_string(p->words[i]));
    if (!bad)
        return list;
    json_decref(list);
    return NULL;
}

static int parse_bits(const graph_place *p, const json_t *json)
{
    unsigned *bits = p->value;

    for (size_t i = 0; i < json_array_size(json); i++) {
        const int bit = index_of(json_array_get(json, i), p->words);

        if (bit < 0)
            return 0;
        *bits |= 1u << bit;
    }
    return json_is_array(json);
}

const graph_form srnn_graph_bits = {"a list of the words for it",
                                    describe_bits, parse_bits};

/* ---- names -------------------------------------------------------------- */

static json_t *describe_axis(const graph_place *p)
{
    const srnn_axis which = *(const srnn_axis *)p->value;

    return json_string(srnn_net_axis_name(p->net, which));
}

static int parse_axis(const graph_place *p, const json_t *json)
{
    const srnn_axis found = srnn_net_find_axis(p->net,
                                               json_string_value(json));

    *(srnn_axis *)p->value = found;
    return found >= 0;
}

static json_t *describe_node(const graph_place *p)
{
    srnn_node_info info;

    if (srnn_net_node(p->net, *(const srnn_node *)p->value, &info))
        return json_null();
    return json_string(info.name);
}

static int parse_node(const graph_place *p, const json_t *json)
{
    const srnn_node found = srnn_net_find(p->net, json_string_value(json));

    *(srnn_node *)p->value = found;
    return found >= 0;
}

const graph_form srnn_graph_axis = {"an axis before it", describe_axis,
                                    parse_axis};
const graph_form srnn_graph_node = {"a node before it", describe_node,
                                    parse_node};

/* ---- activations -------------------------------------------------------- */

enum { ROLES = sizeof((srnn_recurrent_config *)0)->activation /
               sizeof(srnn_activation) };

/* OWN is a function of the caller's, of which a file can know nothing. */
static const char *const activation_names[SRNN_ACT_KINDS] = {
    [SRNN_ACT_DEFAULT] = "default",
    [SRNN_ACT_RELU] = "relu",
    [SRNN_ACT_TANH] = "tanh",
    [SRNN_ACT_SIGMOID] = "sigmoid",
    [SRNN_ACT_AFFINE] = "affine",
    [SRNN_ACT_LEAKY_RELU] = "leaky_relu",
    [SRNN_ACT_THRESHOLDED_RELU] = "thresholded_relu",
    [SRNN_ACT_SCALED_TANH] = "scaled_tanh",
    [SRNN_ACT_HARD_SIGMOID] = "hard_sigmoid",
    [SRNN_ACT_ELU] = "elu",
    [SRNN_ACT_SOFTSIGN] = "softsign",
    [SRNN_ACT_SOFTPLUS] = "softplus",
    [SRNN_ACT_IDENTITY] = "identity",
    [SRNN_ACT_OWN] = NULL,
};

_Static_assert(SRNN_ACT_OWN + 1 == SRNN_ACT_KINDS, "OWN ends the names");

/* Parameters that the others have are not looked at, and may be no numbers. */
static int has_a(srnn_activation_kind kind)
{
    return kind == SRNN_ACT_AFFINE || kind == SRNN_ACT_LEAKY_RELU ||
           kind == SRNN_ACT_THRESHOLDED_RELU ||
           kind == SRNN_ACT_SCALED_TANH || kind == SRNN_ACT_HARD_SIGMOID ||
           kind == SRNN_ACT_ELU;
}

static int has_b(srnn_activation_kind kind)
{
    return kind == SRNN_ACT_AFFINE || kind == SRNN_ACT_SCALED_TANH ||
           kind == SRNN_ACT_HARD_SIGMOID;
}

/* {"kind":"elu","a":0.5} */
static json_t *describe_activation(const srnn_activation *f)
{
    const char *name = activation_names[f->kind];

    if (has_b(f->kind))
        return json_pack("{s:s, s:f, s:f}", "kind", name, "a", (double)f->a,
                         "b", (double)f->b);
    if (has_a(f->kind))
        return json_pack("{s:s, s:f}", "kind", name, "a", (double)f->a);
    return json_pack("{s:s}", "kind", name);
}

/* Those up to the last that is not the cell's own. */
static json_t *describe_activations(const graph_place *p)
{
    const srnn_activation *f = p->value;
    json_t *list = json_array();
    int bad = !list;
    size_t n = ROLES;

    while (n && f[n - 1].kind == SRNN_ACT_DEFAULT)
        n--;
    for (size_t i = 0; i < n && !bad; i++)
        bad = json_array_append_new(list, describe_activation(&f[i]));
    if (!bad)
        return list;
    json_decref(list);
    return NULL;
}

static int parse_activation(json_t *json, srnn_activation *f)
{
    double a = 0, b = 0;
    json_t *name;
    int kind;

    if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:o, s?F, s?F}", "kind",
                       &name, "a", &a, "b", &b))
        return 0;
    kind = index_of(name, activation_names);
    *f = (srnn_activation){.kind = (srnn_activation_kind)kind,
                           .a = (srnn_real)a,
                           .b = (srnn_real)b};
    return kind >= 0;
}

static int parse_activations(const graph_place *p, const json_t *json)
{
    srnn_activation *f = p->value;
    const size_t n = json_array_size(json);

    if (!json_is_array(json) || n > ROLES)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (!parse_activation(json_array_get(json, i), &f[i]))
            return 0;
    return 1;
}

const graph_form srnn_graph_activations = {
    "a list of at most three activations", describe_activations,
    parse_activations};
