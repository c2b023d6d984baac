/* What a net looks like: the graph as text, or in Graphviz's language.
 *
 * The library never prints; it writes to the caller's buffer. */
#ifndef SIMDRNN_PRINT_H
#define SIMDRNN_PRINT_H

#include <simdrnn/simdrnn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* TEXT: the net, its axes, then a line for each node,
 *   name: kind, sizes on axis <- source, source (role), ...
 * and folded, under it, its parameters with their shapes.
 * DOT: a digraph with the same in its labels; an edge that leads from one step
 * to another is dashed. */
typedef enum srnn_print_format {
    SRNN_PRINT_TEXT,
    SRNN_PRINT_DOT,
    SRNN_PRINT_FORMATS
} srnn_print_format;

/* steps 0: folded. Every node is there once; a recurrent node is its own
 * source, one step before (in reverse: after).
 * Else unfolded, every axis having so many steps. A node is there once for each
 * step of its axis, name@t; under another axis than SRNN_BATCH, name@t.s is
 * step s of the sequence under t. Recurrence leads from t to t + 1 (in reverse
 * to t - 1), an initial state to the step that is run first, and from the last
 * step run to the state; attention looks at all steps of its keys. At most 1024
 * of one node. */
typedef struct srnn_print_config {
    srnn_print_format format;
    size_t steps;
} srnn_print_config;

/* Text, folded. */
SRNN_API srnn_print_config srnn_print_default(void);

/* Writes as much as fits into `size` bytes of text, always ended by a 0 unless
 * size is 0, when text may be NULL. *length is that of the whole, without its
 * 0: where it is `size` or more, the text is cut. */
SRNN_API srnn_status srnn_net_print(const srnn_net *net,
                                    const srnn_print_config *config,
                                    char *text, size_t size, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
