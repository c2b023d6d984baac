"""How far float32 may be from the truth: our arithmetic in float64, with each
rounding as a variable of its own.

Every operation's result is noted with a rounding epsilon = 0 and the most that
float32 may make of it: u = 2^-24 of the result; for a chain of K fused
multiply-adds (K + 1) u sum |w||x| (Higham, 2nd ed., 3.1); for exp and log
1.5 ulp (3 u), for sigmoid and tanh 2.5 (5 u), as kernels.h states. The error
of any result is then, to first order, at most the sum over all roundings of
|d result / d epsilon| times that most, and autograd gives the derivatives:
through time, layers, and the backward pass. What is of second order is smaller
by the errors themselves, below 1e-3, and is covered by one per cent.

Fused operations round less often than what is counted here.
"""

import torch

U = 2.0 ** -24
SECOND_ORDER = 1.01


class Notes:
    """The roundings of one computation."""

    def __init__(self):
        self.epsilons, self.most = [], []

    def add(self, v, most):
        epsilon = torch.zeros_like(v, requires_grad=True)
        self.epsilons.append(epsilon)
        self.most.append(most.detach())
        return v + epsilon

    def bound(self, v, rows):
        """Of each row of numbers times v: the most that it may be off."""
        grads = torch.autograd.grad(
            v, self.epsilons, rows.reshape(-1, *v.shape), retain_graph=True,
            allow_unused=True, is_grads_batched=True)
        return SECOND_ORDER * sum(
            (g.abs() * most).reshape(len(rows), -1).sum(1)
            for g, most in zip(grads, self.most) if g is not None)


class Arithmetic:
    """Operations that round. n: the notes that they are kept in."""

    def __init__(self):
        self.n = Notes()

    def rounded(self, v, units=1):
        return self.n.add(v, units * U * v.abs())

    def add(self, a, b):
        return self.rounded(a + b)

    def sub(self, a, b):
        return self.rounded(a - b)

    def mul(self, a, *more):
        for b in more:
            a = self.rounded(a * b)
        return a

    def sigmoid(self, x):
        return self.rounded(torch.sigmoid(x), 5)

    def tanh(self, x):
        return self.rounded(torch.tanh(x), 5)

    def relu(self, x):
        if torch.any((x != 0) & (x.abs() < 1e-3)):
            raise ArithmeticError("a pre-activation lies at the kink")
        return torch.relu(x)

    def chain(self, x, w, start=None):
        """start + x w^T over the last axis of x."""
        v, size = x @ w.T, x.abs() @ w.T.abs()
        if start is not None:
            v, size = v + start, size + start.abs()
        return self.n.add(v, (w.shape[1] + 1) * U * size)

    def total(self, x):
        """Over the first axis, in any order."""
        return self.n.add(x.sum(0), len(x) * U * x.abs().sum(0))

    def outer(self, d, x):
        """A weight gradient: chains over steps and rows."""
        return self.chain(d.flatten(0, -2).T, x.flatten(0, -2).T)

    def slope_of_sigmoid(self, s):
        return self.mul(s, self.sub(1, s))

    def slope_of_tanh(self, t):
        return self.sub(1, self.rounded(t * t))

    def cross_entropy(self, logits, target):
        """Mean loss over the rows, and the gradient of the logits."""
        rows = torch.arange(len(target))
        shifted = self.sub(logits, logits.max(-1, keepdim=True)[0])
        terms = self.rounded(shifted.exp(), 3)
        sums = self.total(terms.T)
        losses = self.sub(self.rounded(sums.log(), 3), shifted[rows, target])
        scale = self.rounded(1 / torch.tensor(len(target)).double())
        p = self.rounded(terms / sums[:, None])
        hot = torch.zeros_like(p)
        hot[rows, target] = 1
        return self.mul(self.total(losses), scale), \
            self.mul(self.sub(p, hot), scale)


# ---- cells -----------------------------------------------------------------
# forward(a, x, p, h, c): x and p are the input and the recurrent part of the
# pre-activations; gives h, c and what backward wants. backward gives the
# gradients of x and p, the part of h's that passes no product, and c's.

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


def layer_forward(a, cell, w, x, h, c):
    """w: weight_ih, weight_hh, bias_ih, bias_hh; x: [T][B][I]."""
    kept, hs, ys = [], [], []
    for step in x:
        hs.append(h)
        h, c, keep = cell.forward(a, a.chain(step, w[0], w[2]),
                                  a.chain(h, w[1], w[3]), h, c)
        kept.append(keep)
        ys.append(h)
    return torch.stack(ys), h, c, (kept, torch.stack(hs), x)


def layer_backward(a, cell, w, tape, dy):
    """Gradients of x, of the parameters, of the first h and c."""
    kept, hs, x = tape
    dh = dc = torch.zeros_like(hs[0])
    di, dr = [], []
    for t in reversed(range(len(kept))):
        d_in, d_rec, direct, dc = cell.backward(a, kept[t], a.add(dy[t], dh),
                                                dc)
        dh = a.chain(d_rec, w[1].T)
        dh = dh if direct is None else a.add(dh, direct)
        di.insert(0, d_in)
        dr.insert(0, d_rec)
    di, dr = torch.stack(di), torch.stack(dr)
    return a.chain(di, w[0].T), \
        [a.outer(di, x), a.outer(dr, hs), a.total(di.flatten(0, 1)),
         a.total(dr.flatten(0, 1))], dh, dc
