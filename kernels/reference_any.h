/* A variant's activations in the place of a cell's own, as a textbook writes
 * them, for reference.c. */

/* phi of the role at the clipped p; slot takes the slope of a caller's. */
static float phi_at(const srnn_cell *k, int role, size_t r, size_t slot,
                    size_t u, float p)
{
    const srnn_activation *f = &k->variant->act[role];
    const float clip = k->variant->clip;
    const int over = clip > 0 && fabsf(p) >= clip;
    float x = over ? copysignf(clip, p) : p, y;

    if (f->kind != SRNN_ACT_OWN)
        return act_of(f, x);
    f->own(f->data, 1, &x, &y, k->gate ? gate_at(k, r, slot, u) : NULL);
    if (k->gate && over)
        *gate_at(k, r, slot, u) = 0;
    return y;
}

static float slope_at(const srnn_cell *k, int role, size_t r, size_t slot,
                      size_t u, float y)
{
    const srnn_activation *f = &k->variant->act[role];
    const float clip = k->variant->clip;

    if (f->kind == SRNN_ACT_OWN)
        return *gate_at(k, r, slot, u);
    if (clip > 0 && (y == act_of(f, clip) || y == act_of(f, -clip)))
        return 0;
    return slope_of(f, y);
}

static void rnn_any(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
    {
        float h = phi_at(k, 0, r, 1, u, x_at(k, r, 0, u) + prod_at(t, r, 0, u));

        if (k->gate)
            *gate_at(k, r, 0, u) = h;
        k->h[r * k->ldh + u] = h;
    }
}

static void rnn_any_bwd(const srnn_cell *k, const srnn_tile *t)
{
    FOR_TILE(t, r, u)
    {
        float *h = gate_at(k, r, 0, u);

        *h = dh_at(k, t, r, u) * slope_at(k, 0, r, 1, u, *h);
    }
}
