/* How many of its threads a session puts to work: all, or fewer where meeting
 * one another would take longer than they save. Results are the same. */
#ifndef SRNN_WORTH_H
#define SRNN_WORTH_H

#include "layer.h"

/* For the nodes that are ready, over the extents as they stand; 1 to most. */
size_t srnn_worth_pass(const pass *p, size_t most);

/* For the update of all parameters, and packing. */
size_t srnn_worth_update(const srnn_net *net, size_t most);

#endif
