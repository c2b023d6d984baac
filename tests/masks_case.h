/* Nets with dropout and zoneout: "x" -> (dropout "before") -> "rnn" -> (dropout
 * "after") -> linear "out" -> "loss", and, with skip, linear "skip" of "x" into
 * a second loss. */
#ifndef SRNN_TESTS_MASKS_CASE_H
#define SRNN_TESTS_MASKS_CASE_H

#include "net_case.h"

typedef struct masks_case {
    const char *name;
    double dropout, input, hidden, zone_h, zone_c;
    double node; /* the rate of both dropout nodes; 0: there are none */
    int once, skip;
    int other; /* the cell's last activation is softsign */
    srnn_direction direction;
} masks_case;

/* Every regularisation by itself and together; name NULL past the end. */
extern const masks_case masks_cases[];

/* The cells to regularise: the plain ones, then LSTMs with h a projection or
 * with full gate recurrence; 0 past the end. */
int masks_cell(net_case *c, size_t i);
/* Whether the cell has what is regularised. */
int masks_fit(const masks_case *m, const net_case *c);

srnn_net *masks_net(const srnn_kernels *k, const net_case *c,
                    const masks_case *m);
/* Data with the states of both directions, and ids that are no row numbers. */
void masks_data(net_data *d, const net_case *c, const masks_case *m);
void masks_free(net_data *d);

srnn_trainer *masks_trainer(srnn_net *net, const net_case *c, size_t threads);

#endif
