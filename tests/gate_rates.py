"""The decision's rates, simulated against what decide.py promises; and that
what it claims to be better than does worse on the same noise."""

import functools
import math
import os
import sys
import unittest
from unittest import mock

try:
    import numpy as np
    from scipy import stats
except ImportError as error:
    print(f"skipped: {error}; bench/venv.sh build/gate gate installs it")
    sys.exit(77)

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [os.path.join(ROOT, "bench", "gate"),
                os.path.join(ROOT, "tests")]
import decide
import gate_synthetic as synthetic
from gate_synthetic import Noise

TWO = math.log(1.02)
ROWS = 40  # of a suite
USUAL = {"layouts .3 %": Noise(layout=.003), "layouts 1 %": Noise(layout=.01),
         "clock 8 %": Noise(clock=.08), "bursts": Noise(bursts=.05),
         "tails": Noise(layout=.006, tails=3),
         "memory 10 %": Noise(memory=.1)}


def at_most(case, found, of, share):
    """So few that a greater share is excluded at 95 %."""
    limit = stats.binomtest(found, of).proportion_ci(.9).high
    case.assertLessEqual(limit, share, f"{found} of {of}")


def at_least(case, found, of, share):
    limit = stats.binomtest(found, of).proportion_ci(.9).low
    case.assertGreaterEqual(limit, share, f"{found} of {of}")


@functools.cache
def pool(noise):
    return synthetic.pool(1, noise)


def quick(x):
    """Estimates of rows [rows, processes] with no interval: what is called
    does not depend on it."""
    middle = np.median(x, axis=1)
    slower, faster = decide.p_greater(x), decide.p_greater(-x)
    return [decide.Estimate(i, math.exp(m), 0, 0, s, f, x.shape[1], None)
            for i, (m, s, f) in enumerate(zip(middle, slower, faster))]


def called(first, second, rows=ROWS):
    """What the rule says of each row of [rows, processes] on both stages, in
    suites of so many rows; None of a row that is not called in any case: its
    stages differ, or neither p can bring both together below the level, as
    weights of unit length are at most sqrt 2 together."""
    alpha = decide.level(rows)
    least = stats.norm.sf(stats.norm.isf(alpha) / math.sqrt(2))
    said = np.full(len(first), None)
    middle = [np.median(x, axis=1) for x in (first, second)]
    for sign in (1, -1):
        at = np.flatnonzero((sign * middle[0] > decide.THRESHOLD) &
                            (sign * middle[1] > 0))
        p = [decide.p_greater(sign * x[at]) for x in (first, second)]
        at = at[np.minimum(*p) < least]
        for i, one, two in zip(at, quick(first[at]), quick(second[at])):
            with mock.patch.object(decide, "blind", lambda e: None):
                said[i] = decide.verdict(one, two, alpha).what
    return list(said)


def draw(rng, noise, rows, shift=0):
    """Both stages of rows, of processes from the pool."""
    return [rng.choice(pool(noise), (rows, n)) + shift
            for n in (decide.PROCESSES, decide.CONFIRM)]


def alarms(said):
    """How many suites have a row that is called slower, and either."""
    suites = np.reshape(said, (-1, ROWS))
    slower = (suites == "slower").any(axis=1)
    return int(slower.sum()), int((slower | (suites == "faster")
                                   .any(axis=1)).sum())


class Rates(unittest.TestCase):
    def test_quick_is_the_same_rule(self):
        rng = np.random.default_rng(10)
        x, _ = draw(rng, Noise(), 20, .01)
        with mock.patch.object(decide, "RESAMPLES", 99):
            for one, row in zip(quick(x), x):
                real = decide.estimate(one.row, row)
                self.assertAlmostEqual(real.ratio, one.ratio, places=14)
                self.assertEqual(real[4:7], one[4:7])

    def test_false_alarms(self):
        """2000 suites of 40 rows of equal builds, for each noise."""
        for name, noise in USUAL.items():
            rng = np.random.default_rng(11)
            with self.subTest(name):
                _, either = alarms(called(*draw(rng, noise, 2000 * ROWS)))
                at_most(self, either, 2000, decide.SUITE)

    def test_false_alarms_where_the_threshold_does_not_help(self):
        """Noise far beyond it: p alone keeps the level of both directions,
        and is not much below it."""
        rng = np.random.default_rng(12)
        rows = 6000 * ROWS
        first = rng.normal(0, .3, (rows, decide.PROCESSES))
        second = rng.normal(0, .3, (rows, decide.CONFIRM))
        slower, either = alarms(called(first, second))
        self.assertGreater(
            stats.binomtest(either, 6000, decide.SUITE,
                            alternative="greater").pvalue, .01)
        self.assertGreater(either, 20)
        at_most(self, slower, 6000, decide.SUITE)

    def test_power(self):
        """2000 rows that are 2 % slower, for each noise."""
        for name, noise in USUAL.items():
            rng = np.random.default_rng(13)
            with self.subTest(name):
                said = called(*draw(rng, noise, 2000, TWO))
                at_least(self, said.count("slower"), 2000, .99)

    def test_power_of_samples(self):
        """The same with every sample drawn anew: no pool."""
        rng = np.random.default_rng(14)
        x = [synthetic.medians(rng, Noise(), 500, n, 1.02)
             for n in (decide.PROCESSES, decide.CONFIRM)]
        at_least(self, called(*x).count("slower"), 500, .99)

    def test_power_where_the_interval_just_passes(self):
        error = decide.WIDTH / (2 * stats.norm.isf(.025))
        spread = error * math.sqrt(decide.PROCESSES * 2 / math.pi)
        rng = np.random.default_rng(15)
        said = called(rng.normal(TWO, spread, (5000, decide.PROCESSES)),
                      rng.normal(TWO, spread, (5000, decide.CONFIRM)))
        at_least(self, said.count("slower"), 5000, .99)

    def test_2_percent_is_never_the_same(self):
        """Whatever the noise: called, or it is said that it is unclear."""
        rng = np.random.default_rng(16)
        with mock.patch.object(decide, "RESAMPLES", 299):
            same = 0
            for spread in (.01, .02, .025, .03, .04, .06):
                for x in rng.normal(TWO, spread, (160, decide.PROCESSES)):
                    e = decide.estimate("r", x)
                    if not decide.suspects([e]):
                        same += decide.verdicts([e])[0].what == "same"
        at_most(self, same, 960, .01)

    def test_usual_noise_is_judged(self):
        """Equal rows are the same: neither alarmed nor unclear."""
        rng, same = np.random.default_rng(18), 0
        with mock.patch.object(decide, "RESAMPLES", 299):
            for noise in USUAL.values():
                for x, y in zip(*draw(rng, noise, 100)):
                    one = decide.estimate("r", x)
                    two = [decide.estimate("r", y)
                           for _ in decide.suspects([one])]
                    same += decide.verdicts([one], two)[0].what == "same"
        at_least(self, same, 100 * len(USUAL), .99)

    def test_interval(self):
        """It covers the truth as often as it says; the `basic` one, which
        mirrors it at the estimate, does not: the test sees a difference."""
        rng = np.random.default_rng(17)
        covered = mirrored = 0
        with mock.patch.object(decide, "RESAMPLES", 599):
            for n in (decide.PROCESSES, decide.CONFIRM):
                for x in rng.choice(pool(Noise()), (1000, n)) + TWO:
                    low, high = decide.interval(x)
                    covered += low <= TWO <= high
                    twice = 2 * np.median(x)
                    mirrored += twice - high <= TWO <= twice - low
        self.assertGreater(
            stats.binomtest(covered, 2000, decide.CONFIDENCE).pvalue, .01)
        self.assertLess(
            stats.binomtest(mirrored, 2000, decide.CONFIDENCE).pvalue, 1e-9)

    def test_interval_of_the_least(self):
        rng, covered = np.random.default_rng(19), 0
        with mock.patch.object(decide, "RESAMPLES", 299):
            for x in rng.choice(pool(Noise()), (1000, decide.LEAST)):
                low, high = decide.interval(x)
                covered += low <= 0 <= high
        at_least(self, covered, 1000, .9)


def fastest(a, b):
    """By the fastest sample of either build in each half, as `said` halves."""
    half = len(a) // 2
    return np.mean([np.log(b[at].min(axis=0) / a[at].min(axis=0))
                    for at in (slice(half), slice(half, None))], axis=0)


def one_median(a, b):
    return np.median(np.log(b / a), axis=0)


class Worse(unittest.TestCase):
    """What decide.py says that it is better than, on the same noise."""

    def test_all_of_a_then_all_of_b(self):
        rng = np.random.default_rng(20)
        a_a, two = [], []
        for ratio, found, rows in ((1, a_a, 50 * ROWS), (1.02, two, 400)):
            x = [np.subtract(*reversed(synthetic.blocks(
                rng, Noise(), rows, n, ratio)))
                for n in (decide.PROCESSES, decide.CONFIRM)]
            found += called(*x)
        _, either = alarms(a_a)
        at_least(self, either, 50, .13)
        at_most(self, two.count("slower"), 400, .9)

    def test_the_minimum(self):
        """It misses 2 % that the median finds in the same samples."""
        rng, noise = np.random.default_rng(21), Noise(clock=.11, lag=.8)
        found = {}
        for of in (fastest, decide.said):
            x = [synthetic.medians(rng, noise, 600, n, 1.02, of)
                 for n in (decide.PROCESSES, decide.CONFIRM)]
            found[of] = called(*x).count("slower")
        at_least(self, found[decide.said], 600, .99)
        at_most(self, found[fastest], 600, .95)

    def test_one_median_of_both_halves(self):
        """It lies in one half or the other, wherever the memory differs."""
        noise, sd = Noise(memory=.1), {}
        for of in (one_median, decide.said):
            x = synthetic.medians(np.random.default_rng(25), noise, 1, 4000,
                                  of=of)
            sd[of] = x.std()
        self.assertGreater(sd[one_median], 2 * sd[decide.said])

    def test_one_layout_for_all_processes(self):
        rng = np.random.default_rng(22)
        kept = rng.normal(0, .005, (100 * ROWS, 1))
        x = [v + kept for v in draw(rng, Noise(layout=.001), 100 * ROWS)]
        _, either = alarms(called(*x))
        at_least(self, either, 100, .1)

    def test_p_of_each_stage(self):
        """p < .01 twice has the level of 40 rows, and finds less."""
        for noise in (Noise(layout=.03), Noise(odd=.1)):
            x = draw(np.random.default_rng(23), noise, 1000, TWO)
            one = called(*x).count("slower")
            beyond = [(np.median(v, axis=1) > decide.THRESHOLD) &
                      (decide.p_greater(v) < .01) for v in x]
            two = int((beyond[0] & beyond[1]).sum())
            self.assertLess(
                stats.fisher_exact([[one, 1000 - one], [two, 1000 - two]],
                                   "greater").pvalue, 1e-4, f"{one} {two}")

    def test_hodges_lehmann(self):
        """Errors of both, in the noise that each is better at."""
        i, j = np.triu_indices(decide.PROCESSES)
        for noise, low, high in ((Noise(), 1.15, 1.25),
                                 (Noise(odd=.3), .6, .7)):
            x = draw(np.random.default_rng(24), noise, 1500)[0]
            walsh = np.median(x[:, i] + x[:, j], axis=1) / 2
            ratio = np.median(x, axis=1).std() / walsh.std()
            self.assertTrue(low < ratio < high, ratio)


if __name__ == "__main__":
    unittest.main()
