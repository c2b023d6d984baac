"""The lanes beside the times, as JSON keeps them: speed-ups over baselines, and
instructions and machine code, which are the same in every run."""

import json

import counts
import machine
import measure
import ratios
from arguments import Usage


def ratios_of(args, head, start):
    """{row: {baseline: a Speedup as a dict}}."""
    lane = ratios.lane(head, start["rows"], start["plan"]["seed"],
                       measure.progress("baselines"), args.runner)
    return {row: {b: s._asdict() for b, s in of.items()}
            for row, of in lane.items()}


# ---- counts: kept as they were read, judged beside the times ---

def counts_of(args, base, head, rows):
    rows = rows if args.objects else counts.ROWS
    rows = [r for r in rows if not args.rows or args.rows.search(r)]
    old, new = counts.both(base, head, rows, args.runner)
    return {"findings": [f._asdict() for f in counts.compare(old, new)],
            "reasons": list(dict.fromkeys(old.reasons + new.reasons)),
            "instructions": {row: [old.instructions[row], n] for row, n in
                             new.instructions.items()
                             if row in old.instructions}}


def lane_of(kept):
    return counts.Lane([counts.Finding(**f) for f in kept["findings"]],
                       kept["reasons"])


def suspects(kept):
    """Rows to time beside the others: more instructions may be faster."""
    return counts.suspects(lane_of(kept)) if kept else []


def counts_judged(kept, verdicts):
    """The lane after its suspects were timed, as JSON, and what of it fails
    the gate as a sentence; None, None if nothing was counted."""
    if not kept:
        return None, None
    lane = counts.judged(lane_of(kept), {v.row: v.second or v.first
                                         for v in verdicts})
    failed = counts.failed(lane)
    more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    return ({**counts.as_json(lane), "instructions": kept["instructions"]},
            counts.said(failed[0]) + more if failed else None)


# ---- speed-ups then and now ---

def speedups(shown):
    """A lane from what --json wrote, or will."""
    return {row["row"]: {b: ratios.Speedup(**s)
                         for b, s in row["speedup"].items()}
            for row in shown.get("rows", []) if "speedup" in row}


def before(path):
    """Label, machine and speed-ups of what --json wrote there."""
    try:
        with open(path, encoding="utf-8") as f:
            old = json.load(f)
        every = old.get("comparisons", [old])
        old = next((c for c in every if "rows" in c), every[0])
        return (old["head"]["label"], dict(old.get("machine", {})),
                speedups(old))
    except (ValueError, LookupError, TypeError, AttributeError) as e:
        raise Usage(f"{path}: holds no comparison that --json wrote") from e


def fallen(since, shown):
    """Notes of rows whose speed-up fell since."""
    label, hardware, old = since
    if not old or not speedups(shown):
        return [f"nothing is known of speed-ups since {label}"]
    moved = machine.same(hardware, shown["machine"]) is not None
    fell = ratios.compare(old, speedups(shown), moved)
    return [f"{row}: {share:.3f} of the speed-up over {baseline} since "
            f"{label}; chance leaves {bound:.3f}"
            for row, baseline, share, bound in fell]
