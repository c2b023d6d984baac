/* The adding problem (Hochreiter & Schmidhuber 1997, in the form of Le et al.
 * 2015): y = the sum of the two values, uniform in [0, 1), that a marker
 * stands beside, one in each half of 100 steps. Always 1 has an error of 2 /
 * 12 = 0.167. */
#include "check.h"
#include "task.h"

#include <math.h>

enum { STEPS = 100 };

static void draw(task_data *d, size_t b, task_dice *dice)
{
    const size_t first = task_between(dice, 0, STEPS / 2 - 1);
    const size_t second = task_between(dice, STEPS / 2, STEPS - 1);

    d->length[b] = STEPS;
    d->real[TASK_Y][b] = 0;
    for (size_t t = 0; t < STEPS; t++) {
        float *x = d->real[TASK_X] + (t * d->batch + b) * 2;

        x[0] = task_unit(dice);
        x[1] = t == first || t == second;
        d->real[TASK_Y][b] += x[0] * x[1];
    }
}

static void judge(const task_data *d, size_t b, const float *out,
                  task_score *s)
{
    const double e = (double)out[b] - (double)d->real[TASK_Y][b];

    s->sum += e * e;
    s->count++;
}

static const task adding = {TASK_ADDING, STEPS, 0.01, 1, draw, judge};

static const task_plan plan = {.cell = SRNN_LSTM,
                               .hidden = 32,
                               .batch = 32,
                               .lr = 5e-3,
                               .clip_norm = 1,
                               .longest = STEPS,
                               .enough = 0.004,
                               .updates = 3000,
                               .seed = 1};

static void lstm(void)
{
    task_learns(&adding, &plan);
}

static void gru(void)
{
    task_plan p = plan;

    p.cell = SRNN_GRU;
    task_learns(&adding, &p);
}

/* It stays near what always 1 gives. */
static void plain(void)
{
    CHECK(task_plain_fails(&adding, &plan, 1000) > 0.15);
}

static void judge_one(const task_data *d, size_t b, const float *out,
                      task_score *s)
{
    const float one = 1;
    task_data row = *d;

    (void)out;
    row.real[TASK_Y] += b;
    judge(&row, 0, &one, s);
}

/* (y - 1)^2 has the mean 1/6 and the variance 1/15 - 1/36: within four standard
 * errors. */
static void data(void)
{
    const double allowed = 4 * sqrt((1 / 15. - 1 / 36.) / TASK_TESTED);
    task always_one = adding;
    srnn_net *net = task_net(&adding, &plan);
    double got;

    always_one.judge = judge_one;
    got = task_test(&always_one, net);
    check_note("always 1: %.4g, 0.1667 +- %.2g", got, allowed);
    CHECK(fabs(got - 1 / 6.) < allowed);
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"data", NULL, data},
                                       {"lstm", NULL, lstm},
                                       {"gru", NULL, gru},
                                       {"plain", NULL, plain},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
