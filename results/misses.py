"""Of each row that misses its limit, where the rest goes: time of its phases
one after another, each at its own limit, over the time taken.
kernels/LIMITS.md explains it. The standard library only."""

import pages
import record as records

ENOUGH = 0.9
CLASSES = 16  # of the bench's linear head
REAL = 4      # bytes
# As bench/work.c and the rungs' limits have them.
GATES = {"lstm": 4, "gru": 3, "rnn": 1, "gru_before": 3}
ACTIVATIONS = {"lstm": 5, "gru": 3, "rnn": 1, "gru_before": 3}
CYCLES = {"avx2": 14, "avx512": 11, "neon": 28}  # of 16 floats


def shapes(row):
    """FLOP of the input product and of the steps' product of one pass forward,
    and of the head; bytes of W and R; parameters."""
    T, B, I, H = (row.size[k] for k in "TBIH")
    gates = GATES[row.what.split("/")[0]]
    W, R, rows = gates * H * I, gates * H * H, T * B
    params = W + R + 2 * gates * H + CLASSES * (H + 1)
    return (2 * rows * W, 2 * rows * R, 2 * rows * H * CLASSES, REAL * W,
            REAL * R, params)


def phases(record, row, rung):
    """[(name, seconds at the limits beside the samples, what holds it)] of a
    plain cell's row; None of another, or if the record counted other work."""
    cell, last = row.what.split("/")[0], row.what.split("/")[-1]
    if cell not in GATES or last not in ("forward", "train", "update") or \
            "P" in row.size:
        return None
    entry = row.variants[rung]
    peak, loads, hz = (records.middle(entry, of)
                       for of in ("fma_flops", "bandwidth", "clock"))
    inputs, steps, head, W, R, params = shapes(row)
    counted = inputs + steps if last == "forward" else \
        3 * (inputs + steps + head)
    if abs(1e9 * entry["gflops"] * entry["seconds"] / counted - 1) > 1e-3:
        return None
    elements = row.size["T"] * row.size["B"] * row.size["H"]
    cycles = elements / 16 * ACTIVATIONS[cell] * CYCLES[rung]
    level = record.level(R + REAL * row.size["B"] * row.size["H"] *
                         (GATES[cell] + 4))

    def held(name, arithmetic, traffic):
        if traffic > arithmetic:
            return name, traffic, f"loads from {level}"
        return name, arithmetic, "FMA"

    read = row.size["T"] * R / loads
    found = [held("input", inputs / peak, W / loads),
             held("steps", steps / peak + cycles / hz, read)]
    if last != "forward":
        found += [held("steps back", steps / peak, read),
                  ("gradients", (2 * inputs + steps + 3 * head) / peak, "FMA")]
    if last == "update":
        # p, gradient, two moments and two packings are 24 bytes a parameter.
        behind = record.level(24 * params)
        found.append(("optimiser", 40 * params /
                      record.machine["bandwidth"][behind],
                      f"loads from {behind}"))
    return found


def rest_of_cell(found, seconds):
    total = sum(s for _, s, _ in found) / seconds
    parts = ", ".join(f"{name} {100 * s / seconds:.0f} ({held})"
                      for name, s, held in found)
    return f"phases {100 * total:.0f} %: {parts}"


def beyond(entry):
    """Nanoseconds of an item that its limit does not have."""
    return entry["ns_per_item"] * (1 - entry["of_limit"])


def rest(record, row, rung):
    """In words, of figures that the record holds."""
    entry, cell = row.variants[rung], row.what.split("/")[0]
    found = phases(record, row, rung)
    if found:
        return rest_of_cell(found, entry["seconds"])
    if "speedup" in entry:
        return f"{entry['speedup']:.2f} times one thread, FMA loops " \
               f"{entry.get('fma_speedup', 0):.2f} times"
    if row.what.endswith("/step"):
        return f"{beyond(entry):.0f} ns of {entry['ns_per_item']:.0f} are " \
               "not its limit's"
    if row.unit == "ns/element" and row.what != "relu":
        cycles = 16e-9 * entry["ns_per_item"] * \
            records.middle(entry, "clock")
        return f"{cycles:.1f} cycles for 16 floats, the floor says " \
               f"{CYCLES[rung]}"
    if row.what in ("gemv", "gemm"):
        return f"{entry['gflops']:.0f} of " \
               f"{records.middle(entry, 'fma_flops') / 1e9:.0f} GFLOP/s, " \
               f"{entry['gbs']:.0f} of " \
               f"{records.middle(entry, 'bandwidth') / 1e9:.0f} GB/s"
    plain = record.find(row.name.replace(cell, cell.split("_")[0], 1))
    if plain and plain is not row and plain.ours and plain.share(plain.ours):
        return f"{plain.name} has {100 * plain.share(plain.ours):.0f} %"
    return "not taken apart"


# ---- kernels/LIMITS.md ---

def peaks(record):
    """What a wider vector is worth here."""
    fma = record.machine["fma_flops"]
    if "avx2" in fma and "avx512" in fma:
        yield (f"FMA peak of AVX-512 over AVX2's: "
               f"{fma['avx512'] / fma['avx2']:.2f}.")


def steps(record):
    """A line a cell: what its single steps take beside their limit."""
    cells = {}
    for row in record.rows:
        if row.what.endswith("/step") and row.ours and row.share(row.ours):
            cells.setdefault(row.what.split("/")[0], []).append(
                (row.size["H"], row.variants[row.ours]))
    for cell, found in cells.items():
        each = ", ".join(f"H {h} {beyond(entry):.0f} of "
                         f"{entry['ns_per_item']:.0f}"
                         for h, entry in sorted(found, key=lambda f: f[0]))
        yield f"Nanoseconds of a step of {cell} that its limit has not: {each}."


def products(record):
    rows = [r for r in record.rows if r.what == "gemm" and r.ours]
    if rows:
        best = max(rows, key=lambda r: r.share(r.ours))
        yield (f"The best product, {best.name}: "
               f"{100 * best.share(best.ours):.0f} % of its limit.")


def limits(record, folder):
    missed = [r for r in record.rows
              if r.ours and (r.share(r.ours) or 1) < ENOUGH]
    measured = sum(bool(r.ours and r.share(r.ours)) for r in record.rows)
    machine = record.machine
    yield from pages.paragraph(
        f"{machine['cpu']}, family {machine['family']}, model "
        f"{machine['model']}: {len(missed)} of {measured} rows are below "
        f"{100 * ENOUGH:.0f} % by their best rung. One core: "
        f"{pages.limits_of(machine)}.")
    yield ""
    for line in (*peaks(record), *steps(record), *products(record)):
        yield from pages.paragraph(f"- {line}", "  ")
    yield ""
    yield from pages.table(
        ["row", "rung", "of limit", "where the time goes, %"],
        ([r.name, r.ours, f"{100 * r.share(r.ours):.0f}%",
          rest(record, r, r.ours)] for r in missed), "---")
