/* Cells and lines of tables, plain and in Markdown. */
#include "pen.h"

#include "variants.h"

/* Bold has no width. */
void pen_cell(const pen *p, const char *text, int width, int bold)
{
    if (p->style == TABLE_MARKDOWN)
        fprintf(p->f, bold ? " | **%s**" : " | %s", text);
    else if (p->style == TABLE_BOLD && bold)
        fprintf(p->f, " \033[1m%*s\033[0m", width, text);
    else
        fprintf(p->f, " %*s", width, text);
}

void pen_name(const pen *p, const char *text)
{
    if (p->style == TABLE_MARKDOWN)
        fprintf(p->f, "| %s", text);
    else
        fprintf(p->f, "%-*s", p->name_width, text);
}

void pen_heading_end(const pen *p, int columns)
{
    fprintf(p->f, p->style == TABLE_MARKDOWN ? " |\n|---" : "\n");
    for (int i = 1; p->style == TABLE_MARKDOWN && i < columns; i++)
        fprintf(p->f, "|--:");
    if (p->style == TABLE_MARKDOWN)
        fprintf(p->f, "|\n");
}

void pen_line_end(const pen *p)
{
    fprintf(p->f, p->style == TABLE_MARKDOWN ? " |\n" : "\n");
}

const char *pen_break(const pen *p)
{
    return p->style == TABLE_MARKDOWN ? "  \n" : "\n";
}

void pen_unit(const work *w, char *text, size_t size)
{
    if (w->item)
        snprintf(text, size, "ns/%s", w->item);
    else
        snprintf(text, size, "GFLOP/s");
}

void pen_figure(const measured *v, char *text, size_t size)
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

void pen_times(double ratio, char *text, size_t size)
{
    if (ratio > 0)
        snprintf(text, size, ratio < 10 ? "%.1fx" : "%.0fx", ratio);
    else
        snprintf(text, size, "-");
}
