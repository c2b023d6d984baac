/* The states of a layer and their gradients: in the caller's order outside, in
 * the extent's inside. */
#include "timeline.h"

#include <string.h>

static void copy_row(const carry *x, const srnn_real *from, size_t i,
                     srnn_real *to, size_t j)
{
    memcpy(to + j * x->width, from + i * x->width, x->width * sizeof *to);
}

/* How many carries there are to copy: all of them, by worker 0. */
static size_t carries_of(const timeline *l)
{
    return l->p->crew->worker == 0 ? CARRIES : 0;
}

/* The i-th of what the cell carries; NULL: there is none. */
static carry *carry_of(const timeline *l, size_t i)
{
    carry *x = &l->r->carry[i];

    return x->all ? x : NULL;
}

void srnn_layer_states_in(const timeline *l)
{
    const extent *e = l->e;
    const size_t carries = carries_of(l);
    size_t j, i;

    for (j = 0; j < carries; j++) {
        const carry *x = carry_of(l, j);

        for (i = 0; x && i < e->batch; i++)
            copy_row(x, x->state, e->order[i], x->all, i);
        if (x && j == CARRY_H && l->masking.drop)
            l->k->multiply(e->batch * x->width, x->all, l->masking.drop,
                           l->masking.dropped);
    }
}

/* Each sequence's last step is carried on. */
void srnn_layer_states_out(const timeline *l)
{
    const extent *e = l->e;
    const size_t carries = carries_of(l);
    size_t j, t, i;

    for (j = 0; j < carries; j++) {
        const carry *x = carry_of(l, j);

        for (t = 0; x && t < e->steps; t++)
            for (i = extent_active(e, t + 1); i < extent_active(e, t); i++)
                copy_row(x, srnn_carried(l, j, t), i, x->state, e->order[i]);
    }
}

void srnn_layer_gradients_in(const timeline *l)
{
    const extent *e = l->e;
    const size_t carries = carries_of(l);
    size_t j, i;

    for (j = 0; j < carries; j++) {
        const carry *x = carry_of(l, j);

        for (i = 0; x && i < e->batch; i++)
            copy_row(x, x->d_state, e->order[i], x->d, i);
    }
}

void srnn_layer_gradients_out(const timeline *l)
{
    const extent *e = l->e;
    const size_t carries = carries_of(l);
    size_t j, i;

    for (j = 0; j < carries; j++) {
        const carry *x = carry_of(l, j);

        for (i = 0; x && i < e->batch; i++)
            copy_row(x, x->d, i, x->d_state, e->order[i]);
    }
}
