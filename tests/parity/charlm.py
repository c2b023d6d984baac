"""The character model of ./run train, in PyTorch: same data, sizes and updates.

It ends in the same line, so that bits a character and characters a second can
be compared in one sitting. Run it in the environment that
`./run test --parity` makes: build/parity/bin/python tests/parity/charlm.py
"""

import argparse
import math
import os
import subprocess
import time

import torch
from torch import nn

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
STREAMS, STEPS, HELD_OUT_STREAMS = 32, 64, 8


class Model(nn.Module):
    def __init__(self, cell, symbols, embedding, hidden):
        super().__init__()
        self.embedding = nn.Embedding(symbols, embedding)
        self.cell = CELLS[cell](embedding, hidden)
        self.decoder = nn.Linear(hidden, symbols)

    def forward(self, x, state):
        y, state = self.cell(self.embedding(x), state)
        return self.decoder(y), state


def king_james():
    """The text as symbols 0 .. n - 1, and n."""
    raw = subprocess.run(
        ["bible", "Gen1:1-Rev22:21"], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, check=True,
        env=dict(os.environ, COLUMNS="80")).stdout
    found = sorted(set(raw))
    rank = {byte: i for i, byte in enumerate(found)}
    return torch.tensor([rank[byte] for byte in raw]), len(found)


def streams(text, count):
    """[T][count]: contiguous stretches of the text side by side."""
    length = (len(text) - 1) // count
    at = torch.arange(count) * length
    x = torch.stack([text[a:a + length] for a in at.tolist()], 1)
    y = torch.stack([text[a + 1:a + 1 + length] for a in at.tolist()], 1)
    return x, y


def detach(state):
    return tuple(s.detach() for s in state) if isinstance(state, tuple) \
        else state.detach()


def train(model, text, updates):
    """Characters per second."""
    x, y = streams(text, STREAMS)
    adam = torch.optim.Adam(model.parameters(), lr=2e-3)
    loss_of, state, at = nn.CrossEntropyLoss(), None, 0
    start = time.monotonic()
    for update in range(updates):
        if at + STEPS > len(x):
            state, at = None, 0
        logits, state = model(x[at:at + STEPS], state)
        state = detach(state)
        loss = loss_of(logits.flatten(0, 1), y[at:at + STEPS].flatten())
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        at += STEPS
        if update % 100 == 99:
            print(f"update {update + 1} of {updates}: "
                  f"{loss.item() / math.log(2):.3f} bits/character",
                  flush=True)
    return updates * STREAMS * STEPS / (time.monotonic() - start)


@torch.inference_mode()
def held_out(model, text):
    """Bits per character from a zero state."""
    x, y = streams(text, HELD_OUT_STREAMS)
    state, nats = None, 0.0
    for at in range(0, len(x), 256):
        logits, state = model(x[at:at + 256], state)
        nats += nn.functional.cross_entropy(
            logits.flatten(0, 1), y[at:at + 256].flatten(),
            reduction="sum").item()
    return nats / x.numel() / math.log(2)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--cell", choices=CELLS, default="lstm")
    options.add_argument("--hidden", type=int, default=256)
    options.add_argument("--embedding", type=int, default=64)
    options.add_argument("--updates", type=int, default=1950)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    text, symbols = king_james()
    cut = int(len(text) * 0.95)
    model = Model(given.cell, symbols, given.embedding, given.hidden)
    rate = train(model, text[:cut], given.updates)
    print(f"held-out {held_out(model, text[cut:]):.3f} bits/character, "
          f"{rate:.0f} characters/s")


if __name__ == "__main__":
    main()
