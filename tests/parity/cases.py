"""The nets that are compared, as graphs of a model file, by family."""

from dataclasses import dataclass

SOURCE = 6  # steps of the axis beside time
POOLED = "state", "first", "last", "mean"  # a row of a sequence
CELLS = "rnn_tanh", "rnn_relu", "lstm", "gru"
SUFFIXES = {"forward": [""], "both": ["", "_reverse"]}


@dataclass
class Case:
    family: str
    name: str
    graph: list
    steps: int
    batch: int
    ragged: bool = False
    source_steps: int = 0  # of the axis beside time


def node(kind, name, *inputs, **more):
    return {"name": name, "kind": kind, "inputs": list(inputs)} | more


def axis_of(graph):
    """The axis of every node."""
    axis = {}
    for n in graph:
        axis[n["name"]] = "batch" if n["kind"] in POOLED else \
            axis[n["inputs"][0]] if n["inputs"] else n.get("axis", "time")
    return axis


def targets_of(graph):
    """Which nodes are targets of a loss, and of which kind of loss."""
    return {n["inputs"][1]: n["kind"] for n in graph
            if n["kind"] in ("cross_entropy", "sigmoid_cross_entropy",
                             "squared_error")}


def suffixes_of(n):
    return SUFFIXES[n.get("direction", "forward")]


def states_of(n):
    """Names and columns of a recurrent node's states, in their order."""
    letters = ["h", "c"] if n["kind"] == "lstm" else ["h"]
    wide = {"h": n.get("projection") or n["hidden"], "c": n["hidden"]}
    return [(f"{n['name']}.{letter}_l{k}{suffix}", wide[letter])
            for k in range(n.get("layers", 1))
            for suffix in suffixes_of(n) for letter in letters]


def classifier(cell, hidden, layers, inputs, classes, **more):
    """A cell, a linear layer and a cross-entropy at every step."""
    return [node("input", "x", features=inputs),
            node(cell, "rnn", "x", hidden=hidden, layers=layers, **more),
            node("linear", "head", "rnn", features=classes),
            node("tokens", "target", features=classes),
            node("cross_entropy", "loss", "head", "target")]


def language_model(cell, hidden, inputs, vocabulary, **more):
    """Tied embeddings."""
    return [node("tokens", "text", features=vocabulary),
            node("embedding", "embed", "text", features=inputs),
            node(cell, "rnn", "embed", hidden=hidden, **more),
            node("linear", "narrow", "rnn", features=inputs),
            node("tied", "head", "narrow", tied="embed"),
            node("tokens", "target", features=vocabulary),
            node("cross_entropy", "loss", "head", "target")]


def two_losses(cell, hidden, inputs):
    """One of each step, one of the last; of reals both."""
    return [node("input", "x", features=inputs),
            node(cell, "rnn", "x", hidden=hidden, direction="both"),
            node("linear", "head", "rnn", features=3),
            node("input", "target", features=3),
            node("squared_error", "loss", "head", "target", weight=0.5),
            node("last", "end", "rnn"),
            node("linear", "tail", "end", features=4),
            node("input", "goal", features=4, axis="batch"),
            node("sigmoid_cross_entropy", "score", "tail", "goal", weight=2)]


def looks_at_itself(cell, score, **more):
    """Queries, keys and values are one node."""
    return [node("input", "x", features=4),
            node(cell, "rnn", "x", hidden=6, direction="both"),
            node("attention", "attend", "rnn", "rnn", "rnn", score=score,
                 **more),
            node("linear", "head", "attend", features=3),
            node("tokens", "target", features=3),
            node("cross_entropy", "loss", "head", "target")]


def residual(cell, hidden, **more):
    """Learned first states, a shortcut around the cell, and what pools it."""
    rnn = node(cell, "rnn", "x", "begin", hidden=hidden, **more)
    states = sum(columns for _, columns in states_of(rnn))
    return [node("input", "x", features=hidden),
            node("parameter", "begin", features=states, axis="batch"), rnn,
            node("add", "sum", "x", "rnn"),
            node("first", "start", "sum"),
            node("mean", "middle", "sum"),
            node("last", "end", "sum"),
            node("concat", "pooled", "start", "middle", "end"),
            node("linear", "head", "pooled", features=3),
            node("input", "target", features=3, axis="batch"),
            node("squared_error", "loss", "head", "target")]


def translator(encoder, decoder, hidden, score, **more):
    """The encoder's last states are the decoder's first, which looks back at
    what the encoder put out: head([context | decoder]). Keys are the values
    through a layer of their own, where they have to be as wide as queries."""
    keys = [node("linear", "key", "encoder", features=hidden)]
    keys = keys if score == "dot" else []
    return [node("axis", "source", parent="batch"),
            node("tokens", "words", features=9, axis="source"),
            node("embedding", "embed", "words", features=5),
            node(encoder[0], "encoder", "embed", hidden=hidden, **encoder[1]),
            node("state", "bridge", "encoder"),
            node("input", "x", features=6),
            node(decoder[0], "decoder", "x", "bridge", hidden=hidden,
                 **decoder[1]),
            *keys,
            node("attention", "attend", "decoder",
                 "key" if keys else "encoder", "encoder", score=score, **more),
            node("attention_weights", "look", "attend", features=SOURCE),
            node("concat", "both", "attend", "decoder"),
            node("linear", "head", "both", features=7),
            node("tokens", "target", features=7),
            node("cross_entropy", "loss", "head", "target")]


def sized(family, cell, sizes, ragged, **more):
    *net, steps, batch = sizes
    kind = [f"P{more['projection']}"] if "projection" in more else []
    kind += ["both"] if "direction" in more else []
    name = " ".join([cell, "H%d L%d I%d C%d" % tuple(net), *kind])
    return Case(family, name, classifier(cell, *net, **more), steps, batch,
                ragged)


def all_cases():
    for cell in CELLS:
        for sizes in ((1, 1, 1, 2, 1, 1), (5, 1, 3, 4, 5, 3),
                      (16, 2, 16, 7, 6, 2), (19, 3, 8, 33, 4, 5),
                      (33, 2, 17, 5, 12, 4)):
            yield sized("plain", cell, sizes, False)
    for cell in CELLS:
        for sizes in ((1, 1, 1, 2, 1, 1), (7, 1, 3, 4, 5, 3),
                      (17, 2, 5, 3, 4, 2)):
            yield sized("bidirectional", cell, sizes, False, direction="both")
    for cell in CELLS:
        yield sized("packed", cell, (18, 2, 5, 3, 6, 5), True)
        yield sized("packed", cell, (9, 2, 4, 3, 5, 6), True,
                    direction="both")
    for sizes, ragged, more in (
            ((2, 1, 1, 2, 1, 1), False, {"projection": 1}),
            ((17, 1, 5, 4, 5, 3), False, {"projection": 6}),
            ((9, 2, 4, 3, 5, 5), True, {"projection": 3}),
            ((9, 2, 4, 3, 5, 5), True,
             {"projection": 3, "direction": "both"})):
        yield sized("projection", "lstm", sizes, ragged, **more)
    for cell in CELLS:
        yield Case("losses", f"{cell} tied", language_model(cell, 8, 6, 11), 6,
                   3, True)
        yield Case("losses", f"{cell} reals", two_losses(cell, 6, 3), 5, 4,
                   True)
    for cell in CELLS:
        yield Case("composed", f"{cell} residual",
                   residual(cell, 6, layers=2), 5, 4, True)
    one, both, two = {}, {"direction": "both"}, {"layers": 2}
    for score, cell, ends, ragged in (
            ("dot", "gru", (one, one), False),
            ("dot", "lstm", (both, two), True),
            ("general", "lstm", (one, one), True),
            ("general", "rnn_tanh", (both, two), False),
            ("additive", "gru", (both, two), True),
            ("additive", "lstm", (one, one), False)):
        more = {"width": 5} if score == "additive" else {"scale": 0.5}
        encoder, decoder = ((cell, end) for end in ends)
        yield Case("attention", f"{score} {cell}",
                   translator(encoder, decoder, 7, score, **more), 5, 4,
                   ragged, SOURCE)
    for score, ragged in (("dot", True), ("general", False),
                          ("additive", True)):
        more = {"width": 17} if score == "additive" else {}
        yield Case("attention", f"{score} of itself",
                   looks_at_itself("gru", score, **more), 6, 3, ragged)
