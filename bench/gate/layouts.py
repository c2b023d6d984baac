"""What a process loads: a build's objects, linked anew in a random layout."""

import pathlib
import random

import builds

PADS = 64  # sizes of padding: a page of cache lines

PAD = """.text
.p2align 6
.skip {text}, 0x90
.data
.p2align 6
.skip {data}
.section .note.GNU-stack, "", %progbits
"""


def padding(root):
    """Objects of 1 to PADS cache lines of .text, and of another number of
    .data; made once."""
    folder = pathlib.Path(root) / builds.KEPT / "padding"
    paths = [folder / f"{lines}.o" for lines in range(1, PADS + 1)]
    with builds.locked(folder):
        if not (folder / "stamp").exists():
            folder.mkdir(exist_ok=True)
            for i, path in enumerate(paths):
                path.with_suffix(".s").write_text(PAD.format(
                    text=64 * (i + 1), data=64 * (1 + i * 37 % PADS)))
            builds.tool([builds.cc(), "-c", *(p.with_suffix(".s").name
                                              for p in paths)], cwd=folder)
            (folder / "stamp").touch()
    return list(map(str, paths))


def layout(objects, pads, seed):
    """All objects in a random order, one padding before each."""
    chance = random.Random(seed)
    order = sorted(objects)
    chance.shuffle(order)
    return [path for o in order for path in (chance.choice(pads), o)]


def start_link(build, pads, seed, out):
    """A linker at work. Its own symbols bind within: of two modules in one
    process, none calls into the other."""
    return builds.start([builds.cc(), "-shared", "-Wl,-Bsymbolic", "-o", out,
                         *layout(build.objects, pads, seed), *build.libraries])


def link_all(root, wanted):
    """Links [(build, seed, out), ...] beside one another."""
    pads = padding(root)
    with builds.ended() as jobs:
        for b, seed, out in wanted:
            jobs.append(start_link(b, pads, seed, out))
        said = [job.communicate()[0] for job in jobs]
    for (b, _, _), job, text in zip(wanted, jobs, said):
        if job.returncode:
            raise builds.Failed(f"{b.label} cannot be linked:\n"
                                f"{builds.last_lines(text)}")


def link(build, seed, out, root=builds.HERE.parents[1]):
    link_all(root, [(build, seed, out)])
