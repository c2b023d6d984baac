/* Attention: y = sum_s w_s value_s, w = softmax over the keys of the query's
 * sequence of scale * score(q, key_s). The node itself, its parameters and what
 * it keeps; attend.c runs it. */
#include "attention.h"

#include <math.h>

/* ---- adding it ----------------------------------------------------------- */

srnn_attention_config srnn_attention_default(void)
{
    return (srnn_attention_config){.score = SRNN_SCORE_DOT, .scale = 1};
}

size_t srnn_attention_width(const srnn_net *net, const node *n)
{
    return n->attention.score == SRNN_SCORE_ADDITIVE
               ? n->attention.width
               : net->node[n->input[KEYS]]->features;
}

static srnn_status check_config(const char *name,
                                const srnn_attention_config *c)
{
    if ((unsigned)c->score >= SRNN_SCORE_KINDS)
        return srnn_fail(SRNN_EINVAL, "node '%.60s': score %d is unknown",
                         name, (int)c->score);
    if (!(c->scale > 0) || !(c->scale < INFINITY))
        return srnn_fail(SRNN_EINVAL,
                         "node '%.60s': scale is %g, must be above 0", name,
                         c->scale);
    if (c->score == SRNN_SCORE_ADDITIVE &&
        (c->width == 0 || c->width > INT32_MAX))
        return srnn_fail(SRNN_ESHAPE,
                         "node '%.60s': width is %zu, must be 1 to %d", name,
                         c->width, INT32_MAX);
    return SRNN_OK;
}

/* Queries and keys of one batch of sequences: each query's keys are there, on
 * its own axis or on one that no step of the other can change. */
static srnn_status check_axes(const srnn_net *net, const node *n)
{
    const node *q = net->node[n->input[QUERIES]];
    const node *k = net->node[n->input[KEYS]];
    const node *v = net->node[n->input[VALUES]];

    if (k->axis != v->axis)
        return srnn_fail(SRNN_ESHAPE,
                         "node '%s': keys '%s' lie on axis '%s', values '%s' "
                         "on '%s'",
                         n->name, k->name, net->axis[k->axis].name, v->name,
                         net->axis[v->axis].name);
    if (q->axis == k->axis || (net->axis[q->axis].parent == SRNN_BATCH &&
                               net->axis[k->axis].parent == SRNN_BATCH))
        return SRNN_OK;
    return srnn_fail(SRNN_ESHAPE,
                     "node '%s': axis '%s' of queries '%s' and axis '%s' of "
                     "keys '%s' must be one, or both under '%s'",
                     n->name, net->axis[q->axis].name, q->name,
                     net->axis[k->axis].name, k->name,
                     net->axis[SRNN_BATCH].name);
}

static srnn_status check_features(const srnn_net *net, const node *n)
{
    const node *q = net->node[n->input[QUERIES]];
    const node *k = net->node[n->input[KEYS]];

    if (n->attention.score != SRNN_SCORE_DOT || q->features == k->features)
        return SRNN_OK;
    return srnn_fail(SRNN_ESHAPE,
                     "node '%s': %zu features of queries '%s' for %zu of keys "
                     "'%s'",
                     n->name, q->features, q->name, k->features, k->name);
}

static double bound_of(size_t in)
{
    return 1 / sqrt((double)in);
}

static srnn_status add_general(srnn_net *net, node *n, size_t q, size_t k)
{
    srnn_status status = srnn_param_add(net, n, "weight", q, k, bound_of(k));

    if (!status)
        status = srnn_panels_open(net, &n->panels[0], 1, k, q);
    return status;
}

static srnn_status add_additive(srnn_net *net, node *n, size_t q, size_t k)
{
    const size_t width = n->attention.width;
    srnn_status status =
        srnn_param_add(net, n, "weight_q", width, q, bound_of(q));

    if (!status)
        status = srnn_param_add(net, n, "weight_k", width, k, bound_of(k));
    if (!status)
        status = srnn_param_add(net, n, "bias", width, 0, bound_of(q));
    if (!status)
        status = srnn_param_add(net, n, "v", width, 0, bound_of(width));
    if (!status)
        status = srnn_panels_open(net, &n->panels[0], 1, width, q);
    if (!status)
        status = srnn_panels_open(net, &n->panels[1], 1, width, k);
    return status;
}

static srnn_status fill(srnn_net *net, node *n)
{
    const size_t q = net->node[n->input[QUERIES]]->features;
    const size_t k = net->node[n->input[KEYS]]->features;
    srnn_status status = SRNN_OK;
    size_t j;

    for (j = 0; j < n->inputs && !status; j++)
        status = srnn_node_reals(net, n, j);
    if (!status)
        status = check_axes(net, n);
    if (!status)
        status = check_features(net, n);
    if (!status && n->attention.score == SRNN_SCORE_GENERAL)
        status = add_general(net, n, q, k);
    if (!status && n->attention.score == SRNN_SCORE_ADDITIVE)
        status = add_additive(net, n, q, k);
    return status;
}

srnn_status srnn_net_attention(srnn_net *net, const char *name,
                               srnn_node queries, srnn_node keys,
                               srnn_node values,
                               const srnn_attention_config *config,
                               srnn_node *id)
{
    const srnn_node input[3] = {queries, keys, values};
    srnn_status status = SRNN_OK;
    node *n;

    if (!config)
        return srnn_fail(SRNN_EINVAL, "config is NULL");
    status = check_config(name ? name : "", config);
    if (!status)
        status = srnn_node_add(net, &srnn_kind_attention, name, input, 3, 1,
                               &n);
    if (status)
        return status;
    n->attention = *config;
    n->features = net->node[values]->features;
    n->whole = net->node[keys]->axis == SRNN_TIME;
    return srnn_node_end(net, n, fill(net, n), id);
}

/* ---- parameters ---------------------------------------------------------- */

/* panels: 0 what the queries are multiplied with, 1 the keys (additive), 2 and
 * 3 the transposes of 0 and 1. */
static srnn_status train(const srnn_net *net, node *n)
{
    srnn_status status = SRNN_OK;
    size_t i;

    for (i = 0; i < 2 && !status; i++)
        if (n->panels[i].data && !n->panels[i + 2].data)
            status = srnn_panels_open(net, &n->panels[i + 2], 1,
                                      n->panels[i].k, n->panels[i].units);
    return status;
}

static void close_panels(node *n)
{
    size_t i;

    for (i = 0; i < 4; i++)
        srnn_panels_close(&n->panels[i]);
}

/* W of the general score stands on the queries' side: q . (W k) = (W' q) . k,
 * so no projected keys have to be kept for the steps to come. */
static void pack(const srnn_net *net, const node *n)
{
    const int turned = n->attention.score == SRNN_SCORE_GENERAL;
    size_t i;

    for (i = 0; i < 4; i++) {
        const param *w;

        if (!n->panels[i].data)
            continue;
        w = net->param[n->first_param + i % 2];
        if (turned == (i < 2))
            net->k.pack(&n->panels[i], w->data, 1, w->shape[1]);
        else
            net->k.pack(&n->panels[i], w->data, w->shape[1], 1);
    }
}

/* ---- memory -------------------------------------------------------------- */

static void carve_lists(const srnn_session *s, const node *n,
                        attention_run *m, arena *a)
{
    const node *q = s->net->node[n->input[QUERIES]];
    const node *k = s->net->node[n->input[KEYS]];

    m->query_room = s->axis[q->axis].steps;
    m->key_room = s->axis[k->axis].steps;
    m->query = srnn_arena_take(a, srnn_rows_of(s, q) * sizeof *m->query);
    m->key = srnn_arena_take(a, srnn_rows_of(s, k) * sizeof *m->key);
    m->queries =
        srnn_arena_take(a, s->axis[q->axis].batch * sizeof *m->queries);
    m->keys = srnn_arena_take(a, s->axis[k->axis].batch * sizeof *m->keys);
}

/* Rows of n reals, and in training as many for their gradient. */
static void carve_pair(const srnn_session *s, size_t rows, size_t n,
                       srnn_real **x, srnn_real **dx, arena *a)
{
    const size_t reals = n > SIZE_MAX / rows ? SIZE_MAX : rows * n;

    *x = srnn_arena_reals(a, reals);
    if (s->training)
        *dx = srnn_arena_reals(a, reals);
}

static void carve(const srnn_session *s, const node *n, run *r, arena *a)
{
    const size_t width = srnn_attention_width(s->net, n);
    const size_t rows = srnn_rows_of(s, n);
    attention_run *m, none = {0};

    srnn_output_carve(s, n, r, a);
    r->attention = srnn_arena_take(a, sizeof none);
    m = r->attention ? r->attention : &none;
    carve_lists(s, n, m, a);
    carve_pair(s, rows, m->key_room, &m->w, &m->de, a);
    if (n->attention.score != SRNN_SCORE_DOT)
        carve_pair(s, rows, width, &m->q, &m->dq, a);
    if (n->attention.score == SRNN_SCORE_ADDITIVE)
        carve_pair(s, srnn_rows_of(s, s->net->node[n->input[KEYS]]), width,
                   &m->k, &m->dk, a);
}

const node_kind srnn_kind_attention = {.name = "attention",
                                       .across = 1,
                                       .carve = carve,
                                       .forward = srnn_attention_forward,
                                       .backward = srnn_attention_backward,
                                       .pack = pack,
                                       .train = train,
                                       .close = close_panels};

/* ---- its weights as a node ----------------------------------------------- */

srnn_status srnn_net_attention_weights(srnn_net *net, const char *name,
                                       srnn_node attention, size_t steps,
                                       srnn_node *id)
{
    srnn_status status = SRNN_OK;
    node *n;

    status = srnn_node_add(net, &srnn_kind_attention_weights, name, &attention,
                           1, steps, &n);
    if (status)
        return status;
    if (net->node[attention]->kind != &srnn_kind_attention)
        status = srnn_fail(SRNN_EINVAL, "node '%s': input '%s' is no attention",
                           name, net->node[attention]->name);
    n->cut = 1;
    return srnn_node_end(net, n, status, id);
}

const node_kind srnn_kind_attention_weights = {
    .name = "attention_weights",
    .carve = srnn_output_carve,
    .forward = srnn_attention_weights};
