/* The job `pairs`: opens each row in both builds, in random order, and times
 * it. A row that one of them lacks, or whose check fails, is told as such; the
 * others are timed all the same. */
#define _GNU_SOURCE /* sched_getcpu */
#include "runner.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Both halves of a row's pairs begin anew and exchange the builds' places: who
 * opens first, and whose memory is which. Where memory is in the machine makes
 * some per cent; the mean of the halves' medians is without it. */
#define ROUNDS 2

typedef struct job {
    options options;
    uint64_t random;
    const char *path[SIDES];
    const gate_module *module[SIDES];
    names *row;
    size_t rows;
    result result;
} job;

/* ---- rows ---------------------------------------------------------------- */

/* NAME or NAME=OTHER. */
static int read_rows(job *j, char **words, size_t n)
{
    j->row = calloc(n, sizeof *j->row);
    if (!j->row)
        return refuse("no memory for %zu rows", n);
    for (j->rows = 0; j->rows < n; j->rows++) {
        char *other = strchr(words[j->rows], '=');

        if (other)
            *other++ = 0;
        j->row[j->rows] = (names){words[j->rows],
                                  other ? other : words[j->rows]};
    }
    return 0;
}

/* ---- one row ------------------------------------------------------------- */

/* The reason with the file's name before it: whose it is. */
static void tell(const job *j, int side, const char *reason, char *why)
{
    const char *slash = strrchr(j->path[side], '/');

    snprintf(why, WHY, "%.60s: %.240s", slash ? slash + 1 : j->path[side],
             reason);
}

static int open_row(const job *j, int side, const char *name, gate_row *row,
                    char *why)
{
    char reason[WHY] = "no reason given";

    *row = (gate_row){0};
    if (!j->module[side]->open(name, row, reason, sizeof reason))
        return 0;
    tell(j, side, reason, why);
    return -1;
}

/* Before any time is spent: that some build knows the row, and that they are
 * two builds. */
static int find_row(const job *j, const names *n)
{
    char why[SIDES][WHY];
    gate_row row[SIDES];
    int found[SIDES], same;

    for (int side = 0; side < SIDES; side++)
        found[side] = !open_row(j, side, side == A ? n->name : n->other,
                                &row[side], why[side]);
    same = found[A] && found[B] && load_same_code(row[A].code, row[B].code);
    for (int side = 0; side < SIDES; side++)
        if (found[side])
            load_close(&row[side]);
    if (same && !row[A].code)
        return refuse("%s: neither module says what code it runs", n->name);
    if (same)
        return refuse("%s: both modules run the same code", n->name);
    return found[A] || found[B] ? 0 : refuse("no build has %s: %s", n->name,
                                             why[A]);
}

static int find_rows(const job *j)
{
    for (size_t i = 0; i < j->rows; i++)
        if (find_row(j, &j->row[i]))
            return -1;
    return 0;
}

static int set_up(const job *j, gate_row row[SIDES], const buffers *m,
                  int first, char *why)
{
    char reason[WHY] = "no reason given";

    for (int i = 0; i < SIDES; i++) {
        const int side = i ? !first : first;

        if (row[side].setup(&row[side], m->at[side], reason, WHY)) {
            tell(j, side, reason, why);
            return -1;
        }
    }
    return 0;
}

static int check_side(const job *j, const names *n, const buffers *m, int side,
                      char *why)
{
    char reason[WHY] = "no reason given";
    gate_row row;
    int failed;

    if (open_row(j, side, side == A ? n->name : n->other, &row, why))
        return -1;
    failed = row.check && (row.setup(&row, m->at[side], reason, WHY) ||
                           row.check(&row, reason, WHY));
    load_close(&row);
    buffers_clear(m);
    if (failed)
        tell(j, side, reason, why);
    return failed ? -1 : 0;
}

/* Each by itself, over zeros: where a build does not write its result, it would
 * else find the other one's. */
static int check(const job *j, const names *n, const buffers *m, char *why)
{
    return check_side(j, n, m, A, why) || check_side(j, n, m, B, why);
}

/* Of rows that are open: the pairs of one round. */
static int time_rows(job *j, gate_row row[SIDES], const buffers *m, int round,
                     int first, char *why)
{
    const size_t half = j->options.plan.pairs / ROUNDS;

    if (set_up(j, row, m, first, why))
        return -1;
    if (!round)
        time_prepare(row, first, &j->options.plan, &j->result);
    time_pairs(row, first, round ? j->options.plan.pairs - half : half,
               &j->random, &j->result);
    return 0;
}

/* The second round has the memory of the first, exchanged. */
static int have_buffers(job *j, buffers *m, const gate_row row[SIDES],
                        int round, char *why)
{
    if (!round)
        return buffers_open(m, &row[A], &row[B],
                            random_below(&j->random, PLACES), why);
    buffers_exchange(m);
    return 0;
}

static int run_round(job *j, const names *n, buffers *m, int round, int first,
                     char *why)
{
    const char *const name[SIDES] = {n->name, n->other};
    gate_row row[SIDES];
    int failed = 1;

    if (open_row(j, first, name[first], &row[first], why))
        return -1;
    if (!open_row(j, !first, name[!first], &row[!first], why)) {
        failed = have_buffers(j, m, row, round, why) ||
                 (!round && j->options.check && check(j, n, m, why)) ||
                 time_rows(j, row, m, round, first, why);
        load_close(&row[!first]);
    }
    load_close(&row[first]);
    return failed ? -1 : 0;
}

static int run_row(job *j, const names *n, char *why)
{
    const int first = (int)random_below(&j->random, SIDES);
    buffers m = {0};
    int failed = 0;

    for (int round = 0; round < ROUNDS && !failed; round++)
        failed = run_round(j, n, &m, round, first ^ round, why);
    buffers_close(&m);
    return failed;
}

static void tell_row(job *j, const names *n)
{
    char why[WHY] = "no reason given";

    if (run_row(j, n, why))
        print_error(n, why);
    else
        print_result(n, &j->result);
}

/* ---- the job ------------------------------------------------------------- */

/* To the CPU that it is on: another one has other caches. */
static int pin(void)
{
    const int cpu = sched_getcpu();
    cpu_set_t set;

    CPU_ZERO(&set);
    if (cpu >= 0)
        CPU_SET(cpu, &set);
    return cpu >= 0 && !sched_setaffinity(0, sizeof set, &set) ? cpu : -1;
}

/* In random order: who comes first lies elsewhere, in every process alike. */
static int load_both(job *j)
{
    const int first = (int)random_below(&j->random, SIDES);
    char why[WHY];

    if (load_same_file(j->path[A], j->path[B]))
        return refuse("%s and %s are one file: it would be timed against "
                      "itself", j->path[A], j->path[B]);
    for (int i = 0; i < SIDES; i++) {
        const int side = i ? !first : first;

        j->module[side] = load_module(j->path[side], why);
        if (!j->module[side])
            return refuse("%s", why);
    }
    return 0;
}

static int have_results(job *j)
{
    result *r = &j->result;

    for (int side = 0; side < SIDES; side++)
        r->time[side] = calloc(j->options.plan.pairs, sizeof *r->time[side]);
    r->first = malloc(j->options.plan.pairs + 1);
    return r->time[A] && r->time[B] && r->first
               ? 0
               : refuse("no memory for %zu pairs", j->options.plan.pairs);
}

static void shuffle(job *j)
{
    for (size_t i = j->rows; i > 1; i--) {
        const size_t k = random_below(&j->random, i);
        const names last = j->row[i - 1];

        j->row[i - 1] = j->row[k];
        j->row[k] = last;
    }
}

static int run_job(job *j, int argc, char **argv)
{
    if (options_read(&j->options, argc, argv))
        return 2;
    j->path[A] = argv[optind];
    j->path[B] = argv[optind + 1];
    j->random = j->options.seed;
    if (read_rows(j, argv + optind + SIDES, (size_t)(argc - optind) - SIDES) ||
        load_both(j) || find_rows(j) || have_results(j))
        return 2;
    shuffle(j);
    print_start(&j->options.plan, j->options.seed, pin());
    for (size_t i = 0; i < j->rows; i++)
        tell_row(j, &j->row[i]);
    print_end(j->rows);
    return 0;
}

int pairs_job(int argc, char **argv)
{
    job j = {0};
    const int code = run_job(&j, argc, argv);

    free(j.row);
    free(j.result.time[A]);
    free(j.result.time[B]);
    free(j.result.first);
    return code;
}
