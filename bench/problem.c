/* Names of problems, their buffers, and the comparison with the reference. */
#include "problem.h"

#include "peers/peer.h"
#include "variants.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRECISION "/f32/"
#define FEW_STEPS 2
#define REFERENCE "the reference"
#define PAGE 4096
#define LINE 64

static const char letters[SIZES + 1] = "TBIHNP";

int problem_fail(problem *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(p->message, sizeof p->message, format, args);
    va_end(args);
    return -1;
}

const problem_kind *problem_kind_at(size_t i)
{
    const problem_kind *k;

    for (k = problem_kernel_kinds; k->what; k++)
        if (i-- == 0)
            return k;
    for (k = problem_cell_kinds; k->what; k++)
        if (i-- == 0)
            return k;
    for (k = problem_task_kinds; k->what; k++)
        if (i-- == 0)
            return k;
    return NULL;
}

/* ---- names -------------------------------------------------------------- */

static const problem_kind *kind_named(const char *what, size_t length)
{
    const problem_kind *k;

    for (size_t i = 0; (k = problem_kind_at(i)); i++)
        if (strlen(k->what) == length && !strncmp(k->what, what, length))
            return k;
    return NULL;
}

/* Reads the sizes, all the kind's letters in their order; returns what follows
 * them, NULL if they are not there. One thread is not named. */
static const char *parse_sizes(problem *p, const char *s)
{
    p->size[SIZE_P] = 1;
    for (const char *l = p->kind->letters; *l; l++) {
        const int optional = *l == letters[SIZE_P];
        char *end;
        size_t *size = &p->size[strchr(letters, *l) - letters];

        if (optional && *s == '/')
            continue;
        if (*s++ != *l || *s < '1' || *s > '9')
            return NULL;
        *size = strtoul(s, &end, 10);
        if (optional && *size < 2)
            return NULL;
        s = end;
    }
    return s;
}

int problem_parse(problem *p, const char *name)
{
    const char *f32 = strstr(name, PRECISION), *s;

    memset(p, 0, sizeof *p);
    if (!f32)
        return problem_fail(p, "'%.80s' has no precision /f32/", name);
    p->kind = kind_named(name, (size_t)(f32 - name));
    if (!p->kind)
        return problem_fail(p, "no problem is called '%.*s'",
                            (int)(f32 - name), name);
    s = parse_sizes(p, f32 + strlen(PRECISION));
    if (!s || *s != '/' || strlen(s + 1) >= sizeof p->variant || !s[1])
        return problem_fail(p, "'%.80s' is not %s/f32/%s.../variant", name,
                            p->kind->what, p->kind->letters);
    strcpy(p->variant, s + 1);
    return 0;
}

void problem_row(const problem *p, char row[PROBLEM_NAME])
{
    int n = snprintf(row, PROBLEM_NAME, "%s%s", p->kind->what, PRECISION);

    for (const char *l = p->kind->letters; *l; l++) {
        const size_t size = p->size[strchr(letters, *l) - letters];

        if (*l != letters[SIZE_P] || size > 1)
            n += snprintf(row + n, PROBLEM_NAME - (size_t)n, "%c%zu", *l, size);
    }
}

void problem_name(const problem *p, char name[PROBLEM_NAME])
{
    size_t n;

    problem_row(p, name);
    n = strlen(name);
    snprintf(name + n, PROBLEM_NAME - n, "/%s", p->variant);
}

/* ---- buffers ------------------------------------------------------------ */

int problem_open(problem *p, const char *name, const srnn_kernels *table)
{
    if (problem_parse(p, name))
        return -1;
    if (table)
        p->table = *table;
    else if (variant_table(p->variant, &p->table))
        return problem_fail(p, "variant '%s': %s", p->variant,
                            srnn_error_message());
    if (p->kind->open(p)) {
        p->kind->close(p);
        return -1;
    }
    return 0;
}

void problem_close(problem *p)
{
    p->kind->close(p);
    free(p->memory);
    p->memory = NULL;
}

int problem_setup(problem *p, void *const buffer[PROBLEM_BUFFERS])
{
    memcpy(p->buffer, buffer, sizeof p->buffer);
    p->outputs = 0;
    return p->kind->setup(p);
}

/* Where a buffer may begin, from `at` on: two lines further down its page than
 * the buffer before it. A store and a load of the same offset in two pages wait
 * for each other; so what is stored has just been loaded, not about to be. */
static size_t place(size_t at, int i)
{
    const size_t offset = PAGE - (size_t)i * 2 * LINE;

    return at + (offset + PAGE - at % PAGE) % PAGE;
}

/* One stretch of touched pages. */
int problem_alloc(problem *p)
{
    size_t at[PROBLEM_BUFFERS], size = 0;
    void *buffer[PROBLEM_BUFFERS] = {NULL};

    for (int i = 0; i < PROBLEM_BUFFERS; i++) {
        at[i] = place(size, i);
        size = at[i] + p->bytes[i];
    }
    size = (size / PAGE + 1) * PAGE;
    p->memory = aligned_alloc(PAGE, size);
    if (!p->memory)
        return problem_fail(p, "no memory for %zu bytes of buffers", size);
    memset(p->memory, 0, size);
    for (int i = 0; i < PROBLEM_BUFFERS; i++)
        buffer[i] = p->bytes[i] ? (char *)p->memory + at[i] : NULL;
    return problem_setup(p, buffer);
}

void problem_fill(float *x, size_t n, float low, float high, uint32_t stream)
{
    for (size_t j = 0; j < n; j += 4) {
        const uint32_t counter[4] = {(uint32_t)(j / 4), stream, 0, 0};
        uint32_t word[4];

        srnn_philox(1, counter, word);
        for (size_t i = 0; i < 4 && j + i < n; i++)
            x[j + i] =
                low + (high - low) * (float)(word[i] >> 8) * 0x1p-24f;
    }
}

/* ---- the comparison ----------------------------------------------------- */

float problem_chain_error(size_t k)
{
    return (float)k * 0x1p-24f;
}

static float largest(const problem_output *o)
{
    float most = 0;

    for (size_t j = 0; j < o->count; j++)
        most = fmaxf(most, fabsf(o->data[j]));
    return most;
}

int problem_compare(problem *p, const problem_output *mine,
                    const problem_output *other, const char *who)
{
    const float absolute = other->absolute * largest(other);

    for (size_t j = 0; j < other->count; j++) {
        const float x = mine->data[j], r = other->data[j];
        const float allowed = other->relative * fabsf(r) + absolute;
        char name[PROBLEM_NAME];

        if (x == r || fabsf(x - r) <= allowed || (isnan(x) && isnan(r)))
            continue;
        problem_name(p, name);
        return problem_fail(
            p, "%s: %s[%zu] is %.9g, %s says %.9g, allowed is %.2g", name,
            mine->name, j, (double)x, who, (double)r, (double)allowed);
    }
    return 0;
}

/* Opens p's row, cut to a few steps, on another table. */
static int open_few(problem *few, const problem *p, const char *variant,
                    const srnn_kernels *table)
{
    problem like = *p;
    char name[PROBLEM_NAME];

    if (like.size[SIZE_T] > FEW_STEPS)
        like.size[SIZE_T] = FEW_STEPS;
    strcpy(like.variant, variant);
    problem_name(&like, name);
    if (problem_open(few, name, table))
        return -1;
    if (!problem_alloc(few))
        return 0;
    problem_close(few);
    return -1;
}

static int check_against(problem *p, problem *few, const problem *reference)
{
    if (p->failed || few->failed || reference->failed)
        return problem_fail(p, "a run failed: %s", srnn_error_message());
    for (size_t i = 0; i < reference->outputs; i++) {
        const problem_output *right = &reference->output[i];

        if (problem_compare(few, &few->output[i], right, REFERENCE))
            return problem_fail(p, "%s", few->message);
        if (right->causal &&
            problem_compare(p, &p->output[i], right, REFERENCE))
            return -1;
    }
    return 0;
}

int problem_check(problem *p)
{
    problem few, reference;
    int result;

    if (open_few(&reference, p, "reference", NULL))
        return problem_fail(p, "%s", reference.message);
    if (open_few(&few, p, p->variant, &p->table)) {
        problem_close(&reference);
        return problem_fail(p, "%s", few.message);
    }
    reference.kind->run(&reference);
    few.kind->run(&few);
    p->kind->run(p);
    result = check_against(p, &few, &reference);
    problem_close(&few);
    problem_close(&reference);
    return result;
}

int problem_peer_task(const problem *p, peer_task *task)
{
    *task = (peer_task){.what = p->kind->what, .threads = p->size[SIZE_P]};
    memcpy(task->size, p->size, sizeof task->size);
    return p->kind->peer_task ? p->kind->peer_task(p, task) : -1;
}
