/* Training by oneDNN: after the layer's forward pass the linear head (its inner
 * product) and softmax; then, written out here, the loss and its gradient, (p -
 * [target]) / rows; and backward the head's and the layer's primitives. Its log
 * softmax would need less of that, but is only good to some 50 roundings. */
#include "onednn.h"

#include <math.h>

static const size_t whole = 0;

/* What the primitives of the head share. */
typedef struct head {
    onednn_md y, w, any, bias, logits;
    dnnl_primitive_desc_t product;
    dnnl_memory_t y_rows, dy;
} head;

static head head_of(peer_state *s)
{
    const dnnl_dim_t N = (dnnl_dim_t)(s->T * s->B), H = (dnnl_dim_t)s->H,
                     C = (dnnl_dim_t)s->task.classes;
    head h = {
        .y = onednn_desc(s, dnnl_ab, 2, (dnnl_dims_t){N, H}),
        .w = onednn_desc(s, dnnl_ab, 2, (dnnl_dims_t){C, H}),
        .any = onednn_desc(s, dnnl_format_tag_any, 2, (dnnl_dims_t){C, H}),
        .bias = onednn_desc(s, dnnl_a, 1, (dnnl_dims_t){C}),
        .logits = onednn_desc(s, dnnl_ab, 2, (dnnl_dims_t){N, C})};

    h.y_rows = onednn_memory(s, h.y, onednn_data(s->y));
    return h;
}

static void head_forward(peer_state *s, head *h)
{
    onednn_op product = {0}, softmax = {0};
    dnnl_primitive_desc_t pd;
    dnnl_memory_t logits;
    onednn_step *step;

    onednn_ok(s, ONEDNN_FORWARD(s, &product, inner_product_forward,
                                dnnl_forward_training, h->y, h->any, h->bias,
                                h->logits));
    step = onednn_step_open(s, &product, &h->product);
    onednn_arg(s, step, h->product, DNNL_ARG_SRC, h->y_rows);
    onednn_weight(s, step, h->product, DNNL_ARG_WEIGHTS, s->task.w_head, h->w,
                  &whole, 1);
    onednn_arg(s, step, h->product, DNNL_ARG_BIAS,
               onednn_memory(s, h->bias, s->task.b_head));
    logits = onednn_arg(s, step, h->product, DNNL_ARG_DST, NULL);

    onednn_ok(s, ONEDNN_FORWARD(s, &softmax, softmax_forward,
                                dnnl_forward_training, dnnl_softmax_accurate,
                                h->logits, h->logits, 1));
    step = onednn_step_open(s, &softmax, &pd);
    onednn_arg(s, step, pd, DNNL_ARG_SRC, logits);
    s->p = onednn_arg(s, step, pd, DNNL_ARG_DST, NULL);
    dnnl_primitive_desc_destroy(pd);
    s->forward_steps = s->steps;
}

static void head_backward(peer_state *s, head *h)
{
    const size_t C = s->task.classes;
    onednn_op weights = {0}, data = {0};
    dnnl_primitive_desc_t pd;
    dnnl_memory_t dw, db;
    onednn_step *step;

    onednn_ok(s, ONEDNN_BACKWARD(s, &weights, h->product,
                                 inner_product_backward_weights, h->y, h->any,
                                 h->bias, h->logits));
    step = onednn_step_open(s, &weights, &pd);
    onednn_arg(s, step, pd, DNNL_ARG_SRC, h->y_rows);
    s->dlogits = onednn_arg(s, step, pd, DNNL_ARG_DIFF_DST, NULL);
    dw = onednn_arg(s, step, pd, DNNL_ARG_DIFF_WEIGHTS, NULL);
    db = onednn_arg(s, step, pd, DNNL_ARG_DIFF_BIAS, NULL);
    dnnl_primitive_desc_destroy(pd);
    onednn_output_add(s, "head.weight", dw, h->w, &whole, 1, C * s->H);
    onednn_output_add(s, "head.bias", db, h->bias, &whole, 1, C);

    onednn_ok(s, ONEDNN_BACKWARD(s, &data, h->product,
                                 inner_product_backward_data, h->y, h->any,
                                 h->logits));
    step = onednn_step_open(s, &data, &pd);
    onednn_weight(s, step, pd, DNNL_ARG_WEIGHTS, s->task.w_head, h->w, &whole,
                  1);
    onednn_arg(s, step, pd, DNNL_ARG_DIFF_DST, s->dlogits);
    h->dy = onednn_arg(s, step, pd, DNNL_ARG_DIFF_SRC, NULL);
    dnnl_primitive_desc_destroy(pd);
}

/* ---- the layer, backward ------------------------------------------------ */

/* A gradient is laid out as what it is the gradient of. */
static dnnl_status_t backward_op(const peer_state *s, onednn_op *op)
{
    const dnnl_rnn_direction_t way = dnnl_unidirectional_left2right;
    const onednn_layout *a = &s->any;

    switch (s->cell) {
    case ONEDNN_LSTM:
        return ONEDNN_BACKWARD(
            s, op, s->forward, lstm_backward, dnnl_backward, way, a->x, a->h,
            a->h, a->w_ih, a->w_hh, NULL, NULL, a->bias, a->y, NULL, NULL,
            a->x, a->h, a->h, a->w_ih, a->w_hh, NULL, NULL, a->bias, a->y,
            NULL, NULL, dnnl_rnn_flags_undef);
    case ONEDNN_GRU:
        return ONEDNN_BACKWARD(
            s, op, s->forward, lbr_gru_backward, dnnl_backward, way, a->x,
            a->h, a->w_ih, a->w_hh, a->bias, a->y, NULL, a->x, a->h, a->w_ih,
            a->w_hh, a->bias, a->y, NULL, dnnl_rnn_flags_undef);
    case ONEDNN_GRU_BEFORE:
        return ONEDNN_BACKWARD(
            s, op, s->forward, gru_backward, dnnl_backward, way, a->x, a->h,
            a->w_ih, a->w_hh, a->bias, a->y, NULL, a->x, a->h, a->w_ih,
            a->w_hh, a->bias, a->y, NULL, dnnl_rnn_flags_undef);
    default:
        return ONEDNN_BACKWARD(
            s, op, s->forward, vanilla_rnn_backward, dnnl_backward,
            dnnl_eltwise_tanh, way, a->x, a->h, a->w_ih, a->w_hh, a->bias,
            a->y, NULL, a->x, a->h, a->w_ih, a->w_hh, a->bias, a->y, NULL,
            dnnl_rnn_flags_undef, 0, 0);
    }
}

static void layer_outputs(peer_state *s, dnnl_memory_t dx)
{
    const size_t G = s->gates, H = s->H, I = s->I;
    const onednn_layout *o = &s->ours;

    onednn_output_add(s, "layer.weight_ih_l0", s->dw_ih, o->w_ih, s->gate, G,
                      G * H * I);
    onednn_output_add(s, "layer.weight_hh_l0", s->dw_hh, o->w_hh, s->gate, G,
                      G * H * H);
    onednn_output_add(s, "layer.bias_ih_l0", s->dbias, o->bias, s->gate, G,
                      G * H);
    onednn_output_add(s, "layer.bias_hh_l0", s->dbias, o->bias,
                      s->hidden_bias, G, G * H);
    onednn_output_add(s, "x", dx, o->x, &whole, 1, s->T * s->B * I);
}

static void layer_backward(peer_state *s, const head *h)
{
    onednn_op op = {0};
    dnnl_primitive_desc_t pd;
    dnnl_memory_t dx;
    onednn_step *step;

    onednn_ok(s, backward_op(s, &op));
    step = onednn_step_open(s, &op, &pd);
    onednn_arg(s, step, pd, DNNL_ARG_SRC_LAYER,
               onednn_memory(s, s->ours.x, s->task.x));
    onednn_weights(s, step, pd);
    onednn_arg(s, step, pd, DNNL_ARG_DST_LAYER, s->y);
    onednn_arg(s, step, pd, DNNL_ARG_WORKSPACE, s->workspace);
    onednn_arg(s, step, pd, DNNL_ARG_DIFF_DST_LAYER,
               onednn_memory(s, s->ours.y, onednn_data(h->dy)));
    dx = onednn_arg(s, step, pd, DNNL_ARG_DIFF_SRC_LAYER, NULL);
    s->dw_ih = onednn_arg(s, step, pd, DNNL_ARG_DIFF_WEIGHTS_LAYER, NULL);
    s->dw_hh = onednn_arg(s, step, pd, DNNL_ARG_DIFF_WEIGHTS_ITER, NULL);
    s->dbias = onednn_arg(s, step, pd, DNNL_ARG_DIFF_BIAS, NULL);
    onednn_first_state(s, step, pd);
    onednn_arg(s, step, pd, DNNL_ARG_DIFF_SRC_ITER, NULL);
    if (s->cell == ONEDNN_LSTM)
        onednn_arg(s, step, pd, DNNL_ARG_DIFF_SRC_ITER_C, NULL);
    dnnl_primitive_desc_destroy(pd);
    layer_outputs(s, dx);
}

/* ---- all ---------------------------------------------------------------- */

void onednn_train_open(peer_state *s)
{
    head h = head_of(s);

    head_forward(s, &h);
    head_backward(s, &h);
    layer_backward(s, &h);
    dnnl_primitive_desc_destroy(h.product);
}

/* The layer's backward primitive adds to the gradients of its weights. */
void onednn_train_loss(peer_state *s)
{
    const size_t rows = s->T * s->B, C = s->task.classes;
    const float *p = onednn_data(s->p), scale = 1 / (float)rows;
    float *d = onednn_data(s->dlogits);
    double sum = 0;

    for (size_t i = 0; i < rows * C; i++)
        d[i] = p[i] * scale;
    for (size_t i = 0; i < rows; i++) {
        const size_t target = i * C + (size_t)s->task.targets[i];

        d[target] = (p[target] - 1) * scale;
        sum -= (double)logf(p[target]);
    }
    s->loss = (float)(sum / (double)rows);
    onednn_zero(s->dw_ih);
    onednn_zero(s->dw_hh);
    onednn_zero(s->dbias);
}
