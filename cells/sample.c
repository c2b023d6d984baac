/* Drawing a symbol from logits: the top_k largest, of these the likeliest that
 * hold top_p of the probability, and of these one by inversion.
 *
 * A heap gives the largest one by one, so a small set costs no sort. It holds
 * values alone: the least that is kept, and how many of its equals, tell what
 * is kept of the row. */
#include "decode.h"
#include "node.h"

#include <math.h>
#include <string.h>

srnn_status srnn_row_largest(size_t n, const srnn_real *logits, size_t *at)
{
    size_t j, best = 0;

    for (j = 0; j < n; j++) {
        if (!(logits[j] < (srnn_real)INFINITY))
            return srnn_fail(SRNN_EINVAL, "logit %zu of %zu is %g", j, n,
                             (double)logits[j]);
        if (logits[j] > logits[best])
            best = j;
    }
    if (!(logits[best] > (srnn_real)-INFINITY))
        return srnn_fail(SRNN_EINVAL, "all %zu logits are -inf", n);
    *at = best;
    return SRNN_OK;
}

srnn_sample_config srnn_sample_default(void)
{
    return (srnn_sample_config){.temperature = 1, .top_p = 1};
}

srnn_status srnn_sample_check(const srnn_sample_config *c)
{
    if (!(c->temperature >= 0 && c->temperature < INFINITY))
        return srnn_fail(SRNN_EINVAL,
                         "temperature is %g, must be finite and not below 0",
                         c->temperature);
    if (!(c->top_p >= 0 && c->top_p <= 1))
        return srnn_fail(SRNN_EINVAL, "top_p is %g, must be 0 to 1",
                         c->top_p);
    return SRNN_OK;
}

/* ---- the largest of a row ----------------------------------------------- */

/* Moves a value down until none of its two children is above it. */
static void sift(srnn_real *heap, size_t n, size_t i)
{
    const srnn_real x = heap[i];
    size_t child;

    while ((child = 2 * i + 1) < n) {
        if (child + 1 < n && heap[child + 1] > heap[child])
            child++;
        if (!(heap[child] > x))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = x;
}

static void heap_of(size_t n, const srnn_real *x, srnn_real *heap)
{
    size_t i;

    memcpy(heap, x, n * sizeof *heap);
    for (i = n / 2; i-- > 0;)
        sift(heap, n, i);
}

/* The largest of n goes behind the heap of the n - 1 others. */
static srnn_real pop(srnn_real *heap, size_t n)
{
    const srnn_real most = heap[0];

    heap[0] = heap[n - 1];
    sift(heap, n - 1, 0);
    return heap[n - 1] = most;
}

/* Keeps of x what has been popped, `kept` values, the first of equals; the
 * others become `none`. */
static void keep(size_t n, srnn_real *x, const srnn_real *heap, size_t kept,
                 srnn_real none)
{
    const srnn_real least = heap[n - kept];
    size_t equals = 0, j;

    for (j = n - kept; j < n && !(heap[j] > least); j++)
        equals++;
    for (j = 0; j < n; j++) {
        if (x[j] > least)
            continue;
        if (x[j] < least || equals == 0)
            x[j] = none;
        else
            equals--;
    }
}

static void keep_top_k(size_t n, srnn_real *x, srnn_real *heap, size_t k)
{
    size_t i;

    heap_of(n, x, heap);
    for (i = 0; i < k; i++)
        pop(heap, n - i);
    keep(n, x, heap, k, (srnn_real)-INFINITY);
}

static double total(size_t n, const srnn_real *p)
{
    double sum = 0;
    size_t j;

    for (j = 0; j < n; j++)
        sum += (double)p[j];
    return sum;
}

static void keep_top_p(size_t n, srnn_real *p, srnn_real *heap, double top_p)
{
    const double enough = top_p * total(n, p);
    double sum = 0;
    size_t kept = 0;

    heap_of(n, p, heap);
    do
        sum += (double)pop(heap, n - kept++);
    while (sum < enough && kept < n);
    keep(n, p, heap, kept, 0);
}

/* ---- the draw ----------------------------------------------------------- */

/* Rounding may take u times the total up to the total: then the last it is. */
static int32_t invert(size_t n, const srnn_real *p, double u)
{
    const double level = u * total(n, p);
    double sum = 0;
    size_t j, last = 0;

    for (j = 0; j < n; j++) {
        if (!(p[j] > 0))
            continue;
        last = j;
        sum += (double)p[j];
        if (level < sum)
            break;
    }
    return (int32_t)last;
}

/* Differences come first, so that no temperature leaves the reals. */
static int32_t draw(const srnn_kernels *k, size_t n, const srnn_real *logits,
                    const srnn_sample_config *c, double u, srnn_real *work,
                    size_t largest)
{
    const double most = (double)logits[largest];
    size_t j;

    memmove(work, logits, n * sizeof *work);
    if (c->top_k > 0 && c->top_k < n)
        keep_top_k(n, work, work + n, c->top_k);
    for (j = 0; j < n; j++)
        work[j] = (srnn_real)(((double)work[j] - most) / c->temperature);
    k->softmax(1, n, work, n, work, n);
    if (c->top_p < 1)
        keep_top_p(n, work, work + n, c->top_p);
    return invert(n, work, u);
}

int32_t srnn_sample(const srnn_net *net, size_t n, const srnn_real *logits,
                    const srnn_sample_config *config, double u,
                    srnn_real *work)
{
    size_t largest = 0;
    uint64_t mode;
    int32_t token = -1;

    if (!net || n == 0 || n > INT32_MAX || !logits || !config || !work) {
        srnn_fail(SRNN_EINVAL, "%s",
                  !net      ? "net is NULL"
                  : n == 0  ? "n is 0"
                  : !logits ? "logits is NULL"
                  : !config ? "config is NULL"
                  : !work   ? "work is NULL"
                            : "n is above 2^31 - 1");
        return -1;
    }
    if (!(u >= 0 && u < 1)) {
        srnn_fail(SRNN_EINVAL, "u is %g, must be 0 or more and below 1", u);
        return -1;
    }
    if (srnn_sample_check(config))
        return -1;
    mode = net->k.flush();
    if (!srnn_row_largest(n, logits, &largest))
        token = config->temperature > 0
                    ? draw(&net->k, n, logits, config, u, work, largest)
                    : (int32_t)largest;
    net->k.restore(mode);
    return token;
}
