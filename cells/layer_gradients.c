/* The gradients of a layer's weights and input: products over all steps, from
 * what the way back through time left in the slots. */
#include "timeline.h"

#include <string.h>

/* All rows of one operand of a weight's gradient; behind: of the step before,
 * in an array that begins with the state. */
typedef struct gradient_operand {
    const srnn_real *a;
    size_t ld;
    int behind;
} gradient_operand;

static gradient_operand all_rows(const timeline *l, const stretch *s)
{
    const carry *h = &l->r->carry[CARRY_H], *c = &l->r->carry[CARRY_C];
    const carry *g = &l->r->carry[CARRY_G];

    switch (s->from) {
    case PREV_H:
        return (gradient_operand){
            l->masking.drop ? l->masking.dropped : h->all, h->width, 1};
    case PREV_G:
        return (gradient_operand){g->all, g->width, 1};
    case PREV_C:
        return (gradient_operand){c->all, c->width, 1};
    case NOW_C: /* under zoneout the cell's own, before the mask */
        if (l->masking.zone_c)
            return (gradient_operand){l->masking.c_own, l->masking.ldc_own, 0};
        return (gradient_operand){c->all + l->e->batch * c->width, c->width,
                                  0};
    case CELLS:
        return (gradient_operand){l->r->m, l->hidden, 0};
    case PROJECTED:
        return (gradient_operand){l->r->dp, h->width, 0};
    default: /* SLOTS, RESET_H */
        return (gradient_operand){l->r->gate + s->slot * l->hidden, l->gate_ld,
                                  0};
    }
}

/* Of b_hh. Where the gradient is that of the input part too, so is that of the
 * bias: both begin at zero. */
static void bias_gradient(const timeline *l, const gate_part *part,
                          const srnn_links *links, size_t from, size_t to)
{
    srnn_real *const *g = l->p->s->gradient;
    const gradient_operand d = all_rows(l, &part->of);
    const size_t first = part->gate * l->hidden + from;
    srnn_real *db = g[l->y->param[B_HH].number] + first;

    if (part->of.slot == part->gate)
        memcpy(db, g[l->y->param[B_IH].number] + first,
               (to - from) * sizeof *db);
    else
        l->k->bias_grad(to - from, links, d.a + from, d.ld, db);
}

/* Rows of a weight, and of b_hh, that belong to one part; of a diagonal, its
 * columns. */
static void part_gradients(const timeline *l, const gate_part *part)
{
    const crew *who = l->p->crew;
    const int diagonal = part->weight == PEEPHOLE;
    const size_t n = l->y->param[part->weight].columns;
    const size_t units = diagonal ? n : l->y->param[part->weight].units;
    const gradient_operand d = all_rows(l, &part->of);
    const gradient_operand by = all_rows(l, &part->by);
    const srnn_links *links = by.behind ? &l->e->behind : &l->e->links;
    srnn_real *dw = l->p->s->gradient[l->y->param[part->weight].number];
    size_t from, to, first;

    srnn_crew_span(who, part->gates * units, 1, &from, &to);
    first = part->gate * units + from;
    if (diagonal)
        l->k->diagonal_grad(to - from, links, d.a + from, d.ld, by.a + from,
                            by.ld, dw + first);
    else
        l->k->gemm_tn(to - from, n, links, d.a + from, d.ld, by.a, by.ld,
                      dw + first * n, n, l->p->s->tn_work[who->worker]);
    if (part->bias && part->gate < l->y->biases)
        bias_gradient(l, part, links, from, to);
}

static void weight_gradients(const timeline *l, const layer_input *in)
{
    srnn_real *const *g = l->p->s->gradient;
    const size_t rows = l->row->gates * l->hidden, n = l->y->in;
    srnn_real *dw = g[l->y->param[W_IH].number];
    srnn_real *db = g[l->y->param[B_IH].number];
    const srnn_real *d = l->r->gate + l->row->x_slot * l->hidden;
    const crew *who = l->p->crew;
    size_t i, from, to;

    srnn_crew_span(who, rows, 1, &from, &to);
    l->k->gemm_tn(to - from, n, &l->e->links, d + from, l->gate_ld, in->x,
                  in->ldx, dw + from * n, n, l->p->s->tn_work[who->worker]);
    if (!l->row->norm.kind)
        l->k->bias_grad(to - from, &l->e->links, d + from, l->gate_ld,
                        db + from);
    srnn_pool_barrier(who);
    for (i = 0; i < l->row->parts; i++)
        part_gradients(l, &l->row->part[i]);
}

/* Rows that stay in the cache for all panels of the weights, and that the
 * panels are worth loading for. */
#define ROWS_AT_ONCE 320

static void input_gradient(const timeline *l, const layer_input *in)
{
    const size_t n = l->y->in, all = l->e->rows;
    size_t row, rows, from, to;

    srnn_crew_span(l->p->crew, n, l->k->panel_units(1), &from, &to);
    for (row = 0; row < all; row += rows) {
        const srnn_real *d = l->r->gate + row * l->gate_ld;
        const srnn_rows a = {{d + l->row->x_slot * l->hidden},
                             {l->gate_ld},
                             {l->row->gates * l->hidden}};

        rows = all - row < ROWS_AT_ONCE ? all - row : ROWS_AT_ONCE;
        l->k->product(&l->y->dx, rows, &a,
                      in->adds ? SRNN_START_VALUE : SRNN_START_ZERO, NULL,
                      in->dx + row * n, n, from, to);
    }
}

void srnn_layer_gradients(const timeline *l, const layer_input *in)
{
    if (in->dx)
        input_gradient(l, in);
    weight_gradients(l, in);
}
