/* Attention's gradients, in double against central differences: all scores,
 * keys and values that are one node or two, that are asked twice, that are the
 * queries themselves; ragged on both sides, with sequences that have no key and
 * no query. A kernel whose result is off must fail. */
#include "attend_case.h"
#include "check.h"
#include "gradient_check.h"
#include "net_case.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEP 1e-5

typedef struct problem {
    srnn_trainer *t;
    const attend_data *d;
    groups *g;
} problem;

static double loss_now(const problem *p)
{
    srnn_net *net = srnn_trainer_net(p->t);
    srnn_array in[3];
    double loss;

    must(srnn_net_pack(net));
    attend_ready(p->t, p->d);
    attend_inputs(p->d, net, 0, in);
    must(srnn_trainer_loss(p->t, p->d->c.steps, in, 3, &loss, NULL));
    return loss;
}

static double slope(const problem *p, srnn_real *x)
{
    const srnn_real kept = *x;
    double up, down;

    *x = kept + (srnn_real)STEP;
    up = loss_now(p);
    *x = kept - (srnn_real)STEP;
    down = loss_now(p);
    *x = kept;
    return (up - down) / (2 * STEP);
}

static void compare(const problem *p, const char *name, const srnn_real *a,
                    srnn_real *x, size_t n)
{
    groups *g = p->g;
    double gap = 0, size_a = 0, size_n = 0;
    size_t i;

    for (i = 0; i < g->count && strcmp(g->name[i], name); i++)
        ;
    if (i == g->count) {
        snprintf(g->name[i], sizeof g->name[i], "%s", name);
        g->seen[g->count++] = (worst){0};
    }
    for (size_t j = 0; j < n; j++) {
        const double s = slope(p, x + j);

        gap += (a[j] - s) * (a[j] - s);
        size_a += (double)a[j] * a[j];
        size_n += s * s;
    }
    worst_see(&g->seen[i],
              size_a > 0 ? sqrt(gap) / (sqrt(size_a) + sqrt(size_n))
                         : INFINITY,
              0, GRADIENT_BOUND, attend_name(&p->d->c), n, 0);
}

static void compare_input(const problem *p, const char *name, srnn_real *x,
                          size_t count)
{
    const srnn_net *net = srnn_trainer_net(p->t);
    srnn_tensor a;

    must(srnn_trainer_input_gradient(p->t, srnn_net_find(net, name), &a));
    CHECK(a.count == count);
    compare(p, name, a.data, x, a.count);
}

/* threads beyond 1 only change who computes; they are there for the phases. */
static double run(const srnn_kernels *k, const attend_case *c, size_t threads,
                  groups *g)
{
    srnn_net *net = attend_net(k, c);
    srnn_trainer *t = attend_trainer(net, c, threads);
    srnn_array in[3];
    srnn_tensor a, x;
    attend_data d;
    problem p = {t, &d, g};

    attend_fill(&d, c);
    attend_ready(t, &d);
    attend_inputs(&d, net, 0, in);
    must(srnn_trainer_backward(t, c->steps, in, 3, NULL));
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &x));
        must(srnn_trainer_gradient(t, i, &a));
        compare(&p, x.name, a.data, x.data, x.count);
    }
    if (c->form != ATTEND_SELF)
        compare_input(&p, "source", d.source, c->source * c->batch * c->in);
    compare_input(&p, "x", d.x, c->steps * c->batch * c->in);
    must(srnn_trainer_state_gradient(t, 0, &a));
    compare(&p, a.name, a.data, d.state, a.count);
    srnn_trainer_close(t);
    srnn_net_close(net);
    attend_free(&d);
    return gradient_largest(g);
}

static const size_t source_length[] = {3, 0, 5, 1}, length[] = {2, 4, 1, 0};

static attend_case case_of(size_t score, size_t form, int ragged)
{
    return (attend_case){.score = (srnn_score_kind)score,
                         .form = (attend_form)form,
                         .batch = 4,
                         .source = 5,
                         .steps = 4,
                         .in = 2,
                         .hidden = 3,
                         .width = 4,
                         .classes = 3,
                         .source_length = ragged ? source_length : NULL,
                         .length = ragged ? length : NULL};
}

static void right(const srnn_kernels *k)
{
    for (size_t score = 0; score < SRNN_SCORE_KINDS; score++)
        for (size_t form = 0; form < 2 * ATTEND_FORMS; form++) {
            const attend_case c = case_of(score, form / 2, form % 2);
            groups g = {0};

            run(k, &c, 1 + form % 3, &g);
            gradient_report(&g, attend_name(&c));
        }
}

/* ---- negative controls --------------------------------------------------- */

#define FACTOR 1.01

static srnn_kernels good;

static void wrong_softmax(size_t rows, size_t n, const srnn_real *y,
                          size_t ldy, const srnn_real *dy, size_t lddy,
                          srnn_real scale, srnn_real *dx, size_t lddx)
{
    good.softmax_bwd(rows, n, y, ldy, dy, lddy, scale * FACTOR, dx, lddx);
}

static void wrong_mix(size_t n, const srnn_real *c, size_t ldc,
                      const srnn_picked *x, srnn_start start, srnn_real *y,
                      size_t ldy, const uint32_t *row, size_t rows)
{
    good.mix_bwd(n, c, ldc, x, start, y, ldy, row, rows);
    for (size_t i = 0; i < rows; i++)
        y[row[i] * ldy] *= FACTOR;
}

static void wrong_start(size_t n, const srnn_real *c, size_t ldc,
                        const srnn_picked *x, srnn_start start, srnn_real *y,
                        size_t ldy, const uint32_t *row, size_t rows)
{
    (void)start;
    good.mix_bwd(n, c, ldc, x, SRNN_START_ZERO, y, ldy, row, rows);
}

/* Which of the three results is off. */
static int spoil;

static void wrong_tanh(size_t n, const srnn_real *q, const srnn_picked *k,
                       const srnn_real *v, const srnn_real *de, srnn_real *dq,
                       srnn_real *dk, size_t lddk, srnn_real *dv)
{
    good.pair_tanh_bwd(n, q, k, v, de, dq, dk, lddk, dv);
    if (spoil == 0)
        dq[0] *= FACTOR;
    if (spoil == 1 && k->count)
        dk[k->row[0] * lddk] *= FACTOR;
    if (spoil == 2)
        dv[0] *= FACTOR;
}

static void control(const srnn_kernels *k, size_t score, size_t form,
                    const char *what)
{
    const attend_case c = case_of(score, form, 1);
    groups g = {0};
    const double largest = run(k, &c, 1, &g);

    check_note("%s, %s: largest gap/bound %.3g", attend_name(&c), what,
               largest);
    CHECK(largest > 1);
}

static void wrong(const srnn_kernels *k)
{
    srnn_kernels bad = good = *k;

    bad.softmax_bwd = wrong_softmax;
    for (size_t score = 0; score < SRNN_SCORE_KINDS; score++)
        control(&bad, score, ATTEND_PLAIN, "softmax_bwd");
    bad = *k;
    bad.mix_bwd = wrong_mix;
    control(&bad, SRNN_SCORE_DOT, ATTEND_VALUES, "mix_bwd");
    bad.mix_bwd = wrong_start;
    control(&bad, SRNN_SCORE_DOT, ATTEND_TWICE, "a sum that overwrites");
    bad = *k;
    bad.pair_tanh_bwd = wrong_tanh;
    for (spoil = 0; spoil < 3; spoil++)
        control(&bad, SRNN_SCORE_ADDITIVE, ATTEND_PLAIN, "pair_tanh_bwd");
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"attention/wrong", wrong, NULL},
        {"attention/right", right, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
