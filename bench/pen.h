/* A pen for tables: cells of fixed width, or of Markdown. */
#ifndef BENCH_PEN_H
#define BENCH_PEN_H

#include "table.h"

typedef struct pen {
    FILE *f;
    table_style style;
    int name_width;
} pen;

/* The first column, and any other: bold where asked and possible. */
void pen_name(const pen *p, const char *text);
void pen_cell(const pen *p, const char *text, int width, int bold);
/* Ends the heading, of so many columns; ends any other line. */
void pen_heading_end(const pen *p, int columns);
void pen_line_end(const pen *p);
/* Ends a line of prose. */
const char *pen_break(const pen *p);

/* The unit of the row's figures; v's figure, with its share of the limit;
 * 2.1x, or - for 0. */
void pen_unit(const work *w, char *text, size_t size);
void pen_figure(const measured *v, char *text, size_t size);
void pen_times(double ratio, char *text, size_t size);

/* Beside the table of variants, where there is something to show: our best rung
 * and the peers; several threads and one. */
void table_peers(const pen *p, const found_peers *peers,
                 const measured_row *rows, size_t n);
void table_threads(const pen *p, const measured_row *rows, size_t n);

#endif
