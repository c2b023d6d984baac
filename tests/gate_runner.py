"""The runner shares memory, refuses what it cannot compare, and tells pairs."""

import json
import os
import subprocess
import sys
import unittest

RUNNER = []  # the command that starts it
MODULE = {}  # paths by name: a, b, old, odd, dot, slow
LARGE = 2 << 20


def run(*words, code=0):
    done = subprocess.run([*RUNNER, *words], capture_output=True, text=True,
                          timeout=120)
    if done.returncode != code:
        raise AssertionError(f"{words}: {done.returncode}\n{done.stderr}")
    return done.stdout, done.stderr


def pairs(*rows, a="a", b="b", options=()):
    """The lines as objects, and what the modules told."""
    out, told = run("pairs", "--pairs", "4", "--seconds", "1e-5", *options,
                    MODULE[a], MODULE[b], *rows)
    return ([json.loads(line) for line in out.splitlines()],
            [line.split() for line in told.splitlines()])


def refused(*rows, a="a", b="b"):
    out, told = run("pairs", MODULE[a], MODULE[b], *rows, code=2)
    assert out == "", out
    return told


def halves(told, row):
    """Of each half of the row's pairs, by build and buffer in the order of
    opening: its address, and whether it was all zeros."""
    found = [((w[0], int(w[3])), (int(w[4], 16), w[5] == "1"))
             for w in told if w[1] == "setup" and w[2] == row]
    return dict(found[:8]), dict(found[8:])


def setups(told, row):
    return halves(told, row)[0]


class Output(unittest.TestCase):
    def test_list(self):
        out, _ = run("list", MODULE["a"])
        self.assertEqual(out.split(), ["plain", "second", "third", "fourth",
                                       "mixed", "wrong", "fails", "system",
                                       "left", "silent"])

    def test_what_does_not_open_is_not_listed(self):
        a, b = (run("list", MODULE[name])[0].split() for name in "ab")
        self.assertEqual(set(a) - set(b), {"fourth"})

    def test_pairs(self):
        lines, _ = pairs("plain", "second=third", options=("--seed", "7"))
        start, end = lines[0], lines[-1]
        self.assertEqual({**start, "cpu": 0},
                         {"runner": 1, "seed": 7, "pairs": 4, "seconds": 1e-5,
                          "plant": 0, "cpu": 0})
        self.assertIn(start["cpu"], os.sched_getaffinity(0))
        self.assertEqual(end, {"end": 2})
        rows = {line["row"]: line for line in lines[1:-1]}
        self.assertEqual(set(rows), {"plain", "second"})
        self.assertNotIn("other", rows["plain"])
        self.assertEqual(rows["second"]["other"], "third")
        for row in rows.values():
            self.assertGreaterEqual(row["runs"], 1)
            self.assertGreaterEqual(row["stolen"], 0)
            self.assertEqual(len(row["a"]), 4)
            self.assertEqual(len(row["b"]), 4)
            self.assertTrue(all(t > 0 for t in row["a"] + row["b"]))

    def test_either_build_comes_first_in_every_other_pair(self):
        lines, _ = pairs("plain", options=("--seed", "1", "--pairs", "20"))
        first = lines[1]["first"]
        self.assertEqual(len(first), 20)
        self.assertEqual({first[i:i + 2] for i in range(0, 20, 2)},
                         {"ab", "ba"})

    def test_a_seed_decides(self):
        names = ("plain", "second", "third", "mixed")

        def drawn(seed):
            lines, told = pairs(*names, options=("--seed", seed))
            return ([(x["row"], x["first"]) for x in lines[1:-1]],
                    [w[0] for w in told if w[1] == "setup" and w[3] == "0"],
                    [a % LARGE for n in names
                     for a, _ in setups(told, n).values() if a])

        one, again, two = drawn("1"), drawn("1"), drawn("2")
        self.assertEqual(one, again)
        for part in range(3):
            self.assertNotEqual(one[part], two[part])

    def test_either_build_is_loaded_and_run_first(self):
        found = {"load": set(), "run": set()}
        for seed in range(20):  # all alike: 1 of 2^19
            _, told = pairs("plain", options=("--seed", str(seed)))
            for what, who in found.items():
                who.add(next(w[0] for w in told if w[1] == what))
        self.assertEqual(found, dict.fromkeys(found, {"a", "b"}))

    def test_count(self):
        out, told = run("count", MODULE["a"], "plain", "nowhere")
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(lines, [{"row": "plain"},
                                 {"row": "nowhere",
                                  "error": "there is no row nowhere"},
                                 {"end": 2}])
        self.assertIn("a close plain 2", told)


class Memory(unittest.TestCase):
    def test_shared_and_own(self):
        _, told = pairs("mixed")
        at = setups(told, "mixed")
        self.assertEqual(at["a", 0][0], at["b", 0][0])
        self.assertEqual(at["a", 2][0], 0)
        for own in (1, 3):
            apart = at["a", own][0] - at["b", own][0]
            self.assertNotEqual(apart, 0)
            self.assertEqual(apart % LARGE, 0)
            self.assertTrue(at["a", own][1] and at["b", own][1])
        for address, _ in at.values():
            self.assertEqual(address % 64, 0)

    def test_halves_exchange(self):
        lines, told = pairs("mixed")
        one, two = halves(told, "mixed")
        self.assertNotEqual(next(iter(one))[0], next(iter(two))[0])
        for (build, i), (address, zero) in two.items():
            other = "b" if build == "a" else "a"
            self.assertEqual(address, one[other, i][0])
            self.assertTrue(zero or i == 0)
        closed = [w for w in told if w[1:3] == ["close", "mixed"]]
        self.assertEqual(len(lines[1]["a"]), 4)
        self.assertTrue(all(int(w[3]) >= 2 * lines[1]["runs"]
                            for w in closed[-4:]))

    def test_no_buffer_lies_in_another(self):
        _, told = pairs("mixed")
        parts = set()
        for (build, i), (address, _) in setups(told, "mixed").items():
            wanted = (1000, 70000, 0, 3 << 20)[i] * 2
            parts.add((address, address + wanted))
        parts = sorted(p for p in parts if p[0] < p[1])
        self.assertEqual(len(parts), 5)
        for (_, end), (start, _) in zip(parts, parts[1:]):
            self.assertLessEqual(end, start)


class Errors(unittest.TestCase):
    def error(self, row, options=()):
        lines, told = pairs(row, "plain", options=options)
        found = {x["row"]: x for x in lines[1:-1]}
        self.assertIn("a", found["plain"])
        return found[row]["error"], told

    def test_a_row_that_one_build_lacks(self):
        why, _ = self.error("fourth")
        self.assertEqual(why, "gate_b.so: there is no row fourth")

    def test_setup_fails_and_the_reason_is_quoted(self):
        why, _ = self.error("fails")
        self.assertIn('a "quoted" \\ reason\nof two lines', why)

    def test_a_wrong_result_is_not_timed(self):
        why, told = self.error("wrong", options=("--check",))
        self.assertEqual(why, "gate_b.so: three is not four")
        for build in "ab":
            self.assertIn([build, "close", "wrong", "0"], told)

    def test_a_check_does_not_see_the_other_build_s_result(self):
        for seed in "123456":
            why, _ = self.error("left", options=("--check", "--seed", seed))
            self.assertIn("0 is not four", why)

    def test_after_a_check_memory_is_zeros_and_set_up_again(self):
        _, told = pairs("mixed", options=("--check",))
        zeros = [w[5] for w in told if w[1:4] == ["setup", "mixed", "1"]]
        self.assertEqual(zeros, ["1"] * 6)

    def test_what_is_not_checked_is_timed(self):
        lines, _ = pairs("wrong")
        self.assertIn("a", lines[1])


class Refusals(unittest.TestCase):
    def test_one_file(self):
        self.assertIn("one file", refused("plain", b="a"))

    def test_version(self):
        told = refused("plain", b="old")
        self.assertIn("version 2", told)
        self.assertIn(MODULE["old"], told)

    def test_a_row_that_no_build_has(self):
        self.assertIn("nowhere", refused("plain", "nowhere"))

    def test_one_code(self):
        self.assertIn("the same code", refused("plain", "system"))
        self.assertIn("says what code", refused("plain", "silent"))

    def test_a_name_that_cannot_be_asked_for(self):
        _, told = run("list", MODULE["odd"], code=2)
        self.assertIn("row 'N=5' has a blank or '='", told)

    def test_words(self):
        for words in (["pairs"], ["pairs", MODULE["a"], MODULE["b"]],
                      ["pairs", "--pairs", "0", MODULE["a"], MODULE["b"], "x"],
                      ["pairs", "--plant", "2%", MODULE["a"], MODULE["b"],
                       "x"], ["list"], ["list", "/nowhere.so"],
                      ["list", RUNNER[-1]], ["sing"], []):
            out, told = run(*words, code=2)
            self.assertEqual(out, "")
            self.assertRegex(told, "^gate_runner: ...")


class Time(unittest.TestCase):
    def ratio(self, a, b, row, options=()):
        lines, _ = pairs(row, a=a, b=b, options=(
            "--pairs", "20", "--seconds", "5e-4", *options))
        ratios = sorted(y / x for x, y in zip(lines[1]["a"], lines[1]["b"]))
        return ratios[10]

    def test_a_plant_is_seen(self):
        self.assertGreater(self.ratio("a", "b", "plain", ("--plant", "1")),
                           1.35)

    def test_the_example(self):
        lines, _ = pairs("dot/N4096", a="dot", b="slow", options=("--check",))
        self.assertIn("a", lines[1])
        if os.environ.get("GATE_OPTIMISED") != "1":
            self.skipTest("only an optimised kernel is fast")
        self.assertGreater(self.ratio("dot", "slow", "dot/N4096"), 1.35)


if __name__ == "__main__":
    modules = sys.argv.index("--modules")
    RUNNER += sys.argv[1:modules]
    MODULE.update(zip(("a", "b", "old", "odd", "dot", "slow"),
                      sys.argv[modules + 1:]))
    unittest.main(argv=sys.argv[:1])
