/* A small character net, trained over a made-up text. */
#include "tiny.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EMBEDDING = 5, BATCH = 3, STEPS = 10, STREAM = TINY_TEXT / BATCH };

void tiny_must(srnn_status status)
{
    if (!status)
        return;
    printf("FAILED: %s: %s\n", srnn_strerror(status), srnn_error_message());
    exit(1);
}

const int32_t *tiny_text(void)
{
    static int32_t text[TINY_TEXT];

    for (uint32_t i = 2; i < TINY_TEXT; i++) {
        uint32_t counter[4] = {i, 0, 0, 0}, word[4];

        srnn_philox(7, counter, word);
        text[i] = (int32_t)((uint32_t)(3 * text[i - 1] + 5 * text[i - 2]) +
                            word[0] % 3) % TINY_SYMBOLS;
    }
    return text;
}

srnn_net *tiny_net(const tiny_config *c)
{
    srnn_recurrent_config cell = {.cell = c->cell,
                                  .hidden = c->hidden,
                                  .layers = c->layers ? c->layers : 1,
                                  .z_takes_new = c->z_takes_new,
                                  .norm = c->norm,
                                  .norm_steps = 4,
                                  .norm_eps = 1e-3,
                                  .norm_momentum = 0.3};
    srnn_node text, x, next, loss;
    srnn_net *net;

    tiny_must(srnn_net_open(&net, NULL));
    tiny_must(srnn_net_tokens(net, "text", TINY_SYMBOLS, &text));
    tiny_must(srnn_net_embedding(net, "in", text, EMBEDDING, &x));
    tiny_must(srnn_net_recurrent(net, "rnn", x, &cell, &x));
    tiny_must(srnn_net_linear(net, "out", x, TINY_SYMBOLS, &x));
    tiny_must(srnn_net_tokens(net, "next", TINY_SYMBOLS, &next));
    tiny_must(srnn_net_cross_entropy(net, "loss", x, next, &loss));
    tiny_must(srnn_net_init(net, 3));
    return net;
}

void tiny_open(tiny *t, const tiny_config *c)
{
    srnn_trainer_config config = srnn_trainer_default();

    *t = (tiny){.net = tiny_net(c)};
    config.batch = BATCH;
    config.steps = STEPS;
    config.threads = c->threads ? c->threads : 1;
    config.optimiser = c->optimiser;
    config.momentum = c->momentum;
    config.lr = c->lr > 0 ? c->lr : 0.01;
    config.clip_norm = 1;
    tiny_must(srnn_trainer_open(&t->trainer, t->net, &config));
}

void tiny_close(tiny *t)
{
    srnn_trainer_close(t->trainer);
    srnn_net_close(t->net);
}

void tiny_train(tiny *t, uint64_t updates)
{
    srnn_array in[2] = {{.node = srnn_net_find(t->net, "text")},
                        {.node = srnn_net_find(t->net, "next")}};

    in[0].row_stride = in[1].row_stride = STREAM;
    in[0].step_stride = in[1].step_stride = 1;
    while (srnn_trainer_updates(t->trainer) < updates) {
        if (t->position + STEPS >= STREAM) {
            t->position = 0;
            srnn_trainer_reset(t->trainer);
        }
        in[0].tokens = tiny_text() + t->position;
        in[1].tokens = in[0].tokens + 1;
        tiny_must(srnn_trainer_update(t->trainer, STEPS, in, 2, &t->loss));
        t->position += STEPS;
    }
}

static int differ(const srnn_tensor *a, const srnn_tensor *b)
{
    return a->count != b->count || strcmp(a->name, b->name) ||
           memcmp(a->data, b->data, a->count * sizeof *a->data);
}

const char *tiny_difference(const tiny *a, const tiny *b)
{
    size_t params = srnn_net_params(a->net);
    size_t moments = srnn_trainer_moments(a->trainer);
    srnn_tensor x, y;

    for (size_t i = 0; i < params; i++) {
        tiny_must(srnn_net_param(a->net, i, &x));
        tiny_must(srnn_net_param(b->net, i, &y));
        if (differ(&x, &y))
            return x.name;
        for (size_t which = 0; which < moments; which++) {
            tiny_must(srnn_trainer_moment(a->trainer, which, i, &x));
            tiny_must(srnn_trainer_moment(b->trainer, which, i, &y));
            if (differ(&x, &y))
                return "a moment";
        }
    }
    for (size_t i = 0; i < srnn_trainer_states(a->trainer); i++) {
        tiny_must(srnn_trainer_state(a->trainer, i, &x));
        tiny_must(srnn_trainer_state(b->trainer, i, &y));
        if (differ(&x, &y))
            return x.name;
    }
    if (srnn_trainer_updates(a->trainer) != srnn_trainer_updates(b->trainer))
        return "updates";
    return a->position != b->position ? "position" : NULL;
}
