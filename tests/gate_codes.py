"""./run compare ends with 1 where a slow-down is confirmed and nowhere else;
what fails is told in every file that was asked for."""

import collections
import json
import os
import subprocess
import unittest
from unittest import mock

from gate_folder import Folder  # first: it finds the gate's modules

import builds
import callgrind
import compare
import judging
import lanes
import measure
import show
import sitting
from commits import history


class Unforeseen(Folder):
    """Exit code 1 is a slow-down and nothing else."""

    def test_any_exception(self):
        files = [self.folder / "j.json", self.folder / "m.md"]
        with mock.patch.object(judging, "judged", side_effect=KeyError("x")):
            code, _, err = self.compare("--json", str(files[0]), "--markdown",
                                        str(files[1]))
        self.assertEqual(code, 2)
        self.assertIn("Traceback", err)
        self.assertEqual(err.splitlines()[-1], "compare: KeyError: 'x'")
        self.assertEqual(json.loads(files[0].read_text())["code"], 2)
        self.assertIn("KeyError: 'x'", files[1].read_text())

    def test_failure_is_in_all_files_and_names_the_raw_one(self):
        files = [self.folder / "j.json", self.folder / "m.md"]
        self.script("ok crash crash crash")
        code, _, err = self.compare("--json", str(files[0]), "--markdown",
                                    str(files[1]))
        data = json.loads(files[0].read_text())
        self.assertEqual((code, data["code"]), (2, 2))
        self.assertRegex(data["sentence"], "3 processes.*lost.*raw.jsonl")
        self.assertIn(data["sentence"], files[1].read_text())
        self.assertIn(data["sentence"], err.splitlines()[-1])

    def test_since_is_read_first(self):
        bad = self.folder / "bad.json"
        for text in (None, "{", "[]", "5", '{"comparisons": []}',
                     '{"code": 2, "base": {"label": "x"}}'):
            if text:
                bad.write_text(text)
            code, _, err = self.run_compare("HEAD", "--since", str(bad))
            self.assertEqual(code, 2)
            self.assertIn("bad.json", err)
            self.assertNotIn("Traceback", err)
        self.assertEqual(self.calls(), [])

    def test_words_of_the_runner(self):
        for text in ("5", "[]", '{"runner":1}\n{"end":0}\n[]',
                     '{"runner":1}\n{"row":"r"}\n{"end":1}', "null", "{"):
            with self.assertRaises(measure.Lost):
                measure.parse(text, ["r"])
        for text in ("what", "5", '["row"]'):
            with mock.patch.object(callgrind, "profile", lambda *_: text), \
                    self.assertRaises(callgrind.NotMeasured):
                callgrind.counted("", "", ["r"])

    def test_terminal_without_our_letters(self):
        job = subprocess.run(
            self.command("--objects", str(self.folder / "a"),
                         str(self.folder / "b"), "--runner", self.runner,
                         "--raw", str(self.raw), "--processes", "12",
                         "--pairs", "5", "--seed", "3", "--no-counts",
                         "--rows", "plain"), capture_output=True, text=True,
            env=os.environ | {"GATE_FAKE": str(self.folder),
                              "PYTHONIOENCODING": "ascii"})
        self.assertEqual(job.returncode, 0, job.stderr)
        self.assertIn(r"\u2212", job.stdout)


class Interrupted(Folder):
    def test_at_the_speed_ups(self):
        args = compare.parser().parse_args(["HEAD"])
        with mock.patch.object(lanes, "ratios_of",
                               side_effect=KeyboardInterrupt):
            self.assertEqual(
                sitting.ratios_of(args, None, {}, collections.Counter()),
                ({}, ["no speed-ups: interrupted"], True))

    def test_all_was_measured_and_nothing_is_passed(self):
        shown = {"code": 0, "sentence": "no slow-down in 38 rows"}
        found = mock.Mock(ended=True)
        with mock.patch.object(compare, "build_pair", lambda *_: [
                    builds.Build("old", "1", []), builds.Build("new", "1", [])
                ]), \
                mock.patch.object(sitting, "measured",
                                  lambda *_: ("x", True)), \
                mock.patch.object(compare, "enough"), \
                mock.patch.object(judging, "judged",
                                  lambda _: (shown, found, [])):
            args = compare.parser().parse_args(["HEAD"])
            self.assertEqual(compare.against(args, "HEAD"), (shown, True))
        self.assertEqual((shown["code"], shown["sentence"]), (
            2, "no slow-down in 38 rows; interrupted at the speed-ups"))


class Recorded(Folder):
    def compared(self, code, *more, append=None, base="1" * 40, record=True):
        """Of two commits whose comparison says the code."""
        def at(root, rev, module=None):
            of = base if rev == "old" else "2" * 40
            return builds.Build(rev, of, [] if rev == "old" else ["x.o"])
        shown = {"code": code, "sentence": f"it is {code}", "counts": None,
                 "base": {"label": "old"}}
        measured = mock.Mock(return_value=("x", False))
        with mock.patch.object(builds, "of_commit", at), \
                mock.patch.object(sitting, "measured", measured), \
                mock.patch.object(judging, "judged", lambda _: (
                    shown | {"rows": []}, None, [])), \
                mock.patch.object(show, "table", lambda _: ""), \
                mock.patch.object(history, "append", side_effect=append):
            kept = ("--record", "--history", str(self.folder / "h"))
            found = self.run_compare("old", "new", *(kept if record else ()),
                                     *more)
        return *found, measured.called

    def test_a_refusal_keeps_the_verdict(self):
        for error in (history.Refused("why"), PermissionError("why"),
                      KeyError("why")):
            code, _, err, _ = self.compared(1, append=error)
            self.assertEqual(code, 1)
            self.assertRegex(err, "not recorded: .*why")

    def test_what_is_the_same_code_is_not_measured(self):
        files = [self.folder / "j.json", self.folder / "m.md"]
        with mock.patch.object(builds, "same_code", lambda *_: True), \
                mock.patch.object(sitting, "rows_of") as rows_of:
            code, out, _, measured = self.compared(
                1, "--json", str(files[0]), "--markdown", str(files[1]),
                record=False)
            # In a history it has its place.
            self.assertEqual(self.compared(1)[::3], (1, True))
        self.assertEqual((code, measured), (0, False))
        rows_of.assert_called_once()  # a row that is not there is refused
        self.assertIn("the same machine code", out)
        self.assertIn("the same machine code", files[1].read_text())
        # A later comparison may ask what has changed since.
        label, _, speedups = lanes.before(files[0])
        self.assertEqual((label, speedups), ("new", {}))

    def test_what_cannot_be_recorded_is_not_measured(self):
        code, _, err, measured = self.compared(0, base="2" * 40)
        self.assertEqual((code, measured), (2, False))
        self.assertIn("are one", err)
        (self.folder / "h").write_text("no history\n")
        code, _, err, measured = self.compared(0)
        self.assertEqual((code, measured), (2, False))
        self.assertIn("line 1: is no JSON", err)


if __name__ == "__main__":
    unittest.main()
