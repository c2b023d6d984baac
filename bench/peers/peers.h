/* Which peers there are: known, built in, and here. */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include "peer.h"

#define PEERS_MOST 6

typedef struct found_peer {
    const char *name;
    const char *version; /* NULL: it is not here, */
    char why[200];       /* for this reason */
} found_peer;

typedef struct found_peers {
    found_peer each[PEERS_MOST];
    size_t n;
    const peer *here[PEERS_MOST + 1]; /* ends with NULL */
} found_peers;

/* The i-th peer that this project knows; NULL past the end. *p is NULL where
 * the build does not have it, for want of *needs. */
const char *peer_at(size_t i, const peer **p, const char **needs);

/* Asks every one for its version. */
void peers_find(found_peers *f);

#endif
