/* A small frame for tests: cases in a table of contents, each run on every
 * rung; checks that print where and which numbers; the largest ratio of
 * difference to bound of each case, printed whether it passes or not. */
#ifndef SRNN_TESTS_CHECK_H
#define SRNN_TESTS_CHECK_H

#include <simdrnn/kernels.h>

/* A case runs once per rung (on_rung) or once (alone). */
typedef struct check_case {
    const char *name;
    void (*on_rung)(const srnn_kernels *k);
    void (*alone)(void);
} check_case;

/* Runs the cases whose "rung/name" holds one of the arguments (no argument:
 * all); the table ends with a NULL name. Returns the exit status. */
int check_main(int argc, char **argv, const check_case *cases);

/* Counts a failure and prints it; the first few of a case are shown. */
__attribute__((format(printf, 3, 4))) void
check_failed(const char *file, int line, const char *format, ...);

#define CHECK(condition) \
    ((condition) ? (void)0 \
                 : check_failed(__FILE__, __LINE__, "%s", #condition))

#define CHECK_SAYS(condition, ...) \
    ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, __VA_ARGS__))

/* The largest ratio |got - want| / bound seen, and where. */
typedef struct worst {
    double ratio, got, want, bound;
    size_t seen;
    char where[80];
} worst;

/* Looks at one number: NaN wants NaN, an infinity itself. */
void worst_see(worst *w, double got, double want, double bound,
               const char *where, size_t row, size_t column);

/* Prints the figure and fails the case if it is above 1. */
void worst_end(const worst *w, const char *what);

/* Prints a line under the running case. */
__attribute__((format(printf, 1, 2))) void check_note(const char *format, ...);

#endif
