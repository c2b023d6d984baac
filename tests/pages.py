#!/usr/bin/env python3
"""pages.py ROOT [PYTHON]: what results/draw.py makes of a record, with peers
and without, and that --check finds what is out of date. Given a PYTHON that has
matplotlib, the pictures too: the same bytes twice. Exit 77: it has not."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = os.path.abspath(sys.argv[1])
DRAW = os.path.join(ROOT, "results", "draw.py")
sys.path.insert(0, os.path.dirname(DRAW))
import record as records

PLOTTER = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
PAGE = ("before\n<!-- results: none.json -->\nearlier\n<!-- /results -->\n"
        "after\n")
PEAK, LOADS, HZ = 100e9, 50e9, 4e9


def entry(name, seconds, flop=0, nbytes=1e6, of_limit=0.5, **more):
    e = {"name": name, "seconds": seconds, "gbs": 1e-9 * nbytes / seconds,
         "of_limit": of_limit, "clock": [HZ], "fma_flops": [PEAK],
         "bandwidth": [LOADS], **more}
    if flop:
        e["gflops"] = 1e-9 * flop / seconds
    return e


def layer(T, B, H, rung_seconds, of_limit=0.5):
    """lstm/forward: its entries on two rungs; T B 16 H H FLOP."""
    row = f"lstm/forward/f32/T{T}B{B}I{H}H{H}"
    cut = row.replace(f"T{T}", f"T{min(T, 10)}")
    flop = 16 * T * B * H * H
    return [entry(cut + "/reference", 1, 16 * min(T, 10) * B * H * H),
            entry(row + "/avx2", 2 * rung_seconds, flop, of_limit=of_limit),
            entry(row + "/avx512", rung_seconds, flop, of_limit=of_limit,
                  vs_reference=12.3)]


def machine():
    return {"cpu": "A CPU", "family": "1", "model": "2", "compiler": "cc 1",
            "version": "0.1.0", "commit": "abc", "clock": HZ,
            "fma_flops": {"avx2": PEAK, "avx512": PEAK},
            "caches": {"L1": 32768, "L2": 1 << 20},
            "bandwidth": {"L1": 2 * LOADS, "L2": LOADS, "DRAM": LOADS / 9}}


def plain():
    tanh = "tanh/f32/N16384/"
    return {"machine": machine(), "results": [
        entry(tanh + "reference", 16384e-8, ns_per_item=10),
        entry(tanh + "avx512", 16384e-10, ns_per_item=0.1, of_limit=0.95),
        *layer(100, 1, 256, 2e-3), *layer(50, 16, 256, 8e-3, 0.93)]}


def peered():
    record = plain()
    record["peers"] = {"onednn": {"version": "9.8.7"},
                       "openblas": {"missing": "it is not here"}}
    for i in (-4, -1):
        ours = record["results"][i]
        ours["vs_peer"] = 1.25 if i == -1 else 0.8
        name = ours["name"].replace("avx512", "onednn")
        record["results"].insert(i + 1 or len(record["results"]), {
            **ours, "name": name, "gflops": ours["gflops"] / ours["vs_peer"],
            "compared": 1, "outputs": 1})
    return record


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        for page in ("README.md", "LIMITS.md"):
            self.write(page, PAGE)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def draw(self, *args, python=sys.executable):
        return subprocess.run([python, "-B", DRAW, *args], cwd=self.folder,
                              capture_output=True, text=True)

    def fill(self, record):
        """Both pages, without pictures."""
        self.write("m.json", json.dumps(record))
        done = self.draw("m.json", "--no-plots", *PAGES)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.read("README.md"), self.read("LIMITS.md")


PAGES = ("--readme", "README.md", "--limits", "LIMITS.md")


class Pages(Case):
    def test_without_peers(self):
        readme, limits = self.fill(plain())
        self.assertTrue(readme.startswith("before\n<!-- results: m.json"))
        self.assertTrue(readme.endswith("<!-- /results -->\nafter\n"))
        self.assertNotIn("earlier", readme)
        self.assertIn("| tanh/f32/N16384 | ns/element | 10.0 | - | - | "
                      "**0.10  95%** | - | - | - |", readme)
        self.assertIn("| **52.4  50%** | - | 12x | - |", readme)
        self.assertNotIn("peer", readme)
        self.assertNotIn("NEON", readme)
        self.assertIn("1 of 3 rows", limits)

    def test_peers(self):
        readme, _ = self.fill(peered())
        self.assertIn("Beside onednn 9.8.7: in 1 of the record's 2 rows",
                      readme)
        self.assertNotIn("openblas", readme)
        self.assertIn("| GFLOP/s | 52.4  50% | **65.5  50%** | 0.80x |",
                      readme)
        self.assertIn("| **104.9  93%** | 83.9  93% | 1.25x |", readme)

    def test_phases(self):
        """T 100, H 256, in 2 ms: the input product's 52.4 MFLOP take 524 us,
        R's 100 x 1 MiB 2097 us from L2 or farther."""
        _, limits = self.fill(plain())
        self.assertIn("phases 131 %: input 26 (FMA), steps 105 (loads from "
                      "DRAM)", limits)
        record = plain()
        record["results"][3]["gflops"] *= 1.1 # of other work
        record["results"][4]["gflops"] *= 1.1
        _, limits = self.fill(record)
        self.assertIn("| not taken apart |", limits)

    def test_neon(self):
        record = plain()
        record["machine"]["neon"] = "as modelled"
        readme, _ = self.fill(record)
        self.assertIn("NEON, not run here; its product's loop: as modelled.",
                      readme.replace("\n", " "))

    def test_no_rung(self):
        record = plain()
        record["machine"].update(fma_flops={}, bandwidth={})
        record["results"] = [e for e in record["results"]
                             if e["name"].endswith("reference")]
        readme, _ = self.fill(record)
        self.assertIn("| tanh/f32/N16384 | ns/element | **10.0** |", readme)

    def test_no_marker(self):
        self.write("README.md", "nothing\n")
        self.write("m.json", json.dumps(plain()))
        done = self.draw("m.json", "--no-plots", "--readme", "README.md")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("README.md: one part between", done.stderr)
        self.assertEqual(self.read("README.md"), "nothing\n")

    def test_no_matplotlib(self):
        self.write("matplotlib.py", "raise ImportError('none of it')\n")
        self.write("m.json", json.dumps(plain()))
        done = subprocess.run(
            [sys.executable, "-B", DRAW, "m.json"], cwd=self.folder,
            capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": self.folder})
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn("venv.sh", done.stderr)


class Check(Case):
    """The record's pictures are stood in for by their mark."""

    def setUp(self):
        super().setUp()
        self.fill(peered())
        drawn = records.Record(self.path("m.json"))
        self.digest = drawn.digest
        for picture in records.pictures(drawn):
            self.write(picture.path, self.digest)

    def check(self):
        return self.draw("--check", *PAGES)

    def finds(self, what):
        done = self.check()
        self.assertEqual(done.returncode, 1)
        self.assertIn(what, done.stderr)
        self.assertIn("by: results/draw.py m.json --readme README.md "
                      "--limits LIMITS.md", done.stderr)

    def test_pictures(self):
        names = sorted(f for f in os.listdir(self.folder)
                       if f.endswith(".svg"))
        self.assertEqual(names, [f"m-{n}.svg" for n in (
            "peers-lstm", "roofline", "share-kernels", "share-lstm")])

    def test_typed(self):
        page = self.read("README.md")
        self.write("README.md", page.replace("104.9", "105.9"))
        self.finds("README.md does not say what m.json says")

    def test_missing(self):
        os.remove(self.path("m-roofline.svg"))
        self.finds("m-roofline.svg is missing")

    def test_outside(self):
        self.write("README.md", self.read("README.md") + "more\n")
        self.assertEqual(self.check().returncode, 0)

    def test_other_record(self):
        record = peered()
        record["results"][0]["samples"] = [1] # shows nowhere on the pages
        self.write("m.json", json.dumps(record))
        self.finds("m-share-kernels.svg is drawn from another m.json")

    def test_extra(self):
        self.write("m-share-gru-2.svg", self.digest)
        self.finds("m-share-gru-2.svg is no picture of m.json")


class Pictures(Case):
    def test_same_bytes(self):
        """Of a record with peers and many rows, so that pages are cut."""
        record = peered()
        for h in range(8, 8 * 45, 8):
            record["results"] += layer(50, 16, h, 1e-9 * h * h * 128)
        kept = {}
        for turn in range(2):
            self.write("m.json", json.dumps(record))
            done = self.draw("m.json", *PAGES, python=PLOTTER)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = {f: self.read(f) for f in os.listdir(self.folder)
                     if f.endswith(".svg")}
            kept = kept or found
            self.assertEqual(found, kept)
        for name in ("peers-lstm", "roofline", "over", "share-lstm-3"):
            self.assertIn(f"m-{name}.svg", kept)
        for text in kept.values():
            self.assertNotIn("<dc:date>", text)
            xml.etree.ElementTree.fromstring(text)
        self.assertEqual(self.draw("--check", *PAGES).returncode, 0)

    def test_leftovers_go(self):
        self.write("m-share-gru-2.svg", "")
        self.write("m-mine.svg", "")
        self.write("m.json", json.dumps(plain()))
        self.draw("m.json", python=PLOTTER)
        self.assertFalse(os.path.exists(self.path("m-share-gru-2.svg")))
        self.assertTrue(os.path.exists(self.path("m-mine.svg")))


if __name__ == "__main__":
    cases = (Pages, Check)
    if PLOTTER:
        cases = (Pictures,)
        if not os.path.exists(PLOTTER) or subprocess.run(
                [PLOTTER, "-c", "import matplotlib"],
                capture_output=True).returncode:
            print(f"skipped: no matplotlib for {PLOTTER}")
            sys.exit(77)
    suite = unittest.TestSuite(
        unittest.defaultTestLoader.loadTestsFromTestCase(c) for c in cases)
    sys.exit(not unittest.TextTestRunner().run(suite).wasSuccessful())
