"""The pictures of a record, as SVG: shares of the limit, ratios to peers, the
roofline, throughput over sizes. The same record gives the same bytes."""

import math
import textwrap

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

import record as records

# Okabe and Ito's colours, told apart by any eye, on white, which a dark page
# leaves readable. Who is who is said by markers or order too.
BLACK, ORANGE, SKY, GREEN, BLUE, RED, PURPLE = (
    "#000000", "#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00",
    "#cc79a7")
GREY = "#767676"
RUNGS = {"avx2": (SKY, "s"), "avx512": (BLUE, "o"), "neon": (BLUE, "^")}
PEERS = {"onednn": (RED, "v"), "openblas": (PURPLE, "P"),
         "libmvec": (GREY, "D"), "pytorch": (ORANGE, "X"),
         "onnxruntime": (GREEN, "*")}
FAMILIES = {"kernels": BLACK, "lstm": BLUE, "gru": ORANGE, "rnn": GREEN,
            "gru_before": RED, "lstm-variants": SKY, "gru-variants": PURPLE}
PASSES = {"": ("h", "products"), "forward": ("o", "forward"),
          "train": ("s", "train"), "ragged": ("D", "ragged"),
          "update": ("^", "update"), "step": ("v", "step")}
OTHER = (GREY, "X")

plt.rcParams.update({
    "svg.hashsalt": "simdrnn", "svg.fonttype": "none",
    "font.family": "sans-serif", "font.size": 9, "axes.titlesize": 10,
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "axes.spines.top": False, "axes.spines.right": False,
    "axes.axisbelow": True, "grid.color": "#dddddd", "grid.linewidth": 0.6,
    "figure.facecolor": "white", "legend.frameon": False,
})


def about(record):
    m = record.machine
    return (f"{m['cpu']}, family {m['family']}, model {m['model']}; "
            f"{m['compiler']}; simdrnn {m['version']}, commit {m['commit']}")


def heading(figure, record, title):
    """Title and what was measured, at fixed distances from the top edge."""
    height = figure.get_figheight()
    figure.text(0.012, 1 - 0.10 / height, title, va="top", fontsize=11,
                fontweight="bold")
    figure.text(0.012, 1 - 0.33 / height, about(record), va="top",
                fontsize=8, color=GREY)


def named(picture):
    page = f" ({picture.page + 1} of {picture.pages})" \
        if picture.pages > 1 else ""
    return picture.family.replace("-", " ") + page


# ---- bars ---

def bars(record, groups, style, title, within=0):
    """Horizontal bars; groups: (row's name, [(who, length, label)]). Returns
    figure and axes, the first group on top. Labels of bars longer than
    `within` stand in them."""
    count = sum(len(bars) for _, bars in groups)
    height = 1.45 + 0.155 * count + 0.09 * len(groups)
    figure = plt.figure(figsize=(8, height))
    left = max(2.64, 0.15 + 0.068 * max(len(name) for name, _ in groups)) / 8
    axes = figure.add_axes((left, 0.5 / height, 0.96 - left,
                            (height - 1.3) / height))
    at, ticks = 0, []
    for _, each in groups:
        ticks.append(at + (len(each) - 1) / 2)
        for who, length, label in each:
            axes.barh(at, length, height=0.86, color=style(who)[0])
            inside = within and length > within
            axes.annotate(label, (length, at), (-3 if inside else 3, 0),
                          ha="right" if inside else "left", va="center",
                          textcoords="offset points", fontsize=7,
                          color="white" if inside and style(who)[0] == BLUE
                          else BLACK)
            at += 1
        at += 0.6
    axes.set_yticks(ticks, [name for name, _ in groups], fontsize=8)
    axes.set_ylim(at - 0.9, -0.7)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    heading(figure, record, title)
    present = dict.fromkeys(who for _, each in groups for who, *_ in each)
    handles = [plt.Rectangle((0, 0), 1, 1, color=style(who)[0])
               for who in present]
    axes.legend(handles, present, ncols=len(present), fontsize=8,
                loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.1)
    return figure, axes


def style_of(who):
    return RUNGS.get(who) or PEERS.get(who) or OTHER


def share(record, picture):
    groups = [(row.name, [(v, 100 * row.share(v), f"{100 * row.share(v):.0f}%")
                          for v in records.shares(row)])
              for row in picture.rows]
    figure, axes = bars(record, groups, style_of,
                        f"Share of the machine's limit: {named(picture)}", 10)
    most = max(length for _, each in groups for _, length, _ in each)
    axes.set_xlim(0, max(105, most * 1.06))
    axes.axvline(100, color=BLACK, linewidth=1)
    axes.set_xlabel("time that the limit allows / time taken, %")
    return figure


def peers(record, picture):
    """Bars from 1: to the right ours is faster."""
    groups = []
    for row in picture.rows:
        ratios = [(p, row.variants[p]["vs_peer"]) for p in row.peers]
        groups.append((row.name, [(p, r, f"{r:.2f}x") for p, r in ratios]))
    figure, axes = bars(record, groups, style_of,
                        f"Our best rung over each peer: {named(picture)}")
    for patch in axes.patches:
        length = patch.get_width()
        patch.set_x(min(1, length))
        patch.set_width(abs(length - 1))
    lengths = [length for _, each in groups for _, length, _ in each]
    for text in axes.texts:
        text.xy = (max(1, text.xy[0]), text.xy[1])
    axes.set_xscale("log")
    low, high = min(*lengths, 0.9) / 1.08, max(*lengths, 1.2) * 1.35
    axes.set_xlim(low, high)
    steps = [a * 10 ** e for e in range(-3, 5) for a in (1, 1.5, 2, 3, 5, 7)]
    steps += [0.8, 0.9] if high / low < 8 else []
    axes.set_xticks([s for s in steps if low <= s <= high])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.axvline(1, color=BLACK, linewidth=1)
    axes.set_xlabel("speed of ours / speed of the peer's (logarithmic); "
                    "above 1 ours is faster")
    return figure


# ---- roofline ---

def point(row):
    """FLOP per byte, GFLOP/s of one thread."""
    entry = row.variants[row.ours]
    return (entry["gflops"] / entry["gbs"],
            entry["gflops"] / row.size.get("P", 1))


def roofs(axes, record, x, floor):
    """Each level's slope up to the highest peak; the rungs' peaks, those that
    a line can tell apart."""
    peaks = record.machine["fma_flops"]
    top = max(peaks.values())
    lines = {}
    for rung, peak in peaks.items():
        lines.setdefault(top if peak > 0.9 * top else peak, []).append(
            f"{rung} {peak / 1e9:.0f}")
    for peak, said in lines.items():
        axes.axhline(peak / 1e9, color=BLACK, linewidth=1)
        axes.annotate(f"FMA {', '.join(said)} GFLOP/s", (x[1], peak / 1e9),
                      (-2, 3), ha="right", textcoords="offset points",
                      fontsize=8)
    for i, (level, bandwidth) in enumerate(
            record.machine["bandwidth"].items()):
        gbs = bandwidth / 1e9
        ridge = top / bandwidth
        axes.plot((x[0], ridge), (gbs * x[0], top / 1e9), color=GREY,
                  linewidth=1)
        at = max(x[0], floor / gbs) * 1.12
        above = i < 2  # the second and third may be close
        axes.annotate(f"{level} {gbs:.0f} GB/s", (at, gbs * at),
                      (0, 2) if above else (5, -1),
                      va="bottom" if above else "top",
                      textcoords="offset points", rotation=45,
                      rotation_mode="anchor", transform_rotates_text=True,
                      fontsize=8, color=GREY)


def roofline(record, picture):
    points = [(row, *point(row)) for row in picture.rows]
    xs, ys = [p[1] for p in points], [p[2] for p in points]
    top = max(record.machine["fma_flops"].values()) / 1e9
    x = (min(xs) / 5, max(*xs, 2 * top / 20) * 1.5)
    low = min(*ys, top / 20) / 1.6
    figure = plt.figure(figsize=(8, 5.8))
    axes = figure.add_axes((0.085, 0.1, 0.68, 0.755))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(*x)
    axes.set_ylim(low, top * 1.35)
    axes.grid()
    roofs(axes, record, x, low)
    kinds, families = {}, {}
    for row, intensity, flops in points:
        last = row.what.split("/")[-1] if "/" in row.what else ""
        marker, kind = PASSES.get(last, ("X", "other"))
        color = FAMILIES.get(row.family, GREY)
        kinds[kind] = marker
        families[row.family] = color
        axes.scatter(intensity, flops, s=30, marker=marker, zorder=3,
                     facecolors="none", edgecolors=color, linewidths=1.1)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    axes.set_xlabel("FLOP per byte; of each step the set it reads again")
    axes.set_ylabel("GFLOP/s of one thread")
    handles = [Line2D([], [], marker="o", ls="", color=c, label=f)
               for f, c in families.items()]
    handles += [Line2D([], [], marker=m, ls="", color=GREY, label=k,
                       markerfacecolor="none")
                for k, m in kinds.items()]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1),
                fontsize=8)
    without = len(record.rows) - len(points)
    note = textwrap.fill(f"{len(points)} rows, each by our best rung. "
                         f"{without} more count no FLOP." if without else
                         f"{len(points)} rows, each by our best rung.", 26)
    figure.text(0.775, 0.1, note, fontsize=8, color=GREY, va="bottom")
    heading(figure, record, "Roofline of one core: every row with products")
    return figure


# ---- throughput over sizes ---

def panel(axes, record, what, held, varied):
    """The curves of all that measured some of the rows; returns handles."""
    rows = records.curve(record, held, varied)
    handles = {}
    for who in (*record.rungs, *record.here):
        at = [(r.size[varied], r.variants[who]["gflops"]) for r in rows
              if who in r.variants]
        if not at:
            continue
        color, marker = style_of(who)
        ours = who in record.rungs
        handles[who], = axes.plot(*zip(*at), marker=marker, color=color,
                                  ls="-" if ours else "--", markersize=5,
                                  linewidth=1.8 if ours else 1.2,
                                  zorder=3 if ours else 2)
    peak = max(record.machine["fma_flops"].values()) / 1e9
    handles["FMA limit"] = axes.axhline(peak, color=BLACK, linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks([r.size[varied] for r in rows])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.0f}"))
    axes.set_title(what, loc="left")
    axes.set_xlabel("hidden units H, as many inputs" if varied == "H" else
                    "batch B, sequences")
    axes.grid()
    return handles


def over(record, picture):
    some = [c for c in records.CURVES
            if len(records.curve(record, *c[1:])) > 1]
    wide = 1.2 + 2.9 * len(some) if len(some) > 1 else 6.5
    figure = plt.figure(figsize=(wide, 3.9))
    handles, first = {}, None
    left, gap = 0.65 / wide, 0.3 / wide
    width = (1 - left - 0.15 / wide - gap * (len(some) - 1)) / len(some)
    for i, (what, held, varied) in enumerate(some):
        axes = figure.add_axes((left + i * (width + gap), 0.215, width, 0.555),
                               sharey=first)
        handles |= panel(axes, record, what, held, varied)
        if first:
            axes.tick_params(labelleft=False)
        first = first or axes
    first.set_ylim(0, None)
    first.set_ylabel("GFLOP/s")
    figure.legend(handles.values(), handles, loc="lower center", fontsize=8,
                  ncols=min(len(handles), 8), borderaxespad=0.1,
                  handlelength=2.6)
    heading(figure, record, f"{records.CURVE_OF}: throughput over sizes")
    return figure


# ---- files ---

KINDS = {"share": share, "peers": peers, "roofline": roofline, "over": over}


def draw(record, picture, path=None):
    """Writes the picture, which tells what record it is of."""
    figure = KINDS[picture.kind](record, picture)
    path = path or picture.path
    if path.endswith(".svg"):
        figure.savefig(path, format="svg", metadata={
            "Date": None, "Creator": None, "Identifier": record.digest})
    else:
        figure.savefig(path, dpi=100)
    plt.close(figure)
