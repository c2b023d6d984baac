/* The command line of `pairs`. */
#define _GNU_SOURCE /* getopt_long */
#include "runner.h"

#include <getopt.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t seed_of_now(void)
{
    return (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
}

static int is_number(const char *text, double least, double most, double *x)
{
    char *end;

    *x = strtod(text, &end);
    return end != text && !*end && *x >= least && *x <= most;
}

static int read_seed(const char *text, uint64_t *seed)
{
    char *end;

    *seed = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end;
}

int options_read(options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"pairs", required_argument, NULL, 'p'},
        {"seconds", required_argument, NULL, 's'},
        {"seed", required_argument, NULL, 'r'},
        {"plant", required_argument, NULL, 't'},
        {"check", no_argument, NULL, 'c'},
        {0}};
    double pairs = 0;
    int option;

    *o = (options){{.pairs = 20, .seconds = 0.0003}, seed_of_now(), 0};
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
        if (option == 'p' && is_number(optarg, 1, 1e6, &pairs))
            o->plan.pairs = (size_t)pairs;
        else if (option == 'c')
            o->check = 1;
        else if (!((option == 's' &&
                    is_number(optarg, 1e-6, 10, &o->plan.seconds)) ||
                   (option == 't' &&
                    is_number(optarg, 0, 10, &o->plan.plant)) ||
                   (option == 'r' && read_seed(optarg, &o->seed))))
            return option == '?' ? refuse("pairs: see bench/gate/runner/main.c")
                                 : refuse("pairs: '%s' is no such number",
                                          optarg);
    return argc - optind < SIDES + 1
               ? refuse("pairs: two modules and a row are needed")
               : 0;
}
