/* |peer - ours| <= the bound of that output, for each element: the same work on
 * both sides, or no figure. */
#include "open.h"

#include <stdio.h>
#include <string.h>

#define ULP 0x1p-23f

static int run_once(const peer *p, peer_state *state)
{
    peer_timing t;

    return p->run ? p->run(state) : p->time(state, 1, &t);
}

/* What it may differ by, where the peer's activations promise less. */
static problem_output bounded(const problem_output *ours, const peer *p,
                              const peer_task *task)
{
    problem_output o = *ours;

    if (!task->w_hh)
        o.relative += (float)p->ulp * ULP;
    return o;
}

/* Compares under the peer's name; what is wrong goes to ours. */
static size_t compare(const peer *p, peer_state *state,
                      const peer_task *task, problem *ours)
{
    problem named = *ours;
    size_t n = 0;

    snprintf(named.variant, sizeof named.variant, "%s", p->name);
    for (size_t i = 0; i < ours->outputs; i++) {
        const problem_output right = bounded(&ours->output[i], p, task);
        problem_output theirs = right;

        theirs.data = p->result(state, right.name, right.count);
        if (!theirs.data)
            continue;
        if (problem_compare(&named, &theirs, &right, ours->variant)) {
            problem_fail(ours, "%s", named.message);
            return 0;
        }
        n++;
    }
    if (!n)
        problem_fail(ours, "%s gives no result of %s", p->name, task->row);
    return n;
}

size_t peer_compare(const peer *p, peer_state *state, const peer_task *task,
                    problem *ours)
{
    ours->kind->run(ours);
    if (ours->failed) {
        problem_fail(ours, "%s: a run of ours failed", task->row);
        return 0;
    }
    if (run_once(p, state)) {
        problem_fail(ours, "%s: %s could not run", task->row, p->name);
        return 0;
    }
    return compare(p, state, task, ours);
}
