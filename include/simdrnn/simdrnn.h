/* Recurrent nets: build a graph, run it, train it.
 *
 *   srnn_net      the graph and its weights; read-only while sessions share it
 *   srnn_session  runs a net: states, workspace, threads; one per user thread
 *   srnn_trainer  trains a net: gradients, moments, optimiser; owns the net's
 *                 weights while it is open
 *
 * Sequences lie as [T][B][features]: time step, row of the batch, feature. A
 * net may have several time axes (srnn_net_axis): an encoder's beside a
 * decoder's, the characters of each word under the words.
 * Sizes count elements. Every call returns a status and, when it fails, leaves
 * a message (srnn_error_message) that names the argument and the numbers that
 * disagree; nothing is changed then. The library never prints, exits or
 * aborts, and after open a session or trainer allocates nothing.
 *
 * Threads: one handle is used by one thread at a time; sessions of one net may
 * run in different threads. What changes the net needs it for itself, no
 * session running: adding nodes, writing weights, srnn_net_init and _pack, and
 * of a trainer its open, update and apply.
 *
 * Numbers: on every vector rung and for any number of threads, batch size,
 * cut of the sequence into calls, and lengths beside it, results agree bit for
 * bit. On the vector rungs nets flush subnormal numbers to zero while they run
 * and restore the caller's mode. */
#ifndef SIMDRNN_SIMDRNN_H
#define SIMDRNN_SIMDRNN_H

#include <simdrnn/base.h>
#include <simdrnn/kernels.h>
#include <simdrnn/net.h>
#include <simdrnn/session.h>
#include <simdrnn/trainer.h>

#endif
