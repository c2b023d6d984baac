#!/usr/bin/env python3
"""A record of the bench as pictures, and what the pages say of it.

  draw.py RECORD.json                 writes RECORD-*.svg (needs matplotlib)
  draw.py RECORD.json --no-plots      none of them
         [--readme README.md] [--limits kernels/LIMITS.md]
                                      and fills these between their markers
  draw.py --check [--readme ...] [--limits ...]
                                      exit 1 unless they say what the record
                                      that they name makes them say, and its
                                      pictures are of it
"""

import argparse
import glob
import os
import re
import sys

import misses
import pages
import record as records

PARTS = {"readme": pages.readme, "limits": misses.limits}


def command(path, args):
    """What makes the pages anew."""
    given = " ".join(f"--{p} {getattr(args, p)}" for p in PARTS
                     if getattr(args, p))
    return f"results/draw.py {path} {given}"


def leftovers(record):
    """Pictures of this record's name that it does not have."""
    own = re.compile(re.escape(record.stem) +
                     r"-(share|peers|roofline|over)(-[a-z0-9_-]+)?\.svg")
    kept = {p.path for p in records.pictures(record)}
    return [f for f in sorted(glob.glob(glob.escape(record.stem) + "-*.svg"))
            if own.fullmatch(f) and f not in kept]


# ---- check ---

def check_picture(record, path):
    if not os.path.exists(path):
        raise pages.Stale(f"{path} is missing")
    with open(path, encoding="utf-8") as f:
        if record.digest not in f.read(4000):
            raise pages.Stale(f"{path} is drawn from another {record.path}")


def check(args):
    for name, part in PARTS.items():
        page = getattr(args, name)
        if not page:
            continue
        text, path = pages.marked(page)
        path = os.path.normpath(path)
        record = records.Record(path)
        try:
            if pages.filled(page, record, part) != text:
                raise pages.Stale(f"{page} does not say what {path} says "
                                  "between its markers")
            for picture in records.pictures(record):
                check_picture(record, picture.path)
            for extra in leftovers(record):
                raise pages.Stale(f"{extra} is no picture of {path}")
        except pages.Stale as stale:
            sys.exit(f"{stale}; mend it by: {command(path, args)}")
        print(f"{page} is of {path}")


# ---- draw ---

def draw(record):
    try:
        import plots
    except ImportError as error:
        sys.exit(f"no pictures: {error}; bench/venv.sh build/peers peers "
                 "installs matplotlib for build/peers/bin/python")
    for extra in leftovers(record):
        os.remove(extra)
    for picture in records.pictures(record):
        plots.draw(record, picture)
        print(f"wrote {picture.path}", file=sys.stderr)


def fill(record, args):
    for name, part in PARTS.items():
        page = getattr(args, name)
        if not page:
            continue
        text = pages.filled(page, record, part)
        with open(page, "w", encoding="utf-8") as f:
            f.write(text)
        print(f"filled {page}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("record", nargs="?", help="of the bench, JSON")
    parser.add_argument("--readme", help="the page of the main tables")
    parser.add_argument("--limits", help="the page of what misses its limit")
    parser.add_argument("--no-plots", action="store_true")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if args.check == bool(args.record):
        parser.error("a record is expected, or --check")
    try:
        if args.check:
            check(args)
            return
        record = records.Record(args.record)
        fill(record, args)
        if not args.no_plots:
            draw(record)
    except pages.Stale as stale:
        sys.exit(str(stale))
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"{args.record or 'record'}: {error!r}")


if __name__ == "__main__":
    main()
