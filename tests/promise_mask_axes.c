/* Masks on an axis below SRNN_TIME: characters of words of sentences. What
 * names a word's masks is its sentence and its place there, so they are the
 * same in any cut and any batch; another identity or place must show. */
#include "check.h"
#include "net_case.h"
#include "numbers.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = 4, SENTENCES = 3, CHARS = 5, F = 2, H = 6, CLASSES = 3 };
enum { STATES = 2 * SENTENCES * H };

static const uint64_t ids[SENTENCES] = {12, (uint64_t)7 << 35, 3};
static float x[CHARS][WORDS][SENTENCES][F];
static int32_t y[WORDS][SENTENCES];

typedef struct subject {
    srnn_net *net;
    srnn_axis chars;
    srnn_trainer *t;
} subject;

/* Masks are over the characters alone. */
static srnn_node add_recurrent(srnn_net *net, const char *name,
                               srnn_node input, srnn_cell_kind cell,
                               double rate)
{
    srnn_recurrent_config r = srnn_recurrent_default();
    srnn_node node;

    r.cell = cell;
    r.hidden = H;
    r.dropout_input = rate;
    r.dropout_hidden = rate;
    r.zoneout_h = rate;
    must(srnn_net_recurrent(net, name, input, &r, &node));
    return node;
}

static void begin(subject *s, const srnn_kernels *k, size_t batch)
{
    srnn_trainer_config c = srnn_trainer_default();
    const srnn_dropout_config drop = {0.4, 0};
    srnn_node node, next;

    must(srnn_net_open_on(&s->net, k));
    must(srnn_net_axis(s->net, "chars", SRNN_TIME, &s->chars));
    must(srnn_net_input_on(s->net, s->chars, "x", F, &node));
    must(srnn_net_dropout(s->net, "drop", node, &drop, &node));
    node = add_recurrent(s->net, "word", node, SRNN_GRU, 0.3);
    must(srnn_net_state(s->net, "last", node, &node));
    node = add_recurrent(s->net, "sentence", node, SRNN_LSTM, 0);
    must(srnn_net_linear(s->net, "out", node, CLASSES, &node));
    must(srnn_net_tokens(s->net, "y", CLASSES, &next));
    must(srnn_net_cross_entropy(s->net, "loss", node, next, NULL));
    data_seed(5);
    case_fill_params(s->net);
    data_fill(&x[0][0][0][0], sizeof x / sizeof(float), 1);
    c.batch = batch;
    c.steps = WORDS;
    c.axis_steps[s->chars] = CHARS;
    c.seed = 77;
    must(srnn_trainer_open(&s->t, s->net, &c));
}

static void end(subject *s)
{
    srnn_trainer_close(s->t);
    srnn_net_close(s->net);
}

/* Words [from, from + words) of sentences [first, first + batch). */
static void call(subject *s, size_t from, size_t words, size_t first,
                 const uint64_t *id, uint64_t step)
{
    const size_t batch = srnn_trainer_settings(s->t).batch;
    float *part = case_take(CHARS * words * batch * F * sizeof *part);
    srnn_array in[2] = {
        {.node = srnn_net_find(s->net, "x"), .data = part},
        {.node = srnn_net_find(s->net, "y"), .tokens = &y[from][first],
         .step_stride = SENTENCES}};
    float *at = part;

    for (size_t c = 0; c < CHARS; c++)
        for (size_t w = from; w < from + words; w++, at += batch * F)
            memcpy(at, x[c][w][first], batch * F * sizeof *at);
    must(srnn_trainer_axis(s->t, s->chars, CHARS, NULL, 0));
    must(srnn_trainer_sequences(s->t, id, step));
    must(srnn_trainer_backward(s->t, words, in, 2, NULL));
    free(part);
}

static void states(const subject *s, float *to)
{
    srnn_tensor h;

    for (size_t i = 0; i < srnn_trainer_states(s->t); i++, to += h.count) {
        must(srnn_trainer_state(s->t, i, &h));
        memcpy(to, h.data, h.count * sizeof *to);
    }
}

/* The states after all words in one call. */
static void whole(const srnn_kernels *k, float *to)
{
    subject s;

    begin(&s, k, SENTENCES);
    CHECK(srnn_trainer_states(s.t) == 2);
    call(&s, 0, WORDS, 0, ids, 20);
    states(&s, to);
    end(&s);
}

static void cuts(const srnn_kernels *k)
{
    float all[STATES], cut[STATES];

    whole(k, all);
    for (uint64_t wrong = 0; wrong < 2; wrong++) {
        subject s;

        begin(&s, k, SENTENCES);
        call(&s, 0, 3, 0, ids, 20);
        call(&s, 3, 1, 0, ids, 23 + wrong);
        states(&s, cut);
        CHECK((bits_differing(all, cut, STATES) > 0) == (wrong > 0));
        end(&s);
    }
}

static void alone(const srnn_kernels *k)
{
    float all[STATES], one[2 * H];

    whole(k, all);
    for (size_t b = 0; b < SENTENCES; b++)
        for (uint64_t wrong = 0; wrong < 2; wrong++) {
            const uint64_t id = ids[b] + wrong;
            size_t differing;
            subject s;

            begin(&s, k, 1);
            call(&s, 0, WORDS, b, &id, 20);
            states(&s, one);
            differing = bits_differing(all + b * H, one, H) +
                        bits_differing(all + (SENTENCES + b) * H, one + H, H);
            CHECK_SAYS((differing > 0) == (wrong > 0),
                       "sentence %zu, %zu values differ", b, differing);
            end(&s);
        }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"axes/cuts", cuts, NULL},
        {"axes/alone", alone, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
