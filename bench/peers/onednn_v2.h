/* Version 2 of oneDNN's C interface, where 3 has another: a descriptor of
 * memory is a struct, and a primitive is described by way of its operation. */
#ifndef BENCH_ONEDNN_V2_H
#define BENCH_ONEDNN_V2_H

#include <dnnl.h>

typedef const dnnl_memory_desc_t *onednn_md;

typedef struct onednn_op {
    union {
        dnnl_rnn_desc_t rnn;
        dnnl_inner_product_desc_t product;
        dnnl_softmax_desc_t softmax;
    } as;
    const_dnnl_primitive_desc_t forward; /* what backward is made from */
} onednn_op;

/* Those that take the arguments of version 3's; early ones have no softmax_v2,
 * which does. */
#define dnnl_lstm_forward_desc_init dnnl_lstm_forward_desc_init_v3
#define dnnl_lstm_backward_desc_init dnnl_lstm_backward_desc_init_v3
#define dnnl_softmax_forward_desc_init(op, pass, algorithm, from, to, axis) \
    dnnl_softmax_forward_desc_init(op, pass, from, axis)

/* Describes a primitive by the arguments of dnnl_<name>_primitive_desc_create
 * of version 3; of a backward one, `pd` is the forward one's descriptor. */
#define ONEDNN_FORWARD(s, op, name, ...) \
    dnnl_##name##_desc_init((void *)&(op)->as, __VA_ARGS__)
#define ONEDNN_BACKWARD(s, op, pd, name, ...) \
    ((op)->forward = (pd), ONEDNN_FORWARD(s, op, name, __VA_ARGS__))

static inline dnnl_status_t
onednn_describe(dnnl_primitive_desc_t *pd, const onednn_op *op,
                dnnl_engine_t engine, const_dnnl_primitive_attr_t attr)
{
    return dnnl_primitive_desc_create(pd, &op->as, attr, engine, op->forward);
}

static inline dnnl_status_t onednn_md_open(dnnl_memory_desc_t *md, int rank,
                                           const dnnl_dims_t dims,
                                           dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_init_by_tag(md, rank, dims, dnnl_f32, tag);
}

static inline onednn_md onednn_md_of(const dnnl_memory_desc_t *md)
{
    return md;
}

static inline void onednn_md_close(dnnl_memory_desc_t *md)
{
    (void)md;
}

#endif
