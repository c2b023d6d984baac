"""What README.md and kernels/LIMITS.md say of a record, between two markers:
  <!-- results: results/MACHINE.json --> ... <!-- /results -->
Written by draw.py, compared by a test. The standard library only."""

import os
import re

import record as records

ROWS = re.compile(  # the rows of README.md
    r"(exp|sigmoid|tanh)/f32/N16384|gemm/f32/(H256N16|H512N64)"
    r"|(lstm|gru|rnn)/(forward|train)/f32/"
    r"(T100B1I256H256|T50B16I256H256|T50B64I512H512)"
    r"|lstm/step/f32/B1I1H(8|32|128)")


class Stale(Exception):
    """A page cannot be filled, or does not hold what it should."""


# ---- tables, as bench/pen.c writes them ---

def figure(entry, baseline=False):
    x = entry["ns_per_item"] if "ns_per_item" in entry else entry["gflops"]
    text = f"{x:.{2 if x < 10 else 1 if x < 1000 else 0}f}"
    if baseline or not entry.get("of_limit"):
        return text
    return f"{text} {100 * entry['of_limit']:3.0f}%"


def times(entry, what):
    ratio = (entry or {}).get(what)
    return f"{ratio:.{1 if ratio < 10 else 0}f}x" if ratio else "-"


def table(heading, lines, last="--:"):
    """The first column stands left, the last as told, the others right."""
    yield f"| {' | '.join(heading)} |"
    yield "|---" + "|--:" * (len(heading) - 2) + f"|{last}|"
    for line in lines:
        yield f"| {' | '.join(line)} |"


def columns(row, names, best):
    """The figures of variants, the best in bold, or -."""
    for v in names:
        if v not in row.variants:
            yield "-"
            continue
        text = figure(row.variants[v], v in records.BASELINES)
        yield f"**{text}**" if v == best else text


def variants_table(record, rows):
    heading = ["row", "unit", *records.BASELINES, *record.rungs, "provider",
               "vs ref", "vs auto"]
    lines = []
    for row in rows:
        names = (*records.BASELINES, *record.rungs, row.provider)
        ours = row.variants.get(row.ours)
        lines.append([row.name, row.unit, *columns(row, names, row.best),
                      times(ours, "vs_reference"), times(ours, "vs_autovec")])
    return table(heading, lines)


def peers_table(record, rows):
    heading = ["row", "unit", "ours", *record.here, "vs peer"]
    lines = []
    for row in rows:
        names = (row.ours, *record.here)
        best = max((v for v in names if v in row.variants),
                   key=lambda v: records.rate(row.variants[v]))
        ratio = row.variants[row.ours]["vs_peer"]
        lines.append([row.name, row.unit, *columns(row, names, best),
                      f"{ratio:.2f}x"])
    return table(heading, lines)


def paragraph(text, indent=""):
    """Lines of at most 80 columns, those after the first indented."""
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > 80:
            yield line
            line = indent + word
        else:
            line = f"{line} {word}" if line else word
    yield line


# ---- README.md ---

def limits_of(machine):
    fma = ", ".join(f"{rung} {flops / 1e9:.0f}"
                    for rung, flops in machine["fma_flops"].items())
    loads = ", ".join(f"{level} {bytes / 1e9:.0f}"
                      for level, bytes in machine["bandwidth"].items())
    return (f"{machine['clock'] / 1e9:.2f} GHz; FMA {fma} GFLOP/s; loads "
            f"{loads} GB/s")


def about(record, to):
    m = record.machine
    name = os.path.basename(record.stem) + ".md"
    neon = f" NEON, not run here; its product's loop: {m['neon']}." \
        if m.get("neon") else ""
    return paragraph(
        f"One core of an {m['cpu']} (family {m['family']}, model "
        f"{m['model']}), {m['compiler']}. Beside each figure its share of the "
        "machine's limit; the best of a row in bold. Limits of that core: "
        f"{limits_of(m)}. `reference` is plain C, `autovec` the same by the "
        "compiler's own vectorisation, `provider` SLEEF or libxsmm."
        f"{neon} All rows: [results/{name}]({to}/{name}).")


def number(version):
    """What looks like one in a text that may say more."""
    found = re.search(r"\d+\.\d\S*", version)
    return found[0] if found else version


def about_peers(record, rows):
    every = [r for r in record.rows if r.ours and r.peers]
    faster = sum(r.variants[r.ours]["vs_peer"] >= 1 for r in every)
    versions = ", ".join(f"{p} {number(record.peers[p]['version'])}"
                         for p in record.here)
    return paragraph(
        f"Beside {versions}: in {faster} of the record's {len(every)} rows "
        "that a peer has, our best rung is at least as fast as the fastest of "
        "them. `vs peer` is that ratio, the median of the rounds'; the best "
        "of a row in bold.")


def embedded(record):
    """Two pictures: curves over sizes if peers have them, else the first of an
    LSTM's shares; and the roofline."""
    drawn = records.pictures(record)
    curves = [p for p in drawn if p.kind == "over"
              and any(r.peers for r in p.rows)]
    bars = [p for p in drawn if p.kind == "share" and p.family == "lstm"]
    roof = [p for p in drawn if p.kind == "roofline"]
    said = {"over": "Throughput over hidden units and over the batch",
            "share": "Share of the machine's limit, by row and rung",
            "roofline": "Roofline with every row"}
    for p in (curves or bars)[:1] + roof:
        yield said[p.kind], p


def readme(record, folder):
    to = os.path.relpath(os.path.dirname(os.path.abspath(record.path)), folder)
    rows = [r for r in record.rows if ROWS.fullmatch(r.name)]
    beside = [r for r in rows if r.ours and r.peers]
    yield from about(record, to)
    yield ""
    yield from variants_table(record, rows)
    if beside:
        yield ""
        yield from about_peers(record, beside)
        yield ""
        yield from peers_table(record, beside)
    for title, picture in embedded(record):
        yield ""
        yield f"![{title}]({to}/{os.path.basename(picture.path)})"


# ---- between the markers ---

MARKED = re.compile(r"(<!-- results: (\S+) -->\n).*?(<!-- /results -->)",
                    re.DOTALL)


def marked(page):
    """The text of the page, and the path of the record it names."""
    with open(page, encoding="utf-8") as f:
        text = f.read()
    found = MARKED.findall(text)
    if len(found) != 1:
        raise Stale(f"{page}: one part between <!-- results: RECORD.json --> "
                    f"and <!-- /results --> is expected, not {len(found)}")
    return text, os.path.join(os.path.dirname(page), found[0][1])


def filled(page, record, part):
    """The page's text with what part(record, folder) yields."""
    folder = os.path.dirname(os.path.abspath(page))
    source = os.path.relpath(record.path, folder)
    inside = "\n".join(part(record, folder))
    text = f"<!-- results: {source} -->\n{inside}\n<!-- /results -->"
    return MARKED.sub(lambda _: text, marked(page)[0])
