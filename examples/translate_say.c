/* What a trained net says: the encoder runs once, the decoder step by step, fed
 * with its own symbols. */
#include "picture.h"
#include "program.h"
#include "translate.h"

#include <simdrnn/generate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES = 4 }; /* of a character at most */

/* A session in which `rows` pairs are translated side by side. */
typedef struct speaker {
    const translator *of;
    srnn_session *session;
    pair_batch batch;
    size_t rows, longest;
    srnn_axis source;
    srnn_node logits;
    srnn_array before;
    int32_t *symbol; /* [longest][rows] of what was said */
} speaker;

static speaker open_speaker(const options *o, const translator *t, size_t rows)
{
    srnn_session_config config = srnn_session_default();
    speaker s = {.of = t, .rows = rows, .longest = o->longest,
                 .source = srnn_net_find_axis(t->net, "source"),
                 .logits = srnn_net_find(t->net, "logits"),
                 .before = {.node = srnn_net_find(t->net, "before")},
                 .batch = pair_batch_open(rows, o->longest)};

    s.symbol = allocate(o->longest * rows, sizeof *s.symbol);
    config.batch = rows;
    config.steps = 1;
    config.axis_steps[s.source] = o->longest;
    config.threads = o->threads;
    must(srnn_session_open(&s.session, t->net, &config));
    return s;
}

static void close_speaker(speaker *s)
{
    srnn_session_close(s->session);
    pair_batch_close(&s->batch);
    free(s->symbol);
}

/* The encoder reads these pairs' English texts. */
static void read_english(speaker *s, const pairs *p, const size_t *which)
{
    srnn_array english = {.node = srnn_net_find(s->of->net, "english")};

    pair_batch_fill(&s->batch, p, which);
    english.tokens = s->batch.source;
    srnn_session_reset(s->session);
    must(srnn_session_axis(s->session, s->source, s->batch.source_steps,
                           s->batch.source_length, s->rows));
    must(srnn_session_forward(s->session, 0, &english, 1, NULL, 0));
}

static int32_t likeliest(const srnn_real *logits, size_t n)
{
    size_t best = 0;

    for (size_t i = 1; i < n; i++)
        if (logits[i] > logits[best])
            best = i;
    return (int32_t)best;
}

/* The likeliest symbol of each step; weights, if not NULL, take those of the
 * attention, [longest][rows][longest]. Ends when all rows have. */
static void say(speaker *s, const pairs *p, srnn_real *weights)
{
    size_t n = p->symbols, going = s->rows;
    srnn_real *logits = allocate(s->rows * n, sizeof *logits);
    int32_t *last = allocate(s->rows, sizeof *last);
    srnn_array out[2] = {{.node = s->logits, .data = logits},
                         {.node = srnn_net_find(s->of->net, "weights")}};

    for (size_t i = 0; i < s->rows; i++)
        last[i] = TRANSLATE_BEGIN;
    s->before.tokens = last;
    for (size_t i = 0; i < s->longest * s->rows; i++)
        s->symbol[i] = TRANSLATE_END;
    for (size_t t = 0; t < s->longest && going; t++) {
        out[1].data = weights ? weights + t * s->rows * s->longest : NULL;
        must(srnn_session_forward(s->session, 1, &s->before, 1, out,
                                  weights ? 2 : 1));
        going = 0;
        for (size_t i = 0; i < s->rows; i++) {
            if (last[i] != TRANSLATE_END)
                last[i] = likeliest(logits + i * n, n);
            s->symbol[t * s->rows + i] = last[i];
            going += last[i] != TRANSLATE_END;
        }
    }
    free(last);
    free(logits);
}

/* Rooms for what is said of each of the pairs held out. */
static char **open_said(const options *o, const pairs *p)
{
    size_t room = o->longest * BYTES + 1;
    char **said = allocate(p->held_out + 1, sizeof *said);
    char *all = allocate(p->held_out, room);

    for (size_t i = 0; i <= p->held_out; i++)
        said[i] = all + i * room;
    return said;
}

char **translate_greedy(const options *o, const pairs *p,
                        const translator *t, const size_t *which)
{
    speaker s = open_speaker(o, t, o->batch);
    size_t *now_at = allocate(s.rows, sizeof *now_at);
    int32_t *one = allocate(s.longest, sizeof *one);
    char **said = open_said(o, p);

    for (size_t i = 0; i < p->held_out; i += s.rows) {
        for (size_t j = 0; j < s.rows; j++) /* the last fills up the batch */
            now_at[j] =
                which[i + j < p->held_out ? i + j : p->held_out - 1];
        read_english(&s, p, now_at);
        say(&s, p, NULL);
        for (size_t j = 0; j < s.rows && i + j < p->held_out; j++) {
            for (size_t k = 0; k < s.longest; k++)
                one[k] = s.symbol[k * s.rows + j];
            pairs_spell(p, one, s.longest, said[i + j],
                        o->longest * BYTES + 1);
        }
    }
    free(one);
    free(now_at);
    close_speaker(&s);
    return said;
}

/* All rows read the same text, and each follows a hypothesis. */
char **translate_beam(const options *o, const pairs *p, const translator *t,
                      const size_t *which)
{
    speaker s = open_speaker(o, t, o->beam);
    srnn_decoder_session from = {.session = s.session, .logits = s.logits,
                                 .in = &s.before, .ins = 1};
    srnn_beam_config config = srnn_beam_default();
    size_t *same = allocate(s.rows, sizeof *same);
    char **said = open_said(o, p);
    srnn_hypothesis best;
    srnn_decoder decoder;
    srnn_beam *beam;

    config.beam = o->beam;
    config.vocabulary = p->symbols;
    config.length = o->longest;
    config.end = TRANSLATE_END;
    config.alpha = o->alpha;
    must(srnn_beam_open(&beam, t->net, &config));
    must(srnn_decoder_over(&decoder, &from));
    for (size_t i = 0; i < p->held_out; i++) {
        for (size_t j = 0; j < s.rows; j++)
            same[j] = which[i];
        read_english(&s, p, same);
        must(srnn_beam_search(beam, &decoder, TRANSLATE_BEGIN));
        must(srnn_beam_result(beam, 0, &best));
        pairs_spell(p, best.tokens, best.length, said[i],
                    o->longest * BYTES + 1);
    }
    srnn_beam_close(beam);
    free(same);
    close_speaker(&s);
    return said;
}

/* ---- the picture -------------------------------------------------------- */

/* Labels of single characters, and "end". */
static const char **labels(const pairs *p, const int32_t *symbol, size_t count,
                           char *room)
{
    const char **label = allocate(count, sizeof *label);

    for (size_t i = 0; i < count; i++, room += BYTES + 1) {
        pairs_spell(p, symbol + i, 1, room, BYTES + 1);
        label[i] = symbol[i] == TRANSLATE_END ? "end" : room;
    }
    return label;
}

void translate_draw(const options *o, const pairs *p, const translator *t,
                    size_t i)
{
    const pair *one = &p->pair[i];
    speaker s = open_speaker(o, t, 1);
    size_t most = o->longest, rows = 0, columns = one->length[0];
    srnn_real *weights = allocate(most * most, sizeof *weights);
    double *value = allocate(most * most, sizeof *value);
    char *room = allocate(2 * most, BYTES + 1);
    const char **row, **column;

    read_english(&s, p, &i);
    say(&s, p, weights);
    while (rows < most && (!rows || s.symbol[rows - 1] != TRANSLATE_END))
        rows++;
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            value[r * columns + c] = (double)weights[r * most + c];
    row = labels(p, s.symbol, rows, room);
    column = labels(p, one->symbol[0], columns, room + most * (BYTES + 1));
    picture_matrix(o->picture, "What each character of the translation (down) "
                   "looks at", rows, columns, value, row, column);
    free(row);
    free(column);
    free(room);
    free(value);
    free(weights);
    close_speaker(&s);
}
