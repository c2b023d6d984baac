"""Numbers as HTML tables whose columns a page can sort: a cell holds the value
that it is sorted by beside the text that is read."""

import html

from commits import entry, series

ARROWS = {"slower": "\N{BLACK DOWN-POINTING TRIANGLE}",
          "faster": "\N{BLACK UP-POINTING TRIANGLE}",
          "same": "", "unclear": "?"}
DASH = "\N{EN DASH}"


def esc(text):
    return html.escape(str(text), quote=True)


def code(text):
    """A name, which may be broken after its slashes."""
    return f"<code>{esc(text).replace('/', '/<wbr>')}</code>"


def tied(text):
    """In one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def marked(said, text):
    """A change with its arrow, in its colour."""
    arrow = f"{ARROWS[said]} " if ARROWS[said] else ""
    return f'<b class="{said}">{tied(arrow + text)}</b>'


# ---- numbers ---

def plain(number, digits=4):
    """Few digits without a power of ten."""
    return "" if number is None else f"{float(f'{number:.{digits}g}'):,.10g}"


def short_interval(three):
    return f"{plain(three[1])} {DASH} {plain(three[2])}"


# Heading, whether a text, the value to sort by, what is shown.
TIMED = (
    ("row", True, lambda p: p["row"], lambda p: code(p["row"])),
    ("commit", True, lambda p: f"{entry.moment(p['date']):020.3f}",
     lambda p: f"{code(series.short(p['commit']))} {series.day(p['date'])}"),
    ("base", True, lambda p: p["base"],
     lambda p: code(series.short(p["base"]))),
    ("speed over base", False, lambda p: p["speed"][0],
     lambda p: marked(p["said"], series.percent(p["speed"][0]))),
    ("95 % interval", False, lambda p: p["speed"][1],
     lambda p: series.interval(*p["speed"][1:]).replace(" %", "", 1)),
    ("said", True, lambda p: p["said"], lambda p: p["said"]),
    ("ns a run", False, lambda p: p["ns"][0], lambda p: plain(p["ns"][0])),
    ("95 % interval", False, lambda p: p["ns"][1],
     lambda p: short_interval(p["ns"])),
    ("GFLOP/s", False, lambda p: p.get("gflops"),
     lambda p: plain(p.get("gflops"))),
    ("over reference", False, lambda p: p.get("vs_reference"),
     lambda p: plain(p.get("vs_reference"), 3)),
    ("over autovec", False, lambda p: p.get("vs_autovec"),
     lambda p: plain(p.get("vs_autovec"), 3)),
    ("processes", False, lambda p: p["processes"],
     lambda p: plain(p["processes"])),
)
COUNTED = TIMED[:3] + (
    ("instructions", False, lambda p: p["instructions"],
     lambda p: f"{p['instructions']:,}"),
    ("of the base", False, lambda p: p["base_instructions"],
     lambda p: f"{p['base_instructions']:,}"),
    ("change", False, lambda p: p["instructions"] / p["base_instructions"],
     lambda p: marked(p["said"], series.told(p))),
)


def kind(text):
    return ' class="text"' if text else ""


def table(rows, columns):
    """Of all points; columns that no point fills are left out."""
    points = [p for r in rows for p in reversed(r.points)]
    shown = [c for c in columns if any(c[2](p) is not None for p in points)]
    heads = "".join(f'<th{kind(text)}><button type="button">{name}</button>'
                    "</th>" for name, text, *_ in shown)
    lines = []
    for p in points:
        cells = "".join(
            f'<td{kind(text)} data-value="'
            f'{esc("" if value(p) is None else value(p))}">'
            f"{tell(p) or DASH}</td>"
            for _, text, value, tell in shown)
        lines.append(f'<tr data-row="{esc(p["row"].lower())}" '
                     f'data-commit="{esc(p["commit"])}">{cells}</tr>')
    return (f'<div class="scroll" tabindex="0"><table><thead><tr>{heads}</tr>'
            f"</thead><tbody>\n{chr(10).join(lines)}\n</tbody></table></div>")
