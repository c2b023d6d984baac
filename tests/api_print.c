/* Drawings of nets: small ones as they were written down by hand; of all, the
 * count of nodes and edges that a rule for each kind gives; buffers of any
 * size; refusals. */
#include "print_case.h"
#include "refuse.h"

#include <simdrnn/print.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- whole drawings ------------------------------------------------------ */

/* In memory of its own, of the length that the first of two calls tells. */
static char *draw(const srnn_net *net, srnn_print_format format, size_t steps)
{
    const srnn_print_config c = {format, steps};
    size_t length, again;
    char *text;

    CHECK(!srnn_net_print(net, &c, NULL, 0, &length));
    text = malloc(length + 1);
    CHECK(!srnn_net_print(net, &c, text, length + 1, &again));
    CHECK(length == again && strlen(text) == length);
    return text;
}

static void drawn(srnn_net *net, srnn_print_format format, size_t steps,
                  const char *want)
{
    char *got = draw(net, format, steps);
    size_t same = 0;

    while (got[same] && got[same] == want[same])
        same++;
    CHECK_SAYS(!strcmp(got, want), "differs behind %zu: '%.60s', not '%.60s'",
               same, got + same, want + same);
    free(got);
    srnn_net_close(net);
}

static void text(void)
{
    const srnn_print_config c = srnn_print_default();

    CHECK(c.format == SRNN_PRINT_TEXT && c.steps == 0);
    drawn(print_small(), SRNN_PRINT_TEXT, 0,
          "net: 5 nodes, 6 parameters of 25 reals\n"
          "axis batch\n"
          "axis time under batch\n"
          "x: input, 2 features on time\n"
          "rnn: rnn_tanh, 3 features, 3 hidden, 1 layer, forward on time"
          " <- x, rnn (h 1 step before)\n"
          "  weight_ih_l0 [3][2]\n"
          "  weight_hh_l0 [3][3]\n"
          "  bias_ih_l0 [3]\n"
          "  bias_hh_l0 [3]\n"
          "out: linear, 1 feature on time <- rnn\n"
          "  weight [1][3]\n"
          "  bias [1]\n"
          "y: input, 1 feature on time\n"
          "loss: squared_error, weight 2 on time <- out, y (targets)\n");
}

static void text_unfolded(void)
{
    drawn(print_attends(), SRNN_PRINT_TEXT, 3,
          "net: 8 nodes, 14 parameters of 81 reals\n"
          "axis batch\n"
          "axis time under batch\n"
          "axis source under batch\n"
          "s@0: input, 2 features on source\n"
          "s@1: input, 2 features on source\n"
          "s@2: input, 2 features on source\n"
          "enc@0: gru, 2 features, 1 hidden, 1 layer, both on source"
          " <- s@0, enc@1 (h)\n"
          "enc@1: gru, 2 features, 1 hidden, 1 layer, both on source"
          " <- s@1, enc@0 (h), enc@2 (h)\n"
          "enc@2: gru, 2 features, 1 hidden, 1 layer, both on source"
          " <- s@2, enc@1 (h)\n"
          "state: state, 2 features on batch <- enc@0, enc@2\n"
          "x@0: tokens, 5 symbols on time\n"
          "x@1: tokens, 5 symbols on time\n"
          "x@2: tokens, 5 symbols on time\n"
          "e@0: embedding, 2 features on time <- x@0\n"
          "e@1: embedding, 2 features on time <- x@1\n"
          "e@2: embedding, 2 features on time <- x@2\n"
          "dec@0: gru, 2 features, 2 hidden, 1 layer, forward on time"
          " <- e@0, state (initial state)\n"
          "dec@1: gru, 2 features, 2 hidden, 1 layer, forward on time"
          " <- e@1, dec@0 (h)\n"
          "dec@2: gru, 2 features, 2 hidden, 1 layer, forward on time"
          " <- e@2, dec@1 (h)\n"
          "look@0: attention, 2 features, dot, scale 0.5 on time"
          " <- dec@0 (queries), enc@0 (keys), enc@1 (keys), enc@2 (keys),"
          " enc@0 (values), enc@1 (values), enc@2 (values)\n"
          "look@1: attention, 2 features, dot, scale 0.5 on time"
          " <- dec@1 (queries), enc@0 (keys), enc@1 (keys), enc@2 (keys),"
          " enc@0 (values), enc@1 (values), enc@2 (values)\n"
          "look@2: attention, 2 features, dot, scale 0.5 on time"
          " <- dec@2 (queries), enc@0 (keys), enc@1 (keys), enc@2 (keys),"
          " enc@0 (values), enc@1 (values), enc@2 (values)\n"
          "out@0: tied, 5 features, weight of e on time <- look@0\n"
          "out@1: tied, 5 features, weight of e on time <- look@1\n"
          "out@2: tied, 5 features, weight of e on time <- look@2\n");
}

static void dot(void)
{
    drawn(print_small(), SRNN_PRINT_DOT, 0,
          "digraph net {\n"
          "  rankdir=BT;\n"
          "  node [shape=box];\n"
          "  n0_0 [label=\"x\\ninput, 2 features on time\"];\n"
          "  n1_0 [label=\"rnn\\nrnn_tanh, 3 features, 3 hidden, 1 layer, "
          "forward on time\\nweight_ih_l0 [3][2]\\nweight_hh_l0 [3][3]\\n"
          "bias_ih_l0 [3]\\nbias_hh_l0 [3]\"];\n"
          "  n2_0 [label=\"out\\nlinear, 1 feature on time\\n"
          "weight [1][3]\\nbias [1]\"];\n"
          "  n3_0 [label=\"y\\ninput, 1 feature on time\"];\n"
          "  n4_0 [label=\"loss\\nsquared_error, weight 2 on time\"];\n"
          "  n0_0 -> n1_0;\n"
          "  n1_0 -> n1_0 [label=\"h 1 step before\" style=dashed];\n"
          "  n1_0 -> n2_0;\n"
          "  n2_0 -> n4_0;\n"
          "  n3_0 -> n4_0 [label=\"targets\"];\n"
          "}\n");
}

static void dot_unfolded(void)
{
    drawn(print_small(), SRNN_PRINT_DOT, 2,
          "digraph net {\n"
          "  rankdir=BT;\n"
          "  node [shape=box];\n"
          "  n0_0 [label=\"x@0\\ninput, 2 features on time\"];\n"
          "  n0_1 [label=\"x@1\\ninput, 2 features on time\"];\n"
          "  { rank=same; n0_0; n0_1; }\n"
          "  n1_0 [label=\"rnn@0\\nrnn_tanh, 3 features, 3 hidden, 1 layer, "
          "forward on time\"];\n"
          "  n1_1 [label=\"rnn@1\\nrnn_tanh, 3 features, 3 hidden, 1 layer, "
          "forward on time\"];\n"
          "  { rank=same; n1_0; n1_1; }\n"
          "  n2_0 [label=\"out@0\\nlinear, 1 feature on time\"];\n"
          "  n2_1 [label=\"out@1\\nlinear, 1 feature on time\"];\n"
          "  { rank=same; n2_0; n2_1; }\n"
          "  n3_0 [label=\"y@0\\ninput, 1 feature on time\"];\n"
          "  n3_1 [label=\"y@1\\ninput, 1 feature on time\"];\n"
          "  { rank=same; n3_0; n3_1; }\n"
          "  n4_0 [label=\"loss@0\\nsquared_error, weight 2 on time\"];\n"
          "  n4_1 [label=\"loss@1\\nsquared_error, weight 2 on time\"];\n"
          "  { rank=same; n4_0; n4_1; }\n"
          "  n0_0 -> n1_0;\n"
          "  n0_1 -> n1_1;\n"
          "  n1_0 -> n1_1 [label=\"h\" style=dashed];\n"
          "  n1_0 -> n2_0;\n"
          "  n1_1 -> n2_1;\n"
          "  n2_0 -> n4_0;\n"
          "  n3_0 -> n4_0 [label=\"targets\"];\n"
          "  n2_1 -> n4_1;\n"
          "  n3_1 -> n4_1 [label=\"targets\"];\n"
          "}\n");
}

static void has_lines(srnn_net *net, size_t steps, const char *const *line)
{
    char *got = draw(net, SRNN_PRINT_TEXT, steps);

    for (; *line; line++)
        CHECK_SAYS(strstr(got, *line), "no line %s", *line);
    free(got);
    srnn_net_close(net);
}

/* What each kind says of its sizes. */
static void kinds(void)
{
    static const char *const lines[] = {
        "\nrnn: lstm, 4 features, 4 hidden, 2 layers, reverse, layer norm on"
        " time <- x, rnn (h c 1 step after)\n",
        "\nkept: gru, 8 features, 4 hidden, 1 layer, both, zoneout_h 0.25 on"
        " time <- rnn, kept (h 1 step before), kept (h 1 step after)\n",
        "\nhalf: linear, 4 features on time <- kept\n",
        "\ndrop: dropout, 4 features, p 0.5 on time <- half\n",
        "\nsum: add, 4 features on time <- x, drop, x\n",
        "\nself: attention, 4 features, additive, 3 wide on time"
        " <- sum (queries), sum (keys), x (values)\n",
        "\nweights: attention_weights, 2 features on time <- self\n",
        "\nfirst: first, 4 features on batch <- self\n",
        "\nall: concat, 12 features on batch <- first, last, mean\n",
        NULL};
    static const char *const variants[] = {
        "\nfull: lstm, 3 features, 5 hidden, 1 layer, forward, peepholes,"
        " full gate recurrence, projection 3, cell clip 2,"
        " projection clip 1.5 on time <- x, full (h c g 1 step before)\n",
        "  weight_gh_l0 [15][15]\n",
        "\nless: lstm, 4 features, 4 hidden, 1 layer, forward,"
        " no output gate, coupled on time <- full, less (h c 1 step"
        " before)\n",
        "\ngru: gru, 4 features, 4 hidden, 1 layer, forward, one bias,"
        " z takes new, clip 3 on time <- less, gru (h 1 step before)\n",
        NULL};

    has_lines(print_joined(), 0, lines);
    has_lines(print_variants(), 0, variants);
}

/* Which steps each kind looks at. */
static void steps_seen(void)
{
    static const char *const joined[] = {
        "layer norm on time <- x@0, rnn@1 (h c)\nrnn@1: ",
        "layer norm on time <- x@1, rnn@2 (h c)\nrnn@2: ",
        "layer norm on time <- x@2\nkept@0: ",
        "\nself@1: attention, 4 features, additive, 3 wide on time"
        " <- sum@1 (queries), sum@0 (keys), sum@1 (keys), sum@2 (keys),"
        " x@0 (values), x@1 (values), x@2 (values)\n",
        "\nfirst: first, 4 features on batch <- self@0\n",
        "\nlast: last, 4 features on batch <- self@2\n",
        "\nmean: mean, 4 features on batch <- self@0, self@1, self@2\n",
        NULL};
    static const char *const backwards[] = {
        "\nstate: state, 2 features on batch <- enc@0\n",
        "reverse on time <- x@0, dec@1 (h)\ndec@1: ",
        "reverse on time <- x@1, dec@2 (h)\ndec@2: ",
        "reverse on time <- x@2, state (initial state)\n",
        NULL};
    static const char *const nested[] = {
        "\nend@1: state, 1 feature on time <- letters@1.2\n",
        "forward on letters <- x@2.1, letters@2.0 (h)\n",
        "forward on letters <- x@2.0\n",
        NULL};

    has_lines(print_joined(), 3, joined);
    has_lines(print_backwards(), 3, backwards);
    has_lines(print_nested(), 3, nested);
}

/* ---- counts -------------------------------------------------------------- */

typedef struct counts {
    size_t nodes, edges;
} counts;

static size_t places(const srnn_net *net, srnn_axis a, size_t steps)
{
    return a == SRNN_BATCH
               ? 1
               : steps * places(net, srnn_net_axis_parent(net, a), steps);
}

static size_t directions(const srnn_node_info *n)
{
    return n->recurrent.direction < SRNN_BOTH ? 1 : 2;
}

static int is_recurrent(const srnn_node_info *n)
{
    return n->recurrent.hidden > 0;
}

/* Ends of a sequence at which a node begins, and as many at which it ends. */
static size_t ends(const srnn_node_info *n, size_t steps)
{
    return steps < directions(n) ? steps : directions(n);
}

static size_t edges_from(const srnn_net *net, const srnn_node_info *n,
                         size_t j, size_t steps)
{
    const size_t here = places(net, n->axis, steps);
    srnn_node_info x;

    CHECK(!srnn_net_node(net, n->input[j], &x));
    if (!strcmp(n->kind, "attention") && j > 0)
        return here * steps;
    if (!strcmp(n->kind, "state"))
        return here * ends(&x, steps);
    if (!strcmp(n->kind, "mean"))
        return here * steps;
    if (is_recurrent(n) && j == 1)
        return places(net, x.axis, steps) * ends(n, steps);
    return here;
}

/* steps 0: folded, where a direction has an edge to itself. */
static counts expected(const srnn_net *net, size_t steps)
{
    const size_t all = steps ? steps : 1;
    counts c = {0, 0};
    srnn_node_info n;

    for (srnn_node i = 0; (size_t)i < srnn_net_nodes(net); i++) {
        CHECK(!srnn_net_node(net, i, &n));
        c.nodes += places(net, n.axis, all);
        for (size_t j = 0; j < n.inputs; j++)
            c.edges += edges_from(net, &n, j, all);
        if (is_recurrent(&n))
            c.edges += directions(&n) *
                       (steps ? places(net, n.axis, all) / all * (all - 1)
                              : 1);
    }
    return c;
}

/* A line of DOT: a node, an edge between nodes that were there, or neither. */
static void see_dot(const char *all, const char *line, counts *c)
{
    char from[32], to[32], want[48];

    if (strncmp(line, "  n", 3) || !isdigit((unsigned char)line[3]))
        return;
    if (sscanf(line, " %31s -> %31[n0-9_]", from, to) < 2) {
        c->nodes++;
        return;
    }
    c->edges++;
    snprintf(want, sizeof want, "  %s [label", from);
    CHECK_SAYS(strstr(all, want), "no node %s", from);
    snprintf(want, sizeof want, "  %s [label", to);
    CHECK_SAYS(strstr(all, want), "no node %s", to);
}

/* A line of text: a node with its sources, or of the net in all. */
static void see_text(const char *line, counts *c)
{
    const char *colon = strchr(line, ':'), *end = strchr(line, '\n');
    const char *at = strstr(line, " <- ");

    if (*line == ' ' || !colon || colon > end || !strncmp(line, "net:", 4))
        return;
    c->nodes++;
    for (; at && at < end; at = strstr(at + 1, ", "))
        c->edges++;
}

static counts counted(const char *all, int is_dot)
{
    counts c = {0, 0};

    for (const char *line = all; *line; line = strchr(line, '\n') + 1)
        if (is_dot)
            see_dot(all, line, &c);
        else
            see_text(line, &c);
    return c;
}

static void counts_of_all(void)
{
    const char *name;
    counts sum = {0, 0};
    size_t i, steps;
    srnn_net *net;

    for (i = 0; (net = print_case(i, &name)); i++) {
        for (steps = 0; steps < 5; steps++)
            for (int format = 0; format < SRNN_PRINT_FORMATS; format++) {
                char *got = draw(net, (srnn_print_format)format, steps);
                const counts c = counted(got, format == SRNN_PRINT_DOT);
                const counts want = expected(net, steps);

                CHECK_SAYS(c.nodes == want.nodes && c.edges == want.edges,
                           "%s, %zu steps, format %d: %zu nodes, %zu edges, "
                           "not %zu, %zu", name, steps, format, c.nodes,
                           c.edges, want.nodes, want.edges);
                sum.nodes += c.nodes;
                sum.edges += c.edges;
                free(got);
            }
        srnn_net_close(net);
    }
    check_note("%zu nets, %zu nodes, %zu edges", i, sum.nodes, sum.edges);
}

/* ---- buffers and refusals ------------------------------------------------ */

static void cut_buffers(void)
{
    const srnn_print_config c = {SRNN_PRINT_DOT, 2};
    srnn_net *net = print_small();
    char *whole = draw(net, c.format, c.steps);
    const size_t length = strlen(whole);
    char *some = malloc(length + 3);

    for (size_t size = 0; size < length + 3; size++) {
        const size_t kept = size > length ? length : size ? size - 1 : 0;
        size_t got;

        memset(some, '#', length + 3);
        CHECK(!srnn_net_print(net, &c, some, size, &got));
        CHECK(got == length);
        CHECK(!memcmp(some, whole, kept));
        CHECK(size == 0 || some[kept] == 0);
        for (size_t i = size; i < length + 3; i++)
            CHECK(some[i] == '#');
    }
    free(some);
    free(whole);
    srnn_net_close(net);
}

static void refusals(void)
{
    srnn_print_config c = srnn_print_default();
    srnn_net *net = print_small();
    srnn_axis below, deep;
    size_t length = 7;
    char text[8];

    REFUSED(SRNN_EINVAL, srnn_net_print(NULL, &c, text, 8, &length), "net");
    REFUSED(SRNN_EINVAL, srnn_net_print(net, NULL, text, 8, &length),
            "config");
    REFUSED(SRNN_EINVAL, srnn_net_print(net, &c, text, 8, NULL), "length");
    REFUSED(SRNN_EINVAL, srnn_net_print(net, &c, NULL, 8, &length), "text",
            "8");
    c.format = SRNN_PRINT_FORMATS;
    REFUSED(SRNN_EINVAL, srnn_net_print(net, &c, text, 8, &length), "format",
            "2");
    c.format = (srnn_print_format)-1;
    REFUSED(SRNN_EINVAL, srnn_net_print(net, &c, text, 8, &length), "format",
            "-1");
    c = srnn_print_default();
    c.steps = 1025;
    REFUSED(SRNN_EINVAL, srnn_net_print(net, &c, text, 8, &length), "1025",
            "1024", "'time'");
    c.steps = SIZE_MAX;
    REFUSED(SRNN_EINVAL, srnn_net_print(net, &c, text, 8, &length), "'time'");
    c.steps = 1024;
    CHECK(!srnn_net_print(net, &c, NULL, 0, &length));
    CHECK(!srnn_net_axis(net, "below", SRNN_TIME, &below));
    CHECK(!srnn_net_axis(net, "deep", below, &deep));
    length = 7;
    REFUSED(SRNN_EINVAL, srnn_net_print(net, &c, text, 8, &length), "1024",
            "'below'");
    c.steps = 11;
    REFUSED(SRNN_EINVAL, srnn_net_print(net, &c, text, 8, &length), "11",
            "'deep'");
    CHECK(length == 7);
    c.steps = 10;
    CHECK(!srnn_net_print(net, &c, NULL, 0, &length));
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"text", NULL, text},
        {"text unfolded", NULL, text_unfolded},
        {"dot", NULL, dot},
        {"dot unfolded", NULL, dot_unfolded},
        {"kinds", NULL, kinds},
        {"steps seen", NULL, steps_seen},
        {"counts", NULL, counts_of_all},
        {"cut buffers", NULL, cut_buffers},
        {"refusals", NULL, refusals},
        {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
