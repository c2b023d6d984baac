/* All bodies, compiled by each rung's file after its vocabulary header, and
 * the function that lays them over a table. */

#include <simdrnn/kernels.h>

#include "compiler.h"
#include "rungs.h"

#include "body_activations.h"
#include "body_phi.h"
#include "body_panels.h"

#include "body_micro.h"

#include "body_product.h"

#include "body_gradient.h"
#include "body_cells.h"
#include "body_any.h"
#include "body_gru.h"
#include "body_gru_any.h"
#include "body_lstm.h"
#include "body_lstm_forward.h"
#include "body_lstm_backward.h"
#include "body_masked.h"
#include "body_single.h"
#include "body_rows.h"

#include "body_losses.h"
#include "body_attention.h"
#include "body_norm.h"
#include "body_vectors.h"
#include "body_random.h"

static const srnn_singles singles = {
    .lanes = VEC_LANES,
    .size = single_size,
    .pack = single_pack,
    .step = {[SRNN_SINGLE_RNN_TANH] = single_rnn_tanh,
             [SRNN_SINGLE_RNN_RELU] = single_rnn_relu,
             [SRNN_SINGLE_LSTM] = single_lstm,
             [SRNN_SINGLE_GRU] = single_gru}};

static uint64_t flush(void)
{
    const uint64_t mode = v_mode();

    if ((mode & VEC_FLUSH_BITS) != VEC_FLUSH_BITS)
        v_set_mode(mode | VEC_FLUSH_BITS);
    return mode;
}

/* A write waits for all arithmetic before it: only where it changes any. */
static void restore(uint64_t mode)
{
    if ((mode & VEC_FLUSH_BITS) != VEC_FLUSH_BITS)
        v_set_mode(mode);
}

static void lay_over(srnn_kernels *k, const char *name)
{
    k->name = name;
    k->lanes = VEC_LANES;
    k->exp = exp_array;
    k->log = log_array;
    k->sigmoid = sigmoid_array;
    k->tanh = tanh_array;
    k->relu = relu_array;
    k->activate = activate;
    k->activate_slope = activate_slope;
    k->softmax = softmax;
    k->softmax_xent = softmax_xent;
    k->sigmoid_xent = sigmoid_xent;
    k->squared_error = squared_error;
    k->panels_size = panels_size;
    k->pack = pack;
    k->product = product;
    k->panel_units = panel_units;
    k->step = step;
    k->tile[SRNN_TILE_RNN_TANH] = rnn_tanh;
    k->tile[SRNN_TILE_RNN_RELU] = rnn_relu;
    k->tile[SRNN_TILE_LSTM] = lstm;
    k->tile[SRNN_TILE_GRU_AFTER] = gru_after;
    k->tile[SRNN_TILE_GRU_BEFORE_RZ] = gru_before_rz;
    k->tile[SRNN_TILE_GRU_BEFORE_N] = gru_before_n;
    k->tile[SRNN_TILE_RNN_TANH_BWD] = rnn_tanh_bwd;
    k->tile[SRNN_TILE_RNN_RELU_BWD] = rnn_relu_bwd;
    k->tile[SRNN_TILE_LSTM_BWD] = lstm_bwd;
    k->tile[SRNN_TILE_GRU_AFTER_BWD] = gru_after_bwd;
    k->tile[SRNN_TILE_GRU_BEFORE_N_BWD] = gru_before_n_bwd;
    k->tile[SRNN_TILE_GRU_BEFORE_RZ_BWD] = gru_before_rz_bwd;
    k->tile[SRNN_TILE_RNN_ANY] = rnn_any;
    k->tile[SRNN_TILE_RNN_ANY_BWD] = rnn_any_bwd;
    k->tile[SRNN_TILE_GRU_AFTER_ANY] = gru_after_any;
    k->tile[SRNN_TILE_GRU_BEFORE_RZ_ANY] = gru_before_rz_any;
    k->tile[SRNN_TILE_GRU_BEFORE_N_ANY] = gru_before_n_any;
    k->tile[SRNN_TILE_GRU_AFTER_ANY_BWD] = gru_after_any_bwd;
    k->tile[SRNN_TILE_GRU_BEFORE_N_ANY_BWD] = gru_before_n_any_bwd;
    k->tile[SRNN_TILE_GRU_BEFORE_RZ_ANY_BWD] = gru_before_rz_any_bwd;
    k->tile[SRNN_TILE_LSTM_ANY] = lstm_any;
    k->tile[SRNN_TILE_PROJECT] = project;
    k->tile[SRNN_TILE_LSTM_ANY_BWD] = lstm_any_bwd;
    k->tile[SRNN_TILE_PROJECT_BWD] = project_bwd;
    k->tile[SRNN_TILE_LSTM_C] = lstm_c;
    k->tile[SRNN_TILE_LSTM_H] = lstm_h;
    k->tile[SRNN_TILE_LSTM_H_BWD] = lstm_h_bwd;
    k->tile[SRNN_TILE_LSTM_C_BWD] = lstm_c_bwd;
    k->masked[SRNN_MASKED_FORWARD] = masked;
    k->masked[SRNN_MASKED_BACKWARD] = masked_bwd;
    k->masked[SRNN_MASKED_STATE] = masked_state;
    k->masked[SRNN_MASKED_RESET] = masked_reset;
    k->masked[SRNN_MASKED_RESET_BWD] = masked_reset_bwd;
    if (!k->few)
        k->few = &singles;
    k->single = &singles;
    k->gemm_tn = gemm_tn;
    k->gemm_tn_work = gemm_tn_work;
    k->bias_grad = bias_grad;
    k->diagonal_grad = diagonal_grad;
    k->pair_dot = pair_dot;
    k->pair_tanh = pair_tanh;
    k->softmax_bwd = softmax_bwd;
    k->mix = mix;
    k->mix_bwd = mix_bwd;
    k->pair_tanh_bwd = pair_tanh_bwd;
    k->norm_rows = norm_rows;
    k->norm_rows_bwd = norm_rows_bwd;
    k->norm_columns = norm_columns;
    k->norm_columns_bwd = norm_columns_bwd;
    k->average = average;
    k->sum_squares = sum_squares;
    k->scale = scale;
    k->multiply = multiply;
    k->multiply_add = multiply_add;
    k->clip = clip;
    k->sgd = sgd;
    k->adam = adam;
    k->add_rows = add_rows;
    k->axpy_rows = axpy_rows;
    k->divide_rows = divide_rows;
    k->gather = gather;
    k->scatter_add = scatter_add;
    k->uniform = uniform;
    k->normal = normal;
    k->mask = mask;
    k->flush = flush;
    k->restore = restore;
}
