"""Where a row's speed stepped: log speed is constant between change points, and
one is believed if by chance the rows of one machine, all together, would show
it once in a hundred. Beside these stand what single comparisons said, each of
which is wrong once in a hundred (decide.py).

Of a row's points against one base, y = log speed with standard error s, PELT
(Killick, Fearnhead and Eckley 2012) finds the steps that minimise
  sum ((y - mean of its part) / s)^2 / dispersion + penalty * steps.
Without steps, what k given ones of the n - 1 places take off the sum is
chi-squared with k degrees of freedom, so that
  sum over k of C(n - 1, k) P(chi2_k > k penalty) <= RATE / series
bounds the chance of one false step: the penalty is its least solution."""

import collections
import functools
import math
import statistics

import numpy
import ruptures
from scipy import optimize, special, stats

RATE = 0.01   # of histories without steps that show one
NORMAL = stats.norm.ppf(0.975)
HALF = stats.chi2.median(1)
ENOUGH = 20   # differences that tell how far points scatter

# size, low and high are ratios of speed after over before; `after` and
# `before` the commits on its two sides.
Change = collections.namedtuple("Change",
                                "row base before after size low high")


class Weighted(ruptures.base.BaseCost):
    """Weighted squares about the weighted mean; signal: columns y, weight."""

    model = "weighted"
    min_size = 1

    def fit(self, signal):
        self.signal = signal
        y, w = signal.T
        self.sums = numpy.vstack(
            [numpy.zeros(3), numpy.cumsum(numpy.array([w, w * y, w * y * y]).T,
                                          axis=0)])
        return self

    def error(self, start, end):
        w, wy, wyy = self.sums[end] - self.sums[start]
        return max(0.0, wyy - wy * wy / w)


@functools.lru_cache(maxsize=None)
def penalty(points, rate):
    """What a step has to take off the sum; at most `rate` of series of so many
    points without steps show one."""
    places = points - 1
    k = numpy.arange(1, places + 1)
    ways = [math.lgamma(places + 1) - math.lgamma(i + 1) -
            math.lgamma(places - i + 1) for i in k]

    def excess(each):
        chances = ways + stats.chi2.logsf(k * each, k)
        return special.logsumexp(chances) - math.log(rate)
    return optimize.brentq(excess, 1e-3, 1000)


def logs(points):
    """log speed and its standard error, from intervals of 95 %. An error below
    the row's usual one is luck: at least the median counts."""
    y = numpy.log([p["speed"][0] for p in points])
    low, high = numpy.log([p["speed"][1:] for p in points]).T
    s = (high - low) / (2 * NORMAL)
    return y, numpy.maximum(numpy.maximum(s, numpy.median(s)), 1e-9)


def dispersion(series):
    """How much further apart successive points of a machine lie than their
    errors say, as a ratio of variances, at least 1: what changes between
    sittings and not within one. The median is blind to rare steps."""
    squares = []
    for points in series:
        y, s = logs(points)
        squares += list(numpy.diff(y) ** 2 / (s[1:] ** 2 + s[:-1] ** 2))
    if len(squares) < ENOUGH:
        return 1.0
    return max(1.0, statistics.median(squares) / HALF)


def steps(y, s, cost):
    """First indices of the parts after the first."""
    if len(y) < 2:
        return []
    signal = numpy.array([y - y[0], s ** -2.0]).T
    found = ruptures.Pelt(custom_cost=Weighted(), min_size=1, jump=1)
    return found.fit(signal).predict(pen=cost)[:-1]


def mean(y, s):
    """Weighted mean and its standard error."""
    w = s ** -2.0
    return (w * y).sum() / w.sum(), w.sum() ** -0.5


def of_series(points, wider=1.0, rate=RATE):
    """Changes of one row's points against one base, in order of commits."""
    if len(points) < 2:
        return []
    y, s = logs(points)
    s = s * math.sqrt(wider)
    cuts = [0, *steps(y, s, penalty(len(points), rate)), len(points)]
    parts = [mean(y[a:b], s[a:b]) for a, b in zip(cuts, cuts[1:])]
    found = []
    for at, (m0, e0), (m1, e1) in zip(cuts[1:], parts, parts[1:]):
        size, error = m1 - m0, NORMAL * math.hypot(e0, e1)
        found.append(Change(points[at]["row"], points[at]["base"],
                            points[at - 1]["commit"], points[at]["commit"],
                            *map(math.exp, (size, size - error,
                                            size + error))))
    return found


def of_machine(series):
    """Changes of all series of one machine: [[point, ...], ...]."""
    long = [points for points in series if len(points) > 1]
    wider = dispersion(long)
    return [change for points in long
            for change in of_series(points, wider, RATE / len(long))]


def of_verdicts(points):
    """Changes of commits that were compared with the commit before them: the
    gate itself said so, after measuring twice."""
    commits = list(dict.fromkeys(p["commit"] for p in points))
    before = dict(zip(commits[1:], commits))
    return [Change(p["row"], p["base"], p["base"], p["commit"], *p["speed"])
            for p in points if p["said"] in ("slower", "faster") and
            p["base"] == before.get(p["commit"])]


def of_counts(points):
    """Changes of a row's instructions: every one, since counts have no noise.
    Sizes are as of speeds: fewer instructions are > 1."""
    found = []
    for old, new in zip(points, points[1:]):
        size = old["instructions"] / new["instructions"]
        if size != 1:
            found.append(Change(new["row"], old["commit"], old["commit"],
                                new["commit"], size, size, size))
    return found
