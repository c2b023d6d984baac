"""Whatever stops the writer of a raw file, what it wrote is read: a signal at
any moment, a full disk."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
import unittest
from unittest import mock

import gate_raw
from gate_raw import FACTS, GATE, ROOT, end, raw

# Writes facts without end, and says of each that it was written.
CHILD = """
import sys
sys.path[:0] = {paths!r}
import raw, gate_raw
with raw.Writer({path!r}) as writer:
    writer.add(gate_raw.start())
    index = 0
    try:
        while True:
            writer.add(gate_raw.process(index, note="x" * {size}))
            print(index, flush=True)
            index += 1
    except KeyboardInterrupt:
        found = raw.read({path!r})
        writer.add(gate_raw.end(**{{"1": len(found.processes)}}))
"""


class Stopped(gate_raw.Case):
    def child(self, size=3000):
        code = CHILD.format(paths=[GATE, os.path.join(ROOT, "tests")],
                            path=self.path, size=size)
        return subprocess.Popen([sys.executable, "-B", "-c", code],
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def stopped(self, how, chance):
        """What the child said it wrote before the signal came."""
        child = self.child()
        self.assertEqual(child.stdout.readline(), "0\n")
        time.sleep(chance.uniform(0, .02))
        child.send_signal(how)
        with child:
            said = child.stdout.read().splitlines()
            complaint = child.stderr.read()
        return int(said[-1]) + 1 if said else 1, child.returncode, complaint

    def test_killed(self):
        """The kernel may leave off between two pages of a line."""
        chance = random.Random(1)
        for _ in range(12):
            said, code, _ = self.stopped(signal.SIGKILL, chance)
            self.assertEqual(code, -signal.SIGKILL)
            read = raw.read(self.path, partial=True)
            self.assertGreaterEqual(len(read.processes), said)
            self.assertEqual([p["index"] for p in read.processes],
                             list(range(len(read.processes))))
            if read.fault:
                line = len(read.processes) + 2
                self.assertIn(f"line {line}: cut off in", read.fault)
            else:
                self.write([end(**{"1": len(read.processes)})])
                self.assertTrue(raw.read(self.path).ended)
            os.remove(self.path)

    def test_interrupted(self):
        chance = random.Random(2)
        for _ in range(12):
            said, code, complaint = self.stopped(signal.SIGINT, chance)
            self.assertEqual(code, 0, complaint)
            read = raw.read(self.path)
            self.assertTrue(read.ended)
            self.assertIn(len(read.processes) - said, (0, 1))
            os.remove(self.path)

    def test_interrupted_at_every_line_of_add(self):
        """The next fact is chained to what lies in the file."""
        wanted = raw.Writer.add.__code__
        stops = 0
        for stop in range(1, 40):
            seen = [0]

            def trace(frame, event, _):
                if frame.f_code is not wanted:
                    return None
                seen[0] += event == "line"
                if seen[0] == stop and event == "line":
                    raise KeyboardInterrupt
                return trace

            with raw.Writer(self.path) as writer:
                writer.add(FACTS[0])
                sys.settrace(trace)
                try:
                    writer.add(FACTS[1])
                except KeyboardInterrupt:
                    stops += 1
                finally:
                    sys.settrace(None)
                done = len(raw.read(self.path).processes)
                writer.add(end(**{"1": done}))
            self.assertTrue(raw.read(self.path).ended)
            os.remove(self.path)
            if seen[0] < stop:
                break
        self.assertGreater(stops, 5)
        self.assertLess(stop, 39)

    def test_the_disk_is_full(self):
        """A limit on the file's size cuts a line as a full disk does."""
        self.write(FACTS[:2])
        size = os.path.getsize(self.path)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            with raw.Writer(self.path) as writer:
                resource.setrlimit(resource.RLIMIT_FSIZE,
                                   (size + 50, limits[1]))
                with self.assertRaisesRegex(OSError, "a part of a line"):
                    writer.add(FACTS[2])
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
                with self.assertRaisesRegex(raw.Refused, "cut off"):
                    writer.add(FACTS[3])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, before)
        self.assertEqual(os.path.getsize(self.path), size + 50)
        self.refused(3, "cut off in the middle", 1)

    def test_an_end_is_on_the_disk(self):
        with mock.patch.object(os, "fsync", wraps=os.fsync) as fsync:
            self.write(FACTS[:-1])
            self.assertEqual(fsync.call_count, 0)
            self.write(FACTS[-1:])
            self.assertEqual(fsync.call_count, 1)


if __name__ == "__main__":
    unittest.main()
