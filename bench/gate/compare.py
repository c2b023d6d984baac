"""compare.py BASE [HEAD]: is HEAD slower than BASE? Builds both, measures all
rows, measures again what seems changed, and says so: exit code 0 no slow-down,
1 slow-down confirmed, 2 could not be judged."""

import argparse
import collections
import contextlib
import datetime
import os
import pathlib
import re
import secrets
import signal
import sys
import time

import builds
import decide
import machine
import measure
import ratios
import raw as rawfile
import show

ROOT = measure.ROOT
HISTORY = ROOT / "results/history.jsonl"
# Rows of kernels alone.
NUMERIC = r"^(exp|log|sigmoid|tanh|relu|gemv|gemm)/"
FAILURES = builds.Failed, measure.Failed, rawfile.Refused


class Usage(Exception):
    """What was asked for cannot be done."""


# ---- arguments ---

def natural(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return value


def duration(text):
    value = float(text)
    if not 1e-6 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not in 1e-6 to 1")
    return value


def pattern(text):
    try:
        return re.compile(text)
    except re.error as e:
        raise argparse.ArgumentTypeError(f"{text}: {e}") from e


EPILOG = """Exit codes: 0 no slow-down, 1 slow-down confirmed, 2 could not be
judged. Raw data lie in build/compare/raw; --judge decides them again."""


def parser():
    p = argparse.ArgumentParser(
        prog="run compare", epilog=EPILOG,
        description="Is HEAD slower than BASE, row by row?")
    p.add_argument("base", nargs="?", metavar="BASE", help="a commit")
    p.add_argument("head", nargs="?", metavar="HEAD",
                   help="another; the working tree if not given")
    p.add_argument("--rows", type=pattern, metavar="REGEX",
                   help="only rows that it is found in")
    p.add_argument("--quick", action="store_true",
                   help="only rows of kernels, and only their times")
    p.add_argument("--list", action="store_true",
                   help="print the rows, measure nothing")
    p.add_argument("--pinned", nargs="?", const="pinned", metavar="TAG",
                   help="compare with this tag's commit too: many small "
                   "slow-downs add up there (default: pinned)")
    p.add_argument("--json", metavar="FILE", help="write the numbers there")
    p.add_argument("--markdown", metavar="FILE",
                   help="append a summary there, for a CI job's page")
    p.add_argument("--record", action="store_true",
                   help="append HEAD's rows to results/history.jsonl")
    p.add_argument("--judge", nargs="+", metavar="RAW",
                   help="decide again what was measured; of several sittings "
                   "of the same commits on one machine together")
    p.add_argument("--objects", nargs=2, metavar="DIR",
                   help="compare two folders of objects (*.o), not commits")
    p.add_argument("--raw", metavar="FILE",
                   help="keep raw data there, not under build/compare/raw")
    p.add_argument("--runner", default=str(measure.RUNNER), metavar="FILE",
                   help="the program that loads both and times them")
    plan = p.add_argument_group("plan")
    plan.add_argument("--processes", type=natural, metavar="N",
                      help=f"of the first stage ({decide.PROCESSES}); twice "
                      "as many of the second")
    plan.add_argument("--pairs", type=natural, default=decide.PAIRS,
                      metavar="N", help="in a process and row (%(default)s)")
    plan.add_argument("--seconds", type=duration, default=decide.SECONDS,
                      metavar="S", help="a sample (%(default)s)")
    plan.add_argument("--seed", type=int, metavar="N",
                      help="of all layouts and turns; another each time if "
                      "not given")
    plan.add_argument("--no-counts", action="store_true",
                      help="count no instructions")
    plan.add_argument("--no-ratios", action="store_true",
                      help="time no baselines")
    return p


def check(args):
    """What argparse cannot."""
    if args.judge:
        clash = [n for n in ("base", "objects", "pinned", "list", "record",
                             "raw")
                 if getattr(args, n)]
    elif args.objects:
        clash = [n for n in ("base", "pinned", "record") if getattr(args, n)]
    else:
        clash = []
        if not args.base and not args.list:
            raise Usage("a BASE to compare with is needed, as in "
                        "./run compare HEAD~1")
        if args.raw and args.pinned:
            raise Usage("--raw is one file, and --pinned makes two")
    if clash:
        other = "--judge" if args.judge else "--objects"
        raise Usage(f"{other} goes without {', '.join(clash)}")


# ---- one comparison ---

def plan_of(args):
    processes = args.processes or decide.PROCESSES
    confirm = 2 * args.processes if args.processes else decide.CONFIRM
    seed = args.seed if args.seed is not None else secrets.randbits(31)
    return {"processes": processes, "confirm": confirm, "pairs": args.pairs,
            "seconds": args.seconds, "seed": seed}


def rows_of(args, base, head):
    """Rows to compare, and notes of those that only one of them has."""
    with measure.fresh_folder() as folder:
        files = [os.path.join(folder, f) for f in ("a.so", "b.so")]
        builds.link_all(ROOT, [(base, 1, files[0]), (head, 2, files[1])])
        old, new = (measure.list_rows(f, args.runner) for f in files)
    chosen = [r for r in new if (not args.rows or args.rows.search(r)) and
              (not args.quick or re.search(NUMERIC, r))]
    if not chosen:
        raise Usage("no row is asked for: --list prints those there are")
    both = [r for r in chosen if r in old]
    if not both:
        raise Usage(f"{base.label} has none of the rows")
    notes = [f"{r}: {base.label} does not have it" for r in chosen
             if r not in both]
    notes += [f"{r}: {head.label} does not have it" for r in old
              if r not in new]
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


def lanes_of(args, base, head, start, spent):
    """The second lanes, as JSON keeps them."""
    found = {}
    if not (args.no_ratios or args.quick or args.objects):
        with timed(spent, "ratios"):
            lane = ratios.lane(head, start["rows"], start["plan"]["seed"],
                               measure.progress("baselines"), args.runner)
        found["ratios"] = {row: {b: s._asdict() for b, s in of.items()}
                           for row, of in lane.items()}
    return found


def ended(lanes, path):
    """The last line: how many processes, and what is no raw data."""
    found = rawfile.read(path)
    counted = collections.Counter(str(p["stage"]) for p in found.processes)
    return {"kind": "end", "processes": dict(counted), "lanes": lanes}


def measured(args, base, head, spent):
    """The path of a raw file, and whether it was interrupted."""
    rows, notes = rows_of(args, base, head)
    start = start_of(base, head, plan_of(args), rows)
    path, lost = args.raw or raw_path(base, head), []
    if args.raw and os.path.exists(args.raw):
        raise Usage(f"{args.raw} is there already, and is not written over")
    with rawfile.Writer(path) as writer:
        writer.add(start)
        try:
            stages(args, base, head, start, writer, spent, lost)
            lanes = lanes_of(args, base, head, start, spent)
        except KeyboardInterrupt:
            return path, True
        lanes |= {"notes": notes + lost, "spent":
                  {k: round(v, 1) for k, v in spent.items()}}
        writer.add(ended(lanes, path))
    return path, False


# ---- the decision ---

def several(paths):
    """The raw files as one; refused unless they are of one comparison."""
    raws = [rawfile.read(p) for p in paths]
    first = raws[0].start
    for path, other in zip(paths[1:], (r.start for r in raws[1:])):
        for side in ("base", "head"):
            if other[side]["commit"] != first[side]["commit"]:
                raise Usage(f"{path}: compares other commits than {paths[0]}")
        differs = machine.same(first["machine"], other["machine"])
        if differs:
            raise Usage(f"{path}: was measured on another machine than "
                        f"{paths[0]}: {differs}")
    rows = dict.fromkeys(row for r in raws for row in r.start["rows"])
    return rawfile.Raw(first | {"rows": list(rows)},
                       [p for r in raws for p in r.processes],
                       all(r.ended for r in raws))


def refuse_mixed(start):
    """Times of two machines say nothing of two builds."""
    differs = machine.same(*(start[side]["about"].get("machine", {})
                             for side in ("base", "head")))
    if differs:
        raise Usage(f"machines differ: {start['base']['label']} and "
                    f"{start['head']['label']} are builds of two; {differs}")


def errors_of(raw):
    """Rows that failed in some process, each with its first reason."""
    found = {}
    for process in raw.processes:
        for row, why in process["errors"].items():
            found.setdefault(row, why)
    return found


def judged(paths):
    """The dict that show.py knows, and what history.py wants beside it."""
    raw = several(paths)
    refuse_mixed(raw.start)
    verdicts, code, sentence = decide.judge(raw)
    lanes = lanes_in(paths) if raw.ended else {}
    errors = errors_of(raw)
    if errors:
        row, why = next(iter(errors.items()))
        text = f"{len(errors)} rows failed; {row}: {why}"
        code, sentence = code or 2, (f"{sentence}; {text}" if code else text)
    shown = show.of_comparison(raw, verdicts, code, sentence, lanes,
                               ", ".join(os.path.relpath(p) for p in paths))
    return shown, raw, verdicts


def lanes_in(paths):
    """Those of the last file's end."""
    with open(paths[-1], encoding="utf-8") as f:
        last = f.read().splitlines()[-1]
    return rawfile.json.loads(last.partition("\t")[0]).get("lanes", {})


def interrupted(path):
    """Says what was kept; whether it is enough to decide."""
    found = rawfile.read(path, partial=True)
    measure.say(f"interrupted: {len(found.processes)} complete processes are "
                f"kept in {os.path.relpath(path)}")
    return len(found.processes) >= decide.LEAST


def emit(args, shown):
    print(show.table(shown))
    if args.markdown:
        with open(args.markdown, "a", encoding="utf-8") as f:
            f.write(show.markdown(shown))


# ---- jobs ---

def build_pair(args, rev, spent):
    with timed(spent, "builds"):
        if args.objects:
            return [builds.of_objects(folder) for folder in args.objects]
        head = (builds.of_commit(ROOT, args.head) if args.head
                else builds.of_worktree(ROOT))
        return [builds.of_commit(ROOT, rev) if rev else head, head]


def list_job(args):
    base, head = build_pair(args, args.base, collections.Counter())
    rows, notes = rows_of(args, base, head)
    print("\n".join(rows))
    for note in notes:
        measure.say(note)
    return 0


def record(raw, verdicts, shown):
    """HEAD's rows into the history."""
    import history
    extra = {r["row"]: {f"vs_{b}": s["ratio"]
                        for b, s in r.get("speedup", {}).items()}
             for r in shown["rows"]}
    added = history.append(HISTORY, raw, verdicts, extra)
    measure.say(f"{added} lines appended to {os.path.relpath(HISTORY)}")


def against(args, rev):
    """One comparison from builds to its dict."""
    spent = collections.Counter()
    base, head = build_pair(args, rev, spent)
    if args.record and head.commit.endswith("-dirty"):
        raise Usage("--record needs a commit: the working tree is changed")
    path, stopped = measured(args, base, head, spent)
    if stopped and not interrupted(path):
        return None
    shown, raw, verdicts = judged([path])
    emit(args, shown)
    if args.record and not stopped:
        record(raw, verdicts, shown)
    return shown


def compare_job(args):
    """All comparisons asked for; [dict], None for one without a decision."""
    if args.judge:
        shown = judged(args.judge)[0]
        emit(args, shown)
        return [shown]
    done = [against(args, args.base)]
    if args.pinned and done[0]:
        done.append(against(args, args.pinned))
    return done


def worst(shown):
    """1 before 2 before 0, with its sentence."""
    if None in shown:
        return 2, "interrupted before there was enough to judge"
    one = min(shown, key=lambda s: (1, 2, 0).index(s["code"]))
    name = f"against {one['base']['label']}: " if len(shown) > 1 else ""
    return one["code"], name + one["sentence"]


def run(argv):
    args = parser().parse_args(argv)
    check(args)
    if args.list:
        return list_job(args)
    shown = compare_job(args)
    code, sentence = worst(shown)
    if args.json:
        found = [s for s in shown if s]
        whole = found[0] if len(found) == 1 else {"comparisons": found}
        pathlib.Path(args.json).write_text(show.to_json(whole),
                                           encoding="utf-8")
    print(f"compare: {sentence}",
          file=sys.stdout if code == 0 else sys.stderr)
    return code


def stop(*_):
    raise KeyboardInterrupt


def main(argv):
    signal.signal(signal.SIGTERM, stop)
    try:
        return run(argv)
    except (Usage, *FAILURES) as e:
        measure.say(str(e))
    except KeyboardInterrupt:
        measure.say("interrupted")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
