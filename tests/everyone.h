/* How many threads the sessions of a test put to work. */
#ifndef EVERYONE_H
#define EVERYONE_H

/* 1, as tests begin: all that they have, however small the net, so that
 * promises are tested on many; 0: as the library decides. */
extern int everyone_works;

#endif
