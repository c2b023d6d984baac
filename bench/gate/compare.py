"""compare.py BASE [HEAD]: is HEAD slower than BASE? Builds both, measures all
rows, measures again what seems changed, and says so: exit code 0 no slow-down,
1 slow-down confirmed, 2 could not be judged."""

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
import judging
import lanes
import machine
import measure
import raw as rawfile
import show
from arguments import NUMERIC, Usage, check, parser

ROOT = measure.ROOT
HISTORY = ROOT / "results/history.jsonl"
FAILURES = builds.Failed, measure.Failed, rawfile.Refused


# ---- one comparison ---

def plan_of(args):
    processes = args.processes or decide.PROCESSES
    confirm = 2 * args.processes if args.processes else decide.CONFIRM
    seed = args.seed if args.seed is not None else secrets.randbits(31)
    return {"processes": processes, "confirm": confirm,
            "pairs": args.pairs, "seconds": args.seconds, "seed": seed}


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


def ratios_of(args, head, start, spent):
    """The speed-ups, and notes where there are none: they are not worth losing
    what was measured."""
    if args.no_ratios or args.quick or args.objects:
        return {}, []
    try:
        with timed(spent, "ratios"):
            return {"ratios": lanes.ratios_of(args, head, start)}, []
    except FAILURES as e:
        return {}, [f"no speed-ups: {e}"]
    except KeyboardInterrupt:
        return {}, ["no speed-ups: interrupted"]


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
    if args.raw and os.path.exists(args.raw):
        raise Usage(f"{args.raw} is there already, and is not written over")
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
        found, more = ratios_of(args, head, start, spent)
        found |= {"notes": notes + lost + more,
                  "spent": {k: round(v, 1) for k, v in spent.items()}}
        writer.add(ended(found, path))
    return path, False


# ---- the decision ---

def interrupted(path):
    """Says what was kept; whether it is enough to decide."""
    found = rawfile.read(path, partial=True)
    measure.say(f"interrupted: {len(found.processes)} complete processes are "
                f"kept in {os.path.relpath(path)}")
    return len(found.processes) >= decide.LEAST


def emit(args, shown):
    if args.since:
        shown["notes"] = shown["notes"] + lanes.fallen(args.since, shown)
    print(show.table(shown))
    if args.markdown:
        with open(args.markdown, "a", encoding="utf-8") as f:
            f.write(show.markdown(shown))


# ---- jobs ---

def build_pair(args, rev, spent):
    with timed(spent, "builds"):
        if args.objects:
            return [builds.of_objects(folder) for folder in args.objects]
        base = rev and builds.of_commit(ROOT, rev)
        head = (builds.of_commit(ROOT, args.head) if args.head
                else builds.of_worktree(ROOT))
        return [base or head, head]


def list_job(args):
    base, head = build_pair(args, args.base, collections.Counter())
    rows, notes = rows_of(args, base, head)
    print("\n".join(rows))
    for note in notes:
        measure.say(note)
    return 0


def record(raw, verdicts, shown):
    """HEAD's rows into the history."""
    import history  # needs more than comparing does
    extra = history.counted(shown["counts"])
    for r in shown["rows"]:
        extra.setdefault(r["row"], {}).update(
            {f"vs_{baseline}": s["ratio"]
             for baseline, s in r.get("speedup", {}).items()})
    try:
        added = history.append(HISTORY, raw, verdicts, extra)
    except history.Refused as e:
        raise Usage(f"not recorded: {e}") from e
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
    shown, raw, verdicts = judging.judged([path])
    emit(args, shown)
    if args.record and rev == args.base and not stopped:
        record(raw, verdicts, shown)
    return shown


def pinned(tag):
    """How git calls it."""
    try:
        builds.commit_of(ROOT, f"refs/tags/{tag}")
    except builds.Failed:
        raise Usage(f"there is no tag '{tag}': `git tag {tag} COMMIT` pins "
                    "an old base") from None
    return f"refs/tags/{tag}"


def compare_job(args):
    """All comparisons asked for; [dict], None for one without a decision."""
    if args.judge:
        shown = judging.judged(args.judge)[0]
        emit(args, shown)
        return [shown]
    tag = args.pinned and pinned(args.pinned)  # before minutes are spent
    done = [against(args, args.base)]
    if tag and done[0]:
        done.append(against(args, tag))
    return done


def worst(shown):
    """1 before 2 before 0, with its sentence."""
    if None in shown:
        return 2, "interrupted before there was enough to judge"
    one = min(shown, key=lambda s: (1, 2, 0).index(s["code"]))
    name = f"against {one['base']['label']}: " if len(shown) > 1 else ""
    return one["code"], name + one["sentence"]


def run(argv):
    if argv[:1] == ["--self-check"]:
        import selfcheck
        return selfcheck.main(argv[1:])
    args = parser().parse_args(argv)
    check(args)
    if args.list:
        return list_job(args)
    for path in filter(None, (args.json, args.markdown)):
        with open(path, "a", encoding="utf-8"):
            pass  # not after minutes either
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
    except (Usage, OSError, *FAILURES) as e:
        measure.say(str(e))
    except KeyboardInterrupt:
        measure.say("interrupted")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
