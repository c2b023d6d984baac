/* The front end for people: measures the chosen rows under a progress bar,
 * prints the table, and leaves JSON and Markdown. */
#define _POSIX_C_SOURCE 200809L
#include "fronts.h"
#include "table.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAR 30

int options_take(const options *o, const char *name, int brief)
{
    regex_t expression;
    int took;

    if (!o->filter)
        return brief || o->full;
    if (regcomp(&expression, o->filter, REG_EXTENDED | REG_NOSUB))
        return 0;
    took = !regexec(&expression, name, 0, NULL, 0);
    regfree(&expression);
    return took;
}

static size_t choose(const options *o, measured_row *rows)
{
    size_t n = 0;
    row_entry r;

    for (size_t i = 0; row_at(i, &r); i++)
        if (options_take(o, r.name, r.brief)) {
            if (rows)
                strcpy(rows[n].name, r.name);
            n++;
        }
    return n;
}

static void progress(size_t done, size_t n, const char *name, double start)
{
    const double took = limits_now() - start;
    const int left =
        done ? (int)(took * (double)(n - done) / (double)done + 0.5) : 0;
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

static int measure(const options *o, measured_row *rows, size_t n)
{
    const double start = limits_now();
    char name[PROBLEM_NAME], why[300];

    for (size_t i = 0; i < n; i++) {
        strcpy(name, rows[i].name);
        progress(i, n, name, start);
        if (measure_row(name, &o->plan, &rows[i], why, sizeof why)) {
            fprintf(stderr, "\nbench: %s\n", why);
            return -1;
        }
    }
    progress(n, n, "", start);
    return 0;
}

static int write_file(const char *stem, const char *end, const machine *m,
                      const measured_row *rows, size_t n)
{
    char name[512];
    FILE *f;

    snprintf(name, sizeof name, "%s%s", stem, end);
    f = fopen(name, "w");
    if (!f) {
        perror(name);
        return -1;
    }
    if (!strcmp(end, ".json"))
        json_write(f, m, rows, n);
    else
        table_write(f, TABLE_MARKDOWN, m, rows, n);
    if (fclose(f)) {
        perror(name);
        return -1;
    }
    fprintf(stderr, "wrote %s\n", name);
    return 0;
}

static int report(const options *o, const machine *m, const measured_row *rows,
                  size_t n)
{
    char stem[256];

    table_write(stdout, isatty(STDOUT_FILENO) ? TABLE_BOLD : TABLE_PLAIN, m,
                rows, n);
    fflush(stdout);
    snprintf(stem, sizeof stem, "%s%s", o->record ? "results/" : o->out,
             o->record ? m->fingerprint : "");
    return write_file(stem, ".json", m, rows, n) ||
           write_file(stem, ".md", m, rows, n);
}

int front_table(const options *o)
{
    const size_t n = choose(o, NULL);
    measured_row *rows = calloc(n + 1, sizeof *rows);
    machine m;
    int code = 1;

    if (n == 0)
        fprintf(stderr, "bench: no row matches '%s'; --list names them\n",
                o->filter ? o->filter : "");
    if (n && rows) {
        machine_describe(&m);
        choose(o, rows);
        code = measure(o, rows, n) || report(o, &m, rows, n);
    }
    free(rows);
    limits_close();
    return code;
}
