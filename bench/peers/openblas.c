/* OpenBLAS: c = x w^T + bias, the bias laid into c beforehand, as its users
 * do; w as it stands or transposed, whichever was quicker when it opened. */
#include "../limits.h"
#include "peer.h"

#include <cblas.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GATES 4
#define TRIES 20

struct peer_state {
    const peer_task *task;
    int transposed;
    float *w[2]; /* [4 H][H], and its transpose */
    float *c;
};

static const char *version(char *why, size_t size)
{
    (void)why, (void)size;
    return openblas_get_config();
}

static int has(const char *what)
{
    return !strcmp(what, "gemm") || !strcmp(what, "gemv");
}

static void gemv(const peer_state *s, int h, int m)
{
    if (s->transposed)
        cblas_sgemv(CblasRowMajor, CblasTrans, h, m, 1, s->w[1], m, s->task->x,
                    1, 1, s->c, 1);
    else
        cblas_sgemv(CblasRowMajor, CblasNoTrans, m, h, 1, s->w[0], h,
                    s->task->x, 1, 1, s->c, 1);
}

static void gemm(const peer_state *s, int n, int h, int m)
{
    if (s->transposed)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, m, h, 1,
                    s->task->x, h, s->w[1], m, 1, s->c, m);
    else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, m, h, 1,
                    s->task->x, h, s->w[0], h, 1, s->c, m);
}

static int run(peer_state *s)
{
    const size_t n = s->task->size[SIZE_N], h = s->task->size[SIZE_H];
    const size_t m = GATES * h;

    for (size_t i = 0; i < n; i++)
        memcpy(s->c + i * m, s->task->b_ih, m * sizeof *s->c);
    if (n == 1)
        gemv(s, (int)h, (int)m);
    else
        gemm(s, (int)n, (int)h, (int)m);
    return 0;
}

static double least_seconds(peer_state *s, int transposed)
{
    double least = 0;

    s->transposed = transposed;
    for (int i = 0; i < TRIES; i++) {
        const double start = limits_now();
        double took;

        run(s);
        took = limits_now() - start;
        least = i == 0 || took < least ? took : least;
    }
    return least;
}

static void close_state(peer_state *s)
{
    free(s->w[0]);
    free(s->w[1]);
    free(s->c);
    free(s);
}

static float *reals(size_t n)
{
    return aligned_alloc(64, (n * sizeof(float) + 63) / 64 * 64);
}

/* NULL if there is no memory. */
static peer_state *allocate(const peer_task *task)
{
    const size_t h = task->size[SIZE_H];
    peer_state *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->task = task;
    s->w[0] = reals(GATES * h * h);
    s->w[1] = reals(GATES * h * h);
    s->c = reals(task->size[SIZE_N] * GATES * h);
    if (s->w[0] && s->w[1] && s->c)
        return s;
    close_state(s);
    return NULL;
}

static peer_state *open(const peer_task *task, char *why, size_t size)
{
    const size_t h = task->size[SIZE_H], m = GATES * h;
    peer_state *s = allocate(task);

    if (!s) {
        snprintf(why, size, "no memory");
        return NULL;
    }
    memcpy(s->w[0], task->w_hh, m * h * sizeof(float));
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < h; j++)
            s->w[1][j * m + i] = task->w_hh[i * h + j];
    openblas_set_num_threads((int)task->threads);
    s->transposed = least_seconds(s, 1) < least_seconds(s, 0);
    return s;
}

static const float *result(peer_state *s, const char *output, size_t count)
{
    const size_t m = GATES * s->task->size[SIZE_H];

    return !strcmp(output, "c") && count == s->task->size[SIZE_N] * m ? s->c
                                                                      : NULL;
}

const peer peer_openblas = {.name = "openblas",
                            .version = version,
                            .has = has,
                            .open = open,
                            .run = run,
                            .result = result,
                            .close = close_state};
