/* Generation: what a decoder expects next is drawn, and fed to it. And the
 * decoder that a session is. */
#include "decode.h"
#include "node.h"

#include <string.h>

/* ---- a session as a decoder --------------------------------------------- */

static srnn_status session_step(void *data, const int32_t *tokens,
                                srnn_real *logits)
{
    const srnn_decoder_session *d = data;
    const srnn_array out = {.node = d->logits, .data = logits};

    d->in[0] = (srnn_array){.node = d->in[0].node, .tokens = tokens};
    return srnn_session_forward(d->session, 1, d->in, d->ins, &out, 1);
}

static srnn_status session_copy(void *data, size_t from, size_t to)
{
    const srnn_decoder_session *d = data;
    size_t i;

    for (i = 0; i < srnn_session_states(d->session); i++) {
        srnn_tensor state;
        srnn_status status = srnn_session_state(d->session, i, &state);
        const size_t n = status ? 0 : state.shape[1];

        if (status)
            return status;
        memcpy(state.data + to * n, state.data + from * n,
               n * sizeof *state.data);
    }
    return SRNN_OK;
}

static const node *node_at(const srnn_net *net, srnn_node id)
{
    return id < 0 || (size_t)id >= net->nodes ? NULL : net->node[id];
}

srnn_status srnn_decoder_over(srnn_decoder *decoder,
                              const srnn_decoder_session *from)
{
    const node *tokens, *logits;

    if (!decoder || !from || !from->session || !from->in || !from->ins)
        return srnn_fail(SRNN_EINVAL, "%s",
                         !decoder         ? "decoder is NULL"
                         : !from          ? "from is NULL"
                         : !from->session ? "session is NULL"
                         : !from->in      ? "in is NULL"
                                          : "ins is 0");
    tokens = node_at(from->session->net, from->in[0].node);
    logits = node_at(from->session->net, from->logits);
    if (!tokens || !logits)
        return srnn_fail(SRNN_EINVAL,
                         "%s: node %d is not one of the net's %zu",
                         tokens ? "logits" : "in[0]",
                         tokens ? from->logits : from->in[0].node,
                         from->session->net->nodes);
    if (!tokens->is_tokens || logits->is_tokens)
        return srnn_fail(SRNN_EINVAL,
                         "in[0] '%s' must be tokens, logits '%s' reals",
                         tokens->name, logits->name);
    if (logits->features > tokens->features)
        return srnn_fail(SRNN_ESHAPE,
                         "'%s' gives %zu logits, '%s' takes %zu tokens",
                         logits->name, logits->features, tokens->name,
                         tokens->features);
    *decoder = (srnn_decoder){from->session->batch, logits->features,
                              session_step, session_copy, (void *)from};
    return SRNN_OK;
}

/* ---- generation --------------------------------------------------------- */

srnn_generate_config srnn_generate_default(void)
{
    return (srnn_generate_config){.sample = srnn_sample_default(),
                                  .end = -1,
                                  .seed = 1};
}

static double uniform(const srnn_generate_config *c, size_t t, size_t b)
{
    const uint32_t counter[4] = {c->step + (uint32_t)t,
                                 c->sequence ? c->sequence[b] : (uint32_t)b, 0,
                                 2};
    uint32_t word[4];

    srnn_philox(c->seed, counter, word);
    return srnn_unit(word);
}

static srnn_status check(const srnn_net *net, const srnn_decoder *d,
                         const srnn_generate_config *c, const int32_t *start,
                         const int32_t *tokens, const srnn_real *work)
{
    if (!net || !d || !c || !start || !tokens || !work)
        return srnn_fail(SRNN_EINVAL, "%s is NULL",
                         !net      ? "net"
                         : !d      ? "decoder"
                         : !c      ? "config"
                         : !start  ? "start"
                         : !tokens ? "tokens"
                                   : "work");
    if (!d->step || d->rows == 0 || d->vocabulary == 0)
        return srnn_fail(SRNN_EINVAL,
                         "decoder: step is %s, rows %zu, vocabulary %zu",
                         d->step ? "given" : "NULL", d->rows, d->vocabulary);
    if (c->end < -1 || c->end >= (int64_t)d->vocabulary)
        return srnn_fail(SRNN_EINVAL, "end is %d, must be -1 to %zu", c->end,
                         d->vocabulary - 1);
    return srnn_sample_check(&c->sample);
}

/* Draws the tokens of a step. A row that has ended goes on being fed the end,
 * and draws nothing. *running: how many have not. */
static srnn_status draw_all(const srnn_net *net, const srnn_decoder *d,
                            const srnn_generate_config *c, size_t t,
                            const int32_t *before, int32_t *tokens,
                            srnn_real *work, size_t *running)
{
    const size_t n = d->vocabulary;
    size_t b;

    *running = 0;
    for (b = 0; b < d->rows; b++) {
        tokens[b] = c->end;
        if (before && before[b] == c->end && c->end >= 0)
            continue;
        tokens[b] = srnn_sample(net, n, work + (2 + b) * n, &c->sample,
                                uniform(c, t, b), work);
        if (tokens[b] < 0)
            return SRNN_EINVAL;
        *running += c->end < 0 || tokens[b] != c->end;
    }
    return SRNN_OK;
}

/* The rest of every row, from step t on, and the lengths of all. */
static void finish(const srnn_decoder *d, int32_t end, size_t t, size_t steps,
                   int32_t *tokens, size_t *lengths)
{
    size_t i, b;

    for (i = t * d->rows; i < steps * d->rows; i++)
        tokens[i] = end;
    for (b = 0; lengths && b < d->rows; b++) {
        for (i = 0; i < steps; i++)
            if (end >= 0 && tokens[i * d->rows + b] == end)
                break;
        lengths[b] = i < steps ? i + 1 : steps;
    }
}

srnn_status srnn_generate(const srnn_net *net, const srnn_decoder *d,
                          const srnn_generate_config *c, const int32_t *start,
                          size_t steps, int32_t *tokens, size_t *lengths,
                          srnn_real *work)
{
    srnn_status status = check(net, d, c, start, tokens, work);
    size_t t, running = 1;

    for (t = 0; !status && t < steps && running; t++) {
        int32_t *now = tokens + t * d->rows;
        const int32_t *before = t ? now - d->rows : NULL;

        status = d->step(d->data, t ? before : start,
                         work + 2 * d->vocabulary);
        if (!status)
            status = draw_all(net, d, c, t, before, now, work, &running);
    }
    if (!status)
        finish(d, c->end, t, steps, tokens, lengths);
    return status;
}
