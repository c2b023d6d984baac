/* What the variants of the LSTM have in common, forward and backward: which
 * gates there are, what a clipped one leaves, activations. simdrnn/tiles.h
 * states each formula at SRNN_TILE_LIST; a is a pre-activation, da its
 * gradient. */

/* Where a gate that is there lies: its slot, its column of the product, its row
 * of the peepholes. */
typedef struct lstm_form {
    int i, f, o;    /* are there */
    size_t of_g, of_o, gates;
    int coupled, peep, full;
} lstm_form;

INLINE lstm_form lstm_form_of(const srnn_variant *v)
{
    lstm_form s;

    s.coupled = !!(v->lstm & SRNN_LSTM_COUPLED);
    s.i = !(v->lstm & SRNN_LSTM_NO_INPUT_GATE);
    s.f = !(v->lstm & SRNN_LSTM_NO_FORGET_GATE) && !s.coupled;
    s.o = !(v->lstm & SRNN_LSTM_NO_OUTPUT_GATE);
    s.of_g = (size_t)(s.i + s.f);
    s.of_o = s.of_g + 1;
    s.gates = s.of_o + (size_t)s.o;
    s.peep = !!(v->lstm & SRNN_LSTM_PEEPHOLES);
    s.full = !!(v->lstm & SRNN_LSTM_FULL_RECURRENCE);
    return s;
}

/* What the functions below have in common: a vector of units of one row, the
 * tile's, or that of a part of it (body_any.h). */
typedef struct lstm_at {
    const srnn_cell *k;
    const srnn_tile *t;
    lstm_form s;
    int plain, marks; /* lstm_is_plain, lstm_marks: constants */
    int staged[3];    /* roles whose activations take a part at once */
    struct lstm_part *part;
    size_t r, u, n;
} lstm_at;

/* By gate, whether there or not. */
enum { LSTM_I, LSTM_F, LSTM_G, LSTM_O, LSTM_GATES };

/* A part of a tile, gate by gate; `out` of act[2]. */
typedef struct lstm_part {
    srnn_real a[LSTM_GATES * PART], y[LSTM_GATES * PART];
    srnn_real slope[LSTM_GATES * PART], out[PART], out_slope[PART];
} lstm_part;

INLINE size_t lstm_slot_of(const lstm_form *s, size_t gate)
{
    return gate == LSTM_I   ? 0
           : gate == LSTM_F ? (size_t)s->i
           : gate == LSTM_G ? s->of_g
                            : s->of_o;
}

INLINE int lstm_has(const lstm_form *s, size_t gate)
{
    return gate == LSTM_I   ? s->i
           : gate == LSTM_F ? s->f
           : gate == LSTM_O ? s->o
                            : 1;
}

/* Gate i, f, o in q, g or dg. */
INLINE size_t lstm_of_three(const lstm_at *l, size_t gate, size_t ld)
{
    const size_t j = gate == LSTM_O ? 2 : gate;

    return at(l->t, l->r, l->u, ld) + j * l->k->units;
}

/* That of i, f, o. */
INLINE vr lstm_peephole(const lstm_at *l, size_t gate)
{
    const size_t row = gate == LSTM_O ? l->s.of_g
                                      : lstm_slot_of(&l->s, gate);

    return v_load_n(l->k->peephole + row * l->k->units + l->t->unit + l->u,
                    l->n);
}

/* d, but 0 where |x| is beyond the limit (or, reached: at it). */
INLINE vr v_unless_beyond(vr d, vr x, srnn_real limit)
{
    return v_select(v_lt(v_set1(limit), v_abs(x)), v_zero(), d);
}

INLINE vr v_unless_at(vr d, vr x, srnn_real limit)
{
    const vm inside = v_lt(v_abs(x), v_set1(limit));

    return v_select(inside, d, v_select(v_nan(x), d, v_zero()));
}

/* ---- what a clipped gate leaves ------------------------------------------ */

/* Without slots for slopes, a gate whose pre-activation was clipped is kept as
 * one of two marks, which no gate is: nothing more is needed to know its value
 * and that its slope is 0. */
#ifdef VEC_LIBM

INLINE vr v_mark(vr y, vr a, srnn_real limit)
{
    return fabs(a) > limit ? copysign(INFINITY, a) : y;
}

INLINE vm v_marked(vr y) { return isinf(y) != 0; }
INLINE vm v_marked_high(vr y) { return isinf(y) && y > 0; }

#else

enum { MARK_HIGH = 1, MARK_LOW = 2 }; /* bits of subnormal numbers */

INLINE vr v_mark(vr y, vr a, srnn_real limit)
{
    const vr high = v_from_bits(vi_set1(MARK_HIGH));
    const vr low = v_from_bits(vi_set1(MARK_LOW));

    y = v_select(v_lt(v_set1(limit), a), high, y);
    return v_select(v_lt(a, v_set1(-limit)), low, y);
}

/* The least of all integers, and the next, once this is added. */
INLINE vi vi_marks_first(vr y)
{
    return vi_add(v_bits(y), vi_set1(INT32_MAX));
}

INLINE vm v_marked(vr y)
{
    return vi_lt(vi_marks_first(y), vi_set1(INT32_MIN + MARK_LOW));
}

INLINE vm v_marked_high(vr y)
{
    return vi_lt(vi_marks_first(y), vi_set1(INT32_MIN + MARK_HIGH));
}

#endif

/* ---- activations --------------------------------------------------------- */

INLINE int lstm_role(size_t gate)
{
    return gate == LSTM_G;
}

/* An activation; the plain cell's by its name. */
INLINE srnn_activation lstm_act(const srnn_variant *v, int role)
{
    srnn_activation f = v->act[role];

    if (f.kind == SRNN_ACT_DEFAULT)
        f.kind = role ? SRNN_ACT_TANH : SRNN_ACT_SIGMOID;
    return f;
}

/* The plain cell's in a role. */
INLINE int lstm_role_plain(const srnn_variant *v, int role)
{
    return lstm_act(v, role).kind ==
           (role ? SRNN_ACT_TANH : SRNN_ACT_SIGMOID);
}

/* In all, and no slopes are kept. */
static int lstm_is_plain(const srnn_variant *v)
{
    return lstm_role_plain(v, 0) && lstm_role_plain(v, 1) &&
           lstm_role_plain(v, 2) && !v->slopes;
}

INLINE int lstm_marks(const srnn_variant *v)
{
    return v->clip > 0 && !v->slopes;
}

/* With a part a caller's own activations are staged: a vector at a time they
 * would wait for what they have just written. */
INLINE lstm_at lstm_begin(const srnn_cell *k, const srnn_tile *t,
                          const int plain, const int marks, lstm_part *part)
{
    lstm_at l = {.k = k, .t = t, .s = lstm_form_of(k->variant),
                 .plain = plain, .marks = marks, .part = part};

    UNROLL for (int role = 0; role < 3; role++)
        l.staged[role] = part && role_is_own(k, role);
    return l;
}

/* Where a vector of a gate is staged. */
INLINE srnn_real *lstm_stage(const lstm_at *l, srnn_real *x, size_t gate)
{
    return x + gate * l->t->rows * l->t->units + in_part(l->t, l->r, l->u);
}

INLINE vr lstm_staged(const lstm_at *l, srnn_real *x, size_t gate)
{
    return v_load_n(lstm_stage(l, x, gate), l->n);
}

INLINE vr lstm_vector_phi(const lstm_at *l, int role, vr x)
{
    if (l->plain || lstm_role_plain(l->k->variant, role))
        return role ? v_tanh(x) : v_sigmoid(x);
    return v_act(&l->k->variant->act[role], x);
}

INLINE vr lstm_vector_slope(const lstm_at *l, int role, vr y)
{
    if (l->plain || lstm_role_plain(l->k->variant, role))
        return role ? dtanh(y) : dsigmoid(y);
    return v_act_slope(&l->k->variant->act[role], y);
}

#define FOR_LSTM(l) \
    for ((l)->r = 0; (l)->r < (l)->t->rows; (l)->r++) \
        for ((l)->u = 0, (l)->n = (l)->t->units; (l)->u < (l)->t->units; \
             (l)->u += VEC_LANES, (l)->n = (l)->t->units - (l)->u)
