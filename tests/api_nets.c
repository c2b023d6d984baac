/* Every refusal of the calls that build and look at nets: the right status, a
 * message that names the argument and the numbers, and nothing changed. */
#include "net_case.h"
#include "refuse.h"

#include <math.h>

/* A message shows that the call looked; a call before left another. */
static void statuses(void)
{
    static const int all[] = {
#define VALUE(name, value, text) value,
        SRNN_STATUS_LIST(VALUE)
#undef VALUE
    };
    const size_t n = sizeof all / sizeof *all;

    CHECK(!strcmp(srnn_error_message(), ""));
    for (size_t i = 0; i < n; i++) {
        CHECK(strlen(srnn_strerror(all[i])) > 3);
        CHECK(strcmp(srnn_strerror(all[i]), "unknown status"));
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(srnn_strerror(all[i]), srnn_strerror(all[j])));
    }
    CHECK(!strcmp(srnn_strerror(1), "unknown status"));
    CHECK(!strcmp(srnn_strerror(-99), "unknown status"));
}

static void opening(const srnn_kernels *k)
{
    srnn_net *net;

    REFUSED(SRNN_EINVAL, srnn_net_open(NULL, NULL), "net");
    REFUSED(SRNN_EISA, srnn_net_open(&net, "mmx"), "mmx");
    REFUSED(SRNN_EINVAL, srnn_net_open_on(NULL, k), "net");
    REFUSED(SRNN_EINVAL, srnn_net_open_on(&net, NULL), "kernels");
    must(srnn_net_open(&net, k->name));
    CHECK(!strcmp(srnn_net_isa(net), k->name));
    srnn_net_close(net);
    srnn_net_close(NULL);
    CHECK(srnn_net_isa(NULL) == NULL);
    CHECK(srnn_net_nodes(NULL) == 0 && srnn_net_params(NULL) == 0);
    CHECK(srnn_net_find(NULL, "x") == -1);
    CHECK(srnn_cell_name(SRNN_CELL_KINDS) == NULL);
    CHECK(srnn_cell_name((srnn_cell_kind)-1) == NULL);
    REFUSED(SRNN_EINVAL, srnn_net_init(NULL, 1), "net");
    REFUSED(SRNN_EINVAL, srnn_net_pack(NULL), "net");
}

/* x (3 reals), s (5 symbols), l (linear, 5), and no loss yet. */
typedef struct graph {
    srnn_net *net;
    srnn_node x, s, l;
} graph;

static graph graph_open(const srnn_kernels *k)
{
    graph g;

    must(srnn_net_open_on(&g.net, k));
    must(srnn_net_input(g.net, "x", 3, &g.x));
    must(srnn_net_tokens(g.net, "s", 5, &g.s));
    must(srnn_net_linear(g.net, "l", g.x, 5, &g.l));
    return g;
}

static void unchanged(const graph *g, size_t nodes, size_t params)
{
    CHECK(srnn_net_nodes(g->net) == nodes);
    CHECK(srnn_net_params(g->net) == params);
}

static void names(const srnn_kernels *k)
{
    static const char *const bad[] = {
        "", "a b", "a/b", "a\n", "\xc3\xa4",
        "a23456789012345678901234567890123456789012345678"};
    graph g = graph_open(k);
    srnn_node id = 77;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        REFUSED(SRNN_EINVAL, srnn_net_input(g.net, bad[i], 3, &id), "name",
                "47");
        REFUSED(SRNN_EINVAL, srnn_net_linear(g.net, bad[i], g.x, 3, &id),
                "name");
    }
    REFUSED(SRNN_EINVAL, srnn_net_input(g.net, "x", 3, &id), "'x'", "node 0");
    REFUSED(SRNN_EINVAL, srnn_net_linear(g.net, "x", g.x, 3, &id), "'x'");
    REFUSED(SRNN_EINVAL, srnn_net_input(g.net, NULL, 3, &id), "name");
    REFUSED(SRNN_EINVAL, srnn_net_tokens(g.net, NULL, 3, &id), "name");
    CHECK(id == 77);
    unchanged(&g, 3, 2);
    must(srnn_net_input(
        g.net, "a2345678901234567890123456789012345678901234567", 1, &id));
    must(srnn_net_input(g.net, "A-b_c.9", 1, NULL));
    srnn_net_close(g.net);
}

static void shapes(const srnn_kernels *k)
{
    const size_t huge = (size_t)INT32_MAX;
    graph g = graph_open(k);
    srnn_node id = 77, wide;

    REFUSED(SRNN_EINVAL, srnn_net_input(NULL, "a", 3, &id), "net");
    REFUSED(SRNN_EINVAL, srnn_net_tokens(NULL, "a", 3, &id), "net");
    REFUSED(SRNN_ESHAPE, srnn_net_input(g.net, "a", 0, &id), "'a'", "0");
    REFUSED(SRNN_ESHAPE, srnn_net_input(g.net, "a", huge + 1, &id),
            "2147483648");
    REFUSED(SRNN_ESHAPE, srnn_net_tokens(g.net, "a", 0, &id), "0");
    REFUSED(SRNN_ESHAPE, srnn_net_linear(g.net, "a", g.x, 0, &id), "0");
    REFUSED(SRNN_ESHAPE, srnn_net_embedding(g.net, "a", g.s, 0, &id), "0");
    CHECK(id == 77);
    unchanged(&g, 3, 2);
    must(srnn_net_input(g.net, "wide", huge, &wide));
    REFUSED(SRNN_ESHAPE, srnn_net_linear(g.net, "a", wide, huge, &id),
            "a.weight", "2147483647");
    CHECK(id == 77);
    unchanged(&g, 4, 2);
    srnn_net_close(g.net);
}

static void inputs(const srnn_kernels *k)
{
    graph g = graph_open(k);
    srnn_node id = 77;

    REFUSED(SRNN_EINVAL, srnn_net_linear(NULL, "a", 0, 3, &id), "net");
    REFUSED(SRNN_EINVAL, srnn_net_linear(g.net, "a", -1, 3, &id), "-1", "3");
    REFUSED(SRNN_EINVAL, srnn_net_linear(g.net, "a", 99, 3, &id), "99", "3");
    REFUSED(SRNN_EINVAL, srnn_net_linear(g.net, "a", g.s, 3, &id), "'s'");
    REFUSED(SRNN_EINVAL, srnn_net_embedding(NULL, "a", 0, 3, &id), "net");
    REFUSED(SRNN_EINVAL, srnn_net_embedding(g.net, "a", 3, 3, &id), "3");
    REFUSED(SRNN_EINVAL, srnn_net_embedding(g.net, "a", g.x, 3, &id), "'x'");
    CHECK(id == 77);
    unchanged(&g, 3, 2);
    srnn_net_close(g.net);
}

static void cells(const srnn_kernels *k)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    graph g = graph_open(k);
    srnn_node id = 77;

    CHECK(c.cell == SRNN_LSTM && c.layers == 1 && c.hidden == 0);
    REFUSED(SRNN_ESHAPE, srnn_net_recurrent(g.net, "a", g.x, &c, &id),
            "hidden", "0");
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(g.net, "a", g.x, NULL, &id),
            "config");
    c.hidden = (size_t)INT32_MAX;
    REFUSED(SRNN_ESHAPE, srnn_net_recurrent(g.net, "a", g.x, &c, &id),
            "hidden", "2147483647");
    c.hidden = 3;
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(NULL, "a", g.x, &c, &id), "net");
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(g.net, NULL, g.x, &c, &id),
            "name");
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(g.net, "l", g.x, &c, &id), "'l'");
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(g.net, "a", 99, &c, &id), "99");
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(g.net, "a", -1, &c, &id), "-1");
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(g.net, "a", g.s, &c, &id), "'s'");
    c.layers = 0;
    REFUSED(SRNN_ESHAPE, srnn_net_recurrent(g.net, "a", g.x, &c, &id),
            "layers", "0");
    c.layers = 1025;
    REFUSED(SRNN_ESHAPE, srnn_net_recurrent(g.net, "a", g.x, &c, &id),
            "layers", "1025", "1024");
    c.layers = 1;
    c.cell = SRNN_CELL_KINDS;
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(g.net, "a", g.x, &c, &id), "cell",
            "5");
    c.cell = (srnn_cell_kind)-1;
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(g.net, "a", g.x, &c, &id), "cell",
            "-1");
    CHECK(id == 77);
    unchanged(&g, 3, 2);
    srnn_net_close(g.net);
}

static void losses(const srnn_kernels *k)
{
    srnn_recurrent_config c = {.cell = SRNN_GRU, .hidden = 3,
                               .layers = 1};
    graph g = graph_open(k);
    srnn_node id = 77, t;

    must(srnn_net_tokens(g.net, "t", 4, &t));
    REFUSED(SRNN_EINVAL, srnn_net_cross_entropy(NULL, "e", 0, 0, &id), "net");
    REFUSED(SRNN_EINVAL, srnn_net_cross_entropy(g.net, "e", 9, g.s, &id), "9");
    REFUSED(SRNN_EINVAL, srnn_net_cross_entropy(g.net, "e", g.l, -3, &id),
            "-3");
    REFUSED(SRNN_EINVAL, srnn_net_cross_entropy(g.net, "e", g.s, g.s, &id),
            "'s'");
    REFUSED(SRNN_EINVAL, srnn_net_cross_entropy(g.net, "e", g.l, g.x, &id),
            "'x'");
    REFUSED(SRNN_ESHAPE, srnn_net_cross_entropy(g.net, "e", g.l, t, &id), "5",
            "4");
    CHECK(id == 77);
    unchanged(&g, 4, 2);
    must(srnn_net_cross_entropy(g.net, "e", g.l, g.s, &id));
    REFUSED(SRNN_EINVAL, srnn_net_cross_entropy(g.net, "f", id, g.s, NULL),
            "'e'");
    REFUSED(SRNN_EINVAL, srnn_net_loss_weight(NULL, id, 1), "net");
    REFUSED(SRNN_EINVAL, srnn_net_loss_weight(g.net, g.l, 1), "node 2");
    REFUSED(SRNN_EINVAL, srnn_net_loss_weight(g.net, id, 0), "'e'", "is 0");
    REFUSED(SRNN_EINVAL, srnn_net_loss_weight(g.net, id, NAN), "'e'", "nan");
    REFUSED(SRNN_EINVAL, srnn_net_linear(g.net, "f", id, 3, NULL), "'e'");
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(g.net, "f", id, &c, NULL), "'e'");
    REFUSED(SRNN_EINVAL, srnn_net_embedding(g.net, "f", id, 3, NULL), "'e'");
    unchanged(&g, 5, 2);
    srnn_net_close(g.net);
}

static void looking(const srnn_kernels *k)
{
    graph g = graph_open(k);
    srnn_node_info info;
    srnn_tensor p;

    REFUSED(SRNN_EINVAL, srnn_net_node(NULL, 0, &info), "net");
    REFUSED(SRNN_EINVAL, srnn_net_node(g.net, 0, NULL), "info");
    REFUSED(SRNN_EINVAL, srnn_net_node(g.net, -1, &info), "-1", "3");
    REFUSED(SRNN_EINVAL, srnn_net_node(g.net, 3, &info), "3");
    REFUSED(SRNN_EINVAL, srnn_net_param(NULL, 0, &p), "net");
    REFUSED(SRNN_EINVAL, srnn_net_param(g.net, 0, NULL), "param");
    REFUSED(SRNN_EINVAL, srnn_net_param(g.net, 2, &p), "2 of 2");
    CHECK(srnn_net_find(g.net, "nobody") == -1);
    CHECK(srnn_net_find(g.net, NULL) == -1);
    must(srnn_net_node(g.net, g.l, &info));
    CHECK(!strcmp(info.name, "l") && !strcmp(info.kind, "linear"));
    CHECK(info.features == 5 && info.inputs == 1 && info.input[0] == g.x);
    must(srnn_net_param(g.net, 0, &p));
    CHECK(!strcmp(p.name, "l.weight") && p.rank == 2 && p.count == 15);
    CHECK(p.shape[0] == 5 && p.shape[1] == 3);
    srnn_net_close(g.net);
}

/* While a session is open the graph stays as it is. */
static void in_use(const srnn_kernels *k)
{
    const srnn_session_config config = srnn_session_default();
    const srnn_recurrent_config c = {.cell = SRNN_GRU, .hidden = 3,
                                     .layers = 1};
    graph g = graph_open(k);
    srnn_session *s;
    srnn_node id = 77;

    must(srnn_session_open(&s, g.net, &config));
    REFUSED(SRNN_ESTATE, srnn_net_input(g.net, "a", 3, &id), "'a'", "1 open");
    REFUSED(SRNN_ESTATE, srnn_net_tokens(g.net, "a", 3, &id), "'a'");
    REFUSED(SRNN_ESTATE, srnn_net_embedding(g.net, "a", g.s, 3, &id), "'a'");
    REFUSED(SRNN_ESTATE, srnn_net_linear(g.net, "a", g.x, 3, &id), "'a'");
    REFUSED(SRNN_ESTATE, srnn_net_recurrent(g.net, "a", g.x, &c, &id), "'a'");
    REFUSED(SRNN_ESTATE, srnn_net_cross_entropy(g.net, "a", g.l, g.s, &id),
            "'a'");
    CHECK(id == 77);
    unchanged(&g, 3, 2);
    srnn_session_close(s);
    must(srnn_net_input(g.net, "a", 3, &id));
    srnn_net_close(g.net);
}

/* The factor on the learning rate at the corners of its formula. */
static void schedules(void)
{
    srnn_schedule s = {SRNN_LINEAR, 4, 10, 0.25};
    const double pi = 3.14159265358979323846;

    CHECK(srnn_schedule_at(NULL, 3) == 1);
    CHECK(srnn_schedule_at(&s, 0) == 0.25 && srnn_schedule_at(&s, 3) == 1);
    CHECK(srnn_schedule_at(&s, 4) == 1 && srnn_schedule_at(&s, 9) == 0.625);
    CHECK(srnn_schedule_at(&s, 14) == 0.25);
    CHECK(srnn_schedule_at(&s, UINT64_MAX) == 0.25);
    s.kind = SRNN_COSINE;
    CHECK(fabs(srnn_schedule_at(&s, 9) - 0.625) < 1e-15);
    CHECK(fabs(srnn_schedule_at(&s, 5) -
               (0.25 + 0.75 * (1 + cos(pi / 10)) / 2)) < 1e-15);
    s.kind = SRNN_STEP;
    CHECK(srnn_schedule_at(&s, 13) == 1 && srnn_schedule_at(&s, 14) == 0.25);
    CHECK(srnn_schedule_at(&s, 24) == 0.0625);
    s.kind = SRNN_CONSTANT;
    CHECK(srnn_schedule_at(&s, 1) == 0.5 && srnn_schedule_at(&s, 99) == 1);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"api/statuses", NULL, statuses}, {"api/schedules", NULL, schedules},
        {"api/opening", opening, NULL},   {"api/names", names, NULL},
        {"api/shapes", shapes, NULL},     {"api/inputs", inputs, NULL},
        {"api/cells", cells, NULL},       {"api/losses", losses, NULL},
        {"api/looking", looking, NULL},   {"api/in-use", in_use, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
