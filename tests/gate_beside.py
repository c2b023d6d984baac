"""What compare says beside the times: of machines, of counts and speed-ups, of
a pinned base, on a terminal; and what the recipes for CI ask of it."""

import contextlib
import io
import json
import os
import re
import shlex
import unittest
from unittest import mock

from gate_folder import HERE, OTHER, Folder  # first: finds what is next

import builds
import compare
import counts
import lanes
import machine
import measure
import raw as rawfile


class Machines(Folder):
    def test_same(self):
        self.assertIsNone(machine.same(OTHER, dict(OTHER)))
        # Told, but the same machine.
        self.assertIsNone(machine.same(OTHER,
                                       OTHER | {"kernel": "Linux 6.2"}))
        self.assertIsNone(machine.same(OTHER, OTHER | {"microcode": "1"}))
        for key, value in (("cpu", "Two"), ("caches", {"L2": "512K"}),
                           ("compiler", "gcc 13.1.0")):
            self.assertIn(key, machine.same(OTHER, OTHER | {key: value}))

    def test_this_one(self):
        found = machine.here()
        self.assertIsNone(machine.same(found, machine.here()))
        text = json.dumps(found) + machine.text(found)
        self.assertNotIn("/", text.replace(" / ", ""))
        self.assertNotRegex(text, rf"\b{re.escape(os.uname().nodename)}\b")
        self.assertGreaterEqual(found["cores"], 1)

    def test_cpuinfo(self):
        path = self.folder / "cpuinfo"
        path.write_text("processor : 0\nmodel name\t: A B\nmodel : 7\n"
                        "flags : fma avx2 avx512f_not sse\n\n"
                        "processor : 1\nmodel : 8\n")
        found = machine.cpuinfo(path)
        self.assertEqual((found["model name"], found["model"]), ("A B", "7"))
        self.assertEqual(machine.features(found), "fma avx2")
        self.assertEqual(machine.cpuinfo(self.folder / "nowhere"), {})

    def test_caches(self):
        for i, (level, kind) in enumerate((("1", "Data"), ("1", "Instruction"),
                                           ("2", "Unified"))):
            folder = self.folder / f"index{i}"
            folder.mkdir()
            for name, text in (("level", level), ("type", kind),
                               ("size", f"{i + 1}K")):
                (folder / name).write_text(text + "\n")
        self.assertEqual(machine.caches(self.folder),
                         {"L1d": "1K", "L2": "3K"})

    def copy(self, name, shift=0, **changes):
        """The raw file with another start, as another machine writes it, or
        with other seeds, as another sitting does."""
        found = rawfile.read(self.raw)
        start = json.loads(json.dumps(found.start))
        for key, value in changes.items():
            if key == "machine":
                start["machine"] |= value
            elif key == "plan":
                start["plan"] |= value
            else:
                start[key]["about"]["machine"] = value
        path = self.folder / name
        with rawfile.Writer(path) as writer:
            writer.add(start)
            for process in found.processes:
                writer.add(process | {"seed": process["seed"] + shift})
            writer.add({"kind": "end", "processes":
                        {"1": len(found.processes)}})
        return str(path)

    def judge(self, *paths):
        return self.run_compare("--judge", *paths)

    def test_builds_of_two_machines_are_refused(self):
        self.compare("--rows", "plain")
        mixed = self.copy("mixed", base=OTHER, head=OTHER | {"cpu": "Two"})
        code, _, err = self.judge(mixed)
        self.assertEqual(code, 2)
        self.assertRegex(err, "machines differ: .*cpu differs: One and Two")
        alike = self.copy("alike", base=OTHER, head=OTHER)
        self.assertEqual(self.judge(alike)[0], 0)

    def test_numbers_of_another_machine_are_judged(self):
        self.compare("--rows", "plain")
        other = self.copy("other", machine=OTHER)
        self.assertEqual(self.judge(other)[0], 0)

    def test_sittings(self):
        self.compare("--rows", "plain")
        code, out, _ = self.judge(str(self.raw),
                                  self.copy("more", shift=1))
        self.assertEqual(code, 0)
        self.assertRegex(out, r"plain/1 .* same +24\n")
        code, _, err = self.judge(str(self.raw),
                                  self.copy("other", machine={"cpu": "Two"}))
        self.assertEqual(code, 2)
        self.assertRegex(err, "other: was measured on another machine")

    def test_no_sitting_twice(self):
        self.compare("--rows", "plain")
        for again in (str(self.raw), self.copy("copy")):
            code, _, err = self.judge(str(self.raw), again)
            self.assertEqual(code, 2)
            self.assertIn("has a process that", err)

    def test_sittings_of_one_plan(self):
        self.compare("--rows", "plain")
        for key in ("pairs", "seconds"):
            code, _, err = self.judge(str(self.raw), self.copy(
                key, shift=1, plan={key: .7}))
            self.assertEqual(code, 2)
            self.assertIn(f"has other {key}", err)


class Lanes(Folder):
    """What the counts say, in the report and in the exit code."""

    def counted(self, row, old, new, reasons=()):
        builds_ = {"a": counts.Counts({row: old}, {}, []),
                   "b": counts.Counts({row: new}, {}, list(reasons))}
        arguments = ["--objects", str(self.folder / "a"),
                     str(self.folder / "b"), "--runner", self.runner, "--raw",
                     str(self.raw), "--processes", "12", "--seed", "3",
                     "--rows", "plain", "--json", str(self.folder / "j")]
        with mock.patch.object(counts, "counts",
                               lambda build, rows, runner:
                               builds_[build.label]):
            code, out, err = self.run_compare(*arguments)
        return code, out + err, json.loads((self.folder / "j").read_text())

    def test_what_took_more_instructions_is_timed_and_fails(self):
        code, said, data = self.counted("slow/9", 100000, 101000)
        self.assertEqual((code, data["code"]), (1, 1))
        self.assertRegex(said.splitlines()[-1], "instructions of slow/9.*"
                         r"\+1\.00%, above the gate.*slow-down confirmed in 1")
        self.assertEqual(data["counts"]["instructions"],
                         {"slow/9": [100000, 101000]})
        self.assertIn("slow/9", [r["row"] for r in data["rows"]])

    def test_time_clears(self):
        code, said, data = self.counted("plain/9", 100000, 101000)
        self.assertEqual((code, data["counts"]["failed"]), (0, 0))
        self.assertRegex(said, r"plain/9: 100,000 -> 101,000, .*; but its time")

    def test_what_cannot_be_timed_is_not_cleared(self):
        self.script("error " * 12)
        code, said, _ = self.counted("plain/1", 100000, 101000)
        self.assertEqual(code, 1)
        self.assertIn("instructions of plain/1", said.splitlines()[-1])

    def test_few_more_are_told(self):
        code, said, _ = self.counted("plain/1", 100000, 100100, ["no tool"])
        self.assertEqual(code, 0)
        self.assertIn("instructions: 1 of 1 rows differ", said)
        self.assertIn("no tool", said)

    def test_judged_again_with_the_counts(self):
        self.counted("slow/9", 100000, 101000)
        code, _, err = self.run_compare("--judge", str(self.raw))
        self.assertEqual(code, 1)
        self.assertIn("instructions of slow/9", err)

    def test_since(self):
        def shown(ratio, cpu="One"):
            s = {"ratio": ratio, "low": ratio * .99, "high": ratio * 1.01,
                 "processes": 4}
            return {"machine": OTHER | {"cpu": cpu},
                    "head": {"label": "old"},
                    "rows": [{"row": "r", "speedup": {"autovec": s}},
                             {"row": "new"}]}
        path = self.folder / "old.json"
        path.write_text(json.dumps(shown(8)))
        since = lanes.before(path)
        self.assertEqual(lanes.fallen(since, shown(8.1)), [])
        note, = lanes.fallen(since, shown(6))
        self.assertRegex(note, "r: 0.750 of the speed-up over autovec since "
                               "old; chance leaves 0.9")
        # All that moved, one row, moved with the machine.
        self.assertEqual(lanes.fallen(since, shown(6, "Two")), [])


class Flags(unittest.TestCase):
    def told(self, base, head):
        def build(label, of):
            return {"label": label, "flags": of[0], "own": of[1]}
        return compare.show.flags({"base": build("old", base),
                                   "head": build("new", head)})

    def test_alike(self):
        of = "-O3 -fPIC", {"x.c": "-mfma"}
        self.assertEqual(self.told(of, of), ["both built with -O3 -fPIC"])

    def test_a_speed_up_has_the_digits_that_are_sure(self):
        for ratio, half, text in ((12.34, .02, "12.3"), (12.34, .4, "12.3"),
                                  (12.34, 2, "12"), (1.234, .03, "1.23"),
                                  (123.4, 12, "120"), (1.5, 30, "2"),
                                  (.1234, .001, "0.123")):
            s = {"ratio": ratio, "low": ratio - half, "high": ratio + half}
            self.assertEqual(compare.show.times(s), text)
        self.assertEqual(compare.show.times(
            {"ratio": 12.34, "low": None, "high": None}), "12.3")
        self.assertEqual(compare.show.times(None), "")

    def test_other_flags_are_told(self):
        self.assertEqual(
            self.told(("-O3", {}), ("-O2", {"x.c": "-mfma"})),
            ["old alone is built with -O3",
             "new alone is built with -O2; x.c -mfma"])
        self.assertEqual(
            self.told(("-O3", {}), ("-O3", {"x.c": "-mfma"})),
            ["old alone is built with no more",
             "new alone is built with x.c -mfma"])

    def test_strangers_are_unknown(self):
        self.assertEqual(self.told((None, {}), (None, {})), [])


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Told(Folder):
    def test_time_left_on_a_terminal(self):
        seen = Terminal()
        show = measure.progress("measuring", seen)
        show(0, 4)
        self.assertIn("measuring: 0 of 4 processes", seen.getvalue())
        show(1, 4)
        self.assertRegex(seen.getvalue(), r"1 of 4 processes, \d+ s left")
        show(4, 4)
        self.assertTrue(seen.getvalue().endswith("\r\x1b[K"))
        self.assertNotIn("\n", seen.getvalue())
        measure.say("told", seen)  # the line is cleared first
        self.assertTrue(seen.getvalue().endswith("\r\x1b[Kcompare: told\n"))

    def test_nothing_elsewhere(self):
        seen = io.StringIO()
        measure.progress("measuring", seen)(1, 4)
        self.assertEqual(seen.getvalue(), "")


def of(code, base="old"):
    return {"code": code, "sentence": f"it is {code}", "base":
            {"label": base}}


class Pinned(unittest.TestCase):
    def test_a_slow_down_against_either_counts(self):
        worst = compare.worst
        self.assertEqual(worst([of(0)]), (0, "it is 0"))
        self.assertEqual(worst([of(0), of(1, "pinned")]),
                         (1, "against pinned: it is 1; against old: it is 0"))
        self.assertEqual(worst([of(2), of(1)])[0], 1)
        self.assertEqual(worst([of(2), of(0)])[0], 2)

    def asked(self, answer):
        """The bases that were compared with, exit code and stderr."""
        asked, err = [], io.StringIO()

        def against(_, rev):
            asked.append(rev)
            return answer(len(asked))
        with mock.patch.object(compare, "against", against), \
                mock.patch.object(builds, "commit_of", lambda _, rev: rev), \
                contextlib.redirect_stderr(err), \
                contextlib.redirect_stdout(io.StringIO()):
            code = compare.main(["HEAD~1", "--pinned", "v1"])
        return asked, code, err.getvalue()

    def test_both_bases_are_compared(self):
        asked, code, _ = self.asked(lambda n: (of(0), False))
        self.assertEqual((asked, code), (["HEAD~1", "refs/tags/v1"], 0))

    def test_a_stop_in_the_first_ends_both(self):
        asked, code, _ = self.asked(lambda n: (of(0), True))
        self.assertEqual((asked, code), (["HEAD~1"], 0))

    def test_what_fails_in_the_second_takes_no_slow_down_back(self):
        for error in (builds.Failed("no such compiler"), KeyboardInterrupt(),
                      ZeroDivisionError("never thought of")):
            def answer(n):
                if n == 2:
                    raise error
                return of(1), False
            asked, code, err = self.asked(answer)
            self.assertEqual((len(asked), code), (2, 1))
            self.assertRegex(err.splitlines()[-1],
                             "against old: it is 1; against v1: "
                             f"{compare.told(error)}")


class Recipes(unittest.TestCase):
    def test_what_they_ask_for(self):
        for path in (".github/workflows/gate.yml", ".gitlab-ci.yml"):
            text = (HERE.parent / path).read_text()
            text = re.sub(r"\\?\n +(?=--|\$)", " ", text)
            (asked,) = re.findall(r"\./run compare (.*)", text)
            words = shlex.split(asked.partition("||")[0])
            words[words.index("$pinned")] = "--pinned"
            args = compare.parser().parse_args(words)
            compare.check(args)
            self.assertEqual(args.pinned, "pinned")
            (drawn,) = re.findall(r"\./run report --history (\S+)", text)
            self.assertEqual(args.history, drawn)
            # Kept from run to run, and uploaded.
            parts = re.split(r"\n(?=      - \w+:|  \w)", text)
            for mark in (("cache/restore@", "cache/save@", "upload-artifact@")
                         if "github" in path else ("cache:", "artifacts:")):
                (part,) = (p for p in parts if mark in p)
                self.assertRegex(part, rf"\n[ -]*(path: )?{drawn}(\n|$)")
            self.assertEqual((args.base, args.head), ("$base", "HEAD"))
            self.assertTrue(args.record and args.json and args.markdown)


if __name__ == "__main__":
    unittest.main()
