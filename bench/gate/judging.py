"""A decision from files alone: raw data of one comparison, in one sitting or in
several, and what the second lanes left beside them."""

import os

import decide
import lanes
import machine
import raw as rawfile
import show
from arguments import Usage


def seeds_of(raw):
    """Each process has its own, in whatever file it stands."""
    return {(p["stage"], p["seed"]) for p in raw.processes}


def fault(first, other):
    """Why two starts are not of one comparison; None if they are."""
    for side in ("base", "head"):
        if other[side]["commit"] != first[side]["commit"]:
            return "compares other commits than"
    for key in ("pairs", "seconds"):
        if other["plan"][key] != first["plan"][key]:
            return f"has other {key} than"
    differs = machine.same(first["machine"], other["machine"])
    return differs and f"was measured on another machine ({differs}) than"


def several(paths, partial):
    """The raw files as one; refused unless they are of one comparison, and
    each process is there once. `partial`: of a damaged file its sound part."""
    raws = [rawfile.read(p, partial) for p in paths]
    first, seen = raws[0].start, {}
    for path, raw in zip(paths, raws):
        why = fault(first, raw.start)
        if why:
            raise Usage(f"{path}: {why} {paths[0]}")
        for seed in seeds_of(raw):
            if seed in seen:
                raise Usage(f"{path}: has a process that {seen[seed]} has, "
                            f"by its seed {seed[1]}")
        seen |= dict.fromkeys(seeds_of(raw), path)
    rows = dict.fromkeys(row for r in raws for row in r.start["rows"])
    plan = dict(first["plan"])
    for key in ("processes", "confirm"):
        plan[key] = sum(r.start["plan"][key] for r in raws)
    counts = next(filter(None, (r.start.get("counts") for r in raws)), None)
    return rawfile.Raw(first | {"rows": list(rows), "plan": plan,
                                "counts": counts},
                       [p for r in raws for p in r.processes],
                       all(r.ended for r in raws),
                       "; ".join(r.fault for r in raws if r.fault) or None)


def refuse_mixed(start):
    """Times of two machines say nothing of two builds."""
    differs = machine.same(*(start[side]["about"].get("machine", {})
                             for side in ("base", "head")))
    if differs:
        raise Usage(f"machines differ: {start['base']['label']} and "
                    f"{start['head']['label']} are builds of two; {differs}")


def was_checked(process):
    """Whether it looked at results. Files that do not say so: the first."""
    return process["stage"] == 1 and process.get("checked",
                                                 process["index"] == 0)


def wrong_rows(raw, verdicts):
    """Rows whose result was looked at and is wrong, with why: times of it say
    nothing. Those that decide knows of are not told twice."""
    judged = {v.row for v in verdicts if v.what != "unclear"}
    return {row: why for process in raw.processes if was_checked(process)
            for row, why in process["errors"].items() if row in judged}


def beside(paths):
    """The second lanes: those of the last file's end."""
    facts, _, _ = rawfile.chain(paths[-1])
    return next(f for f in facts if f["kind"] == "end").get("lanes", {})


def judged(paths, partial=False):
    """What show.py knows of it, the raw data and the verdicts."""
    raw = several(paths, partial)
    refuse_mixed(raw.start)
    verdicts, code, sentence = decide.judge(raw)
    more = beside(paths) if raw.ended else {}
    wrong = wrong_rows(raw, verdicts)
    if wrong:
        row, why = next(iter(wrong.items()))
        text = f"{decide.rows_of(len(wrong))} failed; {row}: {why}"
        code, sentence = code or 2, f"{sentence}; {text}" if code else text
    more["counts"], grown = lanes.counts_judged(raw.start.get("counts"),
                                                verdicts)
    if grown:
        code, sentence = 1, f"{grown}; {sentence}"
    if raw.fault:
        more["notes"] = more.get("notes", []) + [f"{raw.fault}; judged is what "
                                                 "stands before it"]
    shown = show.of_comparison(raw, verdicts, code, sentence, more,
                               ", ".join(os.path.relpath(p) for p in paths))
    return shown, raw, verdicts
