/* Graphs that are no nets, or promise more than their file holds, are refused
 * with a reason: entries, attributes, axes, sizes, each wrong in one place. */
#include "check.h"
#include "files.h"

#include <simdrnn/io.h>

#include <stdio.h>
#include <string.h>

static const float zeros[8];

#define NODE(name, kind, inputs, rest) \
    "{\\\"name\\\":\\\"" name "\\\",\\\"kind\\\":\\\"" kind \
    "\\\",\\\"inputs\\\":" inputs rest "}"
#define FEATURES(n) ",\\\"features\\\":" #n
#define CELL(h, l) ",\\\"hidden\\\":" #h ",\\\"layers\\\":" #l \
                   ",\\\"z_takes_new\\\":false"
#define X NODE("x", "input", "[]", FEATURES(2))
#define HUGE NODE("x", "input", "[]", FEATURES(2147483647))
#define RNN(rest, words) \
    {"[" X "," NODE("r", "gru", FROM_X, ",\\\"hidden\\\":1" rest) "]", words}
#define LSTM(rest, words) \
    {"[" X "," NODE("r", "lstm", FROM_X, ",\\\"hidden\\\":1" rest) "]", words}
#define TOO_MANY(name) "node " name " has more parameters than the file"
#define FROM_X "[\\\"x\\\"]"

/* ---- what a graph may not be --------------------------------------------- */

typedef struct bad_graph {
    const char *graph, *words;
} bad_graph;

static const bad_graph entries[] = {
    {"7", "simdrnn is not sound"},
    {"{}", "graph: it is no list of nodes"},
    {"[7]", "an entry of the graph is not sound: "},
    {"[{}]", "an entry of the graph is not sound: "},
    {"[" NODE("x", "input", "[]", ",\\\"stride\\\":2") "]",
     "node x, input, has the unknown attribute stride"},
    {"[" NODE("x", "fancy", "[]", "") "]",
     "node x is of the unknown kind fancy"},
    {"[" X "," NODE("y", "fancy", FROM_X, "") "]",
     "node y is of the unknown kind fancy"},
    {"[" NODE("x", "input", "[]", FEATURES(0)) "]", "node 'x'"},
    {"[" NODE("x", "input", "[]", FEATURES(-1)) "]",
     "features of node x is -1, not a whole number, 0 or more"},
    {"[" NODE("x", "input", "[]", FEATURES(1.5)) "]",
     "features of node x is 1.5, not a whole number, 0 or more"},
    {"[" X "," X "]", "name 'x' is taken"},
    {"[" NODE("a b", "input", "[]", FEATURES(2)) "]", "name 'a b'"},
    {"[" NODE("y", "linear", "[\\\"y\\\"]", FEATURES(2)) "]",
     "an input of node y is no node before it"},
    {"[" NODE("y", "linear", "[0]", FEATURES(2)) "]",
     "an input of node y is no node before it"},
    {"[" X "," NODE("y", "linear", FROM_X, FEATURES(5)) "]",
     "node y has more parameters than the file"},
    {"[" HUGE "," NODE("y", "linear", FROM_X, FEATURES(2147483647)) "]",
     "node y has more parameters than the file"},
    {"[" HUGE "," NODE("y", "lstm", FROM_X, CELL(1, 1)) "]",
     "node y has more parameters than the file"},
    {"[" X "," NODE("y", "lstm", FROM_X, CELL(9223372036854775807, 1)) "]",
     "node y has more parameters than the file"},
    {"[" X "," NODE("y", "gru", FROM_X, CELL(1, 9223372036854775807)) "]",
     "node y has more parameters than the file"},
    {"[" X "," NODE("y", "gru", FROM_X, CELL(4294967296, 4294967296)) "]",
     "node y has more parameters than the file"},
    {"[" X "," NODE("y", "gru", FROM_X, CELL(1, 0)) "]", "graph: "},
    {"[" X "," NODE("y", "gru", FROM_X, CELL(0, 1)) "]", "graph: "},
    {"[" X "," NODE("y", "embedding", FROM_X, FEATURES(2)) "]", "graph: "},
    {"[" X "," NODE("l", "cross_entropy", FROM_X, "") "]",
     "node l has 1 inputs, 2 are expected"},
    {"[" X "," NODE("y", "linear", FROM_X, FEATURES(2)) "]",
     "tensor y.weight is missing"},
};

/* What only some kinds have, or has few values. */
static const bad_graph attributes[] = {
    RNN(",\\\"gates\\\":2", "node r, gru, has the unknown attribute gates"),
    RNN(",\\\"features\\\":1",
        "node r, gru, has the unknown attribute features"),
    RNN(",\\\"once\\\":true", "node r, gru, has the unknown attribute once"),
    {"[" NODE("x", "input", "[]", FEATURES(2) ",\\\"weight\\\":2") "]",
     "node x, input, has the unknown attribute weight"},
    {"[" NODE("x", "input", "[]", "") "]", "node x, input, has no features"},
    {"[" X "," NODE("r", "gru", FROM_X, ",\\\"layers\\\":1") "]",
     "node r, gru, has no hidden"},
    RNN(",\\\"layers\\\":true",
        "layers of node r is true, not a whole number, 0 or more"),
    RNN(",\\\"layers\\\":[]", "layers of node r is [], not a whole number"),
    RNN(",\\\"z_takes_new\\\":1",
        "z_takes_new of node r is 1, not true or false"),
    RNN(",\\\"direction\\\":\\\"up\\\"",
        "direction of node r is \"up\", not one of the words for it"),
    RNN(",\\\"direction\\\":2", "direction of node r is 2, not one of"),
    RNN(",\\\"norm\\\":\\\"both\\\"", "norm of node r is \"both\", not one of"),
    RNN(",\\\"dropout\\\":\\\"half\\\"",
        "dropout of node r is \"half\", not a number"),
    RNN(",\\\"norm_steps\\\":-1",
        "norm_steps of node r is -1, not a whole number, 0 or more"),
    RNN(",\\\"norm_momentum\\\":\\\"0.1\\\"",
        "norm_momentum of node r is \"0.1\", not a number"),
    RNN(",\\\"dropout\\\":NaN", "simdrnn is not sound"),
    RNN(",\\\"dropout\\\":1e999", "simdrnn is not sound"),
    RNN(",\\\"dropout\\\":1.5", "dropout is 1.5"),
    RNN(",\\\"zoneout_c\\\":0.5", "cell 'gru' has no c"),
    RNN(",\\\"clip\\\":-1", "clip is -1"),
    RNN(",\\\"norm\\\":\\\"batch\\\",\\\"norm_steps\\\":1",
        "batch norm has no cell 'gru'"),
    RNN(",\\\"norm\\\":\\\"layer\\\",\\\"norm_eps\\\":0", "norm_eps is 0"),
    RNN(",\\\"lstm\\\":[\\\"peepholes\\\"]", "lstm is set, gru has none"),
    RNN(",\\\"lstm\\\":[\\\"no_gate\\\"]",
        "lstm of node r is [\"no_gate\"], not a list of the words for it"),
    RNN(",\\\"lstm\\\":[16]", "lstm of node r is [16], not a list"),
    RNN(",\\\"lstm\\\":16", "lstm of node r is 16, not a list"),
    LSTM(",\\\"lstm\\\":[\\\"coupled\\\",\\\"no_input_gate\\\"]",
         "COUPLED needs the input gate"),
    LSTM(",\\\"projection\\\":-2", "projection of node r is -2, not a whole"),
    LSTM(",\\\"cell_clip\\\":-1", "cell_clip is -1"),
    LSTM(",\\\"projection_clip\\\":1", "projection_clip is 1, projection 0"),
    RNN(",\\\"layers\\\":1,\\\"layers\\\":1", "duplicate object key"),
};

#define ACTIVATION(list) RNN(",\\\"activation\\\":" list, NOT_ACTIVATIONS)
#define NOT_ACTIVATIONS "not a list of at most three activations"
#define TANH "{\\\"kind\\\":\\\"tanh\\\"}"

static const bad_graph activations[] = {
    ACTIVATION("\\\"tanh\\\""),
    ACTIVATION("[\\\"tanh\\\"]"),
    ACTIVATION("[{}]"),
    ACTIVATION("[{\\\"kind\\\":1}]"),
    ACTIVATION("[{\\\"kind\\\":\\\"own\\\"}]"),
    ACTIVATION("[{\\\"kind\\\":\\\"cube\\\"}]"),
    ACTIVATION("[{\\\"kind\\\":\\\"elu\\\",\\\"a\\\":\\\"1\\\"}]"),
    ACTIVATION("[{\\\"kind\\\":\\\"elu\\\",\\\"c\\\":1}]"),
    ACTIVATION("[" TANH "," TANH "," TANH "," TANH "]"),
    RNN(",\\\"activation\\\":[" TANH "," TANH "," TANH "]",
        "activation 2 is given, but gru takes 2"),
    RNN(",\\\"activation\\\":[{\\\"kind\\\":\\\"elu\\\",\\\"a\\\":1e300}]",
        "a of activation 0 (elu) is inf"),
};

#define AXIS(name, parent) \
    "{\\\"name\\\":\\\"" name "\\\",\\\"kind\\\":\\\"axis\\\"," \
    "\\\"parent\\\":" parent "}"
#define TIME "\\\"time\\\""
#define ON(axis) FEATURES(2) ",\\\"axis\\\":" axis
#define E X_TOKENS "," NODE("e", "embedding", FROM_X, FEATURES(2))
#define X_TOKENS NODE("x", "tokens", "[]", FEATURES(2))
#define LOSS(weight) \
    "[" X "," NODE("l", "squared_error", "[\\\"x\\\",\\\"x\\\"]", \
                   ",\\\"weight\\\":" weight) "]"
#define ATTEND(score) \
    "[" X "," NODE("a", "attention", \
                   "[\\\"x\\\",\\\"x\\\",\\\"x\\\"]", score) "]"

/* Axes, and what one entry says of another. */
static const bad_graph others[] = {
    {"[{\\\"name\\\":\\\"a\\\",\\\"kind\\\":\\\"axis\\\"}]",
     "node a, axis, has no parent"},
    {"[" AXIS("a", "\\\"a\\\"") "]",
     "parent of node a is \"a\", not an axis before it"},
    {"[" AXIS("a", "1") "]", "parent of node a is 1, not an axis before it"},
    {"[" AXIS("time", TIME) "]", "name 'time' is taken"},
    {"[" AXIS("a b", TIME) "]", "name 'a b'"},
    {"[" AXIS("a", TIME) "," AXIS("b", TIME) "," AXIS("c", TIME) ","
     AXIS("d", TIME) "," AXIS("e", TIME) "," AXIS("f", TIME) ","
     AXIS("g", TIME) "]", "a net has at most 8 axes"},
    {"[" NODE("x", "input", "[]", ON("\\\"a\\\"")) "," AXIS("a", TIME) "]",
     "axis of node x is \"a\", not an axis before it"},
    {"[" NODE("x", "input", "[]", ON("null")) "]",
     "axis of node x is null, not an axis before it"},
    {"[" AXIS("a", TIME) "," NODE("m", "mean", "[\\\"a\\\"]", "") "]",
     "an input of node m is no node before it"},
    {"[" X "," NODE("r", "gru", "[\\\"x\\\",\\\"x\\\"]", CELL(1, 1)) "]",
     "initial state 'x' lies on axis 'time'"},
    {"[" X "," NODE("r", "gru", "[\\\"x\\\",\\\"r\\\"]", CELL(1, 1)) "]",
     "an input of node r is no node before it"},
    {"[" X "," NODE("s", "state", FROM_X, "") "]", "graph: "},
    {"[" X "," NODE("c", "concat", "[]", "") "]",
     "node c has 0 inputs, 1 or more are expected"},
    {"[" X "," NODE("r", "gru", "[\\\"x\\\",\\\"x\\\",\\\"x\\\"]",
     CELL(1, 1)) "]", "node r has 3 inputs, 2 or fewer are expected"},
    {"[" X "," NODE("c", "concat", "\\\"x\\\"", "") "]",
     "inputs of node c are no list"},
    {"[" HUGE "," NODE("c", "concat", "[\\\"x\\\",\\\"x\\\"]", "") "]",
     "node 'c': 4294967294 features in all"},
    {"[" E "," NODE("t", "tied", "[\\\"e\\\"]", "") "]",
     "node t, tied, has no tied"},
    {"[" E "," NODE("t", "tied", "[\\\"e\\\"]", ",\\\"tied\\\":\\\"t\\\"")
     "]", "tied of node t is \"t\", not a node before it"},
    {"[" E "," NODE("t", "tied", "[\\\"e\\\"]", ",\\\"tied\\\":\\\"x\\\"")
     "]", "is no embedding"},
    {LOSS("0"), "weight is 0, must be above 0"},
    {LOSS("-1"), "weight is -1, must be above 0"},
    {LOSS("1e31"), "weight is 1e+31"},
    {LOSS("NaN"), "simdrnn is not sound"},
    {LOSS("null"), "weight of node l is null, not a number"},
    {"[" X "," NODE("d", "dropout", FROM_X, ",\\\"p\\\":1") "]", "p is 1"},
    {ATTEND(",\\\"scale\\\":0"), "scale is 0"},
    {ATTEND(",\\\"score\\\":\\\"cosine\\\""),
     "score of node a is \"cosine\", not one of the words for it"},
    {ATTEND(",\\\"score\\\":\\\"additive\\\""), "width is 0"},
};

#define MOST "9223372036854775807"
#define BATCH ",\\\"norm\\\":\\\"batch\\\",\\\"norm_steps\\\":"

/* More than the file holds, however it is said. */
static const bad_graph sizes[] = {
    {"[" NODE("p", "parameter", "[]", FEATURES(9)) "]", TOO_MANY("p")},
    {ATTEND(",\\\"score\\\":\\\"additive\\\",\\\"width\\\":" MOST),
     TOO_MANY("a")},
    {ATTEND(",\\\"score\\\":\\\"additive\\\",\\\"width\\\":3"),
     TOO_MANY("a")},
    {"[" HUGE "," NODE("a", "attention", "[\\\"x\\\",\\\"x\\\",\\\"x\\\"]",
     ",\\\"score\\\":\\\"general\\\"") "]", TOO_MANY("a")},
    {"[" X "," NODE("r", "rnn_tanh", FROM_X, CELL(1, 1) BATCH MOST) "]",
     TOO_MANY("r")},
    {"[" X "," NODE("r", "lstm", FROM_X, CELL(1, 1) BATCH "6") "]",
     TOO_MANY("r")},
    LSTM(",\\\"projection\\\":" MOST, TOO_MANY("r")),
    LSTM(",\\\"projection\\\":7", TOO_MANY("r")),
    {"[" X "," NODE("r", "lstm", FROM_X, ",\\\"hidden\\\":2,"
                    "\\\"projection\\\":1,"
                    "\\\"lstm\\\":[\\\"full_recurrence\\\"]") "]",
     TOO_MANY("r")},
    {"[" NODE("x", "tokens", "[]", FEATURES(3)) ","
     NODE("e", "embedding", FROM_X, FEATURES(2)) ","
     NODE("t", "tied", "[\\\"e\\\"]", ",\\\"tied\\\":\\\"e\\\"") "]",
     TOO_MANY("t")},
};

/* Each over 32 bytes of data: eight values. */
static void refuse(const bad_graph *cases, size_t count)
{
    const char *path = file_path("graph.safetensors");

    for (size_t i = 0; i < count; i++) {
        srnn_net *net = NULL;
        char header[2048];
        srnn_status status;

        snprintf(header, sizeof header, "{\"__metadata__\":{\"simdrnn\":\"%s\""
                 "},\"a\":{\"dtype\":\"F32\",\"shape\":[8],"
                 "\"data_offsets\":[0,32]}}", cases[i].graph);
        file_put_safetensors(path, header, zeros, sizeof zeros);
        status = srnn_model_load(&net, path, NULL);
        CHECK_SAYS(status == SRNN_EFORMAT && !net, "%s: is %s",
                   cases[i].words, srnn_strerror(status));
        CHECK_SAYS(strstr(srnn_error_message(), cases[i].words),
                   "says '%s', not '%s'", srnn_error_message(),
                   cases[i].words);
    }
}

#define LIST(list) {list, sizeof list / sizeof *list}

static void graphs(void)
{
    static const struct {
        const bad_graph *cases;
        size_t count;
    } lists[] = {LIST(entries), LIST(attributes), LIST(activations),
                 LIST(others), LIST(sizes)};

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        refuse(lists[i].cases, lists[i].count);
}

/* One tied node too many: each would pack the weight again. */
static void too_many_tied(void)
{
    const char *path = file_path("tied.safetensors");
    char header[8192], *end = header;
    srnn_net *net = NULL;

    end += sprintf(end, "{\"__metadata__\":{\"simdrnn\":\"["
                   NODE("x", "tokens", "[]", FEATURES(1)) ","
                   NODE("e", "embedding", FROM_X, FEATURES(1)));
    for (int i = 0; i <= SRNN_FILE_TIED; i++)
        end += sprintf(end, "," NODE("t%d", "tied", "[\\\"e\\\"]",
                                     ",\\\"tied\\\":\\\"e\\\""), i);
    sprintf(end, "]\"},\"a\":{\"dtype\":\"F32\",\"shape\":[64],"
            "\"data_offsets\":[0,256]}}");
    file_put_safetensors(path, header, (float[64]){0}, 256);
    CHECK(srnn_model_load(&net, path, NULL) == SRNN_EFORMAT && !net);
    CHECK_SAYS(strstr(srnn_error_message(), "node t16 is one tied node too "
                      "many, at most 16 are allowed"), "says '%s'",
               srnn_error_message());
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"graphs", NULL, graphs},
        {"tied", NULL, too_many_tied},
        {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
