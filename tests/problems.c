/* The bench's own promises: every problem agrees with the reference on every
 * variant; a wrong one is refused before it is timed; names come out as they
 * went in. Sizes are small, and few are multiples of a tile. */
#include "bench/rows.h"
#include "bench/sampler.h"
#include "bench/variants.h"
#include "check.h"

#include <stdio.h>
#include <string.h>

/* Below the tiles, and some way beyond them. T, B, I, H, N. */
static const size_t small[2][SIZES] = {{5, 3, 7, 37, 21}, {3, 17, 80, 70, 133}};

/* The name of a kind at one of the small sizes. */
static void small_name(const problem_kind *kind, int size, const char *variant,
                       char name[PROBLEM_NAME])
{
    problem p = {.kind = kind};

    memcpy(p.size, small[size], sizeof p.size);
    snprintf(p.variant, sizeof p.variant, "%s", variant);
    problem_name(&p, name);
}

static void check_problem(const char *name)
{
    problem p;

    if (problem_open(&p, name, NULL)) {
        CHECK_SAYS(0, "%s: %s", name, p.message);
        return;
    }
    CHECK_SAYS(!problem_alloc(&p), "%s: %s", name, p.message);
    CHECK_SAYS(!problem_check(&p), "%s", p.message);
    CHECK_SAYS(p.outputs > 0 && work_amount(&p.work) > 0 && p.work.bytes > 0,
               "%s compares or counts nothing", name);
    for (size_t i = 0; i < p.outputs; i++)
        CHECK_SAYS(p.output[i].count > 0 && p.output[i].data,
                   "%s compares nothing of %s", name, p.output[i].name);
    problem_close(&p);
}

static void all_kinds(void)
{
    const problem_kind *kind;
    const char *variant;
    char name[PROBLEM_NAME];

    for (size_t i = 0; (kind = problem_kind_at(i)); i++)
        for (size_t j = 0; (variant = variant_at(j)); j++) {
            small_name(kind, 0, variant, name);
            check_problem(name);
            small_name(kind, 1, variant, name);
            check_problem(name);
        }
}

static void all_rows(void)
{
    row_entry r;
    size_t i;

    for (i = 0; row_at(i, &r); i++) {
        char name[PROBLEM_NAME], again[PROBLEM_NAME];
        problem p;

        CHECK_SAYS(row_problem(r.name, "avx512", name), "%s", r.name);
        CHECK(!problem_parse(&p, name));
        problem_name(&p, again);
        CHECK_SAYS(!strcmp(name, again), "%s became %s", name, again);
    }
    check_note("%zu rows", i);
}

static void false_names(void)
{
    static const char *const names[] = {
        "",
        "tanh",
        "tanh/f32/N16",
        "tanh/f32/N16/",
        "tanh/f32/N/avx2",
        "tanh/f32/N0/avx2",
        "tanh/f32/N16x/avx2",
        "tanh/f64/N16/avx2",
        "tan/f32/N16/avx2",
        "gemm/f32/N4H4/avx2",
        "lstm/forward/f32/T5B3I7/avx2",
        "lstm/forward/f32/T5B3I7H37/nonsense",
        "lstm/backwards/f32/T5B3I7H37/avx2",
    };
    problem p;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CHECK_SAYS(problem_open(&p, names[i], NULL), "'%s'", names[i]);
        CHECK(*p.message);
    }
}

/* FLOP by hand, from each variant's own equations: 2 for every multiply-add of
 * a weight, or of attention's scores and contexts; training has thrice as many
 * and a head of 16 classes. */
static void counted_work(void)
{
    static const struct {
        const char *name;
        double flop;
    } counts[] = {
        {"rnn/forward/f32/T1B1I2H3/scalar", 2 * 3 * (2 + 3)},
        {"gru/forward/f32/T1B1I2H3/scalar", 2 * 9 * (2 + 3)},
        {"lstm/forward/f32/T1B1I2H3/scalar", 2 * 12 * (2 + 3)},
        {"lstm/forward/f32/T4B5I2H3/scalar", 20 * 2 * 12 * (2 + 3)},
        {"lstm_peephole/forward/f32/T1B1I2H3/scalar", 2 * (12 * 5 + 3 * 3)},
        {"lstm_nig/forward/f32/T1B1I2H3/scalar", 2 * 9 * (2 + 3)},
        {"lstm_cifg/forward/f32/T1B1I2H3/scalar", 2 * 9 * (2 + 3)},
        {"lstm_fgr/forward/f32/T1B1I2H3/scalar", 2 * (12 * 5 + 9 * 9)},
        {"lstm_projected/forward/f32/T1B1I2H3/scalar",
         2 * (12 * (2 + 2) + 3 * 2)},
        {"lstm_both/forward/f32/T1B1I2H3/scalar", 2 * 2 * 12 * (2 + 3)},
        {"attention_dot/forward/f32/T3B1I2H5/scalar", 2 * 9 * (2 + 2)},
        {"attention_general/forward/f32/T3B1I2H5/scalar",
         2 * (9 * (2 + 2) + 3 * 2 * 2)},
        {"attention_additive/forward/f32/T3B1I2H5/scalar",
         2 * (9 * (5 + 2) + 2 * 3 * 2 * 5)},
        {"lstm/train/f32/T1B1I2H3/scalar", 3 * 2 * (12 * 5 + 3 * 16)},
        {"lstm_both/train/f32/T1B1I2H3/scalar", 3 * 2 * (24 * 5 + 6 * 16)},
    };
    problem p;

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        CHECK(!problem_open(&p, counts[i].name, NULL));
        CHECK_SAYS(p.work.flop == counts[i].flop, "%s: %g FLOP, by hand %g",
                   counts[i].name, p.work.flop, counts[i].flop);
        problem_close(&p);
    }
}

/* ---- wrong problems ------------------------------------------------------ */

static srnn_kernels right;

/* One of the last elements is off by a thousandth. */
static void wrong_tanh(size_t n, const float *x, float *y)
{
    right.tanh(n, x, y);
    y[n - 1] *= 1.001f;
}

/* The last term of every chain is missing. */
static void wrong_product(const srnn_panels *w, size_t rows,
                          const srnn_rows *a, srnn_start start,
                          const float *bias, float *c, size_t ldc,
                          size_t unit0, size_t unit1)
{
    srnn_rows fewer = *a;

    fewer.k[0]--;
    right.product(w, rows, &fewer, start, bias, c, ldc, unit0, unit1);
}

/* The gradient of g's gate has lost its factor. */
static void wrong_lstm_bwd(const srnn_cell *k, const srnn_tile *t)
{
    right.tile[SRNN_TILE_LSTM_BWD](k, t);
    for (size_t r = t->row; r < t->row + t->rows; r++)
        for (size_t u = t->unit; u < t->unit + t->units; u++)
            k->gate[r * k->ldgate + 2 * k->units + u] *= 1.01f;
}

/* The gradient of c_prev has lost the part of a peephole. */
static void wrong_lstm_any_bwd(const srnn_cell *k, const srnn_tile *t)
{
    right.tile[SRNN_TILE_LSTM_ANY_BWD](k, t);
    for (size_t r = t->row; k->peephole && r < t->row + t->rows; r++)
        for (size_t u = t->unit; u < t->unit + t->units; u++)
            k->dc[r * k->lddc + u] -=
                k->peephole[u] * k->gate[r * k->ldgate + u];
}

/* On a wrong table the sampler must refuse and time nothing. */
static void refused(const char *what, const srnn_kernels *wrong, int yes)
{
    const plan p = {1, 1e-5};
    char name[PROBLEM_NAME];
    contender c = {0};
    problem wrong_problem;
    size_t failed, i;

    for (i = 0; strcmp(problem_kind_at(i)->what, what); i++)
        ;
    small_name(problem_kind_at(i), 0, "scalar", name);
    CHECK(!problem_open(&wrong_problem, name, wrong));
    CHECK(!problem_alloc(&wrong_problem));
    c.problem = &wrong_problem;
    CHECK_SAYS(!sampler_run(&c, 1, &p, &failed) == !yes,
               "%s was %s: %s", what, yes ? "timed" : "refused",
               wrong_problem.message);
    CHECK(c.rounds == (yes ? 0 : 1));
    if (yes)
        check_note("%s", wrong_problem.message);
    problem_close(&wrong_problem);
}

static void wrong_results(const srnn_kernels *k)
{
    srnn_kernels wrong = right = *k;

    wrong.tanh = wrong_tanh;
    wrong.product = wrong_product;
    wrong.tile[SRNN_TILE_LSTM_BWD] = wrong_lstm_bwd;
    refused("tanh", &wrong, 1);
    refused("sigmoid", &wrong, 0);
    refused("gemm", &wrong, 1);
    refused("lstm/forward", &wrong, 1);
    wrong.product = right.product;
    refused("lstm/forward", &wrong, 0);
    refused("lstm/train", &wrong, 1);
    refused("lstm/update", &wrong, 1);
    refused("gru/train", &wrong, 0);
    wrong.tile[SRNN_TILE_LSTM_ANY_BWD] = wrong_lstm_any_bwd;
    refused("lstm_peephole/forward", &wrong, 0);
    refused("lstm_peephole/train", &wrong, 1);
    refused("lstm_peephole/ragged", &wrong, 1);
    refused("lstm_cifg/train", &wrong, 0);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"every kind on every variant", NULL, all_kinds},
        {"every row has its name", NULL, all_rows},
        {"work is counted as by hand", NULL, counted_work},
        {"false names are refused", NULL, false_names},
        {"wrong results are refused", wrong_results, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
