/* The formulas of work.h. */
#include "work.h"

#define REAL ((double)sizeof(float))

work work_activation(size_t n, int costs)
{
    const double x = (double)n;

    return (work){.activations = costs ? x : 0,
                  .set = 2 * REAL * x,
                  .bytes = 2 * REAL * x, /* x is read, y written */
                  .items = x,
                  .item = "element"};
}

work work_product(size_t rows, size_t k, size_t m)
{
    const double n = (double)rows, weights = (double)k * (double)m;
    const double beside = n * (double)(k + m);

    return (work){.flop = 2 * n * weights,
                  .set = REAL * (weights + beside),
                  .bytes = REAL * (weights + beside),
                  .items = n};
}

work work_forward(work_cell_counts c, size_t T, size_t B, size_t I, size_t H)
{
    const double t = (double)T, b = (double)B, i = (double)I, h = (double)H;
    const double W = c.gates * h * i, R = c.gates * h * h;
    /* Beside R a step reads the input part of the gates, and h and c twice. */
    const double beside = b * h * (c.gates + 4);

    return (work){.flop = 2 * t * b * (W + R),
                  .activations = t * b * h * c.activations,
                  .set = REAL * (R + beside),
                  .bytes = REAL * (W + t * R),
                  .items = t};
}

work work_train(work_cell_counts c, size_t T, size_t B, size_t I, size_t H,
                size_t classes)
{
    const double rows = (double)T * (double)B, n = (double)classes;
    work w = work_forward(c, T, B, I, H);

    w.flop = 3 * (w.flop + 2 * rows * (double)H * n);
    w.activations += rows * n;
    w.bytes *= 2; /* W and R, then their transposes; not the gradients */
    return w;
}

work work_update(work train, size_t params)
{
    /* p, its gradient and two moments are read, three of them written; packing
     * reads p once and writes it twice. */
    train.bytes += REAL * 10 * (double)params;
    return train;
}

double work_amount(const work *w)
{
    return w->flop > 0 ? w->flop : w->items;
}
