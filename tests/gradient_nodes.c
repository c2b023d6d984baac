/* Gradients of the nodes that join, reduce over time and share a weight, and of
 * the losses of real targets, in double against central differences; a kernel
 * that is wrong in one place must show. */
#include "check.h"
#include "net_case.h"
#include "node_case.h"
#include "numbers.h"

#include <math.h>
#include <string.h>

#define STEP 1e-5
#define BOUND 1e-6 /* as in gradient_check.h */

/* ---- one group ----------------------------------------------------------- */

static double slope(const node_case *c, srnn_trainer *t, srnn_real *x)
{
    const srnn_real kept = *x;
    double up, down;

    *x = kept + (srnn_real)STEP;
    up = node_case_loss(c, t);
    *x = kept - (srnn_real)STEP;
    down = node_case_loss(c, t);
    *x = kept;
    return (up - down) / (2 * STEP);
}

/* |a - n| / (|a| + |n|) over the group. A group without any gradient would
 * prove nothing and fails. */
static void compare(const node_case *c, srnn_trainer *t, const char *name,
                    const srnn_real *a, srnn_real *x, size_t n, worst *seen)
{
    double gap = 0, size_a = 0, size_n = 0, size;

    for (size_t i = 0; i < n; i++) {
        const double s = slope(c, t, x + i);

        gap += (a[i] - s) * (a[i] - s);
        size_a += (double)a[i] * a[i];
        size_n += s * s;
    }
    size = sqrt(size_a) + sqrt(size_n);
    worst_see(seen, size > 0 ? sqrt(gap) / size : INFINITY, 0, BOUND, name, n,
              0);
}

static int is_target(const node_case *c, size_t i)
{
    srnn_node_info info;

    must(srnn_net_node(c->net, c->in[i].node, &info));
    return info.name[0] == 't';
}

static void compare_all(const node_case *c, size_t threads, worst *seen)
{
    srnn_trainer *t = node_case_trainer(c, threads);
    srnn_tensor a, x;

    node_case_backward(c, t);
    for (size_t i = 0; i < srnn_net_params(c->net); i++) {
        must(srnn_net_param(c->net, i, &x));
        must(srnn_trainer_gradient(t, i, &a));
        compare(c, t, x.name, a.data, x.data, x.count, seen);
    }
    for (size_t i = 0; i < c->ins; i++)
        if (c->in[i].data && !is_target(c, i)) {
            must(srnn_trainer_input_gradient(t, c->in[i].node, &a));
            compare(c, t, "input", a.data, c->in[i].data, a.count, seen);
        }
    srnn_trainer_close(t);
}

/* ---- cases --------------------------------------------------------------- */

static void nets(const srnn_kernels *k)
{
    static const char *const names[] = {"join", "over time", "tied"};

    for (int which = 0; which < CASE_NETS; which++)
        for (int form = 0; form < 4; form++) {
            worst seen = {0};
            node_case c;

            node_case_open(&c, k, which, form & 1);
            compare_all(&c, 1 + (size_t)form / 2, &seen);
            worst_end(&seen, names[which]);
            node_case_close(&c);
        }
}

/* ---- controls ------------------------------------------------------------ */

static srnn_kernels right;

static void add_nothing(size_t rows, size_t n, const srnn_real *x, size_t ldx,
                        srnn_real *y, size_t ldy)
{
    (void)rows, (void)n, (void)x, (void)ldx, (void)y, (void)ldy;
}

/* Two means of each of 12 words and one of each of 3 sequences: the first pass
 * forward makes so many quotients, then the backward pass as many. */
enum { QUOTIENTS = 2 * 12 + 3 };

static size_t quotients;

static void divide_back(size_t rows, size_t n, const srnn_real *by,
                        const srnn_real *x, size_t ldx, srnn_real *y,
                        size_t ldy)
{
    const srnn_real twice = by[0] * 2;
    const int back = quotients >= QUOTIENTS && quotients < 2 * QUOTIENTS;

    quotients++;
    right.divide_rows(rows, n, back ? &twice : by, x, ldx, y, ldy);
}

static void xent_wrong(size_t rows, size_t n, const srnn_real *x, size_t ldx,
                       const srnn_real *t, size_t ldt, srnn_real *loss,
                       srnn_real *dx, size_t lddx, srnn_real scale)
{
    right.sigmoid_xent(rows, n, x, ldx, t, ldt, loss, dx, lddx,
                       scale * (srnn_real)1.001);
}

static void squares_wrong(size_t rows, size_t n, const srnn_real *x,
                          size_t ldx, const srnn_real *t, size_t ldt,
                          srnn_real *loss, srnn_real *dx, size_t lddx,
                          srnn_real scale)
{
    right.squared_error(rows, n, x, ldx, t, ldt, loss, dx, lddx, scale / 2);
}

static void scatter_nothing(size_t dim, const srnn_links *links,
                            const int32_t *id, const srnn_real *dy,
                            size_t lddy, srnn_real *dtable)
{
    (void)dim, (void)links, (void)id, (void)dy, (void)lddy, (void)dtable;
}

static void control(const srnn_kernels *k, int which, const char *what)
{
    worst seen = {0};
    node_case c;

    node_case_open(&c, k, which, 0);
    compare_all(&c, 1, &seen);
    check_note("%s: largest gap/bound %.3g at %s", what, seen.ratio,
               seen.where);
    CHECK(seen.ratio > 1);
    node_case_close(&c);
}

static void controls(const srnn_kernels *k)
{
    srnn_kernels wrong = right = *k;

    wrong.add_rows = add_nothing;
    control(&wrong, CASE_JOIN, "sums that overwrite");
    wrong = right;
    wrong.sigmoid_xent = xent_wrong;
    control(&wrong, CASE_JOIN, "sigmoid cross-entropy off by 1/1000");
    wrong = right;
    wrong.squared_error = squares_wrong;
    control(&wrong, CASE_JOIN, "squared error without its 2");
    wrong = right;
    wrong.scatter_add = scatter_nothing;
    control(&wrong, CASE_TIED, "an embedding without its part");
    wrong = right;
    wrong.divide_rows = divide_back;
    quotients = 0;
    control(&wrong, CASE_OVER_TIME, "a mean by twice its length");
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"nodes/controls", controls, NULL},
        {"nodes/gradients", nets, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
