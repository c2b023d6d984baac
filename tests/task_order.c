/* Temporal order (Hochreiter & Schmidhuber 1997, task 6a): two symbols of X and
 * Y, one at step 10 to 20, the other at 50 to 60 of 100 to 110 steps of
 * distractors; at the end, which of the four orders was it? */
#include "check.h"
#include "task.h"

enum { SHORTEST = 100, LONGEST = 110, CLASSES = 4 };
enum { BEGIN, END, X, Y, A, B, C, D, SYMBOLS };

static void draw(task_data *d, size_t b, task_dice *dice)
{
    const size_t n = task_between(dice, SHORTEST, LONGEST);
    const size_t at[2] = {task_between(dice, 10, 20),
                          task_between(dice, 50, 60)};
    const size_t order = task_between(dice, 0, CLASSES - 1);

    d->length[b] = n;
    d->token[TASK_Y][b] = (int32_t)order;
    for (size_t t = 0; t < n; t++) {
        size_t symbol = task_between(dice, A, D);

        if (t == 0 || t == n - 1)
            symbol = t ? END : BEGIN;
        else if (t == at[0] || t == at[1])
            symbol = (t == at[0] ? order / 2 : order % 2) ? Y : X;
        d->token[TASK_X][t * d->batch + b] = (int32_t)symbol;
    }
}

static void judge(const task_data *d, size_t b, const float *out,
                  task_score *s)
{
    s->sum += task_most(out + b * CLASSES, CLASSES) ==
              (size_t)d->token[TASK_Y][b];
    s->count++;
}

static const task order = {TASK_ORDER, LONGEST, 0.99, 0, draw, judge};

static const task_plan plan = {.cell = SRNN_LSTM,
                               .hidden = 32,
                               .batch = 32,
                               .lr = 5e-3,
                               .clip_norm = 1,
                               .longest = SHORTEST,
                               .enough = 1,
                               .updates = 3000,
                               .seed = 1};

static void lstm(void)
{
    task_learns(&order, &plan);
}

static void gru(void)
{
    task_plan p = plan;

    p.cell = SRNN_GRU;
    task_learns(&order, &p);
}

static void plain(void)
{
    task_plain_fails(&order, &plan, 1000);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"lstm", NULL, lstm},
                                       {"gru", NULL, gru},
                                       {"plain", NULL, plain},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
