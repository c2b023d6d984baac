/* Is this word a name? A net that spells feeds a net that reads: the last state
 * of a net over a word's characters is the input of a net over the sentence's
 * words, in one direction or in both. build() and train() are the model. */
#include "bible.h"
#include "meter.h"
#include "model.h"
#include "names.h"
#include "names_text.h"
#include "program.h"

#include <simdrnn/io.h>

#include <stdio.h>
#include <stdlib.h>

const char program[] = "names";

/* ---- the net ------------------------------------------------------------ */

/* Weights of a GRU of so many units in one direction, and of what the answer
 * takes from it. */
static size_t reading_weights(size_t word, size_t units)
{
    return 3 * units * (word + units + 2) + 2 * units;
}

/* Units that give one direction at least the weights of both. */
static size_t alone(const options *o)
{
    size_t both = 2 * reading_weights(o->spelling, o->reading);
    size_t units = o->reading;

    while (reading_weights(o->spelling, units) < both)
        units++;
    return units;
}

static srnn_net *build(const options *o, srnn_direction direction)
{
    srnn_recurrent_config spelling = srnn_recurrent_default();
    srnn_recurrent_config reading = srnn_recurrent_default();
    srnn_dropout_config dropout = {.p = o->dropout};
    srnn_node x, is_name, loss;
    srnn_axis letters;
    srnn_net *net;

    spelling.cell = reading.cell = SRNN_GRU;
    spelling.hidden = o->spelling;
    reading.hidden = direction == SRNN_BOTH ? o->reading : alone(o);
    reading.direction = direction;
    must(srnn_net_open(&net, o->isa));
    must(srnn_net_axis(net, "letters", SRNN_TIME, &letters));
    must(srnn_net_tokens_on(net, letters, "letter", NAMES_SYMBOLS, &x));
    must(srnn_net_embedding(net, "embedding", x, o->embedding, &x));
    must(srnn_net_recurrent(net, "spelling", x, &spelling, &x));
    must(srnn_net_state(net, "word", x, &x));
    must(srnn_net_dropout(net, "some_of_word", x, &dropout, &x));
    must(srnn_net_recurrent(net, "reading", x, &reading, &x));
    must(srnn_net_dropout(net, "some_of_reading", x, &dropout, &x));
    must(srnn_net_linear(net, "answer", x, 2, &x));
    must(srnn_net_tokens(net, "is_name", 2, &is_name));
    must(srnn_net_cross_entropy(net, "loss", x, is_name, &loss));
    must(srnn_net_init(net, o->seed));
    return net;
}

static srnn_trainer *prepare(const options *o, srnn_net *net)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_trainer *trainer;

    config.batch = o->batch;
    config.steps = NAMES_MOST_WORDS;
    config.axis_steps[srnn_net_find_axis(net, "letters")] =
        NAMES_MOST_CHARACTERS;
    config.threads = o->threads;
    config.lr = o->lr;
    config.clip_norm = 1;
    config.seed = o->seed;
    config.schedule = (srnn_schedule){.kind = SRNN_LINEAR, .span = o->updates};
    must(srnn_trainer_open(&trainer, net, &config));
    return trainer;
}

/* The sentences to learn from, or those held out; *count of them. */
static size_t *sentences(const names_text *t, int held_out, size_t *count)
{
    size_t *which = allocate(t->sentences, sizeof *which);

    *count = 0;
    for (size_t i = 0; i < t->sentences; i++)
        if (t->sentence[i].held_out == held_out)
            which[(*count)++] = i;
    return which;
}

static size_t labelled(const names_batch *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->words * b->sentences; i++)
        n += b->target[i] != NAMES_UNKNOWN;
    return n;
}

/* Each update takes the next sentences in an order that is new each round. */
static void train(const options *o, const names_text *t,
                  srnn_trainer *trainer)
{
    srnn_net *net = srnn_trainer_net(trainer);
    srnn_axis letters = srnn_net_find_axis(net, "letters");
    srnn_array in[2] = {{.node = srnn_net_find(net, "letter")},
                        {.node = srnn_net_find(net, "is_name")}};
    meter m = meter_start(0, o->updates, "word", "nats", 1);
    names_batch b = names_batch_open(o->batch);
    size_t count, *all = sentences(t, 0, &count), at = count;
    size_t *order = allocate(count, sizeof *order);
    size_t *which = allocate(o->batch, sizeof *which);
    uint32_t round = 16; /* streams of random numbers before it have a use */
    double loss;

    for (uint64_t u = 0; u < o->updates; u++) {
        if (count - at < o->batch) {
            shuffle(order, count, o->seed, round++);
            at = 0;
        }
        for (size_t i = 0; i < o->batch; i++)
            which[i] = all[order[at++]];
        names_batch_fill(&b, t, which);
        in[0].tokens = b.character;
        in[1].tokens = b.target;
        srnn_trainer_reset(trainer);
        must(srnn_trainer_lengths(trainer, b.sentence_length));
        must(srnn_trainer_axis(trainer, letters, b.characters, b.word_length,
                               b.words * b.sentences));
        must(srnn_trainer_update(trainer, b.words, in, 2, &loss));
        meter_update(&m, labelled(&b), loss);
    }
    names_batch_close(&b);
    free(which);
    free(order);
    free(all);
}

/* ---- judging ------------------------------------------------------------ */

/* said[] of the words of these sentences. */
static void answer(const names_text *t, srnn_session *session,
                   const srnn_net *net, names_batch *b, const size_t *which,
                   unsigned char *said)
{
    srnn_array in = {.node = srnn_net_find(net, "letter")};
    srnn_array out = {.node = srnn_net_find(net, "answer")};
    srnn_real *logits;

    names_batch_fill(b, t, which);
    logits = allocate(b->words * b->sentences, 2 * sizeof *logits);
    in.tokens = b->character;
    out.data = logits;
    srnn_session_reset(session);
    must(srnn_session_lengths(session, b->sentence_length));
    must(srnn_session_axis(session, srnn_net_find_axis(net, "letters"),
                           b->characters, b->word_length,
                           b->words * b->sentences));
    must(srnn_session_forward(session, b->words, &in, 1, &out, 1));
    for (size_t i = 0; i < b->sentences; i++)
        for (size_t j = 0; j < b->sentence_length[i]; j++) {
            const srnn_real *y = logits + 2 * (j * b->sentences + i);

            said[t->sentence[which[i]].begin + j] = y[1] > y[0];
        }
    free(logits);
}

static void judge(const options *o, const names_text *t, const srnn_net *net,
                  unsigned char *said)
{
    srnn_session_config config = srnn_session_default();
    size_t count, *all = sentences(t, 1, &count);
    size_t *which = allocate(o->batch, sizeof *which);
    names_batch b = names_batch_open(o->batch);
    srnn_session *session;

    config.batch = o->batch;
    config.steps = NAMES_MOST_WORDS;
    config.axis_steps[srnn_net_find_axis(net, "letters")] =
        NAMES_MOST_CHARACTERS;
    config.threads = o->threads;
    must(srnn_session_open(&session, net, &config));
    for (size_t i = 0; i < count; i += o->batch) {
        for (size_t j = 0; j < o->batch; j++)
            which[j] = i + j < count ? all[i + j] : NAMES_NOTHING;
        answer(t, session, net, &b, which, said);
    }
    srnn_session_close(session);
    names_batch_close(&b);
    free(which);
    free(all);
}

static void print_scores(const char *by, const names_text *t,
                         const unsigned char *said)
{
    score_labels all = names_score(t, said, 0);
    score_labels unseen = names_score(t, said, 1);

    printf("%-16s %9.4f %9.4f %9.4f %9.4f\n", by, score_precision(&all),
           score_recall(&all), score_f1(&all), score_f1(&unseen));
}

/* Tells the text and what of it is held out from others. */
static uint64_t data_of(const options *o, const names_text *t)
{
    uint64_t part[2] = {t->hash, o->seed};

    return srnn_hash(part, sizeof part);
}

static size_t names_of(const score_labels *l)
{
    return l->hit + l->missed;
}

static size_t words_of(const score_labels *l)
{
    return names_of(l) + l->extra + l->other;
}

/* How many words the scores are over. */
static void print_counts(const names_text *t, const unsigned char *said)
{
    score_labels all = names_score(t, said, 0);
    score_labels unseen = names_score(t, said, 1);

    printf("held out with a label: %zu words, %zu names; of spellings not "
           "learnt from: %zu, %zu\n", words_of(&all), names_of(&all),
           words_of(&unseen), names_of(&unseen));
}

static void learn(const options *o, const names_text *t,
                  srnn_direction direction, unsigned char *said)
{
    const char *what =
        direction == SRNN_BOTH ? "both directions" : "one direction";
    srnn_net *net = build(o, direction);
    srnn_trainer *trainer = prepare(o, net);
    size_t weights = 0;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        srnn_tensor param;

        must(srnn_net_param(net, i, &param));
        weights += param.count;
    }
    printf("%s: %zu weights\n", what, weights);
    train(o, t, trainer);
    if (direction == SRNN_BOTH || !o->both)
        model_keep(trainer, what, data_of(o, t), o->save);
    srnn_trainer_close(trainer);
    judge(o, t, net, said);
    srnn_net_close(net);
}

static void take(const options *o, const names_text *t, unsigned char *said,
                 char what[MODEL_ROOM])
{
    const model_part parts[] = {{"letter", "letters", NAMES_SYMBOLS},
                                {"answer", "time", 2},
                                {NULL, NULL, 0}};
    srnn_net *net = model_take(o->load, o->isa, data_of(o, t), parts, what);

    judge(o, t, net, said);
    srnn_net_close(net);
}

/* Trains and judges what is wanted, one row each. */
static void report(const options *o, const names_text *t)
{
    unsigned char *said[3];
    char what[MODEL_ROOM];

    for (int i = 0; i < 3; i++)
        said[i] = allocate(t->words, 1);
    names_baseline(t, said[0]);
    if (o->load)
        take(o, t, said[1], what);
    if (o->forward && !o->load)
        learn(o, t, SRNN_FORWARD, said[1]);
    if (o->both && !o->load)
        learn(o, t, SRNN_BOTH, said[2]);
    print_counts(t, said[0]);
    printf("held out         precision    recall        F1  F1 of words that "
           "were not learnt from\n");
    print_scores("word alone", t, said[0]);
    if (o->load)
        print_scores(what, t, said[1]);
    if (o->forward && !o->load)
        print_scores("one direction", t, said[1]);
    if (o->both && !o->load)
        print_scores("both directions", t, said[2]);
    for (int i = 0; i < 3; i++)
        free(said[i]);
}

int main(int argc, char **argv)
{
    options o = names_options(argc, argv);
    size_t length;
    unsigned char *bytes;
    names_text t;

    if (!o.load)
        model_try(o.save);
    bytes = bible_read(o.text, &length);
    t = names_parse(bytes, length, o.seed);
    free(bytes);
    free(sentences(&t, 0, &length));
    if (length < o.batch) /* before memory is taken for so many */
        die("--batch %zu: there are %zu sentences to learn from", o.batch,
            length);
    names_describe(&t);
    report(&o, &t);
    names_free(&t);
    return 0;
}
