/* Data, guard pages, bits and modes for the tests. */
#define _DEFAULT_SOURCE
#include "numbers.h"

#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- data --------------------------------------------------------------- */

static struct {
    uint64_t seed;
    uint32_t block, word[4];
    unsigned used;
} data;

void data_seed(uint64_t seed)
{
    data.seed = seed;
    data.block = 0;
    data.used = 4;
}

uint32_t data_word(void)
{
    if (data.used == 4) {
        uint32_t counter[4] = {data.block++, 't', 's', 't'};

        srnn_philox(data.seed, counter, data.word);
        data.used = 0;
    }
    return data.word[data.used++];
}

size_t data_below(size_t n)
{
    return data_word() % n;
}

float data_real(void)
{
    return (float)(int32_t)(data_word() & ~127u) * 0x1p-31f;
}

void data_fill(float *x, size_t n, float scale)
{
    for (size_t i = 0; i < n; i++)
        x[i] = data_real() * scale;
}

void data_integers(float *x, size_t n, int most)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((int)data_below(2 * (size_t)most + 1) - most);
}

/* ---- guard pages -------------------------------------------------------- */

#define SLOTS 24
#define SLOT_BYTES ((size_t)1 << 20)
#define CANARIES 64

static struct {
    char *base; /* guard, slot, guard, slot, ..., guard */
    size_t page, used, bytes[SLOTS];
    size_t gap; /* bytes of canaries between data that ends and its guard */
    int side;
} guard;

static void guard_open(void)
{
    size_t i, all;

    guard.gap = getenv("SRNN_TEST_GAP") ? 32 : 0;
    guard.page = (size_t)sysconf(_SC_PAGESIZE);
    all = SLOTS * (SLOT_BYTES + guard.page) + guard.page;
    guard.base = mmap(NULL, all, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guard.base == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    for (i = 0; i <= SLOTS; i++)
        if (mprotect(guard.base + i * (SLOT_BYTES + guard.page), guard.page,
                     PROT_NONE)) {
            perror("mprotect");
            exit(1);
        }
}

static char *slot_at(size_t i)
{
    return guard.base + i * (SLOT_BYTES + guard.page) + guard.page;
}

static char *data_at(size_t i)
{
    return guard.side ? slot_at(i) + SLOT_BYTES - guard.gap - guard.bytes[i]
                      : slot_at(i);
}

/* Canary j of slot i: they lie behind the data (side 0) or before it (1), and
 * in the gap. */
static uint32_t *canary_at(size_t i, size_t j)
{
    const size_t size = sizeof(uint32_t), in_gap = guard.gap / size;
    char *s = data_at(i);

    if (!guard.side || j < in_gap)
        s += guard.bytes[i] + j * size;
    else
        s -= (j - in_gap + 1) * size;
    return (uint32_t *)(void *)s;
}

size_t guard_errors(void)
{
    size_t errors = 0;

    for (size_t i = 0; i < guard.used; i++)
        for (size_t j = 0; j < CANARIES; j++)
            errors += *canary_at(i, j) != POISON;
    return errors;
}

void guard_check(void)
{
    const size_t errors = guard_errors();

    CHECK_SAYS(!errors, "%zu reals written beside their buffers", errors);
}

void guard_begin(int side)
{
    guard_check();
    guard.used = 0;
    guard.side = side;
}

static void *guard_take(size_t bytes)
{
    size_t i = guard.used, j;

    if (!guard.base)
        guard_open();
    if (i == SLOTS || bytes + CANARIES * sizeof(uint32_t) > SLOT_BYTES) {
        printf("guard: no room for %zu bytes in slot %zu\n", bytes, i);
        exit(1);
    }
    guard.used++;
    guard.bytes[i] = bytes;
    for (j = 0; j < CANARIES; j++)
        *canary_at(i, j) = POISON;
    return data_at(i);
}

float *guard_reals(size_t n)
{
    float *x = guard_take(n * sizeof *x);
    const uint32_t poison = POISON;

    for (size_t i = 0; i < n; i++)
        memcpy(x + i, &poison, sizeof poison);
    return x;
}

int32_t *guard_ints(size_t n)
{
    return guard_take(n * sizeof(int32_t));
}

float *guard_blank(size_t rows, size_t n, size_t ld)
{
    return guard_reals(rows ? (rows - 1) * ld + n : 0);
}

float *guard_matrix(size_t rows, size_t n, size_t ld, float scale)
{
    float *x = guard_blank(rows, n, ld);

    for (size_t r = 0; r < rows; r++)
        data_fill(x + r * ld, n, scale);
    return x;
}

size_t poison_errors(const float *x, size_t rows, size_t n, size_t ld)
{
    size_t errors = 0;

    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < n; j++)
            errors += bits_of(x[r * ld + j]) == POISON;
        for (size_t j = n; r + 1 < rows && j < ld; j++)
            errors += bits_of(x[r * ld + j]) != POISON;
    }
    return errors;
}

/* ---- bits --------------------------------------------------------------- */

uint32_t bits_of(float x)
{
    uint32_t b;

    memcpy(&b, &x, sizeof b);
    return b;
}

float real_of(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The floats in rising order as rising integers. */
static int64_t ordered(float x)
{
    uint32_t b = bits_of(x);

    return b >> 31 ? -(int64_t)(b & 0x7fffffffu) - 1 : (int64_t)b;
}

uint32_t ulp_distance(float a, float b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b) ? 0 : UINT32_MAX;
    return (uint32_t)llabs(ordered(a) - ordered(b));
}

static int64_t ordered_normal(float x)
{
    const int64_t gap = 0x007fffff;
    int64_t b = bits_of(x) & 0x7fffffffu;

    b = b > gap ? b - gap : 0;
    return bits_of(x) >> 31 ? -b - 1 : b;
}

uint32_t normal_distance(float a, float b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b) ? 0 : UINT32_MAX;
    return (uint32_t)llabs(ordered_normal(a) - ordered_normal(b));
}

uint64_t hash_begin(void)
{
    return 0xcbf29ce484222325u;
}

uint64_t hash_reals(uint64_t h, const float *x, size_t rows, size_t n,
                    size_t ld)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < n; j++) {
            float v = x[r * ld + j];
            uint32_t b = isnan(v) ? 0x7fc00000u : bits_of(v);

            for (int i = 0; i < 4; i++, b >>= 8)
                h = (h ^ (b & 255u)) * 0x100000001b3u;
        }
    return h;
}

size_t bits_differing(const float *a, const float *b, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += bits_of(a[i]) != bits_of(b[i]) &&
                 !(isnan(a[i]) && isnan(b[i]));
    return count;
}

/* ---- mode --------------------------------------------------------------- */

#if defined(__x86_64__)
/* MXCSR: bit 15 flush to zero, bit 6 denormals are zero. */
void flush_mode(int on)
{
    uint32_t mode;

    __asm__ volatile("stmxcsr %0" : "=m"(mode));
    mode = on ? mode | 0x8040u : mode & ~0x8040u;
    __asm__ volatile("ldmxcsr %0" : : "m"(mode));
}
#elif defined(__aarch64__)
/* FPCR: bit 24 flush to zero. */
void flush_mode(int on)
{
    uint64_t mode;

    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    mode = on ? mode | (1u << 24) : mode & ~((uint64_t)1 << 24);
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
}
#else
void flush_mode(int on)
{
    (void)on;
}
#endif

const srnn_links *even_links(size_t steps, size_t batch)
{
    enum { MOST = 4096 };
    static uint32_t row[MOST];
    static srnn_links links;
    size_t s = 0, t, b;

    CHECK(steps * batch <= MOST);
    for (t = steps; t-- > 0;)
        for (b = 0; b < batch && s < MOST; b++)
            row[s++] = (uint32_t)(t * batch + b);
    links = (srnn_links){s, row, row};
    return &links;
}
