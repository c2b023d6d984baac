/* What the library computes for a case, beside what the oracle says. */
#ifndef SRNN_TESTS_NET_COMPARE_H
#define SRNN_TESTS_NET_COMPARE_H

#include "check.h"
#include "net_oracle.h"

/* Compares over shapes equal to, multiples of, below and above the tiles of
 * every rung, hidden sizes from one list, the others going round; prints a
 * figure for each cell. */
typedef void compare_fn(const srnn_kernels *k, const net_case *c, worst *seen);
void compare_small_shapes(const srnn_kernels *k, compare_fn *compare);
void compare_large_shapes(const srnn_kernels *k, compare_fn *compare);

/* Every variant that case_variant gives, or those whose slopes jump nowhere,
 * over hidden sizes from 1 to 130. */
void compare_variants(const srnn_kernels *k, compare_fn *compare, int smooth);

/* Outputs of "rnn" and "out", last states and the loss of a session. */
void compare_forward(const srnn_kernels *k, const net_case *c, flaw f,
                     worst *seen);

/* The loss and all gradients of a trainer. move shifts the oracle by so many
 * of its bounds: a negative control. */
void compare_backward(const srnn_kernels *k, const net_case *c, double move,
                      worst *seen);

/* The same without any bound, of an rnn_relu on small integers: the logit of
 * class 0 is 2^22 above all others and is no target, so its probability is 1
 * and the others' are 0 in f32 and in double; over 2^n rows every gradient is
 * then an integer over 2^n. Returns how many of them are not 0. */
size_t compare_exactly(const srnn_kernels *k, const net_case *c, worst *seen);

#endif
