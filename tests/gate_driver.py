"""./run compare from its arguments to its exit code, with a runner whose
answers are known (gate_fake_runner.py)."""

import contextlib
import io
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

HERE = pathlib.Path(__file__).resolve().parent
GATE = HERE.parent / "bench/gate"
sys.path.insert(0, str(GATE))
try:
    import numpy  # noqa: F401
    import scipy  # noqa: F401
except ImportError:
    print("skipped: no SciPy; bench/venv.sh build/gate gate installs it")
    sys.exit(77)

import builds  # noqa: E402
import compare  # noqa: E402
import counts  # noqa: E402
import decide  # noqa: E402
import lanes  # noqa: E402
import machine  # noqa: E402
import measure  # noqa: E402
import raw as rawfile  # noqa: E402

ROWS = "plain/1\nplain/2\nslow/3\nfast/4\n"


def touch_all(root, wanted):
    for _, _, out in wanted:
        pathlib.Path(out).touch()


class Folder(unittest.TestCase):
    """Two folders of objects, and the fake's script."""

    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.folder = pathlib.Path(kept.name)
        for name in "ab":
            (self.folder / name).mkdir()
            (self.folder / name / "x.c").write_text(
                f"int gate_{name}; int gate_module_get(void);\n"
                f"int gate_module_get(void) {{ return ++gate_{name}; }}\n")
            subprocess.run(["cc", "-fPIC", "-c", "x.c", "-o", "x.o"],
                           cwd=self.folder / name, check=True)
        self.raw = self.folder / "raw.jsonl"
        # This interpreter, and nothing that it need not load.
        self.runner = str(self.folder / "runner")
        fake = (HERE / "gate_fake_runner.py").read_text()
        pathlib.Path(self.runner).write_text(f"#!{sys.executable} -IS\n{fake}")
        os.chmod(self.runner, 0o755)
        self.script("", ROWS)

    def script(self, words, rows=None):
        (self.folder / "script").write_text(words)
        (self.folder / "calls").write_text("")
        if rows:
            (self.folder / "rows").write_text(rows)

    def calls(self):
        return (self.folder / "calls").read_text().splitlines()

    def command(self, *arguments):
        return [sys.executable, "-B", str(GATE / "compare.py"), *arguments]

    def start(self, *arguments):
        return subprocess.Popen(
            self.command(*arguments), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            env=os.environ | {"GATE_FAKE": str(self.folder)})

    def run_compare(self, *arguments, link=None):
        """In this process, where all is loaded, and without the linker."""
        out, err = io.StringIO(), io.StringIO()
        with mock.patch.dict(os.environ, GATE_FAKE=str(self.folder)), \
                mock.patch.object(builds, "link_all", link or touch_all), \
                contextlib.redirect_stdout(out), \
                contextlib.redirect_stderr(err):
            try:
                code = compare.main(arguments)
            except SystemExit as e:  # argparse
                code = e.code
        return code, out.getvalue(), err.getvalue()

    def compare(self, *arguments, **more):
        """Of the objects: code, stdout, stderr."""
        return self.run_compare(
            "--objects", str(self.folder / "a"), str(self.folder / "b"),
            "--runner", self.runner, "--raw", str(self.raw), "--pairs", "5",
            "--processes", "12", "--seed", "3", "--no-counts", *arguments,
            **more)


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


class Refusals(Folder):
    def refused(self, expected, *arguments):
        code, _, err = self.run_compare(*arguments)
        self.assertEqual(code, 2, err)
        self.assertRegex(err.splitlines()[-1], expected)

    def test_arguments(self):
        self.refused("a BASE")
        self.refused("no commit 'nonsense'", "nonsense")
        self.refused("--judge goes without base", "HEAD", "--judge", "x")
        self.refused("unterminated", "HEAD", "--rows", "(")
        self.refused("below 1", "HEAD", "--processes", "0")
        self.refused("not in", "HEAD", "--seconds", "7")
        self.refused("no tag 'nowhere'", "HEAD", "--pinned", "nowhere")
        self.refused("No such file", "HEAD", "--json", "nowhere/x")

    def test_no_such_row(self):
        code, _, err = self.compare("--rows", "nowhere")
        self.assertEqual(code, 2)
        self.assertIn("--list", err)
        self.assertFalse(self.raw.exists())

    def test_no_objects(self):
        (self.folder / "a/x.o").unlink()
        code, _, err = self.compare()
        self.assertEqual(code, 2)
        self.assertIn("no object", err)

    def test_not_linked(self):
        (self.folder / "a/x.o").write_text("no object")
        code, _, err = self.compare(link=builds.link_all)
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
        self.assertRegex(err.splitlines()[-1], "1 of 2 rows could not be judged; noisy/1")

    def test_edited_raw_file(self):
        self.compare("--rows", "plain")
        text = self.raw.read_text()
        self.raw.write_text(text.replace('"stolen":0', '"stolen":1', 1))
        self.refused(r"raw.jsonl, line 2: ", "--judge", str(self.raw))


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
                         "1 rows failed; plain/1: the result is wrong")

    def test_hang(self):
        self.script("hang")
        began = time.monotonic()
        with mock.patch.dict(os.environ, GATE_FAKE=str(self.folder)), \
                self.assertRaisesRegex(measure.Lost, "hung: no end after 1 s"):
            measure.run([self.runner, "pairs", "a.so", "b.so", "plain/1"], 1)
        self.assertLess(time.monotonic() - began, 30)


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
            return {"machine": HERE_IS | {"cpu": cpu},
                    "head": {"label": "old"},
                    "rows": [{"row": "r", "speedup": {"autovec": s}},
                             {"row": "new"}]}
        path = self.folder / "old.json"
        path.write_text(json.dumps(shown(8)))
        self.assertEqual(lanes.fallen(path, shown(8.1)), [])
        note, = lanes.fallen(path, shown(6))
        self.assertRegex(note, "r: 0.750 of the speed-up over autovec since "
                               "old; chance leaves 0.9")
        # All that moved, one row, moved with the machine.
        self.assertEqual(lanes.fallen(path, shown(6, "Two")), [])


class Interruption(Folder):
    def interrupt(self, after, **more):
        """Ctrl-C once so many processes are in the file."""
        self.script("slow " * 99)
        job = self.start("--objects", str(self.folder / "a"),
                         str(self.folder / "b"), "--runner", self.runner, "--raw",
                         str(self.raw), "--processes", "40", "--rows", "plain")
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
        code, out, err = self.interrupt(decide.LEAST + 2)
        self.assertGreaterEqual(self.kept(err), decide.LEAST)
        self.assertEqual(code, 0)
        self.assertIn("no slow-down in 2 rows", out.splitlines()[-1])

    def test_terminated(self):
        code, _, err = self.interrupt(3, by=signal.SIGTERM)
        self.assertEqual(code, 2)
        self.kept(err)

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


class Recipes(unittest.TestCase):
    def test_what_they_ask_for(self):
        for path in (".github/workflows/gate.yml", ".gitlab-ci.yml"):
            text = (HERE.parent / path).read_text()
            text = re.sub(r"\\?\n +(?=--)", " ", text)
            (asked,) = re.findall(r"\./run compare (.*)", text)
            words = shlex.split(asked.partition("||")[0])
            args = compare.parser().parse_args(words)
            compare.check(args)
            self.assertEqual((args.base, args.head), ("$base", "HEAD"))
            self.assertTrue(args.record and args.json and args.markdown)


HERE_IS = {"cpu": "One", "family": "25", "caches": {"L2": "1024K"},
           "compiler": "gcc 12.2.0", "kernel": "Linux 6.1"}


class Machines(Folder):
    def test_same(self):
        self.assertIsNone(machine.same(HERE_IS, dict(HERE_IS)))
        # Told, but the same machine.
        self.assertIsNone(machine.same(HERE_IS,
                                       HERE_IS | {"kernel": "Linux 6.2"}))
        self.assertIsNone(machine.same(HERE_IS, HERE_IS | {"microcode": "1"}))
        for key, value in (("cpu", "Two"), ("caches", {"L2": "512K"}),
                           ("compiler", "gcc 13.1.0")):
            self.assertIn(key, machine.same(HERE_IS, HERE_IS | {key: value}))

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

    def copy(self, name, **changes):
        """The raw file with another start, as another machine writes it."""
        found = rawfile.read(self.raw)
        start = json.loads(json.dumps(found.start))
        for key, value in changes.items():
            if key == "machine":
                start["machine"] |= value
            else:
                start[key]["about"]["machine"] = value
        path = self.folder / name
        with rawfile.Writer(path) as writer:
            writer.add(start)
            for process in found.processes:
                writer.add(process)
            writer.add({"kind": "end", "processes":
                        {"1": len(found.processes)}})
        return str(path)

    def judge(self, *paths):
        return self.run_compare("--judge", *paths)

    def test_builds_of_two_machines_are_refused(self):
        self.compare("--rows", "plain")
        mixed = self.copy("mixed", base=HERE_IS, head=HERE_IS | {"cpu": "Two"})
        code, _, err = self.judge(mixed)
        self.assertEqual(code, 2)
        self.assertRegex(err, "machines differ: .*cpu differs: One and Two")
        alike = self.copy("alike", base=HERE_IS, head=HERE_IS)
        self.assertEqual(self.judge(alike)[0], 0)

    def test_numbers_of_another_machine_are_judged(self):
        self.compare("--rows", "plain")
        other = self.copy("other", machine=HERE_IS)
        self.assertEqual(self.judge(other)[0], 0)

    def test_sittings(self):
        self.compare("--rows", "plain")
        code, out, _ = self.judge(str(self.raw), self.copy("more"))
        self.assertEqual(code, 0)
        self.assertRegex(out, r"plain/1 .* same +24\n")
        code, _, err = self.judge(str(self.raw),
                                  self.copy("other", machine={"cpu": "Two"}))
        self.assertEqual(code, 2)
        self.assertRegex(err, "other: was measured on another machine")


if __name__ == "__main__":
    unittest.main()
