"""Speed over commits as JSON lines, one a row (entry.py says what it holds).
Lines are only added; one that contradicts another is refused."""

import contextlib
import fcntl
import glob
import json
import math
import os
import statistics
import subprocess
import tempfile

from commits import entry

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))


class Refused(Exception):
    """A file, or a line for it, that is not believed; the text says why."""


# ---- reading ---

def no_number(text):
    raise ValueError(f"{text} is no number")


def once(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def parse(text):
    return json.loads(text, parse_constant=no_number, object_pairs_hook=once)


def load(text, path):
    """The lines of a history's text and its facts; Refused names the line."""
    lines, facts = [], entry.Facts()
    if text and not text.endswith("\n"):
        raise Refused(f"{path}, line {text.count(chr(10)) + 1}: is cut short")
    for number, each in enumerate(text.split("\n")[:-1], 1):
        try:
            line = parse(each)
        except (ValueError, RecursionError) as error:
            raise Refused(f"{path}, line {number}: is no JSON: {error}")
        why = entry.fault(line) or facts.clash(line)
        if why:
            raise Refused(f"{path}, line {number}: {why}")
        lines.append(line)
    return lines, facts


def text_of(path):
    try:
        with open(path, encoding="utf-8", newline="") as f:
            return f.read()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise Refused(f"{path}: is no UTF-8: {error}")


def read(path):
    """All lines in the file's order; none of a file that is not there."""
    return load(text_of(path), path)[0]


def newest(lines):
    """Of what was measured more than once the line measured last."""
    kept = {}
    for line in lines:
        before = kept.get(entry.key_of(line))
        if not before or entry.moment(before["measured"]) <= \
                entry.moment(line["measured"]):
            kept[entry.key_of(line)] = line
    return list(kept.values())


# ---- adding a comparison ---

def within(values):
    """[median, low, high]: the order statistics that hold the median of what
    the values are drawn from 95 times in 100, whatever its distribution; fewer
    than six values cannot, and give their extremes."""
    values = sorted(values)
    n, below, cut = len(values), 0, 0
    while cut < n // 2:
        below += math.comb(n, cut) / 2 ** n
        if below > 0.025:
            break
        cut += 1
    cut = max(cut, 1)
    return [statistics.median(values), values[cut - 1], values[n - cut]]


def times(raw, row, stage):
    """ns of one run of the head's in each process of the stage."""
    every = [p["rows"][row]["b"] for p in raw.processes
             if p["stage"] == stage and row in p["rows"]]
    return [statistics.median(b) for b in every if b]


def rounded(numbers):
    """Six digits: more were never measured."""
    return [float(f"{n:.6g}") for n in numbers]


def timed(raw, verdict):
    """What a line says of a verdict; nothing where there was no estimate."""
    stage, estimate = next(((stage, e) for stage, e in
                            ((2, verdict.second), (1, verdict.first))
                            if e and e.low is not None), (0, None))
    if not estimate:
        return {}
    speed = (1 / estimate.ratio, 1 / estimate.high, 1 / estimate.low)
    return {"said": verdict.what, "speed": rounded(speed),
            "ns": rounded(within(times(raw, verdict.row, stage))),
            "processes": estimate.processes}


def of_compare(raw, verdicts, extra, date, gflop):
    """Lines of a comparison: rows that were timed, then those only counted."""
    start = raw.start
    shared = {"history": entry.FORMAT, "commit": start["head"]["commit"],
              "date": date, "base": start["base"]["commit"]}
    machine = {"machine": entry.digest(start["machine"]),
               "fingerprint": start["machine"], "measured": start["when"]}
    found = {v.row: timed(raw, v) for v in verdicts}
    for row, of in found.items():
        if of and row in gflop:
            of["gflops"] = rounded([1e9 * gflop[row] / of["ns"][0]])[0]
    for row, more in (extra or {}).items():
        of = found.setdefault(row, {})
        keys = entry.KNOWN if of else ()
        if all(more.get(k) for k in entry.COUNTED):
            keys += entry.COUNTED
        of.update((k, rounded([v])[0] if k in entry.KNOWN else v)
                  for k, v in more.items() if k in keys and v)
    return [{**shared, "row": row, **of, **machine}
            for row, of in found.items() if of]


def counted(lane):
    """Of compare's lane of counts, which holds both builds' by row, what append
    takes."""
    return {row: {"instructions": n, "base_instructions": old}
            for row, (old, n) in (lane or {}).get("instructions", {}).items()}


def entries(path):
    """Those of a record of the bench that know their GFLOP/s; none of another
    file."""
    with open(path, encoding="utf-8") as f:
        try:
            data = json.load(f)
        except ValueError:
            return []
    found = data.get("results") if isinstance(data, dict) else None
    return [e for e in found if isinstance(e, dict) and
            {"name", "gflops", "seconds"} <= e.keys()] \
        if isinstance(found, list) else []


def works(folder):
    """GFLOP of rows, by the records of the bench in the folder."""
    paths = sorted(glob.glob(os.path.join(glob.escape(folder), "*.json")))
    return {e["name"]: e["gflops"] * e["seconds"]
            for path in paths for e in entries(path)}


@contextlib.contextmanager
def alone(folder):
    """No other writer of the folder's histories meanwhile."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def replace(path, text):
    """The whole text or what was there, whenever the power goes."""
    handle, new = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".tmp")
    try:
        with open(handle, "w", encoding="utf-8", newline="") as f:
            os.fchmod(f.fileno(), 0o644)
            f.write(text)
            f.flush()
            os.fsync(f.fileno())
        os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise


def add(path, lines):
    """Adds all lines or, Refused, none; those that stand there are not added
    again. Returns how many were."""
    path = os.path.abspath(path)
    with alone(os.path.dirname(path)):
        text = text_of(path)
        there, facts = load(text, path)
        fresh = []
        for line in lines:
            why = entry.fault(line) or facts.clash(line)
            if why:
                raise Refused(f"{path} takes no line that {why}")
            if line not in there and line not in fresh:
                fresh.append(line)
        text += "".join(json.dumps(line, separators=(",", ":")) + "\n"
                        for line in fresh)
        if fresh:
            replace(path, text)
    return len(fresh)


def date_of(commit):
    """When it was committed."""
    done = subprocess.run(["git", "-C", ROOT, "show", "-s", "--format=%cI",
                           "--end-of-options", commit + "^{commit}"],
                          capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"'{commit}' is no commit here, and so has no place "
                      "among commits")
    return done.stdout.strip()


def append(path, raw, verdicts, extra=None):
    """Adds what a comparison of commits said, dated by git. extra: {row: {key:
    number}}, of vs_reference, vs_autovec, and of a row that was counted
    instructions and base_instructions. GFLOP/s are known of rows that a record
    of the bench beside the file has. Returns how many lines were new."""
    folder = os.path.dirname(os.path.abspath(path))
    date = date_of(raw.start["head"]["commit"])
    return add(path, of_compare(raw, verdicts, extra, date, works(folder)))
