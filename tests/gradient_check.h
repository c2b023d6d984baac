/* Analytic gradients against central differences, group by group. */
#ifndef SRNN_TESTS_GRADIENT_CHECK_H
#define SRNN_TESTS_GRADIENT_CHECK_H

#include "check.h"
#include "net_case.h"

/* The largest |a - n| / (|a| + |n|) of each group, by its name. */
enum { MOST_GROUPS = 48 };

typedef struct groups {
    size_t count;
    char name[MOST_GROUPS][80];
    worst seen[MOST_GROUPS];
} groups;

/* The bound that the difference quotients leave room for: at a step of 1e-5
 * they are off by f'''(x) 1e-10 / 6 and by the rounding of the loss, 2^-52 x
 * some hundred operations / 1e-5, so by about 1e-10 absolute, where gradients
 * of a group are 1e-3 and more in norm. */
#define GRADIENT_BOUND 1e-6

/* Compares the gradients of every parameter, of the real input "x" and of
 * every initial state, as the trainer's backward pass leaves them. */
void gradient_compare(srnn_trainer *t, const net_data *d, groups *g);

/* One line a group; fails where a gap is above the bound. */
void gradient_report(const groups *g, const char *what);

/* The largest gap of all, in bounds. */
double gradient_largest(const groups *g);

#endif
