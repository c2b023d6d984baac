/* gate_runner list MODULE
 * gate_runner pairs [--pairs 20] [--seconds 0.0003] [--seed N]
 *     [--plant SHARE] [--check] A.so B.so ROW...
 * gate_runner count MODULE ROW...
 *
 * list: the rows of a module that open. pairs: times rows of two builds against
 * each other; a ROW is NAME, or NAME=OTHER: B runs OTHER. --plant makes B
 * slower by that share; --check looks at each result first. In the second half
 * of a row's pairs the builds have exchanged their memory: take the mean of the
 * halves' medians. count: runs each row once inside the function gate_counted,
 * for a tool that counts. */
#include "runner.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Its name and frame are what a tool that counts looks for. */
void gate_counted(const gate_row *row);

__attribute__((noinline)) void gate_counted(const gate_row *row)
{
    row->run(row->state);
    __asm__ volatile(""); /* no tail call: it ends here */
}

int refuse(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "gate_runner: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    return 2;
}

/* What this build, on this machine, cannot open is no row of it. */
static int list_row(const gate_module *module, const char *name)
{
    char why[WHY];
    gate_row row = {0};

    if (name[strcspn(name, " \t\n=")])
        return refuse("row '%s' has a blank or '=' in its name", name);
    if (module->open(name, &row, why, WHY))
        return 0;
    load_close(&row);
    printf("%s\n", name);
    return 0;
}

int list_job(int argc, char **argv)
{
    const gate_module *module;
    const char *name;
    char why[WHY];

    if (argc != 2)
        return refuse("list: one module is needed");
    module = load_module(argv[1], why);
    if (!module)
        return refuse("%s", why);
    for (size_t i = 0; (name = module->name(i)); i++)
        if (list_row(module, name))
            return 2;
    return 0;
}

static int count_row(const gate_module *module, const char *name, char *why)
{
    gate_row row = {0};
    buffers m = {0};
    int failed = module->open(name, &row, why, WHY);

    if (failed)
        return -1;
    failed = buffers_open(&m, &row, NULL, 0, why) ||
             row.setup(&row, m.at[A], why, WHY);
    if (!failed) {
        row.run(row.state);
        gate_counted(&row);
    }
    load_close(&row);
    buffers_close(&m);
    return failed ? -1 : 0;
}

int count_job(int argc, char **argv)
{
    const gate_module *module;
    char why[WHY] = "no reason given";

    if (argc < 3)
        return refuse("count: a module and a row are needed");
    module = load_module(argv[1], why);
    if (!module)
        return refuse("%s", why);
    for (int i = 2; i < argc; i++)
        if (count_row(module, argv[i], why))
            print_error(&(names){argv[i], argv[i]}, why);
        else
            print_row(argv[i]);
    print_end((size_t)argc - 2);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } job[] = {{"list", list_job}, {"pairs", pairs_job}, {"count", count_job}};

    for (size_t i = 0; argc > 1 && i < sizeof job / sizeof *job; i++)
        if (!strcmp(argv[1], job[i].name))
            return job[i].run(argc - 1, argv + 1);
    return refuse("list, pairs or count: see bench/gate/runner/main.c");
}
