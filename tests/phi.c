/* Activations for tests: ONNX's defaults where it has them, others beside. */
#include "phi.h"

#include <math.h>

int phi_data;

void phi_own(void *data, size_t n, const srnn_real *x, srnn_real *y,
             srnn_real *slope)
{
    for (size_t j = 0; j < n; j++) {
        const srnn_real v = data == &phi_data ? x[j] : (srnn_real)NAN;
        const srnn_real d = 1 + v * v;

        if (slope)
            slope[j] = (1 - v * v) / (d * d);
        y[j] = v / d;
    }
}

#define OWN {SRNN_ACT_OWN, 0, 0, phi_own, &phi_data}
#define PHI(kind, a, b) {SRNN_ACT_##kind, (srnn_real)(a), (srnn_real)(b), 0, 0}

const phi phis[PHIS] = {
    {"relu", PHI(RELU, 0, 0)},
    {"tanh", PHI(TANH, 0, 0)},
    {"sigmoid", PHI(SIGMOID, 0, 0)},
    {"affine", PHI(AFFINE, .7, -.3)},
    {"leaky_relu", PHI(LEAKY_RELU, .01, 0)},
    {"leaky_relu_0", PHI(LEAKY_RELU, 0, 0)},
    {"thresholded_relu", PHI(THRESHOLDED_RELU, .4, 0)},
    {"scaled_tanh", PHI(SCALED_TANH, 1.7159, .6667)},
    {"hard_sigmoid", PHI(HARD_SIGMOID, .2, .5)},
    {"hard_sigmoid_down", PHI(HARD_SIGMOID, -.3, .4)},
    {"elu", PHI(ELU, 1, 0)},
    {"elu_0.6", PHI(ELU, .6, 0)},
    {"softsign", PHI(SOFTSIGN, 0, 0)},
    {"softplus", PHI(SOFTPLUS, 0, 0)},
    {"identity", PHI(IDENTITY, 0, 0)},
    {"own", OWN},
};
