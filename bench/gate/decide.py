"""Whether a row is slower: the median over processes of each process's median
of log(b/a), twice beyond a threshold and twice beyond chance.

Within a process it is chance which build is A and how each is laid out, so that
between equal builds the sign of a process's median is a fair coin, whatever the
clock does: the signed-rank test's level needs no model of the noise. A row is
called slower if on stage 1 (all rows) and again on stage 2 (the suspects: fresh
links, data and processes)
    the estimate > THRESHOLD and the one-sided Wilcoxon p < level(rows),
and faster likewise. The stages are independent. Of R rows of equal builds, in
two directions, at most 2 R level^2 are called, and so no more than that share
of suites: with level = min(ALPHA, sqrt(SUITE / (2 R))) it is <= SUITE for every
R; 40 rows: .8 %. That holds for any noise that is symmetric as said; where the
spread of processes is the usual .3 to 1 %, the threshold makes it far less: at
1 %, an estimate passes .75 % by chance in 3 of 10^4 rows on stage 1 and in 1 of
10^6 on stage 2. A row that is not called is `same` if its interval is narrow
enough to have seen 2 %, else `unclear`.

Pure functions; the same numbers give the same verdict to the last digit."""

import collections
import math
import warnings

import numpy as np
from scipy import stats

SUITE = .01  # share of suites of equal builds that may be called, at most
ALPHA = .01  # of one test of one stage: what 2 R ALPHA^2 <= SUITE leaves at 40
THRESHOLD = .0075  # layouts and data that 32 re-links do not average out: .3 %
EFFECT = math.log(1.02)  # what must not be missed
PROCESSES = 32  # stage 1. Estimates of 2 %: 5 standard errors over THRESHOLD
PAIRS = 40  # of samples in a process and row
SECONDS = .0005  # a sample: short beside the drift of the clock, long beside it
CONFIRM = 64  # stage 2
CONFIDENCE = .95  # of the interval
RESAMPLES = 4999  # its ends' own error: a hundredth of its width
SEED = 1  # of the resampling
LEAST = 10  # processes: 2^-10 is below every level up to 500 rows

# An estimate's standard error, above which a true 2 % stays below THRESHOLD in
# more than 1 of 100 rows, is (EFFECT - THRESHOLD) / 2.33; an interval of 95 % is
# 3.92 of them wide.
WIDTH = (2 * stats.norm.isf((1 - CONFIDENCE) / 2) *
         (EFFECT - THRESHOLD) / stats.norm.isf(.01))

Estimate = collections.namedtuple(
    "Estimate", "row ratio low high p_slower p_faster processes spread")
Verdict = collections.namedtuple("Verdict", "row what first second why")


def level(rows):
    """Of each test, so that a suite of so many rows keeps SUITE."""
    return min(ALPHA, math.sqrt(SUITE / (2 * max(rows, 1))))


# ---- estimates ---


def processes_of(raw, row, stage):
    """The median of log(b/a) of each process that has the row."""
    pairs = [(p["rows"][row]["a"], p["rows"][row]["b"])
             for p in raw.processes if p["stage"] == stage and row in p["rows"]]
    return np.array([np.median(np.log(np.divide(b, a))) for a, b in pairs])


def p_greater(x):
    """Exact one-sided Wilcoxon p of x > 0 over the last axis. Zeros say
    nothing and are dropped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of nothing but zeros
        return stats.wilcoxon(x, alternative="greater", method="exact",
                              axis=-1).pvalue


def interval(x):
    """Bootstrap percentiles of the median over processes. BCa would add a skew
    taken from leaving one out, which moves a median by one of two steps."""
    found = stats.bootstrap(
        (x,), np.median, n_resamples=RESAMPLES, confidence_level=CONFIDENCE,
        method="percentile", rng=np.random.default_rng(SEED))
    return found.confidence_interval


def estimate(row, x):
    """Of a row from its processes' medians. None stands where there are too few:
    all of it without a process, all but ratio and spread below LEAST. spread is
    the standard deviation over processes as the median deviation tells it."""
    if len(x) == 0:
        return Estimate(row, None, None, None, None, None, 0, None)
    middle = float(np.median(x))
    spread = float(stats.median_abs_deviation(x, scale="normal"))
    ratio = math.exp(middle)
    if len(x) < LEAST:
        return Estimate(row, ratio, None, None, None, None, len(x), spread)
    low, high = (math.exp(end) for end in interval(x))
    return Estimate(row, ratio, low, high, float(p_greater(x)),
                    float(p_greater(-x)), len(x), spread)


def estimates(raw, stage):
    """Of every row; of stage 2, those that were measured again."""
    found = [estimate(row, processes_of(raw, row, stage))
             for row in raw.start["rows"]]
    return [e for e in found if stage == 1 or e.processes]


# ---- the rule ---


def beyond(middle, p, alpha):
    """What one stage says in one direction; arrays too."""
    return (middle > THRESHOLD) & (p < alpha)


def flag(e, alpha):
    """slower, faster or None."""
    if e.p_slower is None:
        return None
    if beyond(math.log(e.ratio), e.p_slower, alpha):
        return "slower"
    if beyond(-math.log(e.ratio), e.p_faster, alpha):
        return "faster"
    return None


def blind(e):
    """Why this estimate cannot say that nothing changed, or None."""
    if e.processes < LEAST:
        return f"{e.processes} processes; {LEAST} are needed"
    width = math.log(e.high / e.low)
    if width > WIDTH:
        return (f"too noisy: the interval is {width:.1%} wide, and 2 % is seen "
                f"within {WIDTH:.1%}")
    return None


def suspects(first):
    """Rows to measure again: flagged in either direction, or too noisy, which
    more processes may mend. A row without processes would fail again."""
    alpha = level(len(first))
    return [e.row for e in first
            if e.processes and (flag(e, alpha) or blind(e))]


def verdict(first, second, alpha):
    one = flag(first, alpha)
    if second is None:
        if one:
            return Verdict(first.row, "unclear", first, None,
                           f"seems {one}; was not measured again")
        why = blind(first)
        return Verdict(first.row, "unclear" if why else "same", first, None,
                       why)
    two, why = flag(second, alpha), blind(second)
    if one and one == two:
        return Verdict(first.row, one, first, second, None)
    if two:
        why = f"{two} when measured again, {one or 'too noisy'} before"
    elif one and not why:
        return Verdict(first.row, "same", first, second,
                       f"seemed {one}; not so when measured again")
    return Verdict(first.row, "unclear" if why else "same", first, second, why)


def verdicts(first, second=()):
    """Of every row of stage 1, given what was measured again."""
    again = {e.row: e for e in second}
    alpha = level(len(first))
    return [verdict(e, again.get(e.row), alpha) for e in first]


def outcome(found):
    """The exit code and its sentence: 1 a slow-down is confirmed, else 2 a row
    could not be judged, else 0."""
    rows = collections.defaultdict(list)
    for v in found:
        rows[v.what].append(v)
    unclear = f"{len(rows['unclear'])} of {len(found)} rows could not be judged"
    if rows["slower"]:
        worst = max(rows["slower"], key=lambda v: v.second.ratio)
        text = (f"slow-down confirmed in {len(rows['slower'])} of {len(found)} "
                f"rows, the largest {worst.second.ratio - 1:.1%} in "
                f"{worst.row}")
        return 1, text + (f"; {unclear}" if rows["unclear"] else "")
    if rows["unclear"]:
        v = rows["unclear"][0]
        return 2, f"{unclear}; {v.row}: {v.why}"
    if not found:
        return 2, "there is no row to judge"
    text = f"no slow-down in {len(found)} rows"
    if rows["faster"]:
        text += f"; {len(rows['faster'])} faster"
    return 0, text


def judge(raw):
    """A comparison's verdicts, exit code and sentence from its raw file."""
    found = verdicts(estimates(raw, 1), estimates(raw, 2))
    return found, *outcome(found)
