"""The decision on data whose answer is known by hand or by counting all cases;
gate_rates.py simulates its rates."""

import itertools
import math
import os
import sys
import tempfile
import unittest

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
import raw as rawfile
from gate_synthetic import Noise

TWO = math.log(1.02)
ROWS = 40  # of a suite


class Wilcoxon(unittest.TestCase):
    def counted(self, x):
        """p by all patterns of signs."""
        x = np.array([v for v in x if v != 0])
        ranks = stats.rankdata(np.abs(x))
        seen = ranks[x > 0].sum()
        patterns = itertools.product((0, 1), repeat=len(x))
        return np.mean([np.dot(p, ranks) >= seen for p in patterns])

    def test_by_hand(self):
        for x, wanted in (([1, 2, 3, 4, 5], 1), ([-1, 2, 3, 4, 5], 2),
                          ([1, -2, 3, 4, 5], 3), ([-1, -2, 3, 4, 5], 5),
                          ([-1, -2, -3, -4, -5], 32)):
            self.assertAlmostEqual(float(decide.p_greater(np.array(x))),
                                   wanted / 32, places=14)

    def test_all_patterns(self):
        rng = np.random.default_rng(1)
        for n in range(3, 12):
            x = rng.normal(.3, 1, n)
            for v in (x, -x, np.append(x, 0)):
                self.assertAlmostEqual(float(decide.p_greater(v)),
                                       self.counted(v), places=12)

    def test_rows_at_once(self):
        x = np.random.default_rng(2).normal(.1, 1, (50, 32))
        np.testing.assert_allclose(
            decide.p_greater(x), [decide.p_greater(row) for row in x],
            rtol=1e-12)

    def test_the_ends(self):
        self.assertEqual(decide.p_greater(np.arange(1., 65)), .5 ** 64)
        self.assertEqual(decide.p_greater(np.zeros(12)), 1)

    def test_together(self):
        def of(p, n):
            return decide.Estimate("r", 1, 1, 1, p, 1 - p, n, 0)
        self.assertAlmostEqual(
            decide.together(of(.5, 32), of(.5, 64), "slower"), .5)
        z = stats.norm.isf(.1) * (math.sqrt(1 / 3) + math.sqrt(2 / 3))
        self.assertAlmostEqual(
            decide.together(of(.1, 32), of(.1, 64), "slower"),
            stats.norm.sf(z))
        self.assertAlmostEqual(
            decide.together(of(.9, 5), of(.9, 5), "faster"),
            stats.norm.sf(math.sqrt(2) * stats.norm.isf(.1)))

    def test_together_keeps_every_level(self):
        """All patterns of signs of 6 processes and again of 7: no p is found
        more often than it says."""
        found = []
        for n in (6, 7):
            signs = np.array(list(itertools.product((-1, 1), repeat=n)))
            p = decide.p_greater(signs * np.arange(1., n + 1))
            found.append([decide.Estimate("r", 1, 1, 1, v, 1, n, 0)
                          for v in p])
        p = np.sort([decide.together(a, b, "slower")
                     for a in found[0] for b in found[1]])
        share = np.searchsorted(p, p * (1 + 1e-9), side="right") / len(p)
        few = p < .2
        self.assertGreater(few.sum(), 100)
        self.assertTrue(np.all(share[few] <= p[few] * (1 + 1e-6)))


def of_rows(rows, stage=1, index=0, errors=None):
    return {"stage": stage, "index": index, "errors": errors or {},
            "rows": {n: {"a": a, "b": b} for n, (a, b) in rows.items()}}


class Estimates(unittest.TestCase):
    def test_halves_by_hand(self):
        raw = rawfile.Raw({"rows": ["x", "y"]}, [
            of_rows({"x": ([1, 2, 4, 1], [2, 8, 32, 8])}),  # 2 4; 8 8
            of_rows({"x": ([1, 1, 1, 1, 1], [1, 4, 8, 9, 7]),  # 1 4; 8 9 7
                     "y": ([3], [3])}),
            of_rows({"x": ([1], [5])}, stage=2)], False)
        np.testing.assert_allclose(decide.processes_of(raw, "x", 1),
                                   np.log(2) * np.array([2.25, 2]))
        np.testing.assert_allclose(decide.processes_of(raw, "x", 2),
                                   np.log([5]))
        self.assertEqual(len(decide.processes_of(raw, "y", 2)), 0)
        one = decide.estimates(raw, 1)
        self.assertEqual([e.processes for e in one], [2, 1])
        self.assertAlmostEqual(one[0].ratio, 2 ** 2.125)
        self.assertEqual([e.row for e in decide.estimates(raw, 2)], ["x"])

    def test_by_hand(self):
        x = np.log([1.01, 1.02, 1.03] * 5)
        e = decide.estimate("r", x)
        self.assertAlmostEqual(e.ratio, 1.02)
        self.assertAlmostEqual(e.low, 1.01, places=2)
        self.assertTrue(1.01 - 1e-9 <= e.low <= e.ratio <= e.high)
        self.assertLessEqual(e.high, 1.03 + 1e-9)
        self.assertAlmostEqual(e.p_slower, .5 ** 15)
        self.assertEqual(e.p_faster, 1)
        self.assertEqual(e.processes, 15)
        self.assertAlmostEqual(
            e.spread, stats.median_abs_deviation(x) / stats.norm.ppf(.75))

    def test_too_few(self):
        nothing = decide.estimate("r", np.array([]))
        self.assertEqual(nothing, ("r", *[None] * 5, 0, None))
        few = decide.estimate("r", np.full(decide.LEAST - 1, TWO))
        self.assertAlmostEqual(few.ratio, 1.02)
        self.assertIsNone(few.low)
        self.assertIsNone(few.p_slower)
        enough = decide.estimate("r", np.full(decide.LEAST, TWO))
        self.assertAlmostEqual(enough.low, 1.02)

    def test_the_same_to_the_last_digit(self):
        x = np.random.default_rng(4).normal(.01, .01, 32)
        one = decide.estimate("r", x)
        np.random.default_rng().normal(size=7)
        self.assertEqual(one, decide.estimate("r", x.copy()))
        self.assertNotEqual(one.low, one.high)

    def test_mirrored(self):
        """a and b change places: faster by what it was slower."""
        x = np.random.default_rng(5).normal(.01, .01, 33)
        one, two = decide.estimate("r", x), decide.estimate("r", -x)
        self.assertAlmostEqual(one.ratio * two.ratio, 1)
        self.assertEqual(one.p_slower, two.p_faster)


def told(ratio, width=.004, p=1e-9, n=32, row="r"):
    """An estimate beyond chance by p in its own direction."""
    half = math.exp(width / 2)
    slower, faster = (p, 1 - p) if ratio > 1 else (1 - p, p)
    return decide.Estimate(row, ratio, ratio / half, ratio * half, slower,
                           faster, n, .005)


FEW = decide.Estimate("r", 1.0, None, None, None, None, 3, .01)
NONE = decide.Estimate("r", None, None, None, None, None, 0, None)


class Rule(unittest.TestCase):
    def said(self, first, second=None, rows=ROWS):
        v = decide.verdict(first, second, decide.level(rows))
        self.assertEqual(v[2:4], (first, second))
        if v.what == "unclear":
            self.assertTrue(v.why)
        return v.what

    def test_one_stage(self):
        self.assertEqual(self.said(told(1.002)), "same")
        self.assertEqual(self.said(told(.995)), "same")
        self.assertEqual(self.said(told(1.02)), "unclear")  # not confirmed
        self.assertEqual(self.said(told(1.002, .03)), "unclear")
        self.assertEqual(self.said(FEW), "unclear")
        self.assertEqual(self.said(NONE), "unclear")

    def test_two_stages(self):
        for a, b, wanted in ((1.02, 1.01, "slower"), (.98, .99, "faster"),
                             (1.02, 1.005, "same"), (.98, .995, "same"),
                             (1.02, .98, "unclear"), (1.005, 1.02, "unclear"),
                             (1.005, 1.005, "same")):
            self.assertEqual(self.said(told(a), told(b, n=64)), wanted)
        # Not even where one stage is so sure that both together are.
        sure, weak = told(1.02, p=1e-30), told(.99, p=.3)
        self.assertLess(decide.together(sure, weak, "slower"), 1e-6)
        self.assertEqual(self.said(sure, weak), "unclear")
        noisy = told(1.02, .04)
        self.assertEqual(self.said(told(1.02), told(1.005, .03)), "unclear")
        self.assertEqual(self.said(noisy, told(1.02)), "slower")
        self.assertEqual(self.said(told(1.02), FEW), "unclear")
        self.assertEqual(self.said(FEW, told(1.002)), "same")
        self.assertEqual(self.said(FEW, told(1.02)), "unclear")

    def test_stages_that_part_are_told(self):
        alpha = decide.level(ROWS)
        near = decide.verdict(told(1.02), told(1.021, n=64), alpha)
        apart = decide.verdict(told(1.05), told(1.02, n=64), alpha)
        self.assertEqual((near.what, apart.what), ("slower", "slower"))
        self.assertIsNone(near.why)
        self.assertRegex(apart.why, r"^at first it was \+5\.0%, .* less sure")

    def test_p_is_of_both_stages(self):
        just = decide.level(ROWS)
        self.assertEqual(just, .01 / 80)
        weak = told(1.02, p=.004)
        self.assertLess(decide.together(weak, weak, "slower"), just)
        self.assertEqual(self.said(weak, weak), "slower")
        self.assertEqual(self.said(weak, weak, rows=400), "unclear")
        self.assertEqual(self.said(weak, told(1.02, p=.05)), "unclear")

    def test_what_does_not_exclude_2_percent_is_not_the_same(self):
        edge = 1.0074
        self.assertEqual(self.said(told(edge, .018)), "same")
        self.assertEqual(self.said(told(edge, .0188)), "unclear")  # WIDTH
        near = decide.Estimate("r", 1.005, 1.003, 1.021, .1, .9, 32, .01)
        self.assertEqual(self.said(near), "unclear")

    def test_suspects(self):
        rows = [told(1.002, row="a"), told(1.01, row="b"),
                told(.99, row="c"), told(1, .05, row="d"),
                FEW._replace(row="e"), NONE._replace(row="f")]
        self.assertEqual(decide.suspects(rows), ["b", "c", "d", "e"])

    def test_outcome(self):
        def of(*pairs):
            return decide.outcome(decide.verdicts(
                [told(a, row=i) for i, (a, _) in enumerate(pairs)],
                [told(b, row=i) for i, (_, b) in enumerate(pairs) if b]))
        self.assertEqual(of((1.001, None), (.999, None)),
                         (0, "no slow-down in 2 rows"))
        self.assertEqual(of((1.001, None), (.9, .9)),
                         (0, "no slow-down in 2 rows; 1 faster"))
        code, text = of((1.03, 1.02), (1.03, None), (1.05, 1.04))
        self.assertEqual(code, 1)
        self.assertEqual(text, "slow-down confirmed in 2 of 3 rows, the largest"
                         " 4.0% in 2; 1 of 3 rows could not be judged")
        code, text = of((1.03, None), (1, None))
        self.assertEqual(code, 2)
        self.assertEqual(text, "1 of 2 rows could not be judged; 0: seems "
                         "slower; was not measured again")
        self.assertEqual(decide.outcome([])[0], 2)


class File(unittest.TestCase):
    """From a raw file to its sentence, and the same again."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "raw.jsonl")

    def judged(self, counts, errors=lambda stage, index: {}, ended=True,
               ratio=None):
        rng = np.random.default_rng(8)
        names = ["one", "two"]
        with rawfile.Writer(self.path) as writer:
            writer.add({"kind": "start", "format": 1, "when": "", "base": {},
                        "head": {}, "machine": {}, "rows": names,
                        "plan": {"processes": 32, "confirm": 64}})
            for stage, count in counts.items():
                for i in range(count):
                    fact = synthetic.process(rng, Noise(), names, stage, i,
                                             ratio)
                    fact["errors"] = errors(stage, i)
                    for name in fact["errors"]:
                        del fact["rows"][name]
                    writer.add(fact)
            if ended:
                writer.add({"kind": "end", "processes": counts})
        raw = rawfile.read(self.path)
        found = decide.judge(raw)
        self.assertEqual(decide.judge(rawfile.read(self.path)), found)
        return found

    def test_equal(self):
        found, code, text = self.judged({1: 32})
        self.assertEqual((code, text), (0, "no slow-down in 2 rows"))
        self.assertEqual([v.what for v in found], ["same", "same"])

    def test_slower(self):
        found, code, text = self.judged({1: 32, 2: 64}, ratio={"two": 1.03})
        self.assertEqual(code, 1)
        self.assertEqual([v.what for v in found], ["same", "slower"])
        self.assertTrue(found[1].second.low < 1.03 < found[1].second.high)

    def test_stopped(self):
        _, code, text = self.judged({1: 20}, ended=False)
        self.assertEqual(code, 2)
        self.assertIn("; stopped after 20 of 32 processes", text)

    def test_stopped_too_early(self):
        _, code, text = self.judged({1: 5}, ended=False)
        self.assertEqual(code, 2)
        self.assertIn("5 processes; 10 are needed", text)

    def test_stopped_before_it_was_confirmed(self):
        _, code, text = self.judged({1: 32, 2: 5}, ended=False,
                                    ratio={"two": 1.03})
        self.assertEqual(code, 2)
        self.assertIn("5 of 64 processes of stage 2", text)

    def test_stopped_between_the_stages(self):
        _, code, text = self.judged({1: 32}, ended=False)
        self.assertEqual(code, 2)
        self.assertIn("; stopped after all 32 processes of stage 1", text)

    def test_stopped_at_the_end(self):
        _, _, text = self.judged({1: 32, 2: 64}, ended=False)
        self.assertIn("; stopped when all was measured", text)

    def test_errors(self):
        found, code, _ = self.judged(
            {1: 32}, lambda stage, i: {"one": "wrong"} if i < 4 else {})
        self.assertEqual(code, 0)
        self.assertEqual(found[0].why,
                         "failed in 4 of 32 processes of stage 1: wrong")
        self.assertEqual(found[0].first.processes, 28)
        self.assertIsNone(found[1].why)

    def test_mostly_errors(self):
        found, code, text = self.judged(
            {1: 32}, lambda stage, i: {"one": "wrong"} if i < 20 else {})
        self.assertEqual(code, 2)
        self.assertEqual(found[0].what, "unclear")
        self.assertIn("failed in 20 of 32 processes", text)

    def test_only_errors(self):
        _, code, text = self.judged({1: 32}, lambda *_: {"one": "wrong"})
        self.assertEqual(code, 2)
        self.assertIn("failed in 32 of 32 processes of stage 1: wrong", text)

if __name__ == "__main__":
    unittest.main()
