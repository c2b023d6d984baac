/* Nets to draw: all graphs of graph.h, and one of each other way in which a
 * node can look at another. */
#ifndef SRNN_TESTS_PRINT_CASE_H
#define SRNN_TESTS_PRINT_CASE_H

#include <simdrnn/simdrnn.h>

/* The i-th net and its name; NULL past the last. */
srnn_net *print_case(size_t i, const char **name);

/* x, a plain layer, a linear one and its error: nothing but time. */
srnn_net *print_small(void);
/* A decoder attends to an encoder that runs in both directions, from whose
 * last state it begins. */
srnn_net *print_attends(void);
/* Shortcuts, norms, zoneout, dropout, all three ways over time, and attention
 * of a sequence to itself. */
srnn_net *print_joined(void);
/* A decoder that begins from an encoder's last state, both in reverse. */
srnn_net *print_backwards(void);
/* The last state of the letters of each step. */
srnn_net *print_nested(void);
/* Cells that are not the plain ones. */
srnn_net *print_variants(void);

#endif
