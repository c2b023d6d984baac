/* Copying (Hochreiter & Schmidhuber 1997; Arjovsky et al. 2016): five symbols
 * out of eight, a delay of 50 blanks, and at a sign the same five again. Right
 * is a sequence with five right answers; by chance 8^-5 are. */
#include "check.h"
#include "task.h"

enum { LETTERS = 8, SPAN = 5, DELAY = 50, STEPS = 2 * SPAN + DELAY };
enum { BLANK = LETTERS, GO, SYMBOLS };

/* The sign stands where the first answer is asked for; steps before it have no
 * target. */
static void draw(task_data *d, size_t b, task_dice *dice)
{
    int32_t said[SPAN];

    d->length[b] = STEPS;
    for (size_t t = 0; t < STEPS; t++) {
        const size_t i = t * d->batch + b;

        if (t < SPAN)
            said[t] = (int32_t)task_between(dice, 0, LETTERS - 1);
        d->token[TASK_X][i] = t < SPAN           ? said[t]
                              : t == SPAN + DELAY ? GO
                                                  : BLANK;
        d->token[TASK_Y][i] = t < SPAN + DELAY ? -1 : said[t - SPAN - DELAY];
    }
}

static void judge(const task_data *d, size_t b, const float *out,
                  task_score *s)
{
    size_t right = 0;

    for (size_t t = SPAN + DELAY; t < STEPS; t++) {
        const size_t i = t * d->batch + b;

        right += task_most(out + i * LETTERS, LETTERS) ==
                 (size_t)d->token[TASK_Y][i];
    }
    s->sum += right == SPAN;
    s->count++;
}

static const task copying = {TASK_COPYING, STEPS, 0.99, 0, draw, judge};

static const task_plan plan = {.cell = SRNN_LSTM,
                               .hidden = 64,
                               .batch = 64,
                               .lr = 1e-2,
                               .clip_norm = 1,
                               .longest = STEPS,
                               .enough = 1,
                               .updates = 3000,
                               .seed = 1};

static void lstm(void)
{
    task_learns(&copying, &plan);
}

static void plain(void)
{
    task_plain_fails(&copying, &plan, 1000);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"lstm", NULL, lstm},
                                       {"plain", NULL, plain},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
