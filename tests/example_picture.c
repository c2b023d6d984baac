/* Pictures read back: what was asked for is there to see. */
#include "check.h"
#include "examples/picture.h"
#include "examples/program.h"

#include <cairo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char program[] = "test_example_picture";

static char path[64];

static void name(const char *ending)
{
    snprintf(path, sizeof path, "example_picture_%ld.%s", (long)getpid(),
             ending);
}

/* A colour or, where it is not grey, that and what an edge makes of it. */
static int has(uint32_t pixel, uint32_t colour)
{
    uint32_t red = pixel >> 16 & 255, green = pixel >> 8 & 255,
             blue = pixel & 255;

    return colour == 0xff0000   ? red > green + 64 && red > blue + 64
           : colour == 0x0000ff ? blue > green + 64 && blue > red + 64
                                : (pixel & 0xffffff) == colour;
}

/* Pixels of the PNG at path that have this colour, and the middle of them. */
static size_t count(uint32_t colour, double *x, double *y)
{
    cairo_surface_t *s = cairo_image_surface_create_from_png(path);
    size_t n = 0, stride = (size_t)cairo_image_surface_get_stride(s);
    unsigned char *data = cairo_image_surface_get_data(s);

    CHECK(cairo_surface_status(s) == CAIRO_STATUS_SUCCESS);
    *x = *y = 0;
    for (int i = 0; i < cairo_image_surface_get_height(s); i++)
        for (int j = 0; j < cairo_image_surface_get_width(s); j++) {
            uint32_t pixel;

            memcpy(&pixel, data + (size_t)i * stride + 4 * (size_t)j, 4);
            if (has(pixel, colour)) {
                *x += j;
                *y += i;
                n++;
            }
        }
    if (n) {
        *x /= (double)n;
        *y /= (double)n;
    }
    cairo_surface_destroy(s);
    unlink(path);
    return n;
}

/* Grey of 0.4 is nowhere but where the value is 0.6: in one cell, of which the
 * frame takes less than half; the cells of a row are beside, those of a column
 * above one another. */
static void matrix(void)
{
    static const char *const label[3] = {"a", "b", "\xc3\xbc"};
    double x[6], y[6];

    name("png");
    for (int i = 0; i < 6; i++) {
        double value[6] = {0};
        size_t n;

        value[i] = 0.6;
        picture_matrix(path, "matrix", 2, 3, value, label, label);
        n = count(0x666666, &x[i], &y[i]);
        CHECK_SAYS(n >= 200 && n <= 500, "%zu pixels of cell %d", n, i);
    }
    CHECK(x[0] < x[1] && x[1] < x[2] && y[0] < y[3]);
    CHECK(fabs(x[0] - x[3]) < 1 && fabs(y[0] - y[2]) < 1);
}

/* A red line along the bottom, a blue one that falls from the left top and ends
 * in the middle. */
static void lines(void)
{
    static const double x[3] = {0, 1, 2}, low[3] = {0, 0, 0},
                        fall[3] = {10, 5, NAN};
    const picture_line line[2] = {
        {.label = "", .x = x, .y = low, .count = 3, .red = 1},
        {.label = "", .x = x, .y = fall, .count = 3, .blue = 1}};
    double red[2], blue[2];

    name("png");
    picture_lines(path, "lines", "time", "value", line, 2);
    CHECK(count(0xff0000, &red[0], &red[1]) > 400);
    picture_lines(path, "lines", "time", "value", line, 2);
    CHECK(count(0x0000ff, &blue[0], &blue[1]) > 20);
    CHECK(red[1] > blue[1] && red[0] > blue[0]);
    picture_lines(path, "nothing", "time", "value", line, 0);
    CHECK(count(0xff0000, &red[0], &red[1]) == 0);
}

static void svg(void)
{
    static const double x[2] = {0, 1}, y[2] = {3, 3};
    const picture_line line = {.label = "one", .x = x, .y = y, .count = 2};
    unsigned char *bytes;
    size_t length;

    name("svg");
    picture_lines(path, "a level line", "time", "value", &line, 1);
    bytes = read_file(path, &length);
    CHECK(strstr((char *)bytes, "<svg") && strstr((char *)bytes, "</svg>"));
    free(bytes);
    unlink(path);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"matrix", NULL, matrix},
        {"lines", NULL, lines},
        {"svg", NULL, svg},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
