"""What ./run compare can be asked for."""

import argparse
import re

import decide
import measure

# Rows of kernels alone.
NUMERIC = r"^(exp|log|sigmoid|tanh|relu|gemv|gemm)/"
HISTORY = measure.ROOT / "results/history.jsonl"


class Usage(Exception):
    """What was asked for cannot be done."""


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
judged. Raw data lie in build/compare/raw; --judge decides them again.
--self-check [N] measures how often all this errs; it has its own --help."""


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
    p.add_argument("--since", metavar="FILE",
                   help="name rows whose speed-up over the baselines fell "
                   "since --json wrote that, on whatever machine")
    p.add_argument("--record", action="store_true",
                   help="append HEAD's rows to the history")
    p.add_argument("--history", metavar="FILE",
                   help="another one than results/history.jsonl")
    p.add_argument("--judge", nargs="+", metavar="RAW",
                   help="decide again what was measured; of several sittings "
                   "of the same commits on one machine together")
    p.add_argument("--partial", action="store_true",
                   help="with --judge: of a damaged file, what stands before "
                   "the damage")
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
    if args.partial and not args.judge:
        raise Usage("--partial goes with --judge")
    if args.history and not args.record:
        raise Usage("--history goes with --record")
    args.history = args.history or str(HISTORY)
    if args.judge:
        clash = [n for n in ("base", "objects", "pinned", "list", "record",
                             "raw", "rows", "quick")
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
    if args.processes and args.processes < decide.LEAST:
        raise Usage(f"{args.processes} processes decide nothing: "
                    f"{decide.LEAST} are needed")
    none = [n for n in ("quick", "no_ratios", "objects") if getattr(args, n)]
    if args.since and none:
        raise Usage(f"--since looks at speed-ups, and --"
                    f"{none[0].replace('_', '-')} has none")
    if clash:
        other = "--judge" if args.judge else "--objects"
        raise Usage(f"{other} goes without {', '.join(clash)}")
