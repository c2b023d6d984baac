/* Nodes that join, reduce over time and share a weight, and losses of real
 * targets, against examples worked by hand in small numbers, which floats hold
 * exactly. */
#include "check.h"
#include "net_case.h"

#include <math.h>
#include <string.h>

enum { STEPS = 3, BATCH = 3 };

static const size_t lengths[BATCH] = {3, 2, 0};

/* [T][B][2]; what does not exist is NaN and must not be read. */
static const float x_data[STEPS * BATCH * 2] = {
    1, 10, 3,   -1,  NAN, NAN, /* step 0 */
    2, 20, 5,   -3,  NAN, NAN,
    4, 60, NAN, NAN, NAN, NAN,
};

static srnn_net *net_with_x(const srnn_kernels *k, srnn_node *x)
{
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", 2, x));
    return net;
}

static void forward(const srnn_net *net, srnn_node x, srnn_node node, float *y)
{
    const srnn_array in = {.node = x, .data = (float *)x_data};
    const srnn_array out = {.node = node, .data = y};
    srnn_session_config config = srnn_session_default();
    srnn_session *s;

    config.batch = BATCH;
    must(srnn_session_open(&s, net, &config));
    must(srnn_session_lengths(s, lengths));
    must(srnn_session_forward(s, STEPS, &in, 1, &out, 1));
    srnn_session_close(s);
}

static void equal(const char *what, const float *y, const float *want,
                  size_t n)
{
    for (size_t j = 0; j < n; j++)
        CHECK_SAYS(y[j] == want[j], "%s [%zu]: %.9g, not %.9g", what, j, y[j],
                   want[j]);
}

/* ---- join ---------------------------------------------------------------- */

static void join(const srnn_kernels *k)
{
    static const float sum[] = {3, 30, 9, -3, 0, 0, 6, 60, 15,
                                -9, 0, 0, 12, 180, 0, 0, 0, 0};
    float y[STEPS * BATCH * 4], pair[STEPS * BATCH * 4] = {0};
    srnn_node x, id;
    srnn_net *net = net_with_x(k, &x);

    must(srnn_net_add(net, "sum", (srnn_node[]){x, x, x}, 3, &id));
    forward(net, x, id, y);
    equal("x + x + x", y, sum, STEPS * BATCH * 2);
    must(srnn_net_concat(net, "pair", (srnn_node[]){x, id}, 2, &id));
    forward(net, x, id, y);
    for (size_t r = 0; r < STEPS * BATCH; r++)
        for (size_t j = 0; j < 2; j++) {
            pair[4 * r + j] = sum[2 * r + j] / 3;
            pair[4 * r + 2 + j] = sum[2 * r + j];
        }
    equal("[x | 3 x]", y, pair, STEPS * BATCH * 4);
    srnn_net_close(net);
}

/* ---- over time ----------------------------------------------------------- */

typedef srnn_status reduce_fn(srnn_net *net, const char *name,
                              srnn_node input, srnn_node *node);

/* The loss is the mean of two squares, of sequence 1 alone: with targets that
 * leave differences of 1 and 1/2 the gradient of the row is (1, 1/2). */
static void reduce_back(const srnn_kernels *k, reduce_fn *reduce,
                        const float *row, const float *dx)
{
    float target[BATCH * 2] = {NAN, NAN, row[0] - 1, row[1] - 0.5f, NAN, NAN};
    srnn_trainer_config config = srnn_trainer_default();
    srnn_node x, t, id;
    srnn_net *net = net_with_x(k, &x);
    srnn_array in[2];
    srnn_trainer *trainer;
    srnn_tensor g;
    double loss;

    must(srnn_net_input_on(net, SRNN_BATCH, "t", 2, &t));
    must(reduce(net, "row", x, &id));
    must(srnn_net_squared_error(net, "loss", id, t, NULL));
    config.batch = BATCH;
    config.input_gradients = 1;
    must(srnn_trainer_open(&trainer, net, &config));
    must(srnn_trainer_lengths(trainer, lengths));
    in[0] = (srnn_array){.node = x, .data = (float *)x_data};
    in[1] = (srnn_array){.node = t, .data = target};
    must(srnn_trainer_backward(trainer, STEPS, in, 2, &loss));
    CHECK(loss == (1 + 0.25) / 2);
    must(srnn_trainer_input_gradient(trainer, x, &g));
    equal("dx", g.data, dx, STEPS * BATCH * 2);
    srnn_trainer_close(trainer);
    srnn_net_close(net);
}

static void over_time(const srnn_kernels *k)
{
    static const struct {
        const char *name;
        reduce_fn *reduce;
        float y[BATCH * 2];
        float dx[STEPS * BATCH * 2]; /* of sequence 1 */
    } all[] = {
        {"first",
         srnn_net_first,
         {1, 10, 3, -1, 0, 0},
         {[2] = 1, [3] = 0.5f}},
        {"last",
         srnn_net_last,
         {4, 60, 5, -3, 0, 0},
         {[8] = 1, [9] = 0.5f}},
        {"mean",
         srnn_net_mean,
         {7 / 3.0f, 30, 4, -2, 0, 0},
         {[2] = 0.5f, [3] = 0.25f, [8] = 0.5f, [9] = 0.25f}},
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        float y[BATCH * 2];
        srnn_node x, id;
        srnn_net *net = net_with_x(k, &x);
        srnn_node_info info;

        must(all[i].reduce(net, "row", x, &id));
        must(srnn_net_node(net, id, &info));
        CHECK(!strcmp(info.kind, all[i].name) && info.axis == SRNN_BATCH);
        forward(net, x, id, y);
        equal(all[i].name, y, all[i].y, BATCH * 2);
        srnn_net_close(net);
        reduce_back(k, all[i].reduce, all[i].y + 2, all[i].dx);
    }
}

/* ---- tied ---------------------------------------------------------------- */

/* W = [1 2; 3 4; 5 6], symbol 1: x = (3, 4), W x = (11, 25, 39). With targets
 * that leave 3, 0 and -3/2 the gradient of the logits is d = (2, 0, -1), that
 * of W is d x', and of its row 1 W' d = (-3, -2) more. */
static void tied(const srnn_kernels *k)
{
    static const float weight[] = {1, 2, 3, 4, 5, 6}, bias[] = {1, 2, 3};
    static const float dw[] = {6, 8, -3, -2, -3, -4}, db[] = {2, 0, -1};
    static const int32_t symbol = 1;
    float target[] = {11 + 1 - 3, 25 + 2, 39 + 3 + 1.5f};
    const srnn_trainer_config config = srnn_trainer_default();
    srnn_trainer *trainer;
    srnn_node w, e, id, t;
    srnn_node_info info;
    srnn_array in[2];
    srnn_net *net;
    srnn_tensor p;
    double loss;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_tokens(net, "w", 3, &w));
    must(srnn_net_embedding(net, "e", w, 2, &e));
    must(srnn_net_tied(net, "logits", e, e, &id));
    must(srnn_net_node(net, id, &info));
    CHECK(!strcmp(info.kind, "tied") && info.features == 3 && info.tied == e);
    CHECK(srnn_net_params(net) == 2);
    must(srnn_net_input(net, "t", 3, &t));
    must(srnn_net_squared_error(net, "loss", id, t, NULL));
    must(srnn_net_param(net, 0, &p));
    memcpy(p.data, weight, sizeof weight);
    must(srnn_net_param(net, 1, &p));
    memcpy(p.data, bias, sizeof bias);
    must(srnn_net_pack(net));
    must(srnn_trainer_open(&trainer, net, &config));
    in[0] = (srnn_array){.node = w, .tokens = &symbol};
    in[1] = (srnn_array){.node = t, .data = target};
    must(srnn_trainer_backward(trainer, 1, in, 2, &loss));
    CHECK(loss == (9 + 2.25) / 3);
    must(srnn_trainer_gradient(trainer, 0, &p));
    equal("dW", p.data, dw, 6);
    must(srnn_trainer_gradient(trainer, 1, &p));
    equal("db", p.data, db, 3);
    srnn_trainer_close(trainer);
    srnn_net_close(net);
}

/* ---- losses -------------------------------------------------------------- */

typedef srnn_status loss_fn(srnn_net *net, const char *name, srnn_node input,
                            srnn_node targets, srnn_node *node);

/* The loss and the gradient of x, one sequence of two steps of two. */
static double loss_of(const srnn_kernels *k, loss_fn *add, const float *x,
                      const float *target, size_t *count, float *dx)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_trainer *trainer;
    srnn_node in_x, t;
    srnn_array in[2];
    srnn_net *net = net_with_x(k, &in_x);
    srnn_node id;
    srnn_tensor g;
    double loss;

    must(srnn_net_input(net, "t", 2, &t));
    must(add(net, "loss", in_x, t, &id));
    config.input_gradients = 1;
    must(srnn_trainer_open(&trainer, net, &config));
    in[0] = (srnn_array){.node = in_x, .data = (float *)x};
    in[1] = (srnn_array){.node = t, .data = (float *)target};
    must(srnn_trainer_backward(trainer, 2, in, 2, &loss));
    must(srnn_trainer_loss_of(trainer, id, NULL, count));
    must(srnn_trainer_input_gradient(trainer, in_x, &g));
    memcpy(dx, g.data, 4 * sizeof *dx);
    CHECK(srnn_trainer_input_gradient(trainer, t, &g) == SRNN_ESTATE);
    srnn_trainer_close(trainer);
    srnn_net_close(net);
    return loss;
}

/* Three of four elements have targets, or none has. */
static void losses(const srnn_kernels *k)
{
    static const float none[] = {NAN, NAN, NAN, NAN};
    static const float x[] = {1, 2, 3, 4}, t[] = {0, NAN, 5, 3.5f};
    static const float dx[] = {2 / 3.0f, 0, -4 / 3.0f, 1 / 3.0f};
    static const float zeros[4];
    size_t count;
    float g[4];

    CHECK(loss_of(k, srnn_net_squared_error, x, t, &count, g) ==
          (1 + 4 + 0.25) / 3);
    CHECK(count == 3);
    /* 1/3, then its product with a small number: one rounding each at most */
    for (size_t j = 0; j < 4; j++)
        CHECK(fabsf(g[j] - dx[j]) <= 2 * 0x1p-24f * fabsf(dx[j]));
    CHECK(loss_of(k, srnn_net_squared_error, x, none, &count, g) == 0);
    CHECK(count == 0);
    equal("dx without targets", g, zeros, 4);
    CHECK(loss_of(k, srnn_net_sigmoid_cross_entropy, x, none, &count, g) == 0);
    equal("dx without targets", g, zeros, 4);
}

/* sigma(0) = 1/2, sigma(log 3) = 3/4: log 2, log 4, and log 2 of whatever
 * target between. Their mean is that of kernels.h's bound for rows of two:
 * (2 / 16 + 12) 2^-24; the gradients are off by 5 s + 2 |s - t|, 5.5 at most,
 * and 1/3 by one rounding. */
static void sigmoid(const srnn_kernels *k)
{
    static const float x[] = {0, 1.09861229f, 0, 7}, t[] = {1, 0, 0.25f, NAN};
    static const float dx[] = {-0.5f / 3, 0.75f / 3, 0.25f / 3, 0};
    const double want = 4 * log(2) / 3;
    size_t count;
    float g[4];
    const double loss =
        loss_of(k, srnn_net_sigmoid_cross_entropy, x, t, &count, g);

    CHECK(count == 3);
    CHECK_SAYS(fabs(loss - want) <= 12.125 * 0x1p-24 * want, "loss %.9g, not "
               "%.9g", loss, want);
    for (size_t j = 0; j < 4; j++)
        CHECK_SAYS(fabsf(g[j] - dx[j]) <= 6.5f * 0x1p-24f / 3 + 0x1p-24f / 4,
                   "dx [%zu]: %.9g, not %.9g", j, g[j], dx[j]);
    CHECK(g[3] == 0);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"nodes/join", join, NULL},     {"nodes/over-time", over_time, NULL},
        {"nodes/tied", tied, NULL},     {"nodes/losses", losses, NULL},
        {"nodes/sigmoid", sigmoid, NULL}, {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
