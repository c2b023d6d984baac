"""What a machine is, as far as times depend on it: a fingerprint of public
facts, without a host's name or a path; two of them are one machine or not."""

import os
import platform
import re
import subprocess

# Features that kernels use or could.
FEATURES = (
    "fma", "avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx_vnni",
    "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16",
    "amx_int8", "asimd", "sve", "sve2", "bf16", "i8mm")

# Two fingerprints that differ here are two machines. The kernel is told and
# not held against it: user-space arithmetic does not depend on it, and it
# changes every week where CI runs. So are the flags: they are a part of the
# commit that sets them.
DECIDE = ("arch", "cpu", "family", "model", "stepping", "microcode",
          "features", "caches", "cores", "compiler")

# Names in /proc/cpuinfo, of x86 and of Arm.
CPUINFO = {
    "cpu": ("model name",),
    "family": ("cpu family", "CPU implementer"),
    "model": ("model", "CPU part"),
    "stepping": ("stepping", "CPU revision"),
    "microcode": ("microcode",),
}


def first(path):
    """A file's first line, or "" where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.readline().strip()
    except OSError:
        return ""


def cpuinfo(path="/proc/cpuinfo"):
    """The first CPU's lines, by key."""
    found = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            for line in f:
                if not line.strip():
                    break
                key, _, value = line.partition(":")
                found[key.strip()] = value.strip()
    except OSError:
        pass
    return found


def features(info):
    there = info.get("flags", info.get("Features", "")).split()
    return " ".join(f for f in FEATURES if f in there)


def caches(folder="/sys/devices/system/cpu/cpu0/cache"):
    """Sizes by name: {"L1d": "32K", "L2": "1024K"}; no instruction cache."""
    found = {}
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return found
    for entry in entries:
        level, kind, size = (first(f"{folder}/{entry}/{of}")
                             for of in ("level", "type", "size"))
        if level and size and kind != "Instruction":
            found[f"L{level}" + ("d" if kind == "Data" else "")] = size
    return found


def here():
    """The hardware and the kernel; what is not visible is left out."""
    info = cpuinfo()
    found = {"arch": platform.machine()}
    for name, keys in CPUINFO.items():
        value = next((info[k] for k in keys if info.get(k)), "")
        if value:
            found[name] = value
    found |= {"features": features(info), "caches": caches(),
              "cores": os.cpu_count(),
              "kernel": f"{platform.system()} {kernel()}"}
    return found


def kernel():
    """Its numbers: what follows them may be anybody's word."""
    numbers = re.match(r"[0-9]+(\.[0-9]+)*", platform.release())
    return numbers[0] if numbers else "unknown"


def compiler(cc):
    """A name and its version, as in "gcc 12.2.0"."""
    try:
        line = subprocess.run([cc, "--version"], capture_output=True,
                              text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"
    name = "clang" if "clang" in line else "gcc"
    version = re.findall(r"\b\d+\.\d+\.\d+\b", line)
    return f"{name} {version[-1]}" if version else line


def fingerprint(about):
    """This machine, with the compiler and the flags of a build."""
    return here() | {k: about[k] for k in ("compiler", "flags")
                     if k in about}


def same(a, b):
    """None for one machine, else what differs, as a sentence without a dot.
    What only one of the two knows is no difference."""
    for key in DECIDE:
        if key in a and key in b and a[key] != b[key]:
            return f"{key} differs: {a[key]} and {b[key]}"
    return None


def text(of):
    """A line for people."""
    sizes = ", ".join(f"{k} {v}" for k, v in of.get("caches", {}).items())
    parts = [of.get("cpu", of.get("arch", "unknown CPU")),
             f"family {of['family']} model {of['model']}"
             if "family" in of and "model" in of else "",
             f"{of['cores']} cores" if of.get("cores") else "", sizes,
             of.get("compiler", ""), of.get("kernel", "")]
    return "; ".join(p for p in parts if p)
