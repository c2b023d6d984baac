#!/usr/bin/env python3
"""What is counted is exact: two loops whose instructions are known, sizes and
spills of the micro-kernel compiled as it is and with too many accumulators, and
what the gate makes of either.

  gate_counts.py CC RUNNER NAMES   (the program of gate_counts_names.c)

Exit 77: Binutils are missing; without valgrind only its part is skipped.
"""

import collections
import json
import os
import platform
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

TESTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TESTS)
sys.path.insert(0, os.path.join(ROOT, "bench/gate"))
import builds
import callgrind
import counts
import machine_code
from counts import CLEARED, FAILS, SHOWN, Code, Counts, Finding

CC, RUNNER, NAMES = sys.argv[1:4]
TURNS = 1_000_000


class Scratch(unittest.TestCase):
    """A folder of its own, and what the compiler makes in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def compile(self, name, source, *flags):
        """The object `name` of a build of its own."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        subprocess.run([CC, "-std=c11", "-O3", "-fPIC", "-c", "-I", ROOT, "-I",
                        os.path.join(ROOT, "include"), *flags,
                        os.path.join(TESTS, source), "-o", path], check=True)
        return builds.Build(name, name, [path], [])


def differing(old, new):
    """The verdicts on one row or kernel, by what differs."""
    return {f.what: f.verdict for f in counts.compare(old, new)}


def lane_of(a, b, *more):
    old, new = counts.both(a, b, *more)
    return counts.Lane(counts.compare(old, new),
                       list(dict.fromkeys(old.reasons + new.reasons)))


class Verdicts(unittest.TestCase):
    def row(self, old, new):
        return counts.compare(Counts({"row": old}, {}, []),
                              Counts({"row": new}, {}, []))

    def test_instructions(self):
        self.assertEqual(self.row(100_000, 100_000), [])
        grown, = self.row(100_000, 102_000)
        self.assertEqual(grown, Finding("instructions", "row", 100_000,
                                        102_000, FAILS))
        self.assertAlmostEqual(counts.change(grown), .02, places=12)
        self.assertIn("100,000 -> 102,000, +2.00%", counts.said(grown))
        self.assertEqual([f.verdict for f in self.row(100_000, 100_300)],
                         [SHOWN])
        self.assertEqual([f.verdict for f in self.row(100_000, 100_301)],
                         [FAILS])
        self.assertEqual([f.verdict for f in self.row(102_000, 100_000)],
                         [SHOWN])

    def test_row_of_one_build(self):
        old, new = Counts({"gone": 1}, {}, []), Counts({"new": 9}, {}, [])
        self.assertEqual(counts.compare(old, new), [])

    def kernel(self, name, old, new):
        return differing(Counts({}, {name: Code(*old)}, []),
                         Counts({}, {name: Code(*new)}, []))

    def test_code(self):
        micro, other = "avx2/micro_pair", "avx2/tanh_array"
        self.assertEqual(self.kernel(micro, (9, 0), (9, 0)), {})
        self.assertEqual(self.kernel(micro, (9, 0), (99, 1)),
                         {"spills": FAILS, "bytes": SHOWN})
        self.assertEqual(self.kernel(micro, (9, 1), (9, 0)),
                         {"spills": SHOWN})
        self.assertEqual(self.kernel(other, (9, 0), (9, 1)),
                         {"spills": SHOWN})

    def test_kernel_of_one_build(self):
        old = Counts({}, {"avx2/a": Code(9, 0)}, [])
        new = Counts({}, {"avx2/micro_plain": Code(9, 2)}, [])
        found = counts.compare(old, new)
        self.assertEqual(found[0], Finding("spills", "avx2/micro_plain", 0, 2,
                                           FAILS))
        self.assertIsNone(counts.change(found[0]))
        self.assertEqual([f.verdict for f in found[1:]], [SHOWN] * 2)

    def test_notes(self):
        old = Counts({"a": 1000, "b": 1000}, {"avx2/x": Code(10, 3), "avx2/y":
                     Code(20, 0), "avx2/micro_pair": Code(9, 0)}, [])
        new = Counts({"a": 1001, "b": 1010}, {"avx2/x": Code(11, 1), "avx2/y":
                     Code(18, 0), "avx2/micro_pair": Code(9, 2)}, [])
        lane = counts.Lane(counts.compare(old, new), ["why"])
        self.assertEqual(counts.notes(lane), [
            "instructions of b: 1,000 -> 1,010, +1.00%, above the gate of "
            "+0.3%",
            "spills of avx2/micro_pair: 0 -> 2: its loops may touch no stack",
            "instructions within the gate (1): +0.10% to +0.10%",
            "spills differ in 1 kernels: 3 -> 1 together",
            "bytes differ in 2 kernels: 30 -> 29 together", "why"])
        found = json.loads(json.dumps(counts.as_json(lane)))
        self.assertEqual(found["failed"], 2)
        self.assertEqual(found["findings"][0], {
            "what": "instructions", "name": "b", "old": 1000, "new": 1010,
            "verdict": FAILS, "change": 0.01, "time": None})

    def test_time_clears(self):
        Time = collections.namedtuple("Time", "ratio low high")
        rows = "slow", "even", "fast", "wide", "none", "two"
        micro = "avx2/micro_pair"
        old = Counts(dict.fromkeys(rows, 1000), {micro: Code(9, 0)}, [])
        new = Counts(dict.fromkeys(rows, 1010), {micro: Code(9, 1)}, [])
        lane = counts.Lane(counts.compare(old, new), [])
        self.assertEqual(counts.suspects(lane), list(rows))
        lane = counts.judged(lane, {
            "slow": Time(1.005, 1.004, 1.006), "even": Time(1, .998, 1.0029),
            "fast": Time(.97, .96, .98), "wide": Time(.99, .96, 1.004),
            "two": Time(.9, None, None), micro: Time(.9, .9, .9)})
        verdicts = {f.name: f.verdict for f in lane.findings}
        self.assertEqual(verdicts, {
            "slow": FAILS, "wide": FAILS, "none": FAILS, "two": FAILS,
            micro: FAILS, "even": CLEARED, "fast": CLEARED})
        self.assertEqual([f.verdict for f in lane.findings],
                         [FAILS] * 5 + [CLEARED] * 2)
        self.assertIn("instructions of fast: 1,000 -> 1,010, +1.00%, above the "
                      "gate of +0.3%; but its time is -3.00% (-4.00% to "
                      "-2.00%)", counts.notes(lane))
        self.assertEqual(counts.suspects(lane), ["slow", "wide", "none", "two"])
        self.assertEqual(counts.as_json(lane)["findings"][-1]["time"]["low"],
                         .96)

    def test_nothing_known_of_one_build(self):
        self.assertEqual(counts.compare(Counts({}, {}, ["no nm"]), Counts(
            {"row": 1}, {"avx2/micro_plain": Code(9, 2)}, [])), [])


class Rows(unittest.TestCase):
    def test_names(self):
        self.assertEqual(subprocess.run([NAMES, *counts.ROWS]).returncode, 0)
        self.assertNotEqual(subprocess.run(
            [NAMES, "tanh/f32/T1/avx2"], stderr=subprocess.DEVNULL).returncode,
            0)
        self.assertEqual({row.rpartition("/")[2] for row in counts.ROWS},
                         {"avx2", "scalar"})


class Compiled(Scratch):
    """The rung's micro-kernel; the flags of its own are cmake/isa.cmake's."""

    def micro(self, name, *flags):
        build = self.compile(
            f"{name}/kernels/avx2.c.o", "code_shape_control.c", "-mavx2",
            "-mfma", '-DVOCABULARY="../kernels/vec_avx2.h"', *flags)
        return Counts({}, counts.code(build), [])

    @unittest.skipIf(platform.machine() != "x86_64", "the rung is of x86-64")
    def test_spill(self):
        plain, wide = self.micro("plain"), self.micro("wide", "-DCONTROL_WIDE")
        self.assertEqual(counts.compare(plain, self.micro("again")), [])
        self.assertTrue(all(k in plain.code for k in
                            map("avx2/{}".format, counts.MICRO_KERNELS)))
        self.assertEqual({c.spills for c in plain.code.values()}, {0})
        self.assertGreater(wide.code["avx2/micro_plain"].spills, 0)
        self.assertIn(("spills", "avx2/micro_plain", FAILS),
                      [(f.what, f.name, f.verdict)
                       for f in counts.compare(plain, wide)])
        self.assertNotIn(FAILS, differing(wide, plain).values())

    def test_bytes(self):
        source = os.path.join(self.folder, "bytes.c")
        with open(source, "w", encoding="ascii") as f:
            f.write('__asm__(".text\\n"\n')
            for symbol, size in ("a", 3), ("b.cold", 5), ("b.part.0", 8):
                f.write(f'".type {symbol}, %function\\n{symbol}: .skip {size}'
                        f'\\n.size {symbol}, {size}\\n"\n')
            f.write(");\n")
        found = counts.code(self.compile("bytes.o", source))
        self.assertEqual(found, {"bytes/a": Code(3, 0),
                                 "bytes/b": Code(5 + 8, 0)})

    def test_objects(self):
        """Of the rungs, not of the baselines made from the same file."""
        path = "CMakeFiles/simdrnn_objects.dir/kernels/{}.c.o".format
        bench = "bench/CMakeFiles/rung_reference.dir/__/kernels/reference.c.o"
        build = builds.Build("", "", [bench, path("avx2"), path("reference"),
                                      path("base"), "module.o"])
        self.assertEqual(counts.rungs(build), [
            ("avx2", path("avx2")), ("reference", path("reference"))])
        build = builds.Build("", "", ["a/dot.o", "b/dot.o"])
        self.assertEqual(counts.rungs(build), [("dot", path) for path in
                                               build.objects])

    def test_no_tools(self):
        a, b = (builds.Build(name, "", [name]) for name in ("a.o", "b.o"))
        with mock.patch.dict(os.environ, {"NM": "/no/nm",
                                          "VALGRIND": "/no/valgrind"}), \
                mock.patch("platform.machine", lambda: "x86_64"):
            self.assertEqual(lane_of(a, b), counts.Lane([], [
                "instructions: not measured: no valgrind",
                "machine code: not measured: /no/nm is not installed"]))

    def test_other_machine(self):
        with mock.patch("platform.machine", lambda: "aarch64"), \
                self.assertRaisesRegex(callgrind.NotMeasured, "is aarch64"):
            callgrind.valgrind()


class Callgrind(Scratch):
    def setUp(self):
        super().setUp()
        try:
            callgrind.valgrind()
        except callgrind.NotMeasured as why:
            self.skipTest(str(why))

    def count(self, turns, *rows):
        module = self.compile(f"{turns}.o", "gate_counts.c", f"-DTURNS={turns}")
        return callgrind.instructions(module, rows, RUNNER)[0]

    def test_two_per_cent(self):
        old = self.count(TURNS, "once", "twice")
        new = self.count(TURNS * 102 // 100, "once", "twice")
        # A turn is dec and jnz; what calls the loop is in both.
        self.assertEqual(new["once"] - old["once"], 2 * TURNS * 2 // 100)
        self.assertEqual(new["twice"] - old["twice"], 2 * new["once"] -
                         2 * old["once"])
        self.assertEqual(old["once"] // TURNS, 2)
        self.assertEqual(old["twice"] // TURNS, 4)
        once, twice = counts.compare(Counts(old, {}, []), Counts(new, {}, []))
        self.assertEqual({once.verdict, twice.verdict}, {FAILS})
        for f in once, twice:
            self.assertEqual(f"{counts.change(f):+.2%}", "+2.00%")

    def test_same_in_every_run(self):
        with mock.patch.dict(os.environ, {"VALGRIND_OPTS": "--cache-sim=yes"}):
            first = self.count(TURNS, "once", "twice")
        self.assertEqual(first, self.count(TURNS, "once", "twice"))

    def test_rows_that_cannot_run(self):
        build = self.compile("a.o", "gate_counts.c", f"-DTURNS={TURNS}")
        found = counts.counts(build, ("none", "once"), RUNNER)
        self.assertEqual(list(found.instructions), ["once"])
        self.assertEqual(found.reasons, ["instructions of none in a.o: not "
                                         "measured: there is no none"])

    def test_no_row(self):
        self.assertEqual(callgrind.instructions(None, [], RUNNER), ({}, {}))

    def test_lane(self):
        old, new = (self.compile(f"{turns}.o", "gate_counts.c",
                                 f"-DTURNS={turns}") for turns in (9000, 9900))
        lane = lane_of(old, new, ["once"], RUNNER)
        self.assertEqual(counts.suspects(lane), ["once"])
        same = lane_of(new, new, ["once"], RUNNER)
        self.assertEqual(same, counts.Lane([], []))

    def test_runner_that_fails(self):
        build = self.compile("b.o", "gate_counts.c", "-DTURNS=1",
                             "-Dgate_module_get=other")
        with self.assertRaisesRegex(callgrind.NotMeasured,
                                    "ended with 2: gate_"):
            callgrind.instructions(build, ["once"], RUNNER)
        with self.assertRaisesRegex(callgrind.NotMeasured, "ended with"):
            callgrind.instructions(self.compile("c.o", "gate_counts.c",
                                             "-DTURNS=1"), ["once"], "/no/run")


if __name__ == "__main__":
    try:
        machine_code.tool("NM", "nm")
        machine_code.tool("OBJDUMP", "objdump")
    except machine_code.Missing as why:
        print(f"skipped: {why}")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
