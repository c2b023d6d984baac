/* Packing: a matrix as panels of a few units with all their gates, k-major.
 *
 * A panel has up to four vector columns, so that one pass over it leaves every
 * gate of its units in registers. Lanes are units. */

#define COLUMNS 4
#define PANEL_REALS (COLUMNS * VEC_LANES)

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* One gate takes four vectors of units, two take two each; three and four take
 * one each. */
static size_t panel_units(size_t gates)
{
    return (gates == 1 ? 4 : gates == 2 ? 2 : 1) * VEC_LANES;
}

/* Columns per gate of the panel that begins at unit u: the last panel has no
 * more of them than its units need. */
static size_t gate_columns(const srnn_panels *p, size_t u)
{
    size_t left = min_size(p->units - u, panel_units(p->gates));

    return (left + VEC_LANES - 1) / VEC_LANES;
}

static srnn_real *panel_at(const srnn_panels *p, size_t u)
{
    return p->data + u * p->gates * p->k;
}

static size_t panels_size(size_t gates, size_t units, size_t k)
{
    return (units + VEC_LANES - 1) / VEC_LANES * VEC_LANES * gates * k;
}

/* One vector column of a panel: units u0 .. of one gate, all k, written every
 * `stride` reals. Few source rows at a time keep to the cache's ways; rows
 * that lie side by side (a transpose) are copied as vectors. */
static void pack_column(const srnn_panels *p, const srnn_real *w, size_t row,
                        size_t col, size_t units, srnn_real *d, size_t stride)
{
    size_t k, l;

    for (k = 0; row == 1 && k < p->k; k++)
        v_store(d + k * stride, v_load_n(w + k * col, units));
    for (k = 0; row != 1 && k < p->k; k++)
        for (l = 0; l < VEC_LANES; l++)
            d[k * stride + l] = l < units ? w[l * row + k * col] : 0;
}

static void pack(const srnn_panels *p, const srnn_real *w, size_t row,
                 size_t col)
{
    size_t u0, g, s;

    for (u0 = 0; u0 < p->units; u0 += panel_units(p->gates)) {
        const size_t columns = gate_columns(p, u0);
        srnn_real *d = panel_at(p, u0);

        for (g = 0; g < p->gates; g++)
            for (s = 0; s < columns; s++, d += VEC_LANES) {
                const size_t u = u0 + s * VEC_LANES;

                pack_column(p, w + (g * p->units + u) * row, row, col,
                            min_size(p->units - u, VEC_LANES), d,
                            p->gates * columns * VEC_LANES);
            }
    }
}
