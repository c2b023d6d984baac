/* Version 3 of oneDNN's C interface, where 2 has another: a descriptor of
 * memory is a handle, and a primitive is described at once. */
#ifndef BENCH_ONEDNN_V3_H
#define BENCH_ONEDNN_V3_H

#include <dnnl.h>

typedef const_dnnl_memory_desc_t onednn_md;
typedef dnnl_primitive_desc_t onednn_op;

/* As in onednn_v2.h. After a failure none is made: nobody would destroy it. */
#define ONEDNN_FORWARD(s, op, name, ...) \
    ((s)->status ? (s)->status \
                 : dnnl_##name##_primitive_desc_create( \
                       op, (s)->engine, __VA_ARGS__, (s)->attr))
#define ONEDNN_BACKWARD(s, op, pd, name, ...) \
    ONEDNN_FORWARD(s, op, name, __VA_ARGS__, pd)

static inline dnnl_status_t
onednn_describe(dnnl_primitive_desc_t *pd, const onednn_op *op,
                dnnl_engine_t engine, const_dnnl_primitive_attr_t attr)
{
    (void)engine, (void)attr;
    *pd = *op;
    return dnnl_success;
}

static inline dnnl_status_t onednn_md_open(dnnl_memory_desc_t *md, int rank,
                                           const dnnl_dims_t dims,
                                           dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_create_with_tag(md, rank, dims, dnnl_f32, tag);
}

static inline onednn_md onednn_md_of(const dnnl_memory_desc_t *md)
{
    return *md;
}

static inline void onednn_md_close(dnnl_memory_desc_t *md)
{
    dnnl_memory_desc_destroy(*md);
}

#endif
