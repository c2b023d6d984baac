/* Which places of a drawing lead to a place: the inputs of its node at the
 * steps that it sees of them, and the same node one step before or after. */
#include "layer.h"
#include "print.h"

size_t srnn_places(const drawing *d, srnn_axis axis)
{
    size_t places = 1;

    for (; d->net->axis[axis].parent >= 0; axis = d->net->axis[axis].parent)
        places *= d->steps;
    return places;
}

/* `count` places of an input, `stride` apart. */
typedef struct range {
    size_t first, count, stride;
} range;

/* The steps first run, or last run, of a node's sequence whose places begin at
 * `begin`: both ends where it runs in both directions. */
static range ends(const drawing *d, const node *n, size_t begin, int last)
{
    const srnn_direction way = n->recurrent.direction;
    const size_t end = begin + d->steps - 1;

    if (way >= SRNN_BOTH && d->steps > 1)
        return (range){begin, 2, d->steps - 1};
    return (range){(way == SRNN_REVERSE) == last ? begin : end, 1, 1};
}

/* Whether an initial state enters at step t. */
static int begins_at(const drawing *d, const node *n, size_t t)
{
    const range r = ends(d, n, 0, 0);

    return t == r.first || (r.count == 2 && t == r.first + r.stride);
}

/* What place `at` of n sees of an input on an axis below its own. */
static range of_steps(const drawing *d, const node *n, const node *x,
                      size_t at)
{
    const size_t begin = at * d->steps;

    if (n->kind == &srnn_kind_first)
        return (range){begin, 1, 1};
    if (n->kind == &srnn_kind_last)
        return (range){begin + d->steps - 1, 1, 1};
    if (n->kind == &srnn_kind_state)
        return ends(d, x, begin, 1);
    return (range){begin, d->steps, 1};
}

static range seen(const drawing *d, const node *n, size_t j, size_t at)
{
    const node *x = d->net->node[n->input[j]];
    const srnn_axis above = d->net->axis[x->axis].parent;
    const range none = {0, 0, 0};

    if (n->kind == &srnn_kind_attention && j > 0 && above >= 0)
        return (range){at / d->steps * d->steps, d->steps, 1};
    if (x->axis == n->axis)
        return (range){at, 1, 1};
    if (above == n->axis)
        return of_steps(d, n, x, at);
    if (n->layer && !begins_at(d, n, at % d->steps))
        return none;
    return (range){at / d->steps, 1, 1};
}

static const char *role_of(const node *n, size_t j)
{
    static const char *const attends[] = {"queries", "keys", "values"};

    if (n->kind == &srnn_kind_attention)
        return attends[j];
    if (n->kind->is_loss && j == 1)
        return "targets";
    return n->layer && j == 1 ? "initial state" : "";
}

/* The i-th of the same node's own places. */
static int recurs(const drawing *d, const node *n, size_t at, size_t i,
                  edge *e)
{
    const srnn_direction way = n->recurrent.direction;
    const size_t t = at % d->steps;
    const int before = way != SRNN_REVERSE && (d->folded || t > 0);
    const int after = way != SRNN_FORWARD && (d->folded || t + 1 < d->steps);

    if (!n->layer || i >= (size_t)(before + after))
        return 0;
    e->from = n;
    e->role = n->row.has_g ? "h c g" : n->row.has_c ? "h c" : "h";
    e->step = before && i == 0 ? 1 : -1;
    e->at = d->folded ? at : e->step > 0 ? at - 1 : at + 1;
    return 1;
}

int srnn_edge(const drawing *d, const node *n, size_t at, size_t i, edge *e)
{
    size_t j;

    for (j = 0; j < n->inputs; j++) {
        const range r = seen(d, n, j, at);

        if (i < r.count) {
            *e = (edge){d->net->node[n->input[j]], r.first + i * r.stride,
                        role_of(n, j), 0};
            return 1;
        }
        i -= r.count;
    }
    return recurs(d, n, at, i, e);
}
