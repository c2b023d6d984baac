"""A history as machines, their commits in order, and each row's points: lines
that join only what was measured against one base. And what is said of it."""

import collections
import math
import re

import counts
from commits import changes, entry, history

# commits: [(commit, date)] in order, those of one second (a rebase makes many)
# as they were recorded; rows that were timed and counts that were counted, in
# the order of groups; changes of the rows, the newest first.
Machine = collections.namedtuple(
    "Machine", "digest fingerprint commits rows counts changes")
# points in order of commits, those of one commit by base; runs: lists of them
# that a line may join; changes of this row.
Row = collections.namedtuple("Row", "name group label points runs changes")

# Half the height of a plot, as a speed over the base's.
SCALES = (0.02, 0.05, *(a * 10 ** e for e in range(-1, 4) for a in (1, 2, 5)))
KERNELS, ROWS = APART = ("kernels", "rows") # groups that no name says
DTYPES = ("f32", "f16", "bf16", "f64")


# ---- names ---

def named(name):
    """Group and label: lstm/forward/f32/T50B16/avx2 is lstm's 'forward
    T50B16 avx2', exp/f32/N9/avx2 one of the kernels."""
    first, *rest = name.split("/")
    if not rest:
        return ROWS, name
    if rest[0] in DTYPES:
        return KERNELS, " ".join([first, *map(spaced, rest[1:])])
    return first, " ".join(spaced(p) for p in rest if p not in DTYPES)


def spaced(part):
    """A shape's letters apart: T50 B16 I256 H256."""
    if re.fullmatch(r"([A-Z]\d+){2,}", part):
        return " ".join(re.findall(r"[A-Z]\d+", part))
    return part


def short(commit):
    """As git shortens a hash; other names as they are."""
    digits = set("0123456789abcdef")
    return commit[:9] if len(commit) == 40 and digits >= set(commit) else commit


def day(date):
    return date[:10]


# ---- machines ---

def joined(points):
    """Runs of points whose rows' neighbours in time have the same base."""
    order = {c: i for i, c in enumerate(dict.fromkeys(
        p["commit"] for p in points))}
    runs = {}
    for p in points:
        of_base = runs.setdefault(p["base"], [])
        at = order[p["commit"]]
        if of_base and order[of_base[-1][-1]["commit"]] == at - 1:
            of_base[-1].append(p)
        else:
            of_base.append([p])
    return [run for of_base in runs.values() for run in of_base]


def by_base(points):
    found = {}
    for p in points:
        found.setdefault(p["base"], []).append(p)
    return list(found.values())


def rows_of(lines, order):
    """Row's name -> its lines in order of commits."""
    rows = {}
    for line in sorted(lines, key=lambda l: order[l["commit"]]):
        rows.setdefault(line["row"], []).append(line)
    return rows


def grouped(rows):
    """Rows of one group together."""
    groups = list(dict.fromkeys(r.group for r in rows))
    return sorted(rows, key=lambda r: groups.index(r.group))


def timed(lines, order):
    """Rows, and the changes of them all: what several comparisons show, else
    what one said."""
    rows = rows_of([l for l in lines if "speed" in l], order)
    every = changes.of_machine([s for points in rows.values()
                                for s in by_base(points)])
    every += [c for points in rows.values()
              for c in changes.of_verdicts(points)]
    first = {}
    for c in every:
        first.setdefault((c.row, c.after), c)
    every = sorted(first.values(), key=lambda c: -order[c.after])
    found = [Row(name, *named(name), points, joined(points),
                 [c for c in every if c.row == name])
             for name, points in rows.items()]
    return grouped(found), every


def count_point(line, first):
    """A count as a point: how many times fewer than the first base's; said of
    it is how it differs from its own."""
    n, base = (line[k] for k in entry.COUNTED)
    said = "slower" if n > base * (1 + counts.GATE) else \
        "faster" if n * (1 + counts.GATE) < base else "same"
    return {**line, "counted": True, "said": said,
            "speed": [first["base_instructions"] / n] * 3}


def counted(lines, order):
    """Rows of counts: they are absolute, so that one line joins all."""
    rows = rows_of([l for l in lines if "instructions" in l], order)
    found = []
    for name, of in rows.items():
        each = {l["commit"]: count_point(l, of[0]) for l in of}
        points = list(each.values())
        found.append(Row(name, *named(name), points, [points],
                         changes.of_counts(points)))
    return grouped(found)


def machine_of(digest, lines):
    dates = {line["commit"]: line["date"] for line in lines}
    commits = sorted(dates.items(), key=lambda cd: entry.moment(cd[1]))
    order = {c: i for i, (c, _) in enumerate(commits)}
    latest = max(lines, key=lambda l: entry.moment(l["measured"]))
    rows, every = timed(lines, order)
    return Machine(digest, latest["fingerprint"], commits, rows,
                   counted(lines, order), every)


def machines(lines):
    """Those of a history, the one measured last first."""
    found = {}
    for line in history.newest(lines):
        found.setdefault(line["machine"], []).append(line)
    last = {d: max(entry.moment(l["measured"]) for l in of)
            for d, of in found.items()}
    return [machine_of(d, found[d])
            for d in sorted(found, key=lambda d: (-last[d], d))]


# ---- scales: alike for as many rows as possible ---

def far(*ratios):
    """The furthest from 1, as a ratio over 1."""
    return max(math.exp(abs(math.log(r))) - 1 for r in ratios)


def extent(row):
    """Of all points, and nine of ten intervals."""
    ends = sorted(far(*p["speed"]) for p in row.points)
    return max(ends[int(0.9 * (len(ends) - 1))],
               *(far(p["speed"][0]) for p in row.points))


def least(extents):
    """The least scale that holds them all."""
    return next((s for s in SCALES if s >= max(extents)), SCALES[-1])


def scales(rows):
    """Row's name -> scale: three rows of four share one, others have more."""
    extents = sorted(map(extent, rows))
    common = least(extents[:math.ceil(0.75 * len(extents))])
    return common, {r.name: max(common, least([extent(r)])) for r in rows}


def height(ratio, scale):
    """-1 to 1 on a plot of the scale: logarithmic, what is beyond at its
    edge."""
    return max(-1.0, min(1.0, math.log(ratio) / math.log(1 + scale)))


# ---- words ---

def percent(ratio, most=2):
    """A change of speed, signed: +1.2 %, with at most so many decimals."""
    x = 100 * (ratio - 1)
    digits = 0 if abs(x) >= 99.5 else 1 if abs(x) >= 0.95 else 2
    text = f"{abs(x):.{min(digits, most)}f}"
    sign = "" if float(text) == 0 else "+" if x > 0 else "\N{MINUS SIGN}"
    return f"{sign}{text} %"


def interval(low, high):
    return f"{percent(low)} to {percent(high)}"


def told(point):
    """A point's change from its base."""
    if "counted" in point:
        return fewer(point["base_instructions"] / point["instructions"])
    return percent(point["speed"][0])


def change_told(change):
    """A step's size; one without an interval is of counts."""
    if change.low == change.high:
        return fewer(change.size)
    return f"{percent(change.size)} ({interval(change.low, change.high)})"


def fewer(ratio):
    """Of instructions, before over after."""
    if ratio == 1:
        return "the same"
    return f"{percent(1 / ratio)[1:]} {'fewer' if ratio > 1 else 'more'}"


def count(n, of="row"):
    return f"{n} {of}" + ("" if n == 1 else "s")


def last_points(machine, rows):
    """Of the commit that stands last among the rows, and of one base: that of
    the points measured last."""
    every = [p for r in rows for p in r.points]
    if not every:
        return []
    order = {c: i for i, (c, _) in enumerate(machine.commits)}
    last = max((p["commit"] for p in every), key=order.get)
    points = [p for p in every if p["commit"] == last]
    base = max(points, key=lambda p: entry.moment(p["measured"]))["base"]
    return [p for p in points if p["base"] == base]


def verdicts(machine, rows):
    """said -> points of the last commit, those furthest off first."""
    found = {said: [] for said in entry.SAID}
    for p in last_points(machine, rows):
        found[p["said"]].append(p)
    for of in found.values():
        of.sort(key=lambda p: -abs(math.log(p["speed"][0])))
    return found


def compared(points):
    """A commit and its base."""
    p = points[0]
    return (f"{short(p['commit'])} of {day(p['date'])} against "
            f"{short(p['base'])}")


def headline(machine):
    """One sentence of the commit that stands last."""
    points = last_points(machine, machine.rows)
    if not points:
        counted_last = last_points(machine, machine.counts)
        return f"{compared(counted_last)}: not timed"
    found = verdicts(machine, machine.rows)
    said = [f"{count(len(found['slower']))} slower" if found["slower"]
            else "no row slower"]
    said += [f"{len(found[k])} {words}" for k, words in
             (("faster", "faster"), ("same", "the same"),
              ("unclear", "too noisy to judge")) if found[k]]
    return f"{compared(points)}: {', '.join(said)}"


def counts_headline(machine):
    """The same of instructions, or nothing."""
    points = last_points(machine, machine.counts)
    if not points:
        return ""
    found = verdicts(machine, machine.counts)
    more, less = len(found["slower"]), len(found["faster"])
    said = f"of {count(len(points))} counted, {more or 'none'} " \
        f"{'takes' if more < 2 else 'take'} more instructions"
    return said + (f" and {less} fewer" if less else "")
