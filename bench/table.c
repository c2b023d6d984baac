/* The table: one line a row, one column a variant; providers share a column,
 * since a row has at most one. */
#include "table.h"

#include "variants.h"

#include <string.h>

#define CELL_WIDTH 13

typedef struct pen {
    FILE *f;
    table_style style;
    int name_width;
} pen;

/* ---- cells -------------------------------------------------------------- */

/* Text in a column, bold where asked and possible; bold has no width. */
static void cell(const pen *p, const char *text, int width, int bold)
{
    if (p->style == TABLE_MARKDOWN)
        fprintf(p->f, bold ? " | **%s**" : " | %s", text);
    else if (p->style == TABLE_BOLD && bold)
        fprintf(p->f, " \033[1m%*s\033[0m", width, text);
    else
        fprintf(p->f, " %*s", width, text);
}

static void name_cell(const pen *p, const char *text)
{
    if (p->style == TABLE_MARKDOWN)
        fprintf(p->f, "| %s", text);
    else
        fprintf(p->f, "%-*s", p->name_width, text);
}

static void figure(const measured *v, char *text, size_t size)
{
    const double t = v->result.median;
    const double x =
        v->work.item ? work_ns(&v->work, t) : work_gflops(&v->work, t);
    const int digits = x < 10 ? 2 : x < 1000 ? 1 : 0;

    if (variant_is_baseline(v->variant) || v->result.of_limit <= 0)
        snprintf(text, size, "%.*f", digits, x);
    else
        snprintf(text, size, "%.*f %3.0f%%", digits, x,
                 100 * v->result.of_limit);
}

static void times(double ratio, char *text, size_t size)
{
    if (ratio > 0)
        snprintf(text, size, ratio < 10 ? "%.1fx" : "%.0fx", ratio);
    else
        snprintf(text, size, "-");
}

static double rate(const measured *v)
{
    return work_amount(&v->work) / v->result.median;
}

static const measured *best_of(const measured_row *r)
{
    const measured *best = &r->variant[0];

    for (size_t i = 1; i < r->variants; i++)
        if (rate(&r->variant[i]) > rate(best))
            best = &r->variant[i];
    return best;
}

/* The best of the library's own. */
static const measured *ours_of(const measured_row *r)
{
    const measured *best = NULL;

    for (size_t i = 0; i < r->variants; i++) {
        const measured *v = &r->variant[i];

        if (!variant_is_baseline(v->variant) &&
            !variant_is_overlay(v->variant) && (!best || rate(v) > rate(best)))
            best = v;
    }
    return best;
}

/* ---- lines -------------------------------------------------------------- */

/* A column for each variant, one for all providers. */
static const char *column_at(size_t i)
{
    const char *v = variant_at(i);

    if (v && variant_is_overlay(v))
        return i && variant_is_overlay(variant_at(i - 1)) ? NULL : "provider";
    return v;
}

static int width_of(const char *column)
{
    return variant_is_baseline(column) ? 9 : CELL_WIDTH;
}

static void heading(const pen *p)
{
    const char *column;
    int columns = 4;

    name_cell(p, p->style == TABLE_MARKDOWN ? "row" : "");
    cell(p, "unit", 8, 0);
    for (size_t i = 0; (column = column_at(i)); i++, columns++)
        cell(p, column, width_of(column), 0);
    cell(p, "vs ref", 7, 0);
    cell(p, "vs auto", 7, 0);
    fprintf(p->f, p->style == TABLE_MARKDOWN ? " |\n|---" : "\n");
    for (int i = 1; p->style == TABLE_MARKDOWN && i < columns; i++)
        fprintf(p->f, "|--:");
    if (p->style == TABLE_MARKDOWN)
        fprintf(p->f, "|\n");
}

static void line(const pen *p, const measured_row *r)
{
    const measured *best = best_of(r), *ours = ours_of(r);
    const work *w = &r->variant[0].work;
    const char *column;
    char text[48];

    name_cell(p, r->name);
    snprintf(text, sizeof text, "ns/%s", w->item ? w->item : "");
    cell(p, w->item ? text : "GFLOP/s", 8, 0);
    for (size_t i = 0; (column = column_at(i)); i++) {
        const int shared = !strcmp(column, "provider");
        const measured *v =
            measured_find(r, shared && r->overlay ? r->overlay : column);

        strcpy(text, "-");
        if (v)
            figure(v, text, sizeof text);
        cell(p, text, width_of(column), v == best);
    }
    times(ours ? ours->vs_reference : 0, text, sizeof text);
    cell(p, text, 7, 0);
    times(ours ? ours->vs_autovec : 0, text, sizeof text);
    cell(p, text, 7, 0);
    fprintf(p->f, p->style == TABLE_MARKDOWN ? " |\n" : "\n");
}

static void about(const pen *p, const machine *m)
{
    const char *end = p->style == TABLE_MARKDOWN ? "  \n" : "\n";

    fprintf(p->f, "%s, family %s, model %s (%s)%s", m->cpu, m->family,
            m->model, m->features, end);
    fprintf(p->f, "simdrnn %s, commit %s, %s, %s%s", m->library, m->commit,
            m->compiler, m->flags, end);
    fprintf(p->f, "Chosen: %s%s", srnn_kernels_why(), end);
    fprintf(p->f, "Limits of one core: %.2f GHz; FMA", 1e-9 * m->hz);
    for (size_t i = 0; i < m->rungs; i++)
        fprintf(p->f, "%s %s %.0f", i ? "," : "", m->rung[i],
                1e-9 * m->flops[i]);
    fprintf(p->f, " GFLOP/s; loads");
    for (size_t i = 0; i < m->levels; i++)
        fprintf(p->f, "%s %s %.0f", i ? "," : "", limits_level(i)->name,
                1e-9 * m->bandwidth[i]);
    fprintf(p->f, " GB/s%s\n", end);
}

static size_t repeats_of(const measured_row *rows, size_t n)
{
    size_t repeats = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < rows[i].variants; j++)
            repeats += rows[i].variant[j].result.repeats;
    return repeats;
}

static void notes(const pen *p, size_t repeats)
{
    static const char text[] =
        "Each figure is the median of samples taken in turns, after the output "
        "was\ncompared with the reference. Its share is of the limit measured "
        "beside each\nsample, whose time is the larger of FLOP / FMA peak + "
        "activations at a stated\nfloor (11 cycles for 16 floats on AVX-512, "
        "14 on AVX2, 28 on NEON), and bytes /\nbandwidth of the level that "
        "holds the whole weight set. A share can pass 100%:\npart of the set "
        "may stay in a nearer level, and the floor is no proof. reference\nand "
        "autovec (the compiler's own vectorisation) run at most 10 steps; vs "
        "ref and\nvs auto are the speed of our best rung over theirs. "
        "provider: SLEEF or libxsmm.\ntrain counts three times the FLOP of "
        "forward; step is one of the public calls.\n";

    fprintf(p->f, "\n%s%zu samples were repeated: the core had been given to "
                  "others meanwhile.\n", text, repeats);
}

/* Rows that a person compares: activations, products, or a pass of a cell,
 * which alone has a second word before the precision. */
static int same_group(const measured_row *a, const measured_row *b)
{
    const size_t what = (size_t)(strstr(a->name, "/f32") - a->name);

    if (memchr(a->name, '/', what))
        return !strncmp(a->name, b->name, what + 1);
    return strchr(b->name, '/') == strstr(b->name, "/f32") &&
           a->variant[0].work.item == b->variant[0].work.item;
}

void table_write(FILE *f, table_style style, const machine *m,
                 const measured_row *rows, size_t n)
{
    pen p = {f, style, 0};

    for (size_t i = 0; i < n; i++)
        if ((int)strlen(rows[i].name) > p.name_width)
            p.name_width = (int)strlen(rows[i].name);
    about(&p, m);
    heading(&p);
    for (size_t i = 0; i < n; i++) {
        if (i && style != TABLE_MARKDOWN &&
            !same_group(&rows[i - 1], &rows[i]))
            fprintf(f, "\n");
        line(&p, &rows[i]);
    }
    notes(&p, repeats_of(rows, n));
}
