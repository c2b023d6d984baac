/* The nets of the tasks with known answers (tests/task.h): the tests train
 * them, the bench times an update of each. */
#ifndef BENCH_TASKS_H
#define BENCH_TASKS_H

#include <simdrnn/simdrnn.h>

typedef struct task_shape {
    const char *name;
    size_t inputs;  /* of "x": features, or symbols, each with as many
                       features in the embedding "in" */
    size_t answers; /* features of the linear node "out" */
    int symbols;    /* x has symbols, else reals */
    int at_end;     /* "out" answers once a sequence, from the last step of the
                       recurrent node "rnn"; else at each step */
    int classes;    /* "y" has symbols and the loss is the cross-entropy; else
                       it is the squared error */
} task_shape;

enum task_number { TASK_ADDING, TASK_ORDER, TASK_REBER, TASK_COPYING, TASKS };

extern const task_shape task_shapes[TASKS];

/* Adds the nodes to an empty net. */
srnn_status task_build(srnn_net *net, const task_shape *shape,
                       const srnn_recurrent_config *cell);

#endif
