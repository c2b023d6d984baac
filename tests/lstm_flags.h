/* What the flags of an LSTM's variant mean. */
#ifndef SRNN_TESTS_LSTM_FLAGS_H
#define SRNN_TESTS_LSTM_FLAGS_H

#include <simdrnn/kernels.h>

/* Gates by name, in the order of their slots. */
enum { GATE_I, GATE_F, GATE_G, GATE_O, GATES };

/* Which gates a variant has, their slots and their rows of the peepholes. */
typedef struct lstm_gates {
    int there[GATES];
    size_t slot[GATES], peephole[GATES], all, peepholes;
} lstm_gates;

static inline lstm_gates lstm_gates_of(unsigned flags)
{
    lstm_gates g = {.there = {1, 1, 1, 1}};

    g.there[GATE_I] = !(flags & SRNN_LSTM_NO_INPUT_GATE);
    g.there[GATE_F] =
        !(flags & (SRNN_LSTM_NO_FORGET_GATE | SRNN_LSTM_COUPLED));
    g.there[GATE_O] = !(flags & SRNN_LSTM_NO_OUTPUT_GATE);
    for (int j = 0; j < GATES; j++) {
        g.slot[j] = g.all;
        g.peephole[j] = g.peepholes;
        g.all += (size_t)g.there[j];
        g.peepholes += g.there[j] && j != GATE_G;
    }
    return g;
}

/* The place of gate j among i, f, o. */
static inline size_t lstm_three(int j)
{
    return j == GATE_O ? 2 : (size_t)j;
}

enum { LSTM_FLAGS = 2 * SRNN_LSTM_FULL_RECURRENCE };

static inline int lstm_makes_sense(unsigned flags)
{
    const lstm_gates g = lstm_gates_of(flags);

    if (flags & SRNN_LSTM_COUPLED &&
        flags & (SRNN_LSTM_NO_INPUT_GATE | SRNN_LSTM_NO_FORGET_GATE))
        return 0;
    if (flags & SRNN_LSTM_FULL_RECURRENCE && g.all < GATES)
        return 0;
    return !(flags & SRNN_LSTM_PEEPHOLES) || g.peepholes > 0;
}

#endif
