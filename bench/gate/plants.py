"""Natural slow-downs: one stretch of a file's text for another. What the text
says is found exactly once in the tree, or the plant is refused by its name."""

import collections
import hashlib
import os
import shutil

import builds

# name; file; old and new text; rows that slow down, but for their rung.
Plant = collections.namedtuple("Plant", "name file old new rows")


class Refused(Exception):
    """Names the plant that does not apply."""


PLANTS = (
    # Two vectors at a time become one: less of log's chain overlaps.
    Plant("lost-unroll", "kernels/body_activations.h", """\
    for (; n - i >= 2 * VEC_LANES; i += 2 * VEC_LANES) {
        const vr a = f(v_load(x + i)), b = f(v_load(x + i + VEC_LANES));

        v_store(y + i, a);
        v_store(y + i + VEC_LANES, b);
    }
""", """\
    for (; n - i >= VEC_LANES; i += VEC_LANES)
        v_store(y + i, f(v_load(x + i)));
""", ("log/f32/N16384",)),

    # Neither the next tile of gradients nor the next rows come early.
    Plant("lost-prefetch", "kernels/body_gradient.h", """\
        v_prefetch(a + j);
""", """\
        (void)(a + j);
""", ("lstm/train/f32/T8B16I256H256", "lstm/train/f32/T4B1I512H512")),

    # Four broadcasts go through memory in every k of the micro-kernel: one or
    # two hide behind its arithmetic.
    Plant("added-spill", "kernels/body_micro.h", """\
        x = v_set1(a[i][k]);
        UNROLL for (c = 0; c < C; c++)
""", """\
        x = v_set1(a[i][k]);
        if (i < 4)
            __asm__ volatile("" : "+m"(x));
        UNROLL for (c = 0; c < C; c++)
""", ("gemm/f32/H256N16", "gemm/f32/H256N64")),

    # v = r + r^3 P is rounded twice: another instruction, and its latency.
    Plant("missed-fma", "kernels/body_activations.h", """\
    v = v_fma(v_mul(w, r), p, r);
    y = v_div(""", """\
    v = v_add(v_mul(v_mul(w, r), p), r);
    y = v_div(""", ("tanh/f32/N16384",)),
)


def find(name):
    for plant in PLANTS:
        if plant.name == name:
            return plant
    raise Refused(f"{name}: no such plant; there are "
                  f"{', '.join(p.name for p in PLANTS)}")


def planted(plant, text):
    """The file's text with the plant in it."""
    found = text.count(plant.old)
    if found != 1:
        raise Refused(f"{plant.name}: {plant.file} has its old text {found} "
                      "times, not once")
    return text.replace(plant.old, plant.new)


def apply(plant, root):
    """Puts it into the tree at root, which is to be a copy."""
    path = os.path.join(root, plant.file)
    with open(path, encoding="utf-8", newline="") as f:
        text = f.read()
    text = planted(plant, text)
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text)


def build(plant, root):
    """The working tree with the plant in it; kept as other builds are."""
    paths = builds.files_of(root)
    digest = builds.digest_of(root, paths)

    def fill(folder):
        for path in paths:
            to = folder / path
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(os.path.join(root, path), to)
        apply(plant, folder)

    total = hashlib.sha256(f"{digest}{plant}".encode()).hexdigest()
    return builds.kept(root, plant.name, f"{plant.name}-{total[:9]}",
                       f"plant-{total[:40]}", fill, None)
