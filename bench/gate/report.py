"""Speed over commits as one page that needs no network, pictures beside it.

  report.py [--history FILE] [--out FOLDER] [--machine DIGEST]
            [--records FOLDER]

Exit 0, or 2 with a sentence: there is nothing to draw, or it cannot be drawn.
The same history gives the same bytes."""

import argparse
import glob
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(1, os.path.join(ROOT, "results"))

try:
    import measure
    from commits import history, page, pictures, series
except ImportError as missing:
    print(f"report: {missing}; bench/venv.sh build/gate gate installs what "
          "build/gate/bin/python needs", file=sys.stderr)
    sys.exit(2)

MERGE = ("--merge-machines is refused: times of two machines differ by what "
         "the machines are, and a line through both would show steps that no "
         "commit made; --machine DIGEST draws one of them")


class Merge(argparse.Action):
    def __call__(self, parser, *_):
        parser.error(MERGE)


def arguments():
    parser = argparse.ArgumentParser(
        prog="run report", description=__doc__.splitlines()[0])
    parser.add_argument("--history", metavar="FILE", default=os.path.join(
        ROOT, "results", "history.jsonl"), help="results/history.jsonl")
    parser.add_argument("--out", metavar="FOLDER", default=os.path.join(
        ROOT, "build", "report"), help="where the page is written; "
        "build/report")
    parser.add_argument("--machine", metavar="DIGEST", default="",
                        help="only this one, by the first digits")
    parser.add_argument("--records", metavar="FOLDER", default=os.path.join(
        ROOT, "results"), help="of the bench's records, whose peers and "
        "roofline are shown; results")
    parser.add_argument("--merge-machines", nargs=0, action=Merge,
                        help=argparse.SUPPRESS)
    return parser.parse_args()


def chosen(machines, digits, path):
    """Those whose digest starts so."""
    found = [m for m in machines if m.digest.startswith(digits)]
    if not machines:
        raise history.Refused(f"{path} holds no rows yet: ./run compare BASE "
                              "HEAD --record adds those of HEAD")
    if not found:
        raise history.Refused(
            f"{path} holds nothing of a machine '{digits}', but of "
            + ", ".join(m.digest for m in machines))
    return found


def records(folder):
    """Those of the bench; what else is JSON there is told and left alone."""
    found = []
    for path in sorted(glob.glob(os.path.join(glob.escape(folder),
                                              "*.json"))):
        try:
            found.append(pictures.record_of(path))
        except history.Refused as refused:
            print(f"report: {refused}; it is left out", file=sys.stderr)
    return found


def kept(folder, name, text):
    """Written whole; the name again."""
    path = os.path.join(folder, name)
    with open(path + ".new", "w", encoding="utf-8", newline="") as f:
        f.write(text)
    os.replace(path + ".new", path)
    return path


def main():
    args = arguments()
    try:
        machines = chosen(series.machines(history.read(args.history)),
                          args.machine, args.history)
        found = records(args.records)
        os.makedirs(args.out, exist_ok=True)
        for machine in machines:
            pictures.overview(machine, args.out)
        drawn = [pictures.of_record(record, args.out) for record in found]
        text = page.text(machines, drawn)
        print(kept(args.out, "index.html", text))
    except history.Refused as refused:
        print(f"report: {refused}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"report: {measure.sentence(error)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
