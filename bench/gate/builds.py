"""A commit as objects, built once and kept."""

import contextlib
import fcntl
import filecmp
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

import machine

HERE = pathlib.Path(__file__).resolve().parent
KEPT = "build/compare"
TARGET = "srnn_problems"
# All commits are configured alike, old ones too, which may not know all of
# these: nothing of others is timed, nor need it be here.
OPTIONS = ("-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_POSITION_INDEPENDENT_CODE=ON",
           "-DSRNN_TESTS=ON", "-DSRNN_WERROR=OFF", "-DSRNN_EXAMPLES=OFF",
           *(f"-DSRNN_{part}=OFF" for part in
             ("BENCH", "IO", "SLEEF", "XSMM", "ONEDNN", "CAIRO", "RANDOM123",
              "PEERS")))
MODULE_FLAGS = ("-std=c11", "-O3", "-fPIC", "-ffp-contract=off",
                "-falign-functions=64", "-falign-loops=64")
FLAGS = "CFLAGS", "CPPFLAGS", "LDFLAGS"  # of the caller: cmake would add them
LIBRARIES = ("-lm", "-lpthread")
# Changes there build nothing else.
ASIDE = ("--", ".", ":!results", ":!*.md")
TAIL = 30  # lines of a compiler's output that are told
WEEK = 7 * 24 * 3600  # seconds that what nobody uses is kept


class Failed(Exception):
    """No build: why, and the end of what the tool said."""


@dataclass
class Build:
    """`about` is {"compiler", "flags", "own", "machine"} as far as known."""
    label: str
    commit: str
    objects: list
    libraries: list = field(default_factory=lambda: list(LIBRARIES))
    about: dict = field(default_factory=dict)


def cc():
    return os.environ.get("CC", "cc")


def start(command, **more):
    """A tool at work, in a group of its own: Ctrl-C is ours to handle."""
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True,
                                errors="replace", process_group=0, **more)
    except OSError as e:
        raise Failed(f"cannot run {command[0]}: {e.strerror}") from e


@contextlib.contextmanager
def ended():
    """A list for jobs. If that is left by an exception, their groups are ended,
    and what is left of them waited for: it would write where the next one
    does."""
    jobs = []
    try:
        yield jobs
    except BaseException:
        for job in jobs:
            if job.poll() is None:
                os.killpg(job.pid, signal.SIGTERM)  # ninja ends its own then
                job.communicate()
        raise


def last_lines(text):
    return "\n".join(text.splitlines()[-TAIL:])


def tool(command, **more):
    """Its output; Failed with the end of it if it fails."""
    with ended() as jobs:
        jobs.append(start(command, **more))
        text = jobs[0].communicate()[0]
    if jobs[0].returncode:
        raise Failed(f"{' '.join(map(str, command[:3]))} ... failed\n"
                     f"{last_lines(text)}")
    return text


def git(root, *arguments):
    done = subprocess.run(["git", "-C", root, *arguments],
                          capture_output=True)
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip()
        raise Failed(f"git {arguments[0]}: {why}")
    return done.stdout


def commit_of(root, rev):
    """All its digits."""
    try:
        return git(root, "rev-parse", "--verify", "--end-of-options",
                   rev + "^{commit}").decode().strip()
    except Failed as e:
        raise Failed(f"no commit '{rev}' here ({e})") from e


def of_commit(root, rev, module=None):
    commit = commit_of(root, rev)

    def fill(folder):
        archive = folder.with_suffix(".tar")
        git(root, "archive", "--output", archive.resolve(), commit)
        tool(["tar", "-xf", archive, "-C", folder])
        archive.unlink()

    short = commit[:9]
    name = rev.removeprefix("refs/tags/")
    label = short if commit.startswith(rev) else f"{name} ({short})"
    return kept(root, label, commit, commit, fill, module)


def files_of(root):
    """What git knows or would add, as paths that are there; no prose."""
    names = git(root, "ls-files", "-co", "-z", "--exclude-standard", *ASIDE)
    paths = {os.fsdecode(n) for n in names.split(b"\0") if n}
    return sorted(p for p in paths if os.path.isfile(os.path.join(root, p)))


def digest_of(root, paths):
    """Of the files' names and contents."""
    total = hashlib.sha256()
    for path in paths:
        with open(os.path.join(root, path), "rb") as f:
            inner = hashlib.sha256(f.read()).hexdigest()
        total.update(f"{path}\0{inner}\0".encode())
    return total.hexdigest()


def of_worktree(root, module=None):
    """The working tree; the commit itself where nothing was changed, else a
    name of its own for each state."""
    commit = commit_of(root, "HEAD")
    if not git(root, "status", "--porcelain", "--untracked-files=all", *ASIDE):
        return of_commit(root, commit, module)
    paths = files_of(root)
    digest = digest_of(root, paths)

    def fill(folder):
        for path in paths:
            to = folder / path
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(os.path.join(root, path), to)
        if digest_of(folder, paths) != digest:
            raise Failed("the working tree was changed while it was copied")

    label = commit[:9] + "-dirty"
    return kept(root, label, f"{label}-{digest[:9]}", f"tree-{digest[:40]}",
                fill, module)


def shared_symbol(objects):
    """A symbol that a process has once, whatever is loaded how: C++ statics of
    inline functions and templates. Both builds would run on one of them."""
    try:
        text = subprocess.run(["nm", *objects], capture_output=True, text=True,
                              errors="replace").stdout
    except OSError as e:
        raise Failed(f"cannot run nm: {e.strerror}") from e
    found = re.search(r"^[0-9a-f]+ u (\S+)$", text, re.M)
    return found and found[1]


def of_objects(folder):
    """A stranger's: every object of the folder, the module's among them."""
    folder = pathlib.Path(folder)
    objects = sorted(map(str, folder.rglob("*.o")))
    if not objects:
        raise Failed(f"no object (*.o) in {folder}")
    symbol = shared_symbol(objects)
    if symbol:
        raise Failed(f"{folder}: both sides would share {symbol}: compile "
                     "with -fno-gnu-unique")
    total = hashlib.sha256()
    for path in objects:
        total.update(pathlib.Path(path).read_bytes())
    return Build(folder.name, "objects-" + total.hexdigest()[:12], objects,
                 about={"compiler": machine.compiler(cc())})


def same_code(a, b):
    """Whether two builds are of the same objects, byte by byte: a comment, a
    document or a test parts their commits."""
    if len(a.objects) != len(b.objects):
        return False
    return all(filecmp.cmp(one, other, shallow=False)
               for one, other in zip(a.objects, b.objects))


# ---- kept builds ---

@contextlib.contextmanager
def locked(folder, how=fcntl.LOCK_EX):
    """One builder at a time; the others wait and find it built."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w", encoding="ascii") as f:
        fcntl.flock(f, how)
        yield


def made_by():
    """A kept build by anything else is built again: the bench compiles a
    baseline for the machine it is on."""
    hardware = machine.here()
    hardware.pop("kernel")
    return {"compiler": machine.compiler(cc()), "options": list(OPTIONS),
            "machine": hardware}


def kept(root, label, commit, key, fill, module):
    folder = pathlib.Path(root) / KEPT / key
    stamp = folder / "stamp.json"
    with locked(folder):
        try:
            about = json.loads(stamp.read_text())
        except (OSError, ValueError):
            about = {}
        if any(about.get(k) != v for k, v in made_by().items()):
            about = build(folder, label, fill)
            stamp.write_text(json.dumps(about, indent=1))  # last: it is whole
            forget(folder.parent)
        os.utime(folder)
        objects = [str(folder / "cmake" / o) for o in about["objects"]]
        objects.append(module_object(folder, module or HERE / "module.c"))
    told = {k: about[k] for k in ("compiler", "flags", "own", "machine")}
    return Build(label, commit, objects, about=told)


def forget(kept_in):
    """Builds, and links of what was killed, that a week has not seen; what was
    measured stays."""
    def old(path):
        try:
            return time.time() - path.stat().st_mtime > WEEK
        except FileNotFoundError:  # another has just forgotten it
            return False

    for path in filter(old, list(kept_in.glob("*/"))):
        if path.name.startswith("run-"):
            shutil.rmtree(path, ignore_errors=True)
        elif path.name not in ("raw", "padding"):
            with contextlib.suppress(BlockingIOError), \
                    locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB):
                if old(path):  # whole until its name is gone
                    with tempfile.TemporaryDirectory(
                            prefix="run-", dir=kept_in) as gone:
                        path.rename(pathlib.Path(gone) / path.name)


def plain():
    """The environment without flags: all commits are configured alike."""
    return {k: v for k, v in os.environ.items() if k not in FLAGS}


def build(folder, label, fill):
    """Makes {src,cmake,objects} anew; what the stamp says of them."""
    began = time.monotonic()
    print(f"compare: building {label}", file=sys.stderr, flush=True)
    if folder.exists():
        shutil.rmtree(folder)
    for part in ("src", "cmake", "objects"):
        (folder / part).mkdir(parents=True)
    try:
        fill(folder / "src")
        tool(["cmake", "-S", folder / "src", "-B", folder / "cmake", "-G",
              "Ninja", *OPTIONS, f"-DCMAKE_C_COMPILER={cc()}"], env=plain())
        tool(["cmake", "--build", folder / "cmake", "--target", TARGET],
             env=plain())
    except Failed as e:
        raise Failed(f"{label} cannot be built: {e}") from e
    objects = sorted(str(o.relative_to(folder / "cmake"))
                     for o in (folder / "cmake").rglob("*.o"))
    if not objects:
        raise Failed(f"{label} cannot be built: {TARGET} has no objects")
    return {**made_by(), **flags_of(folder / "cmake", objects),
            "objects": objects, "seconds": round(time.monotonic() - began, 1)}


def flags_of(cmake, objects):
    """"flags": those of all files that change code; "own": what single files
    have beside them."""
    with open(cmake / "compile_commands.json", encoding="utf-8") as f:
        commands = {os.path.join(cmake.resolve(), words[words.index("-o") + 1]):
                    words for words in (c["command"].split()
                                        for c in json.load(f))}
    found = {}
    for name in objects:
        words = commands.get(os.path.join(cmake.resolve(), name), [])
        target, _, source = name.rpartition(".dir/")
        source = f"{os.path.basename(target)}/{os.path.basename(source[:-2])}"
        found[source] = [w for w in words
                         if w.startswith(("-O", "-f", "-m", "-std="))]
    lists = list(found.values())
    common = [w for w in lists[0] if all(w in of for of in lists)]
    own = {name: " ".join(w for w in of if w not in common)
           for name, of in sorted(found.items())}
    return {"flags": " ".join(common),
            "own": {name: of for name, of in own.items() if of}}


def module_object(folder, source):
    """The running tree's module against the build's headers, kept by what it
    is made of."""
    total = hashlib.sha256(" ".join(MODULE_FLAGS).encode())
    for path in sorted([*source.parent.glob("*.h"), source]):
        total.update(path.read_bytes())
    to = folder / "objects" / f"module-{total.hexdigest()[:16]}.o"
    if not to.exists():
        new = to.with_suffix(".new")
        tool([cc(), *MODULE_FLAGS, "-I", folder / "src", "-I",
              folder / "src/include", "-c", source, "-o", new])
        new.rename(to)
    return str(to)
