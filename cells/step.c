/* srnn_session_step. A step like the one before needs no look at its
 * arguments, its lengths or the nodes that they make ready: all of that stands
 * as the last call left it. */
#include "bind.h"
#include "layer.h"

#include <string.h>

/* Whether all that the last call made is on SRNN_TIME, or was not given in
 * it: then a call like it finds everything as it was. */
static int repeats(const srnn_session *s)
{
    size_t i;

    for (i = 0; i < s->net->nodes; i++)
        if (s->run[i].ready && s->run[i].news &&
            s->net->node[i]->axis != SRNN_TIME)
            return 0;
    return 1;
}

/* Where nothing runs but recurrent nodes by single steps, each on the one
 * before: their layers in a row, each of which reads what that one gives. */
static size_t chain_of(srnn_session *s)
{
    size_t i, l, length = 0;
    srnn_node before = s->first;

    for (i = 0; i < s->net->nodes; i++) {
        const node *n = s->net->node[i];
        run *r = &s->run[i];

        if (!r->ready || n->id == s->first)
            continue;
        if (!r->singles || n->input[0] != before)
            return 0;
        for (l = 0; l < srnn_layers(n); l++, length++) {
            s->chain[length] = (chain_link){r->single_step,
                                            &r->layer[l].single};
            if (length > 0)
                s->chain[length].at->x = s->chain[length - 1].at->y;
        }
        before = n->id;
    }
    return before == s->last ? length : 0;
}

static void run_chain(srnn_session *s, const srnn_real *x, srnn_real *y)
{
    const srnn_kernels *k = &s->net->k;
    const uint64_t mode = k->flush();
    const chain_link *link = s->chain, *end = link + s->links;

    link->at->x = x;
    do
        link->step(link->at);
    while (++link < end);
    k->restore(mode);
    memcpy(y, end[-1].at->y, end[-1].at->units * sizeof *y);
}

static void repeat(srnn_session *s, const srnn_real *x, srnn_real *y)
{
    const leg l = {.steps = 1};
    const pass p = {.s = s, .first = 1, .leg = &l};
    const run *out = &s->run[s->last];
    const size_t features = s->net->node[s->last]->features;
    size_t b;

    s->run[s->first].y = x;
    srnn_pass_run(&p);
    for (b = 0; b < s->batch; b++)
        memcpy(y + b * features, out->y + b * out->ldy, features * sizeof *y);
}

srnn_status srnn_session_step(srnn_session *s, const srnn_real *x,
                              srnn_real *y)
{
    srnn_array in, out;
    srnn_status status;

    if (!s || !x || !y)
        return srnn_fail(SRNN_EINVAL, "%s is NULL",
                         s ? x ? "y" : "x" : "session");
    if (s->repeats && s->links && s->net->singles_packed) {
        run_chain(s, x, y);
        return SRNN_OK;
    }
    if (s->repeats) {
        repeat(s, x, y);
        return SRNN_OK;
    }
    if (s->inputs != 1)
        return srnn_fail(SRNN_EINVAL,
                         "the net has %zu real inputs, step takes one",
                         s->inputs);
    in = (srnn_array){.node = s->first, .data = (srnn_real *)x};
    out = (srnn_array){.node = s->last, .data = y};
    status = srnn_session_forward(s, 1, &in, 1, &out, 1);
    s->repeats = !status && s->axis[SRNN_TIME].extent.even && repeats(s);
    s->links = s->repeats && s->worth == 1 ? chain_of(s) : 0;
    return status;
}
