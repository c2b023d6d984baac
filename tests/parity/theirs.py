"""The same net in PyTorch: its own modules under the nodes' names, sequences of
different lengths packed."""

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from cases import CELLS, axis_of, states_of, targets_of

KINDS = dict(zip(CELLS, (nn.RNN, nn.RNN, nn.LSTM, nn.GRU)))


class Additive(nn.Module):
    def __init__(self, queries, keys, width):
        super().__init__()
        for name, shape in (("weight_q", (width, queries)),
                            ("weight_k", (width, keys)), ("bias", (width,)),
                            ("v", (width,))):
            self.register_parameter(name, nn.Parameter(torch.randn(shape) / 3))

    def forward(self, q, k):
        q = functional.linear(q, self.weight_q, self.bias)[:, :, None]
        return torch.tanh(q + functional.linear(k, self.weight_k)[:, None]) \
            @ self.v


class Row(nn.Module):
    """A learned row, or a bias whose weight is another's."""

    def __init__(self, name, features):
        super().__init__()
        self.register_parameter(name, nn.Parameter(torch.randn(features) / 3))


class Net(nn.Module):
    def __init__(self, graph):
        super().__init__()
        self.graph, self.axis, self.wide = graph, axis_of(graph), {}
        self.node = {n["name"]: n for n in graph}
        for n in graph:
            ins = [self.wide.get(name) for name in n["inputs"]]
            made, self.wide[n["name"]] = self.make(n, ins)
            if made:
                self.add_module(n["name"], made)

    def make(self, n, ins):
        """The node's module, if it has one, and how wide its output is."""
        kind, wide = n["kind"], n.get("features") or sum(ins[:1])
        if kind in KINDS:
            both = n.get("direction") == "both"
            more = {"nonlinearity": kind[4:]} if "_" in kind else \
                {"proj_size": n["projection"]} if "projection" in n else {}
            return KINDS[kind](ins[0], n["hidden"], n.get("layers", 1),
                               bidirectional=both, **more), \
                (1 + both) * (n.get("projection") or n["hidden"])
        if kind == "tied":
            wide = self.wide[self.node[n["tied"]]["inputs"][0]]
            return Row("bias", wide), wide
        if kind == "attention":
            score = n.get("score", "dot")
            return {"dot": lambda: None,
                    "general": lambda: nn.Linear(ins[1], ins[0], bias=False),
                    "additive": lambda: Additive(ins[0], ins[1], n["width"])
                    }[score](), ins[2]
        if kind == "concat":
            return None, sum(ins)
        if kind == "state":
            of = self.node[n["inputs"][0]]
            return None, sum(columns for _, columns in states_of(of))
        made = {"linear": lambda: nn.Linear(ins[0], wide),
                "embedding": lambda: nn.Embedding(ins[0], wide),
                "parameter": lambda: Row("weight", wide)}
        return made.get(kind, lambda: None)(), wide

    def forward(self, given, real, states):
        """Every node's output, 0 past the end; the losses' weighted sum."""
        self.real, self.states, self.final = real, states, {}
        self.y, self.weights, loss = {}, {}, 0
        for n in self.graph:
            name, kind = n["name"], n["kind"]
            ins = n["inputs"]
            if kind == "axis":
                continue
            if kind in ("input", "tokens"):
                self.y[name] = given[name]
                continue
            run = getattr(self, "recurrent" if kind in KINDS else kind)
            y = run(n, *(self.y[i] for i in ins))
            if y.dim():
                self.y[name] = y * self.real[self.axis[name]][..., None]
            else:
                loss = loss + n.get("weight", 1) * y
        return self.y, loss

    def embedding(self, n, x):
        return getattr(self, n["name"])(x.long())

    def linear(self, n, x):
        return getattr(self, n["name"])(x)

    def tied(self, n, x):
        return functional.linear(x, getattr(self, n["tied"]).weight,
                                 getattr(self, n["name"]).bias)

    def concat(self, n, *xs):
        return torch.cat(xs, -1)

    def add(self, n, *xs):
        return sum(xs)

    def parameter(self, n):
        return getattr(self, n["name"]).weight.expand(
            *self.real[self.axis[n["name"]]].shape, -1)

    def recurrent(self, n, x, first=None):
        name, real = n["name"], self.real[self.axis[n["name"]]]
        module = getattr(self, name)
        if first is None:
            state = self.states[name]
        else:
            parts = first[0].split([wide for _, wide in states_of(n)], -1)
            letters = len(letters_of(n))
            state = [torch.stack(parts[i::letters]) for i in range(letters)]
        state = tuple(state) if n["kind"] == "lstm" else state[0]
        if real.all():
            y, final = module(x, state)
        else:
            y, final = module(pack_padded_sequence(
                x, real.sum(0), enforce_sorted=False), state)
            y, _ = pad_packed_sequence(y, total_length=len(real))
        self.final[name] = final if n["kind"] == "lstm" else (final,)
        return y

    def state(self, n, x):
        final = self.final[n["inputs"][0]]
        return torch.cat([v for layer in zip(*final) for v in layer], -1)[None]

    def first(self, n, x):
        return x[:1]

    def mean(self, n, x):
        return (x.sum(0) /
                self.real[self.axis[n["inputs"][0]]].sum(0)[:, None])[None]

    def last(self, n, x):
        at = self.real[self.axis[n["inputs"][0]]].sum(0) - 1
        return x[at, torch.arange(x.shape[1])][None]

    def attention(self, n, *qkv):
        q, k, v = (x.transpose(0, 1) for x in qkv)
        there = self.real[self.axis[n["inputs"][1]]].T[:, None]
        score, scale = n.get("score", "dot"), n.get("scale", 1)
        if score == "additive":
            e = scale * getattr(self, n["name"])(q, k)
        else:
            compared = getattr(self, n["name"])(k) if score == "general" else k
            e = scale * torch.bmm(q, compared.mT)
        w = e.masked_fill(~there, -torch.inf).softmax(-1)
        self.weights[n["name"]] = w.transpose(0, 1)
        if score == "additive":
            return torch.bmm(w, v).transpose(0, 1)
        return functional.scaled_dot_product_attention(
            q, compared, v, there, scale=scale).transpose(0, 1)

    def attention_weights(self, n, y):
        return self.weights[n["inputs"][0]]

    def cross_entropy(self, n, x, target):
        real = self.real[self.axis[n["name"]]]
        return functional.cross_entropy(
            x.flatten(0, 1), target.masked_fill(~real, -1).flatten().long(),
            ignore_index=-1)

    def elementwise(self, n, x, target):
        real = self.real[self.axis[n["name"]]][..., None] & ~target.isnan()
        loss = functional.mse_loss if n["kind"] == "squared_error" else \
            functional.binary_cross_entropy_with_logits
        return loss(x[real], target[real])

    sigmoid_cross_entropy = squared_error = elementwise


def letters_of(n):
    return "hc" if n["kind"] == "lstm" else "h"


def tensors(net, given, real, states):
    """Everything that is compared, under our names, in double."""
    cells = [n for n in net.graph if n["kind"] in KINDS]
    carried = [n for n in cells if net.axis[n["name"]] == "time"]
    inputs = [n["name"] for n in net.graph if n["kind"] == "input" and
              n["name"] not in targets_of(net.graph)]
    firsts = [s for n in carried if len(n["inputs"]) == 1
              for s, _ in states_of(n)]
    leaf = {name: t.clone() for name, t in (given | states).items()}
    for name in inputs + firsts:
        leaf[name].requires_grad_()
    stacked = {n["name"]: [torch.stack([leaf[s] for s, _ in states_of(n)
                                        if f".{letter}_" in s])
                           for letter in letters_of(n)] for n in cells}
    net.zero_grad()
    y, loss = net(leaf, real, stacked)
    loss.backward()
    found = {"loss": loss.reshape(1, 1)}
    found |= {f"y/{name}": v.flatten(0, 1) for name, v in y.items()
              if net.node[name]["kind"] not in ("input", "tokens")}
    found |= {f"d/{name}": p.grad for name, p in net.named_parameters()}
    found |= {f"d/in/{name}": leaf[name].grad.flatten(0, 1) for name in inputs}
    found |= {f"d/state/{name}": leaf[name].grad for name in firsts}
    for n in carried:
        last = [v for layer in zip(*net.final[n["name"]]) for v in layer]
        found |= {f"final/{s}": v for (s, _), v in zip(states_of(n), last)}
    return {name: t.detach().double() for name, t in found.items()}
