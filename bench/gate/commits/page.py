"""The page of a history: news, then of each machine all rows over commits,
steps, and numbers; then pictures of the bench's records."""

import os

from commits import series, sparks
from commits.tables import COUNTED, TIMED, code, esc, marked, table, tied
from machine import text as described

HERE = os.path.dirname(os.path.abspath(__file__))
TITLE = "Speed over commits"
MOST = 12 # of a list in words


def way(ratio):
    return "faster" if ratio > 1 else "slower"


def step_marked(change):
    size = series.fewer(change.size) if change.low == change.high \
        else series.percent(change.size)
    return marked(way(change.size), size)


def between(low, high):
    return f'<span class="dim">({tied(series.interval(low, high))})</span>'


def cut(items, of):
    """A list, and how many more there are."""
    more = len(items) - MOST
    tail = [f'<li class="dim">and {more} more {of}</li>'] if more > 0 else []
    return "<ul>" + "".join([f"<li>{i}</li>" for i in items[:MOST]] +
                            tail) + "</ul>"


# ---- news ---

def moved(points):
    return [f"{marked(p['said'], series.percent(p['speed'][0]))} "
            f"{code(p['row'])} {between(*p['speed'][1:])}" for p in points]


def last_step(machine):
    """The newest steps in a sentence: every commit after one says it again."""
    if not machine.changes:
        return ""
    after = machine.changes[0].after
    found = [c for c in machine.changes if c.after == after]
    told = [f"{series.count(len(of))} {name}" for name in ("slower", "faster")
            for of in [[c for c in found if way(c.size) == name]] if of]
    date = dict(machine.commits)[after]
    return (f"<p>The last step was at {code(series.short(after))} of "
            f"{series.day(date)}: {' and '.join(told)}.</p>")


def news(machine):
    """The last commit in words, as an item of a list."""
    found = series.verdicts(machine, machine.rows)
    points = found["slower"] + found["faster"]
    kind = "bad" if found["slower"] else "good" if found["faster"] else ""
    listed = cut(moved(points), "rows, below") if points else ""
    counts = series.counts_headline(machine)
    return (f'<li class="{kind}"><strong>{esc(series.headline(machine))}.'
            f"</strong>{listed}{last_step(machine)}"
            + (f"<p>{esc(counts.capitalize())}.</p>" if counts else "")
            + f'<p class="facts"><a href="#m-{machine.digest}">Machine '
            f"{machine.digest}</a>: {esc(described(machine.fingerprint))}"
            "</p></li>")


def steps(machine):
    """Of each commit that made some, the rows."""
    if not machine.changes:
        few = all(len(r.points) < 2 for r in machine.rows)
        why = "No row was timed at two commits against one base, so that " \
            "none can show a step." if few else "No row shows one."
        return f"<p>{why}</p>"
    by_commit, dates = {}, dict(machine.commits)
    for c in machine.changes:
        by_commit.setdefault(c.after, []).append(c)
    items = [f"<p>At {code(series.short(commit))} of "
             f"{series.day(dates[commit])}</p>" +
             cut([f"{step_marked(c)} {code(c.row)} {between(c.low, c.high)}"
                  for c in sorted(of, key=lambda c: c.size)], "rows")
             for commit, of in by_commit.items()]
    more = len(items) - MOST
    return "".join(items[:MOST]) + (
        f"<p>and {series.count(more, 'commit')} before, marked below</p>"
        if more > 0 else "")


# ---- rows ---

def cell(machine, row, scale, anchor):
    last = row.points[-1]
    said = last["said"]
    changed = " data-changed" if row.changes or \
        said in ("slower", "faster") else ""
    return (f'<a class="cell {said}" href="#{anchor}" '
            f'data-row="{esc(row.name.lower())}"{changed} '
            f'title="{esc(row.name)}"><span class="label">{esc(row.label)}'
            f"</span>{sparks.plot(row, machine.commits, scale)}"
            f'<span class="says">{marked(said, series.told(last))}'
            f'<span class="dim">&plusmn;{100 * scale:g}&nbsp;%</span></span>'
            "</a>")


def groups(rows):
    found = {}
    for row in rows:
        found.setdefault(row.group, []).append(row)
    return found.items()


def large(machine, row, scale, anchor):
    listed = "".join(f"<li>{step_marked(c)} at {code(series.short(c.after))} "
                     + (between(c.low, c.high) if c.low < c.high else "")
                     + "</li>" for c in row.changes)
    last = row.points[-1]
    timed = "" if "counted" in last else between(*last["speed"][1:])
    return (f'<figure id="{anchor}"><figcaption>{code(row.name)}<br>'
            f'{marked(last["said"], series.told(last))} {timed} at '
            f"{code(series.short(last['commit']))}, over "
            f"{code(series.short(last['base']))}</figcaption>"
            f"{sparks.plot(row, machine.commits, scale, True)}"
            + (f"<p>Steps:</p><ul>{listed}</ul>" if listed else "")
            + "</figure>")


def grid(machine, rows, prefix):
    """Small plots in groups, and the large ones they open."""
    common, scales = series.scales(rows)
    grids, figures = [], []
    for group, of in groups(rows):
        cells = []
        for row in of:
            anchor = f"{machine.digest}-{prefix}{len(figures)}"
            cells.append(cell(machine, row, scales[row.name], anchor))
            figures.append(large(machine, row, scales[row.name], anchor))
        grids.append(f'<div class="group"><h4>{esc(group)}</h4>'
                     f'<div class="grid">{"".join(cells)}</div></div>')
    return common, "".join(grids) + \
        f'<div class="large">{"".join(figures)}</div>'


# ---- a machine ---

def tools(machine):
    listed = "".join(
        f'<option value="{esc(c)}">{esc(series.short(c))} {series.day(d)}'
        "</option>" for c, d in reversed(machine.commits))
    return ('<div class="tools js-only"><label>Rows with <input '
            'type="search" data-tool="find" placeholder="lstm avx2"></label>'
            '<label><input type="checkbox" data-tool="changed"> only those '
            "that changed</label><label>numbers of <select "
            f'data-tool="commit"><option value="">every commit</option>'
            f"{listed}</select></label></div>")


def legend(common):
    triangle = ('<svg class="key" viewBox="-8 -8 16 16"><path class="step {}" '
                'd="{}"/></svg>')
    dot = '<svg class="key" viewBox="-8 -8 16 16"><circle class="{}" r="{}"/>' \
        "</svg>"
    return (
        "<p>A column is a commit, the newest at the right; upwards is faster "
        "than the base, whose speed is the dotted line. Pale bars are "
        "95&nbsp;% intervals. A line joins what was measured against the "
        "newest base, a broken one, against an older. The edges are "
        f"&plusmn;{100 * common:g}&nbsp;% unless the row says more.</p>"
        '<p class="keys">'
        + dot.format("faster", 4) + "the gate said faster, "
        + dot.format("slower", 4) + "slower, " + dot.format("same", 4)
        + "the same, " + dot.format("unclear", 4) + "too noisy; "
        + triangle.format("faster", sparks.triangle(0, 0, 6, True))
        + triangle.format("slower", sparks.triangle(0, 0, 6, False))
        + "a step between two commits</p>")


def span(machine):
    first, last = (series.day(machine.commits[i][1]) for i in (0, -1))
    days = last if first == last else f"{first} to {last}"
    return f"{series.count(len(machine.commits), 'commit')}, {days}"


def counts_part(machine):
    if not machine.counts:
        return ""
    common, plots = grid(machine, machine.counts, "i")
    return (f"<h3>Instructions</h3><p>{series.count(len(machine.counts))}, "
            "counted, which has no noise; upwards is fewer than the first "
            "base's. The edges are "
            f"&plusmn;{100 * common:g}&nbsp;% unless the row says more.</p>"
            f"{plots}{table(machine.counts, COUNTED)}")


def machine_section(machine):
    flags = machine.fingerprint.get("flags", "")
    facts = esc(described(machine.fingerprint)) + \
        (f"; {code(flags)}" if flags else "")
    parts = [f'<section class="machine" id="m-{machine.digest}">'
             f"<h2>Machine {machine.digest}</h2>"
             f'<p class="facts">{facts}</p>']
    if machine.rows:
        common, plots = grid(machine, machine.rows, "r")
        parts += [f"<h3>Steps</h3>{steps(machine)}<h3>"
                  f"{series.count(len(machine.rows))} over {span(machine)}"
                  f"</h3>{legend(common)}{tools(machine)}{plots}",
                  '<p class="none" hidden>No row is of that name.</p>'
                  f"<h3>Numbers</h3>{table(machine.rows, TIMED)}"]
    else:
        parts.append(tools(machine))
    return "".join(parts) + counts_part(machine) + "</section>"


# ---- records ---

def record_section(drawn):
    parts = "".join(f"<details{' open' if title == 'Roofline' else ''}>"
                    f"<summary>{esc(title)}</summary>"
                    f'<div class="scroll picture" tabindex="0">{svg}</div>'
                    "</details>" for title, svg in drawn.pictures)
    return (f'<section class="record"><h2>Beside other libraries: '
            f'{esc(drawn.name)}</h2><p class="facts">{esc(drawn.about)}</p>'
            f"<p>{esc(drawn.said)}</p>{parts}</section>")


def text(machines, drawn):
    apart = "" if len(machines) == 1 else \
        '<p class="dim">Machines are shown apart: times of one say nothing ' \
        "of another's.</p>"
    body = (f'<header><h1>{TITLE}</h1><ul class="news">'
            + "".join(map(news, machines)) + f"</ul>{apart}</header><main>"
            + "".join(map(machine_section, machines))
            + "".join(record_section(d) for d in drawn if d.pictures)
            + "</main>")
    with open(os.path.join(HERE, "page.html"), encoding="utf-8") as f:
        template = f.read()
    return template.replace("{title}", TITLE, 1).replace("{body}", body, 1)
