/* The activations and the clip of a recurrent node: what it was given, its
 * cell's own in all other roles, and refusals. */
#include "cells.h"

#include "../kernels/error.h"

#include <math.h>

enum { ROLES = 3 };

/* What each cell's formula says, in the order of srnn_variant; DEFAULT: the
 * cell has no such role, or none that can be given. */
static const srnn_activation_kind own[SRNN_CELL_KINDS][ROLES] = {
    [SRNN_RNN_TANH] = {SRNN_ACT_TANH},
    [SRNN_RNN_RELU] = {SRNN_ACT_RELU},
    [SRNN_LSTM] = {SRNN_ACT_SIGMOID, SRNN_ACT_TANH, SRNN_ACT_TANH},
    [SRNN_GRU] = {SRNN_ACT_SIGMOID, SRNN_ACT_TANH},
    [SRNN_GRU_BEFORE] = {SRNN_ACT_SIGMOID, SRNN_ACT_TANH},
};

srnn_variant srnn_cell_variant(const srnn_recurrent_config *config)
{
    srnn_variant v = {.clip = (srnn_real)config->clip,
                      .lstm = config->lstm,
                      .cell_clip = (srnn_real)config->cell_clip,
                      .projection_clip = (srnn_real)config->projection_clip};
    size_t i;

    for (i = 0; i < ROLES; i++) {
        v.act[i] = config->activation[i];
        if (v.act[i].kind == SRNN_ACT_DEFAULT)
            v.act[i].kind = own[config->cell][i];
    }
    v.slopes = config->cell == SRNN_LSTM &&
               (v.act[0].kind == SRNN_ACT_OWN ||
                v.act[1].kind == SRNN_ACT_OWN);
    return v;
}

int srnn_cell_varies(const srnn_recurrent_config *config)
{
    const srnn_variant v = srnn_cell_variant(config);
    size_t i;

    for (i = 0; i < ROLES; i++)
        if (v.act[i].kind != own[config->cell][i])
            return 1;
    return v.clip > 0;
}

/* ---- refusals ---------------------------------------------------------- */

/* What of a kind's parameters counts, and how ONNX calls it. */
static const struct {
    const char *name;
    int has_a, has_b, not_negative;
} kinds[SRNN_ACT_KINDS] = {
    [SRNN_ACT_RELU] = {"relu", 0, 0, 0},
    [SRNN_ACT_TANH] = {"tanh", 0, 0, 0},
    [SRNN_ACT_SIGMOID] = {"sigmoid", 0, 0, 0},
    [SRNN_ACT_AFFINE] = {"affine", 1, 1, 0},
    [SRNN_ACT_LEAKY_RELU] = {"leaky relu", 1, 0, 1},
    [SRNN_ACT_THRESHOLDED_RELU] = {"thresholded relu", 1, 0, 1},
    [SRNN_ACT_SCALED_TANH] = {"scaled tanh", 1, 1, 0},
    [SRNN_ACT_HARD_SIGMOID] = {"hard sigmoid", 1, 1, 0},
    [SRNN_ACT_ELU] = {"elu", 1, 0, 1},
    [SRNN_ACT_SOFTSIGN] = {"softsign", 0, 0, 0},
    [SRNN_ACT_SOFTPLUS] = {"softplus", 0, 0, 0},
    [SRNN_ACT_IDENTITY] = {"identity", 0, 0, 0},
    [SRNN_ACT_OWN] = {"own", 0, 0, 0},
};

static int plain_number(srnn_real x)
{
    return x == 0 || isnormal(x);
}

static srnn_status check_activation(const char *name, size_t role,
                                    const srnn_activation *f)
{
    const double a = (double)f->a, b = (double)f->b;

    if ((unsigned)f->kind >= SRNN_ACT_KINDS)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': activation %zu is %d of "
                         "%d kinds", name, role, (int)f->kind, SRNN_ACT_KINDS);
    if (f->kind == SRNN_ACT_OWN && !f->own)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': activation %zu is own, "
                         "but own is NULL", name, role);
    if (kinds[f->kind].has_a && !plain_number(f->a))
        return srnn_fail(SRNN_EINVAL, "node '%.60s': a of activation %zu (%s) "
                         "is %g, must be 0 or a normal number", name, role,
                         kinds[f->kind].name, a);
    if (kinds[f->kind].has_b && !plain_number(f->b))
        return srnn_fail(SRNN_EINVAL, "node '%.60s': b of activation %zu (%s) "
                         "is %g, must be 0 or a normal number", name, role,
                         kinds[f->kind].name, b);
    if (kinds[f->kind].not_negative && a < 0)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': a of activation %zu (%s) "
                         "is %g, must be 0 or more", name, role,
                         kinds[f->kind].name, a);
    return SRNN_OK;
}

srnn_status srnn_variant_check(const char *name,
                               const srnn_recurrent_config *config)
{
    const char *cell = srnn_cell_name(config->cell);
    const srnn_real clip = (srnn_real)config->clip;
    srnn_status status = SRNN_OK;
    size_t i, roles = 0;

    while (roles < ROLES && own[config->cell][roles] != SRNN_ACT_DEFAULT)
        roles++;
    for (i = 0; i < ROLES && !status; i++) {
        status = check_activation(name, i, &config->activation[i]);
        if (!status && i >= roles &&
            config->activation[i].kind != SRNN_ACT_DEFAULT)
            status = srnn_fail(SRNN_EINVAL, "node '%.60s': activation %zu is "
                               "given, but %s takes %zu", name, i, cell,
                               roles);
    }
    if (status)
        return status;
    if (!(config->clip >= 0) || !plain_number(clip) ||
        (clip == 0 && config->clip > 0))
        return srnn_fail(SRNN_EINVAL, "node '%.60s': clip is %g, must be 0 or "
                         "a positive normal number", name, config->clip);
    if (config->one_bias && config->cell != SRNN_GRU &&
        config->cell != SRNN_GRU_BEFORE)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': one_bias is %d, but %s "
                         "is no gru", name, config->one_bias, cell);
    return SRNN_OK;
}
