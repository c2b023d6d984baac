/* The attention kernels' bit promises: the order of every sum is the stated
 * one (against plain fmaf loops), and queries, keys and columns can be cut
 * anywhere. First of all the data must be able to tell. */
#include "check.h"
#include "numbers.h"
#include "picked.h"
#include "rungs.h"

#include <math.h>
#include <string.h>

enum { CHAINS = 16, QUERIES = 9, KEYS = 21 };

static const size_t widths[] = {1, 15, 16, 17, 31, 33, 67, 130};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- sums within a row --------------------------------------------------- */

/* Element j to chain j mod `chains`, then the tree. */
static float row_sum(size_t n, size_t chains, const float *a, const float *b)
{
    float sum[CHAINS] = {0};

    for (size_t j = 0; j < n; j++)
        sum[j % chains] = fmaf(a[j], b[j], sum[j % chains]);
    for (size_t half = chains / 2; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++)
            sum[i] += sum[i + half];
    return sum[0];
}

static void control(void)
{
    size_t other = 0;

    guard_begin(1);
    for (int i = 0; i < 100; i++) {
        const float *a = guard_matrix(1, 67, 67, 1);
        const float *b = guard_matrix(1, 67, 67, 1);

        other += row_sum(67, 16, a, b) != row_sum(67, 8, a, b);
        guard_begin(1);
    }
    check_note("of 100 sums, 8 chains for 16 change %zu", other);
    CHECK(other > 50);
}

typedef struct scores {
    size_t n;
    picked_rows q, k;
    float *v, *e, *other;
    int additive;
} scores;

static void score_run(const srnn_kernels *k, const scores *s,
                      const srnn_picked *q, const srnn_picked *keys, float *e)
{
    if (s->additive)
        k->pair_tanh(s->n, q, keys, s->v, 0.3f, e, KEYS);
    else
        k->pair_dot(s->n, q, keys, 0.3f, e, KEYS);
}

static size_t scores_differing(const scores *s)
{
    size_t count = 0;

    for (size_t i = 0; i < QUERIES; i++)
        count += bits_differing(s->e + s->q.p.row[i] * KEYS,
                                s->other + s->q.p.row[i] * KEYS, KEYS);
    return count;
}

static void score_plain(const srnn_kernels *k, const scores *s)
{
    float t[130];

    for (size_t i = 0; i < QUERIES; i++)
        for (size_t c = 0; c < KEYS; c++) {
            const float *a = picked_row(&s->q, i), *b = picked_row(&s->k, c);
            const float *w = s->additive ? s->v : b;

            for (size_t j = 0; j < s->n; j++)
                t[j] = s->additive ? a[j] + b[j] : a[j];
            if (s->additive)
                k->tanh(s->n, t, t);
            s->other[s->q.p.row[i] * KEYS + c] =
                0.3f * row_sum(s->n, CHAINS, w, t);
        }
}

static void score_cuts(const srnn_kernels *k, const scores *s)
{
    srnn_picked one = s->q.p, some = s->k.p;

    for (size_t i = 0; i < QUERIES; i++) {
        one.row = s->q.p.row + i;
        one.count = 1;
        score_run(k, s, &one, &s->k.p, s->other);
    }
    CHECK_SAYS(!scores_differing(s), "n%zu: queries one at a time", s->n);
    for (size_t cut = 1; cut < KEYS; cut += 6) {
        some.row = s->k.p.row;
        some.count = cut;
        score_run(k, s, &s->q.p, &some, s->other);
        some.row += cut;
        some.count = KEYS - cut;
        score_run(k, s, &s->q.p, &some, s->other + cut);
        CHECK_SAYS(!scores_differing(s), "n%zu: keys cut at %zu", s->n, cut);
    }
}

static void score_orders(const srnn_kernels *k)
{
    for (size_t i = 0; i < 2 * COUNT(widths); i++) {
        scores s = {.n = widths[i / 2], .additive = i % 2};

        guard_begin(1);
        s.q = picked_make(QUERIES, s.n, s.n, 1);
        s.k = picked_make(KEYS, s.n, s.n, 1);
        s.v = guard_matrix(1, s.n, s.n, 1);
        s.e = picked_blank(&s.q, KEYS, KEYS);
        s.other = picked_blank(&s.q, KEYS, KEYS);
        score_run(k, &s, &s.q.p, &s.k.p, s.e);
        score_plain(k, &s);
        CHECK_SAYS(!rung_is_vector(k) || !scores_differing(&s),
                   "n%zu: not the sum as stated", s.n);
        score_cuts(k, &s);
    }
}

static void softmax_orders(const srnn_kernels *k)
{
    for (size_t i = 0; i < COUNT(widths); i++) {
        const size_t n = widths[i];
        float *y, *dy, *dx, *plain, sum;

        guard_begin(1);
        y = guard_matrix(1, n, n, 1);
        dy = guard_matrix(1, n, n, 1);
        dx = guard_reals(n);
        plain = guard_reals(n);
        k->softmax_bwd(1, n, y, n, dy, n, 0.3f, dx, n);
        sum = row_sum(n, CHAINS, y, dy);
        for (size_t j = 0; j < n; j++)
            plain[j] = 0.3f * (y[j] * (dy[j] - sum));
        CHECK_SAYS(!rung_is_vector(k) || !bits_differing(dx, plain, n),
                   "n%zu: not the sum as stated", n);
    }
}

/* ---- chains over rows ---------------------------------------------------- */

typedef struct mixes {
    size_t n, outs, ins, ldc;
    int back;
    picked_rows x, y;
    float *c, *other;
} mixes;

static void mix_run(const srnn_kernels *k, const mixes *m, size_t j0,
                    size_t n, size_t first, size_t rows, float *y)
{
    srnn_picked x = m->x.p;
    const float *c = m->c + (m->back ? first : 0);

    x.x += j0;
    (m->back ? k->mix_bwd : k->mix)(n, c, m->ldc, &x, SRNN_START_ZERO, y + j0,
                                    m->n, m->y.p.row + first, rows);
}

static size_t mixes_differing(const mixes *m)
{
    size_t count = 0;

    for (size_t i = 0; i < m->outs; i++)
        count += bits_differing(m->y.x + m->y.p.row[i] * m->n,
                                m->other + m->y.p.row[i] * m->n, m->n);
    return count;
}

/* how: the chain's last row first, where 1. */
static void mix_plain(const mixes *m, int how)
{
    for (size_t i = 0; i < m->outs; i++)
        for (size_t j = 0; j < m->n; j++) {
            const size_t at = m->y.p.row[i];
            float sum = 0;

            for (size_t l = 0; l < m->ins; l++) {
                const size_t s = how ? m->ins - 1 - l : l;
                const size_t row = m->x.p.row[s];

                sum = fmaf(m->back ? m->c[row * m->ldc + i]
                                   : m->c[at * m->ldc + s],
                           m->x.x[row * m->n + j], sum);
            }
            m->other[at * m->n + j] = sum;
        }
}

static void mix_cuts(const srnn_kernels *k, const mixes *m)
{
    for (size_t i = 0; i < m->outs; i++)
        mix_run(k, m, 0, m->n, i, 1, m->other);
    CHECK_SAYS(!mixes_differing(m), "n%zu: rows one at a time", m->n);
    for (size_t cut = 1; cut < m->n; cut += 1 + m->n / 5) {
        mix_run(k, m, 0, cut, 0, m->outs, m->other);
        mix_run(k, m, cut, m->n - cut, 0, m->outs, m->other);
        CHECK_SAYS(!mixes_differing(m), "n%zu: columns cut at %zu", m->n, cut);
    }
}

static void mix_orders(const srnn_kernels *k)
{
    for (size_t i = 0; i < 2 * COUNT(widths); i++) {
        mixes m = {.n = widths[i / 2], .back = i % 2};

        guard_begin(1);
        m.outs = m.back ? KEYS : QUERIES;
        m.ins = m.back ? QUERIES : KEYS;
        m.ldc = KEYS;
        m.x = picked_make(m.ins, m.n, m.n, 1);
        m.y = picked_make(m.outs, m.n, m.n, 0);
        m.other = picked_blank(&m.y, m.n, m.n);
        m.c = guard_matrix(m.back ? m.x.rows : m.y.rows, KEYS, KEYS, 1);
        mix_run(k, &m, 0, m.n, 0, m.outs, m.y.x);
        mix_plain(&m, 1);
        CHECK_SAYS(mixes_differing(&m), "n%zu: no order shows", m.n);
        mix_plain(&m, 0);
        CHECK_SAYS(!rung_is_vector(k) || !mixes_differing(&m),
                   "n%zu: not the chain as stated", m.n);
        mix_cuts(k, &m);
    }
}

/* ---- the gradient of the additive score ---------------------------------- */

typedef struct additive {
    size_t n;
    picked_rows k;
    float *q, *v, *de, *dq, *dk, *dv;
} additive;

static additive additive_make(size_t n)
{
    additive a = {.n = n};

    a.k = picked_make(KEYS, n, n, 1);
    a.q = guard_matrix(1, n, n, 1);
    a.v = guard_matrix(1, n, n, 1);
    a.de = guard_matrix(1, KEYS, KEYS, 1);
    a.dq = guard_reals(n);
    a.dk = guard_matrix(a.k.rows, n, n, 1);
    a.dv = guard_matrix(1, n, n, 1);
    return a;
}

static void additive_plain(const srnn_kernels *k, const additive *a,
                           int falling)
{
    for (size_t j = 0; j < a->n; j++) {
        a->dq[j] = 0;
        for (size_t l = 0; l < KEYS; l++) {
            const size_t s = falling ? KEYS - 1 - l : l;
            float *dk = a->dk + a->k.p.row[s] * a->n + j;
            const float g = a->de[s] * a->v[j];
            float t = a->q[j] + picked_row(&a->k, s)[j], slope;

            k->tanh(1, &t, &t);
            slope = fmaf(-t, t, 1);
            a->dq[j] = fmaf(g, slope, a->dq[j]);
            *dk = fmaf(g, slope, *dk);
            a->dv[j] = fmaf(a->de[s], t, a->dv[j]);
        }
    }
}

static void additive_columns(const srnn_kernels *k, const additive *a,
                             size_t j0, size_t n)
{
    srnn_picked keys = a->k.p;

    keys.x += j0;
    k->pair_tanh_bwd(n, a->q + j0, &keys, a->v + j0, a->de, a->dq + j0,
                     a->dk + j0, a->n, a->dv + j0);
}

/* how 0: at once, 1: the columns in two parts, 2: the plain loop, 3: the plain
 * loop over falling s. */
static uint64_t additive_hash(const srnn_kernels *k, size_t n, int how)
{
    const size_t cut = how == 1 ? n / 2 : n;
    additive a;
    uint64_t h;

    guard_begin(1);
    data_seed(n);
    a = additive_make(n);
    if (how >= 2) {
        additive_plain(k, &a, how == 3);
    } else {
        additive_columns(k, &a, cut, n - cut);
        additive_columns(k, &a, 0, cut);
    }
    h = hash_reals(hash_begin(), a.dq, 1, n, n);
    h = hash_reals(h, a.dv, 1, n, n);
    for (size_t s = 0; s < KEYS; s++)
        h = hash_reals(h, a.dk + a.k.p.row[s] * n, 1, n, n);
    return h;
}

static void additive_orders(const srnn_kernels *k)
{
    for (size_t i = 0; i < COUNT(widths); i++) {
        const size_t n = widths[i];
        const uint64_t want = additive_hash(k, n, 0);

        CHECK_SAYS(additive_hash(k, n, 1) == want, "n%zu: columns cut", n);
        CHECK_SAYS(!rung_is_vector(k) || additive_hash(k, n, 2) == want,
                   "n%zu: not the chains as stated", n);
        CHECK_SAYS(additive_hash(k, n, 3) != want, "n%zu: no order shows", n);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"row-sum/control", NULL, control},
        {"scores", score_orders, NULL},
        {"softmax_bwd", softmax_orders, NULL},
        {"mix", mix_orders, NULL},
        {"pair_tanh_bwd", additive_orders, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
