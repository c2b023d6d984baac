/* Zoneout and dropout of h around a cell's own function, one unit at a time,
 * for reference.c. */

static float mask_at(const float *m, size_t ld, size_t r, size_t u)
{
    return m[r * ld + u];
}

static float zone(float m, float before, float after)
{
    return m * before + (1 - m) * after;
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
    FOR_TILE(t, r, u)
    {
        float *h = &k->h[r * k->ldh + u];

        if (m->zone_c)
            k->c[r * k->ldc + u] = zone(mask_at(m->zone_c, m->ldzone, r, u),
                                        k->c_prev[r * k->ldc_prev + u],
                                        m->c_own[r * m->ldc_own + u]);
        if (m->zone_h)
            *h = zone(mask_at(m->zone_h, m->ldzone, r, u),
                      k->h_prev[r * k->ldh_prev + u], *h);
        if (m->drop)
            m->dropped[r * m->lddropped + u] =
                *h * mask_at(m->drop, m->lddrop, r, u);
    }
}

/* The own function of one unit, whose product is p. */
static void own_at(const srnn_cell *own, size_t r, size_t u, float p)
{
    const srnn_tile t = {r, 1, u, 1, &p, 1, 1};

    own->masking->own(own, &t);
}

static void unit_bwd(const srnn_cell *k, size_t r, size_t u, float p)
{
    const srnn_masking *m = k->masking;
    const float zh = m->zone_h ? mask_at(m->zone_h, m->ldzone, r, u) : 0;
    const float zc = m->zone_c ? mask_at(m->zone_c, m->ldzone, r, u) : 0;
    float *dh = &k->dh[r * k->lddh + u];
    srnn_cell own = *k;
    float d = m->drop && !m->last
                  ? p * mask_at(m->drop, m->lddrop, r, u) + *dh
                  : p;
    float dc = 0;

    if (k->dy)
        d += k->dy[r * k->lddy + u];
    own.dy = NULL;
    if (m->zone_c) {
        dc = k->dc[r * k->lddc + u];
        k->dc[r * k->lddc + u] = (1 - zc) * dc;
        own.c = m->c_own;
        own.ldc = m->ldc_own;
    }
    own_at(&own, r, u, (1 - zh) * d);
    if (m->zone_h || m->drop)
        *dh = (m->zone_h ? zh * d : 0) + (m->adds ? *dh : 0);
    if (m->zone_c)
        k->dc[r * k->lddc + u] += zc * dc;
}

static void masked_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
    {
        unit_bwd(k, r, u, prod_at(t, r, 0, u));
    }
}

static void masked_state(const srnn_cell *k, const srnn_tile *t)
{
    const srnn_masking *m = k->masking;

    FOR_TILE(t, r, u)
    {
        k->dh[r * k->lddh + u] +=
            prod_at(t, r, 0, u) * mask_at(m->drop, m->lddrop, r, u);
    }
}

static void masked_reset(const srnn_cell *k, const srnn_tile *t)
{
    const srnn_masking *m = k->masking;

    m->own(k, t);
    FOR_TILE(t, r, u)
    {
        float *x = &k->work[r * k->ldwork + k->units + u];

        *x *= mask_at(m->drop, m->lddrop, r, u);
        if (k->gate)
            *gate_at(k, r, 3, u) = *x;
    }
}

static void masked_reset_bwd(const srnn_cell *k, const srnn_tile *t)
{
    const srnn_masking *m = k->masking;

    FOR_TILE(t, r, u)
    {
        own_at(k, r, u,
               prod_at(t, r, 0, u) * mask_at(m->drop, m->lddrop, r, u));
    }
}
