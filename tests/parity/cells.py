"""Cells and their layers, forward and backward, in arithmetic that rounds.

Steps past a sequence's end are computed beside those that are, and not taken:
no rounding of theirs reaches a result.

A cell's forward(a, x, p, h, c): x and p are the input and the recurrent part of
the pre-activations; gives h, c and what backward wants. backward gives the
gradients of x and p, the part of h's that passes no product, and c's.
"""

import torch


class Rnn:
    def __init__(self, f):
        self.f = f

    def forward(self, a, x, p, h, c):
        y = getattr(a, self.f)(a.add(x, p))
        return y, c, y

    def backward(self, a, y, dh, dc):
        d = dh * (y > 0) if self.f == "relu" else \
            a.mul(dh, a.slope_of_tanh(y))
        return d, d, None, dc


class Lstm:
    def forward(self, a, x, p, h, c):
        i, f, g, o = a.add(x, p).chunk(4, -1)
        i, f, g, o = a.sigmoid(i), a.sigmoid(f), a.tanh(g), a.sigmoid(o)
        new = a.add(a.mul(f, c), a.mul(i, g))
        return a.mul(o, a.tanh(new)), new, (i, f, g, o, c, new)

    def backward(self, a, kept, dh, dc):
        i, f, g, o, c, new = kept
        t = a.tanh(new)
        dc = a.add(dc, a.mul(dh, o, a.slope_of_tanh(t)))
        d = torch.cat([a.mul(dc, g, a.slope_of_sigmoid(i)),
                       a.mul(dc, c, a.slope_of_sigmoid(f)),
                       a.mul(dc, i, a.slope_of_tanh(g)),
                       a.mul(dh, t, a.slope_of_sigmoid(o))], -1)
        return d, d, None, a.mul(dc, f)


class Gru:
    def forward(self, a, x, p, h, c):
        (xr, xz, xn), (pr, pz, pn) = x.chunk(3, -1), p.chunk(3, -1)
        r, z = a.sigmoid(a.add(xr, pr)), a.sigmoid(a.add(xz, pz))
        n = a.tanh(a.add(xn, a.mul(r, pn)))
        return a.add(a.mul(z, a.sub(h, n)), n), c, (r, z, n, pn, h)

    def backward(self, a, kept, dh, dc):
        r, z, n, pn, h = kept
        dn = a.mul(dh, a.sub(1, z), a.slope_of_tanh(n))
        dz = a.mul(dh, a.sub(h, n), a.slope_of_sigmoid(z))
        dr = a.mul(dn, pn, a.slope_of_sigmoid(r))
        return torch.cat([dr, dz, dn], -1), \
            torch.cat([dr, dz, a.mul(dn, r)], -1), a.mul(dh, z), dc


CELLS = {"rnn_tanh": Rnn("tanh"), "rnn_relu": Rnn("relu"), "lstm": Lstm(),
         "gru": Gru()}


def layer_forward(a, cell, w, x, h, c, real):
    """w: weights by name; x: [T][B][I]; real: [T][B], which steps there are.
    Gives y, 0 past the end, the last h and c, and what backward wants."""
    hr, kept, hs, ms, ys = w.get("weight_hr"), [], [], [], []
    for step, there in zip(x, real[..., None]):
        hs.append(h)
        m, new_c, keep = cell.forward(
            a, a.chain(step, w["weight_ih"], w["bias_ih"]),
            a.chain(h, w["weight_hh"], w["bias_hh"]), h, c)
        new_h = m if hr is None else a.chain(m, hr)
        h, c = torch.where(there, new_h, h), torch.where(there, new_c, c)
        kept.append(keep)
        ms.append(m)
        ys.append(h * there)
    return torch.stack(ys), h, c, (kept, torch.stack(hs), torch.stack(ms), x)


def layer_backward(a, cell, w, tape, dy, dh, dc, real):
    """Gradients of the input part of the pre-activations, of the parameters, of
    the first h and c; dh, dc: of the last ones."""
    kept, hs, ms, x = tape
    hr, di, dr, ds = w.get("weight_hr"), [], [], []
    for t in reversed(range(len(kept))):
        there = real[t][:, None]
        d = a.add(dy[t], dh)
        ds.insert(0, d)
        d_in, d_rec, direct, new_dc = cell.backward(
            a, kept[t], d if hr is None else a.chain(d, hr.T), dc)
        new_dh = a.chain(d_rec, w["weight_hh"].T)
        if direct is not None:
            new_dh = a.add(new_dh, direct)
        dh, dc = torch.where(there, new_dh, dh), torch.where(there, new_dc, dc)
        di.insert(0, d_in * there)
        dr.insert(0, d_rec)
    di, dr, ds = torch.stack(di), torch.stack(dr)[real], torch.stack(ds)[real]
    grads = {"weight_ih": a.outer(di[real], x[real]),
             "weight_hh": a.outer(dr, hs[real]),
             "bias_ih": a.total(di[real]), "bias_hh": a.total(dr)}
    if hr is not None:
        grads["weight_hr"] = a.outer(ds, ms[real])
    return di, grads, dh, dc
