/* Products over panels: the walk over panels (outer) and blocks of rows
 * (inner), full k at a time. A tile goes to memory, or through a scratch that
 * stays in L1 to the elementwise function of a cell. */

/* The parts of the walk are inlined into it: for a row of a small cell their
 * calls would cost more than its arithmetic. */

/* A panel, or a pair of them, as the walk meets it. */
typedef struct stop {
    size_t unit, units; /* first unit, how many are real */
    size_t panels;      /* 1 or 2 */
    size_t per_gate;    /* vector columns of each gate, in each panel */
    size_t columns;     /* of each panel */
    size_t gate_stride; /* in the tile's scratch */
    int whole;          /* no padded unit in it */
} stop;

INLINE stop stop_at(const srnn_panels *w, size_t rows, size_t unit, size_t end)
{
    const size_t granule = panel_units(w->gates);
    const size_t per_gate = gate_columns(w, unit);
    stop s = {.unit = unit,
              .units = min_size(end - unit, granule),
              .panels = 1,
              .per_gate = per_gate,
              .columns = per_gate * w->gates,
              .gate_stride = per_gate * VEC_LANES};

    if (rows == 1 && s.columns >= 3 && s.gate_stride == granule &&
        end - unit > granule &&
        gate_columns(w, unit + granule) == per_gate) {
        s.panels = 2;
        s.gate_stride *= 2;
        s.units = min_size(end - unit, 2 * granule);
    }
    s.whole = s.units == s.gate_stride;
    return s;
}

/* Fills the offsets of the columns: gate g of the tile begins at g * stride,
 * a second panel follows the first within each gate. */
INLINE void offsets(const srnn_panels *w, const stop *s, size_t stride,
                    size_t *at)
{
    size_t p, g, i;

    for (p = 0; p < s->panels; p++)
        for (g = 0; g < w->gates; g++)
            for (i = 0; i < s->per_gate; i++)
                *at++ = g * stride + (p * s->per_gate + i) * VEC_LANES;
}

#define SCRATCH_REALS (VEC_ROWS_MAX * PANEL_REALS)

/* Copies gates x units reals of each row between the caller's layout, where a
 * gate begins every `units` of the matrix, and the padded scratch. */
static void stage_in(const srnn_panels *w, const stop *s, size_t rows,
                     const srnn_real *from, size_t ld, srnn_real *scratch)
{
    size_t r, g, u, row = w->gates * s->gate_stride;

    for (r = 0; r < rows; r++)
        for (g = 0; g < w->gates; g++)
            for (u = 0; u < s->gate_stride; u += VEC_LANES)
                v_store(scratch + r * row + g * s->gate_stride + u,
                        v_load_n(from + r * ld + g * w->units + u,
                                 u < s->units ? s->units - u : 0));
}

static void stage_out(const srnn_panels *w, const stop *s, size_t rows,
                      const srnn_real *scratch, srnn_real *to, size_t ld)
{
    size_t r, g, u, row = w->gates * s->gate_stride;

    for (r = 0; r < rows; r++)
        for (g = 0; g < w->gates; g++)
            for (u = 0; u < s->units; u += VEC_LANES)
                v_store_n(to + r * ld + g * w->units + u,
                          v_load(scratch + r * row + g * s->gate_stride + u),
                          s->units - u);
}

/* Rows are cut into blocks of nearly the same size, none above the tile: how
 * many the next block takes of those left. */
static size_t block_rows(size_t left, size_t columns)
{
    const size_t most = rows_at_most(columns);
    const size_t blocks = left > most ? (left + most - 1) / most : 1;

    return blocks == 1 ? left : (left + blocks - 1) / blocks;
}

/* What is done with a tile, and where its chains start. */
typedef struct walk {
    const srnn_panels *w;
    const srnn_rows *a;
    size_t rows;
    const srnn_real *init; /* row 0, unit 0; NULL: zero */
    size_t ldinit;         /* 0: the same for every row */
    srnn_real *out;        /* NULL: fn takes the tiles */
    size_t ldout;
    srnn_tile_fn *fn;
    const srnn_cell *cell;
} walk;

/* Panels are staged where their units end within a vector: what they start
 * from comes through a padded copy. Whole ones can go straight to memory. */
static int staged(const walk *k, const stop *s)
{
    return k->init && !s->whole;
}

static int direct(const walk *k, const stop *s)
{
    return k->out && s->whole;
}

/* What is the same for panels of one form. */
INLINE void begin_form(const walk *k, const stop *s, micro *m)
{
    const srnn_panels *w = k->w;
    const size_t row = w->gates * s->gate_stride;
    size_t i;

    m->init = NULL;
    offsets(w, s, staged(k, s) ? s->gate_stride : w->units, m->from);
    offsets(w, s, direct(k, s) ? w->units : s->gate_stride, m->to);
    m->ldout = direct(k, s) ? k->ldout : row;
    m->ldinit = staged(k, s) && k->ldinit ? row : k->ldinit;
    for (i = 0; i < 2; i++) {
        m->k[i] = k->a->k[i];
        m->lda[i] = k->a->lda[i];
    }
}

INLINE void walk_panel(const walk *k, const stop *s, micro *m)
{
    srnn_real scratch[SCRATCH_REALS], padded[SCRATCH_REALS];
    const srnn_panels *w = k->w;
    const size_t row = w->gates * s->gate_stride;
    size_t r0, i, rows;

    m->w[0] = panel_at(w, s->unit);
    if (s->panels == 2)
        m->w[1] = panel_at(w, s->unit + panel_units(w->gates));
    if (staged(k, s) && !k->ldinit)
        stage_in(w, s, 1, k->init + s->unit, 0, padded);
    for (r0 = 0; r0 < k->rows; r0 += rows) {
        rows = block_rows(k->rows - r0, s->columns);
        for (i = 0; i < 2; i++)
            m->a[i] = m->k[i] ? k->a->a[i] + r0 * k->a->lda[i] : NULL;
        if (staged(k, s) && k->ldinit)
            stage_in(w, s, rows, k->init + r0 * k->ldinit + s->unit,
                     k->ldinit, padded);
        if (k->init)
            m->init = staged(k, s) ? padded
                                   : k->init + r0 * k->ldinit + s->unit;
        m->out = direct(k, s) ? k->out + r0 * k->ldout + s->unit : scratch;
        if (s->panels == 2)
            micro_pair(s->columns, m);
        else
            micro_plain(rows, s->columns, m);
        if (k->fn) {
            const srnn_tile t = {r0,      rows, s->unit,       s->units,
                                 scratch, row,  s->gate_stride};

            k->fn(k->cell, &t);
        } else if (!direct(k, s)) {
            stage_out(w, s, rows, scratch, k->out + r0 * k->ldout + s->unit,
                      k->ldout);
        }
    }
}

/* The stop after (flip: before) those done: of units [*from, *to). */
INLINE int next_stop(const walk *k, size_t *from, size_t *to, int flip,
                     stop *s)
{
    const size_t granule = panel_units(k->w->gates);
    const size_t left = *to - *from;
    size_t at = *from;

    if (left == 0)
        return 0;
    if (flip && left > granule) {
        at += (left - 1) / granule * granule - granule;
        *s = stop_at(k->w, k->rows, at, *to);
        at += s->panels == 1 ? granule : 0;
    }
    *s = stop_at(k->w, k->rows, at, *to);
    if (flip)
        *to = at;
    else
        *from = min_size(at + s->panels * granule, *to);
    return 1;
}

static void walk_panels(const walk *k, size_t from, size_t to, int flip)
{
    stop s, form = {0};
    micro m;

    while (k->rows && next_stop(k, &from, &to, flip, &s)) {
        if (s.panels != form.panels || s.columns != form.columns ||
            s.whole != form.whole)
            begin_form(k, &s, &m);
        form = s;
        walk_panel(k, &s, &m);
    }
}

static void product(const srnn_panels *w, size_t rows, const srnn_rows *a,
                    srnn_start start, const srnn_real *bias, srnn_real *c,
                    size_t ldc, size_t unit0, size_t unit1)
{
    walk k = {.w = w, .a = a, .rows = rows, .out = c, .ldout = ldc};

    if (start == SRNN_START_BIAS)
        k.init = bias;
    if (start == SRNN_START_VALUE) {
        k.init = c;
        k.ldinit = ldc;
    }
    walk_panels(&k, unit0, unit1, 0);
}

static void step(const srnn_panels *w, size_t rows, const srnn_rows *a,
                 srnn_start start, const srnn_real *bias, srnn_tile_fn *fn,
                 const srnn_cell *cell, size_t unit0, size_t unit1, int flip)
{
    walk k = {.w = w, .a = a, .rows = rows, .fn = fn, .cell = cell};

    if (start == SRNN_START_BIAS)
        k.init = bias;
    if (start == SRNN_START_VALUE) {
        k.init = cell->dh;
        k.ldinit = cell->lddh;
    }
    walk_panels(&k, unit0, unit1, flip);
}
