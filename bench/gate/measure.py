"""A process is one draw: both builds linked anew in random layouts, loaded
into one fresh runner, their rows timed in turns. What happens to its layout
and its memory happens to it alone, so that processes are independent."""

import collections
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import builds
import layouts

ROOT = builds.HERE.parents[1]
RUNNER = ROOT / "build/release/bench/gate/runner/gate_runner"
FORMAT = 1  # of what the runner prints
LOST_IN_A_ROW = 3
# Seconds after which a process hangs: of the first, of which only the samples'
# time is known, and then a multiple of the longest yet. A machine that is
# shared is slowed a few times, never ten.
FIRST_TIMEOUT, LEAST_TIMEOUT, TIMES = 300, 30, 10
FILES = "base.so", "head.so"  # as errors call them
SAID = "runs", "a", "b", "first", "stolen"


class Failed(Exception):
    """Nothing can be measured, and why."""


class Lost(Exception):
    """A process gave no result, and why."""


# ---- what a person sees meanwhile ---

def say(text, stream=None):
    stream = stream or sys.stderr
    clear = "\r\x1b[K" if stream.isatty() else ""
    print(f"{clear}compare: {text}", file=stream, flush=True)


def progress(what, stream=None):
    """A line that is written over; none where nobody looks."""
    stream = stream or sys.stderr
    began = time.monotonic()

    def show(done, total):
        if not stream.isatty():
            return
        left = (time.monotonic() - began) / max(done, 1) * (total - done)
        text = f"{what}: {done} of {total} processes"
        text += f", {left:.0f} s left" if done else ""
        stream.write(f"\r{text}\x1b[K" if done < total else "\r\x1b[K")
        stream.flush()
    return show


def sentence(error):
    """Of any error; the system's without its number."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def interruptible():
    """SIGTERM is Ctrl-C: what was measured is kept either way."""
    def stop(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, stop)


# ---- the runner ---

def last_line(text, otherwise):
    lines = [x for x in text.splitlines() if x.strip()]
    return lines[-1].strip() if lines else otherwise


def run(command, timeout):
    """Its output. A group of its own: Ctrl-C is ours to handle. Failed if it
    refuses, Lost if it ends otherwise."""
    try:
        job = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, errors="replace", process_group=0)
    except OSError as e:
        raise Failed(f"cannot run {command[0]}: {e.strerror}") from e
    try:
        out, err = job.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Lost(f"hung: no end after {timeout:.0f} s") from None
    finally:
        if job.poll() is None:
            os.killpg(job.pid, signal.SIGKILL)
            job.communicate()
    if job.returncode == 2:
        raise Failed(last_line(err, "the runner refused and did not say why"))
    if job.returncode < 0:
        name = signal.Signals(-job.returncode).name
        raise Lost(f"killed by {name}{': ' if err.strip() else ''}"
                   f"{last_line(err, '')}")
    if job.returncode:
        raise Lost(last_line(err, f"ended with code {job.returncode}"))
    return out


def list_rows(module, runner=RUNNER):
    """The names of a module's rows; Failed for any reason."""
    try:
        return run([runner, "list", module], LEAST_TIMEOUT).splitlines()
    except Lost as e:
        raise Failed(f"the rows cannot be listed: {e}") from e


def parse(text, wanted):
    """Rows and errors of a runner's output, by the words that asked for them;
    Lost unless it is whole."""
    try:
        facts = [json.loads(line) for line in text.splitlines()]
    except ValueError as e:
        raise Lost(f"printed what is no JSON: {e}") from e
    if not all(isinstance(fact, dict) for fact in facts):
        raise Lost("printed JSON that is no object")
    if not facts or facts[0].get("runner") != FORMAT:
        raise Failed("the runner is another version's: it does not begin with "
                     f'{{"runner":{FORMAT}')
    rows, errors = {}, {}
    for fact in facts[1:-1]:
        if "row" not in fact or "error" not in fact and set(SAID) - {*fact}:
            raise Lost("printed a fact that is of no row, or half of one")
        name = str(fact["row"])
        name += f"={fact['other']}" if "other" in fact else ""
        if "error" in fact:
            errors[name] = fact["error"]
        else:
            rows[name] = {k: fact[k] for k in SAID}
    if facts[-1].get("end") is None or {*rows, *errors} != set(wanted):
        raise Lost("stopped before its end")
    return rows, errors


# ---- processes ---

def seed_of(*parts):
    """31 bits that all parts decide."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def one(a, b, rows, options, seed, folder, runner, timeout, spent):
    """Links, runs; rows and errors. Nothing else of ours runs beside it."""
    files = [os.path.join(folder, name) for name in FILES]
    began = time.monotonic()
    layouts.link_all(ROOT, [(build, seed_of(seed, name), out)
                            for name, build, out in zip("ab", (a, b), files)])
    linked = time.monotonic()
    spent["links"] += linked - began
    try:
        text = run([runner, "pairs", *map(str, options), "--seed", str(seed),
                    *files, *rows], timeout)
    finally:
        spent["runs"] += time.monotonic() - linked
    return parse(text, rows)


def processes(a, b, rows, count, pairs, seconds, seed, plant=0, progress=None,
              stage=1, runner=RUNNER, spent=None, lost=None, check=False):
    """Yields `count` process facts of the raw file, less those that were lost:
    each of these is said, and appended to `lost`. Failed after three in a
    row. With `check` the first that is not lost looks at each result too."""
    spent = collections.Counter() if spent is None else spent
    lost = [] if lost is None else lost
    plan = ["--pairs", pairs, "--seconds", seconds]
    plan += ["--plant", plant] if plant else []
    first = FIRST_TIMEOUT + TIMES * len(rows) * 2 * pairs * seconds
    timeout, in_a_row = first, 0
    with fresh_folder() as folder:
        for index in range(count):
            if progress:
                progress(index, count)
            options = plan + (["--check"] if check else [])
            mine, began = seed_of(seed, stage, index), time.monotonic()
            try:
                found, errors = one(a, b, rows, options, mine, folder, runner,
                                    timeout, spent)
            except Lost as e:
                in_a_row += 1
                lost.append(f"process {index} of stage {stage} (seed {mine}) "
                            f"is lost: {e}")
                say(lost[-1])
                if in_a_row == LOST_IN_A_ROW:
                    raise Failed(f"{in_a_row} processes in a row were lost, "
                                 f"the last: {e}") from e
                continue
            in_a_row = 0
            if timeout == first:
                timeout = LEAST_TIMEOUT
            timeout = max(timeout, TIMES * (time.monotonic() - began))
            yield {"kind": "process", "stage": stage, "index": index,
                   "seed": mine, "checked": check, "rows": found,
                   "errors": errors}
            check = False
        if progress:
            progress(count, count)


def fresh_folder():
    """For what is linked; gone afterwards."""
    parent = pathlib.Path(ROOT) / builds.KEPT
    parent.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="run-", dir=parent)
