/* The rows: every kind of a group at every shape of the group. */
#include "rows.h"

#include "variants.h"

#include <stdio.h>
#include <string.h>

#define BASELINE_STEPS 10

typedef struct group {
    const char *const *kinds, *const *shapes;
    int when;
} group;

enum { FULL = 0, BRIEF = 1, PEERS = 2 };

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

#define SEQUENCES \
    LIST("T100B1I64H64", "T100B1I256H256", "T100B1I512H512", \
         "T50B16I256H256", "T50B64I512H512", "T35B20I650H650")
#define LARGE LIST("T25B128I1024H1024")
#define PARALLEL \
    LIST("T50B16I256H256P2", "T50B64I512H512P2", "T100B1I512H512P2", \
         "T100B1I64H64P2")
/* Between one row and many: no size may fall off. */
#define FEW_ROWS \
    LIST("T100B2I64H64", "T100B4I64H64", "T100B8I64H64", "T100B2I256H256", \
         "T100B4I256H256", "T100B8I256H256", "T100B2I512H512", \
         "T100B4I512H512", "T100B8I512H512")
/* With those of SEQUENCES, curves over H at one row and at sixteen, and over
 * the batch at H 256. */
#define OVER_H \
    LIST("T100B1I128H128", "T50B16I64H64", "T50B16I128H128", \
         "T50B16I512H512", "T50B16I1024H1024")
#define OVER_BATCH \
    LIST("T50B1I256H256", "T50B2I256H256", "T50B4I256H256", "T50B8I256H256", \
         "T50B32I256H256", "T50B64I256H256")
#define STEPS LIST("B1I1H8", "B1I1H16", "B1I1H32", "B1I1H64", "B1I1H128")
#define ODD_STEPS LIST("B1I1H20", "B1I1H40")

#define PASS(pass, when) \
    {LIST(pass), SEQUENCES, when | PEERS}, {LIST(pass), LARGE, PEERS}
#define CELL(cell, when) \
    PASS(cell "/forward", when), PASS(cell "/train", when), \
        {LIST(cell "/update"), SEQUENCES, when}, \
        {LIST(cell "/step"), STEPS, when}, \
        {LIST(cell "/step"), ODD_STEPS, FULL}
#define PLAIN(cell) \
    CELL(cell, BRIEF), {LIST(cell "/forward"), FEW_ROWS, FULL}, \
        {LIST(cell "/forward", cell "/train"), PARALLEL, FULL}
#define TASK(name) LIST("task/" name "/lstm", "task/" name "/gru")

#define BOTH(cell) cell "/forward", cell "/train"
#define VARIED LIST("T50B16I256H256", "T35B20I650H650")

static const group groups[] = {
    {LIST("exp"), LIST("N16384"), BRIEF | PEERS},
    {LIST("log"), LIST("N16384"), BRIEF},
    {LIST("sigmoid", "tanh"), LIST("N16384"), BRIEF | PEERS},
    {LIST("relu"), LIST("N16384"), BRIEF},
    {LIST("gemv"), LIST("H64N1", "H256N1", "H512N1", "H1024N1"), BRIEF | PEERS},
    {LIST("gemm"), LIST("H64N16", "H256N16", "H512N16", "H1024N16"),
     BRIEF | PEERS},
    {LIST("gemm"), LIST("H64N64", "H256N64", "H512N64", "H1024N64"),
     BRIEF | PEERS},
    PLAIN("lstm"),
    PLAIN("gru"),
    PLAIN("rnn"),
    CELL("gru_before", FULL),
    {LIST("lstm/forward"), OVER_H, PEERS},
    {LIST("lstm/forward"), OVER_BATCH, PEERS},
    {LIST("lstm/train", "lstm/ragged", "gru/train", "gru/ragged", "rnn/train",
          "rnn/ragged"),
     LIST("T50B64I256H256"), FULL},
    {TASK("adding"), LIST("T100B32H32"), FULL},
    {TASK("order"), LIST("T110B32H32"), FULL},
    {TASK("reber"), LIST("T12B32H32"), FULL},
    {LIST("task/copying/lstm"), LIST("T60B64H64"), FULL},
    {LIST("lstm_peephole/train", "lstm_both/train", "lstm_layer_norm/train"),
     LIST("T50B16I256H256"), BRIEF},
    {LIST("lstm_peephole/train", "lstm_both/train", "lstm_layer_norm/train"),
     LIST("T35B20I650H650"), FULL},
    {LIST("lstm_peephole/forward", "lstm_both/forward",
          "lstm_layer_norm/forward"),
     VARIED, FULL},
    {LIST(BOTH("lstm_nig"), BOTH("lstm_nfg"), BOTH("lstm_nog"),
          BOTH("lstm_niaf"), BOTH("lstm_noaf"), BOTH("lstm_cifg"),
          BOTH("lstm_fgr"), BOTH("lstm_projected"), BOTH("lstm_clipped"),
          BOTH("lstm_elu"), BOTH("lstm_hard_sigmoid"), BOTH("lstm_zoneout"),
          BOTH("lstm_dropout"), BOTH("lstm_batch_norm")),
     VARIED, FULL},
    {LIST(BOTH("gru_one_bias"), BOTH("gru_takes_new"), BOTH("gru_softsign"),
          BOTH("gru_clipped"), BOTH("gru_zoneout"), BOTH("gru_both"),
          BOTH("gru_layer_norm"), BOTH("rnn_relu"), BOTH("rnn_softplus"),
          BOTH("rnn_layer_norm"), BOTH("rnn_batch_norm")),
     VARIED, FULL},
    {LIST(BOTH("attention_dot"), BOTH("attention_general"),
          BOTH("attention_additive")),
     LIST("T50B16I256H256"), FULL},
    {LIST("lstm_peephole/ragged", "lstm_projected/ragged",
          "lstm_layer_norm/ragged", "lstm_both/ragged"),
     LIST("T50B64I256H256"), FULL},
};

int row_at(size_t i, row_entry *r)
{
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
        for (const char *const *k = groups[g].kinds; *k; k++)
            for (const char *const *s = groups[g].shapes; *s; s++) {
                if (i--)
                    continue;
                snprintf(r->name, sizeof r->name, "%s/f32/%s", *k, *s);
                r->brief = (groups[g].when & BRIEF) != 0;
                r->peers = (groups[g].when & PEERS) != 0;
                return 1;
            }
    return 0;
}

static int has_baselines(const problem *p)
{
    const size_t *size = p->size;

    if (size[SIZE_P] > 1)
        return 0;
    if (!strcmp(p->kind->what, "gemm"))
        return size[SIZE_N] == 16 && size[SIZE_H] == 256;
    return size[SIZE_B] <= 1 || (size[SIZE_B] == 16 && size[SIZE_H] == 256);
}

int row_problem(const char *row, const char *variant, char name[PROBLEM_NAME])
{
    problem p;

    snprintf(name, PROBLEM_NAME, "%s/%s", row, variant);
    if (problem_parse(&p, name))
        return 0;
    if (variant_is_overlay(variant))
        return p.kind->overlay && !strcmp(p.kind->overlay, variant);
    if (!variant_is_baseline(variant))
        return 1;
    if (p.size[SIZE_T] > BASELINE_STEPS)
        p.size[SIZE_T] = BASELINE_STEPS;
    problem_name(&p, name);
    return has_baselines(&p);
}
