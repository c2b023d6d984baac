/* The functions that stand before the C library's. */
#include "heap.h"

#include <stdlib.h>

heap_state heap;

static int refuses(void)
{
    const long call = atomic_fetch_add(&heap.calls, 1) + 1;

    if (!heap.forbidden && call != heap.fail_at)
        return 0;
    atomic_fetch_add(&heap.refused, 1);
    return 1;
}

static void *counted(void *p)
{
    atomic_fetch_add(&heap.live, p != NULL);
    return p;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);
void __wrap_free(void *p);

void *__wrap_malloc(size_t n)
{
    return refuses() ? NULL : counted(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refuses() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t n)
{
    if (refuses())
        return NULL;
    return p ? __real_realloc(p, n) : counted(__real_realloc(p, n));
}

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
    return refuses() ? NULL : counted(__real_aligned_alloc(alignment, n));
}

void __wrap_free(void *p)
{
    atomic_fetch_sub(&heap.live, p != NULL);
    __real_free(p);
}
