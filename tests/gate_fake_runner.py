"""A gate_runner that loads and times nothing: numbers of known answers, in
turns with the faults of real ones.

GATE_FAKE names a folder: its file `rows` has the rows; its file `script` has a
word for each call of `pairs`, and those behind its last word go well: ok, slow
(.2 s), crash, hang, refuse, cut, error (of the first row). Rows whose names
begin with slow or fast are 5 % so; noisy ones are anything. A line is added to
`calls` for each."""

import json
import os
import pathlib
import random
import sys
import time

FOLDER = pathlib.Path(os.environ["GATE_FAKE"])
RATIOS = {"slow": 1.05, "fast": 0.95}


def word_of_this_call(arguments):
    with open(FOLDER / "calls", "a+", encoding="utf-8") as f:
        f.seek(0)
        before = len(f.readlines())
        f.write(" ".join(arguments) + "\n")
    script = FOLDER / "script"
    words = script.read_text().split() if script.exists() else []
    return words[before] if before < len(words) else "ok"


def option(arguments, name, default):
    at = arguments.index(name) + 1 if name in arguments else None
    return float(arguments[at]) if at else default


def pairs_of(row, chance, count):
    ratio = RATIOS.get(row[:4], 1)
    if row.startswith("noisy"):
        ratio = chance.uniform(.5, 2)
    else:
        ratio *= 1 + chance.gauss(0, .002)
    a = [1000 * chance.uniform(.99, 1.01) for _ in range(count)]
    b = [x * ratio * chance.uniform(.999, 1.001) for x in a]
    return {"row": row, "runs": 10, "a": a, "b": b, "first": "a" * count,
            "stolen": 0}


def print_pairs(word, arguments, rows):
    chance = random.Random(int(option(arguments, "--seed", 1)))
    count = int(option(arguments, "--pairs", 40))
    print(json.dumps({"runner": 1}))
    for i, row in enumerate(rows):
        if word == "error" and i == 0:
            print(json.dumps({"row": row, "error": "the result is wrong"}))
        else:
            print(json.dumps(pairs_of(row, chance, count)))
    if word != "cut":
        print(json.dumps({"end": len(rows)}))


def main(job, *arguments):
    if job == "list":
        sys.stdout.write((FOLDER / "rows").read_text())
        return 0
    modules = [i for i, x in enumerate(arguments) if x.endswith(".so")]
    word = word_of_this_call(arguments)
    if word == "crash":
        os.abort()
    if word == "refuse":
        print("gate_runner: both modules run the same code", file=sys.stderr)
        return 2
    time.sleep({"hang": 600, "slow": .2}.get(word, 0))
    print_pairs(word, arguments, arguments[modules[-1] + 1:])
    return 0


sys.exit(main(*sys.argv[1:]))
