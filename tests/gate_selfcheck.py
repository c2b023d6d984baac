"""The self-check counts what it was told to plant: over times with a known
ratio its rates are the true ones, and its file keeps every complete suite."""

import argparse
import contextlib
import io
import itertools
import os
import sys
import tempfile
import unittest

try:
    import numpy as np
    import scipy  # decide.py's; imported here so that it may be missing
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "bench", "gate"))
import decide
import gate_synthetic as synthetic
import raw as rawfile
import selfcheck
import suites

QUIET = synthetic.Noise(clock=.02, bursts=0, layout=.002)
ROWS = ["tanh/f32/N64/avx2", "exp/f32/N64/avx2", "log/f32/N64/avx2",
        "relu/f32/N64/avx2"]
PLAN = {"processes": 16, "confirm": 24, "pairs": decide.PAIRS,
        "seconds": .0005}
SITTING = {"kind": "sitting", "format": 1, "when": "2000-01-01T00:00:00+00:00",
           "commit": "c0ffee", "machine": {"cpu": "A"}, "load": "idle",
           "plan": PLAN}


class Stop:
    """measure.processes over made times: the plant is exact, a natural one 10
    per cent; after `after` processes somebody presses Ctrl-C."""

    def __init__(self, after=None):
        self.left = itertools.count() if after is None else iter(range(after))

    def __call__(self, a, b, rows, count, pairs, seconds, seed, plant=0,
                 progress=None, stage=1):
        del pairs, seconds, progress
        rng = np.random.default_rng([seed, stage])
        ratio = 1 + plant if a is b else 1.1
        for index in range(count):
            if next(self.left, None) is None:
                raise KeyboardInterrupt
            yield synthetic.process(rng, QUIET, rows, stage, index,
                                    dict.fromkeys(rows, ratio))


def arguments(**other):
    return argparse.Namespace(**{"minutes": None, "plan": PLAN, **other})


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "selfcheck.jsonl")

    def sit(self, chosen, processes=None, sitting=None):
        with rawfile.Writer(self.path) as writer, \
                contextlib.redirect_stderr(io.StringIO()):
            return selfcheck.sit(arguments(), chosen, sitting or SITTING,
                                 writer, processes or Stop())

    def judged(self):
        return [suites.judge(*of) for of in suites.read(self.path)]

    def lines(self):
        return dict((name, (rate.found, rate.of)) for name, rate, _ in
                    [*suites.equal_lines(self.judged()),
                     *suites.planted_lines(self.judged())])


def planted(*rows, size=2.):
    return selfcheck.Suite("one", "one", ROWS, dict.fromkeys(rows, size))


class Rates(Case):
    def test_interval_is_clopper_and_pearson_s(self):
        """Of 0 of n: 1 - .025^(1 / n); 1 of 1 begins at .025."""
        r = suites.rate(0, 300)
        self.assertAlmostEqual(r.high, 1 - .025 ** (1 / 300), 12)
        self.assertEqual(r.low, 0)
        self.assertAlmostEqual(suites.rate(1, 1).low, .025, 12)
        self.assertEqual(suites.rate(0, 0)[2:], (0, 1))

    def test_equal_and_planted_are_told_apart(self):
        self.sit([(1, planted()), (2, planted(ROWS[0], ROWS[2], size=5.)),
                  (3, planted(ROWS[1]))])
        lines = self.lines()
        self.assertEqual(lines["A/A suites alarmed"], (0, 1))
        self.assertEqual(lines["A/A rows called slower"], (0, 4 + 2 + 3))
        self.assertEqual(lines["rows slower by 5 % found"], (2, 2))
        self.assertEqual(lines["rows slower by 2 % found"], (1, 1))
        self.assertEqual(lines["suites with 5 % alarmed"], (1, 1))

    def test_a_false_alarm_and_a_miss_are_counted(self):
        """What the file says was planted is the truth, not the numbers."""
        self.sit([(1, planted(ROWS[0], size=5.)), (2, planted())])
        (one, loud), (two, quiet) = suites.read(self.path)
        lying = [suites.judge(one, loud | {"planted": {}}),
                 suites.judge(two, quiet | {"planted": {ROWS[3]: 2.}})]
        lines = {name: (r.found, r.of) for name, r, _ in
                 [*suites.equal_lines(lying), *suites.planted_lines(lying)]}
        self.assertEqual(lines["A/A suites alarmed"], (1, 1))
        self.assertEqual(lines["A/A rows called slower"], (1, 7))
        self.assertEqual(lines["rows slower by 2 % found"], (0, 1))
        self.assertEqual(lines["suites with 2 % alarmed"], (0, 1))

    def test_natural_rows_are_counted_by_name(self):
        self.sit([(1, selfcheck.Suite("one", "other", ROWS[:2],
                                      dict.fromkeys(ROWS[:2], "lost")))])
        lines = self.lines()
        self.assertEqual(lines["rows slower by lost found"], (2, 2))
        self.assertEqual(lines["A/A rows called slower"], (0, 0))

    def test_loads_and_plans_are_not_mixed(self):
        other = SITTING | {"load": "loaded"}
        short = SITTING | {"plan": PLAN | {"pairs": 9}}
        for sitting in (SITTING, other, short, SITTING):
            self.sit([(1, planted())], sitting=sitting)
        heads = [line for line in suites.report(self.judged())
                 if line.startswith("other cores")]
        self.assertEqual(len(heads), 3)

    def test_suites_of_other_sizes_are_not_mixed(self):
        """The level depends on the number of rows."""
        self.sit([(1, planted()), (2, planted()._replace(rows=ROWS[:2]))])
        lines = suites.report(self.judged())
        for rows in (2, 4):
            self.assertEqual(sum(f"; {rows} rows; " in x for x in lines), 1)
        alarms = [x for x in lines if "A/A suites alarmed" in x]
        self.assertEqual(["0 of 1: " in x for x in alarms], [True, True])


class Kept(Case):
    def test_judging_again_gives_the_same(self):
        self.sit([(7, planted(ROWS[0])), (8, planted())])
        self.assertEqual(suites.report(self.judged()),
                         suites.report(self.judged()))
        _, suite = suites.read(self.path)[0]
        self.assertEqual([len(x) for x in suite["first"].values()],
                         [PLAN["processes"]] * len(ROWS))
        self.assertEqual({row: len(x) for row, x in suite["second"].items()},
                         {ROWS[0]: PLAN["confirm"]})

    def test_interrupted_keeps_complete_suites(self):
        chosen = [(1, planted()), (2, planted()), (3, planted())]
        with self.assertRaises(KeyboardInterrupt):
            self.sit(chosen, Stop(after=2 * PLAN["processes"] + 5))
        self.assertEqual(len(suites.read(self.path)), 2)
        self.sit(chosen[2:])
        self.assertEqual(len(suites.read(self.path)), 3)

    def test_damage_is_refused_and_nothing_is_changed(self):
        self.sit([(1, planted()), (2, planted())])
        with open(self.path, encoding="utf-8") as f:
            lines = f.readlines()
        for damaged in (lines[:1] + lines[2:], lines[::-1],
                        [lines[0], lines[1].replace("{", "{ ", 1), lines[2]],
                        lines[:2] + [lines[2][:-9]]):
            with open(self.path, "w", encoding="utf-8") as f:
                f.writelines(damaged)
            with self.assertRaisesRegex(rawfile.Refused, "line [123]"):
                suites.read(self.path)
            with self.assertRaises(rawfile.Refused):
                self.sit([(1, planted())])
            with open(self.path, encoding="utf-8") as f:
                self.assertEqual(f.readlines(), damaged)

    def test_unknown_facts_are_refused(self):
        suite = {"kind": "suite", "seed": 1, "planted": {}, "took": 1,
                 "waiting": 0,
                 "first": {}, "second": {}}
        for facts, why in (([suite], "before any sitting"),
                           ([SITTING | {"kind": "start"}], "unknown kind"),
                           ([SITTING | {"format": 2}], "format 2"),
                           ([{"kind": "sitting"}], "without")):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)
            with rawfile.Writer(self.path) as writer:
                for fact in facts:
                    writer.add(fact)
            with self.assertRaisesRegex(rawfile.Refused, why):
                suites.read(self.path)


class Chosen(unittest.TestCase):
    def test_suites_come_in_pairs_and_all_sizes_in_turn(self):
        found = list(selfcheck.random_suites("one", ROWS, [1., 2., 5.], 6))
        self.assertEqual(len({seed for seed, _ in found}), 12)
        self.assertEqual([s.planted for _, s in found[0::2]], [{}] * 6)
        sizes = [set(s.planted.values()) for _, s in found[1::2]]
        self.assertEqual(sizes[:3], sizes[3:])
        self.assertEqual(set().union(*sizes[:3]), {1., 2., 5.})
        for _, s in found[1::2]:
            self.assertTrue(set(s.planted) <= set(ROWS))
            self.assertLessEqual(len(s.planted),
                                 selfcheck.MOST_PLANTED * len(ROWS))

    def test_without_sizes_all_suites_are_equal(self):
        sizes = selfcheck.parser().parse_args(["--equal"]).plant
        found = list(selfcheck.random_suites("one", ROWS, sizes, 3))
        self.assertEqual([s.planted for _, s in found], [{}] * 3)

    def test_rows_of_a_process_share_a_plant(self):
        parts = selfcheck.parts_of(planted(ROWS[1], ROWS[2]), ROWS)
        self.assertEqual(parts, {0: [ROWS[0], ROWS[3]],
                                 .02: [ROWS[1], ROWS[2]]})

    def test_arguments(self):
        parse = selfcheck.parser().parse_args
        self.assertEqual(parse([]).plan, selfcheck.PLAN)
        self.assertEqual(parse(["--plan", "24x20x.3+48"]).plan,
                         {"processes": 24, "pairs": 20, "confirm": 48,
                          "seconds": .3e-3})
        for wrong in (["--plan", "24"], ["--plant", "0"], ["--plant", "x"],
                      ["--rows", "("], ["-3x"], ["-5"], ["0"],
                      *(["--plan", text] for text in (
                          "0x20x.3+48", "24x0x.3+48", "24x20x0+48",
                          "24x20x.+48", "24x20x.3+0"))):
            with contextlib.redirect_stderr(io.StringIO()), \
                    self.assertRaises(SystemExit):
                parse(wrong)


if __name__ == "__main__":
    unittest.main()
