/* The LSTM's tile functions in every variant, with any activations and clips,
 * and those of the projection: each result within the bound that its formula
 * carries in the double oracle, everything else untouched, buffers between
 * guard pages. The plain variant gives the plain tile's bits. */
#include "check.h"
#include "numbers.h"
#include "oracle_lstm.h"
#include "phi.h"
#include "rungs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- a step as the tests set it up --------------------------------------- */

/* What is written, forward and backward. */
enum { A_GATE, A_H, A_M, A_C, A_G, A_DC, A_DP, ARRAYS };

typedef struct step {
    srnn_variant v;
    lstm_gates g;
    int backward, keeps;
    size_t rows, units, slots;
    srnn_cell cell;
    srnn_tile tile;
    float *array[ARRAYS], *before[ARRAYS], *prod;
    size_t ld[ARRAYS], n[ARRAYS];
} step;

static float *take(step *s, int a, size_t slots, int random)
{
    const size_t n = slots * s->units, ld = n + 2 + (size_t)a;
    const size_t length = (s->rows - 1) * ld + n;

    s->n[a] = n;
    s->ld[a] = ld;
    s->array[a] = random ? guard_matrix(s->rows, n, ld, 1)
                         : guard_blank(s->rows, n, ld);
    s->before[a] = guard_reals(length);
    memcpy(s->before[a], s->array[a], length * sizeof(float));
    return s->array[a];
}

/* Written anew, with what the test put into it. */
static void remember(step *s, int a)
{
    memcpy(s->before[a], s->array[a],
           ((s->rows - 1) * s->ld[a] + s->n[a]) * sizeof(float));
}

static const float *input(const step *s, size_t slots, size_t *ld)
{
    *ld = slots * s->units + 1;
    return guard_matrix(s->rows, slots * s->units, *ld, 1);
}

/* Some of each row's values are at the clip's limits. */
static void at_limits(step *s, int a, float limit)
{
    for (size_t r = 0; limit > 0 && r < s->rows; r++)
        for (size_t u = 0; u < s->units; u++) {
            float *x = s->array[a] + r * s->ld[a] + u;

            if (fabsf(*x) > limit)
                *x = *x > 0 ? limit : -limit;
        }
    remember(s, a);
}

static void fill_forward(step *s)
{
    srnn_cell *c = &s->cell;
    float *x;

    c->ldx = s->g.all * s->units + 1;
    x = guard_matrix(s->rows, s->g.all * s->units, c->ldx, 2);
    c->x = x;
    c->gate = s->keeps ? take(s, A_GATE, s->slots, 0) : NULL;
    c->c = take(s, A_C, 1, 0);
    if (data_below(2))
        c->m = take(s, A_M, 1, 0);
    else
        c->h = take(s, A_H, 1, 0);
    if (s->v.lstm & SRNN_LSTM_FULL_RECURRENCE) {
        c->q = input(s, 3, &c->ldq);
        c->g = take(s, A_G, 3, 0);
    }
}

/* Without slots for slopes, clipped gates are marks: which side is that of. */
static int has_marks(const step *s)
{
    return s->v.clip > 0 && !s->v.slopes;
}

static int side_of(const step *s, float kept)
{
    return !has_marks(s) ? 0 : bits_of(kept) == 1 ? 1 : bits_of(kept) == 2 ? -1
                                                                           : 0;
}

static void some_marks(step *s)
{
    for (size_t r = 0; has_marks(s) && r < s->rows; r++)
        for (size_t i = 0; i < s->n[A_GATE]; i++) {
            const uint32_t mark = 1 + (uint32_t)data_below(6);

            if (mark <= 2)
                memcpy(s->array[A_GATE] + r * s->ld[A_GATE] + i, &mark,
                       sizeof mark);
        }
    remember(s, A_GATE);
}

static void fill_backward(step *s)
{
    srnn_cell *c = &s->cell;

    c->gate = take(s, A_GATE, s->slots, 1);
    some_marks(s);
    c->c = take(s, A_C, 1, 1);
    at_limits(s, A_C, (float)s->v.cell_clip);
    c->dc = take(s, A_DC, 1, 1);
    if (data_below(2))
        c->m = take(s, A_M, 1, 1);
    if (data_below(2))
        c->dy = input(s, 1, &c->lddy);
    if (s->v.lstm & SRNN_LSTM_FULL_RECURRENCE)
        c->dg = input(s, 3, &c->lddg);
}

/* Rows and units but the first ones, if there are others. */
static void fill_tile(step *s, size_t gates)
{
    srnn_tile *t = &s->tile;

    t->row = s->rows > 1;
    t->rows = s->rows - t->row;
    t->unit = s->units > 1 ? data_below(s->units) : 0;
    t->units = s->units - t->unit;
    t->gate_stride = t->units + 1;
    t->ldprod = gates * t->gate_stride + 2;
    s->prod = guard_matrix(t->rows, (gates - 1) * t->gate_stride + t->units,
                           t->ldprod, 1);
    t->prod = s->prod;
}

static void lead(step *s)
{
    srnn_cell *c = &s->cell;

    c->ldgate = s->ld[A_GATE];
    c->ldh = s->ld[A_H];
    c->ldm = s->ld[A_M];
    c->ldc = s->ld[A_C];
    c->ldg = s->ld[A_G];
    c->lddc = s->ld[A_DC];
    c->lddp = s->ld[A_DP];
    c->units = s->units;
    c->variant = &s->v;
}

static void fill(step *s, const srnn_variant *v, int backward, int keeps,
                 size_t rows, size_t units)
{
    guard_begin((int)data_below(2));
    *s = (step){.v = *v, .g = lstm_gates_of(v->lstm), .backward = backward,
                .keeps = keeps, .rows = rows, .units = units};
    s->slots = s->g.all * (v->slopes ? 2 : 1);
    s->cell.c_prev = input(s, 1, &s->cell.ldc_prev);
    if (v->lstm & SRNN_LSTM_PEEPHOLES)
        s->cell.peephole = guard_matrix(s->g.peepholes, units, units, 1);
    if (backward)
        fill_backward(s);
    else
        fill_forward(s);
    fill_tile(s, backward ? 1 : s->g.all);
    lead(s);
}

/* ---- comparing ----------------------------------------------------------- */

static est number(const float *a, size_t at)
{
    return exact(a ? a[at] : 0);
}

static est product_at(const step *s, size_t r, size_t gate, size_t u)
{
    const srnn_tile *t = &s->tile;

    return exact(t->prod[(r - t->row) * t->ldprod + gate * t->gate_stride +
                         u - t->unit]);
}

static est gradient_of_h(const step *s, size_t r, size_t u)
{
    const srnn_cell *c = &s->cell;
    const est p = product_at(s, r, 0, u);

    return c->dy && !c->m ? e_add(number(c->dy, r * c->lddy + u), p) : p;
}

static lstm_unit unit_of(const step *s, size_t r, size_t u)
{
    const srnn_cell *c = &s->cell;
    const size_t h = s->units;
    const float *gate = s->before[A_GATE];
    lstm_unit n = {.v = &s->v,
                   .c_prev = number(c->c_prev, r * c->ldc_prev + u)};

    for (int j = 0; j < GATES; j++) {
        const size_t slot = s->g.slot[j], at = r * c->ldgate + slot * h + u;
        const size_t three = lstm_three(j) * h + u;

        if (!s->g.there[j])
            continue;
        if (j != GATE_G) {
            n.q[j] = number(c->q, r * c->ldq + three);
            n.dg[j] = number(c->dg, r * c->lddg + three);
            n.peephole[j] = number(c->peephole, s->g.peephole[j] * h + u);
        }
        if (s->backward) {
            n.y[j] = number(gate, at);
            if (side_of(s, gate[at]))
                oracle_lstm_clipped(&n, j, side_of(s, gate[at]));
            if (s->v.slopes)
                n.slope[j] = number(gate, at + s->g.all * h);
        } else {
            n.x[j] = number(c->x, r * c->ldx + slot * h + u);
            n.p[j] = product_at(s, r, slot, u);
        }
    }
    if (s->backward) {
        n.c = number(s->before[A_C], r * c->ldc + u);
        n.dc = number(s->before[A_DC], r * c->lddc + u);
        n.d = gradient_of_h(s, r, u);
    }
    return n;
}

/* Whether slot of array a is a result, and which. */
static int result(const step *s, const lstm_unit *n, int a, size_t slot,
                  est *want)
{
    const size_t kind = slot / s->g.all;

    if (a == A_GATE)
        for (int j = 0; j < GATES; j++)
            if (s->g.there[j] && s->g.slot[j] == slot % s->g.all) {
                *want = s->backward ? n->da[j] : kind ? n->slope[j] : n->y[j];
                return !s->backward || kind == 0;
            }
    *want = a == A_C ? n->c : a == A_DC ? n->dc : n->m;
    if (a == A_G)
        *want = n->y[slot == 2 ? GATE_O : (int)slot];
    return s->backward ? a == A_DC : a != A_DC;
}

/* Whether a value of slot of array a is a mark, as it must be where the oracle
 * is sure, and only where it may. */
static int is_mark(const step *s, const lstm_unit *n, int a, size_t slot,
                   float kept)
{
    const int side = side_of(s, kept);

    if (!has_marks(s) || s->backward || a != A_GATE)
        return 0;
    for (int j = 0; j < GATES; j++)
        if (s->g.there[j] && s->g.slot[j] == slot)
            CHECK_SAYS(side ? n->beyond[j] == side || n->beyond[j] == 2 * side
                            : abs(n->beyond[j]) != 1,
                       "gate %d: a mark of side %d, the oracle's is %d", j,
                       side, n->beyond[j]);
    return side != 0;
}

static void compare(const step *s, double perturb, worst *seen)
{
    const srnn_tile *t = &s->tile;

    for (size_t r = 0; r < s->rows; r++)
        for (size_t u = 0; u < s->units; u++) {
            lstm_unit n = unit_of(s, r < t->row ? t->row : r,
                                  u < t->unit ? t->unit : u);

            if (s->backward)
                oracle_lstm_bwd(&n);
            else
                oracle_lstm(&n);
            for (int a = 0; a < ARRAYS; a++)
                for (size_t slot = 0; slot * s->units < s->n[a]; slot++) {
                    const size_t at = r * s->ld[a] + slot * s->units + u;
                    est want;

                    if (result(s, &n, a, slot, &want) && r >= t->row &&
                        u >= t->unit) {
                        if (is_mark(s, &n, a, slot, s->array[a][at]))
                            continue;
                        worst_see(seen, s->array[a][at],
                                  want.v + perturb * want.e, want.e, "", r,
                                  at);
                    } else {
                        CHECK(bits_of(s->array[a][at]) ==
                              bits_of(s->before[a][at]));
                    }
                }
        }
    for (int a = 0; a < ARRAYS; a++)
        for (size_t r = 0; s->array[a] && r + 1 < s->rows; r++)
            for (size_t i = s->n[a]; i < s->ld[a]; i++)
                CHECK(bits_of(s->array[a][r * s->ld[a] + i]) == POISON);
}

/* ---- the variants -------------------------------------------------------- */

/* Plain roles and no clips; clips alone; any roles; all. */
static srnn_variant variant_of(unsigned flags, int how)
{
    srnn_variant v = {.lstm = flags};

    for (size_t i = 0; how & 2 && i < 3; i++)
        v.act[i] = phis[data_below(PHIS)].act;
    if (how & 1) {
        v.clip = 0.75f;
        v.cell_clip = 0.5f;
    }
    v.slopes = (v.clip > 0 && data_below(2)) ||
               v.act[0].kind == SRNN_ACT_OWN || v.act[1].kind == SRNN_ACT_OWN;
    return v;
}

static void run(const srnn_kernels *k, const srnn_variant *v, int backward,
                size_t rows, size_t units, double perturb, worst *seen)
{
    step s;

    fill(&s, v, backward, data_below(3) > 0, rows, units);
    k->tile[backward ? SRNN_TILE_LSTM_ANY_BWD : SRNN_TILE_LSTM_ANY](&s.cell,
                                                                    &s.tile);
    compare(&s, perturb, seen);
}

static void variants(const srnn_kernels *k)
{
    const size_t units[] = {1, k->lanes - 1, k->lanes, k->lanes + 1,
                            2 * k->lanes + 3};

    for (unsigned flags = 0; flags < LSTM_FLAGS; flags++)
        for (int how = 0; lstm_makes_sense(flags) && how < 4; how++) {
            worst seen = {0}, moved = {0};
            char what[40];

            for (size_t i = 0; i < 4 * COUNT(units); i++) {
                const srnn_variant v = variant_of(flags, how);

                if (units[i / 4])
                    run(k, &v, i & 1, 1 + data_below(4), units[i / 4], 0,
                        &seen);
            }
            snprintf(what, sizeof what, "lstm %#x, way %d", flags, how);
            worst_end(&seen, what);
            for (int backward = 0; how == 0 && backward < 2; backward++) {
                const srnn_variant v = variant_of(flags, how);

                run(k, &v, backward, 3, 19, 2, &moved);
                CHECK_SAYS(moved.ratio > 1,
                           "%s: an oracle moved by two bounds passed", what);
            }
        }
}

/* ---- the plain variant --------------------------------------------------- */

static void plain(const srnn_kernels *k)
{
    for (int backward = 0; backward < 2; backward++)
        for (size_t units = 1; units < 40; units += 6) {
            const srnn_variant none = {0};
            step s;
            float *mine;
            size_t differing = 0;

            fill(&s, &none, backward, 1, 3, units);
            s.cell.m = NULL;
            if (!backward && !s.cell.h)
                s.cell.h = take(&s, A_H, 1, 0);
            lead(&s);
            k->tile[backward ? SRNN_TILE_LSTM_ANY_BWD : SRNN_TILE_LSTM_ANY](
                &s.cell, &s.tile);
            for (int a = 0; a < ARRAYS; a++) {
                const size_t n =
                    s.array[a] ? (s.rows - 1) * s.ld[a] + s.n[a] : 0;

                mine = guard_reals(n ? n : 1);
                for (size_t i = 0; i < n; i++) {
                    mine[i] = s.array[a][i];
                    s.array[a][i] = s.before[a][i];
                }
                s.before[a] = mine;
            }
            k->tile[backward ? SRNN_TILE_LSTM_BWD : SRNN_TILE_LSTM](&s.cell,
                                                                    &s.tile);
            for (int a = 0; a < ARRAYS; a++)
                if (s.array[a])
                    differing += bits_differing(
                        s.array[a], s.before[a],
                        (s.rows - 1) * s.ld[a] + s.n[a]);
            /* the textbook's sums have no order to keep */
            CHECK_SAYS(!differing || !rung_is_vector(k),
                       "%zu units: %zu values differ from the plain tile's",
                       units, differing);
        }
}

/* ---- the projection ------------------------------------------------------ */

static est projected(const step *s, size_t r, size_t u)
{
    const srnn_cell *c = &s->cell;
    const float limit = (float)s->v.projection_clip;
    est d;

    if (!s->backward)
        return oracle_clip(product_at(s, r, 0, u), limit);
    d = gradient_of_h(s, r, u);
    return limit > 0 && fabsf(c->h[r * c->ldh + u]) >= limit ? exact(0) : d;
}

static void project(const srnn_kernels *k, int backward, float limit,
                    size_t units, worst *seen)
{
    const int to = backward ? A_DP : A_H;
    step s = {.v = {.projection_clip = limit}, .backward = backward,
              .rows = 3, .units = units};

    guard_begin((int)data_below(2));
    s.cell.h = take(&s, A_H, 1, backward);
    if (backward) {
        at_limits(&s, A_H, limit);
        s.cell.dp = take(&s, A_DP, 1, 1);
        s.cell.lddy = s.ld[A_DP];
        s.cell.dy = data_below(2) ? s.cell.dp : NULL;
    }
    fill_tile(&s, 1);
    lead(&s);
    k->tile[backward ? SRNN_TILE_PROJECT_BWD : SRNN_TILE_PROJECT](&s.cell,
                                                                  &s.tile);
    s.cell.dy = s.cell.dy ? s.before[A_DP] : NULL;
    for (size_t r = 0; r < s.rows; r++)
        for (size_t u = 0; u < units; u++) {
            const size_t at = r * s.ld[to] + u;
            est want;

            if (r < s.tile.row || u < s.tile.unit) {
                CHECK(bits_of(s.array[to][at]) == bits_of(s.before[to][at]));
                continue;
            }
            want = projected(&s, r, u);
            worst_see(seen, s.array[to][at], want.v, want.e, "", r, u);
        }
}

static void projections(const srnn_kernels *k)
{
    for (int backward = 0; backward < 2; backward++)
        for (int clip = 0; clip < 2; clip++) {
            worst seen = {0};

            for (size_t units = 1; units < 40; units += 3)
                project(k, backward, clip ? 0.5f : 0, units, &seen);
            worst_end(&seen, backward ? "project_bwd" : "project");
        }
}

/* ---- the diagonal's gradient --------------------------------------------- */

/* A chain over links: steps falling, rows rising; swapped: two of them not. */
static float diagonal_chain(const srnn_links *l, const float *a, const float *b,
                            size_t m, size_t i, float start, int swapped)
{
    float sum = start;

    for (size_t s = 0; s < l->count; s++) {
        const size_t at = swapped && s < 2 ? 1 - s : s;

        sum = fmaf(a[l->a[at] * m + i], b[l->b[at] * m + i], sum);
    }
    return sum;
}

static void diagonals(const srnn_kernels *k)
{
    enum { STEPS = 7, BATCH = 3, MOST = 150 };
    const srnn_links *links = even_links(STEPS, BATCH);
    size_t control = 0;
    worst seen = {0};

    for (size_t m = 1; m <= MOST; m += m < 40 ? 1 : 37) {
        float *a, *b, *start, *d;

        guard_begin((int)(m & 1));
        a = guard_matrix(STEPS * BATCH, m, m, 1);
        b = guard_matrix(STEPS * BATCH, m, m, 1);
        start = guard_matrix(1, m, m, 1);
        d = guard_reals(m);
        memcpy(d, start, m * sizeof *d);
        k->diagonal_grad(m, links, a, m, b, m, d);
        for (size_t i = 0; i < m; i++) {
            const float want =
                diagonal_chain(links, a, b, m, i, start[i], 0);
            const est sum = e_chain(exact(start[i]), STEPS * BATCH, a + i, m,
                                    b + i, m);

            worst_see(&seen, d[i], sum.v, sum.e, "diagonal", m, i);
            CHECK_SAYS(!rung_is_vector(k) || bits_of(d[i]) == bits_of(want),
                       "m %zu: not the chain as stated at %zu", m, i);
            control += bits_of(want) !=
                       bits_of(diagonal_chain(links, a, b, m, i, start[i], 1));
        }
    }
    worst_end(&seen, "diagonal_grad");
    CHECK_SAYS(control > 20, "control: two links swapped must show");
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"lstm/variants", variants, NULL},
        {"lstm/plain", plain, NULL},
        {"lstm/projection", projections, NULL},
        {"lstm/diagonal", diagonals, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}
