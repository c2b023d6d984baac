/* Biases of the gate that keeps the old state: constant, and chrono. */
#include "check.h"
#include "init_case.h"
#include "net_case.h"
#include "numbers.h"

#include <math.h>

/* The gates of a bias that are not gate 1 (nor the first, where skip says so)
 * hold what `other`, of the same shape, holds. */
static void rest_as(const float *b, const float *other, size_t gates, size_t h,
                    int first)
{
    for (size_t g = 0; g < gates; g++)
        if (g != 1 && (g || first))
            CHECK(!bits_differing(b + g * h, other + g * h, h));
}

static void forget_constant(const srnn_kernels *k)
{
    enum { H = 9 };

    for (int i = 0; i < 5; i++) {
        const srnn_cell_kind cell = i < 1   ? SRNN_LSTM
                                    : i < 3 ? SRNN_GRU
                                            : SRNN_GRU_BEFORE;
        const size_t gates = i ? 3 : 4;
        const int opposed = i == 2 || i == 4;
        srnn_net *net = init_net(k, cell, 3, H, opposed);
        srnn_net *plain = init_net(k, cell, 3, H, opposed);
        const float *b = init_param(net, "r.bias_ih_l1").data;
        const float *d = init_param(net, "r.bias_hh_l1").data;
        srnn_init c = srnn_init_default();

        must(srnn_net_init(plain, 4));
        c.forget = SRNN_FORGET_CONSTANT;
        c.forget_value = 1.5;
        must(srnn_net_init_with(net, &c, 4));
        init_all_are(b + H, H, opposed ? -1.5f : 1.5f, "b");
        init_all_are(d + H, H, 0, "d");
        rest_as(b, init_param(plain, "r.bias_ih_l1").data, gates, H, 1);
        rest_as(d, init_param(plain, "r.bias_hh_l1").data, gates, H, 1);
        srnn_net_close(plain);
        srnn_net_close(net);
    }
}

/* e^b is uniform in [1, T - 1]: its mean within five standard errors, (T - 2)
 * / sqrt(12 n) each, its range as of uniform draws. b itself is rounded: 3 U
 * of b at most, which e^b multiplies. */
static void chrono_bias(const float *b, size_t n, double longest)
{
    const double width = longest - 2, middle = longest / 2;
    float centred[999];

    CHECK(n <= 999);
    for (size_t j = 0; j < n; j++) {
        CHECK(b[j] >= 0 && b[j] <= log(longest - 1) * (1 + 4 * U));
        centred[j] = (float)(exp((double)b[j]) - middle);
    }
    init_moments(centred, n, width * width / 12, 1.8, "e^b");
    init_range(centred, n, width / 2 + 4 * U * longest * log(longest), "e^b");
}

static void forget_chrono(const srnn_kernels *k)
{
    enum { H = 333 };
    const double longest = 750;

    for (int i = 0; i < 3; i++) {
        const int lstm = i == 0, opposed = i == 2;
        srnn_net *net = init_net(k, lstm ? SRNN_LSTM : SRNN_GRU, 2, H, opposed);
        float *b = init_param(net, "r.bias_ih_l0").data;
        const float *d = init_param(net, "r.bias_hh_l0").data;
        const float *above = init_param(net, "r.bias_ih_l1").data;
        srnn_init c = srnn_init_default();

        c.biases = SRNN_INIT_ZERO;
        c.forget = SRNN_FORGET_CHRONO;
        c.forget_value = longest;
        must(srnn_net_init_with(net, &c, 5));
        CHECK(bits_differing(b + H, above + H, H) > H / 2);
        for (size_t j = 0; j < H; j++) {
            CHECK(b[j] == (lstm ? -b[H + j] : 0));
            b[H + j] = opposed ? -b[H + j] : b[H + j];
        }
        chrono_bias(b + H, H, longest);
        init_all_are(b + 2 * H, (lstm ? 2 : 1) * H, 0, "the other gates");
        init_all_are(d, (lstm ? 4 : 3) * H, 0, "bias_hh");
        c.forget_value = 2;
        must(srnn_net_init_with(net, &c, 5));
        init_all_are(b + H, H, 0, "the shortest");
        srnn_net_close(net);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"init/forget-constant", forget_constant, NULL},
        {"init/forget-chrono", forget_chrono, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
