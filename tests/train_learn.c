/* Training learns: on sentences of a small made-up language each cell foretells
 * text that it has not seen better than any model that looks one character
 * back could, H(next | last) of that very text; before training it does not. */
#include "check.h"
#include "tiny.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = 40000, HELD = 4000, BATCH = 16, STEPS = 32, SYMBOLS = 28 };

/* ---- the language ------------------------------------------------------- */

static uint32_t draw(uint32_t most)
{
    static uint32_t drawn;
    uint32_t counter[4] = {drawn++, 0, 0, 0}, word[4];

    srnn_philox(2, counter, word);
    return word[0] % most;
}

static const char *const words[5][4] = {
    {"the ", "a ", "every ", "no "},
    {"old ", "small ", "green ", "silent "},
    {"king ", "river ", "bird ", "garden "},
    {"sees ", "follows ", "remembers ", "carries "},
    {"water. ", "stones. ", "the moon. ", "nothing. "}};

/* a..z are 0..25, the space 26, the stop 27. */
static int32_t symbol(char c)
{
    return c == ' ' ? 26 : c == '.' ? 27 : c - 'a';
}

static const int32_t *language(void)
{
    static int32_t text[LENGTH];
    size_t n = 0;

    for (size_t part = 0; n < LENGTH; part = (part + 1) % 5) {
        const char *word = words[part][draw(4)];

        if (part == 1 && draw(2)) /* an adjective may be missing */
            continue;
        for (; *word && n < LENGTH; word++)
            text[n++] = symbol(*word);
    }
    return text;
}

/* H(next | last) in bits, from the counts of the text itself. */
static double bigram_entropy(const int32_t *text, size_t n)
{
    static double pair[SYMBOLS][SYMBOLS], single[SYMBOLS];
    double bits = 0;

    memset(pair, 0, sizeof pair);
    memset(single, 0, sizeof single);
    for (size_t i = 0; i + 1 < n; i++) {
        pair[text[i]][text[i + 1]]++;
        single[text[i]]++;
    }
    for (int a = 0; a < SYMBOLS; a++)
        for (int b = 0; b < SYMBOLS; b++)
            if (pair[a][b] > 0)
                bits -= pair[a][b] * log2(pair[a][b] / single[a]);
    return bits / (double)(n - 1);
}

/* ---- the model ---------------------------------------------------------- */

static srnn_net *build(srnn_cell_kind kind, srnn_norm_kind norm)
{
    srnn_recurrent_config cell = srnn_recurrent_default();
    srnn_node text, x, next, loss;
    srnn_net *net;

    cell.cell = kind;
    cell.hidden = 48;
    cell.norm = norm;
    cell.norm_steps = STEPS;
    tiny_must(srnn_net_open(&net, NULL));
    tiny_must(srnn_net_tokens(net, "text", SYMBOLS, &text));
    tiny_must(srnn_net_embedding(net, "in", text, 16, &x));
    tiny_must(srnn_net_recurrent(net, "rnn", x, &cell, &x));
    tiny_must(srnn_net_linear(net, "out", x, SYMBOLS, &x));
    tiny_must(srnn_net_tokens(net, "next", SYMBOLS, &next));
    tiny_must(srnn_net_cross_entropy(net, "loss", x, next, &loss));
    tiny_must(srnn_net_init(net, 1));
    return net;
}

static void point(srnn_array in[2], const srnn_net *net, const int32_t *text,
                  size_t stream)
{
    in[0] = (srnn_array){.node = srnn_net_find(net, "text"), .tokens = text,
                         .row_stride = stream, .step_stride = 1};
    in[1] = in[0];
    in[1].node = srnn_net_find(net, "next");
    in[1].tokens++;
}

static void train(srnn_net *net, const int32_t *text, size_t updates)
{
    srnn_trainer_config config = srnn_trainer_default();
    size_t stream = (LENGTH - HELD) / BATCH, position = 0;
    srnn_trainer *trainer;
    srnn_array in[2];

    config.batch = BATCH;
    config.steps = STEPS;
    config.lr = 5e-3;
    config.clip_norm = 1;
    tiny_must(srnn_trainer_open(&trainer, net, &config));
    while (updates--) {
        if (position + STEPS >= stream) {
            position = 0;
            srnn_trainer_reset(trainer);
        }
        point(in, net, text + position, stream);
        tiny_must(srnn_trainer_update(trainer, STEPS, in, 2, NULL));
        position += STEPS;
    }
    srnn_trainer_close(trainer);
}

/* Bits per character over the part that was held out. */
static double held_out(const srnn_net *net, const int32_t *text)
{
    srnn_session_config config = srnn_session_default();
    srnn_session *session;
    srnn_array in[2];
    double loss;
    size_t count;

    point(in, net, text + LENGTH - HELD, HELD);
    tiny_must(srnn_session_open(&session, net, &config));
    tiny_must(srnn_session_loss(session, HELD - 1, in, 2, &loss, &count));
    CHECK(count == HELD - 1);
    srnn_session_close(session);
    return loss / log(2);
}

static void learns(srnn_cell_kind kind, srnn_norm_kind norm)
{
    static const char *const norms[] = {"", " with layer norm",
                                        " with batch norm"};
    const int32_t *text = language();
    double order1 = bigram_entropy(text + LENGTH - HELD, HELD);
    srnn_net *net = build(kind, norm);
    double before = held_out(net, text), after;

    train(net, text, 120);
    after = held_out(net, text);
    check_note("%s%s: %.3f bits/character, before %.3f, order 1 has %.3f",
               srnn_cell_name(kind), norms[norm], after, before, order1);
    CHECK(before > order1);
    CHECK(after < order1);
    srnn_net_close(net);
}

static void gru(void)
{
    learns(SRNN_GRU, SRNN_NORM_NONE);
}

static void others(void)
{
    for (int kind = 0; kind < SRNN_CELL_KINDS; kind++)
        if (kind != SRNN_GRU)
            learns((srnn_cell_kind)kind, SRNN_NORM_NONE);
}

/* What was trained on the batch's moments is judged by the averages. */
static void normalised(void)
{
    static const srnn_cell_kind cells[] = {SRNN_RNN_TANH, SRNN_LSTM,
                                           SRNN_GRU};

    for (size_t i = 0; i < 3; i++)
        learns(cells[i], SRNN_NORM_LAYER);
    for (size_t i = 0; i < 2; i++)
        learns(cells[i], SRNN_NORM_BATCH);
}

/* The yardstick: a sequence that its last symbol determines has no entropy,
 * one of four equal and independent successors two bits. */
static void entropy(void)
{
    static int32_t text[LENGTH];

    for (size_t i = 0; i < LENGTH; i++)
        text[i] = (int32_t)(i % SYMBOLS);
    CHECK(bigram_entropy(text, LENGTH) == 0);
    for (size_t i = 0; i < LENGTH; i++)
        text[i] = (int32_t)draw(4);
    CHECK(fabs(bigram_entropy(text, LENGTH) - 2) < 0.01);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"entropy", NULL, entropy},
                                       {"gru", NULL, gru},
                                       {"others", NULL, others},
                                       {"normalised", NULL, normalised},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
