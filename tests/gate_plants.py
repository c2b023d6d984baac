"""Every natural slow-down still applies to the tree, once, and compiles; one
that does not is refused by its name."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "bench", "gate"))
import plants

RUNGS = {"x86_64": ("avx512", ["-mavx512f", "-mavx512bw", "-mavx512dq",
                               "-mavx512vl", "-mfma"]),
         "aarch64": ("neon", [])}
STRICT = ["-std=c11", "-O1", "-ffp-contract=off", "-Wall", "-Wextra",
          "-Wpedantic", "-Wshadow", "-Werror"]


def text_of(root, plant):
    with open(os.path.join(root, plant.file), encoding="utf-8") as f:
        return f.read()


class Plants(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.copy = folder.name
        for part in ("kernels", "include"):
            shutil.copytree(os.path.join(ROOT, part),
                            os.path.join(self.copy, part))

    def test_each_applies_once(self):
        self.assertEqual(len({p.name for p in plants.PLANTS}),
                         len(plants.PLANTS))
        for plant in plants.PLANTS:
            with self.subTest(plant.name):
                before = text_of(ROOT, plant)
                plants.apply(plant, self.copy)
                after = text_of(self.copy, plant)
                self.assertEqual(after.count(plant.new), 1)
                self.assertEqual(after.replace(plant.new, plant.old), before)
                with self.assertRaisesRegex(plants.Refused, plant.name):
                    plants.apply(plant, self.copy)
                shutil.copy(os.path.join(ROOT, plant.file),
                            os.path.join(self.copy, plant.file))

    def test_its_name_is_of_the_tree_too(self):
        def commit(digest):
            with mock.patch.object(plants.builds, "files_of", lambda _: []), \
                    mock.patch.object(plants.builds, "digest_of",
                                      lambda *_: digest), \
                    mock.patch.object(plants.builds, "kept",
                                      lambda root, label, commit, *_: commit):
                return plants.build(plants.PLANTS[0], ROOT)
        self.assertEqual(commit("1"), commit("1"))
        self.assertNotEqual(commit("1"), commit("2"))

    def test_not_once_is_refused_by_name(self):
        for plant in plants.PLANTS:
            for text in ("", plant.old * 2):
                with self.assertRaisesRegex(plants.Refused, plant.name):
                    plants.planted(plant, text)
        with self.assertRaisesRegex(plants.Refused, "no-such"):
            plants.find("no-such")

    def test_rows_are_known(self):
        with open(os.path.join(ROOT, "bench/rows.c"), encoding="utf-8") as f:
            known = f.read()
        for plant in plants.PLANTS:
            self.assertTrue(plant.rows, plant.name)
            for row in plant.rows:
                self.assertIn(f'"{row.split("/")[0]}', known, plant.name)

    @unittest.skipUnless(platform.machine() in RUNGS and shutil.which("cc"),
                         "no compiler of a vector rung here")
    def test_each_compiles(self):
        rung, flags = RUNGS[platform.machine()]
        for plant in plants.PLANTS:
            with self.subTest(plant.name):
                plants.apply(plant, self.copy)
                done = subprocess.run(
                    ["cc", *STRICT, *flags, "-I", "include", "-c",
                     f"kernels/{rung}.c", "-o", "planted.o"], cwd=self.copy,
                    capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                shutil.copy(os.path.join(ROOT, plant.file),
                            os.path.join(self.copy, plant.file))


if __name__ == "__main__":
    unittest.main()
