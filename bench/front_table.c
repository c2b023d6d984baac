/* The front end for people: measures the chosen rows under a progress bar,
 * prints the table, and leaves JSON and Markdown. */
#define _POSIX_C_SOURCE 200809L
#include "fronts.h"
#include "table.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BAR 30
#define MOST_LEFT 359999 /* seconds */

int options_take(const options *o, const row_entry *r)
{
    regex_t expression;
    int took;

    if (!o->filter)
        return o->full || (o->peers && r->peers) ||
               ((!o->peers || o->record) && r->brief);
    if (regcomp(&expression, o->filter, REG_EXTENDED | REG_NOSUB))
        return 0;
    took = !regexec(&expression, r->name, 0, NULL, 0);
    regfree(&expression);
    return took;
}

static size_t choose(const options *o, measured_row *rows)
{
    size_t n = 0;
    row_entry r;

    for (size_t i = 0; row_at(i, &r); i++)
        if (options_take(o, &r)) {
            if (rows)
                strcpy(rows[n].name, r.name);
            n++;
        }
    return n;
}

static void progress(size_t done, size_t n, const char *name, double start)
{
    const double took = limits_now() - start;
    const double rest = done ? took * (double)(n - done) / (double)done : 0;
    const int left = rest < MOST_LEFT ? (int)(rest + 0.5) : MOST_LEFT;
    const int filled = (int)(BAR * done / n);

    if (!isatty(STDERR_FILENO)) {
        if (done < n)
            fprintf(stderr, "%3zu/%zu %s\n", done + 1, n, name);
        return;
    }
    fprintf(stderr, "\r\033[K");
    if (done < n)
        fprintf(stderr, "[%.*s%*s] %zu/%zu %d:%02d left  %s", filled,
                "##############################", BAR - filled, "", done, n,
                left / 60, left % 60, name);
}

static double near_bandwidth(void *limits)
{
    return limits_bandwidth(limits, 0);
}

/* Loads by the highest rung, from the best that describing the machine saw. */
static int watch_loads(const machine *m, watch *w)
{
    const srnn_limits *l = m->rungs ? limits_of(m->rung[m->rungs - 1]) : NULL;

    *w = (watch){near_bandwidth, (void *)l, m->bandwidth[0], 0, 0};
    return l != NULL;
}

static int measure(const options *o, const machine *m, const found_peers *peers,
                   measured_row *rows, size_t n)
{
    const double start = limits_now();
    measuring with = {.plan = o->plan};
    watch w;
    char name[PROBLEM_NAME], why[300];

    if (peers) {
        with.peers = peers->here;
        with.watch = watch_loads(m, &w) ? &w : NULL;
    }
    for (size_t i = 0; i < n; i++) {
        strcpy(name, rows[i].name);
        progress(i, n, name, start);
        if (measure_row(name, &with, &rows[i], why, sizeof why)) {
            fprintf(stderr, "\nbench: %s\n", why);
            return -1;
        }
    }
    progress(n, n, "", start);
    return 0;
}

/* ---- files --------------------------------------------------------------- */

/* Opened before anything is measured, under a draft's name: a run that fails
 * shows at once that it cannot write, and leaves what was there. */
typedef struct output {
    char name[4200], draft[4210];
    FILE *f;
} output;

static int complain(const char *name)
{
    fprintf(stderr, "bench: cannot write %s: %s\n", name, strerror(errno));
    return -1;
}

static int output_open(output *out, const char *folder, const char *stem,
                       const char *end)
{
    const size_t room = sizeof out->name;
    const int n = snprintf(out->name, room, "%s%s%s", folder, stem, end);

    if (n < 0 || (size_t)n >= room) {
        errno = ENAMETOOLONG;
        return complain(stem);
    }
    snprintf(out->draft, sizeof out->draft, "%s.tmp", out->name);
    out->f = fopen(out->draft, "w");
    return out->f ? 0 : complain(out->name);
}

static int output_keep(output *out)
{
    const int failed = ferror(out->f);

    if (fclose(out->f) || failed || rename(out->draft, out->name)) {
        complain(out->name);
        remove(out->draft);
        return -1;
    }
    fprintf(stderr, "wrote %s\n", out->name);
    return 0;
}

static void output_drop(output *out)
{
    fclose(out->f);
    remove(out->draft);
}

static int open_outputs(const options *o, const machine *m, output *json,
                        output *markdown)
{
    const char *folder = o->record ? "results/" : "";
    const char *stem = o->record ? m->fingerprint : o->out;

    if (o->record && mkdir(folder, 0777) && errno != EEXIST)
        return complain(folder);
    if (output_open(json, folder, stem, ".json"))
        return -1;
    if (output_open(markdown, folder, stem, ".md")) {
        output_drop(json);
        return -1;
    }
    return 0;
}

/* ---- all of it ----------------------------------------------------------- */

static int run(const options *o, const machine *m, const found_peers *peers,
               measured_row *rows, size_t n)
{
    const table_style style = isatty(STDOUT_FILENO) ? TABLE_BOLD : TABLE_PLAIN;
    output json, markdown;

    if (open_outputs(o, m, &json, &markdown))
        return -1;
    if (measure(o, m, peers, rows, n)) {
        output_drop(&json);
        output_drop(&markdown);
        return -1;
    }
    table_write(stdout, style, m, peers, rows, n);
    fflush(stdout);
    json_write(json.f, m, peers, rows, n);
    table_write(markdown.f, TABLE_MARKDOWN, m, peers, rows, n);
    return output_keep(&json) | output_keep(&markdown);
}

/* Says which peers are not here. */
static void find_peers(found_peers *peers)
{
    peers_find(peers);
    for (size_t i = 0; i < peers->n; i++)
        if (!peers->each[i].version)
            fprintf(stderr, "bench: without the peer %s: %s\n",
                    peers->each[i].name, peers->each[i].why);
}

int front_table(const options *o)
{
    found_peers peers;
    const size_t n = choose(o, NULL);
    measured_row *rows = calloc(n + 1, sizeof *rows);
    machine m;
    int code = 1;

    if (n == 0)
        fprintf(stderr, "bench: no row matches '%s'; --list names them\n",
                o->filter ? o->filter : "");
    if (n && rows) {
        if (o->peers)
            find_peers(&peers);
        machine_describe(&m);
        m.neon = o->neon;
        choose(o, rows);
        code = run(o, &m, o->peers ? &peers : NULL, rows, n) ? 1 : 0;
    }
    free(rows);
    limits_close();
    return code;
}
