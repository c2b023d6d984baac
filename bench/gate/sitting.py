"""One sitting: both builds' rows listed, counted and timed, each process in the
raw file before the next one begins."""

import collections
import contextlib
import datetime
import os
import re
import secrets
import time

import builds
import counts
import decide
import lanes
import layouts
import machine
import measure
import raw as rawfile
from arguments import NUMERIC, Usage

ROOT = measure.ROOT
FAILURES = builds.Failed, measure.Failed, rawfile.Refused


# ---- what is measured ---

def plan_of(args):
    processes = args.processes or decide.PROCESSES
    confirm = 2 * args.processes if args.processes else decide.CONFIRM
    seed = args.seed if args.seed is not None else secrets.randbits(31)
    return {"processes": processes, "confirm": confirm,
            "pairs": args.pairs, "seconds": args.seconds, "seed": seed}


def chosen_of(args, listed):
    """The rows asked for; those that are only counted if it is no other."""
    if args.quick:
        listed = [r for r in listed if re.search(NUMERIC, r)]
    chosen = [r for r in listed if not args.rows or args.rows.search(r)]
    if chosen or args.quick or args.objects or not args.rows:
        return chosen
    return list(filter(args.rows.search, counts.ROWS))


def none_of(args):
    """Why no row is left."""
    asked = ["--quick"] if args.quick else []
    asked += [f"--rows '{args.rows.pattern}'"] if args.rows else []
    if asked:
        return (f"no row is left by {' '.join(asked)}: --list prints those "
                "there are")
    return "no row opens on this machine"


def rows_of(args, base, head):
    """Rows to compare, and notes of those that BASE does not have. One that
    only BASE has is measured: its error says why HEAD does not run it."""
    with measure.fresh_folder() as folder:
        files = [os.path.join(folder, f) for f in ("a.so", "b.so")]
        layouts.link_all(ROOT, [(base, 1, files[0]), (head, 2, files[1])])
        old, new = (measure.list_rows(f, args.runner) for f in files)
    chosen = chosen_of(args, list(dict.fromkeys(new + old)))
    if not chosen:
        raise Usage(none_of(args))
    both = [r for r in chosen if r in old or r in counts.ROWS]
    if not both:
        raise Usage(f"{base.label} has none of the rows")
    notes = [f"{r}: {base.label} does not have it" for r in chosen
             if r not in both]
    return both, notes


def told(build):
    return {"label": build.label, "commit": build.commit,
            "about": build.about}


def start_of(base, head, plan, rows):
    now = datetime.datetime.now(datetime.timezone.utc)
    return {"kind": "start", "format": rawfile.FORMAT,
            "when": now.isoformat(timespec="seconds"), "base": told(base),
            "head": told(head), "machine": machine.fingerprint(head.about),
            "plan": plan, "rows": rows}


def raw_path(base, head):
    folder = ROOT / builds.KEPT / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.timezone.utc)
    stem = f"{now:%Y%m%dT%H%M%S}-{base.commit[:9]}-{head.commit[:9]}"
    for i in range(1, 1000):
        path = folder / f"{stem}{'' if i == 1 else f'-{i}'}.jsonl"
        with contextlib.suppress(FileExistsError):
            path.touch(exist_ok=False)
            return path
    raise Usage(f"{folder} is full of {stem}")


@contextlib.contextmanager
def timed(spent, what):
    began = time.monotonic()
    try:
        yield
    finally:
        spent[what] += time.monotonic() - began


def stages(args, base, head, start, writer, spent, lost):
    """Measures all rows, then those that decide suspects; each process is in
    the file before the next one begins."""
    plan, processes = start["plan"], []
    rows, count = start["rows"], plan["processes"]
    for stage in (1, 2):
        what = "measuring" if stage == 1 else f"{len(rows)} rows again"
        for process in measure.processes(
                base, head, rows, count, plan["pairs"], plan["seconds"],
                plan["seed"], progress=measure.progress(what), stage=stage,
                runner=args.runner, spent=spent, lost=lost,
                check=stage == 1):
            writer.add(process)
            processes.append(process)
        first = rawfile.Raw(start, processes, False)
        rows, count = decide.suspects(decide.estimates(first, 1)), \
            plan["confirm"]
        if not rows:
            break


def ratios_of(args, head, start, spent):
    """The speed-ups, notes where there are none, since they are not worth
    losing what was measured, and whether it was interrupted."""
    if args.no_ratios or args.quick or args.objects:
        return {}, [], False
    try:
        with timed(spent, "ratios"):
            return {"ratios": lanes.ratios_of(args, head, start)}, [], False
    except FAILURES as e:
        return {}, [f"no speed-ups: {e}"], False
    except KeyboardInterrupt:
        return {}, ["no speed-ups: interrupted"], True


def ended(found, path):
    """The last line: how many processes, and what is no raw data."""
    counted = collections.Counter(
        str(p["stage"]) for p in rawfile.read(path).processes)
    return {"kind": "end", "processes": dict(counted), "lanes": found}


def counted(args, base, head, rows, spent):
    if args.no_counts or args.quick:
        return None
    with timed(spent, "counts"):
        return lanes.counts_of(args, base, head, rows)


def measured(args, base, head, spent):
    """The path of a raw file, and whether it was interrupted."""
    rows, notes = rows_of(args, base, head)
    kept = counted(args, base, head, rows, spent)
    rows += [r for r in lanes.suspects(kept) if r not in rows]
    start = start_of(base, head, plan_of(args), rows) | {"counts": kept}
    path, lost = args.raw or raw_path(base, head), []
    with rawfile.Writer(path) as writer:
        writer.add(start)
        try:
            stages(args, base, head, start, writer, spent, lost)
        except KeyboardInterrupt:
            return path, True
        except FAILURES as e:
            raise measure.Failed(f"{e}; {os.path.relpath(path)} keeps what "
                                 "there is") from e
        found, more, stopped = ratios_of(args, head, start, spent)
        found |= {"notes": notes + lost + more,
                  "spent": {k: round(v, 1) for k, v in spent.items()}}
        writer.add(ended(found, path))
    return path, stopped
