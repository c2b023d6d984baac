"""Instructions that a row takes, by callgrind: of the function gate_counted of
the runner."""

import json
import os
import platform
import re
import subprocess
import tempfile

import layouts
import machine_code

# No layout changes a count: one serves.
SEED = 1
# Far over the few that one build takes.
SECONDS = 300


class NotMeasured(Exception):
    """Why the lane knows nothing; no failure of the build."""


def valgrind():
    """Its path."""
    if platform.machine() not in ("x86_64", "AMD64"):
        raise NotMeasured(f"the rows to count are of x86-64, this is "
                          f"{platform.machine()}")
    try:
        return machine_code.tool("VALGRIND", "valgrind")
    except machine_code.Missing:
        raise NotMeasured("no valgrind") from None


running = set()  # valgrinds, of all threads


def finish(command, **more):
    """As subprocess.run, for SECONDS at most; others may end it."""
    job = subprocess.Popen(command, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, **more)
    running.add(job)
    try:
        out, err = job.communicate(timeout=SECONDS)
    finally:
        if job.poll() is None:
            job.kill()
            job.communicate()
        running.discard(job)
    return subprocess.CompletedProcess(command, job.returncode, out, err)


def profile(folder, runner, rows):
    """What the runner printed; a profile a row lies in the folder then. The
    caller's environment stays outside: VALGRIND_OPTS and SRNN_ISA among it."""
    command = [valgrind(), "-q", "--tool=callgrind",
               "--toggle-collect=gate_counted", "--dump-after=gate_counted",
               "--callgrind-out-file=counts", os.path.abspath(runner), "count",
               "./module.so", *rows]
    try:
        done = finish(command, cwd=folder,
                      env={"PATH": os.defpath, "LC_ALL": "C"})
    except OSError as e:
        raise NotMeasured(f"{command[0]}: {e.strerror}") from e
    except subprocess.TimeoutExpired:
        raise NotMeasured(f"callgrind took over {SECONDS} s") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise NotMeasured(f"the runner under callgrind ended with "
                          f"{done.returncode}: {said[0]}")
    return done.stdout


def total(path):
    """Instructions of a profile."""
    try:
        with open(path, encoding="utf-8") as f:
            text = f.read()
    except FileNotFoundError:
        raise NotMeasured("callgrind wrote fewer profiles than there are "
                          "rows") from None
    if "\nevents: Ir\n" not in text or "--dump-after=gate_counted" not in text:
        raise NotMeasured("callgrind's profiles are not as this expects")
    return int(re.search(r"^totals: (\d+)$", text, re.M)[1])


def counted(folder, runner, rows):
    """Row -> instructions, and row -> why it has none, of folder/module.so."""
    text = profile(folder, runner, rows)
    try:
        lines = list(map(json.loads, text.splitlines()))
    except ValueError:
        raise NotMeasured("the runner printed what is no JSON") from None
    said = [x for x in lines if isinstance(x, dict) and "row" in x]
    if [line["row"] for line in said] != list(rows):
        raise NotMeasured("the runner did not name the rows it was asked for")
    ran = [line["row"] for line in said if "error" not in line]
    return ({row: total(os.path.join(folder, f"counts.{i + 1}"))
             for i, row in enumerate(ran)},
            {line["row"]: line["error"] for line in said if "error" in line})


def instructions(build, rows, runner):
    """Row -> instructions of one run, and row -> why it has none."""
    if not rows:
        return {}, {}
    valgrind()  # before a link that nobody needs
    with tempfile.TemporaryDirectory() as folder:
        layouts.link(build, SEED, os.path.join(folder, "module.so"))
        return counted(folder, runner, rows)
