"""A history's file: what is written is read again, what is broken or
contradicts is refused by its number. Exit 77: no SciPy."""

import collections
import copy
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

try:
    import numpy
    import scipy
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gate_made as made
import gate_synthetic as synthetic
import compare
import decide
import machine
import raw as raws
from commits import entry, history

Estimate = collections.namedtuple("Estimate", "ratio low high processes")
Verdict = collections.namedtuple("Verdict", "row what first second why")
Raw = collections.namedtuple("Raw", "start processes")

A, B = made.commit(0), made.commit(1)
DATE = made.date(1)


def raw(rows=("a", "b"), count=32):
    """b takes 100 to 131 ns when measured again."""
    start = {"when": "2026-03-02T15:00:00+00:00", "machine": made.machines()[0],
             "base": {"commit": A, "label": "base"},
             "head": {"commit": B, "label": "head"}}
    times = {1: lambda i: [7.0], 2: lambda i: [99.0, 100.0 + i, 9e9]}
    return Raw(start, [
        {"stage": stage, "rows": {r: {"a": [50.0 + i], "b": b(i)}
                                  for r in rows}}
        for stage, b in times.items() for i in range(count)])


def compared(path, said="slower", ratio=2.0, of=None, extra=None):
    verdict = Verdict("a", said, Estimate(9.0, 8.0, 10.0, 32),
                      Estimate(ratio, ratio / 1.25, ratio * 1.25, 64), None)
    unknown = Verdict("b", "unclear", Estimate(1.0, None, None, 3), None, "")
    with mock.patch.object(history, "date_of", lambda *_: DATE):
        return history.append(path, of or raw(), [verdict, unknown], extra)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(folder.name, "history.jsonl")

    def bytes(self):
        with open(self.path, "rb") as f:
            return f.read()


class Append(Folder):
    def test_a_comparison_says_how_fast_it_is(self):
        self.assertEqual(compared(self.path), 1)
        line, = history.read(self.path)
        self.assertEqual(line["speed"], [0.5, 0.4, 0.625])
        self.assertEqual((line["commit"], line["base"], line["said"]),
                         (B, A, "slower"))
        self.assertEqual(line["processes"], 64)
        self.assertEqual(line["machine"],
                         entry.digest(made.machines()[0]))

    def test_ns_are_of_the_head_and_medians_of_medians(self):
        compared(self.path)
        middle, low, high = history.read(self.path)[0]["ns"]
        self.assertEqual(middle, 115.5)
        # of 32 values the 10th from either end: P(Bin(32, 1/2) < 10) = 2.5 %
        self.assertEqual((low, high), (109.0, 122.0))

    def test_extras(self):
        record = os.path.join(self.folder, "r.json")
        with open(record, "w", encoding="utf-8") as f:
            json.dump({"results": [{"name": "a", "gflops": 8,
                                    "seconds": 231e-9}, {"name": "none"},
                                   {"name": "half", "gflops": 8}]}, f)
        for name, text in (("x.json", "{"), ("y.json", "[]"),
                           ("z.json", '{"results": null}')): # no records
            with open(os.path.join(self.folder, name), "w",
                      encoding="utf-8") as f:
                f.write(text)
        extra = {"a": {"vs_reference": 12.3456789, "vs_autovec": None},
                 "b": {"vs_reference": 3.0, "instructions": 5}}
        extra |= history.counted({"instructions": {"counted": [100, 110]}})
        self.assertEqual(compared(self.path, extra=extra), 2)
        timed, counted = history.read(self.path)
        self.assertEqual(timed["vs_reference"], 12.3457)
        self.assertEqual(timed["gflops"], 16.0)
        self.assertEqual((counted["row"], counted["instructions"],
                          counted["base_instructions"]),
                         ("counted", 110, 100))
        self.assertNotIn("speed", counted)

    def test_what_compare_hands_over(self):
        verdict = Verdict("a", "slower", Estimate(9.0, 8.0, 10.0, 32),
                          Estimate(2.0, 1.5, 2.5, 64), None)
        shown = {"rows": [{"row": "a", "speedup": {
                     "reference": {"ratio": 12.0, "low": 11, "high": 13}}}],
                 "counts": {"instructions": {"counted": [100, 110]}}}
        with mock.patch.object(history, "date_of", lambda *_: DATE):
            compare.record(self.path, raw(), [verdict], shown)
        timed, counted = history.read(self.path)
        self.assertEqual((timed["row"], timed["vs_reference"]), ("a", 12.0))
        self.assertEqual(counted["instructions"], 110)

    def test_without_counts(self):
        self.assertEqual(history.counted(None), {})

    def test_once_more_is_one_line_and_measured_again_two(self):
        compared(self.path)
        before = self.bytes()
        self.assertEqual(compared(self.path), 0)
        self.assertEqual(self.bytes(), before)
        again = raw()
        again.start["when"] = "2026-03-02T16:00:00+00:00"
        compared(self.path, "same", 1.0, again)
        lines = history.read(self.path)
        self.assertEqual(len(lines), 2)
        self.assertTrue(self.bytes().startswith(before))
        self.assertEqual(history.newest(lines), lines[1:])
        self.assertEqual(history.newest(lines[::-1]), lines[1:])

    def refused(self, words, **more):
        before = self.bytes()
        with self.assertRaisesRegex(history.Refused, words):
            compared(self.path, **more)
        self.assertEqual(self.bytes(), before)
        self.assertEqual(os.listdir(self.folder), ["history.jsonl"])

    def test_contradictions(self):
        compared(self.path)
        self.refused("other numbers of 'a'", ratio=2.5)
        later = raw()
        later.start["when"] = "2026-03-02T16:00:00+00:00"
        verdict = Verdict("a", "same", Estimate(1.0, 0.9, 1.1, 32), None, None)
        with self.assertRaisesRegex(history.Refused, "dates commit"), \
                mock.patch.object(history, "date_of", lambda *_: made.date(4)):
            history.append(self.path, later, [verdict])
        self.assertEqual(len(history.read(self.path)), 1)

    def test_a_commit_with_itself(self):
        compared(self.path)
        itself = raw()
        itself.start["head"]["commit"] = A
        self.refused("with itself", of=itself)

    def test_a_broken_file_takes_nothing(self):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write("{}\n")
        self.refused("line 1: is no line of a history")

    def test_a_working_tree_has_no_date(self):
        git = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-C",
               self.folder)
        try:
            subprocess.run([*git, "init", "-q"], check=True)
        except FileNotFoundError:
            self.skipTest("git is not installed")
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "a",
                        "--date", DATE], check=True,
                       env={**os.environ, "GIT_COMMITTER_DATE": DATE})
        head = subprocess.run([*git, "rev-parse", "HEAD"], check=True,
                              capture_output=True, text=True).stdout.strip()
        of = raw()
        of.start["head"]["commit"] = head
        verdict = Verdict("a", "same", Estimate(1.0, 0.9, 1.1, 32), None, None)
        with mock.patch.object(history, "ROOT", self.folder):
            history.append(self.path, of, [verdict])
            self.assertEqual(history.read(self.path)[0]["date"], DATE)
            of.start["head"]["commit"] = head[:9] + "-dirty"
            with self.assertRaisesRegex(history.Refused, "is no commit here"):
                history.append(self.path, of, [verdict])

    def test_nothing_is_lost_among_writers(self):
        jobs = [multiprocessing.Process(target=one_line, args=(self.path, n))
                for n in range(8)]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
        self.assertEqual(len(history.read(self.path)), 8)


def one_line(path, n):
    """A writer of its own."""
    fingerprint = made.machines()[0]
    history.add(path, [made.line(f"row {n}", 0, -1, fingerprint, 1.0, 0.01,
                                 9.0)])


class Judged(Folder):
    def test_what_the_gate_decides_is_what_the_history_says(self):
        """From a raw file: one row of three is 3 % slower."""
        chance, names = numpy.random.default_rng(3), ["a", "b", "c"]
        calm = synthetic.Noise(clock=.01, slow=0, bursts=0, layout=.003)
        path = os.path.join(self.folder, "raw")
        with raws.Writer(path) as writer:
            writer.add({"kind": "start", "format": raws.FORMAT, "rows": names,
                        "plan": {"processes": 32, "confirm": 64},
                        **raw().start})
            for stage, rows, count in ((1, names, 32), (2, ["b"], 64)):
                for i in range(count):
                    writer.add(synthetic.process(chance, calm, rows, stage, i,
                                                 {"b": 1.03}))
            writer.add({"kind": "end", "processes": {"1": 32, "2": 64}})
        found = raws.read(path)
        with mock.patch.object(history, "date_of", lambda *_: DATE):
            history.append(self.path, found, decide.judge(found)[0])
        lines = {line["row"]: line for line in history.read(self.path)}
        self.assertEqual({r: line["said"] for r, line in lines.items()},
                         {"a": "same", "b": "slower", "c": "same"})
        self.assertEqual(lines["b"]["processes"], 64)
        for row, line in lines.items():
            ratio, low, high = line["speed"]
            self.assertAlmostEqual(ratio, 1 / 1.03 if row == "b" else 1,
                                   delta=0.004)
            self.assertGreater(ratio - low, 0)
            self.assertGreater(high - ratio, 0)
            self.assertAlmostEqual(line["ns"][0], 5e4 / ratio, delta=500)


class Read(Folder):
    def put(self, lines, end="\n"):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write("\n".join(each if isinstance(each, str)
                              else json.dumps(each) for each in lines) + end)

    def refused(self, words, lines, end="\n"):
        self.put(lines, end)
        with self.assertRaisesRegex(history.Refused, words):
            history.read(self.path)

    def setUp(self):
        super().setUp()
        self.lines = list(made.lines(1))[:3]
        self.put(self.lines)
        self.assertEqual(history.read(self.path), self.lines)

    def test_none(self):
        os.remove(self.path)
        self.assertEqual(history.read(self.path), [])

    def test_cut_short(self):
        self.refused("line 3: is cut short", self.lines, "")
        self.refused("line 4: is cut short", self.lines, '\n{"history":')

    def test_no_json(self):
        first, second, third = self.lines
        self.refused("line 2: is no JSON", [first, "", third])
        self.refused("line 3: is no JSON", [first, second, "[" * 100000])
        for word in ("NaN", "Infinity"):
            text = json.dumps(second).replace('"ns": [', f'"ns": [{word}, ')
            self.refused("line 2: is no JSON", [first, text])
        text = json.dumps(third)[:-1] + ', "row": "another"}'
        self.refused("line 3: .*stands twice", [first, second, text])

    def test_every_key_is_needed_and_no_other(self):
        for key in entry.SHARED.union(entry.TIMED):
            line = copy.copy(self.lines[1])
            del line[key]
            self.refused(f"line 2: .*{key}", [self.lines[0], line])
        self.refused("line 1: .*colour", [{**self.lines[0], "colour": 1}])
        self.refused("line 1: .*speed", [
            {k: self.lines[0][k] for k in entry.SHARED} | {"history": 1}])

    def test_wrong_values(self):
        for key, value, words in (
                ("history", 2, "format 1"), ("row", "", "no text"),
                ("commit", 5, "no text"), ("date", "yesterday", "no date"),
                ("date", "2026-03-01T12:00:00", "names no zone"),
                ("speed", [1, 1], "within"), ("speed", [1, 1.1, 1.2], "within"),
                ("speed", [1, 0.9, 0.95], "within"),
                ("ns", [1, 0, 2], "within"), ("ns", [1, 1, "2"], "within"),
                ("gflops", -1, "positive"), ("processes", True, "positive"),
                ("said", "fine", "none of"), ("said", [], "none of"),
                ("machine", "abc", "digest"), ("fingerprint", [], "digest"),
                ("base", self.lines[0]["commit"], "itself")):
            with self.subTest(key=key, value=value):
                self.refused(f"line 1: .*{words}",
                             [{**self.lines[0], key: value}])

    def test_contradictions(self):
        first = self.lines[0]
        self.refused("line 4: .*other numbers",
                     [*self.lines, {**first, "processes": 7}])
        self.refused("line 4: dates commit", [
            *self.lines, {**first, "row": "x", "date": made.date(3)}])

    def test_what_decides_a_machine(self):
        one = machine.fingerprint({"compiler": "gcc 1.2.3", "flags": "-O3"})
        # The kernel changes every week; flags are the commit's.
        aside = {"kernel", "flags"}
        self.assertEqual(set(one) - set(machine.DECIDE), aside)
        one |= made.machines()[0]
        for key in aside:
            self.assertEqual(entry.digest({**one, key: "another"}),
                             entry.digest(one))
        for key in ("cpu", "model", "compiler", "caches"):
            self.assertNotEqual(entry.digest({**one, key: "another"}),
                                entry.digest(one))
        self.assertEqual(entry.digest(dict(reversed(one.items()))),
                         entry.digest(one))


if __name__ == "__main__":
    unittest.main()
