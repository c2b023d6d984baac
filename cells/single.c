/* A step of one sequence through a stack of small plain layers: each layer is
 * one call of a kernel, over weights packed for it. */
#include "layer.h"

/* Of W and R: beyond, the products take so long that calls are nothing, and
 * packing twice costs memory. */
#define MOST_REALS ((size_t)1 << 18)

/* Which of the kernels steps the node's cell; SRNN_SINGLE_KINDS: none. */
static srnn_single_kind kind_of(const node *n)
{
    const srnn_recurrent_config *c = &n->recurrent;

    if (n->row.phases != 1 || n->row.norm.kind || c->one_bias ||
        c->z_takes_new || c->zoneout_h > 0 || c->zoneout_c > 0)
        return SRNN_SINGLE_KINDS;
    switch (n->row.forward[0].tile) {
    case SRNN_TILE_RNN_TANH:
        return SRNN_SINGLE_RNN_TANH;
    case SRNN_TILE_RNN_RELU:
        return SRNN_SINGLE_RNN_RELU;
    case SRNN_TILE_LSTM:
        return SRNN_SINGLE_LSTM;
    case SRNN_TILE_GRU_AFTER:
        return SRNN_SINGLE_GRU;
    default:
        return SRNN_SINGLE_KINDS;
    }
}

/* A vector of the narrowest rung holds all units: nothing is wider. */
static const srnn_singles *singles_of(const srnn_net *net, const node *n)
{
    const srnn_kernels *k = &net->k;

    return k->few && n->recurrent.hidden <= k->few->lanes ? k->few : k->single;
}

size_t srnn_single_size(const srnn_net *net, const node *n, const layer *y)
{
    const srnn_singles *k = singles_of(net, n);
    const size_t hidden = n->recurrent.hidden;
    size_t reals;

    if (!k || kind_of(n) == SRNN_SINGLE_KINDS || y->in > MOST_REALS ||
        hidden > MOST_REALS)
        return 0;
    reals = k->size(n->row.gates, hidden, y->in);
    return reals <= MOST_REALS ? reals : 0;
}

void srnn_single_pack(const srnn_net *net, const node *n)
{
    size_t l;

    for (l = 0; l < srnn_layers(n); l++) {
        const layer *y = &n->layer[l];

        if (y->single)
            singles_of(net, n)->pack(n->row.gates, n->recurrent.hidden, y->in,
                                     y->param[W_IH].data, y->param[W_HH].data,
                                     y->param[B_IH].data, y->param[B_HH].data,
                                     y->single);
    }
}

void srnn_single_carve(const srnn_session *s, const node *n, run *r)
{
    size_t l;

    r->singles = !s->training && s->axis[n->axis].batch == 1 &&
                 n->recurrent.direction == SRNN_FORWARD;
    for (l = 0; l < srnn_layers(n); l++) {
        const layer *y = &n->layer[l];
        layer_run *at = &r->layer[l];

        r->singles &= y->single != NULL;
        at->single = (srnn_single){.units = n->recurrent.hidden,
                                   .in = y->in,
                                   .packed = y->single,
                                   .h = at->carry[CARRY_H].state,
                                   .c = at->carry[CARRY_C].state,
                                   .y = at->carry[CARRY_H].all};
    }
    if (r->singles)
        r->single_step = singles_of(s->net, n)->step[kind_of(n)];
}

int srnn_single_forward(const pass *p, const node *n, run *r)
{
    const size_t layers = srnn_layers(n);
    const srnn_real *x = p->s->run[n->input[0]].y;
    size_t l;

    if (!r->singles || p->crew->workers > 1 ||
        !p->s->net->singles_packed ||
        srnn_extent_of(p, n)->steps != 1)
        return 0;
    for (l = 0; l < layers; l++) {
        srnn_single *at = &r->layer[l].single;

        at->x = x;
        r->single_step(at);
        x = at->y;
    }
    r->y = x;
    return 1;
}
