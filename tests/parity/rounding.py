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
        if not v.requires_grad:
            return torch.zeros(len(rows)).double()
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
        if torch.any((x != 0) & (x.abs() < 1e-4)):
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

    def outer(self, d, x, start=None):
        """A weight gradient: chains over rows."""
        return self.chain(d.T, x.T, start)

    def picked(self, d, hot, start=None):
        """hot^T d, hot being 0 and 1: sums of some of d's rows."""
        v, size = hot.T @ d, hot.T @ d.abs()
        if start is not None:
            v, size = v + start, size + start.abs()
        return self.n.add(v, hot.sum(0)[:, None] * U * size)

    def batched(self, x, y, terms, start=None):
        """start + x y of matrices side by side, chains of so many terms."""
        v, size = x @ y, x.abs() @ y.abs()
        if start is not None:
            v, size = v + start, size + start.abs()
        return self.n.add(v, (terms + 1) * U * size)

    def products(self, x, y, axis, terms):
        """Sums of x y over an axis or more, chains of so many terms."""
        v = x * y
        return self.n.add(v.sum(axis), (terms + 1) * U * v.abs().sum(axis))

    def within(self, v, size, terms):
        """A sum v within a row, of products whose sizes sum up to size:
        element j in chain j mod 16, whose products are fused, and a tree of at
        most 4 additions that count."""
        return self.n.add(v, (-(-terms // 16) + 4) * U * size)

    def slope_of_sigmoid(self, s):
        return self.mul(s, self.sub(1, s))

    def slope_of_tanh(self, t):
        return self.sub(1, self.rounded(t * t))

    def softmax(self, x, real):
        """Over the last axis, of what is real there."""
        most = x.masked_fill(~real, -torch.inf).max(-1, keepdim=True)[0]
        shifted = self.sub(x, most).masked_fill(~real, 0)
        terms = self.rounded(shifted.exp(), 3) * real
        sums = self.total(terms.movedim(-1, 0))
        return self.rounded(terms / sums[..., None]), shifted, sums

    def scale(self, weight, count):
        """Of a loss's gradient. Weights are float32 as they are."""
        return self.rounded(torch.ones(()).double() * weight / int(count))

    def cross_entropy(self, logits, target, weight):
        """Mean loss over the rows, and the gradient of the logits."""
        rows = torch.arange(len(target))
        p, shifted, sums = self.softmax(logits, torch.ones_like(logits) > 0)
        losses = self.sub(self.rounded(sums.log(), 3), shifted[rows, target])
        scale = self.scale(weight, len(target))
        hot = torch.zeros_like(p)
        hot[rows, target] = 1
        return self.mul(self.total(losses), scale), \
            self.mul(self.sub(p, hot), scale)

    def sigmoid_cross_entropy(self, x, target, real, weight):
        """The same over the elements that are real; a row's loss as kernels.h
        bounds it."""
        scale = self.scale(weight, real.sum())
        terms = (x.relu() - x * target + (-x.abs()).exp().log1p()) * real
        losses = self.rounded(terms.sum(-1), x.shape[-1] / 16 + 12)
        d = self.mul(self.sub(self.sigmoid(x), target), scale)
        return self.mul(self.total(losses), scale), d * real

    def squared_error(self, x, target, real, weight):
        scale = self.scale(weight, real.sum())
        d = self.sub(x, target) * real
        terms = self.mul(d, d)
        losses = self.total(terms.T)
        return self.mul(self.total(losses), scale), self.mul(2 * d, scale)
