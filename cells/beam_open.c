/* The handle of a beam search: its memory, and what it has found. */
#include "beam.h"
#include "node.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- open and close ----------------------------------------------------- */

srnn_beam_config srnn_beam_default(void)
{
    return (srnn_beam_config){.beam = 4,
                              .length = 100,
                              .results = 1,
                              .end = -1,
                              .norm = SRNN_NORM_WU,
                              .alpha = 0.6};
}

static srnn_status check_size(const char *name, size_t n, size_t beside)
{
    const size_t most = INT32_MAX / beside;

    return n > 0 && n <= most
               ? SRNN_OK
               : srnn_fail(SRNN_ESHAPE, "%s is %zu, must be 1 to %zu", name, n,
                           most);
}

static srnn_status check_config(const srnn_beam_config *c)
{
    srnn_status status;

    if (!c)
        return srnn_fail(SRNN_EINVAL, "config is NULL");
    status = check_size("beam", c->beam, 2);
    if (!status)
        status = check_size("vocabulary", c->vocabulary, c->beam);
    if (!status)
        status = check_size("length", c->length, c->beam);
    if (!status)
        status = check_size("results", c->results, c->length);
    if (status)
        return status;
    if (c->end < -1 || c->end >= (int64_t)c->vocabulary)
        return srnn_fail(SRNN_EINVAL, "end is %d, must be -1 to %zu", c->end,
                         c->vocabulary - 1);
    if (c->norm != SRNN_NORM_WU && c->norm != SRNN_NORM_POWER)
        return srnn_fail(SRNN_EINVAL, "norm %d is none", (int)c->norm);
    if (!(c->alpha >= 0 && c->alpha < INFINITY))
        return srnn_fail(SRNN_EINVAL,
                         "alpha is %g, must be finite and not below 0",
                         c->alpha);
    if ((uintptr_t)c->memory % ALIGNMENT)
        return srnn_fail(SRNN_EINVAL,
                         "memory is %zu bytes off %d-byte alignment",
                         (size_t)((uintptr_t)c->memory % ALIGNMENT),
                         ALIGNMENT);
    return SRNN_OK;
}

static void carve(srnn_beam *b, const srnn_beam_config *c, arena *a)
{
    b->beam = c->beam;
    b->vocabulary = c->vocabulary;
    b->length = c->length;
    b->most_results = c->results;
    b->end = c->end;
    b->norm = srnn_arena_take(a, (c->length + 1) * sizeof *b->norm);
    b->logits = srnn_arena_reals(a, c->beam * c->vocabulary);
    b->feed = srnn_arena_take(a, c->beam * sizeof *b->feed);
    b->tree = srnn_arena_take(a, c->length * c->beam * sizeof *b->tree);
    b->live = srnn_arena_take(a, c->beam * sizeof *b->live);
    b->next = srnn_arena_take(a, c->beam * sizeof *b->next);
    b->candidate = srnn_arena_take(a, 2 * c->beam * sizeof *b->candidate);
    b->taken = srnn_arena_take(a, c->beam);
    b->result = srnn_arena_take(a, c->results * sizeof *b->result);
    b->tokens = srnn_arena_take(a, c->results * c->length *
                                       sizeof *b->tokens);
}

static size_t bytes(const srnn_beam_config *c)
{
    srnn_beam b;
    arena a = {0};

    srnn_arena_take(&a, sizeof b);
    carve(&b, c, &a);
    return a.used;
}

size_t srnn_beam_size(const srnn_beam_config *config)
{
    return check_config(config) ? 0 : bytes(config);
}

srnn_status srnn_beam_open(srnn_beam **beam, const srnn_net *net,
                           const srnn_beam_config *c)
{
    srnn_status status = check_config(c);
    arena a = {0};
    srnn_beam *b;
    size_t i;

    if (!beam || !net)
        return srnn_fail(SRNN_EINVAL, "%s is NULL", beam ? "net" : "beam");
    if (status)
        return status;
    a.base = c->memory ? c->memory : aligned_alloc(ALIGNMENT, bytes(c));
    if (!a.base)
        return srnn_fail(SRNN_ENOMEM, "beam: no memory for %zu bytes",
                         bytes(c));
    b = srnn_arena_take(&a, sizeof *b);
    memset(b, 0, sizeof *b);
    carve(b, c, &a);
    b->k = net->k;
    b->allocated = c->memory ? NULL : a.base;
    for (i = 0; i <= c->length; i++)
        b->norm[i] = pow(c->norm == SRNN_NORM_WU ? (5 + (double)i) / 6
                                                 : (double)i,
                         c->alpha);
    *beam = b;
    return SRNN_OK;
}

void srnn_beam_close(srnn_beam *beam)
{
    if (beam)
        free(beam->allocated);
}

/* ---- results ------------------------------------------------------------ */

size_t srnn_beam_results(const srnn_beam *beam)
{
    return beam ? beam->results : 0;
}

srnn_status srnn_beam_result(const srnn_beam *beam, size_t i,
                             srnn_hypothesis *hypothesis)
{
    if (!beam || !hypothesis)
        return srnn_fail(SRNN_EINVAL, "%s is NULL",
                         beam ? "hypothesis" : "beam");
    if (i >= beam->results)
        return srnn_fail(SRNN_EINVAL, "result %zu of %zu", i, beam->results);
    *hypothesis = (srnn_hypothesis){beam->tokens + i * beam->length,
                                    beam->result[i].length,
                                    beam->result[i].sum, beam->result[i].score,
                                    beam->result[i].ended};
    return SRNN_OK;
}
