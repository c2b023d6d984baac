/* A net in Graphviz's language: place p of node n is n_p; places of one node
 * lie in a row, from the first step to the last. Names have no character that
 * would have to be escaped. */
#include "print.h"

static void put_vertex(const drawing *d, const node *n, size_t at)
{
    size_t i;

    srnn_sheet_put(d->sheet, "  n%d_%zu [label=\"", n->id, at);
    srnn_put_place(d, n, at);
    srnn_sheet_put(d->sheet, "\\n");
    srnn_put_kind(d, n);
    for (i = 0; d->folded && i < n->params; i++) {
        srnn_sheet_put(d->sheet, "\\n");
        srnn_put_param(d, n, d->net->param[n->first_param + i]);
    }
    srnn_sheet_put(d->sheet, "\"];\n");
}

static void put_row(const drawing *d, const node *n)
{
    const size_t places = srnn_places(d, n->axis);
    size_t i;

    for (i = 0; i < places; i++)
        put_vertex(d, n, i);
    if (places == 1)
        return;
    srnn_sheet_put(d->sheet, "  { rank=same;");
    for (i = 0; i < places; i++)
        srnn_sheet_put(d->sheet, " n%d_%zu;", n->id, i);
    srnn_sheet_put(d->sheet, " }\n");
}

static void put_edge(const drawing *d, const node *n, size_t at,
                     const edge *e)
{
    srnn_sheet_put(d->sheet, "  n%d_%zu -> n%d_%zu", e->from->id, e->at, n->id,
                   at);
    if (*e->role)
        srnn_sheet_put(d->sheet, " [label=\"%s", e->role);
    if (e->step && d->folded)
        srnn_sheet_put(d->sheet, " 1 step %s",
                       e->step > 0 ? "before" : "after");
    if (*e->role)
        srnn_sheet_put(d->sheet, "\"%s]", e->step ? " style=dashed" : "");
    srnn_sheet_put(d->sheet, ";\n");
}

void srnn_draw_dot(const drawing *d)
{
    const srnn_net *net = d->net;
    size_t i, at, j;
    edge e;

    srnn_sheet_put(d->sheet,
                   "digraph net {\n  rankdir=BT;\n  node [shape=box];\n");
    for (i = 0; i < net->nodes; i++)
        put_row(d, net->node[i]);
    for (i = 0; i < net->nodes; i++)
        for (at = 0; at < srnn_places(d, net->node[i]->axis); at++)
            for (j = 0; srnn_edge(d, net->node[i], at, j, &e); j++)
                put_edge(d, net->node[i], at, &e);
    srnn_sheet_put(d->sheet, "}\n");
}
