/* Beam search: of all continuations of the hypotheses the likeliest go on.
 *
 * A hypothesis stays in the decoder's row of the one it continues, and only
 * where that row is taken its past is copied, to a row whose past nobody
 * continues: so no copy needs a place between. */
#include "beam.h"
#include "decode.h"
#include "node.h"

#include <math.h>
#include <string.h>

/* ---- results ------------------------------------------------------------ */

static void keep_result(srnn_beam *b, double sum, size_t last, size_t length,
                        int ended)
{
    const double score = sum / b->norm[length];
    size_t i;

    if (b->results == b->most_results) {
        if (!(score > b->result[b->results - 1].score))
            return;
        b->results--;
    }
    for (i = b->results++; i > 0 && b->result[i - 1].score < score; i--)
        b->result[i] = b->result[i - 1];
    b->result[i] = (result){sum, score, last, length, ended};
}

/* Log-probabilities only fall and norms only rise, so no continuation scores
 * above what the best hypothesis would at full length as it is. */
static int settled(const srnn_beam *b)
{
    return b->lives == 0 ||
           (b->results == b->most_results &&
            b->live[0].sum / b->norm[b->length] <=
                b->result[b->results - 1].score);
}

static void spell(srnn_beam *b)
{
    size_t i;

    for (i = 0; i < b->results; i++) {
        const result *r = &b->result[i];
        int32_t *to = b->tokens + i * b->length;
        size_t left = r->length, at = r->last;

        if (r->ended)
            to[--left] = b->end;
        for (; at != NONE; at = b->tree[at].parent)
            to[--left] = b->tree[at].token;
    }
}

/* ---- a step ------------------------------------------------------------- */

/* At most one continuation of each hypothesis ends, so the best 2 beam hold
 * the best `beam` that do not. They come by rank and token: of equals the
 * first stands first. */
static void consider(srnn_beam *b, size_t from, int32_t token, double sum)
{
    candidate *c = b->candidate;
    size_t i = b->candidates;

    if (i == 2 * b->beam && !(sum > c[--i].sum))
        return;
    b->candidates = i + 1;
    for (; i > 0 && c[i - 1].sum < sum; i--)
        c[i] = c[i - 1];
    c[i] = (candidate){sum, from, token};
}

static srnn_status rank(srnn_beam *b)
{
    const size_t n = b->vocabulary;
    size_t i, j, largest;

    b->candidates = 0;
    for (i = 0; i < b->lives; i++) {
        const srnn_real *x = b->logits + b->live[i].row * n;
        srnn_status status = srnn_row_largest(n, x, &largest);
        const int32_t target = status ? 0 : (int32_t)largest;
        srnn_real log_sum; /* of exp(x - x[largest]) */

        if (status)
            return status;
        b->k.softmax_xent(1, n, x, n, &target, &log_sum, NULL, 0, 0);
        for (j = 0; j < n; j++)
            if (x[j] > (srnn_real)-INFINITY)
                consider(b, i, (int32_t)j,
                         b->live[i].sum + ((double)x[j] - (double)x[largest] -
                                           (double)log_sum));
    }
    return SRNN_OK;
}

static srnn_status rank_flushed(srnn_beam *b)
{
    const uint64_t mode = b->k.flush();
    srnn_status status = rank(b);

    b->k.restore(mode);
    return status;
}

/* Gives the hypotheses that go on rows of the decoder. The first candidates are
 * theirs; from becomes the row whose past is to be copied, or NONE. */
static srnn_status seat(srnn_beam *b, const srnn_decoder *d)
{
    srnn_status status = SRNN_OK;
    size_t i, from, to = 0;

    memset(b->taken, 0, b->beam);
    for (i = 0; i < b->lives; i++) {
        from = b->next[i].row = b->live[b->candidate[i].from].row;
        b->candidate[i].from = b->taken[from] ? from : NONE;
        b->taken[from] = 1;
    }
    for (i = 0; i < b->lives && !status; i++) {
        if (b->candidate[i].from != NONE) {
            while (b->taken[to])
                to++;
            b->next[i].row = to;
            b->taken[to] = 1;
            status = d->copy(d->data, b->candidate[i].from, to);
        }
        b->feed[b->next[i].row] = b->candidate[i].token;
    }
    return status;
}

/* Makes token t of every hypothesis, t from 1. */
static srnn_status advance(srnn_beam *b, const srnn_decoder *d, size_t t)
{
    const size_t first = (t - 1) * b->beam;
    srnn_status status;
    size_t i, on = 0;
    live *before;

    for (i = 0; i < b->candidates && on < b->beam; i++) {
        const candidate c = b->candidate[i];
        const live *from = &b->live[c.from];

        if (c.token == b->end) {
            if (i < b->beam)
                keep_result(b, c.sum, from->last, t, 1);
            continue;
        }
        b->tree[first + on] = (path){from->last, c.token};
        b->next[on] = (live){c.sum, from->row, first + on};
        b->candidate[on++] = c;
    }
    b->lives = on;
    status = seat(b, d);
    before = b->live;
    b->live = b->next;
    b->next = before;
    return status;
}

/* ---- the search --------------------------------------------------------- */

static srnn_status check(const srnn_beam *b, const srnn_decoder *d,
                         int32_t start)
{
    if (!b || !d)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", b ? "decoder" : "beam");
    if (!d->step || (!d->copy && b->beam > 1))
        return srnn_fail(SRNN_EINVAL, "decoder: %s is NULL",
                         d->step ? "copy" : "step");
    if (d->rows != b->beam || d->vocabulary != b->vocabulary)
        return srnn_fail(SRNN_ESHAPE,
                         "decoder: %zu rows of %zu logits, the beam was opened "
                         "for %zu of %zu",
                         d->rows, d->vocabulary, b->beam, b->vocabulary);
    if (start < 0)
        return srnn_fail(SRNN_EINVAL, "start is %d, must be a token", start);
    return SRNN_OK;
}

srnn_status srnn_beam_search(srnn_beam *b, const srnn_decoder *d,
                             int32_t start)
{
    srnn_status status = check(b, d, start);
    size_t t, i;

    if (status)
        return status;
    for (i = 0; i < b->beam; i++)
        b->feed[i] = start;
    b->live[0] = (live){0, 0, NONE};
    b->lives = 1;
    b->results = 0;
    for (t = 1; t <= b->length && !status && !settled(b); t++) {
        status = d->step(d->data, b->feed, b->logits);
        if (!status)
            status = rank_flushed(b);
        if (!status)
            status = advance(b, d, t);
    }
    for (i = 0; t > b->length && i < b->lives; i++)
        keep_result(b, b->live[i].sum, b->live[i].last, b->length, 0);
    if (status)
        b->results = 0;
    spell(b);
    return status;
}
