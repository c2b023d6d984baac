"""The lanes beside the times, as JSON keeps them: speed-ups over baselines, and
instructions and machine code, which are the same in every run."""

import concurrent.futures
import json

import counts
import machine
import measure
import ratios


def ratios_of(args, head, start):
    """{row: {baseline: a Speedup as a dict}}."""
    lane = ratios.lane(head, start["rows"], start["plan"]["seed"],
                       measure.progress("baselines"), args.runner)
    return {row: {b: s._asdict() for b, s in of.items()}
            for row, of in lane.items()}


def counts_of(args, base, head, start):
    """Both builds beside one another: counting disturbs nothing."""
    rows = start["rows"] if args.objects else counts.ROWS
    rows = [r for r in rows if not args.rows or args.rows.search(r)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        old, new = pool.map(lambda b: counts.counts(b, rows, args.runner),
                            (base, head))
    findings = [f._asdict() | {"text": counts.said(f)}
                for f in counts.compare(old, new)]
    return {"findings": findings, "reasons": [*new.reasons, *(
                r for r in old.reasons if r not in new.reasons)],
            "instructions": new.instructions}


def failed(lane):
    return [f for f in (lane or {}).get("findings", ())
            if f["verdict"] == counts.FAILS]


def sentence_of(lane):
    """What of the counts fails the gate, or None."""
    some = failed(lane)
    if not some:
        return None
    more = f", and {len(some) - 1} more" if len(some) > 1 else ""
    return some[0]["text"] + more


def notes_of(lane):
    """All that people are told of the counts."""
    if not lane:
        return []
    told = [f["text"] for f in lane["findings"]]
    if lane["instructions"]:
        grown = sum(f["what"] == "instructions" for f in lane["findings"])
        told.insert(0, f"instructions: {grown} of "
                    f"{len(lane['instructions'])} rows differ")
    return told + lane["reasons"]


# ---- speed-ups then and now ---

def speedups(shown):
    """A lane from what --json wrote, or will."""
    return {row["row"]: {b: ratios.Speedup(**s)
                         for b, s in row["speedup"].items()}
            for row in shown["rows"] if "speedup" in row}


def fallen(path, shown):
    """Notes of rows whose speed-up fell since."""
    with open(path, encoding="utf-8") as f:
        old = json.load(f)
    old = old.get("comparisons", [old])[0]
    moved = machine.same(old["machine"], shown["machine"]) is not None
    fell = ratios.compare(speedups(old), speedups(shown), moved)
    return [f"{row}: {share:.3f} of the speed-up over {baseline} since "
            f"{old['head']['label']}; chance leaves {bound:.3f}"
            for row, baseline, share, bound in fell]
