/* The linker's --wrap puts these before the library's own decision. */
#include "everyone.h"

#include <stddef.h>

int everyone_works = 1;

size_t __real_srnn_worth_pass(const void *pass, size_t most);
size_t __wrap_srnn_worth_pass(const void *pass, size_t most);
size_t __real_srnn_pool_now(const void *pool, size_t workers);
size_t __wrap_srnn_pool_now(const void *pool, size_t workers);
size_t __real_srnn_worth_update(const void *net, size_t most);
size_t __wrap_srnn_worth_update(const void *net, size_t most);

size_t __wrap_srnn_worth_pass(const void *pass, size_t most)
{
    return everyone_works ? most : __real_srnn_worth_pass(pass, most);
}

size_t __wrap_srnn_pool_now(const void *pool, size_t workers)
{
    return everyone_works ? workers : __real_srnn_pool_now(pool, workers);
}

size_t __wrap_srnn_worth_update(const void *net, size_t most)
{
    return everyone_works ? most : __real_srnn_worth_update(net, most);
}
