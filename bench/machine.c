/* The description of the machine, from /proc/cpuinfo, the compiler's macros,
 * git and the limits. */
#define _POSIX_C_SOURCE 200809L
#include "machine.h"

#include "variants.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif
#ifndef SRNN_BENCH_FLAGS
#define SRNN_BENCH_FLAGS "unknown"
#endif

/* The text behind "key : " of a line, if the line has that key. */
static const char *value_of(const char *line, const char *key)
{
    const size_t n = strlen(key);
    const char *colon = strchr(line, ':');

    if (strncmp(line, key, n) || !colon)
        return NULL;
    for (const char *s = line + n; s < colon; s++)
        if (!isspace((unsigned char)*s))
            return NULL;
    return colon + 1 + strspn(colon + 1, " \t");
}

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%.*s", (int)strcspn(from, "\n"), from);
}

/* Those of the CPU's features that a kernel could use. */
static void copy_features(char *to, size_t size, const char *from)
{
    static const char *const known[] = {
        "fma", "avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl",
        "avx_vnni", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile",
        "amx_bf16", "amx_int8", "asimd", "sve", "sve2", "bf16", "i8mm"};
    size_t at = 0;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t n = strlen(known[i]);
        const char *s = from;

        while ((s = strstr(s, known[i])) &&
               ((s > from && s[-1] != ' ') || !strchr(" \n", s[n])))
            s += n;
        if (s && at + n + 2 < size)
            at += (size_t)snprintf(to + at, size - at, "%s%s", at ? " " : "",
                                   known[i]);
    }
}

static void read_cpu(machine *m)
{
    static char line[8192];
    FILE *f = fopen("/proc/cpuinfo", "r");
    const char *v;

    while (f && fgets(line, sizeof line, f) && *line != '\n') {
        if ((v = value_of(line, "model name")))
            copy(m->cpu, sizeof m->cpu, v);
        if ((v = value_of(line, "cpu family")) ||
            (v = value_of(line, "CPU implementer")))
            copy(m->family, sizeof m->family, v);
        if ((v = value_of(line, "model")) || (v = value_of(line, "CPU part")))
            copy(m->model, sizeof m->model, v);
        if ((v = value_of(line, "flags")) || (v = value_of(line, "Features")))
            copy_features(m->features, sizeof m->features, v);
    }
    if (f)
        fclose(f);
    if (!*m->cpu)
        strcpy(m->cpu, "unknown CPU");
}

static void name_file(machine *m)
{
    char text[128], *to = m->fingerprint;

    snprintf(text, sizeof text, "%s-f%s-m%s", m->cpu, m->family, m->model);
    for (const char *s = text; *s && to < m->fingerprint + 60; s++)
        if (isalnum((unsigned char)*s))
            *to++ = (char)tolower((unsigned char)*s);
        else if (to > m->fingerprint && to[-1] != '-')
            *to++ = '-';
    *to = 0;
}

/* The commit that is checked out where the bench is called. */
static void read_commit(machine *m)
{
    FILE *f = popen("git describe --always --dirty --abbrev=12 "
                    "--exclude '*' 2>/dev/null", "r");

    if (!f || !fgets(m->commit, sizeof m->commit, f))
        strcpy(m->commit, "unknown");
    m->commit[strcspn(m->commit, "\n")] = 0;
    if (f)
        pclose(f);
}

static void measure_limits(machine *m)
{
    const srnn_limits *l = NULL;
    const char *v;

    m->hz = limits_clock();
    for (size_t i = 0; (v = variant_at(i)); i++)
        if (!variant_is_baseline(v) && limits_of(v) &&
            m->rungs < MACHINE_RUNGS) {
            l = limits_of(v);
            m->rung[m->rungs] = v;
            m->flops[m->rungs++] = limits_flops(l);
        }
    for (size_t i = 0; l && i < limits_levels() && i < MACHINE_LEVELS; i++)
        m->bandwidth[m->levels++] = limits_bandwidth(l, i);
}

void machine_describe(machine *m)
{
    memset(m, 0, sizeof *m);
    read_cpu(m);
    name_file(m);
    copy(m->compiler, sizeof m->compiler, COMPILER);
    m->flags = SRNN_BENCH_FLAGS;
    copy(m->library, sizeof m->library, srnn_version());
    read_commit(m);
    measure_limits(m);
}
