/* How the parameters of the LSTM's variants begin: which gate keeps the old
 * state, the bias of its own, and matrices that no plain cell has. */
#include "check.h"
#include "init_case.h"
#include "net_case.h"
#include "numbers.h"
#include "refuse.h"

#include <math.h>
#include <string.h>

enum { H = 9, P = 5 };

/* "x" -> "rnn", two layers of P outputs. */
static srnn_net *variant(const srnn_kernels *k, unsigned flags, double bias)
{
    const net_case c = {.cell = SRNN_LSTM, .layers = 2, .in = 3, .hidden = H,
                        .classes = 2, .lstm = flags, .projection = P,
                        .forget_bias = bias};

    return case_net(k, &c);
}

static const float *values(const srnn_net *net, const char *name)
{
    return init_param(net, name).data;
}

/* The gates of a bias but `own`, and `other` unless it is own, as they are in
 * the plain net. */
static void rest_as(const srnn_net *net, const srnn_net *plain,
                    const char *name, size_t own, size_t other)
{
    const srnn_tensor b = init_param(net, name);

    for (size_t g = 0; g < b.count / H; g++)
        if (g != own && g != other)
            CHECK(!bits_differing(b.data + g * H, values(plain, name) + g * H,
                                  H));
}

/* ---- the gate that keeps ------------------------------------------------- */

static void forget_gates(const srnn_kernels *k)
{
    static const struct {
        unsigned flags;
        size_t f;
    } all[] = {{SRNN_LSTM_PEEPHOLES, 1},
               {SRNN_LSTM_NO_INPUT_GATE, 0},
               {SRNN_LSTM_NO_OUTPUT_GATE, 1}};

    for (size_t i = 0; i < 3; i++) {
        srnn_net *net = variant(k, all[i].flags, 0);
        srnn_net *plain = variant(k, all[i].flags, 0);
        const float *b = values(net, "rnn.bias_ih_l1") + all[i].f * H;
        const float *d = values(net, "rnn.bias_hh_l1") + all[i].f * H;
        srnn_init c = srnn_init_default();

        must(srnn_net_init(plain, 4));
        c.forget = SRNN_FORGET_CONSTANT;
        c.forget_value = 1.5;
        must(srnn_net_init_with(net, &c, 4));
        init_all_are(b, H, 1.5f, "b");
        init_all_are(d, H, 0, "d");
        rest_as(net, plain, "rnn.bias_ih_l1", all[i].f, all[i].f);
        rest_as(net, plain, "rnn.bias_hh_l1", all[i].f, all[i].f);
        c.forget = SRNN_FORGET_CHRONO;
        c.forget_value = 50;
        must(srnn_net_init_with(net, &c, 4));
        for (size_t j = 0; j < H; j++) {
            CHECK(b[j] > 0 && b[j] < log(49) * (1 + 4 * U));
            if (all[i].f == 1)
                CHECK(b[j] == -b[(ptrdiff_t)j - H]);
        }
        rest_as(net, plain, "rnn.bias_ih_l1", all[i].f, 0);
        rest_as(net, plain, "rnn.bias_hh_l1", all[i].f, 0);
        srnn_net_close(plain);
        srnn_net_close(net);
    }
}

/* Without a gate that keeps there is nothing to fill. */
static void none(const srnn_kernels *k)
{
    static const unsigned flags[] = {SRNN_LSTM_COUPLED,
                                     SRNN_LSTM_NO_FORGET_GATE};

    for (size_t i = 0; i < 2; i++) {
        srnn_net *net = variant(k, flags[i], 0);
        srnn_init c = srnn_init_default();

        c.forget = SRNN_FORGET_CONSTANT;
        REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "forget",
                "nothing to fill");
        srnn_net_close(net);
    }
}

/* forget_bias is added to what the biases begin with, not to what is kept, and
 * a value of `forget` takes its place. */
static void own_bias(const srnn_kernels *k)
{
    srnn_net *net = variant(k, 0, 2);
    const float *b = values(net, "rnn.bias_ih_l0");
    const float *d = values(net, "rnn.bias_hh_l0");
    srnn_init c = srnn_init_default();
    float kept[4 * H];

    c.biases = SRNN_INIT_ZERO;
    must(srnn_net_init_with(net, &c, 3));
    init_all_are(b, H, 0, "i");
    init_all_are(b + H, H, 2, "f");
    init_all_are(b + 2 * H, 2 * H, 0, "g, o");
    init_all_are(d, 4 * H, 0, "d");
    memcpy(kept, b, sizeof kept);
    c.biases = SRNN_INIT_KEEP;
    must(srnn_net_init_with(net, &c, 3));
    CHECK(!bits_differing(kept, b, 4 * H));
    c.forget = SRNN_FORGET_CONSTANT;
    c.forget_value = 0.5;
    must(srnn_net_init_with(net, &c, 3));
    init_all_are(b + H, H, 0.5f, "f");
    srnn_net_close(net);
}

/* ---- matrices ------------------------------------------------------------ */

/* The shorter side of each of the blocks of a matrix is orthonormal, times the
 * gain: as in cell_init.c, a product moves by 2 U gain^2 (1 + U). */
static void orthonormal(const srnn_net *net, const char *name, size_t blocks,
                        double gain)
{
    const srnn_tensor p = init_param(net, name);
    const size_t rows = p.shape[0] / blocks, cols = p.shape[1];
    const size_t few = rows > cols ? cols : rows;
    const size_t many = rows > cols ? rows : cols;
    const size_t step = rows > cols ? cols : 1, ld = rows > cols ? 1 : cols;
    worst seen = {0};

    for (size_t i = 0; i < blocks * few * few; i++) {
        const float *w = p.data + i / (few * few) * rows * cols;
        const size_t a = i / few % few, b = i % few;
        double sum = 0;

        for (size_t j = 0; j < many; j++)
            sum += (double)w[a * ld + j * step] * w[b * ld + j * step];
        worst_see(&seen, sum, a == b ? gain * gain : 0, 2.1 * U * gain * gain,
                  name, a, b);
    }
    worst_end(&seen, name);
}

/* The recurrent matrices of what is projected, of the gates before, and the
 * projection; peepholes begin as always. */
static void matrices(const srnn_kernels *k)
{
    const unsigned flags = SRNN_LSTM_PEEPHOLES | SRNN_LSTM_FULL_RECURRENCE;
    srnn_net *net = variant(k, flags, 0), *plain = variant(k, flags, 0);
    const srnn_tensor p = init_param(net, "rnn.peephole_l1");
    srnn_init c = srnn_init_default();

    must(srnn_net_init(plain, 6));
    c.recurrent = SRNN_INIT_ORTHOGONAL;
    c.recurrent_gain = 1.5;
    must(srnn_net_init_with(net, &c, 6));
    orthonormal(net, "rnn.weight_hh_l1", 4, 1.5);
    orthonormal(net, "rnn.weight_gh_l1", 1, 1.5);
    CHECK(!bits_differing(values(net, "rnn.weight_hr_l1"),
                          values(plain, "rnn.weight_hr_l1"), P * H));
    CHECK(!bits_differing(p.data, values(plain, "rnn.peephole_l1"), 3 * H));
    init_range(p.data, p.count, 1 / sqrt(H), "peephole");
    c.recurrent = SRNN_INIT_PYTORCH;
    c.weights = SRNN_INIT_ORTHOGONAL;
    must(srnn_net_init_with(net, &c, 6));
    orthonormal(net, "rnn.weight_hr_l1", 1, 1);
    srnn_net_close(plain);
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"init-lstm/forget-gates", forget_gates, NULL},
        {"init-lstm/none", none, NULL},
        {"init-lstm/own-bias", own_bias, NULL},
        {"init-lstm/matrices", matrices, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
