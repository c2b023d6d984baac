"""compare --self-check [N]: how often the gate cries wolf, and what it misses.
N suites of equal builds and N with slow-downs planted in some rows, measured
and decided as compare does, are added to a file that anyone may judge again."""

import argparse
import collections
import concurrent.futures
import contextlib
import datetime
import functools
import os
import random
import re
import secrets
import signal
import subprocess
import sys
import time

import builds
import decide
import layouts
import machine
import measure
import plants
import raw as rawfile
import suites
from arguments import duration, natural, pattern

ROOT = measure.ROOT
RAW = os.path.join(ROOT, builds.KEPT, "selfcheck.jsonl")
DIGITS = 6  # kept of log(b/a): a ten thousandth of a per cent
MOST_PLANTED = .5  # of a suite's rows
FAILURES = (builds.Failed, measure.Failed, rawfile.Refused, plants.Refused)


# ---- arguments ---


def sizes(text):
    found = [float(part) for part in text.split(",")]
    if not all(0 < size <= 100 for size in found):
        raise argparse.ArgumentTypeError(f"{text}: sizes are per cent")
    return found


def plan(text):
    match = re.fullmatch(r"(\d+)x(\d+)x([\d.]+)\+(\d+)", text)
    if not match:
        raise argparse.ArgumentTypeError(
            f"{text} is not PROCESSESxPAIRSxMILLISECONDS+CONFIRM")
    processes, pairs, ms, confirm = match.groups()
    return {"processes": natural(processes), "confirm": natural(confirm),
            "pairs": natural(pairs), "seconds": duration(float(ms) / 1e3)}


PLAN = {"processes": decide.PROCESSES, "confirm": decide.CONFIRM,
        "pairs": decide.PAIRS, "seconds": decide.SECONDS}


def parser():
    p = argparse.ArgumentParser(
        prog="run compare --self-check", description="False alarms and power "
        "of the gate on this machine, with intervals.")
    p.add_argument("count", nargs="?", type=natural, metavar="N",
                   help="suites of either kind (1; with --minutes no end)")
    p.add_argument("--rows", type=pattern, metavar="REGEX",
                   help="only rows that it is found in")
    p.add_argument("--plant", type=sizes, default=[1., 2., 3., 5.],
                   metavar="1,2,3,5", help="sizes in per cent, in turn")
    p.add_argument("--equal", dest="plant", action="store_const", const=[],
                   help="plant nothing: suites of equal builds alone")
    p.add_argument("--natural", action="store_true",
                   help="N suites of each natural slow-down instead: "
                   + ", ".join(plant.name for plant in plants.PLANTS))
    p.add_argument("--load", action="store_true",
                   help="keep the other cores busy meanwhile")
    p.add_argument("--minutes", type=float, metavar="M",
                   help="begin no suite after so long")
    p.add_argument("--plan", type=plan, default=PLAN, metavar="32x40x.5+64",
                   help="processes, pairs, ms a sample, processes of the "
                   "second stage; as compare's if not given")
    p.add_argument("--raw", default=RAW, metavar="FILE",
                   help="to add to (build/compare/selfcheck.jsonl)")
    p.add_argument("--judge", action="store_true",
                   help="measure nothing, judge what the file has")
    p.add_argument("--runner", default=str(measure.RUNNER),
                   help=argparse.SUPPRESS)
    return p


# ---- which suites ---

# base and head are builds; planted {row: per cent or a name}.
Suite = collections.namedtuple("Suite", "base head rows planted")


def equal(build, rows):
    return Suite(build, build, rows, {})


def slowed(build, rows, size, chance):
    """One size in a random share of the rows."""
    most = max(1, int(MOST_PLANTED * len(rows)))
    chosen = chance.sample(rows, chance.randint(1, most))
    return Suite(build, build, rows, dict.fromkeys(chosen, size))


def random_suites(build, rows, sizes_, count):
    """An A/A suite and, if there are sizes, a planted one in turn; without a
    count, for ever."""
    done = secrets.randbelow(max(len(sizes_), 1))
    end = None if count is None else done + count
    while done != end:
        seed = secrets.randbits(31)
        yield seed, equal(build, rows)
        if sizes_:
            yield seed + 1, slowed(build, rows, sizes_[done % len(sizes_)],
                                   random.Random(seed))
        done += 1


def natural_suites(build, top, count):
    """Each plant in turn."""
    done = 0
    heads = [(p, plants.build(p, ROOT), [f"{row}/{top}" for row in p.rows])
             for p in plants.PLANTS]
    while done != count:
        for plant, head, rows in heads:
            yield secrets.randbits(31), Suite(
                build, head, rows, dict.fromkeys(rows, plant.name))
        done += 1


def rows_of(build, runner):
    """Those that compare measures."""
    with measure.fresh_folder() as folder:
        path = os.path.join(folder, "a.so")
        layouts.link_all(ROOT, [(build, 1, path)])
        return measure.list_rows(path, runner)


# ---- one suite ---


def parts_of(suite, rows):
    """The rows by what the runner slows them down by; it does so to all rows
    of a process alike."""
    parts = collections.defaultdict(list)
    for row in rows:
        size = suite.planted.get(row, 0)
        parts[0 if isinstance(size, str) else size / 100].append(row)
    return parts


def stage(suite, rows, number, count, plan_, seed, processes, progress):
    """{row: [each process's median]}. Parts take turns process by process, so
    that they share the same weather."""
    streams = [processes(suite.base, suite.head, of, count, plan_["pairs"],
                         plan_["seconds"], seed + i, plant=share,
                         progress=progress if i == 0 else None, stage=number)
               for i, (share, of) in
               enumerate(sorted(parts_of(suite, rows).items()))]
    facts = []
    try:
        while streams:
            streams = [s for s in streams if take(s, facts)]
    finally:
        for s in streams:
            s.close()
    found = rawfile.Raw({"rows": rows}, facts, False)
    return {row: decide.processes_of(found, row, number) for row in rows}


def take(stream, facts):
    fact = next(stream, None)
    if fact is None:
        return False
    if fact["errors"]:
        row, why = next(iter(fact["errors"].items()))
        raise measure.Failed(f"{row}: {why}")
    facts.append(fact)
    return True


def kept(medians):
    return {row: [round(float(m), DIGITS) for m in x]
            for row, x in medians.items()}


def measured(suite, plan_, seed, processes, progress):
    """The suite's fact."""
    began = time.monotonic()
    first = stage(suite, suite.rows, 1, plan_["processes"], plan_, seed,
                  processes, progress)
    again = decide.suspects(suites.estimates(first))
    second = stage(suite, again, 2, plan_["confirm"], plan_, seed, processes,
                   progress) if again else {}
    return {"kind": "suite", "seed": seed, "planted": suite.planted,
            "took": round(time.monotonic() - began, 2),
            "waiting": round(os.getloadavg()[0], 1),
            "first": kept(first), "second": kept(second)}


# ---- a sitting ---


@contextlib.contextmanager
def busy(cores):
    """So many plain loops, which end with this process too."""
    code = (f"import os\nwhile os.getppid() == {os.getpid()}:\n"
            "    for i in range(10 ** 6): pass")
    loops = [subprocess.Popen([sys.executable, "-c", code], process_group=0)
             for _ in range(cores)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def sitting_of(build, plan_, load):
    now = datetime.datetime.now(datetime.timezone.utc)
    return {"kind": "sitting", "format": suites.FORMAT,
            "when": now.isoformat(timespec="seconds"), "commit": build.commit,
            "machine": machine.fingerprint(build.about),
            "load": "loaded" if load else "idle", "plan": plan_}


def surprise(judged):
    """What a person wants to hear of at once."""
    for row, v in judged.verdicts.items():
        plant = judged.suite["planted"].get(row)
        if plant is None and v.what != "same":
            yield f"equal, and {v.what}: {told(v)}"
        if plant is not None and v.what != "slower":
            yield f"planted {plant}, and {v.what}: {told(v)}"


def told(v):
    size = suites.change(v)
    return f"{v.row}, {'no time' if size is None else f'{size:+.2f} %'}"


def sit(args, chosen, sitting, writer, processes):
    """Measures suites until they end, or the time does; every one that is
    complete is in the file."""
    began, done = time.monotonic(), 0
    for seed, suite in chosen:
        if args.minutes and time.monotonic() - began > 60 * args.minutes:
            break
        name = ", ".join(sorted({str(p) for p in suite.planted.values()}))
        progress = measure.progress(f"suite {done + 1} "
                                    f"({name or 'A/A'})")
        fact = measured(suite, args.plan, seed, processes, progress)
        if done == 0:
            writer.add(sitting)
        writer.add(fact)
        done += 1
        for text in surprise(suites.judge(sitting, fact)):
            measure.say(f"suite {done}: {text}")
    return done


def check(args):
    if args.natural and not args.plant:
        raise measure.Failed("--natural plants, and --equal does not")
    count = args.count or (None if args.minutes else 1)
    build = builds.of_worktree(ROOT)
    rows = rows_of(build, args.runner)
    top = rows[0].rpartition("/")[2]
    rows = [r for r in rows if not args.rows or args.rows.search(r)]
    if not rows:
        raise measure.Failed(f"no row is called '{args.rows.pattern}': "
                             "./run compare --list prints those there are")
    chosen = (natural_suites(build, top, count) if args.natural else
              random_suites(build, rows, args.plant, count))
    processes = functools.partial(measure.processes, runner=args.runner)
    cores = len(os.sched_getaffinity(0)) - 1 if args.load else 0
    with rawfile.Writer(args.raw) as writer, busy(cores):
        suites.read(args.raw)
        try:
            sit(args, chosen, sitting_of(build, args.plan, args.load), writer,
                processes)
        except KeyboardInterrupt:
            measure.say("interrupted: all complete suites are kept")


def judged(pairs):
    """On all cores: thousands of bootstraps."""
    with concurrent.futures.ProcessPoolExecutor(
            initializer=signal.signal,
            initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        return list(pool.map(suites.judge, *zip(*pairs), chunksize=4))


def main(argv):
    measure.interruptible()
    args = parser().parse_args(argv)
    try:
        if not args.judge:
            check(args)
        found = judged(suites.read(args.raw))
    except (*FAILURES, OSError) as e:
        measure.say(measure.sentence(e))
        return 2
    except KeyboardInterrupt:
        measure.say("interrupted")
        return 2
    print("\n".join(suites.report(found) or ["no suite yet"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
