/* The gradients of every variant of the LSTM, as the shipped sources compute
 * them in double, are the slopes of the loss: parameters (peepholes, projection
 * and gate recurrence among them), inputs, initial states. A backward function
 * that is wrong in one sign or factor must fail the same check. */
#include "gradient_check.h"

#include "lstm_flags.h"
#include "numbers.h"

#include <math.h>
#include <stdio.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- away from kinks ----------------------------------------------------- */

/* The smallest distance of what goes into an activation from a clip or kink,
 * as the watched function sees it: every role is a function of the test's that
 * looks, then does what the role's own does. */
static double least;
static const srnn_kernels *plain;

typedef struct seen_role {
    srnn_activation f;
    srnn_real clip;
} seen_role;

static void look(void *data, size_t n, const srnn_real *x, srnn_real *y,
                 srnn_real *slope)
{
    const seen_role *role = data;
    const double a = role->f.a, b = role->f.b;

    (void)slope;
    for (size_t i = 0; i < n; i++) {
        const double p = x[i];
        srnn_real at = x[i];

        if (role->clip > 0) {
            least = fmin(least, fabs(fabs(p) - role->clip));
            at = at > role->clip ? role->clip : at;
            at = at < -role->clip ? -role->clip : at;
        }
        if (role->f.kind == SRNN_ACT_HARD_SIGMOID)
            least = fmin(least, fmin(fabs(p + b / a), fabs(p - (1 - b) / a)));
        if (role->f.kind == SRNN_ACT_ELU || role->f.kind == SRNN_ACT_SOFTSIGN)
            least = fmin(least, fabs(p));
        plain->activate(&role->f, 1, &at, &y[i]);
    }
}

static void watch(const srnn_cell *c, const srnn_tile *t)
{
    srnn_variant v = *c->variant;
    srnn_cell one = *c;
    seen_role role[3];

    for (size_t i = 0; i < 3; i++) {
        role[i] = (seen_role){v.act[i], i < 2 ? v.clip : 0};
        v.act[i] = (srnn_activation){.kind = SRNN_ACT_OWN, .own = look,
                                     .data = &role[i]};
    }
    v.clip = 0;
    one.variant = &v;
    plain->tile[SRNN_TILE_LSTM_ANY](&one, t);
}

static size_t at_limit(const srnn_tensor *x, double limit)
{
    size_t n = 0;

    for (size_t i = 0; limit > 0 && i < x->count; i++)
        n += fabs(x->data[i]) == limit;
    return n;
}

/* How many values of h and c the clips of a case change, over all steps; leaves
 * `least`. */
static size_t clipped(const srnn_kernels *k, const net_case *c,
                      const net_data *d, uint64_t seed)
{
    srnn_kernels watched = *k;
    srnn_session *s;
    srnn_array in[2];
    srnn_tensor x;
    srnn_net *net;
    size_t n = 0;

    plain = k;
    watched.tile[SRNN_TILE_LSTM_ANY] = watch;
    least = INFINITY;
    data_seed(seed);
    net = case_net(&watched, c);
    s = case_session(net, c, 1, 1);
    case_inputs(d, net, in);
    case_session_states(s, d);
    for (size_t t = 0; t < c->steps; t++) {
        must(srnn_session_forward(s, 1, in, 1, NULL, 0));
        for (size_t i = 0; i < srnn_session_states(s); i++) {
            must(srnn_session_state(s, i, &x));
            n += at_limit(&x, i % (d->states / c->layers) == 1
                                  ? c->cell_clip
                                  : c->projection_clip);
        }
        in[0].data += c->batch * c->in;
    }
    srnn_session_close(s);
    srnn_net_close(net);
    return n;
}

/* No value is near a limit: moving it changes nothing. Parameters move what is
 * clipped by at most the check's 1e-5 times a few. */
static int is_clear(const srnn_kernels *k, const net_case *c,
                    const net_data *d, uint64_t seed)
{
    net_case low = *c, high = *c;
    size_t n;

    low.cell_clip *= 1 - 1e-3;
    low.projection_clip *= 1 - 1e-3;
    high.cell_clip *= 1 + 1e-3;
    high.projection_clip *= 1 + 1e-3;
    n = clipped(k, &low, d, seed);
    return n == clipped(k, &high, d, seed) && least > 3e-4;
}

/* ---- the check ----------------------------------------------------------- */

/* Returns how many values were clipped. `table` is k, or k with a flaw. */
static size_t check_shape(const srnn_kernels *k, const srnn_kernels *table,
                          const net_case *c, const size_t *length, groups *g)
{
    static uint64_t seed = 1;
    srnn_trainer *t;
    srnn_net *net;
    net_data d;
    size_t bites;

    for (;;) {
        data_seed(seed + 1000000);
        case_data(&d, c);
        if (is_clear(k, c, &d, seed))
            break;
        case_free(&d);
        seed++;
    }
    bites = clipped(k, c, &d, seed);
    data_seed(seed++);
    net = case_net(table, c);
    d.length = length;
    t = case_trainer(net, c, 1);
    gradient_compare(t, &d, g);
    srnn_trainer_close(t);
    srnn_net_close(net);
    case_free(&d);
    return bites;
}

static const net_case shapes[] = {
    {.layers = 1, .steps = 3, .batch = 2, .in = 3, .hidden = 5, .classes = 4},
    {.layers = 2, .steps = 4, .batch = 2, .in = 2, .hidden = 3, .classes = 3},
    {.layers = 1, .steps = 5, .batch = 1, .in = 1, .hidden = 1, .classes = 3},
};

/* A unit alone has dead groups where all its steps are clipped. */
static int is_left_out(const net_case *c)
{
    return c->hidden == 1 && (c->cell_clip > 0 || c->projection_clip > 0);
}

static void variants(const srnn_kernels *k)
{
    size_t i, bites = 0;
    net_case c = shapes[0];

    for (i = 0; case_lstm(&c, i); i++) {
        groups g = {0};
        char what[80];

        for (size_t s = 0; s < COUNT(shapes); s++) {
            c = shapes[s];
            case_lstm(&c, i);
            if (!is_left_out(&c))
                bites += check_shape(k, k, &c, NULL, &g);
        }
        c = shapes[0];
        case_lstm(&c, i);
        snprintf(what, sizeof what, "%s", case_cell_name(&c));
        gradient_report(&g, what);
    }
    check_note("%zu variants, %zu values clipped", i, bites);
    CHECK(i == 48 && bites > 100);
}

/* Sequences of all lengths, none among them. */
static void ragged(const srnn_kernels *k)
{
    static const size_t length[] = {2, 5, 0, 4};
    net_case c = {.layers = 2, .steps = 5, .batch = 4, .in = 2, .hidden = 4,
                  .classes = 3};

    for (size_t i = 0; case_lstm(&c, i); i++) {
        groups g = {0};
        char what[96];

        check_shape(k, k, &c, length, &g);
        snprintf(what, sizeof what, "ragged %s", case_cell_name(&c));
        gradient_report(&g, what);
    }
}

/* ---- negative controls --------------------------------------------------- */

/* What is spoiled: a slot of the gates, dc, dp, or the diagonals' gradient. */
enum { SPOIL_DC = 4, SPOIL_DP = 5, SPOIL_DIAGONAL = 6 };

static struct {
    srnn_tile_fn *right;
    void (*diagonal)(size_t, const srnn_links *, const srnn_real *, size_t,
                     const srnn_real *, size_t, srnn_real *);
    int what;
    double factor;
} wrong;

static void scale_rows(srnn_real *x, size_t ld, const srnn_tile *t)
{
    for (size_t r = 0; r < t->rows; r++)
        for (size_t u = 0; u < t->units; u++)
            x[(t->row + r) * ld + t->unit + u] *= wrong.factor;
}

static void spoiled(const srnn_cell *c, const srnn_tile *t)
{
    wrong.right(c, t);
    if (wrong.what == SPOIL_DC)
        scale_rows(c->dc, c->lddc, t);
    else if (wrong.what == SPOIL_DP)
        scale_rows(c->dp, c->lddp, t);
    else
        scale_rows(c->gate + (size_t)wrong.what * c->units, c->ldgate, t);
}

static void spoiled_diagonal(size_t m, const srnn_links *links,
                             const srnn_real *a, size_t lda,
                             const srnn_real *b, size_t ldb, srnn_real *d)
{
    wrong.diagonal(m, links, a, lda, b, ldb, d);
    for (size_t i = 0; i < m; i++)
        d[i] *= wrong.factor;
}

static void run_control(const srnn_kernels *k, const net_case *c, int what,
                        double factor)
{
    const int tile =
        what == SPOIL_DP ? SRNN_TILE_PROJECT_BWD : SRNN_TILE_LSTM_ANY_BWD;
    srnn_kernels table = *k;
    groups g = {0};

    wrong.right = k->tile[tile];
    wrong.diagonal = k->diagonal_grad;
    wrong.what = what;
    wrong.factor = factor;
    if (what == SPOIL_DIAGONAL)
        table.diagonal_grad = spoiled_diagonal;
    else
        table.tile[tile] = spoiled;
    check_shape(k, &table, c, NULL, &g);
    check_note("%s, part %d times %g: largest gap/bound %.3g",
               case_cell_name(c), what, factor, gradient_largest(&g));
    CHECK(gradient_largest(&g) > 1);
}

static void controls(const srnn_kernels *k)
{
    net_case c = shapes[0];

    for (size_t i = 0; case_lstm(&c, i); i++)
        for (int what = 0; what <= SPOIL_DIAGONAL; what++) {
            if (what < 4 && what >= (int)lstm_gates_of(c.lstm).all)
                continue;
            if (what == SPOIL_DP && !c.projection)
                continue;
            if (what == SPOIL_DIAGONAL && !(c.lstm & SRNN_LSTM_PEEPHOLES))
                continue;
            run_control(k, &c, what, what % 2 ? -1 : 0.999);
        }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"lstm/wrong", controls, NULL},
        {"lstm/variants", variants, NULL},
        {"lstm/ragged", ragged, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
