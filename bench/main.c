/* simdrnn_bench: measures rows and prints a table, or, given any --benchmark_
 * flag, hands everything to Google Benchmark. */
#define _GNU_SOURCE
#include "fronts.h"
#include "rows.h"

#include <getopt.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: bench [OPTION]... [REGEX]\n"
    "Measures the rows whose names match REGEX; without it, those that fit in\n"
    "four minutes.\n"
    "\n"
    "  --full          every row\n"
    "  --peers         beside other libraries, in turns; without REGEX, the\n"
    "                  rows that they have, and recorded, those without too\n"
    "  --list          name the rows and stop\n"
    "  --record        write results/<machine>.json and .md\n"
    "  --out STEM      write STEM.json and STEM.md\n"
    "  --rounds N      samples of each (default 7, at most 64)\n"
    "  --neon TEXT     what is said of the NEON rung, which does not run here\n"
    "  --benchmark_... Google Benchmark takes over, with all of its flags\n"
    "  --help          this\n"
    "\n"
    "SRNN_ISA caps the instruction sets that are measured.\n";

enum { FULL = 256, PEERS, LIST, RECORD, OUT, ROUNDS, NEON, HELP };

static const struct option long_options[] = {
    {"full", no_argument, NULL, FULL},
    {"peers", no_argument, NULL, PEERS},
    {"list", no_argument, NULL, LIST},
    {"record", no_argument, NULL, RECORD},
    {"out", required_argument, NULL, OUT},
    {"rounds", required_argument, NULL, ROUNDS},
    {"neon", required_argument, NULL, NEON},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

/* Beside the program, in the build folder. */
static const char *default_stem(void)
{
    static char stem[4096];
    ssize_t n = readlink("/proc/self/exe", stem, sizeof stem - 16);
    char *slash;

    stem[n > 0 ? n : 0] = 0;
    slash = strrchr(stem, '/');
    strcpy(slash ? slash + 1 : stem, "results");
    return stem;
}

/* 0 unless the text is a number of samples that can be taken. */
static size_t rounds_of(const char *text)
{
    char *end;
    const unsigned long n = strtoul(text, &end, 10);
    const int whole = *text >= '0' && *text <= '9' && !*end;

    return whole && n <= SAMPLER_ROUNDS ? n : 0;
}

static int check_filter(const char *filter)
{
    regex_t expression;
    char why[128];
    const int code = regcomp(&expression, filter, REG_EXTENDED | REG_NOSUB);

    if (!code) {
        regfree(&expression);
        return 0;
    }
    regerror(code, &expression, why, sizeof why);
    fprintf(stderr, "bench: '%s' is no regular expression: %s\n", filter, why);
    return -1;
}

/* The options, and the first word after them and the filter, or NULL. */
static int check_options(const options *o, const char *rest)
{
    if (o->plan.rounds < 1)
        fprintf(stderr, "bench: --rounds: a whole number from 1 to %d is "
                "expected\n", SAMPLER_ROUNDS);
    else if (rest)
        fprintf(stderr, "bench: one REGEX is expected, '%s' is more\n", rest);
    else
        return o->filter ? check_filter(o->filter) : 0;
    return -1;
}

/* All of them, unless only some were asked for. */
static int list_rows(const options *o)
{
    options like = *o;
    row_entry r;

    like.full |= !o->peers;
    for (size_t i = 0; row_at(i, &r); i++)
        if (options_take(&like, &r))
            printf("%s%s\n", r.name, r.brief ? "" : "  (--full)");
    return 0;
}

int main(int argc, char **argv)
{
    options o = {.out = default_stem(), .plan = plan_default()};
    srnn_kernels table;
    int c, list = 0;

    if (srnn_kernels_get(&table, NULL)) {
        fprintf(stderr, "bench: %s\n", srnn_error_message());
        return 2;
    }
    for (int i = 1; i < argc; i++)
        if (!strncmp(argv[i], "--benchmark_", 12))
            return front_google(argc, argv);
    while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        switch (c) {
        case FULL:
            o.full = 1;
            break;
        case PEERS:
            o.peers = 1;
            break;
        case LIST:
            list = 1;
            break;
        case RECORD:
            o.record = 1;
            break;
        case OUT:
            o.out = optarg;
            break;
        case ROUNDS:
            o.plan.rounds = rounds_of(optarg);
            break;
        case NEON:
            o.neon = optarg;
            break;
        case HELP:
            fputs(usage, stdout);
            return 0;
        default:
            fputs(usage, stderr);
            return 2;
        }
    o.filter = argv[optind];
    if (check_options(&o, o.filter ? argv[optind + 1] : NULL))
        return 2;
    return list ? list_rows(&o) : front_table(&o);
}
