/* How many of a session's threads a pass is worth: the number n that makes
 *   the largest share of the work + meetings + the call to work
 * least, in cycles. Results do not depend on it; time does.
 *
 * The work is counted as fast as a core can do it, the rest as slow as it is
 * when all goes well, so that a doubt is decided for fewer threads. */
#include "worth.h"

/* A meeting of n. Of two it takes 200 to 310 ns where both come at once, 700 to
 * 1100 cycles, measured: the counter's cache line goes from one core to the
 * other, the bell's goes back. 400 more for coming unevenly, and for each
 * further worker, which is one more transfer of the counter. */
static double meeting(size_t n)
{
    return 700 + 400 * (double)n;
}

/* A call of n - 1 sleepers: 10 us each in the caller, to send the signal, and
 * 10 us until the last of them runs (measured, at 4 GHz). */
static double calling(size_t n)
{
    return 40e3 * (double)n;
}

/* A core's most: two fused multiply-adds of a vector a cycle; weights out of
 * L2 at 40 bytes a cycle, where few rows share them; an activation in 12 cycles
 * a vector, one for each gate; a parameter read, moved and packed in one. */
#define FMAS 2.0
#define WEIGHTS 10.0
#define FUNCTION 12.0
#define MOVE 1.0

/* How a pass goes on n workers; of one session's kernels. */
typedef struct plan {
    const srnn_kernels *k;
    size_t n;
    int backward;
    double cycles;
} plan;

/* The part of so many items, in granules, that falls to the busiest. */
static double share(const plan *a, size_t items, size_t granule)
{
    const size_t granules = (items + granule - 1) / granule;
    const size_t most = (granules + a->n - 1) / a->n * granule;

    return items ? (double)(most < items ? most : items) / (double)items : 0;
}

/* A product of so many rows, `times` over. */
static void add_product(plan *a, const srnn_panels *w, double rows,
                        double times)
{
    const double reals = (double)(w->gates * w->units) * (double)w->k;
    const double products = rows * reals / (FMAS * (double)a->k->lanes);
    const double loads = reals / WEIGHTS;

    if (w->units)
        a->cycles += times * (products > loads ? products : loads) *
                     share(a, w->units, a->k->panel_units(w->gates));
}

/* The gradient of a weight: a product over all rows. */
static void add_gradient(plan *a, const srnn_panels *w, double rows)
{
    const size_t units = w->gates * w->units;

    a->cycles += rows * (double)units * (double)w->k /
                 (FMAS * (double)a->k->lanes) * share(a, units, 1);
}

static void add_function(plan *a, double rows, size_t units, double vectors)
{
    a->cycles += rows * (double)units / (double)a->k->lanes * FUNCTION *
                 vectors * share(a, units, a->k->lanes);
}

static void add_meetings(plan *a, double meetings)
{
    if (a->n > 1)
        a->cycles += meetings * meeting(a->n);
}

static double meetings_of(const cell_row *row, const phase *f)
{
    return (f->form == ROWS ? 2 : 1) + (row->norm.kind ? 3 : 0);
}

static void add_layer(plan *a, const node *n, const layer *y, const extent *e)
{
    const double rows = (double)e->rows, steps = (double)e->steps;
    const cell_row *c = &n->row;
    const size_t units = n->recurrent.hidden;
    size_t i;

    add_product(a, &y->x, rows, 1);
    add_function(a, rows, units, (double)c->gates);
    for (i = 0; i < c->phases; i++) {
        add_product(a, &y->forward[i], rows / steps, steps);
        add_meetings(a, steps * meetings_of(c, &c->forward[i]));
    }
    if (!a->backward)
        return;
    add_product(a, &y->dx, rows, 1);
    add_gradient(a, &y->x, rows);
    add_function(a, rows, units, (double)c->gates);
    for (i = 0; i < c->phases; i++) {
        add_product(a, &y->backward[i], rows / steps, steps);
        add_gradient(a, &y->backward[i], rows);
        add_meetings(a, steps * meetings_of(c, &c->backward[i]));
    }
}

static void add_recurrent(plan *a, const node *n, const extent *e)
{
    size_t l;

    for (l = 0; e->steps && l < srnn_layers(n); l++)
        add_layer(a, n, &n->layer[l], e);
}

/* Linear nodes and attention; what both directions of a pass multiply. */
static void add_panels(plan *a, const node *n, const extent *e)
{
    const size_t most = sizeof n->panels / sizeof *n->panels;
    const double rows = (double)e->rows;
    size_t i;

    for (i = 0; i < most; i++)
        if (n->panels[i].data)
            add_product(a, &n->panels[i], rows, 1);
    if (n->panels[0].data && a->backward)
        add_gradient(a, &n->panels[0], rows);
}

/* A node's functions meet at most so often, beside those of steps. */
#define NODE_MEETINGS 6

static double cycles_of(const pass *p, size_t workers)
{
    const srnn_net *net = p->s->net;
    plan a = {&net->k, workers, 0, workers > 1 ? calling(workers) : 0};
    size_t i;

    for (i = 0; i < net->nodes; i++) {
        const node *n = net->node[i];
        const extent *e = srnn_extent_of(p, n);

        if (!srnn_pass_runs(p, i))
            continue;
        a.backward = p->leg->backward && p->s->run[i].leads;
        if (n->layer)
            add_recurrent(&a, n, e);
        else
            add_panels(&a, n, e);
        if (n->kind->is_loss)
            add_function(&a, (double)e->rows, n->features, 1);
        add_meetings(&a, NODE_MEETINGS);
    }
    return a.cycles;
}

size_t srnn_worth_pass(const pass *p, size_t most)
{
    size_t n, best = 1;
    double least, cycles;

    if (most == 1)
        return 1;
    least = cycles_of(p, 1);
    for (n = most; n > 1; n /= 2) {
        cycles = cycles_of(p, n);
        if (cycles < least) {
            least = cycles;
            best = n;
        }
    }
    return best;
}

/* Each parameter is moved by one worker, each node packed by one. */
static double update_cycles(const srnn_net *net, size_t workers)
{
    double most = 0, reals;
    size_t i, w;

    for (w = 0; w < workers; w++) {
        for (reals = 0, i = w; i < net->params; i += workers)
            reals += (double)net->param[i]->count;
        most = reals > most ? reals : most;
    }
    return MOVE * most +
           (workers > 1 ? calling(workers) + 3 * meeting(workers) : 0);
}

size_t srnn_worth_update(const srnn_net *net, size_t most)
{
    size_t n = most;

    while (n > 1 && update_cycles(net, n) >= update_cycles(net, 1))
        n /= 2;
    return n;
}
