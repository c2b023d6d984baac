/* What each kernel should give, in double, with a bound for what f32 may do.
 *
 * An est is a value v in double and a bound e: the number that a kernel
 * computes in f32 lies in [v - e, v + e]. Each operation passes the bounds of
 * its arguments on and adds its own rounding (running error analysis: Higham,
 * Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.3), with
 * U = 2^-24:
 *   + - x / sqrt, fma   U |result|
 *   an activation       n ULP off the correctly rounded result: (n + 1/2) ULP
 *                       <= (2n + 1) U |result|, and 2^-126 where it flushes;
 *                       its argument's e times the largest slope:
 *                       sigma' <= 1/4, tanh' <= 1, exp and log by their own
 * so a formula written in est carries a bound derived from its operations.
 * On the scalar rung an fma is a product and a sum, each rounded.
 * Second-order terms and the double's own rounding are covered by a factor
 * 1 + 2^-16 on each rounding. Nothing here is shared with kernels/. */
#ifndef SRNN_TESTS_ORACLE_H
#define SRNN_TESTS_ORACLE_H

#include <simdrnn/kernels.h>

#define U 0x1p-24

typedef struct est {
    double v, e;
} est;

/* ULP distances and whether fma is fused: those of the rung under test. The
 * vector rungs' are kernels.h's. The scalar rung calls libm (glibc's expf,
 * logf, expm1f, log1pf: 1 ULP, tanhf: 2, as its manual lists); its sigmoid is
 * expf, a sum and a quotient: at most (3 + 1 + 1) U relative, 5 ULP; its
 * softplus expf, log1pf and a sum: (3 + 3 + 1) U, 7 ULP. */
typedef struct oracle_rung {
    int exp, log, sigmoid, tanh, fused, expm1, softplus;
} oracle_rung;

extern oracle_rung oracle;
void oracle_for(const srnn_kernels *k);

est exact(double v);
est e_round(double v, double e);
est e_add(est a, est b);
est e_sub(est a, est b);
est e_mul(est a, est b);
est e_div(est a, est b);
est e_fma(est a, est b, est c); /* a b + c */
est e_sqrt(est a);
est e_exp(est a);
est e_log(est a);
est e_sigmoid(est a);
est e_tanh(est a);
est e_relu(est a);

/* An activation, OWN being phi.h's; its slope at x as a function of y = phi(x),
 * and the slope of OWN as one of x. */
est e_act(const srnn_activation *f, est x);
est e_slope(const srnn_activation *f, est y);
est e_own_slope(est x);

/* start + sum of w[i * wstep] x[i * xstep]: one chain of k terms, within
 * (k + 1) U (|start| + sum |w||x|); two roundings a term where not fused, so
 * one U more covers the scalar rung. */
est e_chain(est start, size_t k, const float *w, size_t wstep, const float *x,
            size_t xstep);

/* ---- cells: one unit of one row ----------------------------------------- */

typedef struct unit_state {
    est x[4], p[4]; /* input and recurrent parts of the pre-activations */
    est gate[8];    /* activated gates, then their gradients; own slopes */
    est h_prev, h, c_prev, c;
    est work[2]; /* z, r h_prev */
    est dy, dh, dc;
    int has_dy, z_takes_new;
    const srnn_variant *variant;
} unit_state;

/* phi of a role at the clipped p, slot taking the slope of OWN; and the slope
 * where it gave y. */
est unit_phi(unit_state *s, int role, int slot, est p);
est unit_slope(const unit_state *s, int role, int slot, est y);

/* The published formula of each tile function, as kernels.h orders it. */
void oracle_unit(int tile, unit_state *s);

/* ---- optimisers ----------------------------------------------------------*/

void oracle_sgd(const srnn_sgd *s, est g, est *m, est *p);
void oracle_adam(const srnn_adam *s, est g, est *m, est *v, est *p);

/* ---- random -------------------------------------------------------------- */

/* Element j of a stream of standard normals. */
est oracle_normal(const srnn_stream *s, size_t j);

#endif
