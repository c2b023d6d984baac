"""Speed-up of a row over the baselines of its own build, timed in one process:
a number that a slower clock or another machine's day leaves alone."""

import collections
import math

import numpy as np
from scipy import stats

import decide
import measure

BASELINES = ("reference", "autovec")
# Baselines are tens of times slower, and a speed-up is wanted to a per cent:
# few processes, whose spread gives the interval.
PROCESSES, PAIRS, SECONDS = 4, 5, .0002
CONFIDENCE = .95
ALPHA = .01  # share of equal pairs of records in which some row is named

Speedup = collections.namedtuple("Speedup", "ratio low high processes")


def pair_of(row, baseline):
    """What the runner is asked: A runs the baseline, B the row; None where the
    row has no variant in its name, or is a baseline."""
    what, _, variant = row.rpartition("/")
    if not what or variant in BASELINES:
        return None
    return f"{what}/{baseline}={row}"


def speedup(x):
    """Of processes' medians of log(a/b): the mean and its interval by
    Student's t."""
    middle, n = float(np.mean(x)), len(x)
    if n < 2:
        return Speedup(math.exp(middle), None, None, n)
    half = stats.t.isf((1 - CONFIDENCE) / 2, n - 1) * float(stats.sem(x))
    return Speedup(math.exp(middle), math.exp(middle - half),
                   math.exp(middle + half), n)


def lane(build, rows, seed, progress=None, runner=measure.RUNNER, spent=None,
         count=PROCESSES):
    """{row: {baseline: Speedup}} of what has baselines."""
    asked = {pair_of(row, baseline): (row, baseline)
             for row in rows for baseline in BASELINES}
    asked.pop(None, None)
    found = collections.defaultdict(list)
    if asked:
        for process in measure.processes(
                build, build, list(asked), count, PAIRS, SECONDS,
                f"{seed}/ratios", progress=progress, runner=runner,
                spent=spent):
            for name, of in process["rows"].items():
                found[name].append(decide.said(of["b"], of["a"]))
    lane = {}
    for name, x in found.items():
        row, baseline = asked[name]
        lane.setdefault(row, {})[baseline] = speedup(x)
    return lane


def error_of(s):
    """The standard error of log(ratio), or None."""
    if s.low is None:
        return None
    t = stats.t.isf((1 - CONFIDENCE) / 2, s.processes - 1)
    return math.log(s.high / s.low) / 2 / t


def changes_of(old, new):
    """[(row, baseline, log of new over old, its standard error, degrees)]."""
    found = []
    for row, of in new.items():
        for baseline, n in of.items():
            o = old.get(row, {}).get(baseline)
            if o and None not in (o.low, n.low):
                found.append((row, baseline, math.log(n.ratio / o.ratio),
                              math.hypot(error_of(o), error_of(n)),
                              o.processes + n.processes - 2))
    return found


def compare(old, new, moved=False):
    """Rows whose speed-up fell from one lane to another, as [(row, baseline,
    share that is left, bound)]; the bound is the least share that is no fall:
        exp(centre - t scale), t such that of all pairs by chance ALPHA fall.
    On one machine centre is 0 and scale the two standard errors' root sum of
    squares. Where the machine `moved`, all speed-ups move: centre is their
    median, and scale at least their spread as the median deviation tells it."""
    changes = changes_of(old, new)
    if not changes:
        return []
    sizes = [x for _, _, x, _, _ in changes]
    centre, spread = 0, 0
    if moved:
        centre = float(np.median(sizes))
        spread = float(stats.median_abs_deviation(sizes, scale="normal"))
    fell = []
    for row, baseline, x, error, degrees in changes:
        t = stats.t.isf(ALPHA / len(changes), degrees)
        bound = centre - t * max(error, spread)
        if x < bound:
            fell.append((row, baseline, math.exp(x), math.exp(bound)))
    return fell
