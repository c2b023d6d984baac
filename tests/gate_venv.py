"""venv.sh asks pip for one job's versions, once, and takes up what was
interrupted. Python and pip are stood in for: nothing is installed."""

import os
import subprocess
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
SCRIPT = os.path.join(ROOT, "bench", "venv.sh")
# As python3 it makes an environment with itself as its python; there it notes
# what pip is asked for, and fails as told.
PYTHON = """#!/bin/sh
case "$*" in
"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip install "*) echo "$*" >>"$LOG"; [ ! -e "$LOG.fail" ] ;;
"-c import "*) echo "$*" >>"$LOG" ;;
*) exit 9 ;;
esac
"""


class Venv(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = os.path.join(folder.name, "log")
        self.venv = os.path.join(folder.name, "a venv")
        python = os.path.join(folder.name, "python3")
        with open(python, "w", encoding="utf-8") as f:
            f.write(PYTHON)
        os.chmod(python, 0o755)
        self.env = {**os.environ, "LOG": self.log,
                    "PATH": f"{folder.name}:{os.environ['PATH']}"}

    def run_it(self, *args):
        done = subprocess.run(["bash", SCRIPT, *args], env=self.env, text=True,
                              capture_output=True)
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr

    def logged(self):
        with open(self.log, encoding="utf-8") as f:
            return f.read()

    def test_jobs(self):
        for job, has, lacks in (("gate", "scipy==", "torch=="),
                                ("peers", "torch==", "scipy==")):
            venv = self.venv + job
            code, text = self.run_it(venv, job)
            self.assertEqual(code, 0, text)
            line = self.logged().splitlines()[-2]
            self.assertIn(has, line)
            self.assertIn("numpy==", line)
            self.assertIn("matplotlib==", line)
            self.assertNotIn(lacks, line)
            for word in line.split()[4:]:
                self.assertRegex(word, r"^[a-z]+==[0-9.]+$")

    def test_once(self):
        self.assertEqual(self.run_it(self.venv, "gate")[0], 0)
        before = self.logged()
        code, text = self.run_it(self.venv, "gate")
        self.assertEqual((code, self.logged()), (0, before))
        self.assertEqual(text, "")
        self.assertEqual(self.run_it(self.venv, "peers")[0], 0)
        self.assertNotEqual(self.logged(), before)

    def test_interrupted(self):
        open(self.log + ".fail", "w").close()
        code, text = self.run_it(self.venv, "gate")
        self.assertEqual(code, 2)
        self.assertIn("pip could not install", text)
        os.remove(self.log + ".fail")
        self.assertEqual(self.run_it(self.venv, "gate")[0], 0)
        self.assertEqual(self.logged().count("pip install"), 2)

    def test_usage(self):
        for args in ((), (self.venv,), ("", "gate"), (self.venv, "other"),
                     (self.venv, "gate", "more")):
            code, text = self.run_it(*args)
            self.assertEqual(code, 2)
            self.assertEqual(len(text.splitlines()), 1)
        self.assertFalse(os.path.exists(self.venv))


if __name__ == "__main__":
    unittest.main()
