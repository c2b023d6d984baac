/* Pictures that any viewer opens: a matrix in grey, and lines over time. */
#ifndef PICTURE_H
#define PICTURE_H

#include <stddef.h>

/* Each of these writes the file at path, SVG if its name ends in .svg, else
 * PNG; ends the program where that fails. Texts are UTF-8. */

/* value[row * columns + column] from 0 (white) to 1 (black), rows labelled on
 * the left, columns on top. */
void picture_matrix(const char *path, const char *title, size_t rows,
                    size_t columns, const double *value,
                    const char *const *row_label,
                    const char *const *column_label);

/* A line of count points; NAN leaves a gap. */
typedef struct picture_line {
    const char *label;
    const double *x, *y;
    size_t count;
    double red, green, blue; /* 0 .. 1 */
} picture_line;

/* One above another on one pair of axes, from the smallest to the largest of
 * all points, with a legend. */
void picture_lines(const char *path, const char *title, const char *x_label,
                   const char *y_label, const picture_line *line,
                   size_t lines);

#endif
