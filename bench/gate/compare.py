"""compare.py BASE [HEAD]: is HEAD slower than BASE? Builds both, measures all
rows, measures again what seems changed, and says so: exit code 0 no slow-down,
1 slow-down confirmed, 2 could not be judged."""

import collections
import os
import pathlib
import sys
import traceback

import builds
import decide
import judging
import lanes
import measure
import raw as rawfile
import show
import sitting
from arguments import Usage, check, parser
from commits import history

ROOT = measure.ROOT
EXPECTED = Usage, OSError, history.Refused, *sitting.FAILURES


# ---- jobs ---

def build_pair(args, rev, spent):
    with sitting.timed(spent, "builds"):
        if args.objects:
            return [builds.of_objects(folder) for folder in args.objects]
        base = rev and builds.of_commit(ROOT, rev)
        head = (builds.of_commit(ROOT, args.head) if args.head
                else builds.of_worktree(ROOT))
        return [base or head, head]


def list_job(args):
    base, head = build_pair(args, args.base, collections.Counter())
    rows, notes = sitting.rows_of(args, base, head)
    print("\n".join(rows))
    for note in notes:
        measure.say(note)
    return 0


def recordable(path, base, head):
    """What the history would refuse is refused before it is measured."""
    if "-dirty" in head.commit:
        raise Usage("--record needs a commit: the working tree is changed")
    if base.commit == head.commit:
        raise Usage("--record needs two commits: BASE and HEAD are one")
    if not os.path.isdir(os.path.dirname(path) or "."):
        raise Usage(f"there is no folder for {path}")
    history.read(path)


def record(path, raw, verdicts, shown):
    """HEAD's rows into the history; no failure there changes a verdict."""
    extra = history.counted(shown["counts"])
    for r in shown["rows"]:
        extra.setdefault(r["row"], {}).update(
            {f"vs_{baseline}": s["ratio"]
             for baseline, s in r.get("speedup", {}).items()})
    try:
        added = history.append(path, raw, verdicts, extra)
    except (Exception, KeyboardInterrupt) as e:
        measure.say(f"not recorded: {told(e)}")
        return
    measure.say(f"{added} lines appended to {os.path.relpath(path)}")


def enough(path):
    """Says what an interruption left; Usage if it does not decide."""
    kept = len(rawfile.read(path, partial=True).processes)
    measure.say(f"interrupted: {kept} complete processes are kept in "
                f"{os.path.relpath(path)}")
    if kept < decide.LEAST:
        raise Usage("interrupted before there was enough to judge; "
                    f"{os.path.relpath(path)} keeps what there is")


def against(args, rev):
    """One comparison from builds to its dict, and whether it was stopped."""
    spent = collections.Counter()
    base, head = build_pair(args, rev, spent)
    recorded = args.record and rev == args.base
    if recorded:
        recordable(args.history, base, head)
    elif (base.commit != head.commit and not args.since and
          builds.same_code(base, head)):
        sitting.rows_of(args, base, head)  # refuses what is not there
        return show.of_equal(sitting.told(base), sitting.told(head)), False
    path, stopped = sitting.measured(args, base, head, spent)
    if stopped:
        enough(path)
    shown, raw, verdicts = judging.judged([path])
    if stopped and raw.ended:
        shown["code"] = shown["code"] or 2
        shown["sentence"] += "; interrupted at the speed-ups"
    elif recorded and not stopped:
        record(args.history, raw, verdicts, shown)
    return shown, stopped


# ---- all that was asked for ---

def pinned(tag):
    """How git calls it."""
    try:
        builds.commit_of(ROOT, f"refs/tags/{tag}")
    except builds.Failed:
        raise Usage(f"there is no tag '{tag}': `git tag {tag} COMMIT` pins "
                    "an old base") from None
    return f"refs/tags/{tag}"


def ready(args):
    """What can be refused is refused before minutes are spent."""
    args.since = args.since and lanes.before(args.since)
    args.pinned = args.pinned and pinned(args.pinned)
    if args.raw and os.path.exists(args.raw):
        raise Usage(f"{args.raw} is there already, and is not written over")
    if args.raw and not os.path.isdir(os.path.dirname(args.raw) or "."):
        raise Usage(f"there is no folder for {args.raw}")
    for path in filter(None, (args.markdown, args.json)):
        with open(path, "a", encoding="utf-8"):
            pass


def told(error):
    """The sentence of an error; of one that nobody expected also where."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, EXPECTED):
        return measure.sentence(error)
    traceback.print_exception(error)
    return f"{type(error).__name__}: {error}"


def tried(args, rev):
    """As against; what fails is a dict of code 2, and ends it all."""
    try:
        if args.judge:
            return judging.judged(args.judge, args.partial)[0], False
        return against(args, rev)
    except (Exception, KeyboardInterrupt) as e:
        label = (rev or "it").removeprefix("refs/tags/")
        return show.of_failure(label, told(e)), True


def emit(args, shown):
    if "rows" in shown:
        if args.since:
            shown["notes"] = shown["notes"] + lanes.fallen(args.since, shown)
        print(show.table(shown))
    if args.markdown:
        with open(args.markdown, "a", encoding="utf-8") as f:
            f.write(show.markdown(shown))


def compare_job(args):
    """The dicts of all comparisons asked for, as far as they went."""
    done = []
    for rev in [args.base] + ([args.pinned] if args.pinned else []):
        shown, stopped = tried(args, rev)
        emit(args, shown)
        done.append(shown)
        if stopped:
            break
    return done


def worst(shown):
    """1 before 2 before 0, and all sentences in this order."""
    def said(s):
        name = f"against {s['base']['label']}: " if len(shown) > 1 else ""
        return name + s["sentence"]
    ordered = sorted(shown, key=lambda s: (1, 2, 0).index(s["code"]))
    return ordered[0]["code"], "; ".join(map(said, ordered))


def run(argv):
    if argv[:1] == ["--self-check"]:
        import selfcheck
        return selfcheck.main(argv[1:])
    args = parser().parse_args(argv)
    check(args)
    if args.list:
        return list_job(args)
    ready(args)
    shown = compare_job(args)
    code, sentence = worst(shown)
    if args.json:
        whole = shown[0] if len(shown) == 1 else {"comparisons": shown}
        pathlib.Path(args.json).write_text(show.to_json(whole),
                                           encoding="utf-8")
    print(f"compare: {sentence}",
          file=sys.stdout if code == 0 else sys.stderr)
    return code


def main(argv):
    """Never 1 but for a slow-down: with that Python ends at an exception."""
    measure.interruptible()
    try:
        return run(argv)
    except (Exception, KeyboardInterrupt) as e:
        measure.say(told(e))
    return 2


if __name__ == "__main__":
    for each in (sys.stdout, sys.stderr):
        each.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))
