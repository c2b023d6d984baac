/* Every refusal of what dropout and zoneout are told: the status, a message
 * that names the argument and the number, and nothing changed. */
#include "net_case.h"
#include "refuse.h"

#include <math.h>

static void rates(const srnn_kernels *k)
{
    static const struct {
        const char *what;
        size_t offset;
    } rate[] = {
        {"dropout", offsetof(srnn_recurrent_config, dropout)},
        {"dropout_input", offsetof(srnn_recurrent_config, dropout_input)},
        {"dropout_hidden", offsetof(srnn_recurrent_config, dropout_hidden)},
        {"zoneout_h", offsetof(srnn_recurrent_config, zoneout_h)},
        {"zoneout_c", offsetof(srnn_recurrent_config, zoneout_c)}};
    static const struct {
        double rate;
        const char *text;
    } bad[] = {{1, "is 1,"}, {-0.25, "-0.25"}, {NAN, "nan"}, {1.5, "1.5"}};
    srnn_recurrent_config c;
    srnn_net *net;
    srnn_node x;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", 3, &x));
    for (size_t i = 0; i < sizeof rate / sizeof *rate; i++)
        for (size_t j = 0; j < sizeof bad / sizeof *bad; j++) {
            c = srnn_recurrent_default();
            c.hidden = 4;
            *(double *)(void *)((char *)&c + rate[i].offset) = bad[j].rate;
            REFUSED(SRNN_EINVAL, srnn_net_recurrent(net, "r", x, &c, NULL),
                    "'r'", rate[i].what, bad[j].text);
        }
    CHECK(srnn_net_nodes(net) == 1 && srnn_net_params(net) == 0);
    srnn_net_close(net);
}

static void combinations(const srnn_kernels *k)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    srnn_net *net;
    srnn_node x;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", 3, &x));
    c.hidden = 4;
    c.cell = SRNN_GRU;
    c.zoneout_c = 0.1;
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(net, "r", x, &c, NULL), "'r'",
            "zoneout_c is 0.1", "gru");
    c.zoneout_c = 0;
    c.dropout = 0.2;
    c.dropout_input = 0.3;
    REFUSED(SRNN_EINVAL, srnn_net_recurrent(net, "r", x, &c, NULL), "'r'",
            "dropout 0.2", "dropout_input 0.3");
    CHECK(srnn_net_nodes(net) == 1 && srnn_net_params(net) == 0);
    srnn_net_close(net);
}

static void nodes(const srnn_kernels *k)
{
    srnn_dropout_config c = srnn_dropout_default();
    srnn_node x, s, node = 77;
    srnn_node_info info;
    srnn_net *net;

    CHECK(c.p == 0.5 && !c.once);
    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", 3, &x));
    must(srnn_net_tokens(net, "s", 5, &s));
    REFUSED(SRNN_EINVAL, srnn_net_dropout(net, "d", x, NULL, &node), "config");
    c.p = 1;
    REFUSED(SRNN_EINVAL, srnn_net_dropout(net, "d", x, &c, &node), "'d'",
            "p is 1");
    c.p = 0.25;
    REFUSED(SRNN_EINVAL, srnn_net_dropout(NULL, "d", x, &c, &node), "net");
    REFUSED(SRNN_EINVAL, srnn_net_dropout(net, "d", 9, &c, &node), "9");
    REFUSED(SRNN_EINVAL, srnn_net_dropout(net, "d", s, &c, &node), "'s'");
    CHECK(node == 77 && srnn_net_nodes(net) == 2);
    c.once = 1;
    must(srnn_net_dropout(net, "d", x, &c, &node));
    must(srnn_net_node(net, node, &info));
    CHECK(!strcmp(info.kind, "dropout") && info.features == 3);
    CHECK(info.dropout.p == 0.25 && info.dropout.once == 1);
    srnn_net_close(net);
}

static void trainers(const srnn_kernels *k)
{
    const net_case c = {.cell = SRNN_GRU, .layers = 1, .steps = 3, .batch = 2,
                        .in = 2, .hidden = 3, .classes = 2};
    srnn_net *net = case_net(k, &c);
    srnn_trainer *t = case_trainer(net, &c, 1);
    srnn_array in[2];
    net_data d;

    case_data(&d, &c);
    case_inputs(&d, net, in);
    REFUSED(SRNN_EINVAL, srnn_trainer_sequences(NULL, NULL, 0), "trainer");
    CHECK(srnn_trainer_step(NULL) == 0 && srnn_trainer_step(t) == 0);
    must(srnn_trainer_update(t, 3, in, 2, NULL));
    must(srnn_trainer_update(t, 2, in, 2, NULL));
    CHECK(srnn_trainer_step(t) == 5);
    must(srnn_trainer_sequences(t, NULL, (uint64_t)1 << 40));
    must(srnn_trainer_loss(t, 3, in, 2, NULL, NULL));
    CHECK(srnn_trainer_step(t) == (uint64_t)1 << 40);
    must(srnn_trainer_backward(t, 1, in, 2, NULL));
    CHECK(srnn_trainer_step(t) == ((uint64_t)1 << 40) + 1);
    srnn_trainer_reset(t);
    CHECK(srnn_trainer_step(t) == 0);
    case_free(&d);
    srnn_trainer_close(t);
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"masks/rates", rates, NULL},
        {"masks/combinations", combinations, NULL},
        {"masks/nodes", nodes, NULL},
        {"masks/trainers", trainers, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
