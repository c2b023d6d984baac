/* A net in text, folded or unfolded, into a buffer of the caller's. */
#include "print.h"

#include <simdrnn/print.h>

#include <stdarg.h>
#include <stdio.h>

enum { MOST_PLACES = 1024 };

/* ---- pieces -------------------------------------------------------------- */

void srnn_sheet_put(sheet *s, const char *format, ...)
{
    const size_t left = s->length < s->size ? s->size - s->length : 0;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(left ? s->text + s->length : NULL, left, format, args);
    va_end(args);
    if (n > 0)
        s->length += (size_t)n;
}

/* "@t", and ".s" of each axis below it. */
static void put_steps(const drawing *d, srnn_axis axis, size_t at)
{
    const srnn_axis parent = d->net->axis[axis].parent;

    if (parent < 0)
        return;
    put_steps(d, parent, at / d->steps);
    srnn_sheet_put(d->sheet, "%c%zu", parent == SRNN_BATCH ? '@' : '.',
                   at % d->steps);
}

void srnn_put_place(const drawing *d, const node *n, size_t at)
{
    srnn_sheet_put(d->sheet, "%s", n->name);
    if (!d->folded)
        put_steps(d, n->axis, at);
}

/* ---- text ---------------------------------------------------------------- */

/* The net in all, and its axes. */
static void put_head(const drawing *d)
{
    const srnn_net *net = d->net;
    size_t i, reals = 0;

    for (i = 0; i < net->params; i++)
        reals += net->param[i]->count;
    srnn_sheet_put(d->sheet, "net: ");
    srnn_put_count(d->sheet, net->nodes, "node");
    srnn_sheet_put(d->sheet, ", ");
    srnn_put_count(d->sheet, net->params, "parameter");
    srnn_sheet_put(d->sheet, " of ");
    srnn_put_count(d->sheet, reals, "real");
    srnn_sheet_put(d->sheet, "\n");
    for (i = 0; i < net->axes; i++) {
        srnn_sheet_put(d->sheet, "axis %s", net->axis[i].name);
        if (net->axis[i].parent >= 0)
            srnn_sheet_put(d->sheet, " under %s",
                           net->axis[net->axis[i].parent].name);
        srnn_sheet_put(d->sheet, "\n");
    }
}

/* " (role, 1 step before)" */
static void put_role(const drawing *d, const edge *e)
{
    if (!*e->role)
        return;
    srnn_sheet_put(d->sheet, " (%s", e->role);
    if (e->step && d->folded)
        srnn_sheet_put(d->sheet, " 1 step %s",
                       e->step > 0 ? "before" : "after");
    srnn_sheet_put(d->sheet, ")");
}

static void put_line(const drawing *d, const node *n, size_t at)
{
    edge e;
    size_t i;

    srnn_put_place(d, n, at);
    srnn_sheet_put(d->sheet, ": ");
    srnn_put_kind(d, n);
    for (i = 0; srnn_edge(d, n, at, i, &e); i++) {
        srnn_sheet_put(d->sheet, i ? ", " : " <- ");
        srnn_put_place(d, e.from, e.at);
        put_role(d, &e);
    }
    srnn_sheet_put(d->sheet, "\n");
}

static void draw_text(const drawing *d)
{
    size_t i, j;

    put_head(d);
    for (i = 0; i < d->net->nodes; i++) {
        const node *n = d->net->node[i];

        for (j = 0; j < srnn_places(d, n->axis); j++)
            put_line(d, n, j);
        for (j = 0; d->folded && j < n->params; j++) {
            srnn_sheet_put(d->sheet, "  ");
            srnn_put_param(d, n, d->net->param[n->first_param + j]);
            srnn_sheet_put(d->sheet, "\n");
        }
    }
}

/* ---- the call ------------------------------------------------------------ */

srnn_print_config srnn_print_default(void)
{
    return (srnn_print_config){.format = SRNN_PRINT_TEXT};
}

static srnn_status check(const srnn_net *net, const srnn_print_config *c,
                         const char *text, size_t size, const size_t *length)
{
    if (!net || !c || !length)
        return srnn_fail(SRNN_EINVAL, "%s is NULL",
                         net ? c ? "length" : "config" : "net");
    if (!text && size)
        return srnn_fail(SRNN_EINVAL, "text is NULL, size is %zu", size);
    if ((unsigned)c->format >= SRNN_PRINT_FORMATS)
        return srnn_fail(SRNN_EINVAL, "format %d of %d", (int)c->format,
                         SRNN_PRINT_FORMATS);
    return SRNN_OK;
}

/* No node has too many places; counted by division, so nothing overflows. */
static srnn_status check_places(const srnn_net *net, size_t steps)
{
    size_t i, room;
    srnn_axis a;

    for (i = 0; steps && i < net->axes; i++) {
        room = MOST_PLACES;
        for (a = (srnn_axis)i; net->axis[a].parent >= 0;
             a = net->axis[a].parent)
            room /= steps;
        if (room == 0)
            return srnn_fail(SRNN_EINVAL,
                             "steps is %zu: more than %d in all on axis '%s'",
                             steps, MOST_PLACES, net->axis[i].name);
    }
    return SRNN_OK;
}

srnn_status srnn_net_print(const srnn_net *net,
                           const srnn_print_config *config, char *text,
                           size_t size, size_t *length)
{
    srnn_status status = check(net, config, text, size, length);
    sheet s = {text, size, 0};
    drawing d = {.net = net, .sheet = &s};

    if (!status)
        status = check_places(net, config->steps);
    if (status)
        return status;
    d.folded = config->steps == 0;
    d.steps = d.folded ? 1 : config->steps;
    if (size)
        *text = 0;
    if (config->format == SRNN_PRINT_DOT)
        srnn_draw_dot(&d);
    else
        draw_text(&d);
    *length = s.length;
    return SRNN_OK;
}
