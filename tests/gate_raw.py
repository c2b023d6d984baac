"""A raw file says all that was written or is refused, with its line and why;
the sound lines before the fault are kept."""

import json
import os
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
GATE = os.path.join(ROOT, "bench", "gate")
sys.path.insert(0, GATE)
import raw

ROWS = ["tanh/f32/N4096", "lstm/forward/f32/T5B1I8H8"]


def start(**other):
    return {"kind": "start", "format": 1, "when": "2000-01-01T00:00:00Z",
            "base": {"label": "old\tone"}, "head": {"label": "über"},
            "machine": {"cpu": "A"}, "rows": ROWS,
            "plan": {"processes": 5, "pairs": 3, "seconds": .001,
                     "confirm": 9}, **other}


def process(index, stage=1, **other):
    row = {"runs": 7, "a": [1.5, 2.25, .1 + .2], "b": [1.25, 2, 3 + index],
           "first": "aba", "stolen": 0}
    return {"kind": "process", "stage": stage, "index": index, "seed": index,
            "rows": {ROWS[0]: row}, "errors": {ROWS[1]: "wrong"}, **other}


def end(**processes):
    return {"kind": "end", "processes": processes}


FACTS = [start(), *(process(i) for i in range(4)), process(0, 2),
         end(**{"1": 4, "2": 1})]


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "raw.jsonl")

    def write(self, facts, path=None):
        with raw.Writer(path or self.path) as writer:
            for fact in facts:
                writer.add(fact)

    def lines(self):
        with open(self.path, "rb") as f:
            return f.read().splitlines(keepends=True)

    def put(self, data):
        with open(self.path, "wb") as f:
            f.write(data if isinstance(data, bytes) else b"".join(data))

    def refused(self, line, why, kept):
        """The file as it lies is refused, so many processes of it are kept,
        nothing is written behind it, and none of this changes a byte."""
        with open(self.path, "rb") as f:
            before = f.read()
        with self.assertRaises(raw.Refused) as caught:
            raw.read(self.path)
        said = str(caught.exception)
        self.assertTrue(said.startswith(f"{self.path}, line {line}: "), said)
        self.assertIn(why, said)
        if kept is None:
            with self.assertRaises(raw.Refused):
                raw.read(self.path, partial=True)
        else:
            part = raw.read(self.path, partial=True)
            self.assertEqual(part.processes, FACTS[1:1 + kept])
            self.assertFalse(part.ended)
            self.assertEqual(part.fault, said)
        with self.assertRaises(raw.Refused):
            self.write([process(99)])
        with open(self.path, "rb") as f:
            self.assertEqual(f.read(), before)


class Sound(Case):
    def test_all_comes_back(self):
        self.write(FACTS)
        read = raw.read(self.path)
        self.assertEqual(read.start, FACTS[0])
        self.assertEqual(read.processes, FACTS[1:6])
        self.assertTrue(read.ended)
        self.assertIsNone(read.fault)
        self.assertEqual(raw.read(self.path, partial=True), read)

    def test_the_digits_are_those_of_the_description(self):
        import hashlib
        self.write(FACTS[:2])
        one, two = (line.rstrip(b"\n").split(b"\t") for line in self.lines())
        self.assertEqual(one[1].decode(),
                         hashlib.sha256(one[0]).hexdigest()[:16])
        self.assertEqual(two[1].decode(),
                         hashlib.sha256(one[1] + two[0]).hexdigest()[:16])
        self.assertEqual(json.loads(two[0]), FACTS[1])

    def test_stopped_at_any_line(self):
        self.write(FACTS)
        lines = self.lines()
        for n in range(1, len(lines)):
            self.put(lines[:n])
            read = raw.read(self.path)
            self.assertFalse(read.ended)
            self.assertEqual(read.processes, FACTS[1:n])

    def test_a_sound_file_is_continued(self):
        for fact in FACTS:
            self.write([fact])
        self.assertTrue(raw.read(self.path).ended)
        with open(self.path, "rb") as f:
            one = f.read()
        os.remove(self.path)
        self.write(FACTS)
        with open(self.path, "rb") as f:
            self.assertEqual(f.read(), one)

    def test_an_ended_file_is_not(self):
        self.write(FACTS)
        before = self.lines()
        with self.assertRaisesRegex(raw.Refused, "line 7: is ended"):
            raw.Writer(self.path)
        self.assertEqual(self.lines(), before)

    def test_one_writer(self):
        with raw.Writer(self.path) as writer:
            writer.add(FACTS[0])
            with self.assertRaisesRegex(raw.Refused, "by another"):
                raw.Writer(self.path)
            writer.add(FACTS[1])
        self.write(FACTS[2:])
        self.assertTrue(raw.read(self.path).ended)

    def test_nothing_to_read(self):
        with self.assertRaises(FileNotFoundError):
            raw.read(self.path)
        self.put(b"")
        for partial in (False, True):
            with self.assertRaisesRegex(raw.Refused, "is empty"):
                raw.read(self.path, partial)

    def test_what_json_has_no_word_for(self):
        with raw.Writer(self.path) as writer:
            writer.add(FACTS[0])
            with self.assertRaises(ValueError):
                writer.add(process(0, seed=float("nan")))
            with self.assertRaises(ValueError):
                writer.add({"stage": 1})
            writer.add(FACTS[1])
        self.assertEqual(raw.read(self.path).processes, FACTS[1:2])


class Damage(Case):
    def setUp(self):
        super().setUp()
        self.write(FACTS)
        self.sound = self.lines()

    def test_cut_at_every_byte(self):
        before = b"".join(self.sound[:3])
        for n in range(1, len(self.sound[3]), 7):
            self.put(before + self.sound[3][:n])
            self.refused(4, "cut off in the middle", 2)
        self.put(before + self.sound[3][:-1])
        self.refused(4, "cut off in the middle", 2)

    def test_cut_in_the_first_line(self):
        self.put(self.sound[0][:40])
        self.refused(1, "cut off", None)

    def test_edited_at_every_byte(self):
        for at in range(0, len(self.sound[3]) - 1, 5):
            line = bytearray(self.sound[3])
            line[at] ^= 1
            self.put([*self.sound[:3], bytes(line), *self.sound[4:]])
            self.refused(4, "", 2)

    def test_a_number_is_edited(self):
        line = self.sound[2].replace(b"2.25", b"2.35")
        self.assertNotEqual(line, self.sound[2])
        self.put([*self.sound[:2], line, *self.sound[3:]])
        self.refused(3, "edited, or a line before it is missing", 1)

    def test_edited_with_digits_of_its_own(self):
        """Then the line behind it tells."""
        text = self.sound[2].split(b"\t")[0].replace(b"2.25", b"2.35").decode()
        digits = raw.digits_of(self.sound[1][-17:-1].decode(), text)
        self.put([*self.sound[:2], f"{text}\t{digits}\n".encode(),
                  *self.sound[3:]])
        with self.assertRaisesRegex(raw.Refused, "line 4: edited, or a line"):
            raw.read(self.path)

    def test_reordered(self):
        a, b, c, d, e, f, g = self.sound
        self.put([a, b, d, c, e, f, g])
        self.refused(3, "out of its place: it was written behind line 4", 1)
        self.put([a, b, d, e, f, g, c])
        self.refused(3, "out of its place: it was written behind line 7", 1)
        self.put([b, a, c, d, e, f, g])
        self.refused(1, "out of its place: it was written behind line 2", None)

    def test_missing(self):
        self.put(self.sound[:2] + self.sound[3:])
        self.refused(3, "a line before it is missing", 1)
        self.put(self.sound[1:])
        self.refused(1, "a line before it is missing", None)

    def test_duplicated(self):
        self.put([*self.sound[:4], *self.sound[3:]])
        self.refused(5, "a copy of line 4", 3)
        self.put([*self.sound[:5], self.sound[2], *self.sound[5:]])
        self.refused(6, "a copy of line 3", 4)
        self.put(self.sound + self.sound[:1])
        with self.assertRaisesRegex(raw.Refused, "line 8: a copy of line 1"):
            raw.read(self.path)

    def test_foreign(self):
        for line in (b"\n", b"hello\n", b'{"kind":"end"}\n', b"\xff\xfe\n",
                     self.sound[3][:-1] + b"\r\n", self.sound[3].upper(),
                     self.sound[3].replace(b"\t", b" ")):
            self.put([*self.sound[:3], line, *self.sound[4:]])
            self.refused(4, "not of this file", 2)

    def test_two_files(self):
        other = self.path + "2"
        self.write([start(when="later"), *FACTS[1:]], other)
        with open(other, "rb") as f:
            lines = f.readlines()
        self.put(self.sound[:3] + lines)
        self.refused(4, "the first line of another file", 2)
        self.put(self.sound[:3] + lines[3:])
        self.refused(4, "edited, or a line before it is missing", 2)


class Facts(Case):
    """Chained well, yet no comparison that this program reads."""

    def wrong(self, facts, line, why, kept=0):
        if os.path.exists(self.path):
            os.remove(self.path)
        self.write(facts)
        with self.assertRaisesRegex(raw.Refused, f", line {line}: .*{why}"):
            raw.read(self.path)
        if kept:
            part = raw.read(self.path, partial=True)
            self.assertEqual(len(part.processes), kept)

    def test_format(self):
        self.wrong([start(format=2)], 1, "format 2; this reads 1")
        self.wrong([process(0)], 1, "no start")
        short = start()
        del short["rows"], short["machine"]
        self.wrong([short], 1, "without machine, rows")

    def test_order(self):
        self.wrong([*FACTS[:3], start()], 4, "unknown kind 'start'", 2)
        self.wrong([*FACTS[:3], {"kind": "note"}], 4, "unknown kind 'note'", 2)
        self.wrong([*FACTS[:3], process(1)], 4,
                   "process 1 of stage 1 once more", 2)
        with raw.Writer(self.path + "3") as writer:
            for fact in [*FACTS, process(7)]:
                writer.add(fact)
        with self.assertRaisesRegex(raw.Refused, "line 8: behind the end"):
            raw.read(self.path + "3")

    def test_process(self):
        ok = FACTS[:2]
        row = FACTS[1]["rows"][ROWS[0]]
        self.wrong([*ok, process(1, 3)], 3, "stage 3", 1)
        self.wrong([*ok, process(1, rows={"x": row})], 3, "row x, which", 1)
        self.wrong([*ok, process(1, errors={"x": "y"})], 3, "row x, which", 1)
        self.wrong([*ok, process(1, rows=[])], 3, "no object", 1)
        self.wrong([*ok, {"kind": "process", "stage": 1}], 3,
                   "without errors, index, rows, seed", 1)
        for a in ([], [1, 2], [1, 2, 0], [1, 2, -3], [1, 2, "3"], 3,
                  [1, 2, True]):
            self.wrong([*ok, process(1, rows={ROWS[0]: {**row, "a": a}})], 3,
                       "no pairs of times", 1)

    def test_end(self):
        self.wrong([*FACTS[:3], end(**{"1": 3})], 4, "has {'1': 2}", 2)
        self.wrong([*FACTS[:3], end()], 4, "ends with {}", 2)
        os.remove(self.path)
        self.write([*FACTS[:3], end(**{"1": 2, "2": 0})])
        self.assertTrue(raw.read(self.path).ended)

if __name__ == "__main__":
    unittest.main()
