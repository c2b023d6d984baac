"""A record of the bench, results/<machine>.json, as rows with their variants:
what tables and plots are drawn from. The standard library only."""

import hashlib
import json
import os
import re
import statistics

BASELINES = ("reference", "autovec")
BASELINE_STEPS = 10  # they run no more
CELLS = ("lstm", "gru", "rnn", "gru_before")
PASSES = ("forward", "train", "ragged", "update", "step")


class Row:
    """`variants` by name: baselines, our rungs, a provider, peers."""

    def __init__(self, name, rungs):
        self.name, self.rungs = name, rungs
        self.what, shape = name.split("/f32/")
        self.size = {m[0]: int(m[1]) for m in
                     re.findall(r"([A-Z])(\d+)", shape)}
        self.variants = {}

    @property
    def ours(self):
        """The name of the fastest of our rungs, or None."""
        mine = [v for v in self.variants if v in self.rungs]
        return max(mine, key=lambda v: rate(self.variants[v]), default=None)

    @property
    def best(self):
        """The same of all variants that are no peers."""
        mine = [v for v in self.variants if v not in self.peers]
        return max(mine, key=lambda v: rate(self.variants[v]))

    @property
    def peers(self):
        return [v for v, e in self.variants.items() if "compared" in e]

    @property
    def provider(self):
        known = (*BASELINES, *self.rungs, *self.peers)
        return next((v for v in self.variants if v not in known), None)

    @property
    def family(self):
        """What rows share a picture."""
        cell, *rest = self.what.split("/")
        if not rest:
            return "kernels"
        if cell in CELLS or cell == "task":
            return cell
        first = cell.split("_")[0]
        return first + "-variants" if first in CELLS else first

    @property
    def step(self):
        """Which pass it is, in the order they are told in."""
        last = self.what.split("/")[-1]
        return PASSES.index(last) if last in PASSES else -1

    @property
    def unit(self):
        if "ns_per_item" not in self.variants[self.best]:
            return "GFLOP/s"
        if self.what.endswith("/step"):
            return "ns/step"
        return "ns/update" if self.family == "task" else "ns/element"

    def share(self, variant):
        """Of the limit, or None."""
        return self.variants.get(variant, {}).get("of_limit")


def rate(entry):
    """Work per second."""
    return entry["gflops"] if "gflops" in entry else 1 / entry["ns_per_item"]


def middle(entry, of):
    """The median of what was measured beside the samples."""
    return statistics.median(entry[of])


def runs_row(row, name):
    """Whether this is the row's problem; baselines run fewer steps."""
    def cut(m):
        return f"/T{min(int(m[1]), BASELINE_STEPS)}"
    return name in (row, re.sub(r"/T(\d+)", cut, row))


def rows_of(results, rungs):
    """Variants of a row stand together, baselines first: those of the next row
    that has a rung, whose name is the row's. Without a rung, their own."""
    rows, waiting = [], []
    for entry in results:
        name, variant = entry["name"].rsplit("/", 1)
        if variant in BASELINES:
            waiting.append((name, variant, entry))
            continue
        if not rows or rows[-1].name != name:
            rows.append(Row(name, rungs))
            rows[-1].variants = {v: e for n, v, e in waiting
                                 if runs_row(name, n)}
            waiting = []
        rows[-1].variants[variant] = entry
    for name, variant, entry in waiting if not rungs else ():
        if not rows or rows[-1].name != name:
            rows.append(Row(name, rungs))
        rows[-1].variants[variant] = entry
    return rows


class Record:
    def __init__(self, path):
        with open(path, "rb") as f:
            text = f.read()
        data = json.loads(text)
        self.path = path
        self.digest = hashlib.sha256(text).hexdigest()[:16]
        self.machine = data["machine"]
        self.rungs = tuple(self.machine["fma_flops"])
        self.rows = rows_of(data["results"], self.rungs)
        self.peers = data.get("peers", {})
        self.skipped = data.get("skipped", {})

    @property
    def stem(self):
        return os.path.splitext(self.path)[0]

    @property
    def here(self):
        """The peers that were measured."""
        return [p for p, of in self.peers.items() if "version" in of and
                any(p in row.peers for row in self.rows)]

    def families(self):
        """Family -> its rows, those of one pass together."""
        found = {}
        for row in self.rows:
            found.setdefault(row.family, []).append(row)
        return {f: sorted(rows, key=lambda r: r.step)
                for f, rows in found.items()}

    def level(self, nbytes):
        """The nearest level that holds so many bytes."""
        for name, size in self.machine["caches"].items():
            if nbytes <= size:
                return name
        return list(self.machine["bandwidth"])[-1]

    def find(self, name):
        return next((r for r in self.rows if r.name == name), None)


# ---- which pictures there are ---

MOST_BARS = 40  # in one picture


class Picture:
    """kind: share, peers, roofline, over. What is drawn stands in rows."""

    def __init__(self, record, kind, rows, family="", page=0, pages=1):
        self.kind, self.rows, self.family = kind, rows, family
        self.page, self.pages = page, pages
        part = f"-{family}" if family else ""
        part += f"-{page + 1}" if pages > 1 else ""
        self.path = f"{record.stem}-{kind}{part}.svg"


def paged(record, kind, family, rows, bars):
    """As few pictures of the rows as have at most MOST_BARS, about equal;
    bars(row) says how many a row has."""
    total = sum(map(bars, rows))
    pages = -(-total // MOST_BARS)
    while True:
        cuts = [rows[i * len(rows) // pages:(i + 1) * len(rows) // pages]
                for i in range(pages)]
        if all(sum(map(bars, cut)) <= MOST_BARS for cut in cuts):
            break
        pages += 1
    return [Picture(record, kind, cut, family, i, pages)
            for i, cut in enumerate(cuts)]


def shares(row):
    return [v for v in row.rungs if row.share(v)]


# The curves of throughput: what is held, and what varies.
CURVES = (
    ("one sequence (B 1, T 100)", {"T": 100, "B": 1}, "H"),
    ("sixteen sequences (B 16, T 50)", {"T": 50, "B": 16}, "H"),
    ("H 256 (T 50)", {"T": 50, "H": 256}, "B"),
)
CURVE_OF = "lstm/forward"


def curve(record, held, varied):
    """The rows of a curve in order: inputs are as wide as the layer."""
    rows = [r for r in record.rows
            if r.what == CURVE_OF and "P" not in r.size and r.ours
            and r.size["I"] == r.size["H"]
            and all(r.size[k] == n for k, n in held.items())]
    return sorted(rows, key=lambda r: r.size[varied])


def pictures(record):
    """All that can be drawn of this record."""
    found = []
    for family, rows in record.families().items():
        some = [r for r in rows if shares(r)]
        if some:
            found += paged(record, "share", family, some,
                           lambda r: len(shares(r)))
    for family, rows in record.families().items():
        some = [r for r in rows if r.peers and r.ours]
        if some:
            found += paged(record, "peers", family, some,
                           lambda r: len(r.peers))
    rows = [r for r in record.rows if r.ours and
            "gflops" in r.variants[r.ours]]
    if rows:
        found.append(Picture(record, "roofline", rows))
    rows = [r for _, held, varied in CURVES
            for c in [curve(record, held, varied)] if len(c) > 1 for r in c]
    if rows:
        found.append(Picture(record, "over", rows))
    return found
