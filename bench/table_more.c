/* The tables beside that of variants: our best rung and the peers, and several
 * threads and one. */
#include "pen.h"

#include <string.h>

#define CELL_WIDTH 13

static void start(const pen *p, const char *what)
{
    fprintf(p->f, "\n");
    pen_name(p, p->style == TABLE_MARKDOWN ? "row" : what);
    pen_cell(p, "unit", 10, 0);
}

static void start_line(const pen *p, const measured_row *r)
{
    char text[48];

    pen_name(p, r->name);
    pen_unit(&r->variant[0].work, text, sizeof text);
    pen_cell(p, text, 10, 0);
}

static void figure_cell(const pen *p, const measured *v, int bold)
{
    char text[48] = "-";

    if (v)
        pen_figure(v, text, sizeof text);
    pen_cell(p, text, CELL_WIDTH, bold);
}

/* Two digits behind the point: these ratios are about 1. */
static void ratio_cell(const pen *p, double ratio)
{
    char text[48] = "-";

    if (ratio > 0)
        snprintf(text, sizeof text, "%.2fx", ratio);
    pen_cell(p, text, 8, 0);
}

/* ---- peers --------------------------------------------------------------- */

static int has_peers(const measured_row *r)
{
    for (size_t i = 0; i < r->variants; i++)
        if (r->variant[i].peer)
            return 1;
    return 0;
}

static const measured *fastest(const measured_row *r, const measured *ours)
{
    const measured *best = ours;

    for (size_t i = 0; i < r->variants; i++)
        if (r->variant[i].peer &&
            measured_rate(&r->variant[i]) > measured_rate(best))
            best = &r->variant[i];
    return best;
}

static void peers_line(const pen *p, const found_peers *peers,
                       const measured_row *r)
{
    const measured *ours = measured_ours(r);
    const measured *best = fastest(r, ours);

    start_line(p, r);
    figure_cell(p, ours, best == ours);
    for (size_t i = 0; peers->here[i]; i++) {
        const measured *v = measured_find(r, peers->here[i]->name);

        figure_cell(p, v, v && best == v);
    }
    ratio_cell(p, ours->vs_peer);
    pen_line_end(p);
}

static void peers_notes(const pen *p, const measured_row *rows, size_t n)
{
    size_t repeats = 0, kept = 0;

    for (size_t i = 0; i < n; i++) {
        repeats += rows[i].repeats;
        kept += rows[i].kept;
        if (*rows[i].skipped)
            fprintf(p->f, "\n%s skips %s", rows[i].name, rows[i].skipped);
    }
    fprintf(p->f,
            "\nA peer's results were compared with ours before. vs peer is the "
            "speed of our\nbest rung over the fastest peer's: the median of "
            "the ratios of each round.\n%zu rounds were repeated, since loads "
            "from the nearest cache beside a sample\nwere slower than half of "
            "the best seen; %zu such rounds stayed.\n", repeats, kept);
}

void table_peers(const pen *p, const found_peers *peers,
                 const measured_row *rows, size_t n)
{
    int columns = 4;

    start(p, "peers");
    pen_cell(p, "ours", CELL_WIDTH, 0);
    for (size_t i = 0; peers->here[i]; i++, columns++)
        pen_cell(p, peers->here[i]->name, CELL_WIDTH, 0);
    pen_cell(p, "vs peer", 8, 0);
    pen_heading_end(p, columns);
    for (size_t i = 0; i < n; i++)
        if (has_peers(&rows[i]))
            peers_line(p, peers, &rows[i]);
    peers_notes(p, rows, n);
}

/* ---- threads ------------------------------------------------------------- */

static const measured *alone_of(const measured_row *r, const char *variant)
{
    for (size_t i = 0; i < r->alones; i++)
        if (!strcmp(r->alone[i].variant, variant))
            return &r->alone[i];
    return NULL;
}

static void threads_line(const pen *p, const measured_row *r)
{
    const measured *ours = measured_ours(r);

    start_line(p, r);
    figure_cell(p, alone_of(r, ours->variant), 0);
    figure_cell(p, ours, 0);
    ratio_cell(p, ours->speedup);
    ratio_cell(p, ours->fma_speedup);
    pen_line_end(p);
}

void table_threads(const pen *p, const measured_row *rows, size_t n)
{
    size_t any = 0;

    for (size_t i = 0; i < n; i++)
        any += rows[i].alones;
    if (!any)
        return;
    start(p, "threads");
    pen_cell(p, "one", CELL_WIDTH, 0);
    pen_cell(p, "all", CELL_WIDTH, 0);
    pen_cell(p, "speedup", 8, 0);
    pen_cell(p, "FMA loop", 8, 0);
    pen_heading_end(p, 6);
    for (size_t i = 0; i < n; i++)
        if (rows[i].alones)
            threads_line(p, &rows[i]);
    fprintf(p->f, "\nOur best rung on all of the row's threads (P) and on one, "
                  "in the same rounds;\nand what as many FMA loops at once "
                  "reach over one.\n");
}
