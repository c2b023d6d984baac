/* Softmax cross-entropy: the mean over real steps of -log softmax(x)[target];
 * dx = (softmax(x) - one-hot) / real steps. */
#include "node.h"

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
    if (net->loss >= 0)
        status = srnn_fail(SRNN_EINVAL, "node '%s': the net has a loss, '%s'",
                           name, net->node[net->loss]->name);
    else if (x->is_tokens || !t->is_tokens)
        status = srnn_fail(SRNN_EINVAL,
                           "node '%s': logits '%s' must be reals, targets "
                           "'%s' tokens",
                           name, x->name, t->name);
    else if (x->features != t->features)
        status = srnn_fail(SRNN_ESHAPE,
                           "node '%s': %zu logits for %zu kinds of targets",
                           name, x->features, t->features);
    if (status) {
        srnn_node_remove(net);
        return status;
    }
    net->loss = n->id;
    if (id)
        *id = n->id;
    return SRNN_OK;
}

static void carve(const srnn_session *s, const node *n, run *r, arena *a)
{
    (void)n;
    r->own = srnn_arena_reals(a, s->steps * s->batch);
    r->y = r->own;
    r->ldy = 1;
}

/* The total is taken by one worker, over steps and the caller's rows rising, in
 * double; it goes on from the pass before, so that no bit depends on where a
 * call is cut. The links of a step lie in that order, the last step first. */
static void total(const pass *p, const run *r, size_t count)
{
    const extent *e = p->extent;
    double sum = *p->loss_sum;
    size_t t, i;

    for (t = 0; t < e->steps; t++)
        for (i = 0; i < extent_active(e, t); i++)
            sum += (double)r->own[e->row[e->rows - e->first[t + 1] + i]];
    *p->loss_sum = sum;
    *p->loss_count += count;
}

static void forward(const pass *p, const node *n, run *r)
{
    const srnn_session *s = p->s;
    const run *x = &s->run[n->input[0]];
    const int32_t *target = s->run[n->input[1]].tokens;
    const size_t rows = p->extent->rows;
    const size_t classes = s->net->node[n->input[0]]->features;
    size_t i, from, to, count = 0;
    srnn_real *dx;

    if (!p->want_loss)
        return;
    for (i = 0; i < rows; i++)
        count += target[i] >= 0;
    srnn_crew_span(p->crew, rows, 1, &from, &to);
    dx = p->backward ? x->dy + from * classes : NULL;
    s->net->k.softmax_xent(to - from, classes, x->y + from * x->ldy, x->ldy,
                           target + from, r->own + from, dx, classes,
                           count ? 1 / (srnn_real)count : 0);
    srnn_pool_barrier(p->crew);
    if (p->crew->worker == 0)
        total(p, r, count);
}

const node_kind srnn_kind_cross_entropy = {
    .name = "cross_entropy", .carve = carve, .forward = forward};
