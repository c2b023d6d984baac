/* Activations, clip and one bias of recurrent nodes: every refusal by name and
 * number with nothing changed, what a node tells of itself, and that what is
 * said twice is the same net: an own activation that is named, a candidate's
 * recurrent bias that is 0. */
#include "net_case.h"
#include "numbers.h"
#include "phi.h"
#include "record.h"
#include "refuse.h"

#include <math.h>
#include <string.h>

typedef struct graph {
    srnn_net *net;
    srnn_node x;
} graph;

static graph graph_open(const srnn_kernels *k)
{
    graph g;

    must(srnn_net_open_on(&g.net, k));
    must(srnn_net_input(g.net, "x", 3, &g.x));
    return g;
}

static srnn_recurrent_config config_of(srnn_cell_kind cell)
{
    srnn_recurrent_config c = srnn_recurrent_default();

    c.cell = cell;
    c.hidden = 4;
    return c;
}

static void refusals(const srnn_kernels *k)
{
    static const srnn_activation_kind has_a[] = {
        SRNN_ACT_AFFINE, SRNN_ACT_LEAKY_RELU, SRNN_ACT_THRESHOLDED_RELU,
        SRNN_ACT_SCALED_TANH, SRNN_ACT_HARD_SIGMOID, SRNN_ACT_ELU};
    graph g = graph_open(k);
    srnn_recurrent_config c = config_of(SRNN_GRU);
    srnn_node id = 77;

#define ADD srnn_net_recurrent(g.net, "a", g.x, &c, &id)
    c.activation[1].kind = SRNN_ACT_KINDS;
    REFUSED(SRNN_EINVAL, ADD, "'a'", "activation 1", "14 of 14");
    c.activation[1].kind = (srnn_activation_kind)-1;
    REFUSED(SRNN_EINVAL, ADD, "'a'", "activation 1", "-1 of 14");
    c.activation[1].kind = SRNN_ACT_OWN;
    REFUSED(SRNN_EINVAL, ADD, "'a'", "activation 1", "own is NULL");
    for (size_t i = 0; i < sizeof has_a / sizeof *has_a; i++) {
        c.activation[1] = (srnn_activation){.kind = has_a[i], .a = NAN};
        REFUSED(SRNN_EINVAL, ADD, "a of activation 1", "nan", "normal");
        c.activation[1].a = INFINITY;
        REFUSED(SRNN_EINVAL, ADD, "a of activation 1", "inf", "normal");
        c.activation[1].a = 0x1p-140f;
        REFUSED(SRNN_EINVAL, ADD, "a of activation 1", "7.17465e-43");
    }
    c.activation[1] = (srnn_activation){.kind = SRNN_ACT_LEAKY_RELU, .a = -1};
    REFUSED(SRNN_EINVAL, ADD, "leaky relu", "-1", "0 or more");
    c.activation[1].kind = SRNN_ACT_THRESHOLDED_RELU;
    REFUSED(SRNN_EINVAL, ADD, "thresholded relu", "-1", "0 or more");
    c.activation[1].kind = SRNN_ACT_ELU;
    REFUSED(SRNN_EINVAL, ADD, "elu", "-1", "0 or more");
    c.activation[1] = (srnn_activation){.kind = SRNN_ACT_AFFINE, .a = -1,
                                        .b = INFINITY};
    REFUSED(SRNN_EINVAL, ADD, "b of activation 1 (affine)", "inf");
    c = config_of(SRNN_GRU);
    c.activation[2].kind = SRNN_ACT_RELU;
    REFUSED(SRNN_EINVAL, ADD, "activation 2", "gru takes 2");
    c = config_of(SRNN_RNN_RELU);
    c.activation[1].kind = SRNN_ACT_RELU;
    REFUSED(SRNN_EINVAL, ADD, "activation 1", "rnn_relu takes 1");
    c = config_of(SRNN_GRU_BEFORE);
    c.clip = -0.5;
    REFUSED(SRNN_EINVAL, ADD, "clip is -0.5");
    c.clip = NAN;
    REFUSED(SRNN_EINVAL, ADD, "clip is nan");
    c.clip = INFINITY;
    REFUSED(SRNN_EINVAL, ADD, "clip is inf");
    c.clip = 1e39; /* infinite as a float */
    REFUSED(SRNN_EINVAL, ADD, "clip is 1e+39");
    c.clip = 1e-50; /* 0 as one */
    REFUSED(SRNN_EINVAL, ADD, "clip is 1e-50");
    c = config_of(SRNN_RNN_TANH);
    c.one_bias = 1;
    REFUSED(SRNN_EINVAL, ADD, "one_bias is 1", "rnn_tanh");
    c = config_of(SRNN_LSTM);
    c.one_bias = 1;
    REFUSED(SRNN_EINVAL, ADD, "one_bias is 1", "lstm");
#undef ADD
    CHECK(id == 77);
    CHECK(srnn_net_nodes(g.net) == 1 && srnn_net_params(g.net) == 0);
    srnn_net_close(g.net);
}

static void looking(const srnn_kernels *k)
{
    graph g = graph_open(k);
    srnn_recurrent_config c = config_of(SRNN_GRU);
    srnn_node_info info;
    srnn_tensor p;
    srnn_node id;

    c.activation[0] = phis[PHIS - 1].act;
    c.activation[1] =
        (srnn_activation){.kind = SRNN_ACT_AFFINE, .a = -2, .b = .5f};
    c.clip = 3;
    c.one_bias = 1;
    must(srnn_net_recurrent(g.net, "a", g.x, &c, &id));
    must(srnn_net_node(g.net, id, &info));
    CHECK(!strcmp(info.kind, "gru"));
    CHECK(info.recurrent.activation[0].own == phi_own);
    CHECK(info.recurrent.activation[1].kind == SRNN_ACT_AFFINE);
    CHECK(info.recurrent.activation[1].a == -2);
    CHECK(info.recurrent.activation[2].kind == SRNN_ACT_DEFAULT);
    CHECK(info.recurrent.clip == 3 && info.recurrent.one_bias == 1);
    must(srnn_net_param(g.net, 3, &p));
    CHECK(!strcmp(p.name, "a.bias_hh_l0") && p.rank == 1 && p.shape[0] == 8);
    srnn_net_close(g.net);
}

/* ---- the same net in two ways -------------------------------------------- */

static size_t differing(const srnn_kernels *k, const net_case *a,
                        const net_case *b, const char **where)
{
    const how w = {.seed = 9, .threads = 1};
    record one = {0}, two = {0};
    net_data d;
    size_t n;

    data_seed(3);
    case_data(&d, a);
    record_forward(&one, k, &d, &w);
    record_backward(&one, k, &d, &w, 2);
    d.c = *b;
    record_forward(&two, k, &d, &w);
    record_backward(&two, k, &d, &w, 2);
    n = record_differing(&one, &two, where);
    record_free(&one);
    record_free(&two);
    case_free(&d);
    return n;
}

/* Own activations by name change nothing; a clip that no pre-activation
 * reaches runs the tiles of any phi, and changes no bit on a vector rung: the
 * kernels are compositions of the same operations. */
static void named(const srnn_kernels *k)
{
    static const char *const own[CASE_CELLS][3] = {
        {"tanh"}, {"relu"}, {"sigmoid", "tanh", "tanh"},
        {"sigmoid", "tanh"}, {"sigmoid", "tanh"},
        {"sigmoid", "tanh"}, {"sigmoid", "tanh"}};

    for (size_t i = 0; i < CASE_CELLS; i++) {
        net_case c = {.layers = 2, .steps = 5, .batch = 3, .in = 7,
                      .hidden = 19, .classes = 5}, n;
        const char *where;

        case_cell(&c, i);
        n = c;
        for (size_t role = 0; role < 3 && own[i][role]; role++)
            n.act[role] = case_phi(own[i][role]);
        CHECK_SAYS(!differing(k, &c, &n, &where), "%s: %s", case_cell_name(&n),
                   where);
        n.clip = 1000;
        CHECK_SAYS(!strcmp(k->name, "scalar") || !differing(k, &c, &n, &where),
                   "%s: %s", case_cell_name(&n), where);
        n.clip = 0.1;
        CHECK(differing(k, &c, &n, &where) > 0);
    }
}

/* Two nets with the same weights, d_n = 0 in the one, left out in the other:
 * the same outputs and gradients. */
static void one_bias(const srnn_kernels *k)
{
    for (size_t i = 3; i < CASE_CELLS; i++) {
        net_case c = {.layers = 2, .steps = 5, .batch = 3, .in = 7,
                      .hidden = 19, .classes = 5}, n;
        record r[2] = {{0}, {0}};
        srnn_net *net[2];
        net_data d;
        const char *where;

        case_cell(&c, i);
        n = c;
        n.one_bias = 1;
        case_data(&d, &c);
        net[0] = case_net(k, &c);
        net[1] = case_net(k, &n);
        for (size_t p = 0; p < srnn_net_params(net[0]); p++) {
            srnn_tensor from, to;

            must(srnn_net_param(net[0], p, &from));
            must(srnn_net_param(net[1], p, &to));
            memcpy(to.data, from.data, to.count * sizeof *to.data);
            memset(from.data + to.count, 0,
                   (from.count - to.count) * sizeof *to.data);
        }
        for (size_t m = 0; m < 2; m++) {
            srnn_trainer *t;
            srnn_array in[2];
            double loss;

            must(srnn_net_pack(net[m]));
            t = case_trainer(net[m], &c, 1);
            case_inputs(&d, net[m], in);
            case_trainer_states(t, &d);
            must(srnn_trainer_backward(t, c.steps, in, 2, &loss));
            record_double(&r[m], "loss", loss);
            record_gradients(&r[m], t);
            srnn_trainer_close(t);
            srnn_net_close(net[m]);
        }
        for (size_t p = 0; p < r[0].count; p++) /* of d_n there is none */
            if (r[0].part[p].n == 3 * c.hidden && r[1].part[p].n < 3 * c.hidden)
                r[0].part[p].n = r[1].part[p].n;
        CHECK_SAYS(!record_differing(&r[0], &r[1], &where), "%s: %s",
                   case_cell_name(&n), where);
        CHECK(r[0].count > 8);
        record_free(&r[0]);
        record_free(&r[1]);
        case_free(&d);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"variants/refusals", refusals, NULL},
        {"variants/looking", looking, NULL},
        {"variants/named", named, NULL},
        {"variants/one-bias", one_bias, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
