"""Whether a row is slower: the median over processes of what each says of
log(b/a), beyond a threshold on two stages and once beyond chance.

Stage 1 measures all rows. A row whose estimate is beyond THRESHOLD, or too
noisy to tell, is measured again on stage 2, with fresh processes, links and
data. It is called slower if
    both estimates are beyond THRESHOLD, and
    p of the one-sided Wilcoxon tests of both stages together < level(rows),
and faster likewise. Chance decides in each process how both builds are laid out
and which takes its turn first, so that equal builds could change their names:
the sign of a process's median is a fair coin, whatever the clock does, and p
needs no model of the noise. Of R rows in two directions at most 2 R level are
called, and so at most that share of suites: level = SUITE / (2 R) keeps it at
SUITE for every R. Where the spread of processes is the usual .3 to 1 %, the
threshold keeps it far below.

One p of both stages finds more than p < .01 on each, at the same level of
40 rows: it need not be passed twice by the few processes of one stage. And the
median loses to Hodges and Lehmann's estimate, by a fifth of its error, where
layouts are spread evenly, but not where some builds' layouts are bad: with 3 in
10 by 5 %, that errs half as far again. (tests/gate_rates.py shows both.)

A row that is not called is `same` where its interval excludes a change by 2 %
and is narrow enough to have seen one; else `unclear`. Pure functions; the same
numbers give the same verdict to the last digit."""

import collections
import math
import warnings

import numpy as np
from scipy import stats

SUITE = .01  # share of suites of equal builds that may be called, at most
THRESHOLD = .0075  # above what re-links and data leave of a layout: .3 %
EFFECT = math.log(1.02)  # what must not be missed
PROCESSES = 32  # stage 1: at a spread of 1 %, 2 % lies 5 errors over THRESHOLD
PAIRS = 20  # of samples in a process and row: more buy less than processes
SECONDS = .0003  # a sample: short beside the drift of the clock
CONFIRM = 64  # stage 2
CONFIDENCE = .95  # of the interval
RESAMPLES = 4999
SEED = 1  # of the resampling
LEAST = 10  # processes: their interval still covers .9

# A true 2 % stays below THRESHOLD on stage 1 in at most 5 of 1000 rows while an
# estimate's standard error is (EFFECT - THRESHOLD) / 2.58: this is how wide its
# interval then is. Stage 2 has half the variance and adds none to speak of.
WIDTH = (2 * stats.norm.isf((1 - CONFIDENCE) / 2) *
         (EFFECT - THRESHOLD) / stats.norm.isf(.005))

Estimate = collections.namedtuple(
    "Estimate", "row ratio low high p_slower p_faster processes spread")
Verdict = collections.namedtuple("Verdict", "row what first second why p",
                                 defaults=(None,))


def level(rows):
    """Of the test of one row and direction in a suite of so many rows."""
    return SUITE / (2 * max(rows, 1))


# ---- estimates ---


def said(a, b):
    """What a process says of a row: the mean of both halves' medians of
    log(b/a). The builds exchange their memory between the halves, and where it
    lies moves some rows by 10 %, one half up, the other down. Pairs are along
    the first axis."""
    x, half = np.log(np.divide(b, a)), len(a) // 2
    return np.mean([np.median(part, axis=0) for part in (x[:half], x[half:])
                    if len(part)], axis=0)


def processes_of(raw, row, stage):
    """What each process says that has the row."""
    return np.array([said(p["rows"][row]["a"], p["rows"][row]["b"])
                     for p in raw.processes
                     if p["stage"] == stage and row in p["rows"]])


def p_greater(x):
    """Exact one-sided Wilcoxon p of x > 0 over the last axis. Zeros say
    nothing and are dropped; without any, p is at least 2^-n."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of nothing but zeros
        p = stats.wilcoxon(x, alternative="greater", method="exact",
                           axis=-1).pvalue
    return np.maximum(p, .5 ** x.shape[-1])  # 1 - (1 - p) is 0 at 64


def interval(x):
    """Bootstrap percentiles of the median over processes. BCa would add a skew
    taken from leaving one out, which moves a median by one of two steps."""
    found = stats.bootstrap(
        (x,), np.median, n_resamples=RESAMPLES, confidence_level=CONFIDENCE,
        method="percentile", rng=np.random.default_rng(SEED))
    return found.confidence_interval


def estimate(row, x):
    """Of a row from its processes' medians. None stands where there are too
    few: all of it without a process, all but ratio and spread below LEAST.
    spread is the standard deviation over processes, told by their median
    deviation."""
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


def side(e):
    """Where the estimate lies beyond the threshold: slower, faster or None."""
    if e.low is None or abs(math.log(e.ratio)) <= THRESHOLD:
        return None
    return "slower" if e.ratio > 1 else "faster"


def together(first, second, what):
    """p of both stages: Stouffer's sum of their z, weighted by the roots of
    their processes, as good as one test over all of them."""
    z = [stats.norm.isf(getattr(e, "p_" + what)) for e in (first, second)]
    n = np.sqrt([first.processes, second.processes])
    return float(stats.norm.sf(n @ z / math.sqrt(n @ n)))


def blind(e):
    """Why this estimate cannot say that nothing changed, or None."""
    if e.low is None:
        return f"{e.processes} processes; {LEAST} are needed"
    low, high = math.log(e.low), math.log(e.high)
    if high - low > WIDTH:
        return (f"too noisy: the interval is {high - low:.1%} wide, and 2 % is "
                f"seen within {WIDTH:.1%}")
    if low <= -EFFECT or high >= EFFECT:
        return (f"the interval from {e.low - 1:+.1%} to {e.high - 1:+.1%} does "
                "not exclude 2 %")
    return None


def suspects(first):
    """Rows to measure again: beyond the threshold in either direction, or too
    noisy, which more processes may mend. One without processes would fail
    again."""
    return [e.row for e in first if e.processes and (side(e) or blind(e))]


def parted(first, second):
    """A note where the intervals of both stages lie apart, or None: the median
    of processes that fall into groups is their mixture's, and another one
    tomorrow."""
    if first.low <= second.high and second.low <= first.high:
        return None
    return (f"at first it was {first.ratio - 1:+.1%}, from {first.low - 1:+.1%}"
            f" to {first.high - 1:+.1%}: the size is less sure than its "
            "interval says")


def verdict(first, second, alpha):
    def say(what, why=None, p=None):
        return Verdict(first.row, what, first, second, why, p)

    one = side(first)
    if second is None:
        why = f"seems {one}; was not measured again" if one else blind(first)
        return say("unclear" if why else "same", why)
    two = side(second)
    if one and one == two:
        p = together(first, second, one)
        if p < alpha:
            return say(one, parted(first, second), p)
        return say("unclear", f"seems {one} twice, but chance does so with p "
                   f"{p:.2g}; {alpha:.2g} is asked for", p)
    if two:
        return say("unclear", f"{two} when measured again, before that "
                   f"{one or blind(first) or 'the same'}")
    why = blind(second)
    if why or not one:
        return say("unclear" if why else "same", why)
    return say("same", f"seemed {one}; not so when measured again")


def verdicts(first, second=()):
    """Of every row of stage 1, given what was measured again."""
    again = {e.row: e for e in second}
    return [verdict(e, again.get(e.row), level(len(first))) for e in first]


def rows_of(count):
    return "1 row" if count == 1 else f"{count} rows"


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
    text = f"no slow-down in {rows_of(len(found))}"
    if rows["faster"]:
        text += f"; {len(rows['faster'])} faster"
    return 0, text


# ---- a raw file ---


def failures(raw, row, stage):
    return [p["errors"][row] for p in raw.processes
            if p["stage"] == stage and row in p["errors"]]


def note(raw, v):
    """The verdict with what failed beside it: a row that failed more often than
    not is not judged."""
    for stage, e in ((1, v.first), (2, v.second)):
        failed = failures(raw, v.row, stage)
        if not failed:
            continue
        ran = e.processes if e else 0
        why = (f"failed in {len(failed)} of {len(failed) + ran} processes of "
               f"stage {stage}: {failed[-1]}")
        what = "unclear" if len(failed) > ran else v.what
        v = v._replace(what=what, why=f"{v.why}; {why}" if v.why else why)
    return v


def stopped(raw):
    """What a comparison without an end lacks, as the rest of a sentence."""
    if raw.ended:
        return ""
    plan = raw.start["plan"]
    ran = [sum(p["stage"] == stage for p in raw.processes) for stage in (1, 2)]
    if ran[0] < plan["processes"]:
        return f"; stopped after {ran[0]} of {plan['processes']} processes"
    if ran[1] == 0:
        return f"; stopped after all {ran[0]} processes of stage 1"
    if ran[1] < plan["confirm"]:
        return (f"; stopped after {ran[1]} of {plan['confirm']} processes of "
                "stage 2")
    return "; stopped when all was measured"


def judge(raw):
    """A comparison's verdicts, exit code and sentence from its raw file. One
    that was stopped passes nothing: it may be wanted no longer."""
    found = [note(raw, v)
             for v in verdicts(estimates(raw, 1), estimates(raw, 2))]
    code, text = outcome(found)
    return found, code if raw.ended else code or 2, text + stopped(raw)
