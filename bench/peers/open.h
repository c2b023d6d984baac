/* A peer's results beside ours. */
#ifndef BENCH_PEERS_OPEN_H
#define BENCH_PEERS_OPEN_H

#include "peer.h"

/* Runs ours and the peer's once, and compares every output that the peer has,
 * within the bounds of ours. Returns how many outputs were compared; 0: one
 * disagrees, a run failed or there was nothing to compare, and ours->message
 * says which, naming output, element and both values. */
size_t peer_compare(const peer *p, peer_state *state, const peer_task *task,
                    problem *ours);

#endif
