/* The limits, by loops of known length. Each is the best of a few short
 * measurements: what disturbs one only ever makes it slower. */
#define _POSIX_C_SOURCE 200809L
#include "limits.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRIES 3
#define CLOCK_ROUNDS 400
#define FLOPS_ROUNDS 3000 /* some 20 to 40 us */
#define LOAD_SECONDS 30e-6
#define LOAD_FLOATS 512 /* granule of load loops */
#define LEVELS 4

double limits_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const srnn_limits *limits_of(const char *rung)
{
#if defined(__x86_64__)
    if (rung && !strcmp(rung, "avx2"))
        return srnn_limits_avx2();
    if (rung && !strcmp(rung, "avx512"))
        return srnn_limits_avx512();
#elif defined(__aarch64__)
    if (rung && !strcmp(rung, "neon"))
        return srnn_limits_neon();
#endif
    return NULL;
}

/* ---- clock and arithmetic ----------------------------------------------- */

/* One addition, whose result the compiler must take as unknown. Of a register,
 * since some cores add a constant in no time. */
#define ADD(x, y) \
    x += y; \
    __asm__ volatile("" : "+r"(x))
#define ADD4(x, y) ADD(x, y); ADD(x, y); ADD(x, y); ADD(x, y)
#define ADD16(x, y) ADD4(x, y); ADD4(x, y); ADD4(x, y); ADD4(x, y)

static double clock_once(void)
{
    uint64_t x = 0, y = 1;
    double start = limits_now();

    __asm__ volatile("" : "+r"(y));
    for (int i = 0; i < CLOCK_ROUNDS; i++) {
        ADD16(x, y);
        ADD16(x, y);
        ADD16(x, y);
        ADD16(x, y);
    }
    return (double)x / (limits_now() - start);
}

double limits_clock(void)
{
    double best = 0;

    for (int i = 0; i < TRIES; i++) {
        double hz = clock_once();

        best = hz > best ? hz : best;
    }
    return best;
}

double limits_flops(const srnn_limits *limits)
{
    double best = 0;

    for (int i = 0; i < TRIES; i++) {
        double start = limits_now();
        double flop = limits->fma(FLOPS_ROUNDS);
        double flops = flop / (limits_now() - start);

        best = flops > best ? flops : best;
    }
    return best;
}

/* ---- memory ------------------------------------------------------------- */

static level levels[LEVELS];
static size_t levels_known;
static float *data; /* what the load loops read */
static size_t data_bytes;

static int read_line(int index, const char *what, char *line, int size)
{
    char path[96];
    FILE *f;
    int ok;

    snprintf(path, sizeof path,
             "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, what);
    f = fopen(path, "r");
    ok = f && fgets(line, size, f);
    if (f)
        fclose(f);
    return ok;
}

/* Linux tells each cache of a core: its level, type and size ("32K"). */
static void find_levels(void)
{
    char line[32];

    for (int i = 0; read_line(i, "type", line, sizeof line); i++) {
        level *l = &levels[levels_known];
        char number[8];

        if (!strncmp(line, "Instruction", 11) || levels_known == LEVELS - 1 ||
            !read_line(i, "level", number, sizeof number) ||
            !read_line(i, "size", line, sizeof line))
            continue;
        snprintf(l->name, sizeof l->name, "L%d", atoi(number));
        l->bytes = strtoul(line, NULL, 10) *
                   (strchr(line, 'M') ? (size_t)1 << 20 : (size_t)1 << 10);
        levels_known++;
    }
    strcpy(levels[levels_known++].name, "DRAM");
}

size_t limits_levels(void)
{
    if (!levels_known)
        find_levels();
    return levels_known;
}

const level *limits_level(size_t i)
{
    return i < limits_levels() ? &levels[i] : NULL;
}

size_t limits_level_of(double bytes)
{
    size_t i;

    for (i = 0; i + 1 < limits_levels(); i++)
        if (bytes <= (double)levels[i].bytes)
            break;
    return i;
}

size_t limits_level_for(const work *w)
{
    return limits_level_of(w->set / work_threads(w));
}

/* A stretch that lies in the level and not in the one before: half of it, but
 * no more of a large one than four times what lies before; of DRAM four times
 * the last cache. */
static size_t stretch(size_t i)
{
    const size_t before = i ? levels[i - 1].bytes : 0;
    size_t bytes = levels[i].bytes / 2;

    if (!bytes)
        bytes = before ? 4 * before : (size_t)64 << 20;
    else if (i && 4 * before < bytes)
        bytes = 4 * before;
    return bytes / sizeof(float) / LOAD_FLOATS * LOAD_FLOATS;
}

static int have_data(size_t floats)
{
    const size_t bytes = floats * sizeof *data;

    if (bytes <= data_bytes)
        return 1;
    free(data);
    data = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    data_bytes = data ? bytes : 0;
    if (data)
        memset(data, 0, bytes);
    return data != NULL;
}

double limits_bandwidth(const srnn_limits *limits, size_t i)
{
    size_t n, passes = 1;
    double best = 0, took;

    if (i >= limits_levels() || !have_data(n = stretch(i)))
        return 0;
    limits->load(n, data);
    took = limits_now();
    limits->load(n, data);
    took = limits_now() - took;
    if (took < LOAD_SECONDS)
        passes = (size_t)(LOAD_SECONDS / (took + 1e-9)) + 1;
    for (int t = 0; t < TRIES; t++) {
        double start = limits_now(), rate;

        for (size_t j = 0; j < passes; j++)
            limits->load(n, data);
        rate = (double)(passes * n * sizeof *data) / (limits_now() - start);
        best = rate > best ? rate : best;
    }
    return best;
}

void limits_close(void)
{
    free(data);
    data = NULL;
    data_bytes = 0;
}

double limits_seconds(const srnn_limits *limits, const work *w,
                      const moment *m)
{
    const double threads = work_threads(w);
    const double cycles =
        w->activations / threads / 16 * limits->activation_cycles;
    double arithmetic =
        (m->flops > 0 ? w->flop / m->flops : 0) + cycles / m->hz;
    double traffic =
        m->bandwidth > 0 ? w->bytes / threads / m->bandwidth : 0;

    return arithmetic > traffic ? arithmetic : traffic;
}
