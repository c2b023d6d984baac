/* A problem: one computation of one size by one variant, over buffers that it
 * is given. Its name, lstm/forward/f32/T50B16I256H256/avx512, is a benchmark,
 * a test and a row of results; parsed and printed, it comes out the same. */
#ifndef BENCH_PROBLEM_H
#define BENCH_PROBLEM_H

#include "work.h"

#include <simdrnn/kernels.h>

#define PROBLEM_NAME 96
#define PROBLEM_BUFFERS 4
#define PROBLEM_OUTPUTS 20

/* The letters of a shape: time steps, batch, inputs, hidden units, for kernels
 * elements or rows, and threads ("parallel"), which are 1 where none are named
 * and else at least 2. */
enum { SIZE_T, SIZE_B, SIZE_I, SIZE_H, SIZE_N, SIZE_P, SIZES };

typedef struct problem problem;
struct peer_task; /* peers/peer.h */

/* What a family of problems is: one table entry per `what`. Functions that
 * return int give 0, or -1 with the reason in p->message. */
typedef struct problem_kind {
    const char *what;    /* "tanh", "lstm/forward" */
    const char *letters; /* its sizes, in the order of the name */
    const char *overlay; /* the provider that has it too, or NULL */
    int which;           /* the family's own */
    int (*open)(problem *p);  /* sizes are set: fills bytes and work */
    int (*setup)(problem *p); /* buffers are set: fills them, and the outputs */
    void (*run)(problem *p);
    void (*close)(problem *p);
    /* Its data for a peer; NULL: no peer is asked for it. */
    int (*peer_task)(const problem *p, struct peer_task *task);
} problem_kind;

/* A result to compare: |x - reference| <= relative |reference| + absolute
 * max |reference| for each element. */
typedef struct problem_output {
    const char *name;
    const float *data;
    size_t count;
    int causal; /* the first steps do not depend on how many follow */
    float relative, absolute;
} problem_output;

struct problem {
    const problem_kind *kind;
    size_t size[SIZES];
    char variant[24];
    srnn_kernels table; /* of the variant */

    work work;
    size_t bytes[PROBLEM_BUFFERS]; /* wanted; 0: none */
    void *buffer[PROBLEM_BUFFERS]; /* given, aligned to 64 bytes */
    void *memory;                  /* those of problem_alloc */
    void *state;                   /* the family's own */
    problem_output output[PROBLEM_OUTPUTS];
    size_t outputs;
    int failed; /* a run returned an error */
    char message[256];
};

/* Kind, sizes and variant of a name, as problem_name prints it again. */
int problem_parse(problem *p, const char *name);

/* Parses the name; the variant's table is found by its name, or is `table`
 * when that is not NULL. After a failure only p->message counts. */
int problem_open(problem *p, const char *name, const srnn_kernels *table);
void problem_close(problem *p);

/* The name, and the row it belongs to: the name without its variant. */
void problem_name(const problem *p, char name[PROBLEM_NAME]);
void problem_row(const problem *p, char row[PROBLEM_NAME]);

/* Either: sets the problem up over the caller's buffers, which must stay. */
int problem_setup(problem *p, void *const buffer[PROBLEM_BUFFERS]);
/* Or: over buffers of its own. */
int problem_alloc(problem *p);

/* What may part two sums of k terms, as a share of the largest of many: k
 * 2^-24. Rounding errors grow like sqrt(k) 2^-24, so for k in the hundreds this
 * is an order wider than what is right, and below what a missing term makes.
 * It finds wrong results; the tests of the kernels hold the proven bounds. */
float problem_chain_error(size_t k);

/* Runs the problem, just set up, against the reference on a few steps: all
 * outputs of a copy cut to a few steps, and what those steps left in p itself.
 * The message names the output, the element and both values. */
int problem_check(problem *p);

/* `mine`, called by p's name, against another one's result of the same output
 * within the bounds of that; `who` is the other. The message as above. */
int problem_compare(problem *p, const problem_output *mine,
                    const problem_output *other, const char *who);

/* What a peer needs to compute the same, but for the row's name; it points into
 * p, just set up. -1: peers are not asked for it. */
int problem_peer_task(const problem *p, struct peer_task *task);

/* Uniform numbers in [low, high), the same for every variant and machine. */
void problem_fill(float *x, size_t n, float low, float high, uint32_t stream);

int problem_fail(problem *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Every kind there is, ends with NULL. */
const problem_kind *problem_kind_at(size_t i);

/* The families' tables, each ends with an entry whose what is NULL. */
extern const problem_kind problem_kernel_kinds[];
extern const problem_kind problem_cell_kinds[];
extern const problem_kind problem_task_kinds[];

#endif
