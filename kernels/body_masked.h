/* Zoneout and dropout of h around a cell's own elementwise function, which sees
 * the tile in pieces that fit the stack when what it takes must be changed
 * first. simdrnn/tiles.h states the formulas at srnn_masked_kind. */

#define PIECE_ROWS 8
#define PIECE_UNITS 64

INLINE vr load_at(const srnn_real *x, size_t ld, const srnn_tile *t, size_t r,
                  size_t u, size_t n)
{
    return v_load_n(x + at(t, r, u, ld), n);
}

INLINE void store_at(srnn_real *x, size_t ld, const srnn_tile *t, size_t r,
                     size_t u, size_t n, vr v)
{
    v_store_n(x + at(t, r, u, ld), v, n);
}

INLINE vr rest_of(vr m)
{
    return v_sub(v_set1(1), m);
}

/* m before + (1 - m) after; a mask of 0 and 1 passes either on exactly. */
INLINE vr zone(vr m, vr before, vr after)
{
    return v_fma(m, before, v_mul(rest_of(m), after));
}

/* What the masks make of the states of the own function. By value, as further
 * down: nothing that is stored can change what is read of the three. */
INLINE void masked_states(const srnn_cell k, const srnn_masking m,
                          const srnn_tile t)
{
    FOR_TILE((&t), r, u, n)
    {
        vr h = load_at(k.h, k.ldh, &t, r, u, n);

        if (m.zone_c)
            store_at(k.c, k.ldc, &t, r, u, n,
                     zone(load_at(m.zone_c, m.ldzone, &t, r, u, n),
                          load_at(k.c_prev, k.ldc_prev, &t, r, u, n),
                          load_at(m.c_own, m.ldc_own, &t, r, u, n)));
        if (m.zone_h) {
            h = zone(load_at(m.zone_h, m.ldzone, &t, r, u, n),
                     load_at(k.h_prev, k.ldh_prev, &t, r, u, n), h);
            store_at(k.h, k.ldh, &t, r, u, n, h);
        }
        if (m.drop)
            store_at(m.dropped, m.lddropped, &t, r, u, n,
                     v_mul(h, load_at(m.drop, m.lddrop, &t, r, u, n)));
    }
}

static void masked(const srnn_cell *k, const srnn_tile *t)
{
    const srnn_masking *m = k->masking;
    srnn_cell own = *k;

    if (m->zone_c) {
        own.c = m->c_own;
        own.ldc = m->ldc_own;
    }
    m->own(&own, t);
    masked_states(*k, *m, *t);
}

/* ---- backward: piece by piece ------------------------------------------- */

/* A piece of a tile, and what passes beside its cell's own function. */
typedef struct piece {
    srnn_tile t;
    srnn_real prod[PIECE_ROWS * PIECE_UNITS];
    srnn_real h[PIECE_ROWS * PIECE_UNITS], c[PIECE_ROWS * PIECE_UNITS];
} piece;

INLINE size_t piece_at(size_t r, size_t u)
{
    return r * PIECE_UNITS + u;
}

typedef void piece_fn(const srnn_cell *k, piece *p);

static void by_pieces(const srnn_cell *k, const srnn_tile *t, piece_fn *fn)
{
    size_t r, u;
    piece p;

    for (r = 0; r < t->rows; r += PIECE_ROWS)
        for (u = 0; u < t->units; u += PIECE_UNITS) {
            p.t = *t;
            p.t.row += r;
            p.t.unit += u;
            p.t.rows = min_size(t->rows - r, PIECE_ROWS);
            p.t.units = min_size(t->units - u, PIECE_UNITS);
            p.t.prod += r * t->ldprod + u;
            fn(k, &p);
        }
}

/* The own function, with what the piece holds as product. */
static void call_own(const srnn_cell *own, const piece *p)
{
    srnn_tile t = p->t;

    t.prod = p->prod;
    t.ldprod = PIECE_UNITS;
    own->masking->own(own, &t);
}

/* d goes in part to the own function, in part past it, and so does dc. */
INLINE void split_gradients(const srnn_cell k, const srnn_masking m,
                            const srnn_tile t, piece *p)
{
    FOR_TILE((&t), r, u, n)
    {
        const size_t i = piece_at(r, u);
        vr d = prod_at(&t, r, 0, u, n);

        if (m.drop && !m.last)
            d = v_fma(d, load_at(m.drop, m.lddrop, &t, r, u, n),
                      load_at(k.dh, k.lddh, &t, r, u, n));
        if (k.dy)
            d = v_add(load_at(k.dy, k.lddy, &t, r, u, n), d);
        if (m.zone_h) {
            vr z = load_at(m.zone_h, m.ldzone, &t, r, u, n);

            v_store_n(p->h + i, v_mul(z, d), n);
            d = v_mul(rest_of(z), d);
        }
        v_store_n(p->prod + i, d, n);
        if (m.zone_c) {
            vr z = load_at(m.zone_c, m.ldzone, &t, r, u, n);
            vr dc = load_at(k.dc, k.lddc, &t, r, u, n);

            v_store_n(p->c + i, v_mul(z, dc), n);
            store_at(k.dc, k.lddc, &t, r, u, n, v_mul(rest_of(z), dc));
        }
    }
}

INLINE void join_gradients(const srnn_cell k, const srnn_masking m,
                           const srnn_tile t, piece *p)
{
    FOR_TILE((&t), r, u, n)
    {
        const size_t i = piece_at(r, u);
        vr dh = m.adds ? load_at(k.dh, k.lddh, &t, r, u, n) : v_zero();

        if (m.zone_h)
            dh = v_add(v_load_n(p->h + i, n), dh);
        if (m.zone_h || m.drop)
            store_at(k.dh, k.lddh, &t, r, u, n, dh);
        if (m.zone_c)
            store_at(k.dc, k.lddc, &t, r, u, n,
                     v_add(v_load_n(p->c + i, n),
                           load_at(k.dc, k.lddc, &t, r, u, n)));
    }
}

static void backward_piece(const srnn_cell *k, piece *p)
{
    srnn_cell own = *k;

    own.dy = NULL;
    if (k->masking->zone_c) {
        own.c = k->masking->c_own;
        own.ldc = k->masking->ldc_own;
    }
    split_gradients(*k, *k->masking, p->t, p);
    call_own(&own, p);
    join_gradients(*k, *k->masking, p->t, p);
}

static void masked_bwd(const srnn_cell *k, const srnn_tile *t)
{
    by_pieces(k, t, backward_piece);
}

static void masked_state(const srnn_cell *k, const srnn_tile *t)
{
    const srnn_masking *m = k->masking;

    FOR_TILE(t, r, u, n)
    {
        store_at(k->dh, k->lddh, t, r, u, n,
                 v_fma(prod_at(t, r, 0, u, n),
                       load_at(m->drop, m->lddrop, t, r, u, n),
                       load_at(k->dh, k->lddh, t, r, u, n)));
    }
}

/* ---- the reset of GRU_BEFORE -------------------------------------------- */

static void masked_reset(const srnn_cell *k, const srnn_tile *t)
{
    const srnn_masking *m = k->masking;

    m->own(k, t);
    FOR_TILE(t, r, u, n)
    {
        srnn_real *product = k->work + at(t, r, u, k->ldwork) + k->units;
        vr x = v_mul(v_load_n(product, n),
                     load_at(m->drop, m->lddrop, t, r, u, n));

        v_store_n(product, x, n);
        if (k->gate)
            keep(k, t, r, 3, u, n, x);
    }
}

static void reset_piece(const srnn_cell *k, piece *p)
{
    const srnn_masking *m = k->masking;
    const srnn_tile *t = &p->t;

    FOR_TILE(t, r, u, n)
    {
        v_store_n(p->prod + piece_at(r, u),
                  v_mul(prod_at(t, r, 0, u, n),
                        load_at(m->drop, m->lddrop, t, r, u, n)),
                  n);
    }
    call_own(k, p);
}

static void masked_reset_bwd(const srnn_cell *k, const srnn_tile *t)
{
    by_pieces(k, t, reset_piece);
}
