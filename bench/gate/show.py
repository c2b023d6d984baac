"""One comparison as a dict, and that dict as JSON, as a table for people and as
Markdown: the same numbers in all, since they are formatted from one."""

import json
import math

import machine
from ratios import BASELINES

ORDER = ("slower", "unclear", "faster", "same")
FORMAT = 1


# ---- the dict ---

def change(ratio):
    """Per cent of time; slower is positive."""
    return None if ratio is None else round(100 * (ratio - 1), 4)


def of_estimate(e):
    if e is None:
        return None
    return {"percent": change(e.ratio), "low": change(e.low),
            "high": change(e.high), "processes": e.processes,
            "p_slower": e.p_slower, "p_faster": e.p_faster,
            "spread": None if e.spread is None else round(100 * e.spread, 4)}


def of_verdict(v, speedups):
    """Of a row that was measured again that estimate counts: the first one
    was chosen for being large."""
    counts = of_estimate(v.second or v.first)
    found = {"row": v.row, "verdict": v.what, "why": v.why, **counts,
             "stage": 2 if v.second else 1,
             "first": of_estimate(v.first) if v.second else None}
    if speedups:
        found["speedup"] = speedups
    return found


def of_comparison(raw, verdicts, code, sentence, lanes, path):
    """`lanes` holds "ratios", "counts", "notes" and "spent", as far as they
    are."""
    start, ratios = raw.start, lanes.get("ratios") or {}
    rows = [of_verdict(v, ratios.get(v.row)) for v in verdicts]
    rows.sort(key=lambda r: (ORDER.index(r["verdict"]),
                             -(r["percent"] or 0)
                             if r["verdict"] in ORDER[:2] else 0))
    return {"compare": FORMAT, "when": start["when"],
            "base": short(start["base"]), "head": short(start["head"]),
            "machine": start["machine"], "plan": start["plan"], "raw": path,
            "rows": rows, "counts": lanes.get("counts"),
            "notes": lanes.get("notes", []), "spent": lanes.get("spent", {}),
            "code": code, "sentence": sentence}


def of_failure(label, sentence):
    """What there is of a comparison that came to no end."""
    return {"compare": FORMAT, "base": {"label": label}, "code": 2,
            "sentence": sentence}


def of_equal(base, head):
    """Of two commits whose objects are the same: no time parts them."""
    return {"compare": FORMAT, "base": short(base), "head": short(head),
            "code": 0, "sentence": "no slow-down: both commits compile to the "
            "same machine code, so that nothing was measured"}


def short(build):
    return {"label": build["label"], "commit": build["commit"],
            "flags": build["about"].get("flags"),
            "own": build["about"].get("own", {})}


def to_json(found):
    return json.dumps(found, indent=1) + "\n"


# ---- for people ---

def percent(x):
    if x is None:
        return "?"
    return f"{x:+.2f}".replace("-", "\N{MINUS SIGN}") + " %"


def between(low, high):
    if low is None or high is None:
        return "?"
    return f"{percent(low)[:-2]} .. {percent(high)[:-2]}"


def times(s):
    """A speed-up, to the digits that its interval leaves: one to three."""
    if not s:
        return ""
    first = -math.floor(math.log10(s["ratio"]))
    digits = first + 2
    if s["low"] is not None and s["high"] > s["low"]:
        half = (s["high"] - s["low"]) / 2
        digits = max(first, min(digits, -math.floor(math.log10(half))))
    return f"{round(s['ratio'], digits):.{max(0, digits)}f}"


HEADER = ("row", "time", "95 % interval", "verdict", "processes")


def cells(found):
    """The header and a list of texts for each row."""
    ratios = any("speedup" in r for r in found["rows"])
    header = [*HEADER, *(f"x {b}" for b in BASELINES if ratios)]
    rows = []
    for r in found["rows"]:
        rows.append([r["row"], percent(r["percent"]),
                     between(r["low"], r["high"]), r["verdict"],
                     str(r["processes"]),
                     *(times(r.get("speedup", {}).get(b))
                       for b in BASELINES if ratios)])
    return header, rows


def heading(found):
    base, head = (found[k]["label"] for k in ("base", "head"))
    plan = found["plan"]
    return [f"{head} against {base}: change of time, + is slower",
            machine.text(found["machine"]), *flags(found),
            f"{plan['processes']} processes of {plan['pairs']} pairs of "
            f"{1e3 * plan['seconds']:g} ms; what seems changed again in "
            f"{plan['confirm']}"]


def flags(found):
    """Whether both are built alike: one compiler and configuration, and what
    flags the commits set."""
    base, head = found["base"], found["head"]
    if not base["flags"] or not head["flags"]:
        return []
    if (base["flags"], base["own"]) == (head["flags"], head["own"]):
        return [f"both built with {base['flags']}"]
    said = []
    for build, other in ((base, head), (head, base)):
        own = [f"{name} {of}" for name, of in build["own"].items()
               if other["own"].get(name) != of]
        common = build["flags"] if base["flags"] != head["flags"] else ""
        said.append(f"{build['label']} alone is built with "
                    f"{'; '.join(filter(None, (common, *own))) or 'no more'}")
    return said


def notes(found):
    """Why rows are unclear, what the second lanes say, where the time went."""
    said = [f"{r['row']}: {r['why']}" for r in found["rows"] if r["why"]]
    said += found["notes"]
    if found["counts"]:
        counted = found["counts"]["instructions"].values()
        said.append(f"instructions: {sum(a != b for a, b in counted)} of "
                    f"{len(counted)} rows differ")
        said += found["counts"]["notes"]
    if found["spent"]:
        said.append("seconds: " + ", ".join(
            f"{k} {v:.0f}" for k, v in found["spent"].items()))
    return said


def table(found):
    header, rows = cells(found)
    widths = [max(map(len, column)) for column in zip(header, *rows)]
    lines = ["  ".join(text.ljust(w) if i in (0, 3) else text.rjust(w)
                       for i, (text, w) in enumerate(zip(row, widths)))
             for row in (header, *rows)]
    return "\n".join([*heading(found), "", *(x.rstrip() for x in lines), "",
                      *notes(found), f"raw: {found['raw']}"]) + "\n"


def markdown(found):
    """For a job's page: what changed in front, all rows behind a fold."""
    mark = {0: "no slow-down", 1: "slow-down", 2: "not judged"}
    text = [f"### compare: {mark[found['code']]}", "", found["sentence"], ""]
    if "rows" not in found:
        return "\n".join(text)
    header, rows = cells(found)

    def lines(some):
        rule = [":--" if i in (0, 3) else "--:" for i in range(len(header))]
        return ["| " + " | ".join(row) + " |" for row in
                (header, rule, *some)]

    changed = [row for row in rows if row[3] != "same"]
    text += [line + "  " for line in heading(found)] + [""]
    text += lines(changed) + [""] if changed else []
    text += ["<details><summary>all rows</summary>", "", *lines(rows), "",
             *(f"- {n}" for n in notes(found)), "", "</details>"]
    return "\n".join(text) + "\n"
