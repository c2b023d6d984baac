"""A row over commits as SVG: log speed over the base's upwards, one column a
commit, lines where the base stays, intervals as bars, steps as triangles."""

import html
import math

from commits import series

# Columns stand alike in all plots of a machine, so that a commit is a column.
SMALL = {"wide": 200, "high": 66, "left": 5, "right": 195, "top": 8, "low": 58,
         "dot": 2.0, "last": 3.4, "step": 4.5}
LARGE = {"wide": 500, "high": 270, "left": 66, "right": 466, "top": 18,
         "low": 212, "dot": 3.2, "last": 4.6, "step": 6}
LABEL = 86  # width of a commit's name below a large plot


def number(x):
    """Two decimals at most: a hundredth of a pixel is enough."""
    return f"{x:.2f}".rstrip("0").rstrip(".")


def element(tag, inside="", **attributes):
    text = "".join(f' {k.rstrip("_").replace("_", "-")}="'
                   f'{v if isinstance(v, str) else number(v)}"'
                   for k, v in attributes.items())
    return f"<{tag}{text}>{inside}</{tag}>" if inside else f"<{tag}{text}/>"


def column(box, count, index):
    """x of a commit; one alone stands in the middle."""
    if count == 1:
        return (box["left"] + box["right"]) / 2
    margin = box["last"] + 1
    span = box["right"] - box["left"] - 2 * margin
    return box["left"] + margin + span * index / (count - 1)


def level(box, ratio, scale):
    middle = (box["top"] + box["low"]) / 2
    return middle - (box["low"] - box["top"]) / 2 * series.height(ratio, scale)


def triangle(x, y, size, up):
    tip, foot = (-size, size * 0.6) if up else (size, -size * 0.6)
    return (f"M{number(x)} {number(y + tip)}L{number(x + size)} "
            f"{number(y + foot)}H{number(x - size)}Z")


def said_of(point):
    """A point in words."""
    when = f"{series.short(point['commit'])} of {series.day(point['date'])}"
    base = series.short(point["base"])
    if "counted" in point:
        return (f"{when}: {point['instructions']:,} instructions, base {base} "
                f"{point['base_instructions']:,}")
    return (f"{when}: {series.percent(point['speed'][0])} "
            f"({series.interval(*point['speed'][1:])}) over {base}, "
            f"{point['said']}")


# ---- parts of a plot ---

def ground(box, scale):
    """The base's speed, and the edges of the scale."""
    lines = []
    for ratio, kind in ((1, "zero"), (1 + scale, "edge"),
                        (1 / (1 + scale), "edge")):
        y = level(box, ratio, scale)
        lines.append(element("line", class_=kind, x1=box["left"], y1=y,
                             x2=box["right"], y2=y))
    return lines


def run_path(box, xs, run, scale, old):
    """A line through a run; `old`: of another base than the last."""
    at = [(xs[p["commit"]], level(box, p["speed"][0], scale)) for p in run]
    path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in at)
    kind = "old" if old else ""
    return element("path", class_=f"line {kind}".strip(), d=path)


def interval_bar(box, x, point, scale):
    low, high = (level(box, r, scale) for r in point["speed"][1:])
    return f"M{number(x)} {number(low)}V{number(high)}"


def fitted(box, xs):
    """Radius of a point and width of a bar that leave neighbours apart."""
    apart = (box["right"] - box["left"]) / len(xs)
    return min(box["dot"], 0.4 * apart), min(3, 0.6 * apart)


def dots(box, xs, row, scale, large):
    """Intervals in one path, then a point each; the last one larger."""
    radius, wide = fitted(box, xs)
    bars = "".join(interval_bar(box, xs[p["commit"]], p, scale)
                   for p in row.points)
    yield element("path", class_="bars", d=bars, stroke_width=wide)
    for p in row.points:
        last = p is row.points[-1]
        title = element("title", html.escape(said_of(p))) if large else ""
        yield element("circle", title,
                      class_=p["said"] + (" last" if last else ""),
                      cx=xs[p["commit"]], cy=level(box, p["speed"][0], scale),
                      r=box["last"] if last else radius)


def marks(box, xs, row, large):
    """A dashed line before each step and a triangle that says which way."""
    for c in row.changes:
        x = (xs[c.before] + xs[c.after]) / 2
        up = c.size > 1
        y = box["top"] if up else box["low"]
        yield element("path", class_="cut",
                      d=f"M{number(x)} {box['top']}V{box['low']}")
        said = f"{series.change_told(c)} at {series.short(c.after)}"
        title = element("title", html.escape(said)) if large else ""
        yield element("path", title, class_="step " +
                      ("faster" if up else "slower"),
                      d=triangle(x, y, box["step"], up))


# ---- axes of a large one ---

def scale_labels(box, scale):
    for ratio in (1 + scale, math.sqrt(1 + scale), 1,
                  1 / math.sqrt(1 + scale), 1 / (1 + scale)):
        y = level(box, ratio, scale)
        yield element("text", series.percent(ratio, 1) if ratio != 1 else
                      "base", x=box["left"] - 7, y=y + 4.5, text_anchor="end")


def commit_labels(box, xs, commits):
    """As many as there is room for, the last one among them."""
    room = 1 + int((box["right"] - box["left"]) // LABEL)
    every = -(-len(commits) // room)
    for i, (commit, date) in enumerate(reversed(commits)):
        if i % every:
            continue
        x = xs[commit]
        yield element("path", class_="tick",
                      d=f"M{number(x)} {box['low'] + 3}v5")
        for dy, text in ((24, series.short(commit)), (40, series.day(date))):
            yield element("text", html.escape(text), x=x,
                          y=box["low"] + dy, text_anchor="middle",
                          class_="commit" if dy == 24 else "date")


def plot(row, commits, scale, large=False):
    box = LARGE if large else SMALL
    xs = {c: column(box, len(commits), i) for i, (c, _) in enumerate(commits)}
    parts = ground(box, scale)
    if large:
        parts += scale_labels(box, scale)
        parts += commit_labels(box, xs, commits)
    newest = row.points[-1]["base"]
    for run in row.runs:
        if len(run) > 1:
            parts.append(run_path(box, xs, run, scale,
                                  run[0]["base"] != newest))
    parts += marks(box, xs, row, large)
    parts += dots(box, xs, row, scale, large)
    label = f"{row.name}: {said_of(row.points[-1])}"
    return element("svg", "".join(parts), viewBox=f"0 0 {box['wide']} "
                   f"{box['high']}", role="img", class_="plot" if large else
                   "spark", aria_label=html.escape(label, quote=True))
