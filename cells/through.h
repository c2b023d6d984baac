/* What a trainer's opening needs of its passes. */
#ifndef SRNN_THROUGH_H
#define SRNN_THROUGH_H

#include "trainer.h"

/* An error that names the node unless the net can be run in parts; `how` says
 * what does that. */
srnn_status srnn_through_check(const srnn_net *net, const char *how);
/* The same for segments, whose gradients are the sums of the plain backward. */
srnn_status srnn_segments_check(const srnn_net *net);
#endif
