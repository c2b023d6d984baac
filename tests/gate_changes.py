"""Steps of a row over commits: known ones are found, and series without any
show none at the promised rate. Exit 77: no SciPy or ruptures."""

import math
import os
import sys
import unittest

try:
    import numpy
    import ruptures
    import scipy.stats
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gate_made as made
from commits import changes


def series(speeds, error, row="row"):
    """Points of known errors of log speed."""
    return [{"row": row, "base": "base", "commit": f"c{i}",
             "speed": [v, v * math.exp(-made.NORMAL * e),
                       v * math.exp(made.NORMAL * e)]}
            for i, (v, e) in enumerate(zip(speeds, numpy.broadcast_to(
                error, len(speeds))))]


def noisy(chance, levels, error):
    return numpy.exp(numpy.log(levels) + error *
                     chance.standard_normal(len(levels)))


def as_measured(chance, levels, spread, processes=32):
    """Points as the gate gives them: the median over processes, and the
    interval by resampling them."""
    found = []
    for i, level in enumerate(levels):
        x = math.log(level) + spread * chance.standard_normal(processes)
        again = numpy.median(chance.choice(x, (400, processes)), axis=1)
        middle = numpy.median(x)
        low, high = numpy.quantile(again, (0.025, 0.975))
        found.append({"row": "row", "base": "base", "commit": f"c{i}",
                      "speed": [float(v) for v in numpy.exp(
                          (middle, min(low, middle), max(high, middle)))]})
    return found


class Steps(unittest.TestCase):
    def setUp(self):
        self.chance = numpy.random.default_rng(1)

    def test_known_steps(self):
        levels = [1.0] * 5 + [0.98] * 6 + [1.05] * 4
        for _ in range(100):
            found = changes.of_series(series(
                noisy(self.chance, levels, 0.002), 0.002))
            self.assertEqual([(c.before, c.after) for c in found],
                             [("c4", "c5"), ("c10", "c11")])

    def test_the_interval_holds_the_size(self):
        held = 0
        for _ in range(400):
            change = min(changes.of_series(series(noisy(
                self.chance, [1.0] * 4 + [0.98] * 4, 0.0015), 0.0015)),
                key=lambda c: c.size)
            held += change.low < 0.98 < change.high
        # 95 in 100: fewer than 360 of 400 would be 4.6 standard deviations
        self.assertGreaterEqual(held, 360)

    def test_the_last_commit_alone(self):
        found = changes.of_series(series([1, 1, 1, 1, 1.03], 0.002))
        self.assertEqual([c.after for c in found], ["c4"])
        self.assertAlmostEqual(found[0].size, 1.03)

    def test_one_bad_point_is_two_steps(self):
        found = changes.of_series(series([1, 1, 1, 0.9, 1, 1, 1], 0.002))
        self.assertEqual([c.after for c in found], ["c3", "c4"])

    def test_a_noisy_point_is_no_step(self):
        errors = [0.002] * 3 + [0.05] + [0.002] * 3
        self.assertEqual(changes.of_series(
            series([1, 1, 1, 0.9, 1, 1, 1], errors)), [])

    def test_one_point(self):
        self.assertEqual(changes.of_series(series([2.0], 0.001)), [])
        self.assertEqual(changes.of_machine([series([2.0], 0.001)]), [])
        self.assertEqual(changes.of_machine([]), [])

    def test_no_interval_at_all(self):
        found = changes.of_series(series([1, 1, 2, 2], 0.0))
        self.assertEqual([c.after for c in found], ["c2"])

    def few(self, false, of, rate):
        """Not more than the rate: by chance, less than once in 10^4."""
        self.assertLess(false, 1 + scipy.stats.binom.isf(1e-4, of, rate))

    def test_noise_has_no_steps(self):
        for length in (2, 3, 8, 40):
            false = sum(bool(changes.of_series(series(noisy(
                self.chance, [1.0] * length, 0.003), 0.003)))
                for _ in range(1000))
            self.few(false, 1000, changes.RATE)

    def test_the_bound_is_not_idle(self):
        """At a rate of a half, steps are seen in noise: not none, and not more
        often than that."""
        false = sum(bool(changes.of_series(series(noisy(
            self.chance, [1.0] * 2, 0.003), 0.003), rate=0.5))
            for _ in range(1000))
        self.few(false, 1000, 0.5)
        self.assertGreater(false, 400) # of two points the bound is exact

    def test_points_as_the_gate_makes_them(self):
        """Intervals are themselves estimates, by resampling 32 processes."""
        false = sum(bool(changes.of_series(as_measured(
            self.chance, [1.0] * 8, 0.006))) for _ in range(600))
        self.few(false, 600, changes.RATE)

    def test_a_whole_history(self):
        false = sum(bool(changes.of_machine(
            [series(noisy(self.chance, [1.0] * 8, 0.003), 0.003)
             for _ in range(40)])) for _ in range(30))
        self.few(false, 30, changes.RATE)

    def test_sittings_that_differ_more_than_processes(self):
        """Points scatter three times as far as their intervals say."""
        rows = [series(noisy(self.chance, [1.0] * 8, 0.006), 0.002)
                for _ in range(40)]
        self.assertGreater(changes.dispersion(rows), 4)
        false = sum(bool(changes.of_machine(
            [series(noisy(self.chance, [1.0] * 8, 0.006), 0.002)
             for _ in range(40)])) for _ in range(15))
        self.few(false, 15, changes.RATE)

    def test_steps_of_many_rows_are_no_dispersion(self):
        rows = [series(noisy(self.chance, [1.0] * 4 + [1.3] * 4, 0.002), 0.002,
                       f"row {i}") for i in range(20)]
        self.assertLess(changes.dispersion(rows), 2)
        self.assertEqual({c.row for c in changes.of_machine(rows)},
                         {f"row {i}" for i in range(20)})

    def test_the_gate_s_own_word(self):
        """Each commit against the one before it: no two share a base."""
        points = series([1, 1.05, 1.0, 1.05], 0.002)
        for i, p in enumerate(points):
            p |= {"base": f"c{i - 1}", "said": "faster" if i % 2 else "same"}
        points[3]["base"] = "c1" # not the one before it
        change, = changes.of_verdicts(points)
        self.assertEqual((change.before, change.after, change.size),
                         ("c0", "c1", 1.05))

    def test_counts(self):
        points = [{"row": "r", "commit": f"c{i}", "instructions": n}
                  for i, n in enumerate((100, 100, 125, 125))]
        change, = changes.of_counts(points)
        self.assertEqual((change.after, change.size, change.low),
                         ("c2", 0.8, 0.8))


if __name__ == "__main__":
    unittest.main()
