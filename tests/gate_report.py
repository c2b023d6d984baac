"""The page of a made-up history: it holds every row and nothing of the network,
is well formed, the same twice, and what cannot be drawn is refused. Exit 77: no
Matplotlib, SciPy or ruptures."""

import html.parser
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

try:
    import matplotlib
    import ruptures
    import scipy
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
GATE = os.path.join(HERE, "..", "bench", "gate")
RESULTS = os.path.join(HERE, "..", "results")
sys.path[:0] = [HERE, RESULTS]
import gate_made as made
from commits import entry, pictures, series, sparks

VOID = {"meta", "input", "br", "wbr"}
ONE, TWO = (entry.digest(m) for m in made.machines())


def report(*args):
    return subprocess.run([sys.executable, "-B",
                           os.path.join(GATE, "report.py"), *args],
                          capture_output=True, text=True)


class Page(html.parser.HTMLParser):
    """Fails on a tag that is not closed; collects what tests ask for."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.rows = [], [], [], []
        self.cells, self.texts, self.attributes = 0, [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        of = dict(attributes)
        assert len(of) == len(attributes), attributes
        self.attributes += [(tag, *a) for a in attributes]
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [of["id"]] if "id" in of else []
        self.links += [of["href"]] if tag == "a" else []
        if tag == "tr" and "data-row" in of:
            self.rows.append((of["data-row"], of["data-commit"]))
        self.cells += of.get("class", "").startswith("cell")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        self.texts.append(data)


def record():
    """A small one of the bench, with a peer."""
    flop, row = 16e6, "lstm/forward/f32/T100B1I64H64/"
    shared = {"gbs": 10, "of_limit": 0.5}
    return {"machine": {
        "cpu": "Made-up CPU 1", "family": "25", "model": "17", "clock": 4e9,
        "compiler": "gcc 12.2.0", "version": "0.1.0", "commit": "abc",
        "fma_flops": {"avx2": 1e11}, "caches": {"L1": 32768},
        "bandwidth": {"L1": 1e11, "DRAM": 1e10}},
        "peers": {"onednn": {"version": "3.1"}},
        "results": [{"name": row + who, "seconds": s, "gflops": 1e-9 * flop / s,
                     **shared, **more} for who, s, more in
                    (("avx2", 1e-3, {"vs_peer": 2.0}),
                     ("onednn", 2e-3, {"compared": 3, "vs_peer": 2.0}))]}


class Whole(unittest.TestCase):
    """One run over all that a history may hold."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.history = os.path.join(cls.folder.name, "history.jsonl")
        cls.records = os.path.join(cls.folder.name, "records")
        os.mkdir(cls.records)
        with open(os.path.join(cls.records, "made-up.json"), "w",
                  encoding="utf-8") as f:
            json.dump(record(), f)
        cls.lines = list(made.lines())
        made.write(cls.history, cls.lines)
        cls.out = cls.into("first")
        with open(os.path.join(cls.out, "index.html"), encoding="utf-8") as f:
            cls.text = f.read()
        cls.page = Page(cls.text)

    @classmethod
    def into(cls, name):
        out = os.path.join(cls.folder.name, name)
        done = report("--history", cls.history, "--out", out, "--records",
                      cls.records)
        assert done.returncode == 0, done.stderr
        assert done.stdout == os.path.join(out, "index.html") + "\n"
        return out

    def test_every_row_of_every_commit_is_a_line_of_a_table(self):
        wanted = [(line["row"].lower(), line["commit"]) for line in self.lines]
        self.assertEqual(sorted(self.page.rows), sorted(wanted))

    def test_every_row_of_a_machine_is_a_small_plot_and_a_large_one(self):
        rows = 2 * (len(made.names()) + len(made.COUNTS))
        self.assertEqual(self.page.cells, rows)
        self.assertEqual(self.text.count("<figcaption>"), rows)

    def test_names_are_once_and_links_lead_somewhere(self):
        self.assertEqual(len(self.page.ids), len(set(self.page.ids)))
        for link in self.page.links:
            self.assertTrue(link.startswith("#") and link[1:] in self.page.ids,
                            link)

    def test_nothing_is_of_the_network(self):
        self.assertNotRegex(self.text, r"https?:|//\w+\.|@import|src=")
        for tag, name, value in self.page.attributes:
            if name in ("href", "xlink:href"):
                self.assertEqual(value[0], "#", (tag, value))
            self.assertNotRegex(value or "", r"url\((?!#)")
        self.assertNotIn("<link", self.text)

    def test_machines_are_apart(self):
        sections = self.text.split('<section class="machine"')[1:]
        self.assertEqual(len(sections), 2)
        for text, own, other in zip(sections, (ONE, TWO), (TWO, ONE)):
            self.assertIn(f'id="m-{own}"', text)
            self.assertNotIn(other, text)

    def test_it_says_what_became_slower(self):
        text = "".join(self.page.texts)
        last, step = (series.short(made.commit(n)) for n in
                      (made.COMMITS - 1, made.STEP_AT))
        self.assertRegex(text, f"{last} of 2026-03-08 against .*: 1 row slower")
        self.assertIn(f"The last step was at {step} of 2026-03-06: 1 row "
                      "slower", text)
        self.assertIn("of 3 rows counted, 1 takes more instructions",
                      text.lower())

    def test_pictures(self):
        names = {f"history-{digest}" for digest in (ONE, TWO)}
        names |= {"made-up-roofline", "made-up-peers-lstm"}
        self.assertEqual({os.path.splitext(f)[0] for f in
                          os.listdir(self.out)} - {"index"}, names)
        for name in names:
            path = os.path.join(self.out, name)
            xml.etree.ElementTree.parse(path + ".svg")
            with open(path + ".png", "rb") as f:
                start = f.read(24)
            self.assertEqual(start[:8], b"\x89PNG\r\n\x1a\n")
            self.assertGreater(min(struct.unpack(">II", start[16:])), 100)
        self.assertIn("Roofline of one core", self.text)
        self.assertIn("Our best rung over each peer", self.text)
        self.assertIn("In 1 of 1 rows that another library has", self.text)

    def test_pictures_of_the_page_keep_what_they_refer_to(self):
        inside = re.findall(r'<svg[^>]*>.*?</svg>', self.text, re.DOTALL)
        self.assertGreater(len(inside), 80)
        for svg in inside:
            names = set(re.findall(r' id="([^"]+)"', svg))
            for used in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg):
                self.assertIn(used[0] or used[1], names)

    def test_the_same_twice(self):
        again = self.into("second")
        for name in os.listdir(self.out):
            with open(os.path.join(self.out, name), "rb") as one, \
                    open(os.path.join(again, name), "rb") as two:
                self.assertEqual(one.read(), two.read(), name)

    def refused(self, words, *args):
        out = os.path.join(self.folder.name, "none")
        done = report("--out", out, *args)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, words)
        self.assertNotIn("Traceback", done.stderr)
        self.assertFalse(os.path.exists(out))

    def test_refusals(self):
        self.refused("times of two machines differ by what",
                     "--history", self.history, "--merge-machines")
        self.refused(f"nothing of a machine 'beef', but of {ONE}, {TWO}",
                     "--history", self.history, "--machine", "beef")
        self.refused("holds no rows yet", "--history",
                     os.path.join(self.folder.name, "absent"))
        broken = os.path.join(self.folder.name, "broken")
        with open(self.history, encoding="utf-8") as f, \
                open(broken, "w", encoding="utf-8") as g:
            g.write(f.read()[:-9])
        self.refused(rf"line {len(self.lines)}: is cut short", "--history",
                     broken)

    def test_a_python_without_what_it_needs(self):
        done = subprocess.run([sys.executable, "-B", "-S", "-c",
                               "import runpy, sys; sys.path.insert(0, sys.argv"
                               "[1]); runpy.run_path(sys.argv[1] + "
                               "'/report.py', run_name='__main__')", GATE],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, "^report: No module named .*venv.sh")

    def test_what_is_no_record_is_left_out(self):
        bad = os.path.join(self.folder.name, "bad")
        os.makedirs(bad, exist_ok=True)
        with open(os.path.join(bad, "x.json"), "w", encoding="utf-8") as f:
            f.write("{}")
        done = report("--history", self.history, "--records", bad, "--out",
                      os.path.join(self.folder.name, "third"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, "x.json is no record .* it is left out")

    def test_one_machine(self):
        out = os.path.join(self.folder.name, "single")
        done = report("--history", self.history, "--out", out, "--machine",
                      TWO[:5], "--records", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(out, "index.html"), encoding="utf-8") as f:
            text = f.read()
        self.assertNotIn(ONE, text)
        self.assertIn(f'id="m-{TWO}"', text)


class Rows(unittest.TestCase):
    def test_of_one_second_the_one_recorded_later_is_the_last(self):
        fingerprint = made.machines()[0]
        lines = [made.line("r", n, -1, fingerprint, 1, .001, 1000)
                 | {"date": made.date(5)} for n in (2, 1)]
        machine, = series.machines(lines)
        self.assertEqual([c for c, _ in machine.commits],
                         [made.commit(2), made.commit(1)])
        self.assertTrue(series.headline(machine).startswith(
            series.short(made.commit(1))), series.headline(machine))

    def machine(self, lines, which=0):
        return series.machines(lines)[which]

    def test_lines_join_one_base(self):
        points = [{"base": b, "commit": c} for c, b in
                  ((1, "a"), (2, "a"), (3, "b"), (4, "a"), (5, "a"), (5, "b"),
                   (6, "b"))]
        runs = [[(p["base"], p["commit"]) for p in run]
                for run in series.joined(points)]
        self.assertEqual(runs, [[("a", 1), ("a", 2)], [("a", 4), ("a", 5)],
                                [("b", 3)], [("b", 5), ("b", 6)]])

    def test_one_commit_is_a_point(self):
        machine = self.machine(list(made.lines(1)))
        self.assertEqual(machine.changes, [])
        svg = sparks.plot(machine.rows[0], machine.commits, 0.1)
        self.assertEqual(svg.count("<circle"), 1)
        self.assertNotIn('class="line', svg)

    def test_commits_are_in_order_of_dates_whatever_the_file_is(self):
        lines = list(made.lines())
        one, two = self.machine(lines), self.machine(lines[::-1])
        self.assertEqual(one.commits, two.commits)
        self.assertEqual([d for _, d in one.commits],
                         [made.date(n) for n in range(made.COMMITS)])

    def test_what_was_measured_last_counts(self):
        lines = list(made.lines(1))
        again = {**lines[0], "speed": [2.0, 1.9, 2.1],
                 "measured": "2027-01-01T00:00:00Z"}
        for some in ([*lines, again], [again, *lines]):
            machine = self.machine(some)
            row, = [r for r in machine.rows if r.name == again["row"]]
            self.assertEqual([p["speed"][0] for p in row.points], [2.0])

    def test_the_made_up_steps_are_the_steps(self):
        machine = self.machine(list(made.lines()))
        found = {(c.row, c.after) for c in machine.changes}
        wanted = {(made.STEPPED, made.commit(made.STEP_AT)),
                  (made.LARGER, made.commit(made.LARGE_AT))}
        wanted |= {(n, made.commit(made.GAIN_AT)) for n in made.names()
                   if n.startswith(made.GAINED) and "/train/" in n}
        self.assertEqual(found, wanted)
        row, = [c.row for r in machine.counts for c in r.changes]
        self.assertEqual(row, made.COUNTS[1])

    def test_a_step_where_the_base_changes(self):
        """No line shows the second machine's, but its gate said it."""
        machine = self.machine(list(made.lines()), 1)
        self.assertEqual(machine.digest, TWO)
        row, = [r for r in machine.rows if r.name == made.STEPPED]
        self.assertEqual([len(run) for run in row.runs], [3, 3])
        self.assertEqual([(c.before, c.after) for c in row.changes],
                         [tuple(map(made.commit, (made.STEP_AT - 1,
                                                  made.STEP_AT)))])

    def test_a_step_is_told_once(self):
        """Of two bases, one the commit before: two lines show it, and the gate
        said it."""
        machine = made.machines()[0]
        lines = [made.line("row", n, base, machine, 1.2 if n > 3 >= base
                           else 1.0, 0.001, 9.0)
                 for n in range(1, 6) for base in (-1, 0, n - 1)
                 if base < n and (base != n - 1 or n > 1)]
        found = self.machine(lines)
        self.assertEqual([c.after for c in found.changes], [made.commit(4)])
        self.assertEqual([len(run) for run in found.rows[0].runs if
                          run[0]["base"] == made.commit(-1)], [5])
        alone = [l for l in lines if l["base"] not in
                 (made.commit(-1), made.commit(0))]
        found = self.machine(alone)
        self.assertEqual([(c.before, c.after) for c in found.changes],
                         [(made.commit(3), made.commit(4))])
        self.assertTrue(all(len(run) == 1 for run in found.rows[0].runs))

    def test_scales(self):
        rows = [series.Row(str(i), "", "", [{"speed": [v, v, v]}], [],
                           [])
                for i, v in enumerate((1.01, 0.99, 1.0, 1.15))]
        self.assertEqual(series.scales(rows),
                         (0.02, {"0": 0.02, "1": 0.02, "2": 0.02, "3": 0.2}))
        wide = [{"speed": [1, 0.9, 1.04]}]
        calm = [{"speed": [1, 0.99, 1.01]}] * 10
        for points, scale in ((wide, 0.2), (wide + calm, 0.02)):
            row = series.Row("", "", "", points, [], [])
            self.assertEqual(series.scales([row])[0], scale)
        self.assertEqual(series.height(1.2, 0.2), 1.0)
        self.assertEqual(series.height(1 / 1.2, 0.2), -1.0)
        self.assertEqual(series.height(9, 0.2), 1.0)

    def test_words(self):
        self.assertEqual(series.percent(1.0123), "+1.2 %")
        self.assertEqual(series.percent(0.9), "\u221210.0 %")
        self.assertEqual(series.percent(1.00004), "0.00 %")
        self.assertEqual(series.percent(2.5), "+150 %")
        self.assertEqual(series.fewer(0.8), "25.0 % more")
        self.assertEqual(series.fewer(1.25), "20.0 % fewer")
        self.assertEqual(series.named("lstm/train/f32/T5B2/avx2"),
                         ("lstm", "train T5 B2 avx2"))
        self.assertEqual(series.named("exp/f32/N9/avx2"),
                         ("kernels", "exp N9 avx2"))
        self.assertEqual(series.named("a row"), ("rows", "a row"))

    def test_a_stranger_s_names_are_text(self):
        line = {**list(made.lines(1))[0], "row": '<b>"&'}
        out = tempfile.TemporaryDirectory()
        self.addCleanup(out.cleanup)
        path = os.path.join(out.name, "h.jsonl")
        made.write(path, [line])
        done = report("--history", path, "--out", out.name, "--records",
                      out.name)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(out.name, "index.html"),
                  encoding="utf-8") as f:
            page = Page(f.read())
        self.assertEqual(page.rows, [('<b>"&', line["commit"])])
        self.assertIn('<b>"&', page.texts)

    def test_colours_of_a_picture_may_be_replaced(self):
        svg = pictures.inlined(
            '<?xml version="1.0"?>\n<svg width="9pt" height="9pt" '
            'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
            '<metadata>x</metadata><path id="a" style="fill: #0072b2"/>'
            '<use xlink:href="#a"/></svg>', "p-")
        self.assertEqual(svg, '<svg viewBox="0 0 9 9"><path id="p-a" '
                         'style="fill: var(--x0072b2, #0072b2)"/>'
                         '<use href="#p-a"/></svg>')


if __name__ == "__main__":
    unittest.main()
