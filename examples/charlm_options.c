/* The options: read, checked, explained. */
#include "charlm.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: charlm [option ...]\n"
    "Trains a character model and says how well it foretells text it has not\n"
    "seen. Ctrl-C keeps a checkpoint.\n"
    "\n"
    "  --cell rnn|lstm|gru  the cell (lstm)\n"
    "  --hidden N           units of a layer (256)\n"
    "  --layers N           layers (1)\n"
    "  --embedding N        features of a character (64)\n"
    "  --batch N            streams side by side (32)\n"
    "  --steps N            characters of each stream in an update (64)\n"
    "  --updates N          updates in all (1950)\n"
    "  --lr X               learning rate of Adam (0.002)\n"
    "  --clip X             largest norm of the gradient, 0: any (1)\n"
    "  --seed N             of the first weights and of samples (1)\n"
    "  --text FILE          text to learn (King James, by the command bible)\n"
    "  --save FILE          keep a checkpoint there, every minute and at the\n"
    "                       end\n"
    "  --resume FILE        go on from a checkpoint; what is not given is as\n"
    "                       there\n"
    "  --load FILE          only sample from a saved model\n"
    "  --sample N           characters to make up at the end (500)\n"
    "  --temperature X      of samples: 0 the likeliest, 1 as learnt (0.8)\n"
    "  --top-k N            of samples: only the N likeliest, 0: all (0)\n"
    "  --top-p X            of samples: only the likeliest that together have\n"
    "                       this probability, 1: all (1)\n"
    "  --threads N          threads (1)\n"
    "  --isa NAME           instruction set, as SRNN_ISA\n"
    "  --help               this\n";

/* ---- values ------------------------------------------------------------- */

static srnn_cell_kind cell(const char *value)
{
    if (!strcmp(value, "rnn"))
        return SRNN_RNN_TANH;
    if (!strcmp(value, "lstm"))
        return SRNN_LSTM;
    if (!strcmp(value, "gru"))
        return SRNN_GRU;
    die("--cell %s: rnn, lstm or gru is expected", value);
}

/* ---- the list ----------------------------------------------------------- */

enum {
    CELL, HIDDEN, LAYERS, EMBEDDING, BATCH, STEPS, UPDATES, LR, CLIP, SEED,
    TEXT, SAVE, RESUME, LOAD, SAMPLE, TEMPERATURE, TOP_K, TOP_P, THREADS, ISA,
    HELP
};

static const struct option list[] = {
    {"cell", 1, NULL, CELL},
    {"hidden", 1, NULL, HIDDEN},
    {"layers", 1, NULL, LAYERS},
    {"embedding", 1, NULL, EMBEDDING},
    {"batch", 1, NULL, BATCH},
    {"steps", 1, NULL, STEPS},
    {"updates", 1, NULL, UPDATES},
    {"lr", 1, NULL, LR},
    {"clip", 1, NULL, CLIP},
    {"seed", 1, NULL, SEED},
    {"text", 1, NULL, TEXT},
    {"save", 1, NULL, SAVE},
    {"resume", 1, NULL, RESUME},
    {"load", 1, NULL, LOAD},
    {"sample", 1, NULL, SAMPLE},
    {"temperature", 1, NULL, TEMPERATURE},
    {"top-k", 1, NULL, TOP_K},
    {"top-p", 1, NULL, TOP_P},
    {"threads", 1, NULL, THREADS},
    {"isa", 1, NULL, ISA},
    {"help", 0, NULL, HELP},
    {NULL, 0, NULL, 0}};

static void set(options *o, int which, const char *name, const char *value)
{
    switch (which) {
    case CELL: o->cell = cell(value); break;
    case HIDDEN: o->hidden = read_count(name, value, 1, 65536); break;
    case LAYERS: o->layers = read_count(name, value, 1, 64); break;
    case EMBEDDING: o->embedding = read_count(name, value, 1, 65536); break;
    case BATCH: o->batch = read_count(name, value, 1, 65536); break;
    case STEPS: o->steps = read_count(name, value, 1, 65536); break;
    case UPDATES: o->updates = read_count(name, value, 0, 1000000000); break;
    case LR: o->lr = read_number(name, value, 10); break;
    case CLIP: o->clip = read_number(name, value, 1e9); break;
    case SEED: o->seed = read_count(name, value, 0, UINT64_MAX); break;
    case TEXT: o->text = value; break;
    case SAVE: o->save = value; break;
    case RESUME: o->resume = value; break;
    case LOAD: o->load = value; break;
    case SAMPLE: o->sample = read_count(name, value, 0, 1000000000); break;
    case TEMPERATURE: o->temperature = read_number(name, value, 100); break;
    case TOP_K: o->top_k = read_count(name, value, 0, 256); break;
    case TOP_P: o->top_p = read_number(name, value, 1); break;
    case THREADS: o->threads = read_count(name, value, 1, 1024); break;
    case ISA: o->isa = value; break;
    case HELP: fputs(usage, stdout); exit(0);
    default: die("--help lists the options"); /* getopt has said why */
    }
}

static void parse(options *o, int argc, char **argv)
{
    int which, at = 0;

    optind = 1;
    while ((which = getopt_long(argc, argv, "", list, &at)) != -1)
        set(o, which, which == '?' ? "" : list[at].name, optarg);
    if (optind < argc)
        die("'%s' is no option; --help lists them", argv[optind]);
}

/* Takes over what the run in a file was started with. */
static void adopt(options *o, const char *path)
{
    srnn_trainer_config config;
    srnn_progress at;
    srnn_node_info node;
    srnn_net *net;

    must(srnn_checkpoint_peek(path, &config, &at));
    must(srnn_model_load(&net, path, NULL));
    must(srnn_net_node(net, srnn_net_find(net, "embedding"), &node));
    o->embedding = node.features;
    must(srnn_net_node(net, srnn_net_find(net, "rnn"), &node));
    o->cell = node.recurrent.cell;
    o->hidden = node.recurrent.hidden;
    o->layers = node.recurrent.layers;
    srnn_net_close(net);
    o->batch = config.batch;
    o->steps = config.steps;
    o->lr = config.lr;
    o->clip = config.clip_norm;
    o->seed = at.seed;
}

options options_read(int argc, char **argv)
{
    options o = {.cell = SRNN_LSTM, .hidden = 256, .layers = 1,
                 .embedding = 64, .batch = 32, .steps = 64, .threads = 1,
                 .updates = 1950, .seed = 1, .lr = 2e-3, .clip = 1,
                 .sample = 500, .temperature = 0.8, .top_p = 1};

    parse(&o, argc, argv);
    if (o.load && o.resume)
        die("--load only samples, --resume trains: give one of them");
    if (o.resume) {
        adopt(&o, o.resume);
        parse(&o, argc, argv); /* what was given stands, and is checked */
        if (!o.save)
            o.save = o.resume;
    }
    return o;
}
