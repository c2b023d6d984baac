#!/usr/bin/env python3
"""acc[r][c] += w[c] a[r]: whether the compiler kept the micro-kernel's loops.

  code_shape.py --check RUNG OBJECT -- CC FLAG ... SOURCE
      each tile of the rung has its loop, and for one k there is in it one FMA
      per accumulator, one load per row and one per column, and no other access
      to memory; exit 1 after saying which has not
  code_shape.py --refuse=WORDS RUNG OBJECT -- CC FLAG ... SOURCE
      the control: fails unless --check finds a fault of these words
  code_shape.py --model RUNG OBJECT
      what llvm-mca makes of the loop of the largest tile, in one line
  code_shape.py --json RUNG OBJECT
      every loop found, and its model where there is llvm-mca

The tiles are the rung's own: CC's preprocessor reads them from SOURCE.
OBJDUMP and LLVM_MCA name the tools. Exit 77: one is missing.
"""

import collections
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../bench/gate"))
from machine_code import (Failed, Missing, frame_register, functions,
                          innermost, is_memory, plain, run, split, tool,
                          uses_stack)

# Bits of a register, how it is written, how many there are, and the cores whose
# scheduling models are asked. LLVM 14 gives the A72, the A76 and the Neoverses
# the A57's, of one FMA a cycle; the TSV110 has two.
Target = collections.namedtuple("Target",
                                "bits register count triple cpus objdump")
X86, ARM = "x86_64", "aarch64"
TARGETS = {
    "avx2": Target(256, "%ymm{}", 16, X86, ["haswell"], "objdump"),
    "avx512": Target(512, "%zmm{}", 32, X86, ["skylake-avx512"], "objdump"),
    "neon": Target(128, "v{}.4s", 32, ARM, ["cortex-a57", "tsv110"],
                   "aarch64-linux-gnu-objdump"),
}
FUNCTIONS = ("micro_plain", "micro_packed", "micro_pair")

Shape = collections.namedtuple("Shape", "panels rows columns")


# ---- one loop: what is in it ---

def vectors(text):
    """The numbers of the vector registers named."""
    return re.findall(r"(?:%[xyz]mm|\b[vqds])(\d+)\b", text)


def addend(name, operands):
    """The operand of an FMA that is added to."""
    order = re.match(r"vfmadd(\d+)", name)
    return operands[{"213": 0, "132": 1, "231": 2}[order[1]] if order else 0]


class Loop:
    """Counts over the instructions of a loop; `faults` is what should not be
    there: anything but FMAs, loads of operands, and the loop's own counting.
    An accumulator is a chain of FMAs, whatever registers it passes through."""

    def __init__(self, rung, function, code, frame):
        self.target, self.function, self.code = TARGETS[rung], function, code
        self.frame, self.faults = frame, []
        self.fmas = self.weights = self.broadcasts = 0
        self.chain, self.steps = {}, collections.Counter()
        for i in code[:-1]:
            self.count(i)

    def fault(self, what, i):
        self.faults.append(f"{what}: {i.name} {i.args}")

    def count(self, i):
        operands = split(i.args)
        arm = self.target.triple == ARM
        memory = [o for o in operands if is_memory(o)]
        to = operands[0 if arm else -1] if operands else ""
        if i.to is not None or re.match("j|call|bl", i.name):
            self.fault("a branch", i)
        stack = uses_stack(i, self.frame)
        if stack:
            self.fault("the stack", i)
        if i.name.startswith(("nop", "lea", "prf", "prefetch")):
            return
        if memory and not stack:
            self.access(i, operands, memory[0])
        register = re.escape(self.target.register).replace(r"\{\}", r"\d+")
        if re.match(r"vfmadd\d+ps$|fmla$", i.name) and \
                re.fullmatch(register, to):
            self.fma(addend(i.name, operands), to, i)
        elif re.match("vmov(a|u|dq)|mov$", i.name) and \
                "[" not in i.args and len(vectors(i.args)) == 2:
            a, b = vectors(i.args)
            self.chain[a if arm else b] = self.chain.get(b if arm else a,
                                                         b if arm else a)
        elif memory:
            for r in vectors(i.args): # what was in it ends
                self.chain[r] = f"loaded at {i.at:x}"
        elif vectors(i.args):
            self.fault("neither FMA nor load", i)

    def fma(self, added, to, i):
        self.fmas += 1
        if is_memory(added):
            self.fault("adds to memory", i)
            return
        number = vectors(added)[0]
        chain = self.chain.get(number, number)
        self.chain[vectors(to)[0]] = chain
        self.steps[chain] += 1

    def access(self, i, operands, memory):
        if self.writes(i, operands):
            self.fault("a store", i)
        elif not vectors(i.args):
            self.fault("a load of no operand", i)
        elif self.target.triple == ARM:
            self.load_arm(i, operands[:operands.index(memory)])
        elif "broadcast" in i.name or re.search(r"\{1to\d+\}", i.args):
            self.broadcasts += 1
        else:
            self.weights += 1

    def writes(self, i, operands):
        if self.target.triple == ARM:
            return i.name.startswith("st")
        return is_memory(operands[-1]) and not re.match("cmp|test", i.name)

    def load_arm(self, i, to):
        """Whole registers are weights, single elements rows."""
        if re.match("ldu?r$|ldn?p$", i.name):
            self.weights += sum(o[0] == "q" for o in to)
            self.broadcasts += sum(o[0] == "s" for o in to)
        elif i.name == "ld1r":
            self.broadcasts += 1
        elif i.name == "ld1":
            self.weights += sum(len(vectors(o)) for o in to)
        else:
            self.fault("unknown load", i)

    def shape(self):
        """(accumulators, columns loaded, rows loaded) of one k, and how many k
        an iteration has; None if there is no such number."""
        n = max(self.steps.values(), default=1)
        if set(self.steps.values()) != {n} or self.weights % n or \
                self.broadcasts % n:
            return None, n
        return (len(self.steps), self.weights // n, self.broadcasts // n), n

    def describe(self):
        return (f"{self.function}+{self.code[0].at:x}: {self.fmas} FMAs on "
                f"{len(self.steps)} accumulators, loads {self.broadcasts} of "
                f"rows, {self.weights} of columns")


def loops(rung, path):
    """The loops with FMAs of the micro-kernel's functions."""
    found, objdump = [], TARGETS[rung].objdump
    for symbol, code in sorted(functions(path, objdump).items()):
        name = plain(symbol)
        if name not in FUNCTIONS:
            continue
        for body in innermost(code):
            loop = Loop(rung, name, body, frame_register(code))
            if loop.fmas:
                found.append(loop)
    return found


# ---- what is expected: from the rung's source ---

def macros(compiler):
    """The source's macros that stand for a number."""
    text = run(*compiler, "-dM", "-E")
    return {m[1]: int(m[2]) for m in
            re.finditer(r"^#define (\w+) (\d+)$", text, re.M)}


def expected(value):
    """Function -> the shapes there may be, and those there must be: a packed
    tile has no more rows than one of all columns, and a pair of panels has one
    row of three columns or of all."""
    columns = range(1, value["COLUMNS"] + 1)
    tiles = [Shape(1, r, c) for c in columns
             for r in range(1, value[f"VEC_ROWS_{c}"] + 1)]
    packed = [t for t in tiles
              if t.rows <= value[f"VEC_ROWS_{value['COLUMNS']}"]]
    pairs = [Shape(2, 1, c) for c in columns if c >= 3]
    return {"micro_plain": (tiles, tiles), "micro_packed": (tiles, packed),
            "micro_pair": (pairs, pairs)}


def loads(shape):
    """What Loop.shape is to be: both panels share the rows."""
    return (shape.panels * shape.rows * shape.columns,
            shape.panels * shape.columns, shape.rows)


def check(rung, path, compiler):
    """What is wrong with the object, one line each."""
    value = macros(compiler)
    if value["VEC_LANES"] * 32 != TARGETS[rung].bits:
        yield f"{rung} has {value['VEC_LANES']} lanes of 32 bits"
    found = loops(rung, path)
    for name, (may, must) in expected(value).items():
        clean = set()
        for loop in (f for f in found if f.function == name):
            shape = loop.shape()[0]
            for fault in loop.faults:
                yield f"{loop.describe()}: {fault}"
            if shape not in map(loads, may):
                yield f"{loop.describe()}: no tile of this rung"
            elif not loop.faults:
                clean.add(shape)
        for s in must:
            if loads(s) not in clean:
                yield (f"{name}: no clean loop for {s.panels} x {s.rows} x "
                       f"{s.columns}")
        print(f"{rung}: {name}: {len(clean)} shapes of {len(must)}")


# ---- the model ---

STEPS = 200


def mca(target, cpu, lines):
    """Cycles that an iteration of the lines takes, in the long run."""
    cycles = []
    for n in (STEPS, 2 * STEPS): # start and end are not in the difference
        out = run(tool("LLVM_MCA", "llvm-mca"), f"-mtriple={target.triple}",
                  f"-mcpu={cpu}", f"-iterations={n}",
                  text="\n".join(lines) + "\n")
        cycles.append(int(re.search(r"Total Cycles:\s+(\d+)", out)[1]))
    return (cycles[1] - cycles[0]) / STEPS


def model(loop, cpu):
    """(cycles of an iteration, share of the FMA limit): the limit is what the
    same model makes of as many FMAs that wait for nothing but their unit."""
    target, last = loop.target, loop.code[-1]
    where = re.sub(r"\b(0x)?[0-9a-f]+ <.*", "back", last.args)
    code = ["back:", *(f"{i.name} {i.args}" for i in loop.code[:-1]),
            f"{last.name} {where}"]
    r = [target.register.format(n) for n in range(target.count)]
    free = [f"fmla {to}, {r[0]}, {r[1]}" if target.triple == ARM else
            f"vfmadd231ps {r[0]}, {r[1]}, {to}" for to in r[2:]]
    cycles = mca(target, cpu, code)
    return cycles, mca(target, cpu, free) / len(free) * loop.fmas / cycles


def largest(found):
    """The loop of the tile that does most of a product's work."""
    return max((f for f in found if f.function == "micro_plain"),
               key=lambda f: (len(f.steps), f.weights))


def as_line(rung, loop):
    said = []
    for cpu in loop.target.cpus:
        cycles, share = model(loop, cpu)
        if not 0 < share <= 1 + 2 / STEPS: # an iteration off in each of two
            sys.exit(f"{cpu}: {share} of the limit of the same FMAs")
        said.append(f"{share:.1%} of its FMA limit ({cpu}: {loop.fmas} FMAs in "
                    f"{cycles:.1f} cycles)")
    return f"{rung}: llvm-mca models {', '.join(said)}"


def as_json(found):
    rows = []
    for f in found:
        row = {"function": f.function, "accumulators": len(f.steps),
               "fmas": f.fmas, "column_loads": f.weights,
               "row_loads": f.broadcasts, "k": f.shape()[1],
               "faults": f.faults}
        try:
            row["model"] = {cpu: dict(zip(("cycles", "share"), model(f, cpu)))
                            for cpu in f.target.cpus}
        except Missing:
            pass
        rows.append(row)
    return json.dumps(rows, indent=1)


def main(args):
    cut = args.index("--") if "--" in args else len(args)
    args, compiler = args[:cut], args[cut + 1:]
    if len(args) != 3 or args[1] not in TARGETS:
        sys.exit(__doc__)
    job, rung, path = args
    job, _, words = job.partition("=")
    if job == "--check" and compiler or job == "--refuse" and words:
        faults = [f for f in check(rung, path, compiler) if words in f]
        print("\n".join(faults))
        return bool(faults) != (job == "--refuse")
    found = loops(rung, path)
    if not found:
        sys.exit(f"{path}: no loop of the micro-kernel")
    if job == "--model":
        print(as_line(rung, largest(found)))
    elif job == "--json":
        print(as_json(found))
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Missing as what:
        print(f"skipped: {what}")
        sys.exit(77)
    except Failed as what:
        sys.exit(str(what))
