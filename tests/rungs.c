/* The ladder of rungs, lowest first. */
#include "rungs.h"

#include <string.h>

const char *rung_highest(void)
{
    const char *name, *top = NULL;

    for (size_t i = 0; (name = srnn_kernels_rung(i)); i++)
        top = name;
    return top;
}

int rung_is_highest(const srnn_kernels *k)
{
    return !strcmp(k->name, rung_highest());
}

int rung_available(const char *name)
{
    const char *rung;

    for (size_t i = 0; (rung = srnn_kernels_rung(i)); i++)
        if (!strcmp(rung, name))
            return 1;
    return 0;
}

int rung_is_vector(const srnn_kernels *k)
{
    return strcmp(k->name, "scalar") != 0;
}
