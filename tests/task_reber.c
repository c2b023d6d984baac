/* The embedded Reber grammar (Cleeremans et al. 1989; Hochreiter & Schmidhuber
 * 1997): which symbols may follow? The last but one is that of the second
 * place again, behind a string of Reber's inner grammar of any length. Right is
 * a step whose legal symbols are all thought more likely than all others. */
#include "check.h"
#include "task.h"

#include <string.h>

enum { LONGEST = 48, SYMBOLS = 7 };

static const char letters[SYMBOLS + 1] = "BTPSXVE";

/* ---- the grammar --------------------------------------------------------- */

/* The inner grammar: from each state two symbols and where they lead. */
static const struct {
    char symbol[3];
    int to[2];
} inner[] = {{"TP", {1, 2}}, {"SX", {1, 3}}, {"TV", {2, 4}},
             {"XS", {2, 5}}, {"PV", {3, 5}}};

enum { LAST_INNER = 5 };

/* Where a walk through the whole grammar stands: before the outer B, the
 * branch, the inner B, within, before the inner E's successors. */
enum place { START, BRANCH, OPEN, INSIDE, CLOSE, AGAIN, FINISH, OVER };

typedef struct walk {
    enum place place;
    char branch;
    int state;
} walk;

/* The legal symbols at this place, as a string. */
static const char *legal(const walk *w)
{
    static const char *const again[] = {"T", "P"};

    switch (w->place) {
    case START:
    case OPEN:
        return "B";
    case BRANCH:
        return "TP";
    case INSIDE:
        return inner[w->state].symbol;
    case CLOSE:
    case FINISH:
        return "E";
    case AGAIN:
        return again[w->branch == 'P'];
    default:
        return "";
    }
}

/* Takes one symbol; 0 where it is not legal. */
static int follow(walk *w, char symbol)
{
    const char *at = strchr(legal(w), symbol);

    if (!at || !symbol)
        return 0;
    if (w->place == INSIDE) {
        w->state = inner[w->state].to[at - inner[w->state].symbol];
        if (w->state < LAST_INNER)
            return 1;
    }
    if (w->place == BRANCH)
        w->branch = symbol;
    w->place++;
    return 1;
}

static int accepts(const char *string)
{
    walk w = {START, 0, 0};

    while (*string)
        if (!follow(&w, *string++))
            return 0;
    return w.place == OVER;
}

/* ---- strings ------------------------------------------------------------- */

/* Each legal symbol is as likely; strings that are too long are drawn again. */
static size_t speak(char string[LONGEST + 2], task_dice *dice)
{
    size_t n;

    do {
        walk w = {START, 0, 0};

        for (n = 0; w.place != OVER && n <= LONGEST; n++) {
            const char *may = legal(&w);

            string[n] = may[task_between(dice, 0, strlen(may) - 1)];
            follow(&w, string[n]);
        }
        string[n] = 0;
    } while (!accepts(string));
    return n;
}

static int32_t number(char symbol)
{
    return (int32_t)(strchr(letters, symbol) - letters);
}

/* ---- the task ------------------------------------------------------------ */

static void draw(task_data *d, size_t b, task_dice *dice)
{
    char string[LONGEST + 2];
    const size_t n = speak(string, dice);

    d->length[b] = n - 1;
    for (size_t t = 0; t + 1 < n; t++) {
        d->token[TASK_X][t * d->batch + b] = number(string[t]);
        d->token[TASK_Y][t * d->batch + b] = number(string[t + 1]);
    }
}

/* Whether the least likely legal symbol is above the likeliest other. */
static int knows(const float logit[SYMBOLS], const char *may)
{
    for (const char *a = may; *a; a++)
        for (int s = 0; s < SYMBOLS; s++)
            if (!strchr(may, letters[s]) && !(logit[number(*a)] > logit[s]))
                return 0;
    return 1;
}

/* With `forgets`, against a grammar whose last but one symbol is the other. */
static void judge_by(const task_data *d, size_t b, const float *out,
                     int forgets, task_score *s)
{
    walk w = {START, 0, 0};

    for (size_t t = 0; t < d->length[b]; t++) {
        const size_t i = t * d->batch + b;
        walk judged;

        CHECK(follow(&w, letters[d->token[TASK_X][i]]));
        judged = w;
        if (forgets)
            judged.branch = w.branch == 'T' ? 'P' : 'T';
        s->sum += knows(out + i * SYMBOLS, legal(&judged));
        s->count++;
    }
}

static void judge(const task_data *d, size_t b, const float *out,
                  task_score *s)
{
    judge_by(d, b, out, 0, s);
}

static void judge_other(const task_data *d, size_t b, const float *out,
                        task_score *s)
{
    judge_by(d, b, out, 1, s);
}

static const task reber = {TASK_REBER, LONGEST, 0.999, 0, draw, judge};

static const task_plan plan = {.cell = SRNN_LSTM,
                               .hidden = 32,
                               .batch = 32,
                               .lr = 5e-3,
                               .clip_norm = 1,
                               .longest = 16,
                               .enough = 1,
                               .updates = 3000,
                               .seed = 1};

static void lstm(void)
{
    task_learns(&reber, &plan);
}

static void gru(void)
{
    task_plan p = plan;

    p.cell = SRNN_GRU;
    task_learns(&reber, &p);
}

/* A trained net holds to its own grammar: by one that differs in the step that
 * needs the memory of the second, it fails. */
static void memory(void)
{
    srnn_net *net = task_net(&reber, &plan);
    task other = reber;
    double got;

    other.judge = judge_other;
    task_train(&reber, &plan, net);
    got = task_test(&other, net);
    check_note("by the other grammar: %.4g", got);
    CHECK(task_passes(&reber, task_test(&reber, net)));
    CHECK(!task_passes(&other, got));
    srnn_net_close(net);
}

/* Strings walked through the published diagram by hand are accepted; none with
 * one symbol changed is, since the two ways out of a state lead to states that
 * share no symbol. */
static void grammar(void)
{
    static const char *const right[] = {
        "BTBTXSETE", "BPBTXSEPE", "BTBPVVETE", "BPBPTTVPXTTVVEPE",
        "BTBTSSXXTVPSETE"};
    char string[LONGEST + 2];
    size_t legal_ones = 0, tried = 0;

    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        const size_t n = strlen(right[i]);

        CHECK_SAYS(accepts(right[i]), "%s", right[i]);
        strcpy(string, right[i]);
        string[n - 2] = string[n - 2] == 'T' ? 'P' : 'T';
        CHECK_SAYS(!accepts(string), "%s", string);
        string[n - 2] = 0;
        CHECK_SAYS(!accepts(string), "%s", string);
        for (size_t at = 0; at < n; at++)
            for (int s = 0; s < SYMBOLS; s++) {
                strcpy(string, right[i]);
                string[at] = letters[s];
                tried += letters[s] != right[i][at];
                legal_ones += letters[s] != right[i][at] && accepts(string);
            }
    }
    check_note("%zu of %zu strings with one symbol changed are legal",
               legal_ones, tried);
    CHECK(tried > 0 && legal_ones == 0);
    CHECK(!accepts("") && !accepts("BTBTXSETEE") && !accepts("BTXSE"));
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"grammar", NULL, grammar},
                                       {"lstm", NULL, lstm},
                                       {"gru", NULL, gru},
                                       {"memory", NULL, memory},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}
