/* What one recurrent layer keeps in a run: what it carries, gates or products,
 * masks and norms, and what its elementwise functions see in every step. */
#include "norm.h"

/* What the elementwise functions see alike in every step. */
static srnn_cell every_step(const node *n, const layer *l, const layer_run *y)
{
    const cell_row *row = &n->row;
    const size_t h = n->recurrent.hidden, out = y->carry[CARRY_H].width;
    srnn_cell c = {.units = h,
                   .variant = &n->variant,
                   .ldx = (y->gate ? row->slots : row->gates) * h,
                   .ldgate = row->slots * h,
                   .ldh_prev = out,
                   .ldh = out,
                   .ldc_prev = h,
                   .ldc = h,
                   .work = y->work,
                   .ldwork = 2 * h,
                   .lddy = out,
                   .dh = y->carry[CARRY_H].d,
                   .lddh = out,
                   .dc = y->carry[CARRY_C].d,
                   .lddc = h,
                   .peephole = l->param[PEEPHOLE].data,
                   .ldm = h,
                   .ldq = 3 * h,
                   .ldg = 3 * h,
                   .dg = y->carry[CARRY_G].d,
                   .lddg = 3 * h,
                   .lddp = out,
                   .z_takes_new = n->recurrent.z_takes_new};
    size_t i;

    for (i = 0; i < row->phases; i++)
        if (row->forward[i].form == MEMORY)
            c.q = y->product[i];
    return c;
}

static void carve_carry(const srnn_session *s, const node *n, carry *x,
                        size_t width, int all_steps, arena *a)
{
    const size_t one = s->axis[n->axis].batch * width;
    const size_t all = srnn_rows_of(s, n) * width;

    x->width = width;
    x->all = srnn_arena_reals(a, all_steps ? all + one : one);
    x->state = srnn_arena_reals(a, one);
    if (s->training) {
        x->d = srnn_arena_reals(a, one);
        x->d_state = srnn_arena_reals(a, one);
    }
}

void srnn_layer_carve(const srnn_session *s, const node *n, const layer *l,
                      layer_run *y, arena *a)
{
    const cell_row *row = &n->row;
    const size_t hidden = n->recurrent.hidden;
    const size_t one = s->axis[n->axis].batch * hidden;
    const size_t all = srnn_rows_of(s, n) * hidden;
    size_t i, width;

    for (i = 0; i < CARRIES; i++) {
        width = srnn_carry_width(&n->recurrent, i);
        if (width)
            carve_carry(s, n, &y->carry[i], width,
                        i == CARRY_H || s->training, a);
    }
    if (row->has_work)
        y->work = srnn_arena_reals(a, 2 * one);
    if (row->has_m)
        y->m = srnn_arena_reals(a, s->training ? all : one);
    if (row->has_m && s->training)
        y->dp = srnn_arena_reals(a, srnn_rows_of(s, n) *
                                        y->carry[CARRY_H].width);
    for (i = 0; i < row->phases; i++)
        if (row->forward[i].form == ROWS || row->forward[i].form == MEMORY)
            y->product[i] = srnn_arena_reals(a, row->forward[i].gates * one);
    if (s->training) {
        y->gate = srnn_arena_reals(a, all * row->slots);
        y->x = y->gate;
        y->dy = srnn_arena_reals(a, srnn_rows_of(s, n) *
                                        y->carry[CARRY_H].width);
    } else {
        y->x = srnn_arena_reals(a, s->axis[n->axis].block * hidden *
                                       row->gates);
    }
    srnn_layer_masks_carve(s, n, &y->masks, a);
    if (row->norm.kind)
        srnn_norm_carve(s, n, y, a);
    y->at = srnn_arena_take(a, s->workers * sizeof *y->at);
    for (i = 0; a->base && i < s->workers; i++)
        y->at[i].cell = every_step(n, l, y);
}
