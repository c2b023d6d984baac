/* Softmax cross-entropy: the mean over real steps of -log softmax(x)[target];
 * dx = (softmax(x) - one-hot) / real steps. */
#include "node.h"

#include <string.h>

srnn_status srnn_net_cross_entropy(srnn_net *net, const char *name,
                                   srnn_node logits, srnn_node targets,
                                   srnn_node *id)
{
    const srnn_node input[2] = {logits, targets};
    const node *x, *t;
    node *n;
    srnn_status status = srnn_node_add(net, &srnn_kind_cross_entropy, name,
                                       input, 2, 1, &n);

    if (status)
        return status;
    x = net->node[logits];
    t = net->node[targets];
    if (x->is_tokens || x->kind->is_loss || !t->is_tokens)
        status = srnn_fail(SRNN_EINVAL,
                           "node '%s': logits '%s' must be reals, targets "
                           "'%s' tokens",
                           name, x->name, t->name);
    else if (x->features != t->features)
        status = srnn_fail(SRNN_ESHAPE,
                           "node '%s': %zu logits for %zu kinds of targets",
                           name, x->features, t->features);
    return srnn_node_end(net, n, status, id);
}

/* ---- what losses share --------------------------------------------------- */

void srnn_loss_carve(const srnn_session *s, const node *n, run *r, arena *a)
{
    const size_t rows = srnn_rows_of(s, n);

    r->own = srnn_arena_reals(a, rows);
    r->y = r->own;
    r->ldy = 1;
    if (s->training)
        r->dy = srnn_arena_reals(
            a, rows * s->net->node[n->input[0]]->features);
}

size_t srnn_loss_first(const pass *p, const node *n)
{
    const extent *e = srnn_extent_of(p, n);
    const size_t skip = n->axis == SRNN_TIME ? p->leg->skip : 0;

    return skip < e->steps ? e->first[skip] : e->rows;
}

loss_part srnn_loss_part(const pass *p, const node *n, const run *r,
                         size_t count)
{
    const srnn_session *s = p->s;
    const size_t columns = s->net->node[n->input[0]]->features;
    const size_t first = srnn_loss_first(p, n);
    srnn_real *dx = r->adds[0] ? r->dy : s->run[n->input[0]].dy;
    loss_part x;

    srnn_crew_span(p->crew, srnn_extent_of(p, n)->rows - first, 1, &x.from,
                   &x.to);
    x.from += first;
    x.to += first;
    if (p->leg->again)
        count = r->loss_count;
    x.scale = count ? (srnn_real)n->weight / (srnn_real)count : 0;
    x.dx = p->leg->backward ? dx + x.from * columns : NULL;
    if (p->leg->backward && p->crew->worker == 0)
        memset(dx, 0, first * columns * sizeof *dx);
    return x;
}

/* The total is taken by one worker, over steps and the caller's rows rising, in
 * double; it goes on from the pass before, so that no bit depends on where a
 * call is cut. The links of a step lie in that order, the last step first. */
void srnn_loss_end(const pass *p, const node *n, run *r, size_t count)
{
    const extent *e = srnn_extent_of(p, n);
    double sum = r->loss_sum;
    size_t t, i;

    srnn_pool_barrier(p->crew);
    if (p->crew->worker != 0 || p->leg->again)
        return;
    for (t = n->axis == SRNN_TIME ? p->leg->skip : 0; t < e->steps; t++)
        for (i = 0; i < extent_active(e, t); i++)
            sum += (double)r->own[e->row[e->rows - e->first[t + 1] + i]];
    r->loss_sum = sum;
    r->loss_count += count;
}

/* Where the input's gradient has other parts, the loss's own joins them in its
 * turn. */
void srnn_loss_backward(const pass *p, const node *n, run *r)
{
    const size_t columns = p->s->net->node[n->input[0]]->features;
    size_t from, to;

    if (!r->adds[0])
        return;
    srnn_crew_span(p->crew, srnn_extent_of(p, n)->rows, 1, &from, &to);
    p->s->net->k.add_rows(to - from, columns, r->dy + from * columns, columns,
                          p->s->run[n->input[0]].dy + from * columns, columns);
    srnn_pool_barrier(p->crew);
}

double srnn_loss_mean(const srnn_session *s, srnn_node id)
{
    const run *r = &s->run[id];

    return r->loss_count ? r->loss_sum / (double)r->loss_count : 0;
}

double srnn_loss_total(const srnn_session *s, size_t *count)
{
    double total = 0;
    size_t i;

    *count = 0;
    for (i = 0; i < s->net->nodes; i++)
        if (s->net->node[i]->kind->is_loss) {
            total += s->net->node[i]->weight *
                     srnn_loss_mean(s, (srnn_node)i);
            *count += s->run[i].loss_count;
        }
    return total;
}

/* ---- softmax cross-entropy ----------------------------------------------- */

static void forward(const pass *p, const node *n, run *r)
{
    const srnn_session *s = p->s;
    const run *x = &s->run[n->input[0]];
    const int32_t *target = s->run[n->input[1]].tokens;
    const size_t classes = s->net->node[n->input[0]]->features;
    size_t i, count = 0;
    loss_part y;

    if (!p->leg->want_loss)
        return;
    for (i = srnn_loss_first(p, n); i < srnn_extent_of(p, n)->rows; i++)
        count += target[i] >= 0;
    y = srnn_loss_part(p, n, r, count);
    s->net->k.softmax_xent(y.to - y.from, classes, x->y + y.from * x->ldy,
                           x->ldy, target + y.from, r->own + y.from, y.dx,
                           classes, y.scale);
    srnn_loss_end(p, n, r, count);
}

const node_kind srnn_kind_cross_entropy = {.name = "cross_entropy",
                                           .is_loss = 1,
                                           .carve = srnn_loss_carve,
                                           .forward = forward,
                                           .backward = srnn_loss_backward};
