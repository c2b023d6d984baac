/* The only file that asks the CPU what it is: the ladder of rungs, which of
 * them this machine can climb, and which one NULL stands for. */
#include "error.h"
#include "rungs.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct rung {
    const char *name;
    void (*lay_over)(srnn_kernels *k);
    const char *(*missing)(void); /* what the machine lacks, NULL: nothing */
} rung;

static const char *nothing_missing(void)
{
    return NULL;
}

#if defined(SRNN_REAL_F64)

static const rung ladder[] = {{"f64", srnn_rung_f64, nothing_missing}};

#elif defined(__x86_64__)

#include <cpuid.h>

/* The register states that the operating system saves (Intel SDM vol. 1,
 * 13.3): bits 1, 2 xmm and ymm; 5, 6, 7 the AVX-512 ones. */
static unsigned saved_states(void)
{
    unsigned a, b, c, d;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return 0;
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return a;
}

static const char *avx2_missing(void)
{
    unsigned a, b, c, d;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_FMA))
        return "the CPU has no FMA";
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2))
        return "the CPU has no AVX2";
    if ((saved_states() & 0x06) != 0x06)
        return "the operating system does not save ymm registers";
    return NULL;
}

static const char *avx512_missing(void)
{
    const unsigned need =
        bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    unsigned a, b, c, d;

    if (avx2_missing())
        return avx2_missing();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & need) != need)
        return "the CPU has no AVX-512 F, BW, DQ and VL";
    if ((saved_states() & 0xe6) != 0xe6)
        return "the operating system does not save zmm registers";
    return NULL;
}

static const rung ladder[] = {
    {"scalar", srnn_rung_scalar, nothing_missing},
    {"avx2", srnn_rung_avx2, avx2_missing},
    {"avx512", srnn_rung_avx512, avx512_missing},
};

#elif defined(__aarch64__)

#include <sys/auxv.h>

#ifndef HWCAP_ASIMD
#define HWCAP_ASIMD (1 << 1)
#endif

static const char *neon_missing(void)
{
    return getauxval(AT_HWCAP) & HWCAP_ASIMD ? NULL
                                             : "the CPU has no Advanced SIMD";
}

static const rung ladder[] = {
    {"scalar", srnn_rung_scalar, nothing_missing},
    {"neon", srnn_rung_neon, neon_missing},
};

#else

static const rung ladder[] = {
    {"scalar", srnn_rung_scalar, nothing_missing},
};

#endif

#define RUNGS (sizeof ladder / sizeof *ladder)

/* What NULL chooses, decided once. */
static struct {
    srnn_status status;
    size_t rung;
    char why[200];
} choice;

static srnn_status find(const char *name, size_t *found)
{
    size_t i;

    for (i = 0; i < RUNGS && strcmp(ladder[i].name, name); i++)
        ;
    if (i == RUNGS) {
        char known[64] = "";

        for (i = 0; i < RUNGS; i++) {
            strcat(known, " ");
            strcat(known, ladder[i].name);
        }
        return srnn_fail(SRNN_EISA,
                         "instruction set '%.32s' is unknown; this build "
                         "knows:%s",
                         name, known);
    }
    if (ladder[i].missing())
        return srnn_fail(SRNN_EISA,
                         "instruction set '%s' is not available: %s", name,
                         ladder[i].missing());
    *found = i;
    return SRNN_OK;
}

static void choose(void)
{
    const char *forced = getenv("SRNN_ISA");
    size_t i;

    if (forced && *forced) {
        choice.status = find(forced, &choice.rung);
        if (choice.status)
            snprintf(choice.why, sizeof choice.why, "none: %s",
                     srnn_error_message());
        else
            snprintf(choice.why, sizeof choice.why, "%s: forced by SRNN_ISA",
                     ladder[choice.rung].name);
        return;
    }
    for (i = 0; i < RUNGS && !ladder[i].missing(); i++)
        choice.rung = i;
    if (i == RUNGS)
        snprintf(choice.why, sizeof choice.why,
                 "%s: the highest rung of this build",
                 ladder[choice.rung].name);
    else
        snprintf(choice.why, sizeof choice.why, "%s: %s is out, %s",
                 ladder[choice.rung].name, ladder[i].name,
                 ladder[i].missing());
}

static void choose_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, choose);
}

const char *srnn_kernels_why(void)
{
    choose_once();
    return choice.why;
}

srnn_status srnn_kernels_get(srnn_kernels *table, const char *name)
{
    size_t top, i;
    srnn_status status;

    if (!table)
        return srnn_fail(SRNN_EINVAL, "table is NULL");
    if (name) {
        status = find(name, &top);
        if (status)
            return status;
    } else {
        choose_once();
        if (choice.status)
            return srnn_fail(choice.status, "SRNN_ISA gives %s", choice.why);
        top = choice.rung;
    }
    memset(table, 0, sizeof *table);
    for (i = 0; i <= top; i++)
        ladder[i].lay_over(table);
    return SRNN_OK;
}

const char *srnn_kernels_rung(size_t i)
{
    size_t j;

    for (j = 0; j < RUNGS; j++)
        if (!ladder[j].missing() && i-- == 0)
            return ladder[j].name;
    return NULL;
}
