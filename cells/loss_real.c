/* Losses of real targets: the mean over the elements that have one of
 *   sigmoid cross-entropy  max(x, 0) - x t + log(1 + e^-|x|); dx = sigma(x) - t
 *   squared error          (x - t)^2;                         dx = 2 (x - t)
 * dx divided by the number of those elements. A target of NaN is none. */
#include "node.h"

typedef void row_fn(size_t rows, size_t n, const srnn_real *x, size_t ldx,
                    const srnn_real *target, size_t ldt, srnn_real *loss,
                    srnn_real *dx, size_t lddx, srnn_real scale);

static srnn_status add(srnn_net *net, const node_kind *kind, const char *name,
                       srnn_node input, srnn_node targets, srnn_node *id)
{
    const srnn_node inputs[2] = {input, targets};
    const node *x, *t;
    node *n = NULL;
    srnn_status status = srnn_node_add(net, kind, name, inputs, 2, 1, &n);

    if (status)
        return status;
    x = net->node[input];
    t = net->node[targets];
    n->cut = 1u << 1; /* targets are given */
    status = srnn_node_reals(net, n, 0);
    if (!status)
        status = srnn_node_reals(net, n, 1);
    if (!status && x->features != t->features)
        status = srnn_fail(SRNN_ESHAPE,
                           "node '%s': '%s' has %zu features, targets '%s' "
                           "%zu",
                           name, x->name, x->features, t->name, t->features);
    return srnn_node_end(net, n, status, id);
}

srnn_status srnn_net_sigmoid_cross_entropy(srnn_net *net, const char *name,
                                           srnn_node logits,
                                           srnn_node targets, srnn_node *id)
{
    return add(net, &srnn_kind_sigmoid_cross_entropy, name, logits, targets,
               id);
}

srnn_status srnn_net_squared_error(srnn_net *net, const char *name,
                                   srnn_node input, srnn_node targets,
                                   srnn_node *id)
{
    return add(net, &srnn_kind_squared_error, name, input, targets, id);
}

/* ---- runs ---------------------------------------------------------------- */

static size_t count_targets(const run *t, size_t from, size_t rows,
                            size_t columns)
{
    size_t i, j, count = 0;

    for (i = from; i < rows; i++)
        for (j = 0; j < columns; j++) {
            const srnn_real v = t->y[i * t->ldy + j];

            count += v == v;
        }
    return count;
}

/* Every worker counts, each for itself, and takes a part of the rows. */
static void forward(const pass *p, const node *n, run *r, row_fn *rows_of)
{
    const srnn_session *s = p->s;
    const run *x = &s->run[n->input[0]], *t = &s->run[n->input[1]];
    const size_t columns = s->net->node[n->input[0]]->features;
    size_t count;
    loss_part y;

    if (!p->leg->want_loss)
        return;
    count = count_targets(t, srnn_loss_first(p, n),
                          srnn_extent_of(p, n)->rows, columns);
    y = srnn_loss_part(p, n, r, count);
    rows_of(y.to - y.from, columns, x->y + y.from * x->ldy, x->ldy,
            t->y + y.from * t->ldy, t->ldy, r->own + y.from, y.dx, columns,
            y.scale);
    srnn_loss_end(p, n, r, count);
}

static void forward_sigmoid(const pass *p, const node *n, run *r)
{
    forward(p, n, r, p->s->net->k.sigmoid_xent);
}

static void forward_squared(const pass *p, const node *n, run *r)
{
    forward(p, n, r, p->s->net->k.squared_error);
}

const node_kind srnn_kind_sigmoid_cross_entropy = {
    .name = "sigmoid_cross_entropy",
    .is_loss = 1,
    .carve = srnn_loss_carve,
    .forward = forward_sigmoid,
    .backward = srnn_loss_backward};
const node_kind srnn_kind_squared_error = {.name = "squared_error",
                                           .is_loss = 1,
                                           .carve = srnn_loss_carve,
                                           .forward = forward_squared,
                                           .backward = srnn_loss_backward};
