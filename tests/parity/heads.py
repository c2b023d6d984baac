"""Attention and losses of a net of ours, in arithmetic that rounds; methods of
ours.Run, as said there. Matrices of attention are [batch][queries][keys]."""

import torch


def flat(x):
    return x.flatten(0, -2)


class Heads:
    # ---- attention ----

    def attention(self, node):
        a, (q_of, k_of, v_of) = self.a, node["inputs"]
        name, score = node["name"], node.get("score", "dot")
        real = self.real[self.axis[q_of]][..., None]
        there = self.real[self.axis[k_of]].T[:, None].expand(
            -1, len(real), -1)
        q, k, v = (self.y[x].transpose(0, 1) for x in node["inputs"])
        compare, back = getattr(self, score)(node, q, k)
        e = self.scaled(node, compare)
        w = a.softmax(e, there)[0]
        keys = there.sum(-1, keepdim=True)
        y = a.batched(w, v, keys)
        self.y[name], self.looks[name] = y.transpose(0, 1) * real, w

        def undo(dy):
            dy = (dy * real).transpose(0, 1)
            dw = a.within(dy @ v.mT, dy.abs() @ v.abs().mT, v.shape[-1])
            mean = a.within((w * dw).sum(-1, keepdim=True),
                            (w * dw).abs().sum(-1, keepdim=True), w.shape[-1])
            de = self.scaled(node, a.mul(w, a.sub(dw, mean)))
            back(de, keys)
            self.give_batched(v_of, w.mT, dy, dy.shape[1])
        return undo

    def scaled(self, node, e):
        scale = node.get("scale", 1)
        return e if scale == 1 else self.a.mul(e, torch.tensor(scale))

    def give_batched(self, name, x, y, terms):
        """Adds to a node's gradient by chains that start from it."""
        start = self.dy.get(name)
        d = self.a.batched(x, y, terms,
                           None if start is None else start.transpose(0, 1))
        self.dy[name] = d.transpose(0, 1)

    def attention_weights(self, node):
        of = node["inputs"][0]
        self.y[node["name"]] = self.looks[of].transpose(0, 1) * \
            self.real[self.axis[of]][..., None]

    # Scores: those of all pairs, and what hands their gradients on.

    def dot(self, node, q, k):
        q_of, k_of, _ = node["inputs"]

        def back(de, keys):
            self.give_batched(q_of, de, k, keys)
            self.give_batched(k_of, de.mT, q, q.shape[1])
        return self.dots(q, k), back

    def dots(self, q, k):
        return self.a.within(q @ k.mT, q.abs() @ k.abs().mT, q.shape[-1])

    def general(self, node, q, k):
        a, name, (q_of, k_of, _) = self.a, node["name"], node["inputs"]
        w = self.w[f"{name}.weight"]
        looked = a.chain(q, w.T)

        def back(de, keys):
            d = a.batched(de, k, keys)
            self.give_chain(q_of, d.transpose(0, 1), w)
            self.grad[f"{name}.weight"] = a.outer(flat(q), flat(d))
            self.give_batched(k_of, de.mT, looked, q.shape[1])
        return self.dots(looked, k), back

    def additive(self, node, q, k):
        a, name, (q_of, k_of, _) = self.a, node["name"], node["inputs"]
        w_q, w_k, b, v = (self.w[f"{name}.{n}"] for n in
                          ("weight_q", "weight_k", "bias", "v"))
        looked, key = a.chain(q, w_q, b), a.chain(k, w_k)
        t = a.tanh(a.add(looked[:, :, None], key[:, None]))

        def back(de, keys):
            g, slope = a.mul(de[..., None], v), a.slope_of_tanh(t)
            dq = a.products(g, slope, 2, keys)
            dk = a.products(g, slope, 1, q.shape[1])
            self.grad |= {
                f"{name}.weight_q": a.outer(flat(dq), flat(q)),
                f"{name}.weight_k": a.outer(flat(dk), flat(k)),
                f"{name}.bias": a.total(flat(dq)),
                f"{name}.v": a.products(de[..., None], t, (0, 1, 2),
                                        de.numel())}
            self.give_chain(q_of, dq.transpose(0, 1), w_q.T)
            self.give_chain(k_of, dk.transpose(0, 1), w_k.T)
        return a.within((v * t).sum(-1), (v * t).abs().sum(-1), len(v)), back

    # ---- losses: their gradients are there when they are added ----

    def lose(self, node, loss, d):
        """Losses are summed in double."""
        self.loss = loss if self.loss is None else self.loss + loss
        return lambda dy: self.give(node["inputs"][0], d)

    def cross_entropy(self, node):
        x, target = (self.y[name] for name in node["inputs"])
        real = self.real[self.axis[node["name"]]] & (target >= 0)
        loss, d = self.a.cross_entropy(x[real], target[real].long(),
                                       node.get("weight", 1))
        return self.lose(node, loss,
                         torch.zeros_like(x).masked_scatter(real[..., None], d))

    def elementwise(self, node):
        x, target = (self.y[name] for name in node["inputs"])
        real = self.real[self.axis[node["name"]]][..., None] & \
            ~target.isnan()
        method = getattr(self.a, node["kind"])
        loss, d = method(flat(x), flat(target.nan_to_num()), flat(real),
                         node.get("weight", 1))
        return self.lose(node, loss, d.reshape(x.shape))

    sigmoid_cross_entropy = squared_error = elementwise
