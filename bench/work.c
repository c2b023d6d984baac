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

work work_forward(work_cell c, size_t directions, size_t T, size_t B, size_t I,
                  size_t H)
{
    const double t = (double)T, b = (double)B, i = (double)I, h = (double)H;
    const double W = c.gates * h * i, R = c.gates * h * c.outputs + c.more;
    const double n = (double)directions;
    /* Beside R a step reads the input part of the gates, and h and c twice. */
    const double beside = b * h * (c.gates + 4);

    return (work){.flop = n * 2 * t * b * (W + R),
                  .activations = n * t * b * h * c.activations,
                  .set = REAL * (R + beside),
                  .bytes = n * REAL * (W + t * R),
                  .items = t};
}

/* Scores and context take features x T each of a query; GENERAL has a product
 * of each key before, ADDITIVE of each key and query, and `width` for the
 * score. */
work work_attention(srnn_score_kind score, size_t T, size_t B, size_t features,
                    size_t width)
{
    const double t = (double)T, b = (double)B, n = (double)features;
    const double v = (double)width, pairs = t * t * b;
    const int adds = score == SRNN_SCORE_ADDITIVE;
    const double W = adds                          ? 2 * n * v
                     : score == SRNN_SCORE_GENERAL ? n * n
                                                   : 0;

    return (work){.flop = 2 * (pairs * (n + (adds ? v : n)) + t * b * W),
                  .activations = pairs * (1 + (adds ? v : 0)),
                  .set = REAL * t * (n + (adds ? v : n)),
                  .bytes = REAL * (W + pairs * (n + (adds ? v : n))),
                  .items = t};
}

work work_train(work forward, size_t rows, size_t outputs, size_t classes)
{
    const double head = (double)outputs * (double)classes;
    work w = forward;

    w.flop = 3 * (w.flop + 2 * (double)rows * head);
    w.activations += (double)rows * (double)classes;
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

double work_threads(const work *w)
{
    return w->threads > 1 ? w->threads : 1;
}
