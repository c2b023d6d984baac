/* A character model: an embedding, a recurrent net and a linear layer learn to
 * expect the next byte of a text. build() and train() are all that training
 * takes; the rest reads, shows and saves. */
#define _POSIX_C_SOURCE 200809L

#include "charlm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SAVE_SECONDS 60

const char program[] = "charlm";
volatile sig_atomic_t stopped;

static void stop(int signal)
{
    stopped = signal;
}

/* The second Ctrl-C ends the program at once. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = stop,
                               .sa_flags = (int)SA_RESETHAND};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static srnn_net *build(const options *o, size_t symbols)
{
    srnn_recurrent_config cell = srnn_recurrent_default();
    srnn_node in, x, targets, loss;
    srnn_net *net;

    cell.cell = o->cell;
    cell.hidden = o->hidden;
    cell.layers = o->layers;
    must(srnn_net_open(&net, o->isa));
    must(srnn_net_tokens(net, "text", symbols, &in));
    must(srnn_net_embedding(net, "embedding", in, o->embedding, &x));
    must(srnn_net_recurrent(net, "rnn", x, &cell, &x));
    must(srnn_net_linear(net, "linear", x, symbols, &x));
    must(srnn_net_tokens(net, "next", symbols, &targets));
    must(srnn_net_cross_entropy(net, "loss", x, targets, &loss));
    must(srnn_net_init(net, o->seed));
    return net;
}

static srnn_trainer *prepare(const options *o, srnn_net *net)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_trainer *trainer;

    config.batch = o->batch;
    config.steps = o->steps;
    config.threads = o->threads;
    config.lr = o->lr;
    config.clip_norm = o->clip;
    must(srnn_trainer_open(&trainer, net, &config));
    return trainer;
}

static void save(const options *o, const srnn_trainer *trainer,
                 const srnn_progress *at)
{
    if (srnn_checkpoint_save(trainer, at, o->save))
        fprintf(stderr, "charlm: not saved: %s\n", srnn_error_message());
}

/* The streams are stretches of the text, one per row of the batch; an update
 * takes the next characters of each, and as targets those one later. States
 * are carried from update to update, so what a stream remembers is longer
 * than the steps that errors run back through. */
static void train(const options *o, const text *t, size_t length,
                  srnn_trainer *trainer, srnn_progress *at, meter *m)
{
    srnn_net *net = srnn_trainer_net(trainer);
    size_t stream = length / o->batch;
    srnn_array in[2] = {
        {.node = srnn_net_find(net, "text"), .row_stride = stream,
         .step_stride = 1},
        {.node = srnn_net_find(net, "next"), .row_stride = stream,
         .step_stride = 1},
    };
    double saved = now(), loss;

    while (srnn_trainer_updates(trainer) < o->updates && !stopped) {
        if (o->steps >= stream - at->position) {
            at->position = 0;
            srnn_trainer_reset(trainer);
        }
        in[0].tokens = t->token + at->position;
        in[1].tokens = in[0].tokens + 1;
        must(srnn_trainer_update(trainer, o->steps, in, 2, &loss));
        at->position += o->steps;
        meter_update(m, o->batch * o->steps, loss);
        if (o->save && now() - saved > SAVE_SECONDS) {
            save(o, trainer, at);
            saved = now();
        }
    }
}

/* Bits per character over the text from `begin` on, read as 8 streams; no
 * answer if it was stopped. */
static double evaluate(const options *o, const text *t, size_t begin,
                       const srnn_net *net)
{
    srnn_session_config config = srnn_session_default();
    size_t stream = (t->length - begin - 1) / 8, count, steps;
    srnn_array in[2] = {
        {.node = srnn_net_find(net, "text"), .row_stride = stream,
         .step_stride = 1},
        {.node = srnn_net_find(net, "next"), .row_stride = stream,
         .step_stride = 1},
    };
    double loss, sum = 0;
    srnn_session *session;

    config.batch = 8;
    config.steps = o->steps;
    config.threads = o->threads;
    must(srnn_session_open(&session, net, &config));
    for (size_t i = 0; i < stream && !stopped; i += steps) {
        steps = stream - i < o->steps ? stream - i : o->steps;
        in[0].tokens = t->token + begin + i;
        in[1].tokens = in[0].tokens + 1;
        must(srnn_session_loss(session, steps, in, 2, &loss, &count));
        sum += loss * (double)count;
    }
    srnn_session_close(session);
    return sum / (8 * (double)stream) / log(2);
}

/* Keeps the run in a file and gives the exit status of a signal. */
static int interrupted(const options *o, const srnn_trainer *trainer,
                       const srnn_progress *at)
{
    const char *path = o->save ? o->save : "charlm.safetensors";

    if (srnn_checkpoint_save(trainer, at, path))
        die("not saved: %s", srnn_error_message());
    printf("\nstopped after update %llu; to go on: ./run train --resume %s"
           " --updates %llu%s%s\n",
           (unsigned long long)srnn_trainer_updates(trainer), path,
           (unsigned long long)o->updates, o->text ? " --text " : "",
           o->text ? o->text : "");
    return 128 + (int)stopped;
}

/* Puts the trainer where the file left it, in streams so long. */
static void resume(const options *o, srnn_trainer *trainer, srnn_progress *at,
                   size_t stream)
{
    must(srnn_checkpoint_load(trainer, at, o->resume));
    if (at->seed != o->seed)
        die("--seed %llu: %s began with %llu", (unsigned long long)o->seed,
            o->resume, (unsigned long long)at->seed);
    if (at->position >= stream)
        die("%s: position %llu is not in streams of %zu characters",
            o->resume, (unsigned long long)at->position, stream);
}

/* Trains on the first 95 % of the text, then judges by the rest. */
static int learn(const options *o)
{
    text t = text_read(o->text);
    size_t length = (size_t)((double)t.length * 0.95);
    srnn_progress at = {.data_hash = t.hash, .seed = o->seed};
    srnn_trainer *trainer;
    srnn_net *net;
    double bits = 0;
    int code = 0;
    meter m;

    if (length / o->batch <= o->steps || t.length - length < 16)
        die("a text of %zu bytes is too short for %zu streams of more than "
            "%zu characters", t.length, o->batch, o->steps);
    text_describe_symbols(&t, at.note);
    net = build(o, t.symbols);
    trainer = prepare(o, net);
    if (o->resume)
        resume(o, trainer, &at, length / o->batch);
    if (o->save) /* a path that cannot be written shows now */
        must(srnn_checkpoint_save(trainer, &at, o->save));
    catch_signals();
    m = meter_start(srnn_trainer_updates(trainer), o->updates, "character",
                    "bits", 1 / log(2));
    train(o, &t, length, trainer, &at, &m);
    m.end = now();
    if (!stopped) {
        if (o->save)
            save(o, trainer, &at);
        sample(net, &t, o);
        bits = evaluate(o, &t, length, net);
    }
    if (stopped)
        code = interrupted(o, trainer, &at);
    else
        printf("held-out %.3f bits/character, %.0f characters/s\n", bits,
               meter_rate(&m));
    srnn_trainer_close(trainer);
    srnn_net_close(net);
    free(t.token);
    return code;
}

/* Samples from a model that was saved. */
static int speak(const options *o)
{
    srnn_progress at;
    srnn_node_info node;
    srnn_net *net;
    text t;

    must(srnn_checkpoint_peek(o->load, NULL, &at));
    t = text_parse_symbols(at.note);
    must(srnn_model_load(&net, o->load, o->isa));
    must(srnn_net_node(net, srnn_net_find(net, "linear"), &node));
    if (node.features != t.symbols)
        die("%s: %zu characters, but %zu logits", o->load, t.symbols,
            node.features);
    sample(net, &t, o);
    srnn_net_close(net);
    return 0;
}

int main(int argc, char **argv)
{
    options o = options_read(argc, argv);

    return o.load ? speak(&o) : learn(&o);
}
