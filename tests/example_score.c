/* The examples' scores against examples worked out by hand. */
#include "check.h"
#include "examples/program.h"
#include "examples/score.h"

#include <math.h>
#include <string.h>

const char program[] = "test_example_score";

/* A score is a few dozen operations of half an ulp each, on numbers up to 1,
 * beside log and exp: 64 ulp of 1. */
static const double CLOSE = 64 * 0x1p-53;

static void near(const char *what, double got, double want)
{
    worst w = {0};

    worst_see(&w, got, want, CLOSE, what, 0, 0);
    worst_end(&w, what);
}

/* Papineni's own example: of "the" seven times the reference has two. */
static void clipped(void)
{
    score_grams g = {{0}, {0}, {0}};

    score_words(&g, "the the the the the the the",
                "the cat is on the mat");
    CHECK(g.match[0] == 2 && g.candidate[0] == 7 && g.reference[0] == 6);
    CHECK(g.match[1] == 0 && g.candidate[1] == 6 && g.reference[1] == 5);
    near("BLEU without a pair that matches", score_bleu(&g), 0);
}

/* p = 4/5, 3/4, 2/3, 1/2, whose product is 1/5; 5 tokens for 7: the penalty is
 * exp(1 - 7/5). A candidate that is longer takes none. */
static void bleu(void)
{
    score_grams g = {{0}, {0}, {0}};

    score_words(&g, "a b c d x", "a b c d e f g");
    CHECK(g.match[3] == 1 && g.candidate[3] == 2);
    near("BLEU of one short pair", score_bleu(&g),
         exp(-0.4) * pow(0.2, 0.25));

    /* p = 6/8, 4/6, 2/4, 1/2 over both; 8 tokens for 10. */
    memset(&g, 0, sizeof g);
    score_words(&g, "a b c d x", "a b c d e f g");
    score_words(&g, "p q y", "p q r");
    CHECK(g.match[0] == 6 && g.match[1] == 4 && g.match[2] == 2);
    CHECK(g.candidate[0] == 8 && g.candidate[1] == 6 && g.candidate[2] == 4);
    near("BLEU is the corpus's", score_bleu(&g),
         exp(-0.25) * pow(0.125, 0.25));

    /* p = 4/7, 3/6, 2/5, 1/4, whose product is 1/35. */
    memset(&g, 0, sizeof g);
    score_words(&g, "a b c d x y z", "a b c d");
    near("BLEU of a long candidate", score_bleu(&g), pow(1 / 35., 0.25));

    memset(&g, 0, sizeof g);
    score_words(&g, "a b c d e", "a b c d e");
    near("BLEU of the reference", score_bleu(&g), 1);
    near("chrF of the reference", score_chrf(&g), 1);
    CHECK(score_bleu(&(score_grams){{0}, {0}, {0}}) == 0);
}

/* "abcd" for "abce f": 4 and 5 characters, matches 3, 2, 1, 0, no others.
 * P = (3/4 + 2/3 + 1/2 + 0) / 4 = 23/48, R = (3/5 + 2/4 + 1/3 + 0) / 4 =
 * 43/120: orders 5 and 6, which the candidate has none of, are left out. */
static void chrf(void)
{
    score_grams g = {{0}, {0}, {0}};
    double p = 23 / 48., r = 43 / 120.;

    score_characters(&g, "ab cd", "abce f");
    CHECK(g.candidate[0] == 4 && g.reference[0] == 5);
    CHECK(g.match[0] == 3 && g.match[1] == 2 && g.match[2] == 1);
    CHECK(g.match[3] == 0 && g.candidate[4] == 0 && g.reference[4] == 1);
    near("chrF of one pair", score_chrf(&g), 5 * p * r / (4 * p + r));
    CHECK(score_chrf(&(score_grams){{0}, {0}, {0}}) == 0);
}

/* Recall counts more than precision: leaving out is worse than adding. */
static void recall_counts(void)
{
    score_grams less = {{0}, {0}, {0}}, more = {{0}, {0}, {0}};

    score_characters(&less, "abcdef", "abcdefghi");
    score_characters(&more, "abcdefghi", "abcdef");
    CHECK(score_chrf(&less) < score_chrf(&more));
}

/* A character of two bytes is one. */
static void utf8(void)
{
    score_grams g = {{0}, {0}, {0}};

    score_characters(&g, "Öl", "Ól");
    CHECK(g.candidate[0] == 2 && g.reference[0] == 2 && g.match[0] == 1);
    memset(&g, 0, sizeof g);
    score_words(&g, " grüne\nÖle ", "grüne Öle");
    CHECK(g.candidate[0] == 2 && g.match[0] == 2 && g.match[1] == 1);
}

/* 3 hits, 1 extra, 2 missed: 3/4, 3/5, 6/9. */
static void labels(void)
{
    static const int said[] = {1, 1, 1, 1, 0, 0, 0},
                     is[] = {1, 1, 1, 0, 1, 1, 0};
    score_labels l = {0, 0, 0, 0};

    near("F1 of nothing", score_f1(&l), 0);
    for (size_t i = 0; i < 7; i++)
        score_label(&l, said[i], is[i]);
    CHECK(l.hit == 3 && l.extra == 1 && l.missed == 2 && l.other == 1);
    near("precision", score_precision(&l), 0.75);
    near("recall", score_recall(&l), 0.6);
    near("F1", score_f1(&l), 2 / 3.);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"clipped", NULL, clipped},
        {"bleu", NULL, bleu},
        {"chrf", NULL, chrf},
        {"recall_counts", NULL, recall_counts},
        {"utf8", NULL, utf8},
        {"labels", NULL, labels},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
