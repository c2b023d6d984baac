"""A net of ours, forward and backward, in arithmetic that rounds.

The graph is the list that a model file holds. Arrays are [steps][batch]
[features] and 0 past a sequence's end; what lies on the batch alone has one
step. Each node's method computes its output and gives a function that takes
the output's gradient and hands on those of inputs and parameters.
"""

import torch

import cells
from cases import axis_of, states_of, suffixes_of
from heads import Heads
from rounding import Arithmetic

CELLS = cells.CELLS


class Run(Heads):
    """given: arrays of input nodes; real: of each axis; states: first ones."""

    def __init__(self, graph, weights, given, real, states):
        self.a, self.w, self.given = Arithmetic(), weights, given
        self.real, self.states = real, states
        self.node = {n["name"]: n for n in graph}
        self.axis = axis_of(graph)
        self.y, self.dy, self.looks = {}, {}, {}
        self.last_states, self.dlast_states = {}, {}
        self.grad, self.found, self.loss, undo = {}, {}, None, []
        for n in graph:
            if n["kind"] == "axis":
                continue
            name, kind = n["name"], n["kind"]
            method = "recurrent" if kind in CELLS else kind
            undo.append((name, getattr(self, method)(n)))
        for name, each in reversed(undo):
            if each:
                each(self.dy.get(name))
        self.collect()

    def collect(self):
        """Everything under the names of our results."""
        for name, y in self.y.items():
            if self.node[name]["kind"] not in ("input", "tokens"):
                self.found[f"y/{name}"] = y.flatten(0, 1)
            if self.node[name]["kind"] == "input" and name in self.dy:
                self.found[f"d/in/{name}"] = self.dy[name].flatten(0, 1)
        self.found |= {f"d/{name}": g for name, g in self.grad.items()}
        self.found["loss"] = self.loss.reshape(1, 1)

    def of(self, node, i=0):
        """An input's name and array."""
        name = node["inputs"][i]
        return name, self.y[name]

    def give(self, name, d):
        """Adds to the gradient of a node's output."""
        self.dy[name] = self.a.add(self.dy[name], d) if name in self.dy else d

    def give_chain(self, name, d, w):
        self.dy[name] = self.a.chain(d, w, self.dy.get(name))

    # ---- what is given, and what is row by row ----

    def input(self, node):
        self.y[node["name"]] = self.given[node["name"]]

    tokens = input

    def embedding(self, node):
        name, (_, x) = node["name"], self.of(node)
        w, real = f"{node['name']}.weight", self.real[self.axis[name]]
        hot = torch.nn.functional.one_hot(x.long(), len(self.w[w])).double()
        self.y[name] = self.w[w][x.long()] * real[..., None]

        def undo(dy):
            self.grad[w] = self.a.picked(dy[real], hot[real], self.grad.get(w))
        return undo

    def linear(self, node, weight=None):
        (x_name, x), a = self.of(node), self.a
        w, b = weight or f"{node['name']}.weight", f"{node['name']}.bias"
        real = self.real[self.axis[node["name"]]]
        self.y[node["name"]] = a.chain(x, self.w[w], self.w[b]) * \
            real[..., None]

        def undo(dy):
            self.grad[w] = a.outer(dy[real], x[real], self.grad.get(w))
            self.grad[b] = a.total(dy[real])
            self.give_chain(x_name, dy, self.w[w].T)
        return undo

    def tied(self, node):
        return self.linear(node, f"{node['tied']}.weight")

    def concat(self, node):
        xs = [self.y[name] for name in node["inputs"]]
        self.y[node["name"]] = torch.cat(xs, -1)

        def undo(dy):
            parts = dy.split([x.shape[-1] for x in xs], -1)
            for name, d in zip(node["inputs"], parts):
                self.give(name, d)
        return undo

    def add(self, node):
        xs = [self.y[name] for name in node["inputs"]]
        y = xs[0]
        for x in xs[1:]:
            y = self.a.add(y, x)
        self.y[node["name"]] = y

        def undo(dy):
            for name in node["inputs"]:
                self.give(name, dy)
        return undo

    def parameter(self, node):
        w, real = f"{node['name']}.weight", self.real[self.axis[node["name"]]]
        self.y[node["name"]] = self.w[w] * real[..., None]

        def undo(dy):
            self.grad[w] = self.a.total(dy[real])
        return undo

    # ---- recurrence ----

    def turned(self, x, suffix, axis):
        """Every sequence from its own end, where it runs in reverse."""
        if not suffix:
            return x
        steps, real = torch.arange(len(x))[:, None], self.real[axis]
        at = torch.where(real, real.sum(0) - 1 - steps, steps)
        return x[at, torch.arange(x.shape[1])]

    def first_states(self, node):
        """By name, and where a node gives them, that node's name."""
        names = states_of(node)
        if len(node["inputs"]) == 1:
            return {n: self.states[n] for n, _ in names}, None
        given, row = self.of(node, 1)
        parts = row[0].split([columns for _, columns in names], -1)
        return {n: part for (n, _), part in zip(names, parts)}, given

    def recurrent(self, node):
        (x_name, x), name = self.of(node), node["name"]
        axis, tapes, last = self.axis[name], {}, {}
        state, given = self.first_states(node)
        for k in range(node.get("layers", 1)):
            ys = []
            for suffix in suffixes_of(node):
                end = f"_l{k}{suffix}"
                w = {n[len(name) + 1:-len(end)]: t for n, t in self.w.items()
                     if n.startswith(f"{name}.") and n.endswith(end)}
                h, c = f"{name}.h{end}", f"{name}.c{end}"
                y, last[h], last[c], tape = cells.layer_forward(
                    self.a, CELLS[node["kind"]], w,
                    self.turned(x, suffix, axis), state[h],
                    state.get(c, state[h]), self.real[axis])
                ys.append(self.turned(y, suffix, axis))
                tapes[k, suffix] = w, tape
            x = torch.cat(ys, -1)
        self.y[name] = x
        self.last_states[name] = {n: last[n] for n, _ in states_of(node)}
        if axis == "time":
            self.found |= {f"final/{n}": last[n] for n, _ in states_of(node)}
        return lambda dy: self.recurrent_back(node, tapes, dy, x_name, given)

    def recurrent_back(self, node, tapes, dy, x_name, given):
        """A layer's directions add to the gradient of what it reads, the first
        one's to what other nodes have left there."""
        name, a, first = node["name"], self.a, {}
        axis, suffixes = self.axis[name], suffixes_of(node)
        last = self.dlast_states.get(name) or {
            n: torch.zeros_like(v) for n, v in self.last_states[name].items()}
        dy = torch.zeros_like(self.y[name]) if dy is None else dy
        for k in reversed(range(node.get("layers", 1))):
            parts = dict(zip(suffixes, dy.chunk(len(suffixes), -1)))
            dy = None if k else self.dy.get(x_name)
            for suffix in reversed(suffixes):
                (w, tape), end = tapes[k, suffix], f"_l{k}{suffix}"
                h, c = f"{name}.h{end}", f"{name}.c{end}"
                di, grads, first[h], first[c] = cells.layer_backward(
                    a, CELLS[node["kind"]], w, tape,
                    self.turned(parts[suffix], suffix, axis), last[h],
                    last.get(c, last[h]), self.real[axis])
                dy = a.chain(self.turned(di, suffix, axis), w["weight_ih"].T,
                             dy)
                self.grad |= {f"{name}.{n}{end}": g for n, g in grads.items()}
        self.dy[x_name] = dy
        first = {n: first[n] for n, _ in states_of(node)}
        if given:
            self.give(given, torch.cat(list(first.values()), -1)[None])
        elif axis == "time":
            self.found |= {f"d/state/{n}": d for n, d in first.items()}

    def state(self, node):
        of = node["inputs"][0]
        self.y[node["name"]] = torch.cat(
            list(self.last_states[of].values()), -1)[None]

        def undo(dy):
            names = states_of(self.node[of])
            parts = dy[0].split([columns for _, columns in names], -1)
            self.dlast_states[of] = {n: d for (n, _), d in
                                     zip(names, parts)}
        return undo

    # ---- over time ----

    def picked_step(self, node, at):
        name, x = self.of(node)
        rows = torch.arange(x.shape[1])
        self.y[node["name"]] = x[at, rows][None]

        def undo(dy):
            d = torch.zeros_like(x)
            d[at, rows] = dy[0]
            self.give(name, d)
        return undo

    def first(self, node):
        return self.picked_step(node, 0)

    def last(self, node):
        real = self.real[self.axis[node["inputs"][0]]]
        return self.picked_step(node, real.sum(0) - 1)

    def mean(self, node):
        (name, x), a = self.of(node), self.a
        real = self.real[self.axis[name]][..., None]
        self.y[node["name"]] = a.rounded(a.total(x) / real.sum(0))[None]

        def undo(dy):
            self.give(name, a.rounded(dy / real.sum(0)) * real)
        return undo
