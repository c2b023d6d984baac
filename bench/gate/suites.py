"""Suites whose truth is known, and what the decision made of them: k of n with
the Clopper-Pearson interval. What was measured is kept as each process's median
of each row, so that a changed decide.py judges it again.

The file is chained line by line as raw.py says; its facts by their "kind":
    sitting  format, when, commit, machine, load (other cores: idle or loaded),
             plan {processes, confirm, pairs, seconds}
    suite    of the sitting before it: seed, planted {row: per cent, or a
             natural plant's name; all others are equal}, took (seconds),
             first, second {row: [median of log(b/a), a process each]},
             waiting (processes, over the last minute: what else there was)
Pure functions but for reading."""

import collections
import statistics

import numpy as np
from scipy import stats

import decide
import raw as rawfile

FORMAT = 1
CONFIDENCE = .95
SITTING = {"format", "when", "commit", "machine", "load", "plan"}
SUITE = {"seed", "planted", "took", "waiting", "first", "second"}

NARROW = ("rows of a suite share its processes: the intervals of rows are as "
          "if they did not")

# One suite with its sitting; verdicts by row; code is compare's.
Judged = collections.namedtuple("Judged", "sitting suite verdicts code")
Rate = collections.namedtuple("Rate", "found of low high")


# ---- the file ---


def fault_of(fact, sitting):
    wanted = {"sitting": SITTING, "suite": SUITE}.get(fact["kind"])
    if wanted is None:
        return f"unknown kind {fact['kind']!r}"
    missing = sorted(wanted - fact.keys())
    if missing:
        return f"a {fact['kind']} without {', '.join(missing)}"
    if fact["kind"] == "suite" and sitting is None:
        return "a suite before any sitting"
    if fact.get("format", FORMAT) != FORMAT:
        return f"format {fact['format']}; this reads {FORMAT}"
    return None


def read(path):
    """[(sitting, suite)]; Refused if a line was cut, edited or moved."""
    facts, fault, _ = rawfile.chain(path)
    sitting, found = None, []
    for number, fact in enumerate(facts, 1):
        wrong = fault_of(fact, sitting)
        if wrong:
            raise rawfile.Refused(f"{path}, line {number}: {wrong}")
        if fact["kind"] == "sitting":
            sitting = fact
        else:
            found.append((sitting, fact))
    if fault:
        raise rawfile.Refused(fault)
    return found


# ---- one suite ---


def estimates(medians):
    return [decide.estimate(row, np.array(x)) for row, x in medians.items()]


def judge(sitting, suite):
    """As compare decides. A row that today's rule would measure again, and
    was not, is unclear there."""
    found = decide.verdicts(estimates(suite["first"]),
                            estimates(suite["second"]))
    return Judged(sitting, suite, {v.row: v for v in found},
                  decide.outcome(found)[0])


def planted(judged):
    """[(verdict, what was planted)] of a suite, None: nothing."""
    return [(v, judged.suite["planted"].get(row))
            for row, v in judged.verdicts.items()]


def is_natural(judged):
    return any(isinstance(p, str) for p in judged.suite["planted"].values())


# ---- rates ---


def rate(found, of):
    """As if they were independent: suites are, rows of a suite share its
    processes."""
    if of == 0:
        return Rate(0, 0, 0., 1.)
    ends = stats.binomtest(found, of).proportion_ci(CONFIDENCE, "exact")
    return Rate(found, of, float(ends.low), float(ends.high))


def share(items, is_found):
    items = list(items)
    return rate(sum(map(is_found, items)), len(items))


def change(verdict):
    """The estimate of what was measured last, in per cent."""
    ratio = (verdict.second or verdict.first).ratio
    return None if ratio is None else 100 * (ratio - 1)


def middle(numbers):
    numbers = [n for n in numbers if n is not None]
    return statistics.median(numbers) if numbers else None


def told(r):
    """12 of 300: 4.0 % (2.1 to 6.9)"""
    low, high = 100 * r.low, 100 * r.high
    return (f"{r.found} of {r.of}: {100 * r.found / r.of:.1f} % "
            f"({low:.1f} to {high:.1f})")


def equal_lines(some):
    """Suites of equal builds, and rows where nothing was planted."""
    equal = [j for j in some if not j.suite["planted"]]
    rows = [v for j in some if not is_natural(j)
            for v, p in planted(j) if p is None]
    yield "A/A suites alarmed", share(equal, lambda j: j.code == 1), None
    yield ("A/A suites not judged", share(equal, lambda j: j.code == 2), None)
    for what in ("slower", "faster", "unclear"):
        yield (f"A/A rows called {what}",
               share(rows, lambda v, what=what: v.what == what), None)


def planted_lines(some):
    """Rows with a plant, by its size or name, and their suites."""
    found = collections.defaultdict(list)
    for j in some:
        for verdict, plant in planted(j):
            if plant is not None:
                found[plant].append((j, verdict))
    for plant in sorted(found, key=lambda p: (isinstance(p, str), p)):
        name = plant if isinstance(plant, str) else f"{plant:g} %"
        rows = [v for _, v in found[plant]]
        suites = {id(j): j for j, _ in found[plant]}.values()
        yield (f"rows slower by {name} found",
               share(rows, lambda v: v.what == "slower"),
               middle(map(change, rows)))
        if isinstance(plant, str):
            for row in sorted({v.row for v in rows}):
                yield (f"    {row}",
                       share([v for v in rows if v.row == row],
                             lambda v: v.what == "slower"),
                       middle(change(v) for v in rows if v.row == row))
        yield (f"suites with {name} alarmed",
               share(suites, lambda j: j.code == 1), None)


def rows_of(j):
    return len(j.suite["first"])


def group_of(j):
    """What is not to be thrown together: the load, the rows of a suite, on
    which its level depends, the plan, the machine."""
    return (j.sitting["load"], rows_of(j), *sorted(j.sitting["plan"].items()),
            repr(sorted(j.sitting["machine"].items())))


def heading(j, machines):
    plan = j.sitting["plan"]
    text = (f"other cores {j.sitting['load']}; {rows_of(j)} rows; "
            f"{plan['processes']} processes x {plan['pairs']} pairs x "
            f"{1e3 * plan['seconds']:g} ms, again {plan['confirm']}")
    which = machines.index(j.sitting["machine"])
    return text + (f"; machine {which + 1}" if len(machines) > 1 else "")


def seconds_line(some, what, chosen):
    took = [j.suite["took"] for j in some if chosen(j)]
    return (f"  {'seconds of ' + what:<40}{statistics.median(took):.1f}"
            if took else None)


def waiting_line(some):
    seen = [j.suite["waiting"] for j in some]
    return (f"  {'processes that ran or waited':<40}"
            f"{min(seen):g} to {max(seen):g}")


def report(all_of):
    """Lines for people."""
    machines = []
    for j in all_of:
        if j.sitting["machine"] not in machines:
            machines.append(j.sitting["machine"])
    groups = collections.defaultdict(list)
    for j in all_of:
        groups[group_of(j)].append(j)
    lines = []
    for some in groups.values():
        lines.append(heading(some[0], machines))
        for name, r, estimate in [*equal_lines(some), *planted_lines(some)]:
            if r.of == 0:
                continue
            beside = "" if estimate is None else f"; median {estimate:+.2f} %"
            lines.append(f"  {name:<40}{told(r)}{beside}")
        lines += filter(None, (
            seconds_line(some, "an A/A suite, median",
                         lambda j: not j.suite["planted"]),
            seconds_line(some, "a planted suite, median",
                         lambda j: j.suite["planted"] and not is_natural(j)),
            waiting_line(some)))
    return lines + [NARROW] if lines else []
