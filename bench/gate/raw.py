"""The raw file of a comparison: one fact a line, each line chained to the one
before it by a digest, so that what was cut, edited or moved is refused.

line = compact JSON, TAB, the first 16 hexadecimal digits of the sha256 of the
previous line's digits (none before the first) and this JSON. The digest finds
damage; who forges a file can make digests too. Facts by their "kind":
    start    format, when, base, head, machine, plan, rows
    process  stage (1: all rows; 2: what was measured again), index, seed,
             rows {name: {runs, a, b, first, stolen}}, errors {name: why},
             checked (whether it looked at results; may be missing)
    end      processes: {stage: how many}
A file that was stopped has no end, and every line of it still counts. Nothing
here changes a byte that was written. The standard library only."""

import collections
import fcntl
import hashlib
import json
import math
import os
import re

FORMAT = 1
DIGITS = 16
START = {"format", "when", "base", "head", "machine", "plan", "rows"}
PROCESS = {"stage", "index", "seed", "rows", "errors"}

Raw = collections.namedtuple("Raw", "start processes ended fault",
                             defaults=(None,))


class Refused(Exception):
    """FILE, line N: why."""


def digits_of(before, text):
    return hashlib.sha256((before + text).encode()).hexdigest()[:DIGITS]


# ---- the chain, whatever the facts are ---

LINE = re.compile(r"(\{.*\})\t([0-9a-f]{%d})" % DIGITS)


def misplaced(lines, number, text, digits):
    """Why a line that is well formed does not follow the one before it."""
    same = lines.index(lines[number - 1]) + 1
    if same < number:
        return f"a copy of line {same}"
    for i, line in enumerate(lines, 1):
        if i != number and digits_of(line[-DIGITS:], text) == digits:
            return f"out of its place: it was written behind line {i}"
    if digits_of("", text) == digits:
        return "the first line of another file"
    return "edited, or a line before it is missing"


def fault_of(lines, number, before):
    """What is wrong with line `number`, or None and its fact."""
    match = LINE.fullmatch(lines[number - 1])
    if not match:
        return "no JSON object, tabulator and 16 digits: not of this file", None
    text, digits = match.groups()
    if digits_of(before, text) != digits:
        return misplaced(lines, number, text, digits), None
    try:
        fact = json.loads(text)
    except ValueError as error:
        return f"no JSON: {error}", None
    if not isinstance(fact.get("kind"), str):
        return "says not of which kind it is", None
    return None, fact


def chain(path):
    """The sound facts of a file before its first fault, that fault as a
    sentence or None, and the digits behind the last sound line."""
    with open(path, "rb") as f:
        data = f.read()
    *lines, rest = data.decode("utf-8", "replace").split("\n")
    facts, before = [], ""
    for number, line in enumerate(lines, 1):
        fault, fact = fault_of(lines, number, before)
        if fault:
            return facts, f"{path}, line {number}: {fault}", before
        facts.append(fact)
        before = line[-DIGITS:]
    if rest:
        return facts, (f"{path}, line {len(lines) + 1}: cut off in the middle"
                       ), before
    return facts, None, before


class Writer:
    """Appends facts to `path`: to a new file, or behind the last line of a
    sound one that has no end. One writer at a time; raises Refused."""

    def __init__(self, path):
        self.path, self.digits = path, None
        self.file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.take_up()
        except BlockingIOError:
            self.close()
            raise Refused(f"{path}: is being written by another") from None
        except BaseException:
            self.close()
            raise

    def take_up(self):
        """The state from the file itself."""
        facts, fault, digits = chain(self.path)
        if fault:
            raise Refused(f"{fault}; nothing is written behind it")
        if facts and facts[-1]["kind"] == "end":
            raise Refused(f"{self.path}, line {len(facts)}: is ended")
        self.digits = digits

    def add(self, fact):
        """Writes the fact, in the file for other programs on return; an `end`
        is on the disk. Interrupted by an exception, it has written the whole
        line or none; a program that is killed may leave a part."""
        if not isinstance(fact.get("kind"), str):
            raise ValueError("a fact says of which kind it is")
        text = json.dumps(fact, separators=(",", ":"), allow_nan=False)
        if self.digits is None:
            self.take_up()
        before, self.digits = self.digits, None  # if a signal comes from here
        digits = digits_of(before, text)
        line = f"{text}\t{digits}\n".encode()
        if os.write(self.file, line) != len(line):
            raise OSError(f"{self.path}: the disk took a part of a line")
        self.digits = digits
        if fact["kind"] == "end":
            os.fsync(self.file)

    def close(self):
        if self.file >= 0:
            file, self.file = self.file, -1
            os.close(file)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# ---- a comparison: which facts, in which order ---


def positive(numbers):
    return (isinstance(numbers, list) and len(numbers) > 0 and
            all(type(n) in (int, float) and n > 0 and math.isfinite(n)
                for n in numbers))


def start_fault(fact):
    if fact["kind"] != "start":
        return "the first line is no start"
    if fact.get("format") != FORMAT:
        return f"format {fact.get('format')}; this reads {FORMAT}"
    missing = sorted(START - fact.keys())
    return f"a start without {', '.join(missing)}" if missing else None


def process_fault(fact, known, seen):
    missing = sorted(PROCESS - fact.keys())
    if missing:
        return f"a process without {', '.join(missing)}"
    if fact["stage"] not in (1, 2):
        return f"stage {fact['stage']}; there are 1 and 2"
    if (fact["stage"], fact["index"]) in seen:
        return f"process {fact['index']} of stage {fact['stage']} once more"
    if not all(isinstance(fact[key], dict) for key in ("rows", "errors")):
        return "rows or errors are no object"
    for name in [*fact["rows"], *fact["errors"]]:
        if name not in known:
            return f"row {name}, which the start does not name"
    for name, row in fact["rows"].items():
        a, b = row.get("a"), row.get("b")
        if not positive(a) or not positive(b) or len(a) != len(b):
            return f"row {name}: a and b are no pairs of times"
    return None


def end_fault(fact, processes):
    counted = {str(stage): n for stage, n in collections.Counter(
        p["stage"] for p in processes).items()}
    said = {stage: n for stage, n in fact.get("processes", {}).items() if n}
    return None if said == counted else f"ends with {said}, has {counted}"


def comparison(facts):
    """Raw of the facts before the first that is out of order, with why."""
    start, processes, ended, seen = None, [], False, set()
    for number, fact in enumerate(facts, 1):
        if ended:
            fault = "behind the end"
        elif start is None:
            fault = start_fault(fact)
        elif fact["kind"] == "process":
            fault = process_fault(fact, start["rows"], seen)
        elif fact["kind"] == "end":
            fault = end_fault(fact, processes)
        else:
            fault = f"unknown kind {fact['kind']!r}"
        if fault:
            return Raw(start, processes, False, f"line {number}: {fault}")
        if start is None:
            start = fact
        elif fact["kind"] == "process":
            processes.append(fact)
            seen.add((fact["stage"], fact["index"]))
        else:
            ended = True
    return Raw(start, processes, ended)


def read(path, partial=False):
    """The comparison of a file; without an end it was stopped. A fault raises
    Refused; with `partial` the sound lines before it are given, and `fault`
    says what ended them. Without a start there is nothing to give."""
    facts, torn, _ = chain(path)
    raw = comparison(facts)
    fault = f"{path}, {raw.fault}" if raw.fault else torn
    if fault and not partial:
        raise Refused(fault)
    if raw.start is None:
        raise Refused(fault or f"{path}: is empty")
    return raw._replace(fault=fault)
