/* The table: one line a row, one column a variant; providers share a column,
 * since a row has at most one. */
#include "pen.h"
#include "variants.h"

#include <string.h>

#define CELL_WIDTH 13

static const measured *best_of(const measured_row *r)
{
    const measured *best = &r->variant[0];

    for (size_t i = 1; i < r->variants && !r->variant[i].peer; i++)
        if (measured_rate(&r->variant[i]) > measured_rate(best))
            best = &r->variant[i];
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

    pen_name(p, p->style == TABLE_MARKDOWN ? "row" : "");
    pen_cell(p, "unit", 8, 0);
    for (size_t i = 0; (column = column_at(i)); i++, columns++)
        pen_cell(p, column, width_of(column), 0);
    pen_cell(p, "vs ref", 7, 0);
    pen_cell(p, "vs auto", 7, 0);
    pen_heading_end(p, columns);
}

static void line(const pen *p, const measured_row *r)
{
    const measured *best = best_of(r), *ours = measured_ours(r);
    const char *column;
    char text[48];

    pen_name(p, r->name);
    pen_unit(&r->variant[0].work, text, sizeof text);
    pen_cell(p, text, 8, 0);
    for (size_t i = 0; (column = column_at(i)); i++) {
        const int shared = !strcmp(column, "provider");
        const measured *v =
            measured_find(r, shared && r->overlay ? r->overlay : column);

        strcpy(text, "-");
        if (v)
            pen_figure(v, text, sizeof text);
        pen_cell(p, text, width_of(column), v == best);
    }
    pen_times(ours ? ours->vs_reference : 0, text, sizeof text);
    pen_cell(p, text, 7, 0);
    pen_times(ours ? ours->vs_autovec : 0, text, sizeof text);
    pen_cell(p, text, 7, 0);
    pen_line_end(p);
}

static void about_peers(const pen *p, const found_peers *peers)
{
    for (size_t i = 0; i < peers->n; i++) {
        const found_peer *f = &peers->each[i];

        fprintf(p->f, "Peer %s%s%s%s", f->name,
                f->version ? " " : " is not here: ",
                f->version ? f->version : f->why, pen_break(p));
    }
}

static void about(const pen *p, const machine *m, const found_peers *peers)
{
    const char *end = pen_break(p);

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
    fprintf(p->f, " GB/s%s", end);
    if (m->neon)
        fprintf(p->f, "NEON, not run here; its product's loop: %s%s", m->neon, end);
    if (peers)
        about_peers(p, peers);
    fprintf(p->f, "\n");
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
                 const found_peers *peers, const measured_row *rows, size_t n)
{
    pen p = {f, style, 0};

    for (size_t i = 0; i < n; i++)
        if ((int)strlen(rows[i].name) > p.name_width)
            p.name_width = (int)strlen(rows[i].name);
    about(&p, m, peers);
    heading(&p);
    for (size_t i = 0; i < n; i++) {
        if (i && style != TABLE_MARKDOWN &&
            !same_group(&rows[i - 1], &rows[i]))
            fprintf(f, "\n");
        line(&p, &rows[i]);
    }
    notes(&p, repeats_of(rows, n));
    table_threads(&p, rows, n);
    if (peers)
        table_peers(&p, peers, rows, n);
}
