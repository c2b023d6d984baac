/* The variants: the reference twice, the rungs, and the providers over the
 * highest of them. */
#include "variants.h"

#include "kernels/overlays.h"

#include <string.h>

void srnn_rung_reference(srnn_kernels *k);
void srnn_rung_autovec(srnn_kernels *k);

typedef struct provider {
    const char *name;
    void (*lay_over)(srnn_kernels *k);
} provider;

static const provider providers[] = {
#ifdef SRNN_HAS_SLEEF
    {"sleef", srnn_overlay_sleef},
#endif
#ifdef SRNN_HAS_XSMM
    {"libxsmm", srnn_overlay_xsmm},
#endif
    {NULL, NULL},
};

#define PROVIDERS (sizeof providers / sizeof *providers)

static const provider *provider_named(const char *name)
{
    const provider *p;

    for (p = providers; p->name && strcmp(p->name, name); p++)
        ;
    return p->name ? p : NULL;
}

int variant_is_baseline(const char *name)
{
    return !strcmp(name, "reference") || !strcmp(name, "autovec");
}

int variant_is_overlay(const char *name)
{
    return provider_named(name) != NULL;
}

srnn_status variant_table(const char *name, srnn_kernels *table)
{
    const provider *p = provider_named(name);
    srnn_status status;

    memset(table, 0, sizeof *table);
    if (!strcmp(name, "reference")) {
        srnn_rung_reference(table);
        return SRNN_OK;
    }
    if (!strcmp(name, "autovec")) {
        srnn_rung_autovec(table);
        return SRNN_OK;
    }
    status = srnn_kernels_get(table, p ? NULL : name);
    if (!status && p)
        p->lay_over(table);
    return status;
}

/* The i-th rung above scalar, which the reference stands for, up to the one
 * that NULL names (SRNN_ISA caps it). */
static const char *rung_at(size_t i)
{
    srnn_kernels top;

    if (srnn_kernels_get(&top, NULL))
        return NULL;
    for (size_t j = 0; j <= i; j++)
        if (!strcmp(top.name, srnn_kernels_rung(j)))
            return NULL;
    return srnn_kernels_rung(i + 1);
}

const char *variant_at(size_t i)
{
    static const char *const baseline[] = {"reference", "autovec"};
    const size_t baselines = sizeof baseline / sizeof *baseline;
    size_t rungs = 0;

    if (i < baselines)
        return baseline[i];
    while (rung_at(rungs))
        rungs++;
    i -= baselines;
    if (i < rungs)
        return rung_at(i);
    i -= rungs;
    return rungs && i < PROVIDERS ? providers[i].name : NULL;
}

const char *variant_rung(const char *name)
{
    const char *rung = NULL;

    for (size_t i = 0; rung_at(i); i++) {
        rung = rung_at(i);
        if (!strcmp(rung, name))
            break;
    }
    return rung;
}
