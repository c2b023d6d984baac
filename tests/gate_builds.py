"""Builds of a small repository: made once, whole only with their stamp, a
failure told in the compiler's words; layouts; speed-ups of known answers."""

import contextlib
import io
import math
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "bench/gate"))
try:
    import numpy as np
    import scipy  # noqa: F401
except ImportError:
    print("skipped: no SciPy; bench/venv.sh build/gate gate installs it")
    sys.exit(77)

import builds  # noqa: E402
import layouts  # noqa: E402
import ratios  # noqa: E402

FILES = {
    "CMakeLists.txt": """cmake_minimum_required(VERSION 3.25)
project(small C)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
add_compile_options(-falign-functions=64)
set_source_files_properties(two.c PROPERTIES COMPILE_OPTIONS -fno-builtin)
add_library(srnn_problems STATIC one.c two.c)
""",
    "bench/problem.h": "int one(void);\nint two(void);\n",
    "one.c": "int one(void);\nint one(void) { return 1; }\n",
    "two.c": "int two(void);\nint two(void) { return 2; }\n",
}
MODULE = """#include "bench/problem.h"
int gate_module_get(void);
int gate_module_get(void) { return one() + two(); }
"""


class Repository(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.root = pathlib.Path(kept.name) / "root"
        self.module = pathlib.Path(kept.name) / "module.c"
        self.module.write_text(MODULE)
        for path, text in FILES.items():
            self.write(path, text)
        self.git("init", "-q")
        self.write(".gitignore", "/build/\n")
        self.commit()

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def git(self, *arguments):
        subprocess.run(["git", "-C", self.root, "-c", "user.name=a", "-c",
                        "user.email=a@b", *arguments], check=True)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")

    def at(self, rev="HEAD"):
        return builds.of_commit(self.root, rev, self.module)

    def stamps(self):
        return {p: p.stat().st_mtime_ns for p in
                (self.root / builds.KEPT).glob("*/stamp.json")}


class Tools(unittest.TestCase):
    def test_an_interruption_ends_all_of_their_groups(self):
        began = time.monotonic()
        with self.assertRaises(KeyboardInterrupt), builds.ended() as jobs:
            for _ in range(2):
                jobs.append(builds.start(["sh", "-c", "sleep 100 & wait"]))
            threading.Timer(.2, os.kill, (os.getpid(), signal.SIGINT)).start()
            jobs[0].communicate()
        # Their children held the pipes open; it waits for those.
        self.assertLess(time.monotonic() - began, 90)
        self.assertEqual([job.returncode for job in jobs],
                         [-signal.SIGTERM] * 2)


class Kept(Repository):
    def test_what_is_built(self):
        found = self.at()
        self.assertRegex(found.commit, "^[0-9a-f]{40}$")
        self.assertEqual([os.path.basename(o) for o in found.objects[:2]],
                         ["one.c.o", "two.c.o"])
        self.assertEqual(len(found.objects), 3)  # and the module
        flags = found.about["flags"].split()
        self.assertTrue({"-O3", "-fPIC", "-falign-functions=64"} <= set(flags))
        self.assertEqual(found.about["own"],
                         {"srnn_problems/two.c": "-fno-builtin"})
        self.assertNotIn(str(self.root), str(found.about))

    def test_once(self):
        first, before = self.at(), self.stamps()
        self.assertEqual(self.at(), first)
        self.assertEqual(self.stamps(), before)
        self.assertEqual(len(before), 1)

    def test_only_with_a_stamp(self):
        first = self.at()
        stamp, = self.stamps()
        stamp.unlink()  # as an interrupted build leaves it
        pathlib.Path(first.objects[0]).write_text("half an object")
        again = self.at()
        self.assertEqual(again.objects, first.objects)
        layouts.link(again, 1, str(self.root / "build/x.so"))

    def test_by_another_compiler_again(self):
        self.at()
        stamp, = before = self.stamps()
        stamp.write_text(re.sub(r'"compiler": "[^"]*"', '"compiler": "cc 1"',
                                stamp.read_text()))
        self.at()
        self.assertNotEqual(self.stamps(), before)
        self.assertNotIn('"cc 1"', stamp.read_text())

    def test_another_module_is_compiled_alone(self):
        first, before = self.at(), self.stamps()
        self.module.write_text(MODULE + "int more;\n")
        second = self.at()
        self.assertEqual(self.stamps(), before)
        self.assertEqual(second.objects[:2], first.objects[:2])
        self.assertNotEqual(second.objects[2], first.objects[2])

    def test_same_code(self):
        first = self.at()
        one = self.root / "one.c"
        one.write_text("/* Other words. */ " + one.read_text())
        self.commit()
        second = self.at()
        self.assertNotEqual(first.commit, second.commit)
        self.assertTrue(builds.same_code(first, second))
        one.write_text(one.read_text() + "int more(void) { return 5; }\n")
        self.commit()
        self.assertFalse(builds.same_code(first, self.at()))
        second.objects.pop()
        self.assertFalse(builds.same_code(first, second))

    def test_what_a_week_has_not_seen_is_forgotten(self):
        self.at()
        kept_in = self.root / builds.KEPT
        (old,) = (stamp.parent for stamp in self.stamps())
        for name in ("run-killed", "run-now", "raw", "half", "padding"):
            (kept_in / name).mkdir()
        long_ago = time.time() - builds.WEEK - 60
        for name in (old.name, "run-killed", "raw", "half", "padding"):
            os.utime(kept_in / name, (long_ago, long_ago))
        self.at()  # seen
        builds.forget(kept_in)
        self.assertTrue(old.exists())
        os.utime(old, (long_ago, long_ago))
        builds.forget(kept_in)
        self.assertEqual({path.name for path in kept_in.iterdir()
                          if path.is_dir()}, {"run-now", "raw", "padding"})
        self.at()

    def test_nothing_that_is_used_is_forgotten(self):
        self.at()
        kept_in = self.root / builds.KEPT
        (old,) = (stamp.parent for stamp in self.stamps())
        with builds.locked(old):
            os.utime(old, (0, 0))
            builds.forget(kept_in)
        self.assertTrue(old.exists())

    def test_flags_of_the_module_make_another(self):
        first = self.at()
        with mock.patch.object(builds, "MODULE_FLAGS", ("-fPIC", "-O1")):
            self.assertNotEqual(self.at().objects[2], first.objects[2])

    def test_no_flags_of_the_caller(self):
        with mock.patch.dict(os.environ, CFLAGS="-funroll-loops",
                             CPPFLAGS="-Done=", LDFLAGS="-Lnowhere"):
            found = self.at()
        self.assertNotIn("-funroll-loops", found.about["flags"])
        self.assertNotIn("nowhere", next((self.root / builds.KEPT).glob(
            "*/cmake/CMakeCache.txt")).read_text())

    def test_said_when_it_is_built(self):
        for said in ("compare: building HEAD (", ""):
            err = io.StringIO()
            with contextlib.redirect_stderr(err):
                self.at()
            self.assertEqual(err.getvalue()[:len(said) or None], said)

    def test_old_commit_by_its_own_headers(self):
        self.at()
        self.write("bench/problem.h", "enum { one = 1 };\n")  # no function
        self.commit()
        with self.assertRaisesRegex(builds.Failed, "one"):
            self.at()
        self.at("HEAD~1")

    def test_compiler_says_why(self):
        self.write("two.c", "this is no C\n")
        self.commit()
        with self.assertRaisesRegex(builds.Failed,
                                    r"(?s)HEAD.*cannot be built.*two\.c.*erro"):
            self.at()
        self.assertEqual(self.stamps(), {})

    def test_no_such_commit(self):
        for rev in ("nowhere", "--version"):
            with self.assertRaisesRegex(builds.Failed, "no commit"):
                self.at(rev)


class Worktree(Repository):
    def here(self):
        return builds.of_worktree(self.root, self.module)

    def test_unchanged_it_is_the_commit(self):
        found = self.here()
        self.assertEqual(found.objects, self.at().objects)
        self.assertRegex(found.commit, "^[0-9a-f]{40}$")

    def test_prose_is_no_change(self):
        self.write("README.md", "read me\n")
        self.write("results/history.jsonl", "{}\n")
        self.assertRegex(self.here().commit, "^[0-9a-f]{40}$")

    def test_changes_are_built(self):
        clean = self.here()
        self.write("one.c", FILES["one.c"].replace("1;", "7;"))
        changed = self.here()
        self.assertEqual(changed.label, clean.commit[:9] + "-dirty")
        self.assertTrue(changed.commit.startswith(changed.label))
        self.assertNotEqual(changed.objects, clean.objects)
        self.assertEqual(self.here(), changed)
        self.assertEqual(len(self.stamps()), 2)

    def test_each_state_has_its_name(self):
        found = set()
        for digit in "78":
            self.write("one.c", FILES["one.c"].replace("1;", f"{digit};"))
            found.add(self.here().commit)
        self.assertEqual(len(found), 2)

    def test_new_and_deleted_files(self):
        self.write("three.h", "int three;\n")
        one = self.here()
        (self.root / "three.h").unlink()
        (self.root / "one.c").unlink()
        with self.assertRaisesRegex(builds.Failed, "one.c"):
            self.here()
        self.assertIn("-dirty", one.commit)


def addresses(path):
    text = subprocess.run(["nm", path], check=True, capture_output=True,
                          text=True).stdout
    return {m[2]: int(m[1], 16) for m in
            re.finditer(r"^([0-9a-f]+) [tT] (one|two|gate_module_get)$", text,
                        re.M)}


class Layouts(Repository):
    def link(self, seed):
        out = str(self.root / f"build/{seed}.so")
        layouts.link(self.at(), seed, out)
        return addresses(out)

    def test_by_the_seed(self):
        found = [self.link(seed) for seed in (1, 2, 3, 4)]
        self.assertEqual(self.link(1), found[0])
        places = {tuple(sorted(f, key=f.get)) for f in found}
        self.assertGreater(len(places), 1)  # other orders
        gaps = {f["two"] - f["one"] for f in found}
        self.assertEqual(len(gaps), 4)  # and other distances
        for of in found:
            self.assertEqual([a % 64 for a in (of["one"], of["two"])], [0, 0])

    def test_every_object_is_there_once(self):
        objects = [f"{i}.o" for i in range(50)]
        found = layouts.layout(objects, ["p", "q"], 5)
        self.assertEqual(sorted(found[1::2]), sorted(objects))
        self.assertEqual(set(found[::2]), {"p", "q"})
        self.assertEqual(found, layouts.layout(objects[::-1], ["p", "q"], 5))


def lane(numbers, half=.01, processes=4):
    return {f"r{i}": {"reference": ratios.Speedup(
        x, x / (1 + half), x * (1 + half), processes)}
            for i, x in enumerate(numbers)}


class Ratios(unittest.TestCase):
    def test_pairs(self):
        self.assertEqual(ratios.pair_of("gemv/f32/H1/avx2", "autovec"),
                         "gemv/f32/H1/autovec=gemv/f32/H1/avx2")
        self.assertIsNone(ratios.pair_of("gemv/f32/H1/reference", "autovec"))
        self.assertIsNone(ratios.pair_of("mine", "autovec"))

    def test_speedup(self):
        found = ratios.speedup([math.log(x) for x in (7.9, 8.1, 8, 8)])
        self.assertAlmostEqual(found.ratio, 8, places=2)
        self.assertTrue(7.8 < found.low < 8 < found.high < 8.2)
        one = ratios.speedup([math.log(3)])
        self.assertAlmostEqual(one.ratio, 3)
        self.assertIsNone(one.low)

    def test_interval_holds_the_truth_as_often_as_it_says(self):
        chance, held = np.random.default_rng(1), 0
        for _ in range(1000):
            s = ratios.speedup(chance.normal(math.log(8), .02, 4))
            held += s.low <= 8 <= s.high
        # 4 standard errors of 1000 draws at 95 %.
        self.assertLess(abs(held - 950), 4 * math.sqrt(1000 * .95 * .05))

    def test_falls_are_named(self):
        old = lane([8, 4, 20, 2])
        self.assertEqual(ratios.compare(old, old), [])
        self.assertEqual(ratios.compare(old, lane([8.01, 4.01, 19.9, 2])), [])
        (row, baseline, left, bound), = ratios.compare(
            old, lane([8, 4, 15, 2]))
        self.assertEqual((row, baseline), ("r2", "reference"))
        self.assertAlmostEqual(left, .75)
        self.assertTrue(.75 < bound < 1)
        self.assertEqual(ratios.compare(old, lane([8, 4, 30, 2])), [])

    def test_another_machine_moves_all(self):
        old = lane([8, 4, 20, 2, 6, 9])
        new = lane([8 * .71, 4 * .7, 20 * .69, 2 * .7, 6 * .7, 9 * .3])
        self.assertEqual(len(ratios.compare(old, new)), 6)
        self.assertEqual([f[0] for f in ratios.compare(old, new, moved=True)],
                         ["r5"])

    def test_rows_of_one_side_say_nothing(self):
        self.assertEqual(ratios.compare({}, lane([1])), [])
        self.assertEqual(ratios.compare(lane([8]), lane([1], processes=1)), [])


if __name__ == "__main__":
    unittest.main()
