/* English messages in another language, character by character: an encoder and
 * a decoder, with and without attention, greedy and by beam search, judged on
 * messages that they have not seen. translate_net.c is the model. */
#include "program.h"
#include "score.h"
#include "translate.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char program[] = "translate";

static const char usage[] =
    "usage: translate [option ...]\n"
    "Learns to translate from the message catalogs of the programs that are\n"
    "installed, read by gettext's msgunfmt, and says how well by BLEU, chrF\n"
    "and exact matches on one message in ten that it has not seen.\n"
    "\n"
    "  --language NAME      from English into it: de, fr, es, ... (de)\n"
    "  --catalogs PATTERN   only catalogs with such names: iso_* are those of\n"
    "                       the package iso-codes (*)\n"
    "  --attention WHICH    no, yes, or both nets in turn: compare (compare)\n"
    "  --longest N          characters of a message (30)\n"
    "  --hidden N           units of the encoder, each way, and the decoder\n"
    "                       (128)\n"
    "  --embedding N        features of a character (48)\n"
    "  --batch N            messages side by side (64)\n"
    "  --dropout X          share of what encoder, decoder and logits read that\n"
    "                       is hidden in training (0)\n"
    "  --updates N          updates (2000)\n"
    "  --lr X               learning rate of Adam, falling to nothing (0.004)\n"
    "  --beam N             hypotheses of the beam search (4)\n"
    "  --alpha X            of its length norm (0.6)\n"
    "  --show N             translations to show (8)\n"
    "  --seed N             of what is held out, the first weights and the\n"
    "                       order of the pairs (1)\n"
    "  --picture FILE       what is looked at, .png or .svg (translate.png)\n"
    "  --save FILE          where the last net is kept (translate.safetensors,\n"
    "                       in this folder)\n"
    "  --load FILE          train none, judge the net that was kept there; the\n"
    "                       language, catalogs, length and seed must be those\n"
    "                       it was kept with\n"
    "  --threads N          threads (1)\n"
    "  --isa NAME           instruction set, as SRNN_ISA\n"
    "  --help               this\n";

/* ---- judging ------------------------------------------------------------ */

/* A row of the table; said[i] NULL: the English text itself. */
static void print_scores(const char *by, const char *how, const pairs *p,
                         const size_t *which, char *const *said)
{
    score_grams words = {{0}, {0}, {0}}, characters = {{0}, {0}, {0}};
    size_t exact = 0;

    for (size_t i = 0; i < p->held_out; i++) {
        const pair *one = &p->pair[which[i]];
        const char *text = said ? said[i] : one->text[0];

        score_words(&words, text, one->text[1]);
        score_characters(&characters, text, one->text[1]);
        exact += !strcmp(text, one->text[1]);
    }
    printf("%-14s %-8s %8.2f %8.2f %8.2f\n", by, how,
           100 * score_bleu(&words), 100 * score_chrf(&characters),
           100. * (double)exact / (double)p->held_out);
}

static void show(const options *o, const pairs *p, const size_t *which,
                 char *const *said)
{
    for (size_t i = 0; i < o->shown && i < p->held_out; i++) {
        size_t at = i * p->held_out / o->shown;
        const pair *one = &p->pair[which[at]];

        printf("  %s\n    reference   %s\n    translation %s\n", one->text[0],
               one->text[1], said[at]);
    }
}

static void judge(const options *o, const pairs *p, const size_t *which,
                  const translator *t, size_t nets)
{
    char **greedy[2], **beam[2];

    for (size_t i = 0; i < nets; i++) {
        greedy[i] = translate_greedy(o, p, &t[i], which);
        beam[i] = translate_beam(o, p, &t[i], which);
    }
    show(o, p, which, beam[nets - 1]);
    printf("held out, %%             BLEU-4     chrF    exact\n");
    print_scores("the English", "", p, which, NULL);
    for (size_t i = 0; i < nets; i++) {
        print_scores(t[i].name, "greedy", p, which, greedy[i]);
        print_scores("", "beam", p, which, beam[i]);
        free(greedy[i][0]);
        free(greedy[i]);
        free(beam[i][0]);
        free(beam[i]);
    }
    printf("BLEU of words, not smoothed; chrF of 1 to 6 characters, beta 2\n");
}

/* A pair held out of three words or more, short enough to see. */
static size_t choose(const pairs *p, const size_t *which)
{
    for (size_t i = p->held_out / 2; i < p->held_out; i++) {
        const pair *one = &p->pair[which[i]];
        const char *blank = strchr(one->text[0], ' ');

        if (one->length[0] <= 24 && blank && strchr(blank + 1, ' '))
            return which[i];
    }
    return which[0];
}

/* ---- options ------------------------------------------------------------ */

enum {
    LANGUAGE, CATALOGS, ATTENTION, LONGEST, HIDDEN, EMBEDDING, BATCH, UPDATES,
    DROPOUT, LR, BEAM, ALPHA, SHOW, SEED, PICTURE, SAVE, LOAD, THREADS, ISA,
    HELP
};

static const struct option list[] = {
    {"language", 1, NULL, LANGUAGE},
    {"catalogs", 1, NULL, CATALOGS},
    {"attention", 1, NULL, ATTENTION},
    {"longest", 1, NULL, LONGEST},
    {"hidden", 1, NULL, HIDDEN},
    {"embedding", 1, NULL, EMBEDDING},
    {"batch", 1, NULL, BATCH},
    {"dropout", 1, NULL, DROPOUT},
    {"updates", 1, NULL, UPDATES},
    {"lr", 1, NULL, LR},
    {"beam", 1, NULL, BEAM},
    {"alpha", 1, NULL, ALPHA},
    {"show", 1, NULL, SHOW},
    {"seed", 1, NULL, SEED},
    {"picture", 1, NULL, PICTURE},
    {"save", 1, NULL, SAVE},
    {"load", 1, NULL, LOAD},
    {"threads", 1, NULL, THREADS},
    {"isa", 1, NULL, ISA},
    {"help", 0, NULL, HELP},
    {NULL, 0, NULL, 0}};

static void set_attention(options *o, const char *value)
{
    int compare = !strcmp(value, "compare");

    o->plain = compare || !strcmp(value, "no");
    o->attention = compare || !strcmp(value, "yes");
    if (!o->plain && !o->attention)
        die("--attention %s: no, yes or compare is expected", value);
}

static void set(options *o, int which, const char *name, const char *value)
{
    switch (which) {
    case LANGUAGE: o->language = value; break;
    case CATALOGS: o->catalogs = value; break;
    case ATTENTION: set_attention(o, value); break;
    case LONGEST: o->longest = read_count(name, value, 1, 1000); break;
    case HIDDEN: o->hidden = read_count(name, value, 1, 65536); break;
    case EMBEDDING: o->embedding = read_count(name, value, 1, 65536); break;
    case BATCH: o->batch = read_count(name, value, 1, 65536); break;
    case DROPOUT: o->dropout = read_number(name, value, 0.9); break;
    case UPDATES: o->updates = read_count(name, value, 1, 1000000000); break;
    case LR: o->lr = read_number(name, value, 10); break;
    case BEAM: o->beam = read_count(name, value, 1, 1000); break;
    case ALPHA: o->alpha = read_number(name, value, 100); break;
    case SHOW: o->shown = read_count(name, value, 0, 1000000); break;
    case SEED: o->seed = read_count(name, value, 0, UINT64_MAX); break;
    case PICTURE: o->picture = value; break;
    case SAVE: o->save = value; break;
    case LOAD: o->load = value; break;
    case THREADS: o->threads = read_count(name, value, 1, 1024); break;
    case ISA: o->isa = value; break;
    case HELP: fputs(usage, stdout); exit(0);
    default: die("--help lists the options"); /* getopt has said why */
    }
}

static options read_options(int argc, char **argv)
{
    options o = {.language = "de", .catalogs = "*", .plain = 1, .attention = 1,
                 .longest = 30, .hidden = 128, .embedding = 48, .batch = 64,
                 .updates = 2000, .lr = 4e-3, .beam = 4, .alpha = 0.6,
                 .shown = 8, .seed = 1, .picture = "translate.png",
                 .save = "translate.safetensors", .threads = 1};
    int which, at = 0;

    while ((which = getopt_long(argc, argv, "", list, &at)) != -1)
        set(&o, which, which == '?' ? "" : list[at].name, optarg);
    if (optind < argc)
        die("'%s' is no option; --help lists them", argv[optind]);
    return o;
}

/* One net or two, trained or from a file. */
static size_t prepare(const options *o, const pairs *p, translator t[2])
{
    size_t nets = 0;

    if (o->load) {
        t[0] = translate_take(o, p);
        return 1;
    }
    if (o->plain)
        t[nets++] = translate_train(o, p, 0, !o->attention);
    if (o->attention)
        t[nets++] = translate_train(o, p, 1, 1);
    return nets;
}

int main(int argc, char **argv)
{
    options o = read_options(argc, argv);
    size_t *which, n = 0, nets;
    translator t[2];
    pairs p;

    if (!o.load)
        model_try(o.save);
    p = pairs_read(o.language, o.catalogs, o.longest, o.seed);
    which = allocate(p.held_out, sizeof *which);
    pairs_describe(&p);
    for (size_t i = 0; i < p.count; i++)
        if (p.pair[i].held_out)
            which[n++] = i;
    if (!n)
        die("too few pairs: none is held out");
    nets = prepare(&o, &p, t);
    judge(&o, &p, which, t, nets);
    if (t[nets - 1].attention) {
        translate_draw(&o, &p, &t[nets - 1], choose(&p, which));
        printf("drawn in %s\n", o.picture);
    }
    for (size_t i = 0; i < nets; i++)
        srnn_net_close(t[i].net);
    free(which);
    pairs_free(&p);
    return 0;
}
