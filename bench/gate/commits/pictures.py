"""The pictures beside the page, as SVG and PNG: all rows over commits, and a
record's peers and roofline, which results/plots.py draws."""

import collections
import math
import os
import re

import plots # sets Matplotlib up
import record as records
from commits import history, series
from machine import text as described

plt = plots.plt
SHAPES = {"slower": ("v", plots.RED), "faster": ("^", plots.BLUE),
          "same": ("o", plots.GREY), "unclear": ("o", "white")}
ACROSS = 5
EACH = 1.9, 1.05 # inches
HEAD = 0.9
WIDE, HIGH = EACH[0] - 0.15, EACH[1] - 0.42 # of a plot

# name of the file; about: its machine; said: of its peers; pictures: [(title,
# svg)].
Drawn = collections.namedtuple("Drawn", "name about said pictures")


def save(figure, stem, source):
    """Bytes that say nothing of when."""
    figure.savefig(stem + ".svg", metadata={
        "Date": None, "Creator": None, "Identifier": source})
    figure.savefig(stem + ".png", dpi=120, metadata={"Software": None})
    plt.close(figure)


# ---- all rows of a machine, in inches on one pair of axes ---

def title_of(row):
    return row.label if row.group in series.APART else \
        f"{row.group} {row.label}"


def captions(axes, row, scale, left, low, high):
    last = row.points[-1]
    color = SHAPES[last["said"]][1] if last["said"] in ("slower", "faster") \
        else plots.BLACK
    right = left + WIDE
    axes.text(left, high + 0.03, title_of(row), fontsize=6.2, va="bottom")
    axes.text(left, low - 0.04, series.percent(last["speed"][0]), fontsize=7,
              va="top", color=color)
    axes.text(right, low - 0.04, f"\N{PLUS-MINUS SIGN}{100 * scale:g} %",
              fontsize=6, va="top", ha="right", color=plots.GREY)
    axes.plot((left, left, right), (high, low, low), color="#dddddd",
              linewidth=0.8)


def cell(axes, row, order, scale, left, low):
    """As sparks.plot draws a small one."""
    high, size = low + HIGH, min(3.4, 60 / len(order))
    captions(axes, row, scale, left, low, high)

    def x(commit):
        return left + WIDE * (order[commit] + 0.6) / (len(order) + 0.2)

    def y(ratio):
        return low + HIGH * (1.1 + series.height(ratio, scale)) / 2.2

    axes.plot((left, left + WIDE), (y(1), y(1)), color=plots.GREY,
              linewidth=0.7, linestyle=":")
    for run in row.runs:
        axes.plot([x(p["commit"]) for p in run],
                  [y(p["speed"][0]) for p in run], color=plots.GREY,
                  linewidth=1)
    axes.vlines([x(p["commit"]) for p in row.points],
                *([y(p["speed"][end]) for p in row.points] for end in (1, 2)),
                color=plots.GREY, alpha=0.5, linewidth=size / 2)
    for said, (marker, color) in SHAPES.items():
        some = [p for p in row.points if p["said"] == said]
        axes.plot([x(p["commit"]) for p in some],
                  [y(p["speed"][0]) for p in some], marker, color=color,
                  markersize=size, markeredgecolor=plots.GREY
                  if color == "white" else color)
    for c in row.changes:
        middle = (x(c.before) + x(c.after)) / 2
        axes.plot((middle, middle), (low, high), linewidth=1, linestyle="--",
                  color=plots.BLUE if c.size > 1 else plots.RED)


def overview(machine, folder):
    """history-DIGEST.svg and .png of the rows that were timed."""
    if not machine.rows:
        return
    _, scales = series.scales(machine.rows)
    order = {c: i for i, (c, _) in enumerate(machine.commits)}
    down = math.ceil(len(machine.rows) / ACROSS)
    wide, high = ACROSS * EACH[0] + 0.2, down * EACH[1] + HEAD
    figure = plt.figure(figsize=(wide, high))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, wide), ylim=(0, high))
    axes.set_axis_off()
    for y, text, style in (
            (0.1, "Speed over the base's", {"fontweight": "bold"}),
            (0.33, series.headline(machine), {}),
            (0.56, described(machine.fingerprint),
             {"fontsize": 7, "color": plots.GREY})):
        axes.text(0.1, high - y, text, va="top", **{"fontsize": 10, **style})
    for i, row in enumerate(machine.rows):
        cell(axes, row, order, scales[row.name], 0.1 + i % ACROSS * EACH[0],
             high - HEAD - (i // ACROSS + 1) * EACH[1] + 0.34)
    stem = os.path.join(folder, f"history-{machine.digest}")
    save(figure, stem, machine.digest)


# ---- a record ---

def inlined(svg, prefix):
    """An SVG for a page: no declarations, metadata or sizes; names that no
    other picture of the page has; colours that a dark page may replace."""
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'\bid="', f'id="{prefix}', svg)
    svg = svg.replace('xlink:href="#', f'href="#{prefix}')
    svg = svg.replace("url(#", f"url(#{prefix}")
    return re.sub(r"(: ?)#([0-9a-f]{6})\b", r"\1var(--x\2, #\2)", svg)


def wanted(record):
    """The roofline first."""
    found = [p for p in records.pictures(record)
             if p.kind in ("peers", "roofline")]
    return sorted(found, key=lambda p: p.kind != "roofline")


def record_of(path):
    try:
        record = records.Record(path)
        wanted(record)
        return record
    except (ValueError, KeyError, TypeError) as error:
        raise history.Refused(f"{path} is no record of the bench: {error!r}")


def beside(record):
    """What the bars add up to, or nothing."""
    rows = [r for r in record.rows if r.ours and r.peers]
    if not rows:
        return ""
    faster = sum(r.variants[r.ours]["vs_peer"] >= 1 for r in rows)
    return (f"In {faster} of {len(rows)} rows that another library has, ours "
            f"is at least as fast as the fastest of {', '.join(record.here)}.")


def of_record(record, folder):
    """Draws its peers and roofline beside the page; what the page holds."""
    drawn = []
    for picture in wanted(record):
        stem = os.path.join(folder, os.path.splitext(
            os.path.basename(picture.path))[0])
        plots.draw(record, picture, stem + ".svg")
        plots.draw(record, picture, stem + ".png")
        with open(stem + ".svg", encoding="utf-8") as f:
            svg = inlined(f.read(), f"{os.path.basename(stem)}-")
        title = "Roofline" if picture.kind == "roofline" else \
            f"Peers: {plots.named(picture)}"
        drawn.append((title, svg))
    return Drawn(os.path.basename(record.path), plots.about(record),
                 beside(record), drawn)
