"""gate_short.py RUNNER: the gate, whole and short, over one row of this tree:
equal builds are not called slower or faster, and 5 per cent are. And every row
that module.c names opens: one that does not would be left out in silence."""

import functools
import os
import re
import subprocess
import sys

try:
    import scipy  # decide.py's; imported here so that it may be missing
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "bench", "gate"))
import builds
import measure
import selfcheck
import suites

ROW = "tanh/f32/N16384/"
PLANT = 5.
# A false outcome is rarer than 1 in 10^4. Of 128 processes of this row, what
# 20 pairs said had an sd of .3 %; the farthest lay at 1.7 %. Drawn from these,
# ten times as wide, 16 and again 32 of equal builds never passed .75 % twice
# on one side, and 5 % never stayed below it, in 4 x 10^5 trials each. Any 6 of
# the 48 may be on the wrong side by any amount: if .012 of all were, which 0
# of 128 leave possible at 95 %, p would miss .005 in 1 of 10^7 runs.
PLAN = {"processes": 16, "confirm": 32, "pairs": 20, "seconds": .0005}


def judged(build, row, planted, processes):
    suite = selfcheck.Suite(build, build, [row], planted)
    seed = selfcheck.secrets.randbits(31)
    fact = selfcheck.measured(suite, PLAN, seed, processes, None)
    verdict = suites.judge(None, fact).verdicts[row]
    print(f"seed {seed}, planted {planted or 'nothing'}: {verdict}")
    return verdict.what


def unopened(rows):
    """What module.c names beside those that opened, but for their rung."""
    with open(os.path.join(ROOT, "bench/gate/module.c"),
              encoding="utf-8") as f:
        named = re.findall(r'^    "([^"]+)",$', f.read(), re.M)
    found = {row.rpartition("/")[0] for row in rows}
    return [name for name in named if name not in found] if named else ["all"]


def main(runner):
    inside = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"],
                            capture_output=True, check=False)
    if inside.returncode:
        print("skipped: this is no git checkout, from which compare builds")
        return 77
    build = builds.of_worktree(measure.ROOT)
    rows = selfcheck.rows_of(build, runner)
    missing = unopened(rows)
    if missing:
        print(f"rows of module.c that do not open: {', '.join(missing)}")
        return 1
    row = next(r for r in rows if r.startswith(ROW))
    processes = functools.partial(measure.processes, runner=runner)
    equal = judged(build, row, {}, processes)
    slower = judged(build, row, {row: PLANT}, processes)
    return int(equal in ("slower", "faster") or slower != "slower")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
