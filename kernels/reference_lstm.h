/* The LSTM in all its variants, and the projection, as a textbook writes them,
 * for reference.c: every gate has its formula, and one that is not there is 1
 * (coupled: f = 1 - i). */

/* Gates by name; what is kept of one that is there lies in slot[]. */
enum { GATE_I, GATE_F, GATE_G, GATE_O, GATES };

typedef struct lstm_form {
    int there[GATES];
    size_t slot[GATES], peephole[GATES], three[GATES], gates;
} lstm_form;

static lstm_form lstm_form_of(const srnn_variant *v)
{
    const unsigned no_f = SRNN_LSTM_NO_FORGET_GATE | SRNN_LSTM_COUPLED;
    lstm_form s = {.there = {!(v->lstm & SRNN_LSTM_NO_INPUT_GATE),
                             !(v->lstm & no_f), 1,
                             !(v->lstm & SRNN_LSTM_NO_OUTPUT_GATE)},
                   .three = {0, 1, 0, 2}};
    size_t peepholes = 0;

    for (int j = 0; j < GATES; j++) {
        s.slot[j] = s.gates;
        s.peephole[j] = peepholes;
        s.gates += (size_t)s.there[j];
        peepholes += s.there[j] && j != GATE_G;
    }
    return s;
}

static int lstm_has(const srnn_cell *k, unsigned flag)
{
    return (k->variant->lstm & flag) != 0;
}

static float clip_of(float x, float limit)
{
    return limit > 0 && x > limit ? limit : limit > 0 && x < -limit ? -limit
                                                                    : x;
}

static float peephole_of(const srnn_cell *k, const lstm_form *s, int j,
                         size_t u)
{
    return s->there[j] && lstm_has(k, SRNN_LSTM_PEEPHOLES)
               ? k->peephole[s->peephole[j] * k->units + u]
               : 0;
}

/* phi and, where slope is not NULL, its slope; f as a gate's or as tanh. */
static float phi_of(const srnn_activation *f, int gate, float x, float *slope)
{
    srnn_activation phi = *f;
    float y;

    if (phi.kind == SRNN_ACT_OWN) {
        phi.own(phi.data, 1, &x, &y, slope);
        return y;
    }
    if (phi.kind == SRNN_ACT_DEFAULT)
        phi.kind = gate ? SRNN_ACT_SIGMOID : SRNN_ACT_TANH;
    y = act_of(&phi, x);
    if (slope)
        *slope = slope_of(&phi, y);
    return y;
}

/* Without slots for slopes, what is kept of a gate whose pre-activation was
 * clipped: bits of subnormal numbers. */
enum { MARK_HIGH = 1, MARK_LOW = 2 };

static void keep_gate(float *to, float y, float a, float limit)
{
    const uint32_t mark = a > 0 ? MARK_HIGH : MARK_LOW;

    *to = y;
    if (limit > 0 && fabsf(a) > limit)
        memcpy(to, &mark, sizeof mark);
}

/* Whether a gate was clipped; then *y is what phi made of the limit. */
static int take_gate(const srnn_variant *v, const srnn_activation *f, int gate,
                     float *y)
{
    uint32_t mark;

    memcpy(&mark, y, sizeof mark);
    if (!(v->clip > 0) || v->slopes ||
        (mark != MARK_HIGH && mark != MARK_LOW))
        return 0;
    *y = phi_of(f, gate, mark == MARK_HIGH ? v->clip : -v->clip, NULL);
    return 1;
}

/* Gate j, looking at c. */
static float lstm_gate(const srnn_cell *k, const srnn_tile *t,
                       const lstm_form *s, int j, float c, size_t r, size_t u)
{
    const srnn_variant *v = k->variant;
    const size_t slot = s->slot[j], three = s->three[j] * k->units + u;
    float a, y, slope;

    if (!s->there[j])
        return 1;
    a = x_at(k, r, slot, u) + prod_at(t, r, slot, u);
    if (j != GATE_G) {
        if (lstm_has(k, SRNN_LSTM_FULL_RECURRENCE))
            a += k->q[r * k->ldq + three];
        a += peephole_of(k, s, j, u) * c;
    }
    y = phi_of(&v->act[j == GATE_G], j != GATE_G, clip_of(a, v->clip), &slope);
    if (j != GATE_G && lstm_has(k, SRNN_LSTM_FULL_RECURRENCE))
        k->g[r * k->ldg + three] = y;
    if (k->gate)
        keep_gate(gate_at(k, r, slot, u), y, a, v->slopes ? 0 : v->clip);
    if (k->gate && v->slopes)
        *gate_at(k, r, s->gates + slot, u) =
            v->clip > 0 && fabsf(a) > v->clip ? 0 : slope;
    return y;
}

static void lstm_any(const srnn_cell *k, const srnn_tile *t)
{
    const lstm_form s = lstm_form_of(k->variant);

    FOR_TILE(t, r, u)
    {
        float c = k->c_prev[r * k->ldc_prev + u];
        float i = lstm_gate(k, t, &s, GATE_I, c, r, u);
        float f = lstm_gate(k, t, &s, GATE_F, c, r, u);
        float g = lstm_gate(k, t, &s, GATE_G, 0, r, u);
        float m;

        if (lstm_has(k, SRNN_LSTM_COUPLED))
            f = 1 - i;
        c = clip_of(f * c + i * g, k->variant->cell_clip);
        m = lstm_gate(k, t, &s, GATE_O, c, r, u) *
            phi_of(&k->variant->act[2], 0, c, NULL);
        k->c[r * k->ldc + u] = c;
        if (k->m)
            k->m[r * k->ldm + u] = m;
        else
            k->h[r * k->ldh + u] = m;
    }
}

static float lstm_kept(const srnn_cell *k, const lstm_form *s, int j, size_t r,
                       size_t u)
{
    float y = 1;

    if (s->there[j]) {
        y = *gate_at(k, r, s->slot[j], u);
        take_gate(k->variant, &k->variant->act[j == GATE_G], j != GATE_G, &y);
    }
    return y;
}

/* The gradient of gate j's pre-activation from that of its value, left in its
 * slot; 0 where there is no gate. */
static float lstm_gate_bwd(const srnn_cell *k, const lstm_form *s, int j,
                           float d, size_t r, size_t u)
{
    srnn_activation f = k->variant->act[j == GATE_G];
    float *y, slope;

    if (!s->there[j])
        return 0;
    y = gate_at(k, r, s->slot[j], u);
    if (f.kind == SRNN_ACT_DEFAULT)
        f.kind = j == GATE_G ? SRNN_ACT_TANH : SRNN_ACT_SIGMOID;
    if (k->variant->slopes)
        slope = *gate_at(k, r, s->gates + s->slot[j], u);
    else
        slope = take_gate(k->variant, &f, j != GATE_G, y) ? 0
                                                          : slope_of(&f, *y);
    if (j != GATE_G && lstm_has(k, SRNN_LSTM_FULL_RECURRENCE))
        d += k->dg[r * k->lddg + s->three[j] * k->units + u];
    return *y = d * slope;
}

static void lstm_any_bwd(const srnn_cell *k, const srnn_tile *t)
{
    const lstm_form s = lstm_form_of(k->variant);
    const float limit = k->variant->cell_clip;

    FOR_TILE(t, r, u)
    {
        float c = k->c[r * k->ldc + u], old = k->c_prev[r * k->ldc_prev + u];
        float i = lstm_kept(k, &s, GATE_I, r, u);
        float f = lstm_kept(k, &s, GATE_F, r, u);
        float g = lstm_kept(k, &s, GATE_G, r, u);
        float o = lstm_kept(k, &s, GATE_O, r, u);
        float d = k->m ? prod_at(t, r, 0, u) : dh_at(k, t, r, u);
        float slope, y = phi_of(&k->variant->act[2], 0, c, &slope);
        float *dc = &k->dc[r * k->lddc + u], da_o, da_i, da_f, by_i = g;

        da_o = lstm_gate_bwd(k, &s, GATE_O, d * y, r, u);
        *dc += d * o * slope;
        *dc += peephole_of(k, &s, GATE_O, u) * da_o;
        if (limit > 0 && fabsf(c) >= limit)
            *dc = 0;
        if (lstm_has(k, SRNN_LSTM_COUPLED)) {
            f = 1 - i;
            by_i = g - old;
        }
        da_i = lstm_gate_bwd(k, &s, GATE_I, *dc * by_i, r, u);
        da_f = lstm_gate_bwd(k, &s, GATE_F, *dc * old, r, u);
        lstm_gate_bwd(k, &s, GATE_G, *dc * i, r, u);
        *dc = 0 + *dc * f; /* never -0 */
        *dc += peephole_of(k, &s, GATE_I, u) * da_i;
        *dc += peephole_of(k, &s, GATE_F, u) * da_f;
    }
}

static void project(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
        k->h[r * k->ldh + u] =
            clip_of(prod_at(t, r, 0, u), k->variant->projection_clip);
}

static void project_bwd(const srnn_cell *k, const srnn_tile *t)
{
    const float limit = k->variant->projection_clip;

    FOR_TILE(t, r, u)
    {
        float d = dh_at(k, t, r, u);

        k->dp[r * k->lddp + u] =
            limit > 0 && fabsf(k->h[r * k->ldh + u]) >= limit ? 0 : d;
    }
}
