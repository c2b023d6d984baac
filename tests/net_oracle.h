/* A whole net of net_case.h in double, forward and backward through time,
 * from the formulas of net.h, with a bound beside every value.
 *
 * The bounds are running error analysis in the sense of oracle.h: each value
 * carries how far its f32 counterpart may be off, each operation passes that
 * on and adds its own rounding. A chain of K terms w x adds
 *   (K + 1) U (|start| + sum |w||x|)   its roundings, and
 *   sum |w| e_x + |x| e_w + e_w e_x    what its terms bring along;
 * activations pass the error of their argument on by their Lipschitz constants
 * (sigma 1/4, tanh 1) and add their ULP of kernels.h. */
#ifndef SRNN_TESTS_NET_ORACLE_H
#define SRNN_TESTS_NET_ORACLE_H

#include "net_case.h"
#include "oracle.h"

/* A deliberate flaw: gates 0 and 1 exchanged, or the recurrent part with the
 * wrong sign. */
typedef enum flaw { FLAWLESS, FLAW_GATES, FLAW_SIGN } flaw;

typedef struct oracle_layer {
    size_t in, biases;          /* gates that have a recurrent bias */
    const float *w, *r, *b, *d; /* weight_ih, weight_hh, bias_ih, bias_hh */
    est *x;                     /* [T][B][in] */
    est *h, *c;                 /* [T + 1][B][H], the first is the state */
    est *pre;                   /* [T][B][H]: of an RNN, before its f */
    unit_state *unit;           /* [T][B][H]: activated gates */
    est *dy, *dx;               /* [T][B][H], [T][B][in] */
    est *dw, *dr, *db, *dd;     /* as the parameters */
    est *dh, *dc;               /* [B][H]: of the initial state */
} oracle_layer;

typedef struct net_oracle {
    const net_data *d;
    size_t gates;
    srnn_variant variant; /* each role named */
    int varies;
    oracle_layer layer[2];
    const float *embedding, *out_w, *out_b;
    est *logits, *dlogits; /* [T][B][C] */
    est *d_embedding, *d_out_w, *d_out_b;
    est loss; /* mean, nats */
    void *owned[64];
    size_t count;
} net_oracle;

void net_oracle_forward(net_oracle *o, const srnn_net *net, const net_data *d,
                        flaw f);
/* After forward. */
void net_oracle_backward(net_oracle *o);
void net_oracle_free(net_oracle *o);

/* Zeroed memory that net_oracle_free gives back. */
void *net_oracle_take(net_oracle *o, size_t n, size_t size);

/* start + sum over k of a[i astep] b[i bstep]. */
est est_chain(est start, size_t k, const est *a, size_t astep, const est *b,
              size_t bstep);

#endif
