/* Where a net's tensors lie: zero and on cache lines at first; large ones in
 * memory that the system was asked to back by large pages. */
#include "check.h"
#include "net_case.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE 64
#define SMALL 8
#define LARGE 1024 /* weights of LARGE x LARGE reals: 4 MB */

static const srnn_real *weights(const srnn_kernels *k, size_t width,
                                srnn_net **net)
{
    srnn_node x, y;
    srnn_tensor w;
    size_t i;

    must(srnn_net_open_on(net, k));
    must(srnn_net_input(*net, "x", width, &x));
    must(srnn_net_linear(*net, "y", x, width, &y));
    must(srnn_net_param(*net, 0, &w));
    CHECK(w.count == width * width);
    CHECK((uintptr_t)w.data % LINE == 0);
    for (i = 0; i < w.count && w.data[i] == 0; i++)
        ;
    CHECK_SAYS(i == w.count, "%zu of %zu is %g", i, w.count,
               (double)w.data[i]);
    return w.data;
}

static void at_first(const srnn_kernels *k)
{
    srnn_net *net;

    weights(k, SMALL, &net);
    srnn_net_close(net);
    weights(k, LARGE, &net);
    srnn_net_close(net);
}

#ifdef __linux__
/* 1: large pages were asked for where p is; 0: not; -1: nobody can tell. */
static int asked(const void *p)
{
    const uintmax_t at = (uintptr_t)p;
    FILE *maps = fopen("/proc/self/smaps", "r");
    char line[512];
    uintmax_t from, to;
    int inside = 0, is = -1;

    while (maps && is < 0 && fgets(line, sizeof line, maps))
        if (sscanf(line, "%" SCNxMAX "-%" SCNxMAX " ", &from, &to) == 2)
            inside = from <= at && at < to;
        else if (inside && !strncmp(line, "VmFlags:", 8))
            is = strstr(line, " hg") != NULL;
    if (maps)
        fclose(maps);
    return is;
}

static int has_large_pages(void)
{
    FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");

    return f && !fclose(f);
}

static void large_pages(const srnn_kernels *k)
{
    static const char control = 1;
    srnn_net *large;
    const srnn_real *l = weights(k, LARGE, &large);

    if (has_large_pages() && asked(l) >= 0) {
        CHECK(asked(&control) == 0);
        CHECK(asked(l) == 1);
        CHECK(asked(l + LARGE * LARGE / 2) == 1);
    } else {
        check_note("this system has no large pages, or does not tell");
    }
    srnn_net_close(large);
}
#endif

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"at-first", at_first, NULL},
#ifdef __linux__
                                       {"large-pages", large_pages, NULL},
#endif
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
