/* What a drawing says of a node by itself: its kind, sizes and parameters. */
#include "print.h"

#include <string.h>

void srnn_put_count(sheet *s, size_t count, const char *what)
{
    srnn_sheet_put(s, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

/* What has a number, where it is not 0. */
static void put_numbers(sheet *s, const srnn_recurrent_config *c)
{
    const struct {
        const char *what;
        double value;
    } number[] = {{"clip", c->clip},
                  {"cell clip", c->cell_clip},
                  {"projection clip", c->projection_clip},
                  {"dropout", c->dropout},
                  {"dropout_input", c->dropout_input},
                  {"dropout_hidden", c->dropout_hidden},
                  {"zoneout_h", c->zoneout_h},
                  {"zoneout_c", c->zoneout_c}};
    size_t i;

    for (i = 0; i < sizeof number / sizeof *number; i++)
        if (number[i].value > 0)
            srnn_sheet_put(s, ", %s %g", number[i].what, number[i].value);
}

static void put_variant(sheet *s, const srnn_recurrent_config *c)
{
    static const char *const lstm[] = {
        "no input gate", "no forget gate", "no output gate", "coupled",
        "peepholes", "full gate recurrence"};
    static const char *const norms[SRNN_NORM_KINDS] = {NULL, "layer norm",
                                                       "batch norm"};
    size_t i;

    for (i = 0; i < sizeof lstm / sizeof *lstm; i++)
        if (c->lstm >> i & 1)
            srnn_sheet_put(s, ", %s", lstm[i]);
    if (c->projection)
        srnn_sheet_put(s, ", projection %zu", c->projection);
    if (c->one_bias)
        srnn_sheet_put(s, ", one bias");
    if (c->z_takes_new)
        srnn_sheet_put(s, ", z takes new");
    if (c->norm != SRNN_NORM_NONE)
        srnn_sheet_put(s, ", %s", norms[c->norm]);
    put_numbers(s, c);
}

static void put_recurrent(sheet *s, const node *n)
{
    static const char *const ways[SRNN_DIRECTIONS] = {
        [SRNN_FORWARD] = "forward",
        [SRNN_REVERSE] = "reverse",
        [SRNN_BOTH] = "both",
        [SRNN_BOTH_SUM] = "both, sum",
        [SRNN_BOTH_MEAN] = "both, mean"};
    const srnn_recurrent_config *c = &n->recurrent;

    srnn_sheet_put(s, "%s, ", srnn_cell_name(c->cell));
    srnn_put_count(s, n->features, "feature");
    srnn_sheet_put(s, ", %zu hidden, ", c->hidden);
    srnn_put_count(s, c->layers, "layer");
    srnn_sheet_put(s, ", %s", ways[c->direction]);
    put_variant(s, c);
}

static void put_attention(sheet *s, const srnn_attention_config *c)
{
    static const char *const scores[SRNN_SCORE_KINDS] = {"dot", "general",
                                                         "additive"};

    srnn_sheet_put(s, ", %s", scores[c->score]);
    if (c->score == SRNN_SCORE_ADDITIVE)
        srnn_sheet_put(s, ", %zu wide", c->width);
    if (c->scale < 1 || c->scale > 1)
        srnn_sheet_put(s, ", scale %g", c->scale);
}

void srnn_put_kind(const drawing *d, const node *n)
{
    sheet *s = d->sheet;

    if (n->layer) {
        put_recurrent(s, n);
    } else if (n->kind->is_loss) {
        srnn_sheet_put(s, "%s, weight %g", n->kind->name, n->weight);
    } else {
        srnn_sheet_put(s, "%s, ", n->kind->name);
        srnn_put_count(s, n->features, n->is_tokens ? "symbol" : "feature");
    }
    if (n->kind == &srnn_kind_attention)
        put_attention(s, &n->attention);
    if (n->kind == &srnn_kind_dropout)
        srnn_sheet_put(s, ", p %g%s", n->dropout.p,
                       n->dropout.once ? ", once" : "");
    if (n->tied >= 0)
        srnn_sheet_put(s, ", weight of %s", d->net->node[n->tied]->name);
    srnn_sheet_put(s, " on %s", d->net->axis[n->axis].name);
}

void srnn_put_param(const drawing *d, const node *n, const param *p)
{
    srnn_sheet_put(d->sheet, "%s [%zu]", p->name + strlen(n->name) + 1,
                   p->shape[0]);
    if (p->rank == 2)
        srnn_sheet_put(d->sheet, "[%zu]", p->shape[1]);
}
