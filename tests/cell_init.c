/* Initialised matrices: ranges and moments within bounds derived from the
 * number of draws, orthonormality within the rounding of its floats, the
 * identity exactly. */
#include "check.h"
#include "init_case.h"
#include "net_case.h"
#include "numbers.h"

#include "cells/orthogonal.h"

#include <math.h>
#include <stdlib.h>

/* ---- moments ------------------------------------------------------------- */

enum { IN = 45, HIDDEN = 33 };

/* rows: of one gate's block. */
static void spread_of(const srnn_net *net, const char *name, size_t rows,
                      srnn_init_kind kind, double gain)
{
    const srnn_tensor p = init_param(net, name);
    const double fans = (double)(rows + p.shape[1]);

    if (kind == SRNN_INIT_XAVIER_UNIFORM) {
        init_moments(p.data, p.count, gain * gain * 2 / fans, 1.8, name);
        init_range(p.data, p.count, gain * sqrt(6 / fans), name);
    } else {
        init_moments(p.data, p.count,
                gain * gain * (kind == SRNN_INIT_NORMAL ? 1 : 2 / fans), 3,
                name);
    }
}

static void spreads(const srnn_kernels *k)
{
    static const srnn_init_kind kinds[] = {SRNN_INIT_XAVIER_UNIFORM,
                                           SRNN_INIT_XAVIER_NORMAL,
                                           SRNN_INIT_NORMAL};

    for (size_t i = 0; i < 3; i++) {
        srnn_net *net = init_net(k, SRNN_LSTM, IN, HIDDEN, 0);
        srnn_init c = init_matrices(kinds[i]);

        c.gain = 0.5;
        c.recurrent_gain = 3;
        must(srnn_net_init_with(net, &c, 11));
        spread_of(net, "r.weight_ih_l0", HIDDEN, kinds[i], 0.5);
        spread_of(net, "r.weight_hh_l0", HIDDEN, kinds[i], 3);
        spread_of(net, "r.weight_ih_l1", HIDDEN, kinds[i], 0.5);
        spread_of(net, "e.weight", 7, kinds[i], 0.5);
        spread_of(net, "l.weight", 5, kinds[i], 0.5);
        srnn_net_close(net);
    }
}

/* ---- orthogonal ---------------------------------------------------------- */

/* The inner products of the shorter side of a block [rows][cols], against
 * gain^2 times the unit matrix. Every float is within U of the exact matrix's,
 * so by Cauchy and Schwarz a product moves by 2 U gain^2 (1 + U). */
static void orthonormal(const float *w, size_t rows, size_t cols, double gain,
                        worst *seen)
{
    const int turned = rows > cols;
    const size_t few = turned ? cols : rows, many = turned ? rows : cols;
    const size_t step = turned ? cols : 1, ld = turned ? 1 : cols;

    for (size_t a = 0; a < few; a++)
        for (size_t b = 0; b <= a; b++) {
            double sum = 0;

            for (size_t j = 0; j < many; j++)
                sum += (double)w[a * ld + j * step] * w[b * ld + j * step];
            worst_see(seen, sum, a == b ? gain * gain : 0,
                      2.1 * U * gain * gain, "inner product", a, b);
        }
}

static void orthogonal_param(const srnn_net *net, const char *name,
                             size_t gates, double gain, worst *seen)
{
    const srnn_tensor p = init_param(net, name);
    const size_t rows = p.shape[0] / gates, cols = p.shape[1];

    for (size_t g = 0; g < gates; g++) {
        orthonormal(p.data + g * rows * cols, rows, cols, gain, seen);
        for (size_t h = 0; h < g && rows * cols > 4; h++)
            CHECK(bits_differing(p.data + g * rows * cols,
                                 p.data + h * rows * cols,
                                 rows * cols) > rows * cols / 2);
    }
}

static void orthogonal(const srnn_kernels *k)
{
    static const size_t hidden[] = {1, 2, 3, 5, 16, 33, 64};
    srnn_init c = init_matrices(SRNN_INIT_ORTHOGONAL);
    worst seen = {0}, spoiled = {0};
    srnn_tensor p;
    srnn_net *net;

    c.gain = 0.7;
    c.recurrent_gain = 1.25;
    for (size_t i = 0; i < 7; i++)
        for (size_t in = 1; in < 80; in += 23) {
            net = init_net(k, i % 2 ? SRNN_GRU : SRNN_LSTM, in, hidden[i], 0);
            must(srnn_net_init_with(net, &c, in));
            orthogonal_param(net, "r.weight_hh_l0", i % 2 ? 3 : 4, 1.25,
                             &seen);
            orthogonal_param(net, "r.weight_hh_l1", i % 2 ? 3 : 4, 1.25,
                             &seen);
            orthogonal_param(net, "r.weight_ih_l0", i % 2 ? 3 : 4, 0.7, &seen);
            orthogonal_param(net, "l.weight", 1, 0.7, &seen);
            orthogonal_param(net, "e.weight", 1, 0.7, &seen);
            srnn_net_close(net);
        }
    worst_end(&seen, "orthogonal");

    net = init_net(k, SRNN_RNN_TANH, 3, 16, 0); /* one element off: refused */
    must(srnn_net_init_with(net, &c, 1));
    p = init_param(net, "r.weight_hh_l0");
    p.data[37] += 1e-5f;
    orthonormal(p.data, 16, 16, 1.25, &spoiled);
    CHECK(spoiled.ratio > 1);
    srnn_net_close(net);
}

/* Uniform over the orthogonal matrices: any element is as often above as below
 * zero, five standard errors of a fair coin; so is the determinant. A
 * factorisation without its sign fixed shows in the first element. */
static void signs(const srnn_kernels *k)
{
    enum { N = 400 };
    const srnn_init c = init_matrices(SRNN_INIT_ORTHOGONAL);
    srnn_net *net = init_net(k, SRNN_RNN_TANH, 2, 2, 0);
    const float *w = init_param(net, "r.weight_hh_l0").data;
    int above[4] = {0}, turns = 0;

    for (uint64_t seed = 0; seed < N; seed++) {
        must(srnn_net_init_with(net, &c, seed));
        for (int j = 0; j < 4; j++)
            above[j] += w[j] > 0;
        turns += w[0] * w[3] - w[1] * w[2] > 0;
    }
    check_note("of %d: above zero %d %d %d %d, turns %d", N, above[0],
               above[1], above[2], above[3], turns);
    for (int j = 0; j < 4; j++)
        CHECK(abs(above[j] - N / 2) < 5 * 10);
    CHECK(abs(turns - N / 2) < 5 * 10);
    srnn_net_close(net);
}

/* Rows that depend on those before them, and rows of zeros, become unit rows
 * too; n reaches both sides of the chains of 8. */
static void dependent(void)
{
    enum { N = 21 };
    double a[N * N];

    for (size_t n = 1; n <= N; n++)
        for (int form = 0; form < 3; form++) {
            const double bound = (2.125 * (double)n + 16) * 0x1p-53;

            for (size_t i = 0; i < n * n; i++)
                a[i] = form == 0 ? 0 : form == 1 ? 3 : (double)(i % n % 2);
            srnn_orthonormal_rows(n, n, a);
            for (size_t r = 0; r < n; r++)
                for (size_t s = 0; s < n; s++) {
                    double sum = r == s ? -1 : 0;

                    for (size_t j = 0; j < n; j++)
                        sum += a[r * n + j] * a[s * n + j];
                    CHECK_SAYS(fabs(sum) <= bound, "n %zu: %zu %zu off by %g",
                               n, r, s, sum);
                }
        }
}

/* ---- exact values -------------------------------------------------------- */

/* An IRNN, and the identity on blocks that are not square. */
static void identity(const srnn_kernels *k)
{
    srnn_net *net = init_net(k, SRNN_RNN_RELU, 3, 9, 0);
    srnn_init c = srnn_init_default();
    const float *w;

    c.recurrent = SRNN_INIT_IDENTITY;
    c.biases = SRNN_INIT_ZERO;
    c.weights = SRNN_INIT_NORMAL;
    c.gain = 0.001;
    must(srnn_net_init_with(net, &c, 3));
    init_diagonal(net, "r.weight_hh_l0", 1, 1);
    init_diagonal(net, "r.weight_hh_l1", 1, 1);
    init_all_are(init_param(net, "r.bias_ih_l0").data, 9, 0, "bias_ih_l0");
    init_all_are(init_param(net, "r.bias_ih_l1").data, 9, 0, "bias_ih_l1");
    init_all_are(init_param(net, "r.bias_hh_l0").data, 9, 0, "bias_hh_l0");
    init_all_are(init_param(net, "r.bias_hh_l1").data, 9, 0, "bias_hh_l1");
    w = init_param(net, "r.weight_ih_l1").data;
    init_moments(w, 81, 1e-6, 3, "weight_ih");
    srnn_net_close(net);

    net = init_net(k, SRNN_GRU, 3, 9, 0);
    c.weights = SRNN_INIT_IDENTITY;
    c.gain = -0.5;
    c.recurrent_gain = 0.25;
    must(srnn_net_init_with(net, &c, 3));
    init_diagonal(net, "r.weight_hh_l0", 3, 0.25f);
    init_diagonal(net, "r.weight_ih_l0", 3, -0.5f);
    init_diagonal(net, "l.weight", 1, -0.5f);
    init_all_are(init_param(net, "l.bias").data, 5, 0, "l.bias");
    c.weights = SRNN_INIT_ZERO;
    must(srnn_net_init_with(net, &c, 3));
    init_all_are(init_param(net, "e.weight").data, 21, 0, "e.weight");
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"init/dependent-rows", NULL, dependent},
        {"init/spreads", spreads, NULL},
        {"init/orthogonal", orthogonal, NULL},
        {"init/signs", signs, NULL},
        {"init/identity", identity, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
