/* simdrnn_bench: measures rows and prints a table, or, given any --benchmark_
 * flag, hands everything to Google Benchmark. */
#define _GNU_SOURCE
#include "fronts.h"
#include "rows.h"

#include <getopt.h>
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
    "  --list          name the rows and stop\n"
    "  --record        write results/<machine>.json and .md\n"
    "  --out STEM      write STEM.json and STEM.md\n"
    "  --rounds N      samples of each (default 7, at most 64)\n"
    "  --benchmark_... Google Benchmark takes over, with all of its flags\n"
    "  --help          this\n"
    "\n"
    "SRNN_ISA caps the instruction sets that are measured.\n";

enum { FULL = 256, LIST, RECORD, OUT, ROUNDS, HELP };

static const struct option long_options[] = {
    {"full", no_argument, NULL, FULL},
    {"list", no_argument, NULL, LIST},
    {"record", no_argument, NULL, RECORD},
    {"out", required_argument, NULL, OUT},
    {"rounds", required_argument, NULL, ROUNDS},
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

static int list_rows(const options *o)
{
    row_entry r;

    for (size_t i = 0; row_at(i, &r); i++)
        if (options_take(o, r.name, 1))
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
            o.plan.rounds = strtoul(optarg, NULL, 10);
            break;
        case HELP:
            fputs(usage, stdout);
            return 0;
        default:
            fputs(usage, stderr);
            return 2;
        }
    if (optind + 1 < argc || o.plan.rounds < 1 ||
        o.plan.rounds > SAMPLER_ROUNDS) {
        fputs(usage, stderr);
        return 2;
    }
    o.filter = argv[optind];
    return list ? list_rows(&o) : front_table(&o);
}
