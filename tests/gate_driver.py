"""./run compare from its arguments to its exit code, with a runner whose
answers are known (gate_fake_runner.py)."""

import json
import os
import platform
import re
import signal
import subprocess
import time
import unittest
from unittest import mock

from gate_folder import ROWS, Folder  # first: it finds the gate's modules

import builds
import compare
import decide
import judging
import layouts
import measure
import raw as rawfile
import sitting


class Answers(Folder):
    def test_no_slow_down(self):
        code, out, err = self.compare("--rows", "plain|fast")
        self.assertEqual(code, 0, err)
        self.assertEqual(out.splitlines()[-1],
                         "compare: no slow-down in 3 rows; 1 faster")
        self.assertEqual(err, "")  # nobody looks: no progress
        found = rawfile.read(self.raw)
        self.assertTrue(found.ended)
        self.assertEqual(found.start["rows"], ["plain/1", "plain/2", "fast/4"])
        again = [p for p in found.processes if p["stage"] == 2]
        self.assertEqual(len(found.processes) - len(again), 12)
        self.assertEqual(len(again), 24)
        self.assertEqual({r for p in again for r in p["rows"]}, {"fast/4"})

    def test_slow_down(self):
        code, out, err = self.compare()
        self.assertEqual(code, 1)
        self.assertRegex(err.splitlines()[-1],
                         r"slow-down confirmed in 1 of 4 rows.*slow/3")
        line = next(x for x in out.splitlines() if x.startswith("slow/3"))
        self.assertRegex(line, r"\+[45]\.\d\d %.*slower")

    def test_same_numbers_everywhere(self):
        files = [self.folder / "j.json", self.folder / "m.md"]
        code, out, _ = self.compare("--json", str(files[0]), "--markdown",
                                    str(files[1]))
        data = json.loads(files[0].read_text())
        self.assertEqual(data["code"], code)
        page = files[1].read_text()
        self.assertIn(data["sentence"], page)
        self.assertEqual(len(data["rows"]), 4)
        for row in data["rows"]:
            shown = compare.show.percent(row["percent"])
            for text in (out, page):
                line = next(x for x in text.splitlines()
                            if re.match(rf"(\| )?{row['row']} ", x))
                self.assertIn(shown, line)
                self.assertIn(compare.show.between(row["low"], row["high"]),
                              line)

    def test_judged_again_it_is_the_same(self):
        one, two = self.folder / "1.json", self.folder / "2.json"
        code = self.compare("--json", str(one))[0]
        self.assertEqual(
            self.run_compare("--judge", str(self.raw), "--json", str(two))[0],
            code)
        self.assertEqual(one.read_text(), two.read_text())

    def test_same_seed_same_processes(self):
        self.compare("--rows", "plain")
        first = self.calls()
        self.raw.unlink()
        self.script("")
        self.compare("--rows", "plain")
        names = [re.sub(r"\S+/", "", x) for x in first]
        self.assertEqual(names, [re.sub(r"\S+/", "", x)
                                 for x in self.calls()])
        self.assertEqual(len(set(names)), 12)  # each has its own seed

    def test_first_process_looks_at_results(self):
        self.compare("--rows", "plain")
        self.assertEqual([("--check" in x) for x in self.calls()],
                         [True] + [False] * 11)

    def test_the_first_that_is_not_lost_looks_at_results(self):
        self.script("crash error")
        code, _, err = self.compare("--rows", "plain")
        self.assertEqual(code, 2)
        self.assertRegex(err.splitlines()[-1],
                         "1 row failed; plain/1: the result is wrong")
        self.assertEqual([("--check" in x) for x in self.calls()],
                         [True] * 2 + [False] * 10)
        self.assertEqual([p["checked"] for p in
                          rawfile.read(self.raw).processes],
                         [True] + [False] * 10)

    def test_a_file_that_does_not_say_which_looked(self):
        errors = {"plain/1": "the result is wrong"}
        kept = [{"stage": 1, "index": i, "errors": errors} for i in (0, 1)]
        self.assertEqual([judging.was_checked(p) for p in kept],
                         [True, False])


class Refusals(Folder):
    def refused(self, expected, *arguments):
        code, _, err = self.run_compare(*arguments)
        self.assertEqual(code, 2, err)
        self.assertRegex(err.splitlines()[-1], expected)

    def test_arguments(self):
        self.refused("a BASE")
        self.refused("no commit 'nonsense'", "nonsense")
        self.refused("--judge goes without base", "HEAD", "--judge", "x")
        self.refused("--judge goes without rows, quick", "--judge", "x",
                     "--rows", "x", "--quick")
        self.refused("unterminated", "HEAD", "--rows", "(")
        self.refused("below 1", "HEAD", "--processes", "0")
        self.refused("9 processes decide nothing", "HEAD", "--processes", "9")
        for none in ("--quick", "--no-ratios"):
            self.refused(f"and {none} has none", "HEAD", "--since", "x", none)
        self.refused("not in", "HEAD", "--seconds", "7")
        self.refused("no tag 'nowhere'", "HEAD", "--pinned", "nowhere")
        self.refused("nowhere/x: No such file", "HEAD", "--json", "nowhere/x")
        self.refused("--partial goes with --judge", "HEAD", "--partial")
        self.refused("no folder", "HEAD", "--raw", "nowhere/x")

    def test_no_such_row(self):
        code, _, err = self.compare("--rows", "nowhere")
        self.assertEqual(code, 2)
        self.assertIn("no row is left by --rows 'nowhere': --list", err)
        self.assertFalse(self.raw.exists())

    def test_rows_that_are_only_counted(self):
        row = "tanh/f32/N32771/avx2"
        args = compare.parser().parse_args(["x", "--rows", row])
        build = builds.Build("x", "x", [])
        with mock.patch.object(layouts, "link_all"), \
                mock.patch.object(measure, "list_rows", lambda *_: ["a"]):
            rows, notes = sitting.rows_of(args, build, build)
        self.assertEqual((rows, notes), ([row], []))

    def test_rows_that_one_build_lacks(self):
        """HEAD's new ones are told; one that it lost is measured, and fails."""
        args = compare.parser().parse_args(["x"])
        old, new = (builds.Build(x, x, []) for x in ("old", "new"))
        with mock.patch.object(layouts, "link_all"), \
                mock.patch.object(measure, "list_rows",
                                  side_effect=[["a", "lost"], ["a", "more"]]):
            rows, notes = sitting.rows_of(args, old, new)
        self.assertEqual((rows, notes), (["a", "lost"],
                                         ["more: old does not have it"]))

    def test_no_objects(self):
        (self.folder / "a/x.o").unlink()
        code, _, err = self.compare()
        self.assertEqual(code, 2)
        self.assertIn("no object", err)

    def test_shared_by_both(self):
        (self.folder / "b/y.s").write_text(
            ".data\n.globl once\n.type once, %gnu_unique_object\n"
            "once: .long 1\n.size once, 4\n")
        subprocess.run(["cc", "-c", "y.s", "-o", "y.o"],
                       cwd=self.folder / "b", check=True)
        code, _, err = self.compare()
        self.assertEqual(code, 2)
        self.assertRegex(err, "both.* share once: .*-fno-gnu-unique")

    def test_not_linked(self):
        (self.folder / "a/x.o").write_text("no object")
        code, _, err = self.compare(link=layouts.link_all)
        self.assertEqual(code, 2)
        self.assertIn("a cannot be linked", err)
        self.assertIn("x.o", err)  # what the linker said

    def test_raw_file_is_not_written_over(self):
        self.raw.write_text("mine")
        code, _, err = self.compare()
        self.assertEqual((code, self.raw.read_text()), (2, "mine"))
        self.assertIn("not written over", err)

    def test_noise(self):
        self.script("", "noisy/1\nplain/2\n")
        code, _, err = self.compare()
        self.assertEqual(code, 2)
        self.assertRegex(err.splitlines()[-1],
                         "1 of 2 rows could not be judged; noisy/1")

    def test_edited_raw_file(self):
        self.compare("--rows", "plain")
        text = self.raw.read_text()
        self.raw.write_text(text.replace('"stolen":0', '"stolen":1', 1))
        self.refused(r"raw.jsonl, line 2: ", "--judge", str(self.raw))

    def test_what_stands_before_the_damage_is_judged(self):
        self.compare("--rows", "plain")
        self.raw.write_bytes(self.raw.read_bytes()[:-40])  # of the end
        self.refused("cut off", "--judge", str(self.raw))
        code, out, _ = self.run_compare("--judge", str(self.raw), "--partial")
        self.assertEqual(code, 2)  # it was not passed
        self.assertRegex(out, "line 14: cut off in the middle; judged is what")


class Losses(Folder):
    def test_one_is_lost_and_named(self):
        self.script("ok crash ok cut")
        code, out, err = self.compare("--rows", "plain")
        self.assertEqual(code, 0)
        self.assertRegex(err, r"process 1 of stage 1 \(seed \d+\) is lost: "
                              "killed by SIGABRT")
        self.assertRegex(err, r"process 3 .* is lost: stopped before its end")
        self.assertEqual(len(rawfile.read(self.raw).processes), 10)
        self.assertEqual(len(re.findall(r"is lost", out)), 2)

    def test_three_in_a_row(self):
        self.script("ok crash crash crash")
        code, _, err = self.compare("--rows", "plain")
        self.assertEqual(code, 2)
        self.assertIn("3 processes in a row were lost", err.splitlines()[-1])
        kept = rawfile.read(self.raw)
        self.assertEqual((len(kept.processes), kept.ended), (1, False))

    def test_refusal_of_the_runner(self):
        self.script("ok refuse")
        code, _, err = self.compare("--rows", "plain")
        self.assertEqual(code, 2)
        self.assertIn("both modules run the same code", err.splitlines()[-1])

    def test_wrong_result(self):
        self.script("error")
        code, _, err = self.compare("--rows", "plain")
        self.assertEqual(code, 2)
        self.assertRegex(err.splitlines()[-1],
                         "1 row failed; plain/1: the result is wrong")

    def test_hang(self):
        self.script("hang")
        began = time.monotonic()
        with mock.patch.dict(os.environ, GATE_FAKE=str(self.folder)), \
                self.assertRaisesRegex(measure.Lost, "hung: no end after 1 s"):
            measure.run([self.runner, "pairs", "a.so", "b.so", "plain/1"], 1)
        self.assertLess(time.monotonic() - began, 30)


class Interruption(Folder):
    def interrupt(self, after, **more):
        """Ctrl-C once so many processes are in the file."""
        self.script("slow " * 99)
        job = self.start("--objects", str(self.folder / "a"),
                         str(self.folder / "b"), "--runner", self.runner,
                         "--raw", str(self.raw), "--processes", "40",
                         "--no-counts", "--rows", "plain")
        until = time.monotonic() + 60
        while time.monotonic() < until and job.poll() is None:
            if self.raw.exists() and \
                    len(self.raw.read_text().splitlines()) > after:
                break
            time.sleep(.02)
        job.send_signal(more.get("by", signal.SIGINT))
        out, err = job.communicate(timeout=30)
        return job.returncode, out, err

    def kept(self, err):
        said = re.search(r"interrupted: (\d+) complete processes are kept in "
                         r"(\S+)", err)
        found = rawfile.read(self.raw)  # raises unless every line is sound
        self.assertFalse(found.ended)
        self.assertEqual(len(found.processes), int(said[1]))
        self.assertTrue(os.path.samefile(said[2], self.raw))
        return len(found.processes)

    def test_too_few(self):
        code, _, err = self.interrupt(3)
        self.assertEqual(code, 2)
        self.assertIn(self.kept(err), (3, 4))
        self.assertIn("before there was enough", err.splitlines()[-1])

    def test_enough_are_decided(self):
        code, _, err = self.interrupt(decide.LEAST + 2)
        self.assertGreaterEqual(self.kept(err), decide.LEAST)
        self.assertEqual(code, 2)
        self.assertIn("no slow-down in 2 rows", err.splitlines()[-1])

    def test_terminated(self):
        code, _, err = self.interrupt(3, by=signal.SIGTERM)
        self.assertEqual(code, 2)
        self.kept(err)

    @unittest.skipUnless(platform.machine() in ("x86_64", "AMD64"),
                         "counts rows of x86-64")
    def test_terminated_while_it_counts(self):
        begun, tool = self.folder / "begun", self.folder / "valgrind"
        tool.write_text(f"#!/bin/sh\n: >{begun}\nexec sleep 100\n")
        tool.chmod(0o755)
        with mock.patch.dict(os.environ, VALGRIND=str(tool)):
            job = self.start("--objects", str(self.folder / "a"),
                             str(self.folder / "b"), "--runner", self.runner,
                             "--raw", str(self.raw))
        until = time.monotonic() + 60
        while time.monotonic() < until and not begun.exists():
            time.sleep(.02)
        job.send_signal(signal.SIGTERM)
        _, err = job.communicate(timeout=30)
        self.assertEqual(job.returncode, 2)
        self.assertEqual(err.splitlines()[-1], "compare: interrupted")

    def test_no_runner_stays(self):
        self.interrupt(1)
        count = len(self.calls())
        time.sleep(.5)
        self.assertEqual(len(self.calls()), count)


class Lists(Folder):
    def rows(self, *arguments):
        code, out, err = self.run_compare(
            "--objects", str(self.folder / "a"), str(self.folder / "b"),
            "--runner", self.runner, "--list", *arguments)
        self.assertEqual(code, 0, err)
        return out.split()

    def test_all(self):
        self.assertEqual(self.rows(), ROWS.split())
        self.assertEqual(self.calls(), [])  # nothing is timed

    def test_regex(self):
        self.assertEqual(self.rows("--rows", "^(fast|slow)/"),
                         ["slow/3", "fast/4"])

    def test_quick(self):
        self.script("", "gemm/f32/1\nlstm/step/2\ntanh/f32/3\nexpert/4\n")
        self.assertEqual(self.rows("--quick"), ["gemm/f32/1", "tanh/f32/3"])
        self.assertEqual(self.rows("--quick", "--rows", "tanh"),
                         ["tanh/f32/3"])


if __name__ == "__main__":
    unittest.main()
