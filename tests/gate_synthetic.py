"""Times with a known true ratio, under the noise of a shared machine: a clock
that drifts, bursts, layouts of the code, drawn anew for every process, and
memory that the builds exchange between the halves of its pairs."""

import collections

import numpy as np

import decide
from decide import PAIRS

# Logarithms. clock: sd of one sample; lag: its correlation with the next one;
# slow: sd of a part that lasts for processes (lag .9 between them). A sample
# begins a burst with the probability `bursts`; it adds `burst` and ends at a
# sample with probability 1 / 5. layout: sd over processes of log(B/A), from
# both builds; tails: degrees of freedom of Student's t for it, inf: normal;
# odd: a share of builds whose layout costs 5 % more. memory: sd over processes
# of what its place adds to log(B/A) in the first half, and takes in the second.
Noise = collections.namedtuple(
    "Noise", "clock lag slow bursts burst layout tails odd memory",
    defaults=(.04, .9, .02, .01, .17, .005, np.inf, 0, .03))


def correlated(rng, count, lag, sd):
    """[count, ...] of stationary AR(1) noise along the first axis."""
    steps = rng.standard_normal(count, dtype=np.float32)
    steps[1:] *= np.sqrt(1 - lag * lag)
    for t in range(1, len(steps)):
        steps[t] += lag * steps[t - 1]
    return sd * steps


def clock(rng, noise, shape, count):
    """[count, *shape]: log of the time that samples take more, in turn."""
    more = correlated(rng, (count, *shape), noise.lag, noise.clock)
    if noise.bursts:
        chance = rng.random((count, *shape), dtype=np.float32)
        inside = np.zeros(shape, bool)
        for t in range(count):
            inside &= chance[t] > .2
            inside |= chance[t] < noise.bursts
            more[t] += noise.burst * inside
    return more


def layouts(rng, noise, shape):
    """What one build's layout costs in each process."""
    if np.isinf(noise.tails):
        cost = rng.standard_normal(shape, dtype=np.float32)
    else:
        cost = rng.standard_t(noise.tails, shape).astype(np.float32)
    cost *= noise.layout / np.sqrt(2)
    if noise.odd:
        cost += .05 * (rng.random(shape, dtype=np.float32) < noise.odd)
    return cost


def pairs(rng, noise, shape, ratio=1, count=PAIRS):
    """log a, log b, each [count, *shape]: one process of one row for each
    element of shape, measured in pairs of random order."""
    time = clock(rng, noise, shape, 2 * count)
    first = rng.random((count, *shape), dtype=np.float32) < .5
    a = np.where(first, time[0::2], time[1::2])
    b = np.where(first, time[1::2], time[0::2])
    a += layouts(rng, noise, shape)
    b += layouts(rng, noise, shape) + np.float32(np.log(ratio))
    place = noise.memory * rng.standard_normal(shape, dtype=np.float32)
    b[:count // 2] += place
    b[count // 2:] -= place
    return a, b


def blocks(rng, noise, rows, processes, ratio=1, count=PAIRS):
    """The same effort spent on all of A, then all of B: medians of processes,
    each [rows, processes]."""
    slow = correlated(rng, (2 * processes, rows), .9, noise.slow)
    time = clock(rng, noise, (2 * processes, rows), count)
    middle = np.median(time, axis=0) + slow
    middle[:processes] += layouts(rng, noise, (processes, rows))
    middle[processes:] += (layouts(rng, noise, (processes, rows)) +
                           np.log(ratio))
    return middle[:processes].T, middle[processes:].T


def medians(rng, noise, rows, processes, ratio=1, of=decide.said):
    """[rows, processes] of what each process says of log(b/a), or of another
    statistic of its times."""
    a, b = pairs(rng, noise, (rows, processes), ratio)
    return of(np.exp(a), np.exp(b)).astype(float)


def pool(seed, noise, processes=60000):
    """Medians of so many processes of equal builds, to draw suites from."""
    rng = np.random.default_rng(seed)
    return np.concatenate([medians(rng, noise, 1, 5000)[0]
                           for _ in range(processes // 5000)])


def process(rng, noise, names, stage, index, ratio=None):
    """A fact as of the raw file; times in ns. ratio: {name: true b over a}."""
    rows = {}
    for name in names:
        a, b = pairs(rng, noise, (), (ratio or {}).get(name, 1))
        rows[name] = {"runs": 10, "first": "ab" * (len(a) // 2), "stolen": 0,
                      "a": [round(float(t), 1) for t in 5e4 * np.exp(a)],
                      "b": [round(float(t), 1) for t in 5e4 * np.exp(b)]}
    return {"kind": "process", "stage": stage, "index": index,
            "seed": 100 * stage + index, "rows": rows, "errors": {}}
