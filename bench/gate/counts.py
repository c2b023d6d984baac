"""What is the same in every run: instructions of a row by callgrind, bytes of
machine code of a kernel, spills in its loops. It needs no statistics, and says
nothing of time: a cache miss, or a chain that waits, counts nothing here."""

import collections
import concurrent.futures
import os
import re
import time

import callgrind
import machine_code
import measure

# More instructions by this share are told as a slow-down. Two builds of one
# source differ by nothing at all; what has to pass is an honest check or two
# in a call, some 100 instructions of the 80 thousand or more that each row
# below takes: 0.13 %. A kernel's 2 % are seen in a row of which it is 15 %.
# Not all that takes more instructions is slower: time may clear it (below).
GATE = 0.003

# Callgrind knows AVX2 at most. Shapes are small, since each instruction takes
# some 50; they are a multiple of no tile, so that every loop runs.
ROWS = (
    "exp/f32/N32771/avx2",
    "sigmoid/f32/N32771/avx2",
    "tanh/f32/N32771/avx2",
    "gemv/f32/H328N1/avx2",
    "gemm/f32/H136N9/avx2",
    "lstm/forward/f32/T8B1I104H136/avx2",
    "lstm/train/f32/T4B5I40H72/avx2",
    "lstm/ragged/f32/T6B5I40H72/avx2",
    "lstm/update/f32/T4B1I40H72/avx2",
    "lstm/step/f32/B1I1H40/avx2",
    "lstm_peephole/train/f32/T4B5I40H72/avx2",
    "lstm_layer_norm/train/f32/T4B5I40H72/avx2",
    "gru/train/f32/T4B5I40H72/avx2",
    "gru/step/f32/B1I1H40/avx2",
    "gru_before/train/f32/T4B5I40H72/avx2",
    "rnn/train/f32/T4B5I40H72/avx2",
    "attention_additive/train/f32/T4B5I40H72/avx2",
    "tanh/f32/N1027/scalar",
    "gemm/f32/H72N5/scalar",
    "lstm/train/f32/T2B3I24H40/scalar",
    "gru/train/f32/T2B3I24H40/scalar",
    "rnn/train/f32/T2B3I24H40/scalar",
)

# Their loops hold accumulators in all registers there are and touch no stack,
# which a test promises. In other kernels the compiler may choose to spill.
MICRO_KERNELS = ("micro_plain", "micro_packed", "micro_pair")

Code = collections.namedtuple("Code", "bytes spills")
# Row -> instructions, kernel -> Code, and why something is not among them.
Counts = collections.namedtuple("Counts", "instructions code reasons")
# what: instructions, bytes, spills; of which row or kernel; 0: there was none.
# time: the Estimate that cleared it, or did not.
Finding = collections.namedtuple("Finding", "what name old new verdict time",
                                 defaults=(None,))
# Findings of two builds, and the reasons of both, each once.
Lane = collections.namedtuple("Lane", "findings reasons")
FAILS, CLEARED, SHOWN = "fails", "cleared", "shown"


# ---- machine code ---

# The bench compiles the reference again, from outside its folder: __.
RUNG = re.compile(r"(?<!__/)kernels/(reference|avx2|avx512|neon)\.c\.o$")
FMA = re.compile(r"vfn?m(add|sub)\d|fml[as]$")


def rungs(build):
    """(Name, object), ...; of a build without rungs, every object."""
    found = [(m[1], path) for path in build.objects
             if (m := RUNG.search(path))]
    return found or [(os.path.basename(path).split(".")[0], path)
                     for path in build.objects]


def spills(code):
    """Accesses to the stack in the innermost loops with FMAs."""
    frame = machine_code.frame_register(code)
    return sum(machine_code.uses_stack(i, frame)
               for loop in machine_code.innermost(code)
               if any(FMA.match(i.name) for i in loop) for i in loop)


def code(build):
    """Kernel, as avx2/micro_plain -> Code of all its parts and clones."""
    nbytes, spilled = collections.Counter(), collections.Counter()
    for rung, path in rungs(build):
        for symbol, size in machine_code.sizes(path).items():
            nbytes[f"{rung}/{machine_code.plain(symbol)}"] += size
        for symbol, body in machine_code.functions(path).items():
            if body:
                spilled[f"{rung}/{machine_code.plain(symbol)}"] += spills(body)
    return {name: Code(n, spilled[name]) for name, n in nbytes.items()}


# ---- both, and what parts two builds ---

def counts(build, rows=ROWS, runner=measure.RUNNER):
    """All that can be counted of a build, and why the rest cannot."""
    reasons, found, compiled = [], {}, {}
    try:
        found, errors = callgrind.instructions(build, rows, runner)
        reasons += [f"instructions of {row} in {build.label}: not measured: "
                    f"{why}" for row, why in errors.items()]
    except callgrind.NotMeasured as why:
        reasons.append(f"instructions: not measured: {why}")
    try:
        compiled = code(build)
    except (machine_code.Missing, machine_code.Failed) as why:
        reasons.append(f"machine code: not measured: {why}")
    return Counts(found, compiled, reasons)


def change(finding):
    """The share by which it grew; None where there was nothing."""
    return (finding.new - finding.old) / finding.old if finding.old else None


def verdict(what, name, old, new):
    """Bytes are shown only: unrolling costs them and saves time, so that a size
    alone speaks for neither. So do spills outside of micro-kernels."""
    if what == "instructions":
        return FAILS if new - old > old * GATE else SHOWN
    kernel = name.rpartition("/")[2]
    return FAILS if what == "spills" and new > old and \
        kernel in MICRO_KERNELS else SHOWN


def order(finding):
    return (FAILS, CLEARED, SHOWN).index(finding.verdict)


def compare(old, new):
    """A Finding for whatever is not the same in two Counts, those that fail
    first. A row that one of them could not run is none."""
    none, pairs = Code(0, 0), []
    for row, n in new.instructions.items():
        pairs.append(("instructions", row, old.instructions.get(row, n), n))
    for name in sorted({*old.code, *new.code} if old.code and new.code else ()):
        a, b = old.code.get(name, none), new.code.get(name, none)
        pairs += [("spills", name, a.spills, b.spills),
                  ("bytes", name, a.bytes, b.bytes)]
    found = [Finding(*p, verdict(*p)) for p in pairs if p[2] != p[3]]
    return sorted(found, key=order)


def both(old, new, rows=ROWS, runner=measure.RUNNER):
    """Counts of two builds, beside one another: that disturbs none. Who
    interrupts does not wait for them."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        jobs = [pool.submit(counts, b, rows, runner) for b in (old, new)]
        try:
            return [job.result() for job in jobs]
        except BaseException:
            while not all(job.done() for job in jobs):
                for each in list(callgrind.running):
                    each.kill()
                time.sleep(.02)  # a link may be about to start one
            raise


def failed(lane):
    return [f for f in lane.findings if f.verdict == FAILS]


# ---- instructions accuse, time clears ---

def suspects(lane):
    """Rows to time: loads by themselves, or a loop unrolled, may take more
    instructions and less time."""
    return [f.name for f in failed(lane) if f.what == "instructions"]


def clear(finding, estimates):
    """Cleared where the whole interval of its time is below the gate, too: it
    is no slower by as much. What cannot be timed stays as it is."""
    time = estimates.get(finding.name)
    if finding.what != "instructions" or finding.verdict != FAILS or not time:
        return finding
    clears = time.high is not None and time.high < 1 + GATE
    return finding._replace(verdict=CLEARED if clears else FAILS, time=time)


def judged(lane, estimates):
    """The lane after its suspects were timed; row -> Estimate of decide.py,
    of which `ratio`, new over old, and its `low` and `high` are used."""
    found = [clear(f, estimates) for f in lane.findings]
    return lane._replace(findings=sorted(found, key=order))


# ---- what is told ---

def said(finding):
    """One line for people."""
    grown = change(finding)
    line = f"{finding.what} of {finding.name}: {finding.old:,} -> " \
           f"{finding.new:,}"
    line += f", {grown:+.2%}" if grown is not None else ""
    if finding.verdict != SHOWN:
        line += (f", above the gate of {GATE:+.1%}" if finding.what ==
                 "instructions" else ": its loops may touch no stack")
    time = finding.time
    if time and time.high is not None:
        but = "; but" if finding.verdict == CLEARED else ";"
        line += (f"{but} its time is {time.ratio - 1:+.2%} "
                 f"({time.low - 1:+.2%} to {time.high - 1:+.2%})")
    return line


def summed(findings, what):
    """One line of what is only shown; none if there is nothing."""
    of = [f for f in findings if f.what == what and f.verdict == SHOWN]
    if not of:
        return []
    old, new = (sum(x) for x in zip(*((f.old, f.new) for f in of)))
    return [f"{what} differ in {len(of)} kernels: {old:,} -> {new:,} together"]


def rest(findings):
    """One line of rows within the gate; none if there is none."""
    grown = [change(f) for f in findings]
    if not grown:
        return []
    return [f"instructions within the gate ({len(grown)}): {min(grown):+.2%} "
            f"to {max(grown):+.2%}"]


def notes(lane):
    """Lines: all that fails, rows beyond the gate, what is left together."""
    counted = [f for f in lane.findings if f.what == "instructions"]
    beyond = [f for f in counted if abs(change(f)) > GATE]
    return [*map(said, [f for f in lane.findings
                        if f in beyond or f.verdict == FAILS]),
            *rest([f for f in counted if f not in beyond]),
            *summed(lane.findings, "spills"), *summed(lane.findings, "bytes"),
            *lane.reasons]


def as_json(lane):
    return {"failed": len(failed(lane)), "notes": notes(lane),
            "reasons": lane.reasons,
            "findings": [{**f._asdict(), "change": change(f), "time": f.time and
                          {k: getattr(f.time, k) for k in
                           ("ratio", "low", "high")}}
                         for f in lane.findings]}
