/* One unit of one row of an LSTM in any variant, and of a projection, in double
 * with a bound: see oracle.h. */
#ifndef SRNN_TESTS_ORACLE_LSTM_H
#define SRNN_TESTS_ORACLE_LSTM_H

#include "lstm_flags.h"
#include "oracle.h"

/* By gate; what is said of i, f, o alone has no G. */
typedef struct lstm_unit {
    const srnn_variant *v;
    est x[GATES], p[GATES], q[GATES], peephole[GATES], dg[GATES];
    est y[GATES], slope[GATES], da[GATES];
    int beyond[GATES]; /* clipped: 1 at the upper limit, -1 at the lower; 2, -2:
                          as near as its bound */
    est c_prev, c, m; /* m: o h(c), the output where nothing is projected */
    est d, dc;        /* gradients: of m; of c, then of c_prev */
} lstm_unit;

/* y, slope, c, m from x, p, q, c_prev. */
void oracle_lstm(lstm_unit *s);
/* Gate j as one whose pre-activation was clipped, at that side. */
void oracle_lstm_clipped(lstm_unit *s, int j, int side);
/* da and dc from y, slope (where kept), beyond, c, c_prev, d, dc, dg. */
void oracle_lstm_bwd(lstm_unit *s);

est oracle_clip(est x, double limit);

#endif
