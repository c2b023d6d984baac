"""PyTorch: torch.nn's layers as they come, forward and in training."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
# Of a layer, and of the head.
WEIGHTS = {"w_ih": "weight_ih_l0", "w_hh": "weight_hh_l0",
           "b_ih": "bias_ih_l0", "b_hh": "bias_hh_l0"}
HEAD = {"w_head": "weight", "b_head": "bias"}

torch.set_num_interop_threads(1)


def version():
    return torch.__version__


def tensor(array):
    return torch.from_numpy(array.copy())


def set_weights(module, names, arrays):
    with torch.no_grad():
        for ours, theirs in names.items():
            getattr(module, theirs).copy_(tensor(arrays[ours]))


class Forward:
    def __init__(self, cell, arrays):
        self.x = tensor(arrays["x"])
        hidden = arrays["w_hh"].shape[1]
        self.layer = CELLS[cell](self.x.shape[2], hidden)
        set_weights(self.layer, WEIGHTS, arrays)

    def run(self):
        with torch.inference_mode():
            self.y, _ = self.layer(self.x)

    def results(self):
        return {"y": self.y.numpy()}


class Train(Forward):
    """A linear head and cross-entropy, mean over all rows; gradients of every
    parameter and of x."""

    def __init__(self, cell, arrays):
        super().__init__(cell, arrays)
        classes, hidden = arrays["w_head"].shape
        self.head = nn.Linear(hidden, classes)
        set_weights(self.head, HEAD, arrays)
        self.x.requires_grad_()
        targets = tensor(arrays["targets"]).long()
        self.targets = self.rows(targets)
        self.leaves = [self.x, *self.layer.parameters(),
                       *self.head.parameters()]

    def rows(self, y):
        return y.flatten(0, 1)

    def outputs(self):
        return self.rows(self.layer(self.x)[0])

    def run(self):
        for leaf in self.leaves:
            leaf.grad = None
        logits = self.head(self.outputs())
        self.loss = nn.functional.cross_entropy(logits, self.targets)
        self.loss.backward()

    def results(self):
        grads = {"x": self.x}
        grads |= {w: getattr(self.layer, WEIGHTS[w]) for w in WEIGHTS}
        grads |= {w: getattr(self.head, HEAD[w]) for w in HEAD}
        return {"loss": self.loss.detach().numpy()} | {
            f"d{name}": leaf.grad.numpy() for name, leaf in grads.items()}


class Ragged(Train):
    """The same of packed sequences: only rows that are real."""

    def __init__(self, cell, arrays):
        self.lengths = tensor(arrays["lengths"])
        super().__init__(cell, arrays)

    def pack(self, x):
        return pack_padded_sequence(x, self.lengths, enforce_sorted=False)

    def rows(self, y):
        return self.pack(y).data

    def outputs(self):
        return self.layer(self.pack(self.x))[0].data


PASSES = {"forward": Forward, "train": Train, "ragged": Ragged}


def open(what, threads, arrays):
    cell, what = what.split("/")
    torch.set_num_threads(threads)
    return PASSES[what](cell, arrays)
