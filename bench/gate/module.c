/* The bench's problems as a module: a row is a problem's whole name. Of
 * bench/problem.h it uses only what has always been there, so that it also
 * compiles over the tree of an old commit. */
#include "module.h"

#include "bench/problem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Packed panels of a product, or the memory of a session. */
#define OWN (1u << 3)

/* A run takes less than a millisecond: samples that short are not parted by the
 * drift of a clock. The packed weights of both builds, 13 MB at most, share the
 * last cache: what does not fit there is timed as its luck in staying. */
static const char *const top_rows[] = {
    "exp/f32/N16384",
    "log/f32/N16384",
    "sigmoid/f32/N16384",
    "tanh/f32/N16384",
    "relu/f32/N16384",
    "gemv/f32/H256N1",
    "gemv/f32/H512N1",
    "gemv/f32/H640N1",
    "gemm/f32/H256N16",
    "gemm/f32/H512N16",
    "gemm/f32/H256N64",
    "gemm/f32/H512N32",
    "lstm/forward/f32/T4B16I256H256",
    "lstm/forward/f32/T4B1I256H256",
    "lstm/forward/f32/T8B1I64H64",
    "lstm/forward/f32/T2B4I325H325",
    "gru/forward/f32/T4B16I256H256",
    "gru/forward/f32/T4B1I256H256",
    "gru_before/forward/f32/T4B16I256H256",
    "rnn/forward/f32/T4B16I256H256",
    "lstm/train/f32/T4B16I128H128",
    "gru/train/f32/T4B16I128H128",
    "rnn/train/f32/T4B16I256H256",
    "lstm/update/f32/T8B1I64H64",
    "lstm/step/f32/B1I1H8",
    "lstm/step/f32/B1I1H32",
    "lstm/step/f32/B1I1H128",
    "gru/step/f32/B1I1H32",
    "lstm_peephole/train/f32/T4B16I128H128",
    "lstm_both/train/f32/T4B16I64H64",
    "lstm_layer_norm/train/f32/T4B16I128H128",
    "gru_layer_norm/train/f32/T4B16I128H128",
    "attention_dot/forward/f32/T10B16I64H64",
    "lstm/ragged/f32/T10B16I64H64",
};
/* Where the highest rung is AVX-512, the one of most other machines. */
static const char *const avx2_rows[] = {
    "tanh/f32/N16384",
    "gemm/f32/H256N16",
    "lstm/forward/f32/T4B16I256H256",
    "lstm/train/f32/T4B16I128H128",
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *module_name(size_t i)
{
    static char name[PROBLEM_NAME];
    srnn_kernels top;

    if (srnn_kernels_get(&top, NULL))
        return NULL;
    if (i < COUNT(top_rows)) {
        snprintf(name, sizeof name, "%s/%s", top_rows[i], top.name);
        return name;
    }
    i -= COUNT(top_rows);
    if (strcmp(top.name, "avx512") || i >= COUNT(avx2_rows))
        return NULL;
    snprintf(name, sizeof name, "%s/avx2", avx2_rows[i]);
    return name;
}

static int fail(const problem *p, char *why, size_t size)
{
    snprintf(why, size, "%s", p->message);
    return -1;
}

static int row_setup(gate_row *row, void *const buffer[GATE_BUFFERS],
                     char *why, size_t size)
{
    return problem_setup(row->state, buffer) ? fail(row->state, why, size) : 0;
}

static void row_run(void *state)
{
    problem *p = state;

    p->kind->run(p);
}

static int row_check(gate_row *row, char *why, size_t size)
{
    return problem_check(row->state) ? fail(row->state, why, size) : 0;
}

static void row_close(gate_row *row)
{
    problem_close(row->state);
    free(row->state);
}

/* A kernel, which only the library's own functions lead to: were they another
 * build's, so would it be. */
static const void *code_of(const problem *p)
{
    return (const void *)(uintptr_t)p->table.product;
}

static int module_open(const char *name, gate_row *row, char *why, size_t size)
{
    problem *p = calloc(1, sizeof *p);

    if (!p) {
        snprintf(why, size, "no memory for a problem");
        return -1;
    }
    if (problem_open(p, name, NULL)) {
        fail(p, why, size);
        free(p);
        return -1;
    }
    *row = (gate_row){.state = p, .own = OWN, .code = code_of(p),
                      .setup = row_setup, .run = row_run, .check = row_check,
                      .close = row_close};
    memcpy(row->bytes, p->bytes, sizeof row->bytes);
    return 0;
}

_Static_assert(PROBLEM_BUFFERS == GATE_BUFFERS, "buffers are handed on");

__attribute__((visibility("default"))) const gate_module *gate_module_get(void)
{
    static const gate_module module = {GATE_VERSION, module_name, module_open};

    return &module;
}
