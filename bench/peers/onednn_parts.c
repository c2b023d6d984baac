/* A primitive of oneDNN's with its arguments: what is ours is put into the
 * layout that the primitive asks for, once, and what it leaves is put back into
 * ours when it is asked for. */
#include "onednn.h"

#include <stdlib.h>
#include <string.h>

int onednn_ok(peer_state *s, dnnl_status_t status)
{
    if (!s->status)
        s->status = status;
    return !s->status;
}

onednn_md onednn_desc(peer_state *s, dnnl_format_tag_t tag, int rank,
                      const dnnl_dims_t dims)
{
    dnnl_memory_desc_t *md = &s->desc[s->descs];

    if (s->status || s->descs == ONEDNN_DESCS) {
        onednn_ok(s, dnnl_out_of_memory);
        return NULL;
    }
    if (!onednn_ok(s, onednn_md_open(md, rank, dims, tag)))
        return NULL;
    s->descs++;
    return onednn_md_of(md);
}

dnnl_memory_t onednn_memory(peer_state *s, onednn_md md, const void *data)
{
    dnnl_memory_t m = NULL;

    if (s->status || s->memories == ONEDNN_MEMORIES) {
        onednn_ok(s, dnnl_out_of_memory);
        return NULL;
    }
    if (onednn_ok(s, dnnl_memory_create(&m, md, s->engine,
                                        data ? (void *)data
                                             : DNNL_MEMORY_ALLOCATE)))
        s->memory[s->memories++] = m;
    return m;
}

void *onednn_data(dnnl_memory_t m)
{
    void *data = NULL;

    return m && !dnnl_memory_get_data_handle(m, &data) ? data : NULL;
}

void onednn_zero(dnnl_memory_t m)
{
    onednn_md md;

    if (m && !dnnl_memory_get_memory_desc(m, &md))
        memset(onednn_data(m), 0, dnnl_memory_desc_get_size(md));
}

onednn_step *onednn_step_open(peer_state *s, const onednn_op *op,
                              dnnl_primitive_desc_t *pd)
{
    onednn_step *step = &s->step[s->steps];

    *pd = NULL;
    if (s->status ||
        !onednn_ok(s, onednn_describe(pd, op, s->engine, s->attr)) ||
        !onednn_ok(s, dnnl_primitive_create(&step->primitive, *pd)))
        return step;
    s->steps++;
    onednn_arg(s, step, *pd, DNNL_ARG_SCRATCHPAD, NULL);
    return step;
}

dnnl_memory_t onednn_arg(peer_state *s, onednn_step *step,
                         const_dnnl_primitive_desc_t pd, int arg,
                         dnnl_memory_t m)
{
    if (!s->status && !m)
        m = onednn_memory(s, dnnl_primitive_desc_query_md(
                                 pd, dnnl_query_exec_arg_md, arg),
                          NULL);
    if (!s->status)
        step->arg[step->args++] = (dnnl_exec_arg_t){arg, m};
    return m;
}

void onednn_reorder(peer_state *s, dnnl_memory_t from, dnnl_memory_t to)
{
    onednn_md a, b;
    const dnnl_exec_arg_t arg[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t p = NULL;

    if (!s->status && onednn_ok(s, dnnl_memory_get_memory_desc(from, &a)) &&
        onednn_ok(s, dnnl_memory_get_memory_desc(to, &b)) &&
        onednn_ok(s, dnnl_reorder_primitive_desc_create(
                         &pd, a, s->engine, b, s->engine, NULL)) &&
        onednn_ok(s, dnnl_primitive_create(&p, pd)) &&
        onednn_ok(s, dnnl_primitive_execute(p, s->stream, 2, arg)))
        onednn_ok(s, dnnl_stream_wait(s->stream));
    dnnl_primitive_destroy(p);
    dnnl_primitive_desc_destroy(pd);
}

void onednn_weight(peer_state *s, onednn_step *step,
                   const_dnnl_primitive_desc_t pd, int arg, const float *w,
                   onednn_md as, const size_t *gate, size_t gates)
{
    dnnl_memory_t to = onednn_arg(s, step, pd, arg, NULL);
    dnnl_memory_t from = onednn_memory(s, as, NULL);
    const size_t n = dnnl_memory_desc_get_size(as) / sizeof *w / gates;
    float *data = onednn_data(from);

    if (s->status)
        return;
    for (size_t g = 0; g < gates; g++)
        memcpy(data + gate[g] * n, w + g * n, n * sizeof *w);
    onednn_reorder(s, from, to);
}

void onednn_output_add(peer_state *s, const char *name, dnnl_memory_t from,
                       onednn_md as, const size_t *gate, size_t gates,
                       size_t count)
{
    s->output[s->outputs++] =
        (onednn_output){name, from, as, gate, gates, count, NULL};
}

const float *onednn_output_data(peer_state *s, onednn_output *o)
{
    const size_t n = o->count / o->gates;
    dnnl_memory_t rows = NULL;
    const float *data;

    if (!o->data)
        o->data = malloc(o->count * sizeof *o->data);
    if (!o->data ||
        !onednn_ok(s, dnnl_memory_create(&rows, o->as, s->engine,
                                         DNNL_MEMORY_ALLOCATE)))
        return NULL;
    onednn_reorder(s, o->from, rows);
    data = onednn_data(rows);
    for (size_t g = 0; !s->status && g < o->gates; g++)
        memcpy(o->data + g * n, data + o->gate[g] * n, n * sizeof *data);
    dnnl_memory_destroy(rows);
    return s->status ? NULL : o->data;
}
