/* The net: an encoder reads the English characters in both directions, its last
 * states are the decoder's first; with attention each of the decoder's states
 * also looks back over all of the encoder's (Bahdanau et al. 2015, with Luong's
 * general score). */
#include "meter.h"
#include "program.h"
#include "translate.h"

#include <simdrnn/io.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the decoder's state says beside what it looks at, or alone. */
static srnn_node look(const options *o, srnn_net *net, srnn_node states,
                      srnn_node keys)
{
    srnn_attention_config config = srnn_attention_default();
    srnn_node both[2] = {states, 0}, weights;

    config.score = SRNN_SCORE_GENERAL;
    must(srnn_net_attention(net, "attention", states, keys, keys, &config,
                            &both[1]));
    must(srnn_net_attention_weights(net, "weights", both[1], o->longest,
                                    &weights));
    must(srnn_net_concat(net, "state_and_context", both, 2, &states));
    return states;
}

static srnn_net *build(const options *o, size_t symbols, int attention)
{
    srnn_recurrent_config cell = srnn_recurrent_default();
    srnn_dropout_config dropout = {.p = o->dropout};
    srnn_node keys, x, target, loss;
    srnn_axis source;
    srnn_net *net;

    cell.cell = SRNN_GRU;
    cell.hidden = o->hidden;
    cell.direction = SRNN_BOTH;
    must(srnn_net_open(&net, o->isa));
    must(srnn_net_axis(net, "source", SRNN_BATCH, &source));
    must(srnn_net_tokens_on(net, source, "english", symbols, &x));
    must(srnn_net_embedding(net, "english_embedding", x, o->embedding, &x));
    must(srnn_net_dropout(net, "some_english", x, &dropout, &x));
    must(srnn_net_recurrent(net, "encoder", x, &cell, &keys));
    must(srnn_net_state(net, "read", keys, &x));
    must(srnn_net_linear(net, "bridge", x, o->hidden, &cell.initial_state));
    cell.initial = 1;
    cell.direction = SRNN_FORWARD;
    must(srnn_net_tokens(net, "before", symbols, &x));
    must(srnn_net_embedding(net, "embedding", x, o->embedding, &x));
    must(srnn_net_dropout(net, "some_before", x, &dropout, &x));
    must(srnn_net_recurrent(net, "decoder", x, &cell, &x));
    if (attention)
        x = look(o, net, x, keys);
    must(srnn_net_dropout(net, "some_state", x, &dropout, &x));
    must(srnn_net_linear(net, "logits", x, symbols, &x));
    must(srnn_net_tokens(net, "next", symbols, &target));
    must(srnn_net_cross_entropy(net, "loss", x, target, &loss));
    must(srnn_net_init(net, o->seed));
    return net;
}

static srnn_trainer *prepare(const options *o, srnn_net *net)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_trainer *trainer;

    config.batch = o->batch;
    config.steps = o->longest + 1;
    config.threads = o->threads;
    config.lr = o->lr;
    config.clip_norm = 1;
    config.seed = o->seed;
    config.schedule = (srnn_schedule){.kind = SRNN_LINEAR, .span = o->updates};
    must(srnn_trainer_open(&trainer, net, &config));
    return trainer;
}

/* One update on these pairs; how many characters its loss is the mean of. */
static size_t update(srnn_trainer *trainer, const pairs *p, pair_batch *b,
                     const size_t *which, double *loss)
{
    const srnn_net *net = srnn_trainer_net(trainer);
    size_t characters = 0;
    srnn_array in[3] = {{.node = srnn_net_find(net, "english")},
                        {.node = srnn_net_find(net, "before")},
                        {.node = srnn_net_find(net, "next")}};

    pair_batch_fill(b, p, which);
    in[0].tokens = b->source;
    in[1].tokens = b->input;
    in[2].tokens = b->target;
    srnn_trainer_reset(trainer);
    must(srnn_trainer_lengths(trainer, b->target_length));
    must(srnn_trainer_axis(trainer, srnn_net_find_axis(net, "source"),
                           b->source_steps, b->source_length, b->count));
    must(srnn_trainer_update(trainer, b->target_steps, in, 3, loss));
    for (size_t i = 0; i < b->count; i++)
        characters += b->target_length[i];
    return characters;
}

/* Each update takes the next pairs in an order that is new each round. */
static void train(const options *o, const pairs *p, srnn_trainer *trainer)
{
    meter m = meter_start(0, o->updates, "character", "bits", 1 / log(2));
    pair_batch b = pair_batch_open(o->batch, o->longest);
    size_t *which = allocate(o->batch, sizeof *which);
    size_t *all = allocate(p->count, sizeof *all);
    size_t *order = allocate(p->count, sizeof *order);
    size_t count = 0, at, characters;
    uint32_t round = 16; /* streams of random numbers before it have a use */
    double loss;

    for (size_t i = 0; i < p->count; i++)
        if (!p->pair[i].held_out)
            all[count++] = i;
    if (count < o->batch)
        die("--batch %zu: there are %zu pairs to learn from", o->batch, count);
    at = count;
    for (uint64_t u = 0; u < o->updates; u++) {
        if (count - at < o->batch) {
            shuffle(order, count, o->seed, round++);
            at = 0;
        }
        for (size_t i = 0; i < o->batch; i++)
            which[i] = all[order[at++]];
        characters = update(trainer, p, &b, which, &loss);
        meter_update(&m, characters, loss);
    }
    pair_batch_close(&b);
    free(which);
    free(order);
    free(all);
}

/* Tells the pairs and which of them are held out from others. */
static uint64_t data_of(const options *o, const pairs *p)
{
    uint64_t part[3] = {p->hash, o->seed, o->longest};

    return srnn_hash(part, sizeof part);
}

translator translate_train(const options *o, const pairs *p, int attention,
                           int keep)
{
    translator t = {.net = build(o, p->symbols, attention),
                    .attention = attention};
    srnn_trainer *trainer = prepare(o, t.net);

    strcpy(t.name, attention ? "attention" : "no attention");
    printf("%s:\n", t.name);
    train(o, p, trainer);
    if (keep)
        model_keep(trainer, t.name, data_of(o, p), o->save);
    srnn_trainer_close(trainer);
    return t;
}

translator translate_take(const options *o, const pairs *p)
{
    const model_part parts[] = {{"english", "source", p->symbols},
                                {"before", "time", p->symbols},
                                {"logits", "time", p->symbols},
                                {NULL, NULL, 0}};
    srnn_node_info weights;
    translator t;

    t.net = model_take(o->load, o->isa, data_of(o, p), parts, t.name);
    t.attention = !srnn_net_node(t.net, srnn_net_find(t.net, "weights"),
                                 &weights) && weights.features == o->longest;
    return t;
}
