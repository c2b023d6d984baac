"""What the compiler made, read from object files by Binutils: functions, their
sizes, and their innermost loops. The standard library only."""

import collections
import os
import re
import shutil
import subprocess

# `to`: where it jumps, or None.
Instruction = collections.namedtuple("Instruction", "at name args to")


class Missing(Exception):
    """A tool that is not installed."""


class Failed(Exception):
    """A tool that said no."""


def tool(variable, default):
    name = os.environ.get(variable) or default
    if not shutil.which(name):
        raise Missing(f"{name} is not installed")
    return name


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(command)}:\n{done.stderr}")
    return done.stdout


def plain(symbol):
    """The function as its source names it: the compiler appends
    .constprop.0, .cold and the like to the names of its parts."""
    return symbol.split(".")[0]


def sizes(path, nm="nm"):
    """Symbol -> bytes of its code, of static functions too."""
    text = run(tool("NM", nm), "-S", "--defined-only", path)
    return {m[2]: int(m[1], 16) for m in
            re.finditer(r"^[0-9a-f]+ ([0-9a-f]+) [tTwW] (\S+)$", text, re.M)}


def functions(path, objdump="objdump"):
    """Symbol -> its instructions."""
    text = run(tool("OBJDUMP", objdump), "-d", "--no-show-raw-insn", path)
    code, here = {}, None
    for line in text.splitlines():
        head = re.match(r"[0-9a-f]+ <([^>]*)>:", line)
        if head:
            here = code.setdefault(head[1], [])
        body = re.match(r"\s*([0-9a-f]+):\s+(\S.*)", line)
        if body and here is not None:
            words = re.sub(r"\s+(//|# ).*", "", body[2]).split(None, 1)
            args = words[1] if len(words) > 1 else ""
            to = re.search(r"\b(?:0x)?([0-9a-f]+) <", args)
            here.append(Instruction(int(body[1], 16), words[0], args,
                                    int(to[1], 16) if to else None))
    return code


def innermost(code):
    """The stretches of code that jump back to their beginning, none of which
    holds another."""
    spans = [(i.to, i.at) for i in code
             if i.to is not None and i.name not in ("call", "bl")
             and code[0].at <= i.to <= i.at]
    inner = [s for s in spans
             if not any(o != s and s[0] <= o[0] and o[1] <= s[1]
                        for o in spans)]
    return [[i for i in code if s[0] <= i.at <= s[1]] for s in inner]


# ---- one instruction ---

def split(args):
    """Operands, at the commas outside of brackets."""
    return [a.strip() for a in re.split(r",(?![^(\[{]*[)\]}])", args) if a]


def is_memory(operand):
    return "(" in operand or operand.startswith("[")


def frame_register(code):
    """What addresses the stack besides its pointer, where it does."""
    for i in code:
        if re.match(r"%rsp,%rbp$|x29, sp", i.args):
            return r"|%rbp\b|\bx29\b"
    return ""


def uses_stack(i, frame):
    """Whether it reads or writes the stack; an address alone does neither."""
    if re.match("push|pop", i.name):
        return True
    return not i.name.startswith(("nop", "lea", "prf", "prefetch")) and any(
        re.search(r"\bsp\b|%[re]sp\b" + frame, o)
        for o in split(i.args) if is_memory(o))
