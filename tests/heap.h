/* An allocator that counts, and fails when told. The linker's --wrap
 * (srnn_wrap in cmake/testing.cmake) puts it between all that is linked
 * statically and the C library's. */
#ifndef SRNN_TESTS_HEAP_H
#define SRNN_TESTS_HEAP_H

#include <stdatomic.h>

typedef struct heap_state {
    atomic_long live, calls, refused;
    long fail_at;  /* this call fails, counted from 1; 0: none */
    int forbidden; /* every call fails */
} heap_state;

extern heap_state heap;

#endif
