/* The options of names, and their defaults: dropout and updates did best on the
 * chapters that seed 4 holds out. */
#include "names.h"
#include "program.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: names [option ...]\n"
    "Which words of the King James text, in lower case, are names? Trains a\n"
    "net of one direction and one of both, and judges them on chapters that\n"
    "they have not seen, beside what each word alone tells.\n"
    "\n"
    "  --direction WHICH    forward, both, or compare: one after the other\n"
    "                       (compare)\n"
    "  --spelling N         units of the net over characters (64)\n"
    "  --reading N          units of the net over words, for each of both\n"
    "                       directions (64); one direction has as many more\n"
    "                       as make up for its weights\n"
    "  --embedding N        features of a character (16)\n"
    "  --batch N            sentences side by side (32)\n"
    "  --dropout X          share of a word's features, and of what was read,\n"
    "                       that is hidden in training (0.1)\n"
    "  --updates N          updates (4000)\n"
    "  --lr X               learning rate of Adam, falling to nothing (0.004)\n"
    "  --seed N             of the chapters held out, the first weights and\n"
    "                       the order of the sentences (1)\n"
    "  --text FILE          another text in the form of the command bible\n"
    "  --save FILE          where the net of both directions is kept, or the\n"
    "                       one that is trained (names.safetensors, in this\n"
    "                       folder)\n"
    "  --load FILE          train none, judge the net that was kept there; the\n"
    "                       seed and the text must be those it was kept with\n"
    "  --threads N          threads (1)\n"
    "  --isa NAME           instruction set, as SRNN_ISA\n"
    "  --help               this\n";

enum {
    DIRECTION, SPELLING, READING, EMBEDDING, BATCH, DROPOUT, UPDATES, LR, SEED,
    TEXT, SAVE, LOAD, THREADS, ISA, HELP
};

static const struct option list[] = {
    {"direction", 1, NULL, DIRECTION},
    {"spelling", 1, NULL, SPELLING},
    {"reading", 1, NULL, READING},
    {"embedding", 1, NULL, EMBEDDING},
    {"batch", 1, NULL, BATCH},
    {"dropout", 1, NULL, DROPOUT},
    {"updates", 1, NULL, UPDATES},
    {"lr", 1, NULL, LR},
    {"seed", 1, NULL, SEED},
    {"text", 1, NULL, TEXT},
    {"save", 1, NULL, SAVE},
    {"load", 1, NULL, LOAD},
    {"threads", 1, NULL, THREADS},
    {"isa", 1, NULL, ISA},
    {"help", 0, NULL, HELP},
    {NULL, 0, NULL, 0}};

static void set_direction(options *o, const char *value)
{
    int compare = !strcmp(value, "compare");

    o->forward = compare || !strcmp(value, "forward");
    o->both = compare || !strcmp(value, "both");
    if (!o->forward && !o->both)
        die("--direction %s: forward, both or compare is expected", value);
}

static void set(options *o, int which, const char *name, const char *value)
{
    switch (which) {
    case DIRECTION: set_direction(o, value); break;
    case SPELLING: o->spelling = read_count(name, value, 1, 65536); break;
    case READING: o->reading = read_count(name, value, 1, 65536); break;
    case EMBEDDING: o->embedding = read_count(name, value, 1, 65536); break;
    case BATCH: o->batch = read_count(name, value, 1, 4096); break;
    case DROPOUT: o->dropout = read_number(name, value, 0.9); break;
    case UPDATES: o->updates = read_count(name, value, 1, 1000000000); break;
    case LR: o->lr = read_number(name, value, 10); break;
    case SEED: o->seed = read_count(name, value, 0, UINT64_MAX); break;
    case TEXT: o->text = value; break;
    case SAVE: o->save = value; break;
    case LOAD: o->load = value; break;
    case THREADS: o->threads = read_count(name, value, 1, 1024); break;
    case ISA: o->isa = value; break;
    case HELP: fputs(usage, stdout); exit(0);
    default: die("--help lists the options"); /* getopt has said why */
    }
}

options names_options(int argc, char **argv)
{
    options o = {.forward = 1, .both = 1, .spelling = 64, .reading = 64,
                 .embedding = 16, .batch = 32, .threads = 1, .updates = 4000,
                 .seed = 1, .lr = 4e-3, .dropout = 0.1,
                 .save = "names.safetensors"};
    int which, at = 0;

    while ((which = getopt_long(argc, argv, "", list, &at)) != -1)
        set(&o, which, which == '?' ? "" : list[at].name, optarg);
    if (optind < argc)
        die("'%s' is no option; --help lists them", argv[optind]);
    return o;
}
