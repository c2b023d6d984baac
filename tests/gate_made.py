"""gate_made.py FILE: a made-up history of two machines, eight commits and forty
rows, with known steps; for tests and for looking at the page. Never a result.
"""

import datetime
import hashlib
import json
import math
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "bench", "gate"))
from commits import entry, history

NORMAL = 1.959964
COMMITS = 8
COUNTS = ("gemm/f32/H136N9/avx2", "lstm/train/f32/T4B5I40H72/avx2",
          "tanh/f32/N1027/scalar")
PROCESSES = 32
STEP_AT, STEP = 5, 0.93 # the sixth commit made STEPPED slower
STEPPED = "lstm/forward/f32/T50B16I256H256/avx512"
GAIN_AT, GAIN = 3, 1.18
GAINED = "gru/"
LARGE_AT, LARGE = 2, 1.62
LARGER = "gemm/f32/H256N16/avx512"
NOISY = "tanh/f32/N16384/avx2"


def commit(n):
    return hashlib.sha1(b"commit %d" % n).hexdigest()


def date(n, clock="12:00:00+01:00"):
    """One commit a day."""
    day = datetime.date(2026, 3, 1) + datetime.timedelta(n)
    return f"{day}T{clock}"


def names():
    """Forty, as the bench calls them."""
    found = [f"{kernel}/f32/N16384/{rung}" for kernel in
             ("exp", "sigmoid", "tanh") for rung in ("avx2", "avx512")]
    found += [f"{what}/avx512" for what in
              ("gemv/f32/H256N1", "gemv/f32/H1024N1", "gemm/f32/H256N16",
               "gemm/f32/H1024N64")]
    for cell in ("lstm", "gru", "rnn"):
        for part in ("forward", "train"):
            found += [f"{cell}/{part}/f32/{size}/avx512" for size in
                      ("T100B1I256H256", "T50B16I256H256", "T50B64I512H512",
                       "T25B128I1024H1024")]
        found += [f"{cell}/step/f32/B1I1H{h}/avx512" for h in (32, 128)]
    return found


def machines():
    shared = {"arch": "x86_64", "compiler": "gcc 12.2.0",
              "flags": "-O3 -ffp-contract=off", "kernel": "Linux 6.1.0"}
    return [{"cpu": "Made-up CPU 1", "family": "25", "model": "17", "cores": 2,
             "caches": {"L1d": "32K", "L2": "1024K", "L3": "32768K"},
             **shared},
            {"cpu": "Made-up CPU 2", "family": "6", "model": "85", "cores": 4,
             "caches": {"L1d": "32K", "L2": "1024K", "L3": "25344K"},
             **shared}]


def truth(row, n):
    """Speed over the base without noise."""
    speed = 1.0
    if row == STEPPED and n >= STEP_AT:
        speed *= STEP
    if row.startswith(GAINED) and "/train/" in row and n >= GAIN_AT:
        speed *= GAIN
    if row == LARGER and n >= LARGE_AT:
        speed *= LARGE
    return speed


def line(row, n, base, fingerprint, speed, error, ns, **more):
    """One line; error: of log speed."""
    wide = math.exp(NORMAL * error)
    said = "same"
    if abs(math.log(speed)) > max(0.0075, 3 * error):
        said = "faster" if speed > 1 else "slower"
    elif error > 0.01:
        said = "unclear"
    return {"history": 1, "commit": commit(n), "date": date(n),
            "base": commit(base), "row": row, "said": said,
            "speed": history.rounded((speed, speed / wide, speed * wide)),
            "ns": history.rounded((ns / speed, ns / speed / 1.02,
                                   ns / speed * 1.02)),
            "processes": PROCESSES, **more,
            "machine": entry.digest(fingerprint), "fingerprint": fingerprint,
            "measured": date(n, "15:00:00+00:00")}


def instructions(row, n):
    return 1000000 + 20000 * (row == COUNTS[1] and n >= STEP_AT)


def counted(row, n, base, fingerprint):
    """A line of a row that was counted and not timed."""
    return {"history": 1, "commit": commit(n), "date": date(n),
            "base": commit(base), "row": row,
            "instructions": instructions(row, n),
            "base_instructions": instructions(row, base),
            "machine": entry.digest(fingerprint), "fingerprint": fingerprint,
            "measured": date(n, "15:00:00+00:00")}


def lines(count=COMMITS, seed=1):
    """The second machine starts later, and its base changes halfway."""
    chance = random.Random(seed)
    for n in range(count):
        for k, fingerprint in enumerate(machines()):
            if k and n < 2:
                continue
            base = 4 if k and n > 4 else -1
            for i, row in enumerate(names()):
                error = 0.02 if row == NOISY else 0.0012
                speed = truth(row, n) / truth(row, base)
                speed *= math.exp(chance.gauss(0, error))
                more = {"gflops": 70.0 + i} if "/f32/N" not in row else {}
                if n % 2:
                    more |= {"vs_reference": 12.5, "vs_autovec": 1.75}
                yield line(row, n, base, fingerprint, speed, error,
                           1000.0 * 1.4 ** i, **more)
            for row in COUNTS:
                yield counted(row, n, base, fingerprint)


def write(path, made=None):
    with open(path, "w", encoding="utf-8") as f:
        for each in lines() if made is None else made:
            f.write(json.dumps(each) + "\n")


if __name__ == "__main__":
    write(sys.argv[1])
