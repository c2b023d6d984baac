"""Two folders of objects, a fake runner's script, and compare.main over them:
what the tests of the driver share."""

import contextlib
import io
import os
import pathlib
import subprocess
import sys
import tempfile
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

import compare  # noqa: E402
import layouts  # noqa: E402

ROWS = "plain/1\nplain/2\nslow/3\nfast/4\n"
# Of another machine, in a few words.
OTHER = {"cpu": "One", "family": "25", "caches": {"L2": "1024K"},
         "compiler": "gcc 12.2.0", "kernel": "Linux 6.1"}


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
                mock.patch.object(layouts, "link_all", link or touch_all), \
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
