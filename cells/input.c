/* Input nodes: reals and tokens. The session binds the caller's arrays; a
 * buffer of their own takes those whose rows do not lie evenly. */
#include "node.h"

static void carve_input(const srnn_session *s, const node *n, run *r, arena *a)
{
    srnn_output_carve(s, n, r, a);
    if (s->training)
        r->dx = srnn_arena_reals(a, s->steps * s->batch * n->features);
}

static void carve_tokens(const srnn_session *s, const node *n, run *r,
                         arena *a)
{
    (void)n;
    r->own_tokens = srnn_arena_take(a, s->steps * s->batch * sizeof(int32_t));
}

const node_kind srnn_kind_input = {.name = "input", .carve = carve_input};
const node_kind srnn_kind_tokens = {.name = "tokens", .carve = carve_tokens};
