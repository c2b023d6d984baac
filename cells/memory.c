/* Memory of weights and panels: zeros, from a cache line on, and where it is
 * large in pages that are.
 *
 * A step streams every weight of a layer. Beyond a few thousand pages of the
 * ordinary size their addresses no longer fit the TLB, and each page costs a
 * walk; of large ones there are a few. The system may decline. */
#define _DEFAULT_SOURCE /* madvise */

#include "node.h"

#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sys/mman.h>
#endif

#define LARGE_PAGE ((size_t)2 << 20)

/* Only whole large pages: what lies behind them takes no more memory than it
 * needs. */
static void advise(void *p, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    (void)madvise(p, bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
#else
    (void)p;
    (void)bytes;
#endif
}

void *srnn_memory(size_t bytes)
{
    const int large = bytes >= LARGE_PAGE;
    const size_t most = SIZE_MAX / ALIGNMENT * ALIGNMENT;
    void *p = bytes > most ? NULL
                           : aligned_alloc(large ? LARGE_PAGE : ALIGNMENT,
                                           (bytes + ALIGNMENT - 1) /
                                               ALIGNMENT * ALIGNMENT);

    if (p && large)
        advise(p, bytes);
    if (p)
        memset(p, 0, bytes);
    return p;
}
