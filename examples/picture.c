/* Pictures by cairo, which draws the same on an image and on SVG. */
#include "picture.h"
#include "program.h"

#include <cairo.h>
#include <cairo-svg.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CELL = 22, MARGIN = 70, WIDTH = 1000, HEIGHT = 420, TICKS = 6 };
static const double LETTERS = 12; /* height of the text */

typedef struct canvas {
    const char *path;
    cairo_surface_t *surface;
    cairo_t *cr;
    int svg;
} canvas;

static canvas begin(const char *path, const char *title, double width,
                    double height)
{
    canvas c = {.path = path};
    size_t n = strlen(path);

    c.svg = n > 4 && !strcmp(path + n - 4, ".svg");
    c.surface = c.svg ? cairo_svg_surface_create(path, width, height)
                      : cairo_image_surface_create(
                            CAIRO_FORMAT_RGB24, (int)width, (int)height);
    c.cr = cairo_create(c.surface);
    cairo_set_source_rgb(c.cr, 1, 1, 1);
    cairo_paint(c.cr);
    cairo_set_source_rgb(c.cr, 0, 0, 0);
    cairo_select_font_face(c.cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(c.cr, LETTERS);
    cairo_move_to(c.cr, LETTERS, 1.5 * LETTERS);
    cairo_show_text(c.cr, title);
    return c;
}

static void end(canvas *c)
{
    cairo_status_t status;

    cairo_show_page(c->cr);
    status = cairo_status(c->cr);
    if (!status && !c->svg)
        status = cairo_surface_write_to_png(c->surface, c->path);
    cairo_destroy(c->cr);
    cairo_surface_finish(c->surface); /* writes SVG */
    if (!status)
        status = cairo_surface_status(c->surface);
    cairo_surface_destroy(c->surface);
    if (status)
        die("%s: %s", c->path, cairo_status_to_string(status));
}

/* The text's place: 0 begins at x, 0.5 has it in the middle, 1 ends there. */
static void text(const canvas *c, double x, double y, double place,
                 const char *s)
{
    cairo_text_extents_t size;

    cairo_text_extents(c->cr, s, &size);
    cairo_move_to(c->cr, x - place * size.x_advance, y);
    cairo_show_text(c->cr, s);
}

/* ---- matrix ------------------------------------------------------------- */

/* Width that the widest of the labels takes, and half a cell. */
static double widest(const char *const *label, size_t count)
{
    size_t most = 0;

    for (size_t i = 0; i < count; i++)
        if (strlen(label[i]) > most)
            most = strlen(label[i]);
    return LETTERS * ((double)most + 2);
}

void picture_matrix(const char *path, const char *title, size_t rows,
                    size_t columns, const double *value,
                    const char *const *row_label,
                    const char *const *column_label)
{
    double left = widest(row_label, rows), top = MARGIN;
    double wide = left + (double)columns * CELL + LETTERS;
    double room = LETTERS * (double)strlen(title);
    canvas c = begin(path, title, fmax(wide, room),
                     top + (double)rows * CELL + LETTERS);

    for (size_t j = 0; j < columns; j++)
        text(&c, left + ((double)j + 0.5) * CELL, top - LETTERS / 2, 0.5,
             column_label[j]);
    for (size_t i = 0; i < rows; i++) {
        double y = top + (double)i * CELL;

        text(&c, left - LETTERS / 2, y + 0.7 * CELL, 1, row_label[i]);
        for (size_t j = 0; j < columns; j++) {
            double grey = 1 - fmin(fmax(value[i * columns + j], 0), 1);

            cairo_rectangle(c.cr, left + (double)j * CELL, y, CELL, CELL);
            cairo_set_source_rgb(c.cr, grey, grey, grey);
            cairo_fill_preserve(c.cr);
            cairo_set_source_rgb(c.cr, 0.8, 0.8, 0.8);
            cairo_set_line_width(c.cr, 0.5);
            cairo_stroke(c.cr);
            cairo_set_source_rgb(c.cr, 0, 0, 0);
        }
    }
    end(&c);
}

/* ---- lines -------------------------------------------------------------- */

typedef struct axes {
    double low[2], high[2]; /* of x and y */
} axes;

static axes measure(const picture_line *line, size_t lines)
{
    axes a = {{DBL_MAX, DBL_MAX}, {-DBL_MAX, -DBL_MAX}};

    for (size_t i = 0; i < lines; i++)
        for (size_t j = 0; j < line[i].count; j++) {
            double at[2] = {line[i].x[j], line[i].y[j]};

            for (int k = 0; k < 2 && isfinite(at[1]); k++) {
                a.low[k] = fmin(a.low[k], at[k]);
                a.high[k] = fmax(a.high[k], at[k]);
            }
        }
    for (int k = 0; k < 2; k++)
        if (!(a.high[k] > a.low[k])) { /* one value, or none */
            a.low[k] = a.low[k] < DBL_MAX ? a.low[k] - 1 : 0;
            a.high[k] = a.low[k] + 2;
        }
    return a;
}

static double place_x(const axes *a, double x)
{
    return MARGIN + (WIDTH - 1.5 * MARGIN) * (x - a->low[0]) /
                        (a->high[0] - a->low[0]);
}

static double place_y(const axes *a, double y)
{
    return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (y - a->low[1]) /
                                 (a->high[1] - a->low[1]);
}

/* The step of about `TICKS` ticks: 1, 2 or 5 times a power of ten. */
static double tick(double low, double high)
{
    double rough = (high - low) / TICKS, power = pow(10, floor(log10(rough)));
    double digit = rough / power;

    return power * (digit > 5 ? 10 : digit > 2 ? 5 : digit > 1 ? 2 : 1);
}

static void draw_axes(const canvas *c, const axes *a)
{
    double bottom = place_y(a, a->low[1]), left = place_x(a, a->low[0]);
    char label[32];

    cairo_set_line_width(c->cr, 1);
    for (int k = 0; k < 2; k++) {
        double step = tick(a->low[k], a->high[k]);

        for (double i = ceil(a->low[k] / step); i * step <= a->high[k]; i++) {
            double at = k ? place_y(a, i * step) : place_x(a, i * step);

            snprintf(label, sizeof label, "%g", i * step);
            if (k)
                text(c, left - LETTERS, at + LETTERS / 3, 1, label);
            else
                text(c, at, bottom + 1.7 * LETTERS, 0.5, label);
            cairo_move_to(c->cr, k ? left - 4 : at, k ? at : bottom + 4);
            cairo_line_to(c->cr, k ? left : at, k ? at : bottom);
        }
    }
    cairo_move_to(c->cr, left, place_y(a, a->high[1]));
    cairo_line_to(c->cr, left, bottom);
    cairo_line_to(c->cr, place_x(a, a->high[0]), bottom);
    cairo_stroke(c->cr);
}

static void draw_line(const canvas *c, const axes *a, const picture_line *l)
{
    for (size_t j = 0; j < l->count; j++)
        if (!isfinite(l->y[j]))
            cairo_new_sub_path(c->cr);
        else
            cairo_line_to(c->cr, place_x(a, l->x[j]), place_y(a, l->y[j]));
    cairo_stroke(c->cr);
}

void picture_lines(const char *path, const char *title, const char *x_label,
                   const char *y_label, const picture_line *line,
                   size_t lines)
{
    canvas c = begin(path, title, WIDTH, HEIGHT);
    axes a = measure(line, lines);
    double legend = 1.5 * LETTERS;

    text(&c, WIDTH / 2., HEIGHT - LETTERS, 0.5, x_label);
    text(&c, LETTERS, MARGIN - LETTERS, 0, y_label);
    draw_axes(&c, &a);
    cairo_set_line_width(c.cr, 1.5);
    cairo_set_line_join(c.cr, CAIRO_LINE_JOIN_ROUND);
    for (size_t i = 0; i < lines; i++) {
        cairo_set_source_rgb(c.cr, line[i].red, line[i].green, line[i].blue);
        draw_line(&c, &a, &line[i]);
        text(&c, WIDTH - 0.5 * MARGIN, legend, 1, line[i].label);
        legend += 1.4 * LETTERS;
    }
    end(&c);
}
