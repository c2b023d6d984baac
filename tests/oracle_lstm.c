/* Greff et al. 2017, equations of section 2 and appendix A, over value and
 * bound; a gate that a variant has not is 1, coupled f = 1 - i. */
#include "oracle_lstm.h"

#include <math.h>
#include <stdlib.h>

est oracle_clip(est x, double limit)
{
    if (limit > 0 && fabs(x.v) > limit)
        x.v = x.v > 0 ? limit : -limit;
    return x;
}

/* ---- forward ------------------------------------------------------------- */

static srnn_activation act_of(const lstm_unit *s, int role)
{
    srnn_activation f = s->v->act[role];

    if (f.kind == SRNN_ACT_DEFAULT)
        f.kind = role ? SRNN_ACT_TANH : SRNN_ACT_SIGMOID;
    return f;
}

/* The slope of phi at the clipped x, where it is y; the caller's own by the
 * values that it gives beside x. */
static est slope_of(const srnn_activation *f, est x, est y)
{
    srnn_real at[3] = {(srnn_real)x.v, (srnn_real)(x.v - x.e),
                       (srnn_real)(x.v + x.e)};
    srnn_real to[3], slope[3];
    double far;

    if (f->kind != SRNN_ACT_OWN)
        return e_slope(f, y);
    f->own(f->data, 3, at, to, slope);
    far = fmax(fabs(slope[1] - slope[0]), fabs(slope[2] - slope[0]));
    /* its own roundings, six and fewer, and those of the numbers above */
    return e_round(slope[0], 2 * far + 8 * U);
}

/* Gate j from its pre-activation. */
static void activate(lstm_unit *s, int j, est a)
{
    const srnn_activation f = act_of(s, j == GATE_G);
    const double limit = s->v->clip;
    const est x = oracle_clip(a, limit);

    s->y[j] = e_act(&f, x);
    s->slope[j] = slope_of(&f, x, s->y[j]);
    if (limit <= 0 || fabs(a.v) + a.e < limit)
        return;
    /* Beyond it 0; as near as its bound, either. */
    s->beyond[j] = (a.v > 0 ? 1 : -1) * (fabs(a.v) - a.e > limit ? 1 : 2);
    s->slope[j].e = abs(s->beyond[j]) == 1
                        ? 0
                        : fabs(s->slope[j].v) + s->slope[j].e;
    s->slope[j].v = 0;
}

void oracle_lstm_clipped(lstm_unit *s, int j, int side)
{
    const srnn_activation f = act_of(s, j == GATE_G);

    s->beyond[j] = side;
    s->y[j] = e_act(&f, exact(side * (double)s->v->clip));
}

static void gate(lstm_unit *s, int j, est c)
{
    est a = e_add(s->x[j], s->p[j]);

    if (j != GATE_G && s->v->lstm & SRNN_LSTM_FULL_RECURRENCE)
        a = e_add(a, s->q[j]);
    if (j != GATE_G && s->v->lstm & SRNN_LSTM_PEEPHOLES)
        a = e_fma(s->peephole[j], c, a);
    activate(s, j, a);
}

void oracle_lstm(lstm_unit *s)
{
    const lstm_gates g = lstm_gates_of(s->v->lstm);
    const int coupled = !!(s->v->lstm & SRNN_LSTM_COUPLED);
    const srnn_activation f = act_of(s, 2);
    est new;

    for (int j = 0; j < GATE_O; j++)
        if (g.there[j])
            gate(s, j, s->c_prev);
    new = g.there[GATE_I] ? e_mul(s->y[GATE_I], s->y[GATE_G]) : s->y[GATE_G];
    if (coupled)
        s->y[GATE_F] = e_sub(exact(1), s->y[GATE_I]);
    s->c = g.there[GATE_F] || coupled ? e_fma(s->y[GATE_F], s->c_prev, new)
                                      : e_add(s->c_prev, new);
    s->c = oracle_clip(s->c, s->v->cell_clip);
    s->m = e_act(&f, s->c);
    if (g.there[GATE_O]) {
        gate(s, GATE_O, s->c);
        s->m = e_mul(s->y[GATE_O], s->m);
    }
}

/* ---- backward ------------------------------------------------------------ */

/* da of gate j from the gradient of its value; 0 where there is none. */
static void gate_bwd(lstm_unit *s, const lstm_gates *g, int j, est d)
{
    const srnn_activation f = act_of(s, j == GATE_G);

    if (!g->there[j])
        return;
    if (j != GATE_G && s->v->lstm & SRNN_LSTM_FULL_RECURRENCE)
        d = e_add(d, s->dg[j]);
    s->da[j] = e_mul(d, s->v->slopes   ? s->slope[j]
                        : s->beyond[j] ? exact(0)
                                       : e_slope(&f, s->y[j]));
}

static est through_peephole(const lstm_unit *s, const lstm_gates *g, int j,
                            est dc)
{
    return g->there[j] && s->v->lstm & SRNN_LSTM_PEEPHOLES
               ? e_fma(s->peephole[j], s->da[j], dc)
               : dc;
}

void oracle_lstm_bwd(lstm_unit *s)
{
    const lstm_gates g = lstm_gates_of(s->v->lstm);
    const int coupled = !!(s->v->lstm & SRNN_LSTM_COUPLED);
    const srnn_activation f = act_of(s, 2);
    const est t = e_act(&f, s->c), slope = slope_of(&f, s->c, t);
    est dc, by_i = s->y[GATE_G], out = s->d;

    if (g.there[GATE_O])
        out = e_mul(s->d, s->y[GATE_O]);
    gate_bwd(s, &g, GATE_O, e_mul(s->d, t));
    dc = through_peephole(s, &g, GATE_O, e_fma(out, slope, s->dc));
    if (s->v->cell_clip > 0 && fabs(s->c.v) >= s->v->cell_clip)
        dc = exact(0);
    if (coupled)
        by_i = e_sub(by_i, s->c_prev);
    gate_bwd(s, &g, GATE_I, e_mul(dc, by_i));
    gate_bwd(s, &g, GATE_F, e_mul(dc, s->c_prev));
    gate_bwd(s, &g, GATE_G, g.there[GATE_I] ? e_mul(dc, s->y[GATE_I]) : dc);
    s->dc = coupled ? e_mul(dc, e_sub(exact(1), s->y[GATE_I]))
            : g.there[GATE_F] ? e_mul(dc, s->y[GATE_F])
                              : dc;
    s->dc = through_peephole(s, &g, GATE_I, s->dc);
    s->dc = through_peephole(s, &g, GATE_F, s->dc);
}
